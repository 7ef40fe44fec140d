"""What calamine does not tell of a worksheet: error values, formulas without a result, hidden rows.

A sheet is parsed for them only where its bytes show that there are any.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

from analysis.survey.parse import Broken

# an error value; a formula, with or without a prefix; a hidden row (or column)
SUSPECT = (b'"e"', b"'e'", b"<f>", b"<f ", b"<f/", b":f>", b":f ", b":f/", b" hidden")
ROWS = 200_000  # of one sheet that are looked at; no form comes near
ADDRESS = re.compile(rb'[^>]*?\sr=["\'](\d{1,9})')
UNCALCULATED = Broken("公式没有结果 (a formula without a result)")


@dataclass
class Marks:
    """Of one sheet: broken cells by (row, column) and hidden rows, from 0; the `last` row with a value, from 1."""

    broken: dict[tuple[int, int], Broken] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    last: int = 0


def read_marks(path: Path) -> list[Marks]:
    """Read the marks of each sheet of a workbook, in the order of its sheets."""
    with zipfile.ZipFile(path) as archive:
        parts = _parts(archive)
        return [_marks(archive.read(part)) if part in archive.namelist() else Marks() for part in parts]


def _parts(archive: zipfile.ZipFile) -> list[str]:
    """List the parts that hold the sheets, in order."""
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {one.get("Id"): posixpath.normpath(posixpath.join("/xl", one.get("Target"))) for one in relations}
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    sheets = [one for one in book.iter() if one.tag.rpartition("}")[2] == "sheet"]
    ids = [next((v for k, v in one.attrib.items() if k.endswith("}id")), None) for one in sheets]
    return [targets.get(one, "").lstrip("/") for one in ids]


def _marks(xml: bytes) -> Marks:
    if (last := _last_row(xml)) > ROWS:
        return Marks(last=last)
    return _Scan().read(xml) if any(mark in xml for mark in SUSPECT) else Marks(last=last)


def _last_row(xml: bytes) -> int:
    """Return the number of the last row that has a value, as its address says, 0 where none is found."""
    end = max(xml.rfind(b"sheetData>"), 0)
    value = max(xml.rfind(closing, 0, end) for closing in (b"v>", b"</t>", b":t>"))
    row = max(xml.rfind(opening, 0, max(value, 0)) for opening in (b"<row ", b":row "))
    number = ADDRESS.match(xml, row + 4, row + 200) if row >= 0 else None
    return int(number[1]) if number else 0


class _Scan:
    """Walk through a sheet's XML; cells and rows without an address follow the one before."""

    def __init__(self):
        self.marks, self.row, self.column = Marks(), -1, -1
        self.kind, self.formula, self.value, self.inside = "", False, "", False

    def read(self, xml: bytes) -> Marks:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        parser.Parse(xml, True)
        return self.marks

    def _start(self, tag, attributes):
        name = tag.rpartition(" ")[2]
        if name == "row":
            self.row = int(attributes["r"]) - 1 if "r" in attributes else self.row + 1
            self.column = -1
            if attributes.get("hidden") in ("1", "true"):
                self.marks.hidden.add(self.row)
        elif name == "c":
            self.column = _column(attributes["r"]) if "r" in attributes else self.column + 1
            self.kind, self.formula, self.value = attributes.get("t", ""), False, ""
        elif name == "f":
            self.formula = True
        self.inside = name == "v"

    def _text(self, text):
        if self.inside:
            self.value += text

    def _end(self, tag):
        self.inside = False
        if tag.rpartition(" ")[2] != "c":
            return
        if self.kind == "e":
            self.marks.broken[self.row, self.column] = Broken(f"{self.value or '#'} 是错误值 (an error value)")
        elif self.formula and not self.value and self.kind not in ("str", "s", "inlineStr"):
            self.marks.broken[self.row, self.column] = UNCALCULATED


def _column(address: str) -> int:
    number = 0
    for letter in address.rstrip("0123456789"):
        number = number * 26 + ord(letter) - 64
    return number - 1
