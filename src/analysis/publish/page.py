"""Render an executed notebook as one self-contained page that needs no network and no script.

A notebook holds what a reader sees as outputs with `metadata["report"]`: prose, figures, tables and
tiles. The template (folder `template`) arranges them; the functions here number figures and tables,
join every number to its receipt and put the font in.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import minify_html
from jinja2 import Environment, StrictUndefined
from jinja2.meta import find_referenced_templates
from markupsafe import Markup
from nbconvert import HTMLExporter
from nbconvert.exporters import TemplateExporter
from nbformat import NotebookNode

from analysis.publish import fonts
from analysis.publish.cells import TWIN, report_of, reports_of
from analysis.publish.markup import (
    PageWriter,
    add_heading_id,
    below_title,
    data_uri,
    headings,
    in_sections,
    inline_svg,
)
from analysis.publish.text import Text

KINDS = ("report", "district", "notebook")
TEMPLATE = Path(__file__).parent / "template"
FONT_HERE = "@font@"  # in the style sheet
OTHER = {"zh": "en", "en": "zh"}
ANCHORS = {"figure": "fig", "table": "tab"}


def render(
    notebook: NotebookNode, *, kind: str, lang: str = "zh", site: dict, quick: bool = False
) -> str:
    """Return the HTML document of an executed notebook, with a font of its own.

    `kind` is report, district or notebook (with code). `site` gives what the notebook does not
    hold: title, subtitle, date, edition, kicker, basis, notice, downloads, links, estimates, stamp.
    An output that is an error or a figure shown twice raises ValueError; a number without an
    estimate, or a reference to an unknown figure or table, raises KeyError. quick: compress the
    font of the report less, which saves a second.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of page: {kind}")
    labels = json.loads((TEMPLATE / "labels.json").read_text(encoding="utf-8"))[lang]
    refuse_errors(notebook)
    shown, tiles = select(in_language(notebook, lang), kind)
    resources = {
        "kind": kind,
        "language": {"zh": "zh-CN"}.get(lang, lang),
        "labels": labels,
        "site": site,
        "synthetic": site["basis"] != "official",
        "tiles": tiles,
        "writer": PageWriter(number(shown, labels)),
        "description": Text.from_json(site["subtitle"]).plain.strip(),
        "style": style(),
        "script": SCRIPT,
        "font_first": FONT_FIRST,
        "policy": policy(FONT_FIRST, SCRIPT),
        "other": OTHER[lang],
    }
    page, _ = exporter().from_notebook_node(shown, resources)
    if kind == "notebook":
        return with_font(re.sub(r">\n\s*\n*(?=<)(?!<pre)", ">\n", page))
    flavor = "woff2" if kind == "report" and not quick else "woff"
    return with_font(re.sub(r">\s*\n\s*(?=<)", ">", page), flavor)


def in_language(notebook: NotebookNode, lang: str) -> NotebookNode:
    """Return a copy without the words of the other language; twins (`x`, `x_en`, `x-en`) get one
    id, `x`.
    """
    shown = copy.deepcopy(notebook)
    ids = {cell.id for cell in shown.cells}
    twin = {
        "zh": lambda cell: TWIN.search(cell.id),
        "en": lambda cell: ids & {f"{cell.id}_en", f"{cell.id}-en"},
    }
    words = [
        cell
        for cell in shown.cells
        if cell.cell_type == "markdown" or cell.source.startswith("%%md")
    ]
    gone = {cell.id for cell in words if twin[lang](cell)}
    shown.cells = [cell for cell in shown.cells if cell.id not in gone]
    for cell in shown.cells:
        cell.id = TWIN.sub("", cell.id)
    return shown


