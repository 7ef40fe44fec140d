"""Plant faults in a copy of a wave and keep a list of what must be found, one line a fault."""

import re
import zipfile
from collections import defaultdict

import openpyxl

UNIT = re.compile(r"（(户|人|平方米|小时|份|个|块|项|级|批|天|万元)）$")


def read_form(sheet):
    """Return ({`group/title`: column number}, [data rows]), found by the column 序号."""
    top = next(row for row in range(1, 16) if sheet.cell(row, 1).value == "序号")
    merged = {
        (row, column): sheet.cell(area.min_row, area.min_col).value
        for area in sheet.merged_cells.ranges
        for row in range(area.min_row, area.max_row + 1)
        for column in range(area.min_col, area.max_col + 1)
    }
    columns = {}
    for number in range(1, sheet.max_column + 1):
        upper, lower = (
            sheet.cell(row, number).value or merged.get((row, number)) for row in (top, top + 1)
        )
        parts = dict.fromkeys(UNIT.sub("", text) for text in (upper, lower) if text)
        columns["/".join(parts)] = number
    numbered = [
        row
        for row in range(top + 1, sheet.max_row + 1)
        if isinstance(sheet.cell(row, 1).value, int | float)
    ]
    return columns, numbered


def find_column(columns, title):
    """Find a column by `group/title`, or by a title that only one group has."""
    hits = {
        text: number for text, number in columns.items() if title in (text, text.split("/")[-1])
    }
    return (
        columns[title]
        if title in columns
        else next(iter(hits.values()))
        if len(hits) == 1
        else columns[title]
    )


class Planting:
    """A copy of a wave under change: `cell` plants one fault, `expected` lists their places."""

    def __init__(self, raw):
        self.raw = raw
        self.expected, self.books, self.forms, self.taken = [], {}, {}, defaultdict(int)

    def sheet(self, workbook, title):
        if workbook not in self.books:
            self.books[workbook] = openpyxl.load_workbook(self.raw / workbook)
        return self.books[workbook][title]

    def form(self, workbook, title):
        if (workbook, title) not in self.forms:
            self.forms[workbook, title] = read_form(self.sheet(workbook, title))
        return self.forms[workbook, title]

    def expect(self, place, fragment):
        self.expected.append((place, fragment))

    def value(self, workbook, title, column, row):
        return (
            self.sheet(workbook, title)
            .cell(row, find_column(self.form(workbook, title)[0], column))
            .value
        )

    def rows(self, workbook, title):
        return self.form(workbook, title)[1]

    def set(self, workbook, title, column, row, value):
        cell = self.sheet(workbook, title).cell(
            row, find_column(self.form(workbook, title)[0], column)
        )
        cell.value = value
        if isinstance(value, int | float):
            cell.number_format = "General"  # a number in a cell that is formatted as a date is one

    def cell(self, workbook, title, column, value, fragment, keep=lambda value: True):
        """Plant a value in the next free row of a sheet; `keep` selects the rows to use.

        They are rows in which the value is a fault.
        """
        rows = self.rows(workbook, title)[self.taken[workbook, title] :]
        row = next(r for r in rows if keep(r))
        self.taken[workbook, title] = self.rows(workbook, title).index(row) + 1
        self.set(workbook, title, column, row, value(row) if callable(value) else value)
        self.expect(f"{workbook}!{title}!{column.split('/')[-1]} {row}", fragment)
        return row

    def save(self):
        for workbook, book in self.books.items():
            book.save(self.raw / workbook)
        self.books = {}


def rewritten(path, change):
    """Rewrite the parts of a workbook in place.

    change(name, bytes) returns the new bytes, or None to remove the part.
    """
    with zipfile.ZipFile(path) as archive:
        parts = [(name, change(name, archive.read(name))) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts:
            if data is not None:
                archive.writestr(name, data)


def without_mending(line):
    """A line of the check without how to mend it."""
    return re.sub(r" → .*", "", line)
