"""Estimates from the county forms, which cover every community: a census, not a sample.

Each function takes a clean table and an indicator of `measures.csv`, and returns one row for the
city and one for each county (columns: COLUMNS). Intervals of a census give the rates or means of
the underlying process that agree with the data, not the result of another count; they are labelled
`census` and are not sampling errors. Counts of people interviewed by phone are labelled `sample`:
they describe these people only, so they have no interval.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from analysis.stats.confidence import CONFIDENCE
from analysis.stats.disclosure import tells_of_one
from analysis.stats.record import (
    COLUMNS,
    DECIMALS,
    as_estimates,
    cited,
    name_of,
    of_people,
    record,
    unit_of,
)
from analysis.survey.citation import cite_estimates
from analysis.survey.messages import SUM_OF_PEOPLE
from analysis.survey.problems import Problem, StudyError
from analysis.survey.sealed import sealing
from analysis.survey.study import study


@sealing
def share(table: pd.DataFrame, condition: str, indicator: str, where: str = "") -> pd.DataFrame:
    """Estimate the percentage of rows for which `condition` holds, with a 95 % interval.

    `condition` and `where` are pandas expressions; `where` selects the domain. Units: %. Interval:
    Wilson (1927), J. Am. Stat. Assoc. 22:209.
    """

    def row(rows: pd.DataFrame) -> tuple[float, ...]:
        k, n = int(rows.eval(condition).sum()), len(rows)
        low, high = proportion_confint(k, n, alpha=1 - CONFIDENCE, method="wilson")
        return 100 * k / n, 100 * low, 100 * high, n, k, n

    return _by_district(table, row, indicator, f"100 × count({condition}) / count(rows)", where)


@sealing
def mean(
    table: pd.DataFrame, column: str, indicator: str, where: str = "", weight: str = ""
) -> pd.DataFrame:
    """Estimate the mean of a column, weighted if `weight` is given (for means of headcounts).

    The 95 % interval is Student's, over rows; a weighted mean of county means has none. `n` counts
    rows. A mean of people is missing if one person's value could be inferred from it.
    """

    def row(rows: pd.DataFrame) -> tuple[float, ...]:
        values = rows[column].to_numpy(float)
        if weight:
            weights = rows[weight].to_numpy(float)
            top, bottom = (values * weights).sum(), weights.sum()
            return top / bottom, np.nan, np.nan, len(values), top, bottom
        of_city = "county_code" not in rows or rows["county_code"].nunique() > 1
        if of_people(table) and tells_of_one(values, indicator, of_city):
            return np.nan, np.nan, np.nan, len(values)
        return _student(values)

    how = f"sum({column} × {weight}) / sum({weight})" if weight else f"mean({column})"
    return _by_district(table, row, indicator, how, where)


@sealing
def mean_count(
    table: pd.DataFrame, members: pd.DataFrame, by: str, indicator: str, where: str = ""
) -> pd.DataFrame:
    """Estimate the mean number of rows of `members` for each row of `table`.

    by: the column on which the tables are matched. where: selects rows of `table`. The interval is
    Student's, over rows of `table`; both tables are cited.
    """
    kept = table.query(where) if where else table
    counted = kept.assign(members=kept[by].map(members[by].value_counts()).fillna(0))
    inside = members[members[by].isin(kept[by])]

    def row(rows: pd.DataFrame) -> tuple[float, ...]:
        values = rows["members"].to_numpy(float)
        return *_student(values), values.sum(), len(values)

    name, other = table.attrs["table"], members.attrs["table"]
    how = f"count({other}) / count({name})" + (f" [{where}]" if where else "")
    found = _by_district(counted, row, indicator, how)
    parts = {study().city: members} | dict(list(members.groupby("county_code")))
    behind = {study().city: inside} | dict(list(inside.groupby("county_code")))
    others = {code: cited(rows, parts[code]) for code, rows in behind.items()}
    found["sources"] += [
        f"; {others[code]}" if others.get(code) else "" for code in found["district"]
    ]
    return found


def _student(values: np.ndarray) -> tuple[float, float, float, int]:
    """Return the mean of values, its 95 % interval and the number of values."""
    n = len(values)
    if n < 2:
        return values.mean(), np.nan, np.nan, n
    half = stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n)
    return values.mean(), values.mean() - half, values.mean() + half, n


@sealing
def total(table: pd.DataFrame, column: str, indicator: str, where: str = "") -> pd.DataFrame:
    """Add up a column. `n` counts rows. Raises StudyError for values of people."""
    _refuse_people(table, indicator)

    def row(rows: pd.DataFrame) -> tuple[float, ...]:
        return float(rows[column].sum()), np.nan, np.nan, len(rows)

    return _by_district(table, row, indicator, f"sum({column})", where, empty=0.0)


def _refuse_people(table: pd.DataFrame, indicator: str) -> None:
    """Raise StudyError for sums of values of people.

    The value of a person who joins or leaves could be derived from two of them.
    """
    if of_people(table):
        raise StudyError([Problem.of(SUM_OF_PEOPLE.fault(indicator=indicator), "people.csv")])


@sealing
def count(table: pd.DataFrame, indicator: str, where: str = "") -> pd.DataFrame:
    """Count rows, as estimates."""

    def row(rows: pd.DataFrame) -> tuple[float, ...]:
        return float(len(rows)), np.nan, np.nan, len(rows)

    return _by_district(table, row, indicator, "count(rows)", where, empty=0.0)


@sealing
def distinct(table: pd.DataFrame, column: str, indicator: str, where: str = "") -> pd.DataFrame:
    """Count the distinct values of a column, as estimates."""

    def row(rows: pd.DataFrame) -> tuple[float, ...]:
        return float(rows[column].nunique()), np.nan, np.nan, len(rows)

    return _by_district(table, row, indicator, f"count(distinct {column})", where, empty=0.0)


@sealing
def ratio(
    table: pd.DataFrame, over: str, under: str, indicator: str, where: str = "", scale: float = 1
) -> pd.DataFrame:
    """Divide the sum of one column (or condition, or product) by the sum of another.

    scale: 100 for percentages. Raises StudyError for values of people.
    """
    _refuse_people(table, indicator)

    def row(rows: pd.DataFrame) -> tuple[float, ...]:
        top, bottom = float(rows.eval(over).sum()), float(rows.eval(under).sum())
        return (scale * top / bottom if bottom else np.nan), np.nan, np.nan, len(rows), top, bottom

    factor = "100 × " if scale == 100 else ""
    return _by_district(table, row, indicator, f"{factor}sum({over}) / sum({under})", where)


@sealing
def change(
    after: pd.DataFrame, before: pd.DataFrame, indicator: str, relative: bool = False
) -> pd.DataFrame:
    """Compare two estimates by district: the difference, or with `relative` the growth in %.

    Both are cited by name; their own rows have their sources.
    """
    both = after.merge(before, on="district", suffixes=("", "_before"))
    value = both["value"] - both["value_before"]
    how = f"{after['indicator'].iat[0]} − {before['indicator'].iat[0]}"
    if relative:
        value = 100 * value / both["value_before"]
        how = f"100 × ({how}) / {before['indicator'].iat[0]}"
    both["value"], both["how"], both["unit"] = (
        value.round(DECIMALS),
        f"estimates: {how}",
        unit_of(indicator),
    )
    both[["low", "high", "numerator", "denominator"]] = np.nan
    both["sources"] = [
        cite_estimates(pair) for pair in zip(both["name"], both["name_before"], strict=True)
    ]
    both["indicator"], both["name"] = indicator, [name_of(indicator, d) for d in both["district"]]
    return both[COLUMNS]


@sealing
def count_estimates(
    estimates: pd.DataFrame, condition: str, indicator: str, per: str = ""
) -> pd.DataFrame:
    """Count the estimates whose value meets `condition` ("> 50").

    For the city, or with per="district" for each district.
    """
    groups = dict(list(estimates.groupby(per, sort=False))) if per else {study().city: estimates}
    records = []
    for district, part in groups.items():
        rows = pd.DataFrame()
        rows.attrs.update(table="estimates", wave=part["wave"].iat[0], basis=part["basis"].iat[0])
        numbers = (part.eval(f"value {condition}").sum(), None, None, len(part))
        how, cited = f"count(value {condition})", cite_estimates(part["name"])
        records.append(
            record(indicator, district, rows, numbers, how, part["uncertainty"].iat[0], cited)
        )
    return as_estimates(records)


def derived(
    values: pd.DataFrame,
    indicator: str,
    how: str,
    wave: str,
    basis: str = "",
    sources: str | dict[str, str] = "",
) -> pd.DataFrame:
    """Return rows of estimates from the results of a model or from published text.

    values: indexed by district, columns value, n, and low and high if there are any. basis:
    `published` for results of the published text alone, else that of the wave. sources: citations
    from `cite` and `cite_estimates`; a dict if each district has its own. Raises ValueError without
    sources.
    """
    rows = pd.DataFrame()
    rows.attrs.update(
        table="published" if basis == "published" else "model", wave=wave, basis=basis
    )
    numbers = (
        values.reindex(columns=["value", "low", "high", "n"]).fillna({"n": 0}).astype({"n": int})
    )
    cited = sources if isinstance(sources, dict) else dict.fromkeys(numbers.index, sources)
    if lacking := [district for district in numbers.index if not cited.get(district)]:
        raise ValueError(f"{indicator}: no sources for {', '.join(lacking)}")
    return as_estimates(
        [
            record(indicator, district, rows, row, how, "model", cited[district])
            for district, *row in numbers.itertuples(name=None)
        ]
    )


def _by_district(
    table: pd.DataFrame,
    row: Callable[[pd.DataFrame], tuple],
    indicator: str,
    how: str,
    where: str = "",
    empty: float | None = None,
) -> pd.DataFrame:
    """Apply `row` to the city and each county; a county without rows is left out, or `empty`."""
    domain = table.query(where) if where else table
    districts = {study().city: domain}
    if "county_code" in table:
        counties = dict(list(domain.groupby("county_code")))
        districts |= {code: counties.get(code, domain.iloc[:0]) for code in study().districts}
    how = f"{how} [{where}]" if where else how
    sampled = table.attrs["table"] in study().tables and study().tables[table.attrs["table"]].sample
    records = []
    for code, rows in districts.items():
        if len(rows) or empty is not None:
            numbers = row(rows) if len(rows) else (empty, None, None, 0)
            if sampled:
                numbers = (numbers[0], None, None, *numbers[3:])
            own = table if code == study().city else table[table["county_code"] == code]
            sources = cited(rows, own)
            records.append(
                record(
                    indicator, code, rows, numbers, how, "sample" if sampled else "census", sources
                )
            )
    return as_estimates(records)
