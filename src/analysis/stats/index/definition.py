"""What the index measures: `indicators.csv`, and the values that its formulas give for each
district.

A row is an indicator (with a numerator) or an aggregate (without); `dimension` names the row above
it, blank for the top of a tree. Every indicator is factor · sum(numerator) / sum(denominator), each
written `table: expression` in terms of the clean tables.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.stats.disclosure import Person, policy
from analysis.stats.record import name_of, of_people
from analysis.survey.citation import cite, cite_estimates, cite_sheets
from analysis.survey.reference import reference
from analysis.survey.sealed import opening
from analysis.survey.study import study

NUMBERS = ["direction", "goal_low", "goal_high", "weight", "factor"]


def definition(table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Read the definition (default: `indicators.csv`), checked, indexed by code, its numbers as
    numbers.

    Raises ValueError naming the code for a double or unknown one, a loop, or goalposts out of
    order.
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
            raise ValueError(f"indicators.csv: {code} belongs to {above}, which is not there")
        seen.add(above)
        above = frame.loc[above, "dimension"]
    if row["numerator"] and not row["goal_low"] < row["goal_high"]:
        raise ValueError(f"indicators.csv: {code} has goalposts out of order")
    if row["numerator"] and row["direction"] not in (-1, 1):
        raise ValueError(f"indicators.csv: {code} has a direction that is neither 1 nor -1")


def leaves(frame: pd.DataFrame) -> pd.DataFrame:
    """Pick the indicators, leaving the aggregates out."""
    return frame[frame["numerator"] != ""]


def measure(tables: dict[str, pd.DataFrame], frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Compute every indicator from the clean tables: one row for each value of `by`, one column a
    code.

    A district without anything to divide by gets a blank, never a guess, and so does a share of
    people of which too few are counted, or too few are left. Raises ValueError for a formula with a
    column that its table was not read with.
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
    """Tell where a share of the people of a table would tell of too few of them."""
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
    """Return the sums behind `measure`: numerators and denominators, each with one column a
    code.
    """
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
    """Cite what an aggregate rests on: {district: citations}.

    The estimates of the aggregates below it; of one that has indicators below it, their definition
    and the rows that a formula of theirs takes in. tables: clean tables with county_code; all
    counties are in the first.
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
    """Pick of each table the rows that a formula of these indicators takes in; tables without any
    are left out.
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
    """Cite rows; of a table of people its sheets, from the first row to the last."""
    table = study().tables.get(rows.attrs.get("table", ""))
    return cite_sheets(rows) if table and table.of_people else cite(rows)


def _rows(table: pd.DataFrame, district: str) -> pd.DataFrame:
    return table if district == study().city else table[table["county_code"] == district]
