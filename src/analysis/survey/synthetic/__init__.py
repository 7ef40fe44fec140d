"""Write the synthetic workbooks of 2020: invented answers whose city totals are the published ones."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.survey.codebook import COUNTIES, COUNTY_TABLES, INTERVIEW_TABLES
from analysis.survey.forms.blank import SURVEY
from analysis.survey.synthetic import counties, interviews, people, places, workbook

PHONE_SURVEY = "台州市村改社区电话访谈表"
# Counties whose workbook keeps an empty Sheet2.
EMPTY_SHEET = ("331003", "331081", "331023")

__all__ = ["synthesise"]


def synthesise(raw: Path, reference: Path, seed: int = 2020) -> None:
    """Write nine county workbooks and interviews.xlsx into `raw`/2020, the same bytes for a seed.

    reference: the folder of communities.csv, townships.csv and named_places.csv.
    """
    write_wave(Path(raw) / "2020", answers(Path(reference), seed), datetime(2020, 4, 30))


def write_wave(folder: Path, tables: dict[str, pd.DataFrame], day: datetime) -> None:
    """Write the nine county workbooks and interviews.xlsx of a wave; day: when the forms were filled in."""
    folder.mkdir(parents=True, exist_ok=True)
    for code, county in COUNTIES.items():
        forms = [(model, of_county(tables, model.Config.name, code)) for model in COUNTY_TABLES]
        path = folder / f"{code}_{county}.xlsx"
        workbook.write_workbook(path, forms, SURVEY, f"{county}民政局", code in EMPTY_SHEET, day)
    forms = [(model, tables[model.Config.name]) for model in INTERVIEW_TABLES]
    workbook.write_workbook(folder / "interviews.xlsx", forms, PHONE_SURVEY, "课题组", day=day)


def answers(reference: Path, seed: int) -> dict[str, pd.DataFrame]:
    """Make up every table for the whole city, by its name in the codebook.

    Each topic has a random stream of its own: a change in one leaves the others as they are.
    """
    streams = [np.random.default_rng([seed, topic]) for topic in range(9)]
    named = places.read_named(reference)
    communities = places.communities(places.read_frame(reference), named, streams[0])
    workers = people.roster(communities, streams[1])
    frame = interviews.sampling_frame(communities, list(named.values()), seed)
    sample = interviews.communities(frame, named, streams[2])
    # Nothing more is invented about the stand-ins than the forms ask of every community.
    others = communities[~communities["community_code"].isin(named.values())]
    return {
        "communities": communities,
        "workers": workers,
        "funding": counties.funding(communities, streams[3]),
        "burden": counties.burden(counties.read_townships(reference), streams[4]),
        "county_baseline": counties.baseline(workers, streams[5]),
        "projects": counties.projects(others, streams[6]),
        "election_candidates": people.candidates(communities, streams[7]),
        "interview_frame": frame,
        "interview_communities": sample,
        "interview_staff": interviews.staff(sample, streams[8]),
    }


def of_county(tables: dict[str, pd.DataFrame], name: str, code: str) -> pd.DataFrame:
    """Take one county's rows of a table."""
    table = tables[name]
    return table[table["county_code"] == code]
