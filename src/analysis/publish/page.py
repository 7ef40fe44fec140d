"""Render an executed notebook as one self-contained page that needs no network and no script.

The content of a notebook for readers is in outputs with `metadata["report"]`: prose, figures,
tables and tiles. The template (folder `template`) arranges them; the functions here number figures
and tables, link every number to its receipt and embed the font.
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
FONT_HERE = "@font@"  # placeholder in the style sheet
OTHER = {"zh": "en", "en": "zh"}
ANCHORS = {"figure": "fig", "table": "tab"}


def render(
    notebook: NotebookNode, *, kind: str, lang: str = "zh", site: dict, quick: bool = False
) -> str:
    """Return the HTML document of an executed notebook, with an embedded font.

    kind: report, district or notebook (with code). site: values that are not in the notebook:
    title, subtitle, date, edition, kicker, basis, notice, downloads, links, estimates, stamp.
    quick: compress the font of the report less, which saves a second. Raises ValueError for an
    output that is an error and for a figure that is shown twice; KeyError for a number without an
    estimate and for a reference to an unknown figure or table.
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
    """Return a copy of the notebook without the text of other languages.

    Cells that differ only by language (`x`, `x_en`, `x-en`) have the same id, `x`, in the copy.
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
    """Raise ValueError if a cell of the notebook ended in an error."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raise ValueError(f"cell {cell.id}: {output.ename}: {output.evalue}")


def select(notebook: NotebookNode, kind: str) -> tuple[NotebookNode, list[dict]]:
    """Return a copy with the content of a page of this kind, and the tiles for its top."""
    shown, tiles = copy.deepcopy(notebook), []
    if kind == "notebook":
        return shown, tiles
    for cell in (cell for cell in shown.cells if cell.cell_type == "code"):
        outputs = [output for output in cell.outputs if report_of(output)]
        tiles += [report_of(output) for output in outputs if report_of(output).kind == "tiles"]
        cell.outputs = [output for output in outputs if report_of(output).kind != "tiles"]
    # Markdown cells are for users of the notebook; the text of the report is in outputs.
    shown.cells = [cell for cell in shown.cells if cell.get("outputs")]
    return shown, tiles


def number(notebook: NotebookNode, labels: dict) -> dict[str, str]:
    """Return labels of figures and tables, in order: {"fig-ages": "图 1", "tab-funds": "表 1"}."""
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
    """Return the style sheet without comments and indentation."""
    css = (TEMPLATE / "style.css").read_text(encoding="utf-8")
    bare = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))
    return Markup(re.sub(r" ?([{};,]) ?|(?<=[a-z]:) ", r"\1", bare))


def with_font(page: str, flavor: str = "woff") -> str:
    """Return the page with a web font embedded that has exactly the characters of the page."""
    return page.replace(FONT_HERE, fonts.face(unescape(page), flavor), 1)


def minify(page: str) -> str:
    """Return a finished page without optional closing tags, quotes, and space between elements."""
    return minify_html.minify(page, minify_css=True)


def policy(*scripts: str) -> Markup:
    """Return the directive of a content security policy that allows only these inline scripts."""
    digests = (
        base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode()
        for script in scripts
    )
    return Markup("script-src " + " ".join(f"'sha256-{digest}'" for digest in digests) + "; ")


# A browser loads the font only when it lays out text. Without a Chinese font of its own it lays out
# the page twice: first with boxes of another width, then with the font, which moves lines. If the
# font is requested before the body, it is loaded in time (Chromium delays the first frame for it by
# at most a tenth of a second).
FONT_FIRST = Markup(f"document.fonts.load('1em {fonts.FAMILY}')")
SCRIPT = re.sub(r"\n\s*|//.*", "", (TEMPLATE / "script.js").read_text(encoding="utf-8"))


class PageExporter(HTMLExporter):
    """Exporter with the template of this package, which escapes what is not declared safe."""

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
        """Return the folder of nbconvert's own templates; those in the user's home are not used."""
        return [str(Path(sys.prefix) / "share/jupyter")]

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict | None = None, **kw: Any
    ) -> tuple[str, dict]:
        # HTMLExporter would parse the finished page again and write viewBox in lower case.
        return TemplateExporter.from_notebook_node(self, nb, resources, **kw)


@cache
def exporter() -> PageExporter:
    """Return the exporter, which is shared by all pages of a process."""
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
