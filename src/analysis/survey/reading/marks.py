"""Marks of a worksheet that calamine does not return: error values, missing results, looks.

A sheet is parsed for them only if its bytes indicate that there are any.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from xml.etree.ElementTree import Element, SubElement
from xml.parsers import expat

from analysis.survey.messages import ERROR_VALUE, NO_RESULT
from analysis.survey.parse import Broken
from analysis.survey.reading.package import Package, local
from analysis.survey.reading.styles import (
    NARROWEST,
    SMALLEST,
    Look,
    Style,
    odd_conditions,
    odd_strings,
    odd_styles,
    rich_look,
)

# an error value; a formula, with or without a prefix; a hidden row or column
SUSPECT = (
    b'"e"',
    b"'e'",
    b"<f>",
    b"<f ",
    b"<f/",
    b":f>",
    b":f ",
    b":f/",
    b" hidden",
    b"zeroHeight",
    b"rPr>",  # of a rich text within its cell
)
LOW = re.compile(rb' ht="[0-3][."]')  # a row or column of nearly no size
NARROW = re.compile(rb' width="[01][."]')
# icons or bars shown instead of the number
ICONS = re.compile(rb"(?:iconSet|dataBar)\s[^>]*showValue=[\"'](?:0|false)")
ROWS = 200_000  # rows of one sheet that are checked; the forms are far smaller
WIDEST = 2**14  # columns
ADDRESS = re.compile(rb'[^>]*?\sr=["\'](\d{1,9})')
CHOICES = re.compile(rb"<(?:\w+:)?(?:formula1|f)>([^<]*)</")
UNCALCULATED = Broken(NO_RESULT.fault())
# a result of 0 in a workbook that is to be calculated when opened
NOT_CALCULATED = ("not calculated", "")
TEXTS = ("str", "s", "inlineStr")


@dataclass
class Marks:
    """Marks of one sheet: broken cells, hidden rows and columns, and looks of cells, from 0.

    conditional: whether conditional formatting may strike out or hide cells. last: the last row
    with a value, from 1. veiled: whether the sheet itself is hidden. feeds: whether a drop-down of
    another sheet takes its choices from it.
    """

    broken: dict[tuple[int, int], Broken] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    looks: dict[tuple[int, int], Look] = field(default_factory=dict)
    conditional: bool = False
    last: int = 0
    veiled: bool = False
    feeds: bool = False


def read_marks(package: Package) -> list[Marks]:
    """Return the marks of each sheet of a workbook, in order."""
    styles = odd_styles(package.read(package.parts.get("styles", "")))
    strings = odd_strings(package.read(package.parts.get("sharedStrings", "")))
    used = re.compile(rb"\ss=[\"'](?:%s)[\"']" % "|".join(styles).encode()) if styles else None
    parts = [package.read(member) for _, member in package.sheets]
    calculation = [one for one in package.tree.iter() if local(one.tag) == "calcPr"]
    recalculated = any(one.get("fullCalcOnLoad") in ("1", "true") for one in calculation)
    read = [_marks(xml, styles, strings, used, recalculated) for xml in parts]
    if numbers := "|".join(odd_conditions(package.read(package.parts.get("styles", "")))):
        rule = re.compile(rb"cfRule[^>]*\sdxfId=[\"'](?:%s)[\"']" % numbers.encode())
        for marks, xml in zip(read, parts, strict=True):
            marks.conditional = bool(rule.search(xml))
    for marks, xml in zip(read, parts, strict=True):
        marks.conditional |= b"showValue" in xml and bool(ICONS.search(xml))
    hidden = [attributes.get("state", "visible") != "visible" for attributes, _ in package.sheets]
    sources = _sources(package, parts) if any(hidden) else ""
    for marks, veiled, (attributes, _) in zip(read, hidden, package.sheets, strict=True):
        marks.veiled = veiled
        marks.feeds = veiled and _names(attributes.get("name", ""), sources)
    return read


def _sources(package: Package, parts: list[bytes]) -> str:
    """Return the formulas of the choices of all drop-downs, with defined names resolved."""
    formulas = [
        unescape(found.decode("utf-8", "replace"))
        for xml in parts
        if (start := xml.find(b"dataValidation")) >= 0
        for found in CHOICES.findall(xml, start)
    ]
    defined = {
        one.get("name"): one.text or ""
        for one in package.tree.iter()
        if local(one.tag) == "definedName"
    }
    return "\n".join([*formulas, *(defined.get(formula, "") for formula in formulas)])


def _names(title: str, formulas: str) -> bool:
    """Return whether a formula refers to a sheet."""
    return bool(title) and (f"{title}!" in formulas or f"'{title}'!" in formulas)


def _marks(
    xml: bytes,
    styles: dict[str, Style],
    strings: dict[int, Look],
    used: re.Pattern | None,
    recalculated: bool,
) -> Marks:
    if (last := _last_row(xml)) > ROWS:
        return Marks(last=last)
    odd = (
        strings
        or "0" in styles
        or any(mark in xml for mark in SUSPECT)
        or (used and used.search(xml))
    )
    if odd or LOW.search(xml) or NARROW.search(xml):
        return _Scan(styles, strings, recalculated).read(xml)
    return Marks(last=last)


def _last_row(xml: bytes) -> int:
    """Return the address of the last row with a value; 0 if there is none."""
    end = max(xml.rfind(b"sheetData>"), 0)
    value = max(xml.rfind(closing, 0, end) for closing in (b"v>", b"</t>", b":t>"))
    row = max(xml.rfind(opening, 0, max(value, 0)) for opening in (b"<row ", b":row "))
    number = ADDRESS.match(xml, row + 4, row + 200) if row >= 0 else None
    return int(number[1]) if number else 0


class _Scan:
    """Parser of a sheet's XML; cells and rows without an address follow the previous one."""

    def __init__(
        self, styles: dict[str, Style], strings: dict[int, Look], recalculated: bool
    ) -> None:
        self.styles, self.strings, self.recalculated = styles, strings, recalculated
        self.marks, self.row, self.column = Marks(), -1, -1
        self.kind, self.style, self.formula, self.value, self.inside = "", "", False, "", False
        self.rows_hidden = False
        self.inline: list[Element] = []  # open elements of a rich text within the cell

    def read(self, xml: bytes) -> Marks:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        parser.Parse(xml, True)
        return self.marks

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if self.inline:
            self.inline.append(SubElement(self.inline[-1], name, attributes))
        elif name == "row":
            self._start_row(attributes)
        elif name == "c":
            self.column = _column(attributes["r"]) if "r" in attributes else self.column + 1
            self.kind, self.style = attributes.get("t", ""), attributes.get("s", "0")
            self.formula, self.value = False, ""
        elif name == "f":
            self.formula = True
        elif name == "is":
            self.inline = [Element("si")]
        elif name == "col" and _no_size(attributes, "width", NARROWEST):
            first, last = (int(attributes.get(end, 1)) for end in ("min", "max"))
            self.marks.hidden_columns |= set(range(first - 1, min(last, WIDEST)))
        elif name == "sheetFormatPr":
            self.rows_hidden = attributes.get("zeroHeight") in ("1", "true")
        self.inside = name == "v"

    def _start_row(self, attributes: dict[str, str]) -> None:
        self.row = int(attributes["r"]) - 1 if "r" in attributes else self.row + 1
        self.column = -1
        by_default = self.rows_hidden and not attributes.keys() & {"hidden", "ht"}
        if by_default or _no_size(attributes, "ht", SMALLEST):
            self.marks.hidden.add(self.row)

    def _text(self, text: str) -> None:
        if self.inside:
            self.value += text
        elif self.inline:
            self.inline[-1].text = (self.inline[-1].text or "") + text

    def _end(self, tag: str) -> None:
        name = tag.rpartition(" ")[2]
        self.inside = False
        if self.inline:
            if name == "is" and (look := rich_look(self.inline[0])):
                self.marks.looks[self.row, self.column] = look
            self.inline = [] if name == "is" else self.inline[:-1]
        elif name == "c":
            self._end_cell()

    def _end_cell(self) -> None:
        if self.kind == "e":
            self.marks.broken[self.row, self.column] = Broken(
                ERROR_VALUE.fault(value=f"{self.value or '#'} ")
            )
        elif self.formula and not self.value and self.kind not in TEXTS:
            self.marks.broken[self.row, self.column] = UNCALCULATED
        elif self.formula and self.recalculated and self.value in ("0", "0.0"):
            self.marks.looks[self.row, self.column] = NOT_CALCULATED
        look = (
            self.strings.get(int(self.value))
            if self.kind == "s" and self.value.isdecimal()
            else None
        )
        if not look and self.style in self.styles:
            look = self.styles[self.style].look(self.value, self.kind in TEXTS)
        if look:
            self.marks.looks.setdefault((self.row, self.column), look)


def _no_size(attributes: dict[str, str], size: str, least: float) -> bool:
    """Return whether a row or column is hidden, or too small for its numbers to be seen."""
    return attributes.get("hidden") in ("1", "true") or float(attributes.get(size, least)) < least


def _column(address: str) -> int:
    number = 0
    for letter in address.rstrip("0123456789"):
        number = number * 26 + ord(letter) - 64
    return number - 1
