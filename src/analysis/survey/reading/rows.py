"""Classify every row of a sheet as form, kept, total or blank, and take out the kept cells.

The cells of a sheet are `Cells`, a list for each column. Only all sheets of a table together make a
frame, since a frame for each of many small sheets would take longer than reading them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.survey.codebook import REMARK
from analysis.survey.messages import (
    BEGINS_AS_NOTE,
    BELOW_SIGNATURES,
    MERGED_ACROSS,
    MERGED_DOWN,
    NO_DATA,
    NOT_A_ROW,
)
from analysis.survey.parse import ABSENT, Broken
from analysis.survey.problems import NO_ROWS, NOTE, Problem
from analysis.survey.reading.book import Sheet
from analysis.survey.reading.disguise import looks_otherwise
from analysis.survey.reading.header import (
    OPTIONAL,
    Header,
    find_header,
    header_problems,
    printed,
    readable,
    split_unit,
    unit_questions,
    unknown_columns,
)
from analysis.survey.text import empty, normalise

if TYPE_CHECKING:
    from analysis.survey.codebook import Table

Cells = dict[str, list]
KINDS = ("form", "kept", "total", "blank")
ACCOUNT = ("workbook", "sheet", "rows", *KINDS)
TOTAL = re.compile(r"(?:.{0,12}(?:小计|合计|总计|共计))(?:[:(].*)?")
SUBTOTAL = re.compile(r".{0,12}小计(?:[:(].*)?")
# columns that hold 小计 and 合计
LABELLED = ("serial", "township", "community", "item", "project", "name")
SIGNATURE = re.compile(
    r"(填表人|制表人|审核人|负责人|联系人|填报日期|填表日期|联系电话|备注|说明|注)(\(.*\))?:.*"
)
SIGNED = re.compile(
    r".{0,8}(负责人|领导|经办|填表|制表|填报|审核|复核|联系|盖章|签字|签章|签名|公章|日期|说明|备注|注:|附)"
)
TOWNSHIP = re.compile(r"(街道|镇|乡|办事处)$")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# an amount, a count or a code, but not a telephone number
FIGURE = re.compile(r"-?[0-9]{1,6}(\.[0-9]+)?|[0-9]{12}")
NOTE_TEXTS = 3  # a note with so many texts beside it is a row of data
# most cells of a signature; in a form with fewer columns, one cell may be a row
SIGNED_CELLS, SHORT_FORM = (4, 6)
# below the last row of a form
SIGNATURES = re.compile(r"(填表人|制表人|审核人|填报日期|填表日期)(\(.*\))?:.*")
COVERED_DOWN, COVERED_ACROSS = Broken(MERGED_DOWN.fault()), Broken(MERGED_ACROSS.fault())


def read_sheet(sheet: Sheet, model: Table, workbook: str, problems: list[Problem]) -> Any:
    """Read one sheet into (rows, totals, account); three times None without a header.

    The header must have at least half of the columns. A column that it lacks, has twice, or has in
    an unknown unit is read as ABSENT, so that other faults are found in the same run.

    rows: Cells, with `workbook`, `sheet` and `row` for the location. totals: Cells, the 小计 and
    合计 rows as read, with `kind` and the first row of the block that each sums.
    """
    header = find_header(sheet, model)
    faults = header_problems(header, model, workbook, sheet.title)
    problems += faults
    if len(set(header.names.values())) * 2 < len(printed(model)) - len(OPTIONAL):
        return None, None, None
    problems += unknown_columns(sheet, header, workbook, sheet.title)
    kinds = row_kinds(sheet, header)
    kept = [i for i, kind in enumerate(kinds) if kind == "kept"]
    if not kept and not model.may_be_empty:
        problems.append(Problem.of(NO_DATA.fault(), workbook, sheet.title, rule=NO_ROWS))
    problems += looks_otherwise(sheet, header, model, kept, workbook)
    notes = {i for i in kept if is_note(sheet.cells[i], header, model)}
    problems += [
        Problem.of(NOT_A_ROW.fault(), workbook, sheet.title, row=i + 1, rule=NOTE)
        for i in sorted(notes)
    ]
    problems += unit_questions(
        sheet, header, model, [i for i, k in enumerate(kinds) if k == "form"], workbook
    )
    problems += _below(sheet, kinds, workbook)
    problems += _asked(sheet, [i for i in kept if i not in notes], workbook)
    _mark_merged(sheet, header, set(kept) - notes)
    header = readable(header, model, faults) if faults else header
    rows = _cut(sheet, header, model, kept, workbook)
    if "township" in rows:  # merged down; the total rows are already removed
        rows["township"] = _filled_down(rows["township"], [i in notes for i in kept])
    totals = _totals(sheet, header, model, kinds, workbook)
    counts = {kind: kinds.count(kind) for kind in KINDS}
    return rows, totals, {"workbook": workbook, "sheet": sheet.title, "rows": len(kinds), **counts}


def frame(sheets: list[Cells]) -> pd.DataFrame:
    """Return one frame with the cells of all sheets of a form, which have the same columns."""
    columns = {name: [cell for cells in sheets for cell in cells[name]] for name in sheets[0]}
    return pd.DataFrame({name: pd.Series(column, dtype=object) for name, column in columns.items()})


def row_kinds(sheet: Sheet, header: Header) -> list[str]:
    """Return the kind of each row of a sheet.

    Title, unit line, header, repeated header and signatures are `form`.
    """
    labels = [place for place, name in header.names.items() if name in LABELLED]
    serial = [place for place, name in header.names.items() if name == "serial"]
    texts = _header_cells(sheet, header)
    return [
        "blank" if row.count("") == len(row) else _kind(row, i, header, labels, serial, texts)
        for i, row in enumerate(sheet.cells)
    ]


def _kind(
    row: Sequence[object], i: int, header: Header, labels: Any, serial: int | None, texts: Any
) -> str:
    start = next((place for place, cell in enumerate(row) if not empty(cell)), None)
    if start is None:
        return "blank"
    if i <= header.last:
        return "form"
    first = row[start]
    if _signs(first) and not _holds_answers(row, header):
        return "form"
    # a total may be named in the first column of the form, whatever its title
    named = (start, *labels)
    if any(
        place < len(row) and isinstance(row[place], str) and _is_total(row[place])
        for place in named
    ):
        return "total"
    if start in serial and not isinstance(first, str) and all(map(empty, row[start + 1 :])):
        return "blank"  # a printed number, with nothing filled in beside it
    if _is_header(start, first, texts) and all(
        empty(c) or _is_header(p, c, texts) for p, c in enumerate(row)
    ):
        return "form"
    return "kept"


def _signs(cell: object) -> bool:
    """Return whether a cell begins a note or a signature, as `备注：…` does."""
    return isinstance(cell, str) and bool(SIGNATURE.fullmatch(normalise(cell)))


def _holds_answers(row: list, header: Header) -> bool:
    """Return whether a row that begins as a note has answers: a figure, a code, several texts.

    Text after a label that ends in a colon belongs to the label, and a remark may hold anything.
    """
    texts, labelled = 0, False
    for place, cell in enumerate(row):
        if empty(cell):
            continue
        said = normalise(f"{cell:g}" if isinstance(cell, float) and cell < 1e6 else cell)
        answers = (
            not labelled and not _signs(cell) and header.names.get(place, "remark") not in OPTIONAL
        )
        if answers and FIGURE.fullmatch(said):
            return True
        texts += answers
        labelled = isinstance(cell, str) and said.endswith(":")
    return texts >= NOTE_TEXTS


def _asked(sheet: Sheet, kept: list[int], workbook: str) -> list[Problem]:
    """Return questions for rows of data that begin as a note or a signature."""
    first = [(i, next((cell for cell in sheet.cells[i] if not empty(cell)), None)) for i in kept]
    return [
        Problem.of(BEGINS_AS_NOTE.fault(), workbook, sheet.title, row=i + 1)
        for i, cell in first
        if _signs(cell)
    ]


def _below(sheet: Sheet, kinds: list[str], workbook: str) -> list[Problem]:
    """Return a question for the first row of data below the signatures.

    None if a repeated header is between them.
    """
    signed = False
    for i, kind in enumerate(kinds):
        if kind == "form":
            signed = any(
                isinstance(cell, str) and SIGNATURES.fullmatch(normalise(cell))
                for cell in sheet.cells[i]
            )
        elif kind == "kept" and signed:
            return [Problem.of(BELOW_SIGNATURES.fault(), workbook, sheet.title, row=i + 1)]
    return []


def _is_header(place: int, cell: object, texts: set) -> bool:
    if not isinstance(cell, str):
        return False
    said = split_unit(normalise(cell))[0]
    return (place, said) in texts or said == REMARK  # a column that the first header may lack


def _is_total(cell: str) -> bool:
    return "计" in cell and bool(TOTAL.fullmatch(normalise(cell)))


def _header_cells(sheet: Sheet, header: Header) -> set[tuple[int, str]]:
    """Return the header texts of each column, to recognise a header repeated on a later page."""
    parts = {(place, part) for place, text in header.texts.items() for part in text.split("/")}
    return parts | {(place, text) for place, text in header.texts.items()}


def is_note(row: list, header: Header, model: Table) -> bool:
    """Return whether a row of data is a heading or a signature, by its first texts."""
    filled = [(place, cell) for place, cell in enumerate(row) if not empty(cell)]
    if not filled or len(filled) > SIGNED_CELLS or len(header.names) < SHORT_FORM:
        return False
    place, first = filled[0]
    if type(first) is not str or not CHINESE.search(first):
        return False
    said = normalise(first)
    if len(filled) > 1:
        return bool(SIGNED.match(said)) and 3 * len(filled) <= len(header.names)
    name, schema = header.names.get(place), model.columns
    if name == "township" and "community_code" not in schema:  # each row is a township's
        return not TOWNSHIP.search(said)
    return not (name in schema and said in map(normalise, schema[name].metadata["codes"]))


def _mark_merged(sheet: Sheet, header: Header, kept: set[int]) -> None:
    """Mark each cell that a merged cell covers with the location of its value.

    A township is filled down instead.
    """
    for (top, left), (bottom, right) in sheet.merged:
        for i in range(max(top, header.last + 1), min(bottom + 1, len(sheet.cells))):
            for place in range(left, min(right + 1, len(sheet.cells[i]))):
                name = header.names.get(place)
                down = i > top
                if i not in kept or (i, place) == (top, left) or name in (None, *OPTIONAL):
                    continue
                if empty(sheet.cells[i][place]) and not (down and name == "township"):
                    sheet.cells[i][place] = COVERED_DOWN if down else COVERED_ACROSS


def _filled_down(cells: list, notes: list[bool]) -> list:
    """Return cells in which each empty one has the value above it, except that of a heading."""
    filled, above = [], None
    for cell, note in zip(cells, notes, strict=True):
        above = above if cell is None or note else cell
        filled.append(above)
    return filled


def _cut(sheet: Sheet, header: Header, model: Table, rows: list[int], workbook: str) -> Cells:
    """Return the columns of the form for some rows: cells as read, and their location."""
    cells, columns = sheet.cells, {}
    for place, name in header.names.items():
        if name not in ("serial", "remark"):
            column = [cells[i][place] if place < len(cells[i]) else None for i in rows]
            columns[name] = [
                cell if type(cell) is float or not empty(cell) else None for cell in column
            ]
            if _in_yuan(header, model, place, name):
                columns[name] = [_yuan(cell) for cell in columns[name]]
    absent = [name for name in printed(model) if name not in columns and name not in OPTIONAL]
    columns |= {name: [ABSENT] * len(rows) for name in absent}
    ordered = {name: columns[name] for name in model.columns if name in columns} | columns
    place = {"workbook": [workbook] * len(rows), "sheet": [sheet.title] * len(rows)}
    return ordered | place | {"row": [i + 1 for i in rows]}


def _in_yuan(header: Header, model: Table, place: int, name: str) -> bool:
    schema = model.columns
    unit = header.units.get(place) or header.line
    return name in schema and schema[name].metadata["unit"] == "万元" and unit == "元"


def _yuan(cell: object) -> object:
    """Return an amount with 元 added, for a header in 元; the number parser converts it."""
    if isinstance(cell, bool) or cell is None:
        return cell
    if isinstance(cell, int | float):
        return f"{cell:.10f}".rstrip("0").rstrip(".") + "元"
    return (
        cell
        if not isinstance(cell, str) or normalise(cell).endswith("元") or type(cell) is not str
        else f"{cell}元"
    )


def _totals(sheet: Sheet, header: Header, model: Table, kinds: list[str], workbook: str) -> Cells:
    """Return the total rows: `kind`, and `first`, the first row after the previous total."""
    rows = [i for i, kind in enumerate(kinds) if kind == "total"]
    labels = [place for place, name in header.names.items() if name in LABELLED]
    said = []
    for i in rows:
        start = next(place for place, cell in enumerate(sheet.cells[i]) if not empty(cell))
        texts = [
            normalise(sheet.cells[i][place])
            for place in (start, *labels)
            if place < len(sheet.cells[i])
        ]
        said.append("小计" if any(SUBTOTAL.fullmatch(text) for text in texts) else "合计")
    first = [before + 2 for before in [header.last, *rows][: len(rows)]]
    return _cut(sheet, header, model, rows, workbook) | {"kind": said, "first": first}
