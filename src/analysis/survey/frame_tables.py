"""Check that the tables of counties, townships and communities agree."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from analysis.survey.problems import Problem
from analysis.survey.reference import no_row, reference
from analysis.survey.study import study

OF_TOWNSHIP = ["township_code", "county_code", "county", "township"]


def frame_table_problems() -> list[Problem]:
    """Return the rows that are missing in the tables of the frame, each with the line to add.

    These are a county named in townships or communities, a township named in communities, and the
    first community of a county that has none.
    """
    townships, communities = reference("townships"), reference("communities")
    problems = (*_counties(townships, communities), *_townships(townships, communities))
    return sorted(set(problems))


def _counties(townships: pd.DataFrame, communities: pd.DataFrame) -> Iterator[Problem]:
    named = pd.concat([townships, communities])[["county_code", "county"]].drop_duplicates()
    for row in named.itertuples():
        if row.county_code not in study().districts:
            yield no_row("counties", gb2260=row.county_code, name_zh=row.county)
    for code, name in study().districts.items():
        if code not in set(communities["county_code"]):
            yield no_row("communities", county_code=code, county=name)


def _townships(townships: pd.DataFrame, communities: pd.DataFrame) -> Iterator[Problem]:
    known = set(townships["township_code"])
    for row in communities[OF_TOWNSHIP].drop_duplicates().to_dict("records"):
        if row["township_code"] not in known:
            yield no_row("townships", **row)
