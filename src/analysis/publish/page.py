"""Render an executed notebook as one self-contained page that needs no network and no script.

A notebook holds what a reader sees as outputs with `metadata["report"]`: prose, figures, tables and
tiles. The template (folder `template`) arranges them; the functions here number figures and tables,
join every number to its receipt and put the font in.
"""

import base64
import copy
import json
import re
from collections import Counter
from functools import cache
from html import escape, unescape
from pathlib import Path

from jinja2 import StrictUndefined
from markupsafe import Markup
from nbconvert import HTMLExporter
from nbconvert.exporters import TemplateExporter
from nbformat import NotebookNode

from analysis.publish import fonts

KINDS = ("report", "district", "notebook")
TEMPLATE = Path(__file__).parent / "template"
FONT_HERE = "@font@"  # in a draft
NUMBER = re.compile(r'<a class="n" href="#r-[\w.-]+"(?: data-basis="\w+")?>([^<>]*)</a>')
ANY_NUMBER = re.compile(r'<a\b[^>]*\bhref="#r-([^"]*)"')
REFERENCE = re.compile(r'<a class="ref" href="#([^"]+)"></a>')
ANCHORS = {"figure": "fig", "table": "tab"}


def render(notebook: NotebookNode, *, kind: str, lang: str = "zh", site: dict) -> str:
    """Return the HTML document of an executed notebook, with a font of its own; arguments as for `draft`."""
    return with_font(draft(notebook, kind=kind, lang=lang, site=site))


def draft(notebook: NotebookNode, *, kind: str, lang: str = "zh", site: dict) -> str:
    """Return the HTML document of an executed notebook, all but its font.

    `kind` is report, district or notebook (with code). `site` gives what the notebook does not
    hold: title, subtitle, date, edition, kicker, basis, notice, downloads, links, estimates, stamp.
    An output that is an error or a figure shown twice raises ValueError; a number without an
    estimate, or a reference to an unknown figure or table, raises KeyError.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of page: {kind}")
    labels = json.loads((TEMPLATE / "labels.json").read_text(encoding="utf-8"))[lang]
    refuse_errors(notebook)
    shown, tiles = select(notebook, kind)
    resources = {
        "kind": kind,
        "language": {"zh": "zh-CN"}.get(lang, lang),
        "labels": labels,
        "site": site,
        "synthetic": site["basis"] != "official",
        "tiles": tiles,
        "numbers": number(shown, labels),
        "style": style(),
    }
    page, _ = exporter().from_notebook_node(shown, resources)
    return page


def refuse_errors(notebook: NotebookNode) -> None:
    """Raise when a cell of the notebook ended in an error."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raise ValueError(f"cell {cell.id}: {output.ename}: {output.evalue}")


def report_of(output: NotebookNode) -> dict:
    """Return what an output says of itself for the report, or an empty dict."""
    return output.get("metadata", {}).get("report") or {}


def select(notebook: NotebookNode, kind: str) -> tuple[NotebookNode, list[dict]]:
    """Return a copy with what a page of this kind shows, and the tiles that go to its top."""
    shown, tiles = copy.deepcopy(notebook), []
    if kind == "notebook":
        return shown, tiles
    for cell in (cell for cell in shown.cells if cell.cell_type == "code"):
        outputs = [output for output in cell.outputs if report_of(output)]
        tiles += [report_of(output) for output in outputs if report_of(output).kind == "tiles"]
        cell.outputs = [output for output in outputs if report_of(output).kind != "tiles"]
        made = [report_of(output) for output in outputs if report_of(output).kind in ANCHORS]
        if made and not cell.source.startswith("%%"):
            made[-1].code = cell.source
    # Plain Markdown speaks to whoever works in the notebook; a report's words are outputs.
    shown.cells = [cell for cell in shown.cells if cell.get("outputs")]
    return shown, tiles


def number(notebook: NotebookNode, labels: dict) -> dict[str, str]:
    """Number figures and tables as they appear: {"fig-ages": "图 1", "tab-funds": "表 1"}."""
    numbers, count = {}, Counter()
    reports = [report_of(out) for cell in notebook.cells for out in cell.get("outputs", [])]
    for report in reports:
        if report.get("kind") in ANCHORS:
            anchor = f"{ANCHORS[report.kind]}-{report.id}"
            if anchor in numbers:
                raise ValueError(f"shown twice: {anchor}")
            count[report.kind] += 1
            numbers[anchor] = f"{labels[report.kind]} {count[report.kind]}"
    return numbers


def inline(text: str) -> Markup:
    """Escape a text, except the links from numbers to their receipts."""
    pieces, end = [], 0
    for link in NUMBER.finditer(str(text)):
        pieces += [escape(text[end : link.start()]), link[0]]
        end = link.end()
    return Markup("".join([*pieces, escape(str(text)[end:])]))


