"""How prose, figures and tables look in JupyterLab, where no page is around them.

Nothing that the pipeline publishes passes here.
"""

from __future__ import annotations

import base64
import os
import re
from html import escape
from typing import TYPE_CHECKING

from IPython import get_ipython

from analysis.publish.markup import REFERENCE, caption
from analysis.publish.numbering import KINDS, Numbering
from analysis.survey.folders import root

if TYPE_CHECKING:
    from analysis.publish.section import Section

NUMBER = re.compile(
    r'<(?:a|span)(?: class="n")? (?:href="#r-|data-r=")([^"]+)"[^>]*>([^<]*)</(?:a|span)>'
)
STYLE = """<style>
figure.analysis-shown { margin: 0.5em 0 1em }
figure.analysis-shown :is(figcaption, td) { max-width: 56em }
figure.analysis-shown :is(small, .sub) { color: var(--jp-ui-font-color2, gray) }
figure.analysis-shown[lang] :is(th, td) { text-align: left; vertical-align: top }
figure.analysis-shown[lang] :is(.num, .r :is(th, td):not(:first-child)) { text-align: right }
</style>"""
LIVE = "border-bottom: 1px dotted; cursor: help"
DENSITY = 160 / 96  # dots of a picture to those of the screen


def in_lab() -> bool:
    """Tell whether a Jupyter server started this kernel for a notebook that somebody works on."""
    return "JPY_SESSION_NAME" in os.environ


def running_cell() -> str:
    """Return the id of the cell that runs, where the editor tells it."""
    shell = get_ipython()
    message = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return message.get("metadata", {}).get("cellId") or ""


def preview(section: Section, data: dict[str, str], report: dict) -> dict[str, str]:
    """Return an output, by media type, as JupyterLab shows it.

    A number tells on hover its name and how it was computed; a reference names its figure or table;
    a figure or table has number, title, subtitle and label.
    """
    shown = Numbering(section.notebook, section.wave, section.lang, section.district)
    how = dict(zip(section.estimates["name"], section.estimates["how"], strict=True))
    if report["kind"] == "prose":
        words = REFERENCE.sub(lambda link: shown.label(link[1]), data["text/markdown"])
        return {"text/markdown": _with_hints(words, how)}
    if report["kind"] not in KINDS:
        return {"text/html": _with_hints(data["text/html"], how)}
    number = shown.label(f"{KINDS[report['kind']]}-{report['id']}")
    is_figure = report["kind"] == "figure"  # whose label is in the picture
    inside = _picture(section, report) if is_figure else data["text/html"]
    known = [
        "" if is_figure else report["label"],
        os.path.relpath(section.folder / report["csv"], root()),
    ]
    html = _captioned(report, section.lang, number, inside, " · ".join(filter(None, known)))
    return {"text/html": _with_hints(html, how), "text/plain": data["text/plain"]}


def _captioned(report: dict, lang: str, number: str, inside: str, below: str) -> str:
    """Put number, title and subtitle over a figure or table, and what is known of its data under
    it.
    """
    heading = f"<b>{escape(number)}&emsp;{caption(report['title'])}</b>"
    subtitle = f'<br><span class="sub">{caption(report["subtitle"])}</span>'
    inside = f"<figcaption>{heading}{subtitle}</figcaption>{inside}<small>{escape(below)}</small>"
    return f'{STYLE}<figure class="analysis-shown" lang="{lang}">{inside}</figure>'


def _picture(section: Section, report: dict) -> str:
    """Return the figure as a picture, whose text needs no font of this machine."""
    png = (section.folder / report["png"]).read_bytes()
    width = int.from_bytes(png[16:20]) / DENSITY
    source = f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
    return (
        f'<img src="{source}" alt="{escape(report["alt"])}" '
        f'style="display: block; width: {width:.0f}px">'
    )


def _with_hints(html: str, how: dict[str, str]) -> str:
    """Replace the links to receipts, which only a page has, by what is seen when the pointer is
    over a number.
    """

    def hinted(number: re.Match) -> str:
        hint = escape(f"{number[1]} = {how.get(number[1], '')}".removesuffix(" = "))
        return f'<span title="{hint}" style="{LIVE}">{number[2]}</span>'

    return NUMBER.sub(hinted, str(html))
