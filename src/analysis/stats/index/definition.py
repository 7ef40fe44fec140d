"""Definition of the index in `indicators.csv`, and the values of its formulas by district.

A row is an indicator (with a numerator) or an aggregate (without); `dimension` names the row above
it, empty for the top of a tree. Every indicator is factor · sum(numerator) / sum(denominator), each
written as `table: expression` on the clean tables.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.stats.disclosure import Person, policy
from analysis.stats.record import name_of, of_people
from analysis.survey.citation import cite, cite_estimates, cite_sheets
from analysis.survey.problems import StudyError
from analysis.survey.reference import no_row, reference
from analysis.survey.sealed import opening
from analysis.survey.study import study

NUMBERS = ["direction", "goal_low", "goal_high", "weight", "factor"]


def definition(table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the checked definition, indexed by code, with numeric columns as numbers.

    table: default `indicators.csv`. Raises ValueError naming the code for a duplicate, a loop, or
    goalposts out of order, and StudyError with the line to add for a code that is not there.
    """
    frame = (reference("indicators") if table is None else table).set_index("code", drop=False)
    frame[NUMBERS] = frame[NUMBERS].replace("", np.nan).astype(float)
    doubled = frame.index[frame.index.duplicated()]
    if len(doubled):
        raise ValueError(f"indicators.csv: {doubled[0]} is there twice")
    for code, row in frame.iterrows():
        _check(frame, code, row)
    return frame


def _check(frame: pd.DataFrame, code: str, row: pd.Series) -> None:
    seen, above = {code}, row["dimension"]
    while above:
        if above in seen:
            raise ValueError(f"indicators.csv: {code} lies below itself")
        if above not in frame.index:
            raise StudyError([no_row("indicators", code=above)])
        seen.add(above)
        above = frame.loc[above, "dimension"]
    if row["numerator"] and not row["goal_low"] < row["goal_high"]:
        raise ValueError(f"indicators.csv: {code} has goalposts out of order")
    if row["numerator"] and row["direction"] not in (-1, 1):
        raise ValueError(f"indicators.csv: {code} has a direction that is neither 1 nor -1")


def leaves(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the indicators without the aggregates."""
    return frame[frame["numerator"] != ""]


def measure(tables: dict[str, pd.DataFrame], frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Compute every indicator: one row for each value of `by`, one column for each code.

    A district whose denominator is zero gets a missing value, and so does a share of people of
    which too few are counted, or too few are left. Raises ValueError for a formula with a column
    that was not read.
    """
    keys = {
        (row[part]) for _, row in leaves(frame).iterrows() for part in ("numerator", "denominator")
    }
    sums = {key: _sums(tables, key, by) for key in sorted(keys)}
    values = {}
    for code, row in leaves(frame).iterrows():
        part, whole = sums[row["numerator"]], sums[row["denominator"]].replace(0, np.nan)
        values[code] = row["factor"] * part.mask(_tells(tables, row, part, whole)) / whole
    return pd.DataFrame(values)


@opening
def measured(tables: dict[str, pd.DataFrame], frame: pd.DataFrame) -> pd.DataFrame:
    """Compute every indicator for each district and, in the last row, for the city."""
    of_city = {name: table.assign(city=study().city) for name, table in tables.items()}
    districts = measure(tables, frame, ["county_code"]).loc[list(study().districts)]
    return pd.concat([districts, measure(of_city, frame, ["city"])])


def _tells(
    tables: dict[str, pd.DataFrame], row: pd.Series, part: pd.Series, whole: pd.Series
) -> pd.Series:
    """Return which shares of people of a table would disclose too few of them."""
    names = [row[one].partition(": ")[0] for one in ("numerator", "denominator")]
    if names[0] != names[1] or not of_people(tables[names[0]]):
        return pd.Series(False, part.index)
    cell, rules = Person(row["code"], "count", within=names[0]), policy()
    return pd.Series(
        [rules.is_small(cell, *pair) for pair in zip(part, whole, strict=True)], part.index
    )


def parts(
    tables: dict[str, pd.DataFrame], frame: pd.DataFrame, by: list[str]
) -> dict[str, pd.DataFrame]:
    """Return the numerators and denominators of `measure`, each with one column per code."""
    return {
        part: pd.DataFrame(
            {code: _sums(tables, row[part], by) for code, row in leaves(frame).iterrows()}
        ).fillna(0)
        for part in ("numerator", "denominator")
    }


def _sums(tables: dict[str, pd.DataFrame], key: str, by: list[str]) -> pd.Series:
    name, _, expression = key.partition(": ")
    table = tables[name]
    try:
        value = table.eval(expression) if expression != "1" else 1.0
    except NameError as error:
        known = ", ".join(table.columns)
        raise ValueError(
            f"indicators.csv: {key}: {error}; the table was read with {known}"
        ) from None
    return (
        pd.Series(value, table.index).astype(float).groupby([table[column] for column in by]).sum()
    )


@opening
def cited(tables: dict[str, pd.DataFrame], frame: pd.DataFrame, code: str) -> dict[str, str]:
    """Return the citations of an aggregate by district.

    They are the estimates of the aggregates below it; for one with indicators below it, their
    definition and the rows that their formulas use. tables: clean tables with county_code; the
    first has all counties.
    """
    below = frame[frame["dimension"] == code]
    inner = list(below.index[below["numerator"] == ""])
    districts = [study().city, *dict.fromkeys(next(iter(tables.values()))["county_code"])]
    if inner:
        return {area: cite_estimates(name_of(one, area) for one in inner) for area in districts}
    used = taken_in(tables, below)
    return {
        area: "; ".join(["indicators.csv", *(_cited(_rows(table, area)) for table in used)])
        for area in districts
    }


def taken_in(tables: dict[str, pd.DataFrame], below: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the rows of each table that the formulas of these indicators use.

    Tables without such rows are left out.
    """
    found = []
    for name, table in tables.items():
        formulas = [
            key
            for key in (*below["numerator"], *below["denominator"])
            if key.startswith(f"{name}: ")
        ]
        inside = pd.Series(False, index=table.index)
        for key in formulas:
            expression = key.partition(": ")[2]
            inside |= (
                True if expression == "1" else table.eval(expression).astype(float).fillna(0) != 0
            )
        found += [table[inside]] if inside.any() else []
    return found


def _cited(rows: pd.DataFrame) -> str:
    """Return the citation of rows; for a table of people its sheets, from first to last row."""
    table = study().tables.get(rows.attrs.get("table", ""))
    return cite_sheets(rows) if table and table.of_people else cite(rows)


def _rows(table: pd.DataFrame, district: str) -> pd.DataFrame:
    return table if district == study().city else table[table["county_code"] == district]
