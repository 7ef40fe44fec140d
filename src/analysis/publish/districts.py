"""What the page of a district may say, in a folder of its own: it is read in no time where there are thousands.

Beside a county's numbers stand the city's shares and means of the same; its totals do not, as totals are not
compared, nor its intervals. So a correction in one county leaves the pages of the others as they are, unless a
share or mean of the city moves by as much as is printed.
"""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from analysis.publish.naming import read_estimates
from analysis.publish.sentences import read_statements
from analysis.stats.ledger import printed
from analysis.survey.codebook import CITY, COUNTIES
from analysis.survey.folders import build
from analysis.survey.repository import reference

SAID = ["form", "indicator", "district", "zh", "en"]  # the evidence stays with the comparison


def write_districts(wave: str) -> None:
    """Write estimates.parquet and statements.parquet of every county below `build/<wave>/districts/<code>`."""
    estimates, said = read_estimates(wave), read_statements(wave)[SAID]
    city = estimates[estimates["district"] == CITY]
    city = as_printed(city[~city["indicator"].isin(totals())])
    own, told = dict(list(estimates.groupby("district"))), dict(list(said.groupby("district")))
    for code in COUNTIES:
        folder = build(wave) / "districts" / code
        folder.mkdir(parents=True, exist_ok=True)
        mine = own.get(code, estimates.iloc[:0])
        rows = pd.concat([city[city["indicator"].isin(mine["indicator"])], mine], ignore_index=True)
        _write(rows, folder / "estimates.parquet")
        _write(told.get(code, said.iloc[:0]), folder / "statements.parquet")


def totals() -> set[str]:
    """Return the indicators whose value for the city is the sum of the counties', as `measures.csv` declares."""
    measures = reference("measures")
    return set(measures.loc[measures["additive"] == "yes", "indicator"])


def as_printed(rows: pd.DataFrame) -> pd.DataFrame:
    """Give estimates the digits with which they are printed, one decimal at least.

    They print as before, but have no interval, no sources and not what was divided by what: from them no more
    digits can be had than the measure's.
    """
    decimals = reference("measures").set_index("indicator")["decimals"].astype(int)[rows["indicator"]]
    values = [short(value, digits) for value, digits in zip(rows["value"], decimals, strict=True)]
    blank = dict.fromkeys(["low", "high", "numerator", "denominator"], math.nan)
    return rows.assign(value=values, **blank, sources="")


def short(value: float, decimals: int) -> float:
    """Round to one decimal at least, upwards or downwards where rounding twice would print another number."""
    power = 10 ** max(decimals, 1)
    nearest = float(printed(value, max(decimals, 1)))
    near = (nearest, math.floor(value * power) / power, math.ceil(value * power) / power)
    return next(n for n in near if printed(n, decimals) == printed(value, decimals))


def _write(frame: pd.DataFrame, path: Path) -> None:
    frame.reset_index(drop=True).to_parquet(path, index=False)
