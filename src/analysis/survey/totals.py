"""Check the 小计 and 合计 rows that counties add up: each must equal the rows that it sums up."""

from __future__ import annotations

import re
from functools import cache
from itertools import groupby

import numpy as np
import pandas as pd

from analysis.survey import parse
from analysis.survey.codebook import IDENTIFIERS, TABLES, Table
from analysis.survey.forms.columns import columns
from analysis.survey.identifiers import looks_personal
from analysis.survey.problems import Problem
from analysis.survey.text import empty, normalise, odd_character

COUNT = re.compile(r"(抽中)?([0-9]{1,6})[人个户名]?")
NOTHING = {"-", "—", "——", "/", "\\", "无"}  # in a total row: not added up here
HOLDS = "小计、合计行中有明细内容 (a total row holds an answer)"
CLOSE = 0.005  # amounts have two decimals


NOT_SUMMED = {*Table.__annotations__, "kind", "first", "id_number", "phone"}


def total_problems(totals, tables, faulty: set, lacking: set, applied: pd.DataFrame) -> list[Problem]:
    """Compare every total row with the sums of its rows.

    totals, tables: by table, the total rows as read and the clean rows; faulty: places (workbook, sheet, row) left
    out of the tables: no sum over such a row is judged. lacking: sheets (workbook, sheet) that lack
    rows or columns: none of their sums is. applied: the corrections made, since a total may be that of the rows as
    handed in or as corrected.
    """
    problems, bad = [], {}
    for book, title, row in faulty:
        bad.setdefault((book, title), set()).add(row)
    corrected = dict(list(applied.groupby(["file", "sheet"])))
    for name, sums in totals.items():
        numbers = _numbers(name, tables[name])
        parts = dict(list(numbers.groupby(["workbook", "sheet"])))
        for place, lines in groupby(sums.to_dict("records"), key=lambda line: (line["workbook"], line["sheet"])):
            if place not in lacking:
                own, made = parts.get(place, numbers.iloc[:0]), corrected.get(place, applied.iloc[:0])
                problems += _sheet(name, own, list(lines), bad.get(place, set()), made)
    return problems


def _numbers(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table in order, with what can be added up: amounts, and answers of yes as one."""
    schema = TABLES[name].to_schema().columns
    kept = [c for c in schema if c in _additive(name) or str(schema[c].dtype) == "bool"]
    numbers = {column: table[column].to_numpy(dtype=float, na_value=0.0) for column in kept}
    return table[["workbook", "sheet", "row"]].assign(**numbers).sort_values("row")


@cache
def _additive(name: str) -> set[str]:
    return {column.name for column in columns(TABLES[name]) if column.adds}


def holds_data(totals: dict[str, pd.DataFrame]) -> list[Problem]:
    """Find total rows that answer a question: a row of data that would be lost as a 小计."""
    problems = []
    for name, sums in totals.items():
        schema = TABLES[name].to_schema().columns
        for line in sums.to_dict("records"):
            told = [column for column, cell in line.items() if _answers(column, schema.get(column), cell)]
            for column in told[:1]:  # one a row
                title = schema[column].title if column in schema else IDENTIFIERS[column]
                problems.append(Problem(line["workbook"], line["sheet"], title, line["row"], HOLDS))
    return problems


def _answers(column: str, schema, cell) -> bool:
    """Tell whether a cell of a total row answers its question, which only a row of data does."""
    if column in (*Table.__annotations__, "kind", "first", "name") or empty(cell):
        return False
    if column in IDENTIFIERS or column == "community_code":
        return normalise(cell) not in NOTHING and not COUNT.fullmatch(normalise(cell))
    kind = str(schema.dtype)
    if not (schema.metadata["codes"] or kind.startswith("datetime")) or normalise(cell) in NOTHING:
        return False
    try:
        parse.reader(schema)(cell)
    except parse.Unreadable:
        return False
    return True


def _sheet(name: str, own: pd.DataFrame, lines: list[dict], bad: set, made: pd.DataFrame) -> list[Problem]:
    problems, wrong = [], {}
    places = own["row"].to_numpy()
    running = {}
    schema = TABLES[name].to_schema().columns
    adds = _additive(name)
    since = None
    for line in lines:
        first = since or line["first"]
        since = first if line["row"] in bad else None  # what is no total ends no block
        spans = [(first, line["row"])] + ([(0, line["row"])] if line["kind"] == "合计" else [])
        if any(spans[-1][0] <= row <= line["row"] for row in bad):
            continue
        for column, cell in line.items():
            if (
                column not in (*schema, "name")
                or column in ("county_code", "workbook", "sheet", "row")
                or empty(cell)
            ):
                continue
            if any(spans[-1][0] <= row < line["row"] for row in wrong.get(column, ())):
                continue  # the 小计 below it is wrong already
            if column not in running:
                running[column] = _running(own, schema.get(column), column, column in adds, made)
            message = _compare(cell, schema.get(column), column in adds, running[column], places, spans)
            if message:
                wrong.setdefault(column, []).append(line["row"])
                title = schema[column].title if column in schema else IDENTIFIERS[column]
                problems.append(Problem(line["workbook"], line["sheet"], title, line["row"], message))
    return problems


def _running(own: pd.DataFrame, schema, column: str, adds: bool, made: pd.DataFrame) -> list[np.ndarray]:
    """Return running sums of a column, as corrected and as handed in; counts where it is not added up."""
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


def _before(said: str, schema) -> float:
    """Read what stood in a cell before it was corrected; nothing was added up where it was no number."""
    try:
        return parse.reader(schema)(said)
    except parse.Unreadable:
        return 0.0


def _compare(cell, schema, adds: bool, running, places, spans) -> str:
    """Say what is wrong with one cell of a total row; nothing when it equals one of the sums it may mean."""
    if isinstance(cell, parse.Broken):
        return str(cell)
    said = normalise(cell)
    if adds:
        if said in NOTHING:
            return ""
        try:
            value = parse.number(cell, schema.metadata["unit"])
        except parse.Unreadable as error:
            return f"{'' if looks_personal(cell) else f'“{said[:20]}” '}{error}"
    else:
        found = COUNT.fullmatch(said.removesuffix(".0"))
        if not found:
            return parse.odd_fault(cell) if COUNT.match(said) and odd_character(said) else ""
        value, running = int(found[2]), running[1:] if found[1] else running[:1]
    sums = [
        way[np.searchsorted(places, last)] - way[np.searchsorted(places, first)]
        for way in running
        for first, last in spans
    ]
    if any(abs(value - total) < CLOSE for total in sums):
        return ""
    first, last = spans[-1]
    what = ("之和", "sum") if adds else ("的行数", "count")
    rows = f"第{max(first, int(places[0]) if len(places) else 0)}–{last - 1}行"
    return f"填 {value:.10g}，{rows}{what[0]}为 {sums[-1 if adds else 0]:.10g} (is not the {what[1]} of rows)"
