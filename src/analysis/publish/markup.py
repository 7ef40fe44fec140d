"""Markup: what stands inside a page, made safe, link_numbers and joined to its receipts."""

from __future__ import annotations

import base64
import re
import zlib
from html import escape, unescape

from markupsafe import Markup

NUMBER = re.compile(
    r'<a class="n" href="#r-[\w.-]+"(?: data-basis="\w+")?>[^<>]*</a>'
    r'|<span class="n" data-r="[\w.-]+">[^<>]*</span>'
)
SAID = re.compile(r' class="n" (?:href="#r-|data-r=")([^"]*)"')  # linked or not
LINKED_NUMBER = re.compile(r'<a class="n" href="#r-([^"]+)"[^>]*>([^<]*)</a>')
LINKED = re.compile(r'<a class="n" href="#r-([^"]*)"')
ANY_NUMBER = re.compile(r'<(?:a|span)\b[^>]*\b(?:href="#r-|data-r=")([^"]*)"')
BASIS = re.compile(r' data-basis="\w+"(?=>)')  # for the notebook; the receipt says it to the reader
ONCE = r""" xmlns="[^"]*"| fill="#1d2a33" font-size="11" font-family="'Noto Sans SC'"(?=>)"""
REFERENCE = re.compile(r'<a class="ref" href="#([^"]+)"></a>')
LINK_TAG = re.compile(r"</?(?:a|span)\b[^<>]*>")
BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
ACTIVE = re.compile(r"""[!"#$&'()*+\-.:<=>@\[\\\]^_`{|}~]|^ | (?= |$)""")


def literal(text: str) -> str:
    """Write a text so that Markdown and HTML show it as it is: what could mean something there as
    an entity.

    It stays on one line. Both pandoc and the Markdown of notebooks take an entity for the sign,
    never for markup.
    """
    return ACTIVE.sub(lambda sign: f"&#{ord(sign[0])};", BREAKS.sub(" ", str(text)))


def linked(said: str) -> Markup:
    """Write a text `literal`, except the links from numbers to their receipts."""
    pieces, end = [], 0
    for link in NUMBER.finditer(said):
        pieces += [literal(unescape(said[end : link.start()])), link[0]]
        end = link.end()
    return Markup("".join([*pieces, literal(unescape(said[end:]))]))


def plain(said: str) -> str:
    """Return what a title or sentence says, without its links and entities: text, not markup."""
    return unescape(LINK_TAG.sub("", str(said)))


def inline(text: str) -> Markup:
    """Escape a text, except the links from numbers to their receipts; entities in it are the signs
    they name.
    """
    pieces, end = [], 0
    for link in NUMBER.finditer(str(text)):
        pieces += [escape(unescape(text[end : link.start()])), link[0]]
        end = link.end()
    return Markup("".join([*pieces, escape(unescape(str(text)[end:]))]))


def unlinked(said: str) -> str:
    """Let the numbers of a text keep their names but lead nowhere."""
    # Markup would escape it
    return LINKED_NUMBER.sub(r'<span class="n" data-r="\1">\2</span>', str(said))


def caption(text: str) -> Markup:
    """Escape a title or subtitle, whose numbers lead nowhere: those of the text do."""
    return Markup(unlinked(inline(text)))


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


def link_numbers(html: str, numbers: dict[str, str]) -> Markup:
    """Name every figure and table referred to, and give each number's first place an id to return
    to.
    """
    seen = set()

    def with_id(link: re.Match) -> str:
        if link[1] in seen:
            return link[0]
        seen.add(link[1])
        return f'<a id="n-{link[1]}"{link[0][2:]}'

    html = REFERENCE.sub(lambda m: f'<a class="ref" href="#{m[1]}">{numbers[m[1]]}</a>', html)
    html = LINKED.sub(with_id, BASIS.sub("", html))
    return Markup(html.replace(' class="n" href="#r-', ' href="#r-'))


def places(html: str, estimates: dict) -> dict[str, str]:
    """Return {name: id of its first place in words, or nothing} of the numbers in an link_numbers
    page.

    A name without an estimate raises KeyError.
    """
    names = dict.fromkeys(ANY_NUMBER.findall(html))
    for name in names:
        if name not in estimates:
            raise KeyError(f"no estimate for the number {name}")
    return {name: f"n-{name}" if f'id="n-{name}"' in html else "" for name in names}


def data_uri(svg: str) -> str:
    """Return an SVG as a data: address, for pictures that are no figure of the report."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")
