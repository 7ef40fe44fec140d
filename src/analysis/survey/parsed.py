"""Parse raw frames into clean tables and check each against its model of the codebook."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from analysis.survey import parse
from analysis.survey.codebook import TABLES, Workers
from analysis.survey.identifiers import looks_personal
from analysis.survey.problems import PROBLEM, Problem
from analysis.survey.text import empty

PLACE = ("workbook", "sheet", "row")


def parse_tables(raws: dict[str, pd.DataFrame], findings: list[Problem]) -> tuple[dict, frozenset[str]]:
    """Parse and validate every raw frame; notes the faults in `findings`.

    Returns the rows without fault, and the names of the tables that have any.
    """
    tables, partial = {}, set()
    misread = {(p.workbook, p.sheet) for p in findings if p.row and p.kind == PROBLEM}
    for name, rows in raws.items():
        parsed, faults = parse_table(rows, TABLES[name])
        faults += model_problems(parsed, TABLES[name])
        tables[name] = without(parsed, faults)
        findings += faults
        if faults or misread & set(zip(rows["workbook"], rows["sheet"], strict=True)):
            partial.add(name)
    return tables, frozenset(partial)


def parse_table(rows: pd.DataFrame, model) -> tuple[pd.DataFrame, list[Problem]]:
    """Parse the cells of a raw frame column by column, by the rule for each column's type.

    Each distinct cell is read once. Returns the rows without fault, and the faults.
    """
    parsed, problems = {}, []
    for name, schema in model.to_schema().columns.items():
        cells = rows[name].tolist()
        if name in PLACE:  # ours, not the county's: as it is
            parsed[name] = cells
            continue
        read = parse.reader(schema)
        keys = list(zip(map(type, cells), cells, strict=True))
        values = {key: _parse(key[1], read, schema.nullable, model) for key in dict.fromkeys(keys)}
        parsed[name] = [values[key][0] for key in keys]
        if any(fault for _, fault in values.values()):
            faulty = [(i, values[key][1]) for i, key in enumerate(keys) if values[key][1]]
            where = rows.iloc[[i for i, _ in faulty]]
            places = zip(where["workbook"], where["sheet"], where["row"], faulty, strict=True)
            problems += [Problem(book, sheet, schema.title, row, fault) for book, sheet, row, (_, fault) in places]
    types = {name: column.dtype.type for name, column in model.to_schema().columns.items()}
    return without(pd.DataFrame(parsed, index=rows.index), problems).astype(types), problems


def without(rows: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    """Leave out the rows that have a problem."""
    if not problems:
        return rows
    faulty = {(p.workbook, p.sheet, p.row) for p in problems}
    places = zip(rows["workbook"], rows["sheet"], rows["row"], strict=True)
    return rows[pd.Series([place not in faulty for place in places], index=rows.index, dtype=bool)]


def _quote(value, model) -> str:
    """Quote a faulty cell, but none of the roster: where columns have slipped it may be an identifier."""
    if model is Workers or isinstance(value, parse.Broken) or looks_personal(value):
        return ""
    if isinstance(value, float) and abs(value) < parse.LARGEST and value.is_integer():
        value = int(value)  # as it was typed
    return f"“{str(value)[:20]}” "


def _parse(cell, read, nullable, model):
    if empty(cell):
        return None, "" if nullable else "空白 (blank)"
    try:
        return read(cell), ""
    except parse.Unreadable as error:
        return None, f"{_quote(cell, model)}{error}"


def model_problems(frame: pd.DataFrame, model) -> list[Problem]:
    """Validate a parsed frame against its model and locate each failure."""
    try:
        model.validate(frame, lazy=True)
        return []
    except pa.errors.SchemaErrors as errors:
        located = {}
        for case in errors.failure_cases.itertuples():
            if pd.isna(case.index):  # a fault of the table as a whole is ours, not the county's
                raise
            row = frame.loc[case.index]
            # the county of an interview is the head of its community code
            column = "community_code" if case.column == "county_code" else case.column
            title = model.to_schema().columns[column].title
            place = (row["workbook"], row["sheet"], title, int(row["row"]))
            message = f"{_quote(case.failure_case, model)}超出允许范围 (not allowed: {case.check})"
            located.setdefault(place, Problem(*place, message))
        return list(located.values())
