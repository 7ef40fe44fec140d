"""Write synthetic workbooks whose totals, for the nine counties, are the published ones."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from itertools import repeat
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.survey.declaration import FILE, read_declaration
from analysis.survey.folders import semaphores_named
from analysis.survey.study import study
from synthetic import counties, interviews, nation, people, places, workbook

SURVEY = "台州市城市社区治理调查表"
PHONE_SURVEY = "台州市村改社区电话访谈表"
# Counties whose workbook keeps an empty Sheet2.
EMPTY_SHEET = ("331003", "331081", "331023")
DAY = datetime(2020, 4, 30)

__all__ = ["synthesise"]


def synthesise(raw: Path, reference: Path, seed: int = 2020, number: int = 9) -> None:
    """Write `number` county workbooks and interviews.xlsx into `raw`/2020, the same for a seed.

    reference: the folder of communities.csv, townships.csv, named_places.csv, counties.csv and
    county_aliases.csv; beyond nine, counties are invented, and the frame there is written again to
    include them. Raises FileExistsError if the workbooks there are not declared synthetic.
    """
    folder, reference = Path(raw) / "2020", Path(reference)
    refuse_real(folder)
    if number > nation.BLOCK:  # the frame is that of the waves beside it
        refuse_real(reference.parent / "2020")
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.xlsx"):
        if path.is_symlink():  # what it leads to would be written over
            raise FileExistsError(f"{path} 是链接，不覆盖 (a link: nothing is written)")
    for path in folder.glob(f"{places.INVENTED}????_虚构*.xlsx"):
        path.unlink()
    nation.write_frame(reference, number)
    blocks = range(-(-number // nation.BLOCK))
    arguments = (blocks, repeat(folder), repeat(reference), repeat(seed), repeat(number))
    if number <= nation.BLOCK:
        phoned = list(map(write_block, *arguments))
    else:
        with semaphores_named():
            executor = ProcessPoolExecutor()
        with executor as pool:
            phoned = list(pool.map(write_block, *arguments))
    write_interviews(
        folder, {name: pd.concat([one[name] for one in phoned]) for name in phoned[0]}, DAY
    )


def refuse_real(folder: Path) -> None:
    """Refuse to write where workbooks lie that are not declared synthetic."""
    declared = folder / FILE
    synthetic = declared.exists() and read_declaration(declared).get("basis") == "synthetic"
    if not synthetic and (declared.exists() or any(folder.glob("*.xlsx"))):
        message = (
            f"{folder.name}/ 不是合成数据，不覆盖 "
            f"({FILE} does not say basis = synthetic: nothing is written)"
        )
        raise FileExistsError(message)


def write_block(
    block: int, folder: Path, reference: Path, seed: int, number: int
) -> dict[str, pd.DataFrame]:
    """Write the workbooks of nine counties, real or invented; returns their interviews."""
    tables, names = answers(reference, seed + block), places.read_counties(reference)
    if block:
        tables, names = nation.relabelled(tables, reference, block, number)
    write_counties(folder, tables, names, DAY)
    return {model.name: tables[model.name] for model in study().book_tables}


def write_wave(
    folder: Path, tables: dict[str, pd.DataFrame], names: dict[str, str], day: datetime
) -> None:
    """Write the county workbooks and interviews.xlsx of a wave, filled in on `day`.

    names: code to county.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_counties(folder, tables, names, day)
    write_interviews(folder, tables, day)


def write_counties(
    folder: Path, tables: dict[str, pd.DataFrame], names: dict[str, str], day: datetime
) -> None:
    """Write one workbook a county."""
    for code, county in names.items():
        forms = [(model, of_county(tables, model.name, code)) for model in study().district_tables]
        path = folder / f"{code}_{county}.xlsx"
        workbook.write_workbook(path, forms, SURVEY, f"{county}民政局", code in EMPTY_SHEET, day)


def write_interviews(folder: Path, tables: dict[str, pd.DataFrame], day: datetime) -> None:
    """Write the phone interviews of all counties as one workbook."""
    forms = [(model, tables[model.name]) for model in study().book_tables]
    workbook.write_workbook(folder / "interviews.xlsx", forms, PHONE_SURVEY, "课题组", day=day)


def answers(reference: Path, seed: int) -> dict[str, pd.DataFrame]:
    """Make up every table for the nine counties of the city, by its name in the codebook.

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
        "projects": counties.projects(others, places.read_counties(reference), streams[6]),
        "election_candidates": people.candidates(communities, streams[7]),
        "interview_frame": frame,
        "interview_communities": sample,
        "interview_staff": interviews.staff(sample, streams[8]),
    }


def of_county(tables: dict[str, pd.DataFrame], name: str, code: str) -> pd.DataFrame:
    """Take one county's rows of a table."""
    table = tables[name]
    return table[table["county_code"] == code]
