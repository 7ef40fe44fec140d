"""Write the HTML of a page: texts, tables, drawings, headings and sections."""

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
    """Writer of texts and tables as HTML; subclasses write the numbers and references in them."""

    def number(self, _number: NumberSpan, inside: str) -> str:
        """Return a number in prose; `inside` is its text, escaped for the format of the prose."""
        return inside

    def cell(self, _name: str, inside: str) -> str:
        """Return a number in a table as HTML; `inside` is its text, already HTML."""
        return inside

    def reference(self, reference: Reference) -> str:
        """Return the name of a figure or table as HTML."""
        return f"[{reference.anchor}]"

    def inline(self, text: list) -> Markup:
        """Return a line of text as HTML, without interpreting Markdown."""
        line = Text.from_json(text).write(
            lambda string: escape(unescape(string)),
            lambda number: self.number(number, escape(number.text)),
            self.reference,
        )
        return Markup(line)

    def markdown(self, text: list) -> str:
        """Return a text as Markdown in which numbers and references are already HTML."""
        return Text.from_json(text).write(
            str, lambda number: self.number(number, literal(number.text)), self.reference
        )

    def table(self, table: dict) -> Markup:
        """Return a table of `tables.to_json` as HTML."""
        return Markup(to_html(table, self.cell))


class PageWriter(Writer):
    """Writer of the content of one page, called in the order of the page.

    labels: names of figures and tables, by anchor. places: for each number written, the id of its
    first link in prose, which its receipt links back to; empty if there is none.
    """

    def __init__(self, labels: Mapping[str, str]) -> None:
        self.labels = labels
        self.places: dict[str, str] = {}

    def number(self, number: NumberSpan, inside: str) -> str:
        """Return a number in prose, linked to its receipt if it is a linked number."""
        name, place = escape(number.name), self.places.setdefault(number.name, "")
        if not number.linked:
            return f'<span class="n" data-r="{name}">{inside}</span>'
        self.places[number.name] = f"n-{number.name}"
        first = "" if place else f' id="n-{name}"'
        return f'<a{first} href="#r-{name}">{inside}</a>'

    def cell(self, name: str, inside: str) -> str:
        """Return a number in a table, linked to its receipt, which does not link back to it."""
        self.places.setdefault(name, "")
        return f'<a href="#r-{escape(name)}">{inside}</a>'

    def reference(self, reference: Reference) -> str:
        """Return a link to a figure or table; raises KeyError if the page does not show it."""
        anchor = reference.anchor
        return f'<a class="ref" href="#{anchor}">{self.labels[anchor]}</a>'

    def caption(self, text: list) -> Markup:
        """Return a title or subtitle, whose numbers are not linked: those of the text are."""
        return self.inline(Text.from_json(text).unlinked.json)

    def receipts(self, estimates: Mapping[str, dict]) -> dict[str, str]:
        """Return `places` after everything is written.

        Raises KeyError for a number without an estimate.
        """
        for name in self.places:
            if name not in estimates:
                raise KeyError(f"no estimate for the number {name}")
        return self.places


def inline_svg(svg: str, anchor: str, variant: str = "") -> Markup:
    """Return an SVG file as markup to be inlined in a page.

    Its ids are made unique, and it is labelled by the caption of its figure. Declarations that the
    style sheet has for every drawing are removed.
    """
    svg = re.sub(ONCE, "", svg[svg.index("<svg") :].strip())
    prefix = f"s{zlib.crc32(f'{anchor}{variant}'.encode()) % 2**16:x}"
    svg = re.sub(r'(\sid="|\bhref="#|\burl\(["\']?#)', rf"\g<1>{prefix}", svg)
    return Markup(svg.replace("<svg", f'<svg role="img" aria-labelledby="{escape(anchor)}-t"', 1))


def add_heading_id(html: str, cell_id: str) -> Markup:
    """Return the HTML of a cell with the cell's id on its first heading."""
    return Markup(re.sub(r"<h([1-6])>", rf'<h\1 id="{escape(cell_id)}">', html, count=1))


def below_title(html: str) -> Markup:
    """Return the HTML without the title of the notebook, which the header shows.

    Further headings of level 1 become headings of level 2.
    """
    html = re.sub(r"<h1\b[^>]*>.*?</h1>", "", html, count=1, flags=re.DOTALL)
    html = re.sub(r'<section id="[^"]*">\s*</section>\s*', "", html)
    return Markup(re.sub(r"(</?)h1\b", r"\1h2", html))


def in_sections(html: str) -> Markup:
    """Wrap each heading of level 2 and the content that follows it in a section of the report.

    The class of the section is part (一 to 三), annex, or lead (content before the parts), by the
    id of the heading.
    """

    def wrapped(piece: str) -> str:
        found = re.match(r'<h2 id="(part|annex)?', piece)
        return f'<section class="{found[1] or "lead"}">{piece}</section>' if found else piece

    return Markup("".join(map(wrapped, re.split(r'(?=<h2 id=")', html))))


def headings(html: str) -> list[tuple[int, str, str]]:
    """Return (level, id, text) of the headings of levels 2 and 3, for the table of contents."""
    found = re.findall(r'<h([23]) id="([^"]+)">(.*?)</h\1>', html, flags=re.DOTALL)
    return [(int(level), unescape(id), Markup(text).striptags()) for level, id, text in found]


def data_uri(svg: str) -> str:
    """Return an SVG as a data: address, for pictures that are not figures of the report."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")
