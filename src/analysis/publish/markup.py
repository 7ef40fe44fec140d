"""Markup of a page: its texts, tables and drawings, headings and sections."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Mapping
from html import escape, unescape

from markupsafe import Markup

from analysis.publish.tables import to_html
from analysis.publish.text import NumberSpan, Reference, Text, literal

ONCE = r""" xmlns="[^"]*"| fill="#1d2a33" font-size="11" font-family="'Noto Sans SC'"(?=>)"""


class Writer:
    """Writes texts and tables as HTML; subclasses write the numbers and references in them."""

    def number(self, _number: NumberSpan, inside: str) -> str:
        """Write a number in words; `inside` is its text in the format around it."""
        return inside

    def cell(self, _name: str, inside: str) -> str:
        """Write a number in a table; `inside` is HTML."""
        return inside

    def reference(self, reference: Reference) -> str:
        """Name a figure or table."""
        return f"[{reference.anchor}]"

    def inline(self, text: list) -> Markup:
        """Write a line of words, in which nothing is Markdown."""
        line = Text.from_json(text).write(
            lambda string: escape(unescape(string)),
            lambda number: self.number(number, escape(number.text)),
            self.reference,
        )
        return Markup(line)

    def markdown(self, text: list) -> str:
        """Write Markdown, in which numbers and references are HTML already."""
        return Text.from_json(text).write(
            str, lambda number: self.number(number, literal(number.text)), self.reference
        )

    def table(self, table: dict) -> Markup:
        """Write a table of `tables.to_json`."""
        return Markup(to_html(table, self.cell))


class PageWriter(Writer):
    """Writes what one page shows, in the order in which the page shows it.

    labels: what figures and tables are called, by anchor. places: of each number written the id of
    its first link in words, to which its receipt leads back, or nothing.
    """

    def __init__(self, labels: Mapping[str, str]) -> None:
        self.labels = labels
        self.places: dict[str, str] = {}

    def number(self, number: NumberSpan, inside: str) -> str:
        """Write a number that leads to its receipt, if it is linked."""
        name, place = escape(number.name), self.places.setdefault(number.name, "")
        if not number.linked:
            return f'<span class="n" data-r="{name}">{inside}</span>'
        self.places[number.name] = f"n-{number.name}"
        first = "" if place else f' id="n-{name}"'
        return f'<a{first} href="#r-{name}">{inside}</a>'

    def cell(self, name: str, inside: str) -> str:
        """Write a number that is no place to return to."""
        self.places.setdefault(name, "")
        return f'<a href="#r-{escape(name)}">{inside}</a>'

    def reference(self, reference: Reference) -> str:
        """Name a figure or table; KeyError for one that the page does not show."""
        anchor = reference.anchor
        return f'<a class="ref" href="#{anchor}">{self.labels[anchor]}</a>'

    def caption(self, text: list) -> Markup:
        """Write a title or subtitle, whose numbers lead nowhere: those of the text do."""
        return self.inline(Text.from_json(text).unlinked.json)

    def receipts(self, estimates: Mapping[str, dict]) -> dict[str, str]:
        """Return `places` once everything is written; KeyError for a number without an estimate."""
        for name in self.places:
            if name not in estimates:
                raise KeyError(f"no estimate for the number {name}")
        return self.places


def inline_svg(svg: str, anchor: str, variant: str = "") -> Markup:
    """Return an SVG file fit to stand in a page: its ids are its own, the caption of its figure
    names it.

    What the style sheet says of every drawing is left out.
    """
    svg = re.sub(ONCE, "", svg[svg.index("<svg") :].strip())
    prefix = f"s{zlib.crc32(f'{anchor}{variant}'.encode()) % 2**16:x}"
    svg = re.sub(r'(\sid="|\bhref="#|\burl\(["\']?#)', rf"\g<1>{prefix}", svg)
    return Markup(svg.replace("<svg", f'<svg role="img" aria-labelledby="{escape(anchor)}-t"', 1))


def add_heading_id(html: str, cell_id: str) -> Markup:
    """Give the heading that a cell begins with the cell's id."""
    return Markup(re.sub(r"<h([1-6])>", rf'<h\1 id="{escape(cell_id)}">', html, count=1))


def below_title(html: str) -> Markup:
    """Drop the notebook's own title, which the header shows; further ones become sections."""
    html = re.sub(r"<h1\b[^>]*>.*?</h1>", "", html, count=1, flags=re.DOTALL)
    html = re.sub(r'<section id="[^"]*">\s*</section>\s*', "", html)
    return Markup(re.sub(r"(</?)h1\b", r"\1h2", html))


def in_sections(html: str) -> Markup:
    """Put each heading of level 2 and what follows it into a section of the report.

    Its class is part (一 to 三), annex, or lead (what comes before the parts), by the id of the
    heading.
    """

    def wrapped(piece: str) -> str:
        found = re.match(r'<h2 id="(part|annex)?', piece)
        return f'<section class="{found[1] or "lead"}">{piece}</section>' if found else piece

    return Markup("".join(map(wrapped, re.split(r'(?=<h2 id=")', html))))


def headings(html: str) -> list[tuple[int, str, str]]:
    """Return (level, id, text) of the headings of levels 2 and 3, for the contents."""
    found = re.findall(r'<h([23]) id="([^"]+)">(.*?)</h\1>', html, flags=re.DOTALL)
    return [(int(level), unescape(id), Markup(text).striptags()) for level, id, text in found]


def data_uri(svg: str) -> str:
    """Return an SVG as a data: address, for pictures that are no figure of the report."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")
