"""Parse raw frames into clean tables and check each against its model in the codebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from analysis.survey import parse
from analysis.survey.codebook import Table
from analysis.survey.identifiers import looks_personal
from analysis.survey.messages import (
    BLANK_CELL,
    BLANK_NONE,
    BLANK_ZERO,
    DATE_NOT_BETWEEN,
    MAYBE_YUAN,
    NOT_A_COUNTY,
    NOT_AN_ANSWER,
    NOT_AT_LEAST,
    NOT_BETWEEN,
    TOO_SHORT,
    Fault,
)
from analysis.survey.problems import BLANK, NOTE, TOTAL_ANSWERS, UNIT, Problem
from analysis.survey.shifted import without_shifted
from analysis.survey.study import study
from analysis.survey.text import empty

if TYPE_CHECKING:
    import pandera.pandas as pa
    from pandera.pandas import Column

PLACE = ("workbook", "sheet", "row")


class Parsed(NamedTuple):
    """Result of parsing the raw frames of a wave.

    tables: the rows without faults, with the types of the codebook. cells: every row of data; cells
    that could not be parsed or are out of range are missing, so that the others can be checked.
    lost: (table, county code) of sheets from which a row may have been lost; an empty county code
    stands for any county.
    """

    tables: dict[str, pd.DataFrame]
    cells: dict[str, pd.DataFrame]
    lost: frozenset[tuple[str, str]]


def parse_tables(raws: dict[str, pd.DataFrame], findings: list[Problem]) -> Parsed:
    """Parse and validate every raw frame; adds the faults to `findings`."""
    tables, cells, lost = {}, {}, set()
    notes = [one for one in findings if one.rule == NOTE]
    misread = {(one.workbook, one.sheet) for one in findings if one.rule == TOTAL_ANSWERS}
    for name, raw in raws.items():
        model, rows = study().tables[name], without(raw, notes)
        parsed, faults = parse_table(rows, model)
        parsed, more = in_range(parsed, model)
        parsed, faults = without_shifted(rows, parsed, [*faults, *more], model, findings)
        cells[name] = parsed
        tables[name] = complete(parsed, faults, model)
        findings += faults
        lost |= {(name, county) for county in _counties_of(parsed, misread)}
    return Parsed(tables, cells, frozenset(lost))


def parse_table(rows: pd.DataFrame, model: Table) -> tuple[pd.DataFrame, list[Problem]]:
    """Parse the cells of a raw frame by column, with the parser for the column's type.

    Each distinct value is parsed once. Returns every row, with missing values for cells that could
    not be parsed, and the faults.
    """
    parsed, problems = {}, []
    for name, schema in model.columns.items():
        cells = rows[name].tolist()
        if name in PLACE:  # set by this program: unchanged
            parsed[name] = pd.Series(cells, rows.index).astype(schema.dtype.type)
            continue
        read, blank = parse.reader(schema), _blank(schema)
        keys = list(zip(map(type, cells), cells, strict=True))
        values = {key: _parse(key[1], read, blank, model) for key in dict.fromkeys(keys)}
        parsed[name] = _typed([values[key][0] for key in keys], rows.index, schema)
        if any(fault for _, fault, _ in values.values()):
            faulty = [i for i, key in enumerate(keys) if values[key][1]]
            where = rows.iloc[faulty]
            places = zip(where["workbook"], where["sheet"], where["row"], faulty, strict=True)
            for book, sheet, row, i in places:
                value, (_, fault, quote) = cells[i], values[keys[i]]
                rule = BLANK if empty(value) and not isinstance(value, parse.Broken) else ""
                place = (book, sheet, schema.title, row)
                problems.append(
                    Problem.of(fault, *place, quote=quote, rule=rule, value=quote.strip())
                )
    return pd.DataFrame(parsed, index=rows.index), problems


def _typed(values: list, index: pd.Index, schema: Column) -> pd.Series:
    """Return values with the type of the codebook, or with a nullable type if one is missing.

    Whole numbers become floats then.
    """
    kind = schema.dtype.type
    if not schema.nullable and any(value is None for value in values):
        name = str(schema.dtype)
        kind = "float64" if name.startswith("int") else "boolean" if name == "bool" else kind
    return pd.Series(values, index, dtype=object).astype(kind)


def complete(cells: pd.DataFrame, faults: list[Problem], model: Table) -> pd.DataFrame:
    """Return the rows without faults or missing required values, with the codebook's types."""
    columns = model.columns
    needed = [
        name for name, schema in columns.items() if not schema.nullable and cells[name].hasnans
    ]
    if not faults and not needed:
        return cells
    types = {name: schema.dtype.type for name, schema in columns.items()}
    return without(cells, faults).dropna(subset=needed).astype(types)


def _counties_of(cells: pd.DataFrame, misread: set[tuple[str, str]]) -> set[str]:
    """Return the counties of the rows in some sheets; "", for all, if a sheet has several."""
    if not misread:
        return set()
    sheets = zip(cells["workbook"], cells["sheet"], strict=True)
    there = cells[pd.Series([sheet in misread for sheet in sheets], cells.index, dtype=bool)]
    counties = set(there["county_code"].dropna())
    return {""} if len(counties) > 1 or there["county_code"].isna().any() else counties


