"""Find rows whose cells were pasted or moved one or more columns beside their headers."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.survey import parse
from analysis.survey.codebook import FROM_FILE, Table
from analysis.survey.forms.columns import columns
from analysis.survey.identifiers import looks_personal
from analysis.survey.problems import SHIFTED, UNKNOWN_COLUMN, Problem
from analysis.survey.study import study
from analysis.survey.text import empty, normalise

if TYPE_CHECKING:
    from pandera.pandas import Check, Column

STEPS = (1, -1, 2, -2, 3, -3, 4, -4)  # columns to the right
MIN_FAULTS = 2  # faults of a row that may be shifted
NAMED = ("township", "community")
CELLS_A_MISFIT = 6  # one cell in so many may remain unexplained by a shift
BELOW = 2  # rows below a shifted block that may be its totals
TOTAL = re.compile(r".{0,12}(小计|合计|总计|共计).*")
NAME = re.compile(r"[\u4e00-\u9fff·]{2,8}\d{0,6}")
# days since EPOCH, 1949 to 2064: a date in a cell without a date format
DATES = (18_000, 60_000)
EPOCH = dt.datetime(1899, 12, 30)
MIN_CELLS = 3  # filled in, from the first faulty cell on
FREE_TEXT = re.compile(r"[^\d]*[\u4e00-\u9fff][^\n]*")

Place = tuple[str, str, int]  # workbook, sheet, row


def without_shifted(
    rows: pd.DataFrame,
    cells: pd.DataFrame,
    faults: list[Problem],
    model: Table,
    findings: list[Problem],
) -> tuple[pd.DataFrame, list[Problem]]:
    """Set the cells of shifted rows to missing, and mark their faults as caused by the shift.

    rows: the raw frame. cells, faults: the result of parsing it. findings: those of reading;
    columns that are unknown only because shifted rows reach into them get the rule of these rows.
    Returns (cells, faults): in shifted rows all cells are missing, and the rule of the faults is
    SHIFTED with the number of columns to the right, as in `shifted+1`.
    """
    steps = _steps(rows, faults, model)
    if not steps:
        return cells, faults
    findings[:] = _reached(findings, steps, rows)
    faults = [
        replace(one, rule=f"{SHIFTED}{step:+d}")
        if (step := steps.get((one.workbook, one.sheet, one.row)))
        else one
        for one in faults
    ]
    places = zip(cells["workbook"], cells["sheet"], cells["row"], strict=True)
    shifted = pd.Series([place in steps for place in places], cells.index, dtype=bool)
    answers = [name for name in cells if name not in FROM_FILE]
    missing = {name: _with_missing(cells[name]).mask(shifted) for name in answers}
    return cells.assign(**missing), faults


def _reached(findings: list[Problem], steps: dict[Place, int], rows: pd.DataFrame) -> list[Problem]:
    """Give unknown columns that only shifted rows fill the rule of these rows."""
    read = set(zip(rows["workbook"], rows["sheet"], rows["row"], strict=True))
    ends = {sheet: (min(own), max(own) + BELOW) for sheet, own in _blocks(steps).items()}
    found = []
    for one in findings:
        end = ends.get((one.workbook, one.sheet)) if one.rule == UNKNOWN_COLUMN else None
        filled = [(one.workbook, one.sheet, int(row)) for row in one.about.split()] if end else []
        usual = Counter(steps[place] for place in filled if place in steps).most_common(1)
        # totals may be among the shifted rows
        other = [place for place in filled if place not in steps]
        alone = usual and not any(
            place in read or not end[0] <= place[2] <= end[1] for place in other
        )
        found.append(replace(one, rule=f"{SHIFTED}{usual[0][0]:+d}") if alone else one)
    return found


def _blocks(steps: dict[Place, int]) -> dict[tuple[str, str], list[int]]:
    """Return the shifted rows of each sheet."""
    blocks: dict[tuple[str, str], list[int]] = {}
    for workbook, sheet, row in steps:
        blocks.setdefault((workbook, sheet), []).append(row)
    return blocks


def _with_missing(column: pd.Series) -> pd.Series:
    """Return a column with a type that allows missing values."""
    kinds = {"int64": "float64", "bool": "boolean"}
    return column.astype(kinds.get(str(column.dtype), column.dtype))


def _steps(rows: pd.DataFrame, faults: list[Problem], model: Table) -> dict[Place, int]:
    """Return the place of each shifted row, with the number of columns to the right."""
    faulty: dict[Place, set[str]] = {}
    for one in faults:
        faulty.setdefault((one.workbook, one.sheet, one.row), set()).add(one.column)
    if not faulty:
        return {}
    form, schema = [column.name for column in columns(model)], model.columns
    readers = {name: _reader(name, schema.get(name)) for name in form}
    names = [name for name in form if name in rows]
    places = zip(rows["workbook"], rows["sheet"], rows["row"], strict=True)
    table = {
        place: cells
        for place, *cells in zip(places, *(rows[name] for name in names), strict=True)
        if place in faulty
    }
    steps: dict[Place, int] = {}
    last = STEPS[0]
    for place, titles in faulty.items():
        row = dict(zip(names, table[place], strict=True))
        bad = {name for name in names if schema[name].title in titles}
        # a number in a column of names is not a fault by itself
        bad |= {
            name
            for name in NAMED
            if name in row and not empty(row[name]) and not readers[name](row[name])
        }
        if len(bad) < MIN_FAULTS:
            continue
        for step in dict.fromkeys((last, *STEPS)):
            if _fits(row, bad, step, form, readers):
                steps[place] = last = step
                break
    return steps | _totals(table, steps)


def _reader(name: str, schema: Column) -> Callable[[object], bool]:
    """Return a function, with a cache, that returns whether a cell answers a column."""
    known: dict = {}

    def answers(cell: object) -> bool:
        key = (type(cell), cell)
        if key not in known:
            known[key] = _answers(cell, name, schema)
        return known[key]

    return answers


def _answers(cell: object, name: str, schema: Column) -> bool:
    if name in study().identifiers:
        return (
            isinstance(cell, str) and bool(NAME.fullmatch(cell))
            if name == "name"
            else looks_personal(cell)
        )
    if name == "serial":
        return isinstance(cell, int | float) or (isinstance(cell, str) and cell.isdecimal())
    if name == "remark":
        return isinstance(cell, str)
    if _is_text(schema) and name != "community_code":
        return isinstance(cell, str) and bool(FREE_TEXT.fullmatch(cell.strip()))
    try:
        value = parse.reader(schema)(_as_formatted(cell, schema))
    except parse.UnreadableError:
        return False
    return all(_passes(value, check) for check in schema.checks)


def _passes(value: Any, check: Check) -> bool:
    """Return whether a value passes a check of the codebook for range or pattern."""
    said = check.statistics
    if check.name == "str_matches":
        return re.match(said["pattern"], value) is not None
    low, high = said.get("min_value"), said.get("max_value")
    is_range = check.name in ("in_range", "greater_than_or_equal_to")
    return not is_range or ((low is None or low <= value) and (high is None or value <= high))


def _as_formatted(cell: object, schema: Column) -> object:
    """Undo what the cell format made of a pasted value: a date of a number, or the reverse."""
    dated = str(schema.dtype).startswith("datetime")
    if dated and isinstance(cell, int | float) and DATES[0] <= cell <= DATES[1]:
        return EPOCH + dt.timedelta(days=int(cell))
    if not dated and isinstance(cell, dt.datetime):
        return float((cell - EPOCH).days)
    return cell


def _is_text(schema: Column) -> bool:
    return str(schema.dtype).startswith("str") and not schema.metadata["codes"]


def _fits(row: dict, bad: set[str], step: int, form: list[str], readers: dict) -> bool:
    """Return whether the cells of a row answer the columns `step` to their left.

    Cells before the first faulty one are not considered.
    """
    first = min(form.index(name) for name in bad)
    explained = looked_at = misfits = 0
    for place, name in enumerate(form):
        cell, source = row.get(name), place - step
        if place < first or empty(cell) or not 0 <= source < len(form):
            continue
        looked_at += 1
        fits = readers[form[source]](cell)
        misfits += not fits
        explained += fits and name in bad
    enough = looked_at >= MIN_CELLS and explained > misfits
    return enough and misfits * CELLS_A_MISFIT <= looked_at


def _totals(table: dict[Place, list], steps: dict[Place, int]) -> dict[Place, int]:
    """Return the faulty rows in a shifted block that are its totals.

    Their label was moved out of its column.
    """
    blocks = _blocks(steps)
    ends = {sheet: (min(rows), max(rows)) for sheet, rows in blocks.items()}
    usual = {
        sheet: Counter(steps[(*sheet, row)] for row in rows).most_common(1)[0][0]
        for sheet, rows in blocks.items()
    }
    return {
        place: usual[place[:2]]
        for place, cells in table.items()
        if place not in steps
        and place[:2] in ends
        and ends[place[:2]][0] <= place[2] <= ends[place[:2]][1] + BELOW
        and any(isinstance(cell, str) and TOTAL.fullmatch(normalise(cell)) for cell in cells)
    }
