"""Open a file of a wave, a workbook or CSV, as sheets of cells."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from python_calamine import CalamineSheet, CalamineWorkbook

from analysis.survey.codebook import REMARK, SERIAL
from analysis.survey.messages import BAD_CSV, DAMAGED, ENCODING, TOO_LONG, Fault
from analysis.survey.reading.guards import refusal
from analysis.survey.reading.marks import ROWS, Marks, read_marks
from analysis.survey.reading.package import Package
from analysis.survey.study import Study, study
from analysis.survey.text import normalise, seen

BYTE_ORDER = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
DELIMITERS = ",\t;"
CELLS = 5_000_000  # of one sheet, from A1 to its last cell with a value
WIDEST = 2**20  # characters in one cell of a CSV file
TOP = 15  # rows of a CSV file that may hold its header
UNIT = re.compile(r"\([^()]*\)$")
PROTECTED = re.compile(r'\s*="(.*)"\s*', re.S)


class UnopenedError(Exception):
    """Raised with the reason why a file was not opened."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


@dataclass
class Sheet:
    """One sheet; rows and columns are counted from 0, beginning at A1.

    Merged ranges are ((row, column), (row, column)).
    """

    title: str
    cells: list[list]
    merged: list = field(default_factory=list)
    marks: Marks = field(default_factory=Marks)


def open_book(path: Path, title: str = "") -> list[Sheet]:
    """Return every sheet of a workbook, or a CSV file as one sheet with the name `title`.

    Raises UnopenedError.
    """
    if reason := refusal(path):
        raise UnopenedError(reason)
    if path.suffix.lower() == ".csv":
        return [Sheet(title, read_csv(path))]
    try:
        with zipfile.ZipFile(path) as archive:
            package = Package(archive)
            marks = read_marks(package)
            laid_out = None if package.as_usual else package.laid_out()
        book = (
            CalamineWorkbook.from_filelike(laid_out)
            if laid_out
            else CalamineWorkbook.from_path(str(path))
        )
        titles = book.sheet_names
        marks += [Marks() for _ in titles[len(marks) :]]
        for name, mark in zip(titles, marks, strict=False):
            _check_size(name, mark.last, ROWS)  # before calamine allocates every cell from A1
        sheets = [book.get_sheet_by_index(i) for i in range(len(titles))]
        return [
            _sheet(seen(name), sheet, mark)
            for name, sheet, mark in zip(titles, sheets, marks, strict=False)
        ]
    except (UnopenedError, MemoryError, KeyboardInterrupt):
        raise
    except Exception:  # a damaged workbook raises many kinds of errors
        raise UnopenedError(DAMAGED.fault()) from None


def _sheet(title: str, sheet: CalamineSheet, marks: Marks) -> Sheet:
    _check_size(title, sheet.total_height, CELLS // max(sheet.total_width, 1))
    cells = sheet.to_python(skip_empty_area=False)
    for (row, column), broken in marks.broken.items():
        cells.extend([] for _ in range(row + 1 - len(cells)))
        cells[row].extend([""] * (column + 1 - len(cells[row])))
        cells[row][column] = broken
    return Sheet(title, cells, sheet.merged_cell_ranges or [], marks)


def _check_size(title: str, last: int, most: int) -> None:
    if last > most:
        raise UnopenedError(TOO_LONG.fault(sheet=title, row=last))


def read_csv(path: Path) -> list[list[str]]:
    """Read a CSV file in UTF-8, GB18030, or UTF-16 with a byte order mark.

    The delimiter is the one that gives the most column titles of the forms at the top of the file.
    A first column of row names, as R writes it, is dropped; `="…"` becomes the text within. Raises
    UnopenedError.
    """
    text = decode(path.read_bytes())
    csv.field_size_limit(WIDEST)
    ways = [rows for mark in DELIMITERS if (rows := _split(text, mark)) is not None]
    best = max(ways, key=_named, default=None)
    if best is None or (not _named(best) and len(ways) < len(DELIMITERS)):
        raise UnopenedError(BAD_CSV.fault())
    return _without_row_names(best)


def _split(text: str, delimiter: str) -> list[list[str]] | None:
    """Split the text of a CSV file; None if its quotes do not fit the delimiter."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return [[_protected(cell) for cell in row] for row in rows]


def _named(rows: list[list[str]]) -> int:
    """Return the number of cells at the top that are titles of the forms.

    A unit in brackets may follow the title.
    """
    cells = {normalise(cell) for row in rows[:TOP] for cell in row}
    return len({UNIT.sub("", cell) for cell in cells} & form_titles() | cells & form_titles())


def form_titles() -> frozenset[str]:
    """Return the titles of all columns of the forms, folded."""
    return _form_titles(study())


@cache
def _form_titles(of: Study) -> frozenset[str]:
    titles = [schema.title for model in of.tables.values() for schema in model.columns.values()]
    return frozenset(map(normalise, [*titles, *of.identifiers.values(), SERIAL, REMARK]))


def _protected(cell: str) -> str:
    """Return the text within `="…"`, which keeps Excel from reading a code as a number."""
    found = PROTECTED.fullmatch(cell)
    return found[1].replace('""', '"') if found else cell


def _without_row_names(rows: list[list[str]]) -> list[list[str]]:
    """Drop a first column without a title that numbers the rows below the first from 1."""
    numbers = [row[0] for row in rows[1:] if row]
    if (
        len(numbers) > 1
        and rows[0][:1] == [""]
        and numbers == [str(i) for i in range(1, len(numbers) + 1)]
    ):
        return [row[1:] for row in rows]
    return rows


def decode(data: bytes) -> str:
    """Decode bytes strictly; UnopenedError if no encoding fits.

    UTF-8 is tried before GB18030, which decodes most UTF-8 without an error.
    """
    marked = next((name for mark, name in BYTE_ORDER.items() if data.startswith(mark)), None)
    if b"\0" not in data or marked == "utf-16":
        for encoding in [marked] if marked else ["utf-8", "gb18030"]:
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise UnopenedError(ENCODING.fault())
