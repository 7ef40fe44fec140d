"""Parse raw frames into clean tables and check each against its model of the codebook."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from analysis.survey import parse
from analysis.survey.codebook import COMMUNITY_CODE, TABLES, Workers
from analysis.survey.identifiers import looks_personal
from analysis.survey.problems import PROBLEM, Problem
from analysis.survey.text import empty

PLACE = ("workbook", "sheet", "row")
PATTERNS = {COMMUNITY_CODE: parse.NOT_A_CODE}


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
        read, blank = parse.reader(schema), _blank(schema)
        keys = list(zip(map(type, cells), cells, strict=True))
        values = {key: _parse(key[1], read, blank, model) for key in dict.fromkeys(keys)}
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
    if isinstance(value, pd.Timestamp):
        value = value.date()
    return f"“{str(value)[:20]}” "


def _blank(schema) -> str:
    """Say that a blank cell is a fault, and which answer means nothing where the codebook has one."""
    if schema.nullable:
        return ""
    if "无" in schema.metadata["codes"]:
        return "空白 (blank: 无 is an answer)"
    least = [check.statistics.get("min_value") for check in schema.checks]
    return "空白 (blank: 0 is an answer)" if 0 in least else "空白 (blank)"


def _parse(cell, read, blank, model):
    if empty(cell):
        return None, blank
    try:
        return read(cell), ""
    except parse.Unreadable as error:
        return None, f"{_quote(cell, model)}{error}"


def wanted(check, schema) -> str:
    """Say in both languages what a check of the codebook asks for; KeyError where there are no words for it."""
    said, unit = check.statistics, schema.metadata["unit"]
    low, high = (_printed(said.get(end)) for end in ("min_value", "max_value"))
    match check.name:
        case "in_range" if "datetime" in str(schema.dtype):
            return f"应在 {low} 至 {high} 之间 (must be a date between {low} and {high})"
        case "in_range":
            return f"应在 {low}–{high} {unit}之间 (must be between {low} and {high})"
        case "greater_than_or_equal_to":
            return f"应不小于 {f'{low} {unit}'.strip()} (must be at least {low})"
        case "str_length":
            return f"至少 {low} 个字 (must have at least {low} characters)"
        case "str_matches":
            return PATTERNS[said["pattern"]]
        case "isin" if "allowed_values" in said:
            return f"应为 {'、'.join(said['allowed_values'])} 之一 (not one of the answers)"
        case "isin" | "in_the_frame":
            return "不以名录中县（市、区）的代码开头 (must begin with the code of a county of the frame)"
    raise KeyError(check.name)


def _printed(end) -> str:
    return f"{end:%Y-%m-%d}" if isinstance(end, pd.Timestamp) else "" if end is None else f"{end:.10g}"


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
            row, schema = frame.loc[case.index], model.to_schema().columns
            # the county of an interview is the head of its community code
            column = "community_code" if case.column == "county_code" else case.column
            place = (row["workbook"], row["sheet"], schema[column].title, int(row["row"]))
            check = next(check for check in schema[case.column].checks if check.error == case.check)
            message = f"{_quote(row[column], model)}{wanted(check, schema[case.column])}"
            located.setdefault(place, Problem(*place, message))
        return list(located.values())
