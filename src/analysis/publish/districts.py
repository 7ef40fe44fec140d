"""What the page of a district may say, in a folder of its own: it is read in no time where there
are thousands.

Beside a county's numbers stand the city's shares and means of the same; its totals do not, as
totals are not compared, nor its intervals. So a correction in one county leaves the pages of the
others as they are, unless a share or mean of the city moves by as much as is printed.
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
    """Write estimates, statements and places (.parquet) of every county below
    `build/<wave>/districts/<code>`.
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
    """Read what the pages of districts tell of each community; no rows where the study has no such
    table.
    """
    with of_wave(wave):
        table, names = study().frame_table, study().public
    if not names:
        return pd.DataFrame({"county_code": []})
    return read(table, wave, *names)[["county_code", *names]]


def count_by_township(
    places: pd.DataFrame, lang: str, counted: dict[str, pd.Series]
) -> pd.DataFrame:
    """Tabulate the communities of one county by township: how many, and of how many each condition
    holds.

    places: one row a community, the `public` columns of the study. counted: conditions (one boolean
    a row of `places`) by the title of their column.
    """
    held = places[["township"]].assign(one=1, **counted)
    sums = held.groupby("township", sort=False).sum().astype(int).reset_index()
    return sums.set_axis([*TOWNSHIP[lang], *counted], axis=1)


def names_by_township(
    places: pd.DataFrame, lang: str, listed: dict[str, pd.Series]
) -> pd.DataFrame:
    """Tabulate the communities of one county by township: the names of those of which each
    condition holds.

    places, listed: as for `count_by_township`. A community is called without the name of its
    township.
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
    """Tabulate every indicator that counties have: a row an indicator with its unit, a column a
    county, the city.

    Returns what `workbook` takes: title, subtitle, table (columns, rows of texts as printed).
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
            rows.append([known[0].title, known[0].unit.name, *values])
    columns = [*titles["heads"], *(names[code] for code in places)]
    return titles | {"table": {"columns": columns, "rows": rows}}


def quotes(named: pd.DataFrame, county: str, lang: str) -> list[str]:
    """Quote what the published report says of communities of a county, if it names any.

    named: the table `named_places.csv`, whose codes begin with the county's.
    """
    mine = named[named["real_code"].str.startswith(county)]
    if lang == "zh":
        return [f"{row.township}{row.real_name}：“{row.quote}”" for row in mine.itertuples()]
    return [f"{row.name_en}: “{row.quote_en}”" for row in mine.itertuples()]


def totals() -> set[str]:
    """Return the indicators whose value for the city is the sum of the counties', as `measures.csv`
    declares.
    """
    measures = reference("measures")
    return set(measures.loc[measures["additive"] == "yes", "indicator"])


def as_printed(rows: pd.DataFrame) -> pd.DataFrame:
    """Give estimates the digits with which they are printed, one decimal at least.

    They print as before, but have no interval, no sources and not what was divided by what: from
    them no more digits can be had than the measure's.
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
    """Round to one decimal at least, upwards or downwards where rounding twice would print another
    number.
    """
    power = 10 ** max(decimals, 1)
    nearest = float(printed(value, max(decimals, 1)))
    near = (nearest, math.floor(value * power) / power, math.ceil(value * power) / power)
    return next(n for n in near if printed(n, decimals) == printed(value, decimals))


def _write(frame: pd.DataFrame, path: Path) -> None:
    frame.reset_index(drop=True).to_parquet(path, index=False)
