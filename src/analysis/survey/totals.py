"""Check the 小计 and 合计 rows that counties add up: each must equal the rows that it sums up."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from analysis.survey import parse
from analysis.survey.codebook import IDENTIFIERS, TABLES
from analysis.survey.forms.columns import columns
from analysis.survey.identifiers import looks_personal
from analysis.survey.problems import Problem
from analysis.survey.text import empty, normalise

COUNT = re.compile(r"(抽中)?(\d+)[人个户名]?")
NOTHING = {"-", "—", "——", "/", "\\", "无"}  # in a total row: not added up here
CLOSE = 0.005  # amounts have two decimals


def total_problems(totals, tables, faulty: set, applied: pd.DataFrame) -> list[Problem]:
    """Compare every total row with the sums of its rows.

    totals, tables: by table, the total rows as read and the clean rows; faulty: places (workbook, sheet, row) left
    out of the tables: no sum over such a row is judged. applied: the corrections made, since a total may be
    that of the rows as handed in or as corrected.
    """
    problems = []
    for name, sums in totals.items():
        rows = tables[name]
        for (workbook, sheet), group in sums.groupby(["workbook", "sheet"], sort=False):
            own = rows[(rows["workbook"] == workbook) & (rows["sheet"] == sheet)].sort_values("row")
            bad = {row for book, title, row in faulty if (book, title) == (workbook, sheet)}
            made = applied[(applied["file"] == workbook) & (applied["sheet"] == sheet)]
            problems += _sheet(name, own, group, bad, made)
    return problems


def holds_data(totals: dict[str, pd.DataFrame]) -> list[Problem]:
    """Find total rows that answer a question: a row of data that would be lost as a 小计."""
    problems = []
    for name, sums in totals.items():
        schema = TABLES[name].to_schema().columns
        for column in sums.columns.intersection([*schema, *IDENTIFIERS]):
            filled = sums[sums[column].notna()] if column != "name" else sums.iloc[:0]
            told = [
                row for row in filled.itertuples() if _answers(schema.get(column), column, getattr(row, column))
            ]
            title = schema[column].title if column in schema else IDENTIFIERS[column]
            message = "小计、合计行中有明细内容 (a total row holds an answer: not allowed)"
            problems += [Problem(row.workbook, row.sheet, title, row.row, message) for row in told]
    return list({(p.workbook, p.sheet, p.row): p for p in reversed(problems)}.values())  # one a row


def _answers(schema, column: str, cell) -> bool:
    if column in IDENTIFIERS or column == "community_code":
        return normalise(cell) not in NOTHING and not COUNT.fullmatch(normalise(cell)[:8])
    kind = str(schema.dtype)
    if not (schema.metadata["codes"] or kind.startswith("datetime")) or normalise(cell) in NOTHING:
        return False
    try:
        parse.reader(schema)(cell)
    except parse.Unreadable:
        return False
    return True


def _sheet(name: str, own: pd.DataFrame, sums: pd.DataFrame, bad: set, made: pd.DataFrame) -> list[Problem]:
    problems, wrong = [], {}
    places = own["row"].to_numpy()
    running = {}
    schema = TABLES[name].to_schema().columns
    adds = {column.name for column in columns(TABLES[name]) if column.adds}
    for line in sums.to_dict("records"):
        spans = [(line["first"], line["row"])] + ([(0, line["row"])] if line["kind"] == "合计" else [])
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
        yes = own[column] if schema is not None and str(schema.dtype) == "bool" else pd.Series(True, own.index)
        return [np.cumsum([0, *np.ones(len(own))]), np.cumsum([0, *yes])]
    values = own[column].astype(float).fillna(0)
    ways = [values]
    changed = made[made["field"] == column]
    if len(changed):
        before = values.copy()
        for line in changed.itertuples():
            try:
                before[own["row"] == line.row] = parse.reader(schema)(line.expected)
            except parse.Unreadable:
                before[own["row"] == line.row] = 0.0
        ways.append(before)
    return [np.concatenate([[0.0], way.cumsum()]) for way in ways]


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
            return ""
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
