"""Find the styles and shared strings of a workbook that make a cell look unlike its value.

A look is (what, text): `struck`, `raised` (or lowered), `unseen`, `percent`, `scaled`, or `added`
with the text that the number format adds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from analysis.survey.reading.package import local

Look = tuple[str, str]
STRUCK, RAISED, UNSEEN, PERCENT, SCALED = (
    (what, "") for what in ("struck", "raised", "unseen", "percent", "scaled")
)
SMALLEST = 4  # points: smaller text, or text in a lower row, cannot be read
NARROWEST = 2  # characters: a number in a narrower column shows as ##
NEAR = 24  # colours that differ by less, summed over red, green and blue, look equal
WHITE, BLACK = "FFFFFF", "000000"
INDEXED = {"0": BLACK, "1": WHITE, "8": BLACK, "9": WHITE, "64": BLACK, "65": WHITE}
THEME = {"0": WHITE, "1": BLACK}
# number formats that have a fixed number: percentages, amounts of money
KNOWN = {9: "0%", 10: "0.00%"} | dict.fromkeys((5, 6, 7, 8, 42, 44), '"¥"0')
TOKEN = re.compile(
    r'"([^"]*)"?|[\\!](.)|_.|\*(.)|\[([^\]]*)\]|(General|G/通用格式|AM/PM|A/P|上午/下午)|(.)',
    re.S | re.I,
)
# text of a number format, besides digits, that does not change the number
PLAIN = re.compile(r"[\s\-+()（）/:.,、]")
SLOTS = "0#?"  # placeholders of digits in a number format
NUMERAL = re.compile(r"[0-9〇一二三四五六七八九十]")
CONDITION = re.compile(r"[<>=]")  # in brackets: the numbers to which a section applies
RICH = (b"vertAlign", b"strike", b"<sz ", b"rgb=")


@dataclass(frozen=True)
class Style:
    """Look of the cells of one style: for all values, for text, or for numbers by section."""

    always: Look | None
    text: Look | None
    sections: tuple[Look | None, ...]

    def look(self, value: str, is_text: bool) -> Look | None:
        """Return the look of a cell with this value; None if it shows its value."""
        if self.always or is_text:
            return self.always or self.text
        if len(self.sections) == 1:
            return self.sections[0]
        try:
            number = float(value)
        except ValueError:
            return None
        if number == 0 and len(self.sections) > 2:
            # hiding zeros is not a disguise
            return self.sections[2] if self.sections[0] else None
        return self.sections[1 if number < 0 else 0]


def odd_styles(xml: bytes) -> dict[str, Style]:
    """Return the cell styles that change what is seen, by their number, with their look."""
    if not xml:
        return {}
    parts = {local(part.tag): list(part) for part in ElementTree.fromstring(xml)}
    codes = {
        int(one.get("numFmtId", -1)): one.get("formatCode", "") for one in parts.get("numFmts", ())
    }
    fonts, fills = (
        [*map(read, parts.get(name, ()))] for name, read in (("fonts", _font), ("fills", _fill))
    )
    styles = {}
    for number, xf in enumerate(parts.get("cellXfs", ())):
        font, fill, form = (int(xf.get(name, 0)) for name in ("fontId", "fillId", "numFmtId"))
        ground = fills[fill] if fill < len(fills) else WHITE
        look, ink = fonts[font] if font < len(fonts) else (None, BLACK)
        look = look or (UNSEEN if _alike(ink, ground) else None)
        text, sections = format_looks(codes.get(form, KNOWN.get(form, "General")))
        if look or text or any(sections):
            styles[str(number)] = Style(look, text, sections)
    return styles


def odd_conditions(xml: bytes) -> list[str]:
    """Return the numbers of conditional formats that strike out, hide or change a cell."""
    if b"<dxf" not in xml and b":dxf" not in xml:
        return []
    formats = [list(part) for part in ElementTree.fromstring(xml) if local(part.tag) == "dxfs"]
    return [
        str(number) for number, one in enumerate(formats[0] if formats else ()) if _changes(one)
    ]


def _changes(conditional: Element) -> bool:
    """Return whether a conditional format changes the look of a cell."""
    of = {local(one.tag): one for one in conditional}
    look, ink = _font(of["font"]) if "font" in of else (None, BLACK)
    grounds = (
        [one for one in of["fill"].iter() if local(one.tag) == "bgColor"] if "fill" in of else []
    )
    # in conditional formats the background colour is the fill
    ground = _colour(grounds[0]) if grounds else WHITE
    code = of["numFmt"].get("formatCode", "General") if "numFmt" in of else "General"
    return bool(look or _alike(ink, ground) or any(format_looks(code)[1]))


def odd_strings(xml: bytes) -> dict[int, Look]:
    """Return the shared strings that are partly struck out, raised, lowered or unseen.

    Maps their number to their look.
    """
    if not any(sign in xml for sign in RICH):
        return {}
    strings = (one for one in ElementTree.fromstring(xml) if local(one.tag) == "si")
    return {number: look for number, one in enumerate(strings) if (look := rich_look(one))}


def rich_look(item: Element) -> Look | None:
    """Return the first look of the runs of a rich text that differs from its value."""
    for run in item:
        if local(run.tag) == "r":
            text = "".join(one.text or "" for one in run if local(one.tag) == "t")
            for properties in run:
                if local(properties.tag) == "rPr" and text.strip():
                    look, ink = _font(properties)
                    if look or _alike(ink, WHITE):
                        return look or UNSEEN
    return None


def _font(font: Element) -> tuple[Look | None, str]:
    """Return the look and the colour of a font."""
    of = {local(one.tag): one for one in font}
    value = {name: one.get("val", "1") for name, one in of.items()}
    look = None
    if value.get("strike", "0") not in ("0", "false"):
        look = STRUCK
    elif value.get("vertAlign", "baseline") != "baseline":
        look = RAISED
    elif float(value.get("sz", 11)) < SMALLEST:
        look = UNSEEN
    return look, _colour(of["color"]) if "color" in of else BLACK


def _fill(fill: Element) -> str:
    """Return the background colour of a fill."""
    for pattern in fill:
        if pattern.get("patternType", "none") == "none":
            return WHITE
        if pattern.get("patternType") == "solid":
            return next((_colour(one) for one in pattern if local(one.tag) == "fgColor"), BLACK)
    return "pattern"


def _colour(colour: Element) -> str:
    if colour.get("rgb"):
        return colour.get("rgb", "")[-6:].upper()
    if colour.get("indexed"):
        return INDEXED.get(colour.get("indexed", ""), f"indexed {colour.get('indexed')}")
    tint = float(colour.get("tint", 0))
    name = colour.get("theme", "")
    return THEME.get(name, f"theme {name} 0") if not tint else f"theme {name} {tint:.3f}"


def _alike(one: str, other: str) -> bool:
    """Return whether text in one colour cannot be seen on a background of the other."""
    try:
        pairs = [(int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (0, 2, 4)]
    except ValueError:
        return one == other
    return sum(abs(a - b) for a, b in pairs) < NEAR


@lru_cache(maxsize=1_000)
def format_looks(code: str) -> tuple[Look | None, tuple[Look | None, ...]]:
    """Return the look that a number format gives to text, and to numbers in each section."""
    sections = [[]]
    for token in TOKEN.finditer(code):
        if token[6] == ";":
            sections.append([])
        else:
            sections[-1].append(token)
    text = sections.pop() if len(sections) == 4 or _takes_text(sections[-1]) else None
    looks = tuple(_look(section, sign) for sign, section in enumerate(sections)) or (None,)
    if any(CONDITION.match(token[4] or "") for section in sections for token in section):
        looks = (next(filter(None, looks), None),)  # which section a number takes is unknown
    return (_text_look(text) if text is not None else None), looks


def _takes_text(section: list[re.Match]) -> bool:
    return any(token[6] == "@" for token in section)


def _text_look(section: list[re.Match]) -> Look | None:
    return _added(section) if _takes_text(section) else UNSEEN


def _look(section: list[re.Match], sign: int) -> Look | None:
    """Return the look that one section gives to numbers.

    sign: 0 for the first section, 1 for negative numbers.
    """
    bare = "".join(token[6] or "" for token in section)
    if any((token[4] or "").lower() in ("white", "白色") for token in section):
        return UNSEEN
    if re.search("[ymdhs]", bare, re.I):
        dated = "".join(_literal(token) for token in section)
        return ("added", dated) if NUMERAL.search(dated) else None  # a date, not a number
    if not (re.search("[0#?@]", bare) or any(token[5] for token in section)):
        return UNSEEN
    if "%" in bare:
        return PERCENT
    if re.search(r"[0#?],+(?:\.|[^0#?,]*$)", bare):
        return SCALED
    return _added(section) or _misread(section, sign)


def _literal(token: re.Match) -> str:
    """Return the text that a token prints literally: quoted, escaped, or a digit except 0."""
    return token[1] or token[2] or (token[6] if token[6] and token[6] in "123456789" else "")


def _misread(section: list[re.Match], sign: int) -> Look | None:
    """Return punctuation that changes the number read: between digits, or a minus sign."""
    printed = "".join(
        "0" if (token[6] and token[6] in SLOTS) or token[5] else " " for token in section
    )
    first, last = printed.find("0"), printed.rfind("0")
    for place, token in enumerate(section):
        text = (_literal(token) or (token[6] if token[6] in ("/", "-", "(", ":") else "")).strip()
        if text and (first < place < last or (sign == 0 and text[0] in "-－—(（")) and first >= 0:
            return "added", text
    return None


def _added(section: list[re.Match]) -> Look | None:
    """Return the text that a section adds; None if it is only space or punctuation."""
    pieces = []
    for token in section:
        if token[4] and token[4].startswith("$"):
            pieces.append(token[4][1:].partition("-")[0])
        elif _literal(token) or token[3]:
            pieces.append(_literal(token) or token[3])
        elif token[6] and not (token[6].isascii() and token[6] not in "$"):
            pieces.append(token[6])
    text = PLAIN.sub("", "".join(pieces))
    return ("added", text) if text else None
