"""Check the 小计 and 合计 rows of counties: each must equal the sum of its rows."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.survey import parse
from analysis.survey.codebook import FROM_FILE
from analysis.survey.forms.columns import columns
from analysis.survey.identifiers import looks_personal
from analysis.survey.messages import (
    NO_ROWS_ABOVE,
    NOT_COUNT,
    NOT_SUM,
    ROWS_SORTED,
    SUM_IN_YUAN,
    TOTAL_HOLDS_DATA,
    WRONG_TOTALS,
    Fault,
)
from analysis.survey.problems import (
    MISSING_PLACE,
    NO_ROWS,
    PROBLEM,
    SAME_PERSON,
    SHIFTED,
    TOTAL_ANSWERS,
    TWICE,
    UNIT,
    Problem,
)
from analysis.survey.rules import involved
from analysis.survey.study import study
from analysis.survey.text import empty, normalise, odd_character

if TYPE_CHECKING:
    from pandera.pandas import Column

COUNT = re.compile(r"(抽中)?([0-9]{1,6})[人个户名]?")
NOTHING = {"-", "—", "——", "/", "\\", "无"}  # in a total row: not summed here
# if one person in so many is entered twice, the sheet is pasted twice
REPEATED = 3
# a sheet was sorted if no street has a larger share of the rows above a 小计
STREET_SHARE = 0.75
CLOSE = 0.005  # amounts have two decimals
WHOLE_ROW = {TWICE, TOTAL_ANSWERS}  # a row that should not exist, or is lost
EVERY = ""  # stands for all columns of a row

NOT_SUMMED = {*FROM_FILE, "kind", "first", "id_number", "phone"}


def total_problems(
    totals: dict[str, pd.DataFrame],
    cells: dict[str, pd.DataFrame],
    findings: list[Problem],
    applied: pd.DataFrame,
) -> list[Problem]:
    """Compare every total row with the sums of its rows.

    totals, cells: by table, the total rows as read, and the rows, in which cells may be missing.
    findings: sums over cells with a problem, over rows that should not exist and over lost rows are
    not checked; for a sheet that lacks rows, only differences that this does not explain are
    reported. applied: the corrections made, since a total may be that of the rows as handed in or
    as corrected.
    """
    problems, doubts = [], _doubts(findings)
    again: dict[tuple[str, str], list[int]] = {}
    for one in findings:
        if one.rule == SAME_PERSON:
            again.setdefault((one.workbook, one.sheet), []).append(one.row)
    lacking, unfilled = (
        {(one.workbook, one.sheet) for one in findings if one.rule == rule}
        for rule in (MISSING_PLACE, NO_ROWS)
    )
    corrected = dict(list(applied.groupby(["file", "sheet"])))
    for name, sums in totals.items():
        numbers = _numbers(name, cells[name])
        parts = dict(list(numbers.groupby(["workbook", "sheet"])))
        for place, lines in groupby(
            sums.to_dict("records"), key=lambda line: (line["workbook"], line["sheet"])
        ):
            if place not in unfilled:
                own, made = (
                    parts.get(place, numbers.iloc[:0]),
                    corrected.get(place, applied.iloc[:0]),
                )
                listed = _unrepeated(list(lines), own, again.get(place, []))
                found = _sheet(name, own, listed, doubts.get(place, {}), made)
                found = _moved(found, listed, own)
                problems += _alone(found) if place in lacking else found
    return problems


def _unrepeated(lines: list[dict], own: pd.DataFrame, again: list[int]) -> list[dict]:
    """Drop each 合计 over rows pasted twice: a third of them are people entered twice."""
    rows, kept = own["row"].to_numpy(), []
    for line in lines:
        doubled = sum(row < line["row"] for row in again)
        if line["kind"] != "合计" or REPEATED * doubled <= (rows < line["row"]).sum():
            kept.append(line)
    return kept


def _moved(found: list[Problem], lines: list[dict], own: pd.DataFrame) -> list[Problem]:
    """Return problems with wrong 小计 replaced if their rows are elsewhere.

    There are no rows above, or rows of other streets, as after sorting.
    """
    sums = [one for one in found if one.code in WRONG_TOTALS]
    rows, wrong = own["row"].to_numpy(), {one.row for one in sums}
    parts = [line for line in lines if line["kind"] == "小计"]
    blocks = {line["row"]: (line["first"] <= rows) & (rows < line["row"]) for line in parts}
    failed = wrong & blocks.keys()
    moved = {row: NO_ROWS_ABOVE for row in failed if not blocks[row].any()}
    is_sorted = failed == wrong and len(failed) > 1 and 2 * len(failed) >= len(blocks)
    if is_sorted and any(_is_mixed(own, blocks[row]) for row in failed):
        moved = dict.fromkeys(failed, ROWS_SORTED)
    places = {one.row: (one.workbook, one.sheet) for one in sums}
    kept = [one for one in found if one.row not in moved or one.code not in WRONG_TOTALS]
    return kept + [Problem.of(moved[row].fault(), *places[row], row=row) for row in sorted(moved)]


def _is_mixed(own: pd.DataFrame, block: np.ndarray) -> bool:
    """Return whether the rows above a 小计 are of several streets without a majority."""
    streets = own["street"][block].value_counts() if "street" in own else []
    return len(streets) > 1 and STREET_SHARE * streets.sum() >= streets.iloc[0]


def _alone(problems: list[Problem]) -> list[Problem]:
    """Return the problems of total rows that are wrong in one column only.

    A missing row makes many columns wrong.
    """
    rows = Counter(one.row for one in problems)
    return [one for one in problems if rows[one.row] == 1]


def _doubts(findings: list[Problem]) -> dict[tuple[str, str], dict[int, set[str]]]:
    """Return the rows of each sheet with a problem, and the titles of their doubtful cells.

    EVERY stands for all titles.
    """
    doubts: dict[tuple[str, str], dict[int, set[str]]] = {}
    for one in findings:
        if one.row and one.kind == PROBLEM:
            whole = one.rule in WHOLE_ROW or one.rule.startswith(SHIFTED)
            title = EVERY if whole else one.column
            row = doubts.setdefault((one.workbook, one.sheet), {}).setdefault(one.row, set())
            row |= {title, *involved(one.rule)}
    return doubts


def _numbers(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table in order, with the columns that can be summed.

    They are amounts, and yes as one. Missing values count as zero; sums over them are not checked
    if they are a fault. Also returns the `street` of each row.
    """
    schema = study().tables[name].columns
    kept = [c for c in schema if c in _additive(name) or str(schema[c].dtype) == "bool"]
    numbers = {column: table[column].to_numpy(dtype=float, na_value=0.0) for column in kept}
    grouped = "township" in table and study().tables[name].rows != "townships"
    streets = {"street": table["township"]} if grouped else {}
    return table[["workbook", "sheet", "row"]].assign(**numbers, **streets).sort_values("row")


