"""Write the data of each district's page to its own folder, which is fast to read.

The page shows a county's numbers, and the city's shares and means of the same indicators. It does
not show the city's totals, which are not compared, nor the city's intervals. A correction in one
county thus leaves the pages of the others unchanged, unless a share or mean of the city changes by
as much as is printed.
"""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from analysis.publish.naming import district_names
from analysis.publish.prose import numbers
from analysis.stats.disclosure import protected
from analysis.stats.ledger import printed
from analysis.stats.record import COLUMNS
from analysis.survey.folders import district
from analysis.survey.reference import reference
from analysis.survey.repository import read, read_estimates, read_statements
from analysis.survey.sealed import opened
from analysis.survey.study import of_wave, study

TOWNSHIP = {"zh": ["街道（乡镇）", "社区"], "en": ["Township", "Communities"]}
COUNTY_TABLE = {
    "zh": {
        "title": "各县（市、区）全部指标",
        "subtitle": "每行一个指标，每列一地",
        "heads": ["指标", "单位"],
    },
    "en": {
        "title": "All indicators by county",
        "subtitle": "A row for each indicator",
        "heads": ["Indicator", "Unit"],
    },
}
SAID = ["form", "indicator", "district", "zh", "en"]  # the evidence stays with the comparison


def write_districts(wave: str) -> None:
    """Write the data of every county's page to `build/<wave>/districts/<code>`.

    They are estimates, statements and places, as .parquet.
    """
    estimates, said = published_estimates(wave), read_statements(wave)[SAID]
    city = estimates[estimates["district"] == study().city]
    city = as_printed(city[~city["indicator"].isin(totals())])
    own, told = dict(list(estimates.groupby("district"))), dict(list(said.groupby("district")))
    communities = _public(wave)
    places = dict(list(communities.groupby("county_code")))
    for code in study().districts:
        folder = district(wave, code)
        folder.mkdir(parents=True, exist_ok=True)
        mine = own.get(code, estimates.iloc[:0])
        rows = pd.concat([city[city["indicator"].isin(mine["indicator"])], mine], ignore_index=True)
        _write(rows, folder / "estimates.parquet")
        _write(told.get(code, said.iloc[:0]), folder / "statements.parquet")
        _write(places.get(code, communities.iloc[:0]), folder / "places.parquet")


def published_estimates(wave: str) -> pd.DataFrame:
    """Return all estimates as they may be published: columns COLUMNS and `withheld`."""
    return protected(opened(read_estimates(wave))[COLUMNS], read("withheld", wave))


def _public(wave: str) -> pd.DataFrame:
    """Return the public columns of each community; no rows if the study has no such table."""
    with of_wave(wave):
        table, names = study().frame_table, study().public
    if not names:
        return pd.DataFrame({"county_code": []})
    return read(table, wave, *names)[["county_code", *names]]


def count_by_township(
    places: pd.DataFrame, lang: str, counted: dict[str, pd.Series]
) -> pd.DataFrame:
    """Return the number of communities of one county by township, in all and by condition.

    places: one row for each community, with the `public` columns of the study. counted: conditions
    (one boolean for each row of `places`) by the title of their column.
    """
    held = places[["township"]].assign(one=1, **counted)
    sums = held.groupby("township", sort=False).sum().astype(int).reset_index()
    return sums.set_axis([*TOWNSHIP[lang], *counted], axis=1)


def names_by_township(
    places: pd.DataFrame, lang: str, listed: dict[str, pd.Series]
) -> pd.DataFrame:
    """Return the names of the communities of one county by township, listed by condition.

    places, listed: as for `count_by_township`. The name of the township is removed from names.
    """
    comma, nobody = {"zh": ("、", "—"), "en": (", ", "—")}[lang]
    pairs = zip(places["community"], places["township"], strict=True)
    called = places.assign(name=[community.removeprefix(township) for community, township in pairs])
    columns = {
        title: called[chosen].groupby("township", sort=False)["name"].agg(comma.join)
        for title, chosen in listed.items()
    }
    names = pd.DataFrame(columns).reindex(places["township"].unique()).fillna(nobody)
    return names.rename_axis(TOWNSHIP[lang][0]).reset_index()


def by_county(estimates: pd.DataFrame, lang: str) -> dict:
    """Return a table of every indicator of the counties: a row each, a column for each county.

    There are columns for the unit and the city. Returns the arguments of `workbook`: title,
    subtitle, table (columns, rows of texts as printed).
    """
    titles, names = COUNTY_TABLE[lang], district_names(lang)
    said = numbers(estimates, lang)
    places = [*study().districts, study().city]
    shown = [row.indicator for row in reference("measures").itertuples() if row.city_only != "yes"]
    rows = []
    for indicator in shown:
        ones = [said.get(code, {}).get(indicator) for code in places]
        known = [
            one for one in ones[:-1] if one is not None and (one.withheld or not pd.isna(one.value))
        ]
        if len(known) > 1:
            values = [
                "—" if one is None or (pd.isna(one.value) and not one.withheld) else one.tabled
                for one in ones
            ]
            rows.append([known[0].name, known[0].unit.name, *values])
    columns = [*titles["heads"], *(names[code] for code in places)]
    return titles | {"table": {"columns": columns, "rows": rows}}


def quotes(named: pd.DataFrame, county: str, lang: str) -> list[str]:
    """Return quotes of the published report about communities of a county.

    named: the table `named_places.csv`, whose codes begin with the county's.
    """
    mine = named[named["real_code"].str.startswith(county)]
    if lang == "zh":
        return [f"{row.township}{row.real_name}：“{row.quote}”" for row in mine.itertuples()]
    return [f"{row.name_en}: “{row.quote_en}”" for row in mine.itertuples()]


def totals() -> set[str]:
    """Return the indicators whose value for the city is the sum of those of the counties.

    They are declared in `measures.csv`.
    """
    measures = reference("measures")
    return set(measures.loc[measures["additive"] == "yes", "indicator"])


def as_printed(rows: pd.DataFrame) -> pd.DataFrame:
    """Return estimates rounded to the printed digits, with at least one decimal.

    They print the same, but have no interval, no sources, no numerator and no denominator, so that
    no further digits can be derived from them.
    """
    decimals = (
        reference("measures").set_index("indicator")["decimals"].astype(int)[rows["indicator"]]
    )
    values = [
        round_stably(value, digits) for value, digits in zip(rows["value"], decimals, strict=True)
    ]
    blank = dict.fromkeys(["low", "high", "numerator", "denominator"], math.nan)
    return rows.assign(value=values, **blank, sources="")


def round_stably(value: float, decimals: int) -> float:
    """Round to at least one decimal so that the printed number stays the same.

    The last digit is rounded up or down if rounding twice would print another number.
    """
    power = 10 ** max(decimals, 1)
    nearest = float(printed(value, max(decimals, 1)))
    near = (nearest, math.floor(value * power) / power, math.ceil(value * power) / power)
    return next(n for n in near if printed(n, decimals) == printed(value, decimals))


def _write(frame: pd.DataFrame, path: Path) -> None:
    frame.reset_index(drop=True).to_parquet(path, index=False)