def refuse_errors(notebook: NotebookNode) -> None:
    """Raise when a cell of the notebook ended in an error."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raise ValueError(f"cell {cell.id}: {output.ename}: {output.evalue}")


def select(notebook: NotebookNode, kind: str) -> tuple[NotebookNode, list[dict]]:
    """Return a copy with what a page of this kind shows, and the tiles that go to its top."""
    shown, tiles = copy.deepcopy(notebook), []
    if kind == "notebook":
        return shown, tiles
    for cell in (cell for cell in shown.cells if cell.cell_type == "code"):
        outputs = [output for output in cell.outputs if report_of(output)]
        tiles += [report_of(output) for output in outputs if report_of(output).kind == "tiles"]
        cell.outputs = [output for output in outputs if report_of(output).kind != "tiles"]
    # Plain Markdown speaks to whoever works in the notebook; a report's words are outputs.
    shown.cells = [cell for cell in shown.cells if cell.get("outputs")]
    return shown, tiles


def number(notebook: NotebookNode, labels: dict) -> dict[str, str]:
    """Number figures and tables as they appear: {"fig-ages": "图 1", "tab-funds": "表 1"}."""
    numbers, count = {}, Counter()
    for _, report in reports_of(notebook.cells):
        if report["kind"] in ANCHORS:
            anchor = f"{ANCHORS[report.kind]}-{report.id}"
            if anchor in numbers:
                raise ValueError(f"shown twice: {anchor}")
            count[report.kind] += 1
            numbers[anchor] = f"{labels[report.kind]} {count[report.kind]}"
    return numbers


def style() -> Markup:
    """Return the style sheet without its comments and indentation."""
    css = (TEMPLATE / "style.css").read_text(encoding="utf-8")
    bare = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))
    return Markup(re.sub(r" ?([{};,]) ?|(?<=[a-z]:) ", r"\1", bare))


def with_font(page: str, flavor: str = "woff") -> str:
    """Put in the web font, with exactly the characters of the finished page."""
    return page.replace(FONT_HERE, fonts.face(unescape(page), flavor), 1)


def minify(page: str) -> str:
    """Leave out of a finished page what HTML lets one leave out: closing tags, quotes, space
    between elements.
    """
    return minify_html.minify(page, minify_css=True)


def policy(*scripts: str) -> Markup:
    """Return the directive of a content security policy that lets these inline scripts run and no
    other.
    """
    digests = (
        base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode()
        for script in scripts
    )
    return Markup("script-src " + " ".join(f"'sha256-{digest}'" for digest in digests) + "; ")


# A browser looks for the font only when it lays text out, and without a Chinese font of its own it
# lays the page
# out twice: with boxes of another width, then, lines moved, with the font. Asked for before there
# is a body, the
# font is there in time (Chromium holds the first frame for it, for a tenth of a second at most).
FONT_FIRST = Markup(f"document.fonts.load('1em {fonts.FAMILY}')")
SCRIPT = re.sub(r"\n\s*|//.*", "", (TEMPLATE / "script.js").read_text(encoding="utf-8"))


class PageExporter(HTMLExporter):
    """Export with the template of this package, escaping whatever is not declared safe."""

    def _create_environment(self) -> Environment:
        environment = super()._create_environment()
        environment.autoescape = environment.trim_blocks = environment.lstrip_blocks = True
        environment.undefined = StrictUndefined
        return environment

    def default_filters(self) -> Iterator[tuple[str, Callable]]:
        yield from super().default_filters()
        filters = (inline_svg, add_heading_id, below_title, in_sections, headings, data_uri)
        yield from ((f.__name__, f) for f in filters)

    def get_prefix_root_dirs(self) -> list[str]:
        """Return where nbconvert's own templates lie: those in the home of whoever runs it have no
        say.
        """
        return [str(Path(sys.prefix) / "share/jupyter")]

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict | None = None, **kw: Any
    ) -> tuple[str, dict]:
        # HTMLExporter would parse the finished page once more and write viewBox in lower case.
        return TemplateExporter.from_notebook_node(self, nb, resources, **kw)


@cache
def exporter() -> PageExporter:
    """Return the exporter; one serves all pages of a process."""
    return PageExporter(
        extra_template_basedirs=[str(TEMPLATE.parent)],
        template_name=TEMPLATE.name,
        exclude_anchor_links=True,
    )


def load_templates() -> None:
    """Load the template of a page and the templates that it includes."""
    environment, waiting, loaded = exporter().environment, {"index.html.j2"}, set()
    while waiting:
        name = waiting.pop()
        environment.get_template(name)
        loaded.add(name)
        source = environment.loader.get_source(environment, name)[0]
        found = find_referenced_templates(environment.parse(source))
        waiting |= {one for one in found if one} - loaded