def _additive(name: str) -> set[str]:
    return {column.name for column in columns(study().tables[name]) if column.adds}


def data_in_totals(totals: dict[str, pd.DataFrame]) -> list[Problem]:
    """Return problems for total rows with an answer, which are rows of data taken for a 小计."""
    problems = []
    for name, sums in totals.items():
        schema = study().tables[name].columns
        for line in sums.to_dict("records"):
            told = [
                c
                for c, cell in line.items()
                if _answers(c, schema.get(c), cell, c in _additive(name))
            ]
            for column in told[:1]:  # one for each row
                title = schema[column].title if column in schema else study().identifiers[column]
                place = (line["workbook"], line["sheet"], title, line["row"])
                first = str(line["first"])  # the column may have slid down from this row on
                problems.append(
                    Problem.of(TOTAL_HOLDS_DATA.fault(), *place, rule=TOTAL_ANSWERS, about=first)
                )
    return problems


def _answers(column: str, schema: Column | None, cell: object, adds: bool) -> bool:
    """Return whether a cell of a total row is an answer, which only a row of data has.

    A whole number may be a count of rows, and a column that is summed holds its sum there.
    """
    if column in (*FROM_FILE, "kind", "first", "name") or empty(cell):
        return False
    if column in study().identifiers or column == "community_code":
        return normalise(cell) not in NOTHING and not COUNT.fullmatch(normalise(cell))
    kind, said = str(schema.dtype), normalise(cell)
    measured = (
        kind.startswith("float") and not adds and not COUNT.fullmatch(said.removesuffix(".0"))
    )
    if not (schema.metadata["codes"] or kind.startswith("datetime") or measured) or said in NOTHING:
        return False
    try:
        value = parse.reader(schema)(cell)
    except parse.UnreadableError:
        return False
    return not measured or all(_within(value, check.statistics) for check in schema.checks)


def _within(value: float, limits: dict) -> bool:
    """Return whether a number is within the limits of a column: an answer, not a sum of many."""
    return limits.get("min_value", -math.inf) <= value <= limits.get("max_value", math.inf)


def _sheet(
    name: str, own: pd.DataFrame, lines: list[dict], doubts: dict[int, set[str]], made: pd.DataFrame
) -> list[Problem]:
    """Compare the total rows of one sheet.

    doubts: by row, the titles of cells that are not summed.
    """
    problems, wrong = [], {}
    places = own["row"].to_numpy()
    running = {}
    schema = study().tables[name].columns
    adds = _additive(name)
    since = None
    doubtful = _rows_by_title(doubts)
    for line in lines:
        first = since or line["first"]
        # a row that is not a total does not end a block
        since = first if EVERY in doubts.get(line["row"], ()) else None
        spans = [(first, line["row"])] + ([(0, line["row"])] if line["kind"] == "合计" else [])
        if _any_between(doubtful.get(EVERY, []), spans[-1][0], line["row"]):
            continue
        for column, cell in line.items():
            if column not in (*schema, "name") or column in FROM_FILE or empty(cell):
                continue
            title = schema[column].title if column in schema else study().identifiers[column]
            summed = column in own and _any_between(
                doubtful.get(title, []), spans[-1][0], line["row"]
            )
            if summed and not isinstance(cell, parse.Broken):
                continue
            if column not in running:
                running[column] = _running(own, schema.get(column), column, column in adds, made)
            # a total of totals may be wrong by the amount by which those, as reported, are wrong
            off = [more for row, more in wrong.get(column, []) if spans[-1][0] <= row < line["row"]]
            found = _compare(
                cell, schema.get(column), column in adds, running[column], places, spans, off
            )
            if found:
                wrong.setdefault(column, []).append((line["row"], found.by))
                place = (line["workbook"], line["sheet"], title, line["row"])
                rule = UNIT if found.fault.message is SUM_IN_YUAN else ""
                problems.append(
                    Problem.of(found.fault, *place, quote=found.quote, rule=rule, value=found.value)
                )
    return problems