def without(rows: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    """Return the rows that have no problem."""
    if not problems:
        return rows
    faulty = {(p.workbook, p.sheet, p.row) for p in problems}
    places = zip(rows["workbook"], rows["sheet"], rows["row"], strict=True)
    return rows[pd.Series([place not in faulty for place in places], index=rows.index, dtype=bool)]


def _quote(value: object, model: Table) -> str:
    """Return a faulty cell in quotes; empty for a roster of people.

    In shifted columns of a roster, the cell may hold an identifier.
    """
    if model.identifiers or isinstance(value, parse.Broken) or looks_personal(value):
        return ""
    if isinstance(value, float) and abs(value) < parse.LARGEST and value.is_integer():
        value = int(value)  # as entered
    if isinstance(value, pd.Timestamp):
        value = value.date()
    return f"“{str(value)[:20]}” "


def _blank(schema: Column) -> Fault | None:
    """Return the fault of a blank cell; its remedy names the answer that stands for nothing."""
    if schema.nullable:
        return None
    if "无" in schema.metadata["codes"]:
        return BLANK_NONE.fault()
    least = [check.statistics.get("min_value") for check in schema.checks]
    return (BLANK_ZERO if 0 in least else BLANK_CELL).fault()


def _parse(cell: object, read: Callable[[object], object], blank: Any, model: Table) -> tuple:
    """Return (value, fault, quoted cell); no fault if the header has been reported."""
    if cell is parse.ABSENT:
        return None, None, ""
    if empty(cell):
        return None, blank, ""
    try:
        return read(cell), None, ""
    except parse.UnreadableError as error:
        return None, error.fault, _quote(cell, model)


def wanted(check: pa.Check, schema: Column) -> Fault:
    """Return the fault of a failed check of the codebook; KeyError if it has no message."""
    said, unit = check.statistics, schema.metadata["unit"]
    low, high = (_printed(said.get(end)) for end in ("min_value", "max_value"))
    match check.name:
        case "in_range" if "datetime" in str(schema.dtype):
            return DATE_NOT_BETWEEN.fault(low=low, high=high)
        case "in_range":
            return NOT_BETWEEN.fault(low=low, high=high, unit=unit)
        case "greater_than_or_equal_to":
            return NOT_AT_LEAST.fault(low=low, unit=unit and f" {unit}")
        case "str_length":
            return TOO_SHORT.fault(low=low)
        case "str_matches":
            return parse.not_a_code(said["pattern"])
        case "isin" if "allowed_values" in said:
            return NOT_AN_ANSWER.fault(answers="、".join(said["allowed_values"]))
        case "isin" | "in_the_frame":
            return NOT_A_COUNTY.fault()
    raise KeyError(check.name)


def _printed(end: Any) -> str:
    return (
        f"{end:%Y-%m-%d}" if isinstance(end, pd.Timestamp) else "" if end is None else f"{end:.10g}"
    )


def in_range(cells: pd.DataFrame, model: Table) -> tuple[pd.DataFrame, list[Problem]]:
    """Check each parsed cell against its column of the codebook.

    Returns the cells, with those that fail set to missing, and the problems.
    """
    problems = []
    for name, schema in model.columns.items():
        failed = _failed(cells[name], schema) if name != "county_code" else {}
        if failed:
            problems += _out_of_range(cells.loc[list(failed)], name, failed, schema, model)
            cells = cells.assign(**{name: _with_missing(cells[name], list(failed))})
    # the county of an interview is that of its community code, the county of other rows that of
    # their file
    county = model.columns["county_code"]
    if failed := _failed(cells["county_code"], county):
        at = list(failed)
        if (code := "community_code") in cells:
            said = cells.loc[at][code].dropna()
            problems += _out_of_range(cells.loc[said.index], code, failed, county, model)
            cells = cells.assign(**{code: _with_missing(cells[code], at)})
        cells = cells.assign(county_code=_with_missing(cells["county_code"], at))
    return cells, problems


def _failed(column: pd.Series, schema: Column) -> dict:
    """Return the labels of the cells that fail a check, with the fault of the first check."""
    failed, values = {}, column.dropna()
    for check in schema.checks if len(values) else ():
        passed = check(values).check_output
        if not passed.all():
            failed = (
                dict.fromkeys(values.index[~passed.astype(bool)], wanted(check, schema)) | failed
            )
    return failed


def _with_missing(column: pd.Series, labels: list) -> pd.Series:
    """Return a column with some cells set to missing."""
    column = column.astype("float64") if str(column.dtype) == "int64" else column
    return column.mask(column.index.isin(labels))


def _out_of_range(
    rows: pd.DataFrame, column: str, failed: dict, schema: Column, model: Table
) -> list[Problem]:
    """Return problems for cells out of range, also for amounts that would be in range as 元."""
    title, problems = model.columns[column].title, []
    limits = schema.checks[0].statistics if schema.metadata["unit"] == "万元" else {}
    least, most = limits.get("min_value"), limits.get("max_value")
    places = zip(
        rows["workbook"], rows["sheet"], rows["row"], rows[column], rows.index, strict=True
    )
    for book, sheet, row, value, label in places:
        quote, fault, rule = _quote(value, model), failed[label], ""
        if most is not None and least <= value / parse.YUAN <= most:
            low, high, unit = _printed(least), _printed(most), schema.metadata["unit"]
            rule, fault = UNIT, MAYBE_YUAN.fault(low=low, high=high, unit=unit)
        place = (book, sheet, title, row)
        problems.append(Problem.of(fault, *place, quote=quote, rule=rule, value=quote.strip()))
    return problems
