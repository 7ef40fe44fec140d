"""One number, one row: the columns of the table of estimates and how a row is described.

It takes no statistical library, so that what only reads the table loads none.
"""

from __future__ import annotations

import pandas as pd

from analysis.survey.codebook import CITY
from analysis.survey.repository import reference, wave_facts

COLUMNS = [
    "name",
    "indicator",
    "district",
    "wave",
    "value",
    "low",
    "high",
    "n",
    "unit",
    "basis",
    "uncertainty",
    "how",
    "notebook",
    "cell",
    "sources",
]
DECIMALS = 6  # regression bits differ between processors; group means rounded here do not


def as_estimates(records: list[dict]) -> pd.DataFrame:
    """Make rows of the estimates from records, rounded so that they are the same on every machine."""
    frame = pd.DataFrame(records, columns=COLUMNS)
    numeric = ["value", "low", "high"]
    frame[numeric] = frame[numeric].astype(float).round(DECIMALS)
    return frame


def record(indicator, district, rows, numbers, how, uncertainty="census") -> dict:
    """Describe one number: `numbers` are (value, low, high, n), `rows` what it was made from."""
    value, low, high, n = numbers
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
        "unit": unit_of(indicator),
        "basis": rows.attrs.get("basis") or wave_facts(wave)["basis"],
        "uncertainty": "" if rows.attrs.get("basis") == "published" else uncertainty,  # quoted, not surveyed
        "how": f"{table}: {how}",
        "notebook": "",
        "cell": "",
        "sources": sources(rows),
    }


def name_of(indicator: str, district: str) -> str:
    """Return the address of a number: the indicator for the city, `indicator.code` for a county."""
    return indicator if district == CITY else f"{indicator}.{district}"


def unit_of(indicator: str) -> str:
    """Look up the unit of an indicator in `measures.csv`; KeyError names one that is not there."""
    units = reference("measures").set_index("indicator")["unit_zh"]
    if indicator not in units.index:
        raise KeyError(f"{indicator} is not in data/raw/reference/measures.csv: add a row for it")
    return units[indicator]


def sources(rows: pd.DataFrame) -> str:
    """Name the workbooks, sheets and rows behind a number, as `file!sheet first-last`."""
    if "workbook" not in rows:
        return rows.attrs["table"]
    spans = {}
    for book, sheet, row in zip(rows["workbook"], rows["sheet"], rows["row"], strict=True):
        first, last = spans.get((book, sheet), (row, row))
        spans[book, sheet] = (min(first, row), max(last, row))
    return "; ".join(f"{book}!{sheet} {a}-{b}" for (book, sheet), (a, b) in sorted(spans.items()))