def _rows_by_title(doubts: dict[int, set[str]]) -> dict[str, list[int]]:
    """Return the rows with doubtful cells, ascending, by column title."""
    found: dict[str, list[int]] = {}
    for row in sorted(doubts):
        for title in doubts[row]:
            found.setdefault(title, []).append(row)
    return found


def _any_between(rows: list[int], first: int, last: int) -> bool:
    """Return whether any of the ascending rows is from `first` to `last`."""
    place = bisect_left(rows, first)
    return place < len(rows) and rows[place] <= last


def _running(
    own: pd.DataFrame, schema: Column | None, column: str, adds: bool, made: pd.DataFrame
) -> list[np.ndarray]:
    """Return running sums of a column, as corrected and as handed in.

    They are counts for a column that is not summed.
    """
    if not adds:
        yes = own[column].to_numpy() if column in own else np.ones(len(own))
        return [np.arange(len(own) + 1.0), np.cumsum([0, *yes])]
    values = own[column].to_numpy()
    ways = [values]
    if len(changed := made[made["field"] == column]):
        before = values.copy()
        for line in changed.itertuples():
            before[own["row"] == line.row] = _before(line.expected, schema)
        ways.append(before)
    return [np.concatenate([[0.0], np.nan_to_num(way).cumsum()]) for way in ways]


def _before(said: str, schema: Column | None) -> float:
    """Return the number in a cell before its correction; 0 if it was not a number."""
    try:
        return parse.reader(schema)(said)
    except parse.UnreadableError:
        return 0.0


@dataclass(frozen=True)
class Wrong:
    """A wrong cell of a total row: quote and value as in `Problem`, and the difference.

    The difference is NaN if it is unknown.
    """

    fault: Fault
    quote: str = ""
    value: str = ""
    by: float = math.nan


def _compare(
    cell: object,
    schema: Column | None,
    adds: bool,
    running: list[np.ndarray],
    places: np.ndarray,
    spans: list[tuple[int, int]],
    off: Sequence[float] = (),
) -> Wrong | None:
    """Return what is wrong with one cell of a total row.

    None if it equals one of the possible sums, or differs by one or all of `off`.
    """
    if isinstance(cell, parse.Broken):
        return Wrong(cell.fault)
    said = normalise(cell)
    if adds:
        if said in NOTHING:
            return None
        try:
            value = parse.number(cell, schema.metadata["unit"])
        except parse.UnreadableError as error:
            quote = "" if looks_personal(cell) else f"“{said[:20]}” "
            return Wrong(error.fault, quote, quote)
    else:
        found = COUNT.fullmatch(said.removesuffix(".0"))
        if not found:
            odd = COUNT.match(said) and odd_character(said)
            return Wrong(parse.odd_fault(cell)) if odd else None
        value, running = int(found[2]), running[1:] if found[1] else running[:1]
    sums = [
        way[np.searchsorted(places, last)] - way[np.searchsorted(places, first)]
        for way in running
        for first, last in spans
    ]
    ways = {0.0, sum(off), *off, *(sum(off) - one for one in off)}
    if any(map(math.isnan, off)) or any(
        abs(value - total - by) < CLOSE for total in sums for by in ways
    ):
        return None
    first, last = spans[-1]
    message = NOT_SUM if adds else NOT_COUNT
    if adds and schema.metadata["unit"] == "万元" and any(_in_yuan(value, total) for total in sums):
        message = SUM_IN_YUAN
    rows = f"第{max(first, int(places[0]) if len(places) else 0)}–{last - 1}行"
    facts = {"value": f"{value:.10g}", "rows": rows, "sum": f"{sums[-1]:.10g}"}
    fault = message.fault(**facts)
    said = NOT_SUM if adds else message  # the message of the difference, by which `causes` folds
    return Wrong(fault, value=said.fault(**facts).text.partition(" (")[0], by=value - sums[-1])


def _in_yuan(value: float, total: float) -> bool:
    """Return whether a value and its correct sum are in 元 and 万元, or the reverse."""
    return abs(value - total / parse.YUAN) < CLOSE or abs(value / parse.YUAN - total) < CLOSE