def inline_svg(svg: str, prefix: str, alt: str) -> Markup:
    """Return an SVG file fit to stand in a page: its ids are its own, its root carries the alt."""
    svg = re.sub(r"<\?.*?\?>|<!DOCTYPE[^>]*>|<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    alt = unescape(NUMBER.sub(r"\1", alt))
    svg = re.sub(r'(\sid=")', rf"\g<1>{prefix}-", svg)
    svg = re.sub(r'(\bhref="#|\burl\(["\']?#)', rf"\g<1>{prefix}-", svg)
    root = re.search(r"<svg\b[^>]*", svg)
    names = {"role": "img", "aria-label": alt}
    added = [f' {k}="{escape(v)}"' for k, v in names.items() if f"{k}=" not in root[0]]
    return Markup(svg[: root.end()] + "".join(added) + svg[root.end() :]).strip()


def headed(html: str, cell_id: str) -> Markup:
    """Give the heading that a cell begins with the cell's id."""
    return Markup(re.sub(r"<h([1-6])>", rf'<h\1 id="{escape(cell_id)}">', html, count=1))


def below_title(html: str) -> Markup:
    """Drop the notebook's own title, which the header shows; further ones become sections."""
    html = re.sub(r"<h1\b[^>]*>.*?</h1>", "", html, count=1, flags=re.DOTALL)
    html = re.sub(r'<section id="[^"]*">\s*</section>\s*', "", html)
    return Markup(re.sub(r"(</?)h1\b", r"\1h2", html))


def headings(html: str) -> list[tuple[int, str, str]]:
    """Return (level, id, text) of the headings of levels 2 and 3, for the contents."""
    found = re.findall(r'<h([23]) id="([^"]+)">(.*?)</h\1>', html, flags=re.DOTALL)
    return [(int(level), unescape(id), Markup(text).striptags()) for level, id, text in found]


def addressed(html: str, numbers: dict[str, str]) -> Markup:
    """Name every figure and table referred to, and give every number an id to come back to."""
    seen = Counter()

    def with_id(link: re.Match) -> str:
        seen[link[1]] += 1
        return f'<a id="{place(link[1], seen[link[1]])}"{link[0][2:]}'

    html = REFERENCE.sub(lambda m: f'<a class="ref" href="#{m[1]}">{numbers[m[1]]}</a>', html)
    return Markup(ANY_NUMBER.sub(with_id, html))


def place(name: str, count: int) -> str:
    """Return the id of the count-th appearance of a number in the page."""
    return f"n-{name}" if count == 1 else f"n-{name}--{count}"


def places(html: str, estimates: dict) -> dict[str, list[str]]:
    """Return {name: [ids]} of the numbers in a page; a name without an estimate raises KeyError."""
    counts = Counter(ANY_NUMBER.findall(html))
    for name in counts.keys() - estimates.keys():
        raise KeyError(f"no estimate for the number {name}")
    return {name: [place(name, i + 1) for i in range(n)] for name, n in counts.items()}


def style() -> Markup:
    """Return the style sheet without its comments and indentation."""
    css = (TEMPLATE / "style.css").read_text(encoding="utf-8")
    return Markup(re.sub(r"\n\s+|\n(?=\})", " ", re.sub(r"/\*.*?\*/\s*", "", css, flags=re.DOTALL)))


def with_font(page: str, text: str | None = None) -> str:
    """Put in the web font, with exactly the characters of the finished page, or of `text`.

    Pages that share a text share one font, which is cut once.
    """
    font = fonts.subset_woff2(unescape(page if text is None else text))
    return page.replace(FONT_HERE, base64.b64encode(font).decode("ascii"), 1)


class PageExporter(HTMLExporter):
    """Export with the template of this package, escaping whatever is not declared safe."""

    def _create_environment(self):
        environment = super()._create_environment()
        environment.autoescape = environment.trim_blocks = environment.lstrip_blocks = True
        environment.undefined = StrictUndefined
        environment.tests["numeric"] = lambda cell: re.fullmatch(r"[-−+]?[\d,.–—%]+", str(cell))
        return environment

    def default_filters(self):
        yield from super().default_filters()
        yield from ((f.__name__, f) for f in (inline, inline_svg, headed, below_title))
        yield from ((f.__name__, f) for f in (headings, addressed, places, data_uri))

    def from_notebook_node(self, nb, resources=None, **kw):
        # HTMLExporter would parse the finished page once more and write viewBox in lower case.
        return TemplateExporter.from_notebook_node(self, nb, resources, **kw)


def data_uri(svg: str) -> str:
    """Return an SVG as a data: address, for pictures that are no figure of the report."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")


@cache
def exporter() -> PageExporter:
    """Return the exporter; one serves all pages of a process."""
    return PageExporter(
        extra_template_basedirs=[str(TEMPLATE.parent)],
        template_name=TEMPLATE.name,
        exclude_anchor_links=True,
    )
