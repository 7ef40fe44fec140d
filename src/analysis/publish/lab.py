"""Show prose, figures and tables in JupyterLab, where they are outside of a page.

The pipeline does not use this module for anything that it publishes.
"""

from __future__ import annotations

import base64
import os
from html import escape
from typing import TYPE_CHECKING

from IPython import get_ipython

from analysis.publish.markup import Writer
from analysis.publish.numbering import KINDS, Numbering
from analysis.publish.text import NumberSpan, Reference
from analysis.survey.folders import root

if TYPE_CHECKING:
    from analysis.publish.section import Section

STYLE = """<style>
figure.analysis-shown { margin: 0.5em 0 1em }
figure.analysis-shown :is(figcaption, td) { max-width: 56em }
figure.analysis-shown :is(small, .sub) { color: var(--jp-ui-font-color2, gray) }
figure.analysis-shown[lang] :is(th, td) { text-align: left; vertical-align: top }
figure.analysis-shown[lang] :is(.num, .r :is(th, td):not(:first-child)) { text-align: right }
</style>"""
LIVE = "border-bottom: 1px dotted; cursor: help"
DENSITY = 160 / 96  # pixels of a picture per pixel of the screen


def in_lab() -> bool:
    """Return whether this kernel was started by a Jupyter server for interactive work."""
    return "JPY_SESSION_NAME" in os.environ


def running_cell() -> str:
    """Return the id of the running cell, if the editor sends it."""
    shell = get_ipython()
    message = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return message.get("metadata", {}).get("cellId") or ""


def preview(section: Section, data: dict[str, str], report: dict) -> dict[str, str]:
    """Return an output, by media type, as JupyterLab shows it.

    A number shows its name and how it was computed on hover; a reference shows the name of its
    figure or table; a figure or table has its number, title, subtitle and label.
    """
    hints = _Hints(section)
    if report["kind"] == "prose":
        return {"text/markdown": hints.markdown(report["text"])}
    if report["kind"] not in KINDS:
        return {"text/html": tiles_html(report["tiles"], hints)}
    number = hints.numbering.label(f"{KINDS[report['kind']]}-{report['id']}")
    heading = f"<b>{escape(number)}&emsp;{hints.inline(report['title'])}</b>"
    subtitle = f'<br><span class="sub">{hints.inline(report["subtitle"])}</span>'
    is_figure = report["kind"] == "figure"  # the label of a figure is in the picture
    inside = _picture(section, report) if is_figure else hints.table(report["table"])
    known = [
        "" if is_figure else report["label"],
        os.path.relpath(section.folder / report["csv"], root()),
    ]
    below = f"<small>{escape(' · '.join(filter(None, known)))}</small>"
    shown = f"<figcaption>{heading}{subtitle}</figcaption>{inside}{below}"
    html = f'{STYLE}<figure class="analysis-shown" lang="{section.lang}">{shown}</figure>'
    return {"text/html": html, "text/plain": data["text/plain"]}


def tiles_html(tiles: list[dict], writer: Writer) -> str:
    """Return key figures as HTML, one paragraph each."""
    lines = [{part: writer.inline(text) for part, text in tile.items()} for tile in tiles]
    return "".join(f"<p><b>{t['value']}</b> {t['label']} · {t['note']}</p>" for t in lines)


class _Hints(Writer):
    """Writer of numbers with a text that is shown on hover."""

    def __init__(self, section: Section) -> None:
        self.numbering = Numbering(section.notebook, section.wave, section.lang, section.district)
        self.how = dict(zip(section.estimates["name"], section.estimates["how"], strict=True))

    def number(self, number: NumberSpan, inside: str) -> str:
        return self.cell(number.name, inside)

    def cell(self, name: str, inside: str) -> str:
        hint = escape(f"{name} = {self.how.get(name, '')}".removesuffix(" = "))
        return f'<span title="{hint}" style="{LIVE}">{inside}</span>'

    def reference(self, reference: Reference) -> str:
        return self.numbering.label(reference.anchor)


def _picture(section: Section, report: dict) -> str:
    """Return the figure as a picture that does not depend on the fonts of this machine."""
    png = (section.folder / report["png"]).read_bytes()
    width = int.from_bytes(png[16:20]) / DENSITY
    source = f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
    return (
        f'<img src="{source}" alt="{escape(report["alt"])}" '
        f'style="display: block; width: {width:.0f}px">'
    )
