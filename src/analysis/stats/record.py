"""One row for each number: the columns of the table of estimates and the description of a row.

`how` is the formula, which can be applied to the cited rows without this package: the table, a
colon, one of

    count(rows)                          how many rows are cited
    count(distinct COLUMN)               different values
    100 × count(CONDITION) / count(rows) percentage of rows
    mean(COLUMN) · sum(COLUMN)
    sum(A) / sum(B)                      columns, conditions or products; `100 ×` for percentages
    sum(A × B) / sum(B)                  weighted mean
    count(TABLE) / count(TABLE)          mean number of rows of one table for a row of another
    A − B · 100 × (A − B) / B            other estimates, by indicator
    count(value CONDITION)               other estimates that meet it

followed by the domain in brackets: the cited rows are all rows of the table, in the district of the
estimate, that meet it. Formulas that begin with `design-based` or name a model need more than the
cited rows. The module imports no statistical library, so that readers of the table load none.
"""

from __future__ import annotations

import pandas as pd

from analysis.survey.citation import cite, cite_sheets
from analysis.survey.measures import measure_of
from analysis.survey.repository import wave_facts
from analysis.survey.study import study

COLUMNS = [
    "name",
    "indicator",
    "district",
    "wave",
    "value",
    "low",
    "high",
    "n",
    "numerator",
    "denominator",
    "unit",
    "basis",
    "uncertainty",
    "how",
    "notebook",
    "cell",
    "sources",
]
DECIMALS = 6  # last bits of regressions differ between processors; group means rounded here do not


def as_estimates(records: list[dict]) -> pd.DataFrame:
    """Return records as estimates, rounded so that they are the same on every machine."""
    frame = pd.DataFrame(records, columns=COLUMNS)
    numeric = ["value", "low", "high", "numerator", "denominator"]
    frame[numeric] = frame[numeric].astype(float).round(DECIMALS)
    return frame


def record(
    indicator: str,
    district: str,
    rows: pd.DataFrame,
    numbers: tuple,
    how: str,
    uncertainty: str = "census",
    sources: str = "",
) -> dict:
    """Return the row of one number computed from `rows`; `sources` replaces their citation.

    numbers: value, low, high, n, and the numerator and denominator of a share or ratio.
    """
    value, low, high, n, numerator, denominator = (*numbers, None, None)[:6]
    wave, table = rows.attrs["wave"], rows.attrs["table"]
    return {
        "name": name_of(indicator, district),
        "indicator": indicator,
        "district": district,
        "wave": wave,
        "value": value,
        "low": low,
        "high": high,
        "n": n,
        "numerator": numerator,
        "denominator": denominator,
        "unit": unit_of(indicator),
        "basis": rows.attrs.get("basis") or wave_facts(wave)["basis"],
        "uncertainty": ""
        if rows.attrs.get("basis") == "published"
        else uncertainty,  # quoted from a report, not surveyed
        "how": f"{table}: {how}",
        "notebook": "",
        "cell": "",
        "sources": sources or cited(rows, rows),
    }


def cited(rows: pd.DataFrame, table: pd.DataFrame) -> str:
    """Return the citation of the counted rows; for a table of people, of all its sheets."""
    without_rows = of_people(rows) and "workbook" in table and len(table)
    return cite_sheets(table) if without_rows else cite(rows)


def of_people(rows: pd.DataFrame) -> bool:
    """Return whether each row of a clean table is a person."""
    table = study().tables.get(rows.attrs.get("table", ""))
    return table is not None and table.of_people


def name_of(indicator: str, district: str) -> str:
    """Return the name of a number: the indicator for the city, `indicator.code` for a county."""
    return indicator if district == study().city else f"{indicator}.{district}"


def unit_of(indicator: str) -> str:
    """Return the unit of an indicator in `measures.csv`; StudyError if it is not there."""
    return measure_of(indicator)["unit_zh"]
