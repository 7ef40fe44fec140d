"""Estimates from the county forms, which cover every community: facts, not samples.

Each function takes a clean table and an indicator of `measures.csv`, and returns one row for the city and one
for each county (columns: COLUMNS). Intervals of a census say what the same process could have given; they are
labelled `census` and are no sampling error.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from analysis.stats.confidence import CONFIDENCE
from analysis.stats.record import COLUMNS, DECIMALS, as_estimates, name_of, record, unit_of
from analysis.survey.codebook import CITY, COUNTIES


def share(table: pd.DataFrame, condition: str, indicator: str, where: str = "") -> pd.DataFrame:
    """Estimate the percentage of rows where `condition` holds, with the Wilson 95 % interval.

    `condition` and `where` are pandas expressions; `where` picks the domain. Units: %.
    Interval: Wilson (1927), J. Am. Stat. Assoc. 22:209.
    """

    def row(rows):
        k, n = int(rows.eval(condition).sum()), len(rows)
        low, high = proportion_confint(k, n, alpha=1 - CONFIDENCE, method="wilson")
        return 100 * k / n, 100 * low, 100 * high, n

    return _by_district(table, row, indicator, f"100 × count({condition}) / count(rows)", where)


def mean(table: pd.DataFrame, column: str, indicator: str, where: str = "", weight: str = "") -> pd.DataFrame:
    """Estimate the mean of a column; with `weight`, the weighted mean (for means of headcounts).

    The 95 % interval is Student's, over rows; a weighted mean of county means has none. `n` counts rows,
    or the sum of the weights.
    """

    def row(rows):
        values = rows[column].to_numpy(float)
        if weight:
            weights = rows[weight].to_numpy(float)
            return np.average(values, weights=weights), np.nan, np.nan, int(weights.sum())
        n = len(values)
        if n < 2:
            return values.mean(), np.nan, np.nan, n
        half = stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n)
        return values.mean(), values.mean() - half, values.mean() + half, n

    how = f"sum({column} × {weight}) / sum({weight})" if weight else f"mean({column})"
    return _by_district(table, row, indicator, how, where)


def total(table: pd.DataFrame, column: str, indicator: str, where: str = "") -> pd.DataFrame:
    """Add up a column. `n` counts rows."""

    def row(rows):
        return float(rows[column].sum()), np.nan, np.nan, len(rows)

    return _by_district(table, row, indicator, f"sum({column})", where, empty=0.0)


def count(table: pd.DataFrame, indicator: str, where: str = "") -> pd.DataFrame:
    """Count rows."""

    def row(rows):
        return float(len(rows)), np.nan, np.nan, len(rows)

    return _by_district(table, row, indicator, "count(rows)", where, empty=0.0)


def distinct(table: pd.DataFrame, column: str, indicator: str, where: str = "") -> pd.DataFrame:
    """Count the different values of a column."""

    def row(rows):
        return float(rows[column].nunique()), np.nan, np.nan, len(rows)

    return _by_district(table, row, indicator, f"count(distinct {column})", where, empty=0.0)


def ratio(
    table: pd.DataFrame, over: str, under: str, indicator: str, where: str = "", scale: float = 1
) -> pd.DataFrame:
    """Divide the sum of one column (or condition) by the sum of another; `scale=100` for percentages."""

    def row(rows):
        top, bottom = rows.eval(over).sum(), rows.eval(under).sum()
        return (scale * top / bottom if bottom else np.nan), np.nan, np.nan, len(rows)

    factor = "100 × " if scale == 100 else ""
    return _by_district(table, row, indicator, f"{factor}sum({over}) / sum({under})", where)


def change(after: pd.DataFrame, before: pd.DataFrame, indicator: str, relative: bool = False) -> pd.DataFrame:
    """Compare two estimates district by district: the difference, or with `relative` the growth in %."""
    both = after.merge(before, on="district", suffixes=("", "_before"))
    value = both["value"] - both["value_before"]
    how = f"{after['indicator'].iat[0]} − {before['indicator'].iat[0]}"
    if relative:
        value = 100 * value / both["value_before"]
        how = f"100 × ({how}) / {before['indicator'].iat[0]}"
    both["value"], both["low"], both["high"] = value.round(DECIMALS), np.nan, np.nan
    both["how"], both["unit"] = how, unit_of(indicator)
    both["sources"] = [
        a if a == b else f"{a}; {b}" for a, b in zip(both["sources"], both["sources_before"], strict=True)
    ]
    both["indicator"], both["name"] = indicator, [name_of(indicator, d) for d in both["district"]]
    return both[COLUMNS]


def derived(values: pd.DataFrame, indicator: str, how: str, wave: str, basis: str = "") -> pd.DataFrame:
    """Make rows of the estimates from what was computed out of other numbers.

    values: indexed by district, columns value, n, and low and high where there are any. basis: `published` for
    what rests on the published text alone, else the wave's.
    """
    rows = pd.DataFrame()
    rows.attrs.update(table="published" if basis == "published" else "estimates", wave=wave, basis=basis)
    numbers = values.reindex(columns=["value", "low", "high", "n"]).fillna({"n": 0}).astype({"n": int})
    return as_estimates(
        [record(indicator, district, rows, row, how, "model") for district, *row in numbers.itertuples(name=None)]
    )


def _by_district(table, row, indicator, how, where="", empty=None) -> pd.DataFrame:
    """Apply `row` to the city and to each county; a county without rows is left out, or is `empty`."""
    domain = table.query(where) if where else table
    districts = {CITY: domain}
    if "county_code" in table:
        counties = dict(list(domain.groupby("county_code")))
        districts |= {code: counties.get(code, domain.iloc[:0]) for code in COUNTIES}
    how = f"{how} [{where}]" if where else how
    records = [
        record(indicator, code, rows, row(rows) if len(rows) else (empty, None, None, 0), how)
        for code, rows in districts.items()
        if len(rows) or empty is not None
    ]
    return as_estimates(records)
