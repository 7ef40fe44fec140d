"""Open a file of a wave as sheets of cells, whether it is a workbook or CSV."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from python_calamine import CalamineWorkbook

from analysis.survey.reading.guards import BROKEN, refusal
from analysis.survey.reading.marks import ROWS, Marks, read_marks
from analysis.survey.reading.package import Package

BYTE_ORDER = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
DELIMITERS = ",\t;"
CELLS = 5_000_000  # of one sheet, from A1 to the last one that shows something
WIDEST = 2**20  # characters in one cell of a CSV file


class Unopened(Exception):
    """Raised with why a file was not opened, in both languages."""


@dataclass
class Sheet:
    """One sheet: its rows from A1 on, merged ranges as ((row, column), (row, column)), and its marks, from 0."""

    title: str
    cells: list[list]
    merged: list = field(default_factory=list)
    marks: Marks = field(default_factory=Marks)


def open_book(path: Path, title: str = "") -> list[Sheet]:
    """Read every sheet of a workbook, or a CSV file as the one sheet `title`; raises Unopened."""
    if reason := refusal(path):
        raise Unopened(reason)
    if path.suffix.lower() == ".csv":
        return [Sheet(title, read_csv(path))]
    try:
        with zipfile.ZipFile(path) as archive:
            package = Package(archive)
            marks = read_marks(package)
            laid_out = None if package.as_usual else package.laid_out()
        book = CalamineWorkbook.from_filelike(laid_out) if laid_out else CalamineWorkbook.from_path(str(path))
        titles = book.sheet_names
        marks += [Marks() for _ in titles[len(marks) :]]
        for name, mark in zip(titles, marks, strict=False):
            _bearable(name, mark.last, ROWS)  # before calamine lays out every cell from A1
        sheets = [book.get_sheet_by_index(i) for i in range(len(titles))]
        return [_sheet(name, sheet, mark) for name, sheet, mark in zip(titles, sheets, marks, strict=False)]
    except (Unopened, MemoryError, KeyboardInterrupt):
        raise
    except Exception:  # a damaged workbook fails in many ways, each of them the file's fault
        raise Unopened(BROKEN) from None


def _sheet(title: str, sheet, marks: Marks) -> Sheet:
    _bearable(title, sheet.total_height, CELLS // max(sheet.total_width, 1))
    cells = sheet.to_python(skip_empty_area=False)
    for (row, column), broken in marks.broken.items():
        cells.extend([] for _ in range(row + 1 - len(cells)))
        cells[row].extend([""] * (column + 1 - len(cells[row])))
        cells[row][column] = broken
    return Sheet(title, cells, sheet.merged_cell_ranges or [], marks)


def _bearable(title: str, last: int, most: int) -> None:
    if last > most:
        raise Unopened(f"“{title}” 到第{last}行还有内容，文件过大 (too large: clear the rows below the form)")


def read_csv(path: Path) -> list[list[str]]:
    """Read a CSV file: UTF-8 with or without a byte order mark, GB18030, or UTF-16 with one; raises Unopened."""
    text = decode(path.read_bytes())
    csv.field_size_limit(WIDEST)
    try:
        ways = [
            list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)) for mark in DELIMITERS
        ]
    except csv.Error as error:
        raise Unopened(f"无法打开 (cannot be opened): {error}") from None
    return max(ways, key=lambda rows: max(map(len, rows), default=0))


def decode(data: bytes) -> str:
    """Decode strictly; UTF-8 is tried before GB18030, which accepts most UTF-8 without complaint."""
    marked = next((name for mark, name in BYTE_ORDER.items() if data.startswith(mark)), None)
    if b"\0" not in data or marked == "utf-16":
        for encoding in [marked] if marked else ["utf-8", "gb18030"]:
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise Unopened("编码不明 (the text encoding is not UTF-8, GB18030 or marked UTF-16)")
