"""Read the files of a wave as handed in: every row accounted for, every cell with its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from analysis.survey.codebook import IDENTIFIERS, Table
from analysis.survey.declaration import reference_date
from analysis.survey.identifiers import identifier_problems
from analysis.survey.origin import another_county, another_wave, claim_of, county_of_code
from analysis.survey.problems import QUESTION, Problem
from analysis.survey.reading.book import Sheet, Unopened, open_book
from analysis.survey.reading.names import File, files_of, sheet_title
from analysis.survey.reading.rows import ACCOUNT, Cells, frame, read_sheet
from analysis.survey.text import empty, normalise

EXPLANATION = "填表说明"
IGNORED = {EXPLANATION, "WpsReserved_CellImgList"}  # instructions, and what WPS keeps for itself


class Loaded(NamedTuple):
    """What was read: a raw frame per table, the accounts of the rows, what does not fit, and the total rows.

    tables: cells as read, plus county_code, workbook, sheet, row; no direct identifiers. accounts: one row per
    sheet. totals: by table, the 小计 and 合计 rows with `kind` and `first`, the first row after the total before.
    """

    tables: dict[str, pd.DataFrame]
    accounts: pd.DataFrame
    problems: list[Problem]
    totals: dict[str, pd.DataFrame]


def load(raw: Path) -> Loaded:
    """Read the county files and the interviews of the wave in the folder `raw`."""
    problems, pieces, totals, accounts = [], {}, {}, []
    files, day = files_of(raw, problems), reference_date(raw)
    for file in files:
        for model, rows, sums, account in _sheets(file, day, problems):
            accounts.append(account)
            if model is not None:
                rows["county_code"] = _counties(rows, file)
                pieces.setdefault(model.Config.name, []).append(rows)
                totals.setdefault(model.Config.name, []).append(sums)
    problems += _missing_sheets(files, accounts, problems)
    tables = {name: frame(sheets) for name, sheets in pieces.items()}
    sums = {name: frame(sheets) for name, sheets in totals.items()}
    if "workers" in tables:
        problems += identifier_problems(tables["workers"])
        tables["workers"] = tables["workers"].drop(columns=list(IDENTIFIERS))
    return Loaded(tables, pd.DataFrame(accounts, columns=list(ACCOUNT)), problems, sums)


def _counties(rows: Cells, file: File) -> list[str]:
    """Return the county of each row: that of the file, or the head of the community code."""
    if file.county:
        return [file.county] * len(rows["row"])
    return [county_of_code(code) for code in rows["community_code"]]


def _sheets(file: File, day: pd.Timestamp | None, problems: list[Problem]) -> Iterator[tuple]:
    """Yield (model, rows, totals, account) for each sheet of a file; no model where there is no data.

    First it is settled whose file it is: of a sheet of another county no more is said, and nothing is read.
    """
    try:
        sheets = open_book(file.path, file.title)
    except Unopened as error:
        problems.append(Problem(file.path.name, message=str(error)))
        return
    by_title = {normalise(model.Config.title): model for model in file.models}
    titles = [sheet_title(sheet.title) for sheet in sheets]
    found = _sheets_there(file, sheets, titles)
    claims, read = [], []
    for sheet, title in zip(sheets, titles, strict=True):
        own: list[Problem] = []
        parts = _read(sheet, by_title.get(title), file, own)
        claims.append(claim_of(sheet, *parts[:2]))
        read.append((sheet.title, own, parts))
    foreign, lines = another_county(file, claims)
    if not foreign or len(foreign) < len(sheets):
        lines += another_wave(file, claims, day) + [one for one in found if one.sheet not in foreign]
    problems += lines
    for title, own, parts in read:
        if title not in foreign:
            problems += own
            if parts[-1] is not None:
                yield parts


def _read(sheet: Sheet, model: type[Table] | None, file: File, problems: list[Problem]) -> tuple:
    """Return (model, rows, totals, account) of one sheet, each None where there is none."""
    if model is None:
        return None, None, None, _outside(sheet, file, problems)
    return model, *read_sheet(sheet, model, file.path.name, problems)


def _sheets_there(file: File, sheets: list[Sheet], titles: list[str]) -> list[Problem]:
    """Name the sheets that are there twice, and those that are missing."""
    problems = [
        Problem(file.path.name, title, message="此表重复 (sheet is there twice)")
        for title in sorted({sheet.title for sheet in sheets if titles.count(sheet_title(sheet.title)) > 1})
    ]
    wanted = [model.Config.title for model in file.models] if not file.title else []
    missing = [title for title in wanted if normalise(title) not in titles]
    return problems + [Problem(file.path.name, title, message="缺少此表 (sheet is missing)") for title in missing]


def _outside(sheet: Sheet, file: File, problems) -> dict:
    """Account for a sheet that is not of the form; with content it is a problem, unless it only explains."""
    filled = sum(not all(map(empty, row)) for row in sheet.cells)
    if filled and sheet.marks.feeds:
        message = (
            "隐藏的表，只供下拉列表选用，没有读入 (a hidden list of choices is not read: is that all it holds?)"
        )
        problems.append(Problem(file.path.name, sheet.title, message=message, kind=QUESTION))
    elif filled and sheet.title not in IGNORED:
        problems.append(Problem(file.path.name, sheet.title, message="未知的表 (unknown sheet with content)"))
    rows = len(sheet.cells)
    place = {"workbook": file.path.name, "sheet": sheet.title, "rows": rows}
    return place | {"form": filled, "kept": 0, "total": 0, "blank": rows - filled}


def _missing_sheets(files: list[File], accounts: list[dict], problems: list[Problem]) -> list[Problem]:
    """Name the sheets that a county which hands in CSV files has not handed in."""
    missing = []
    for county in dict.fromkeys(file.county for file in files if file.title):
        own = [file for file in files if file.county == county]
        if all(file.title for file in own):
            there = {sheet_title(file.title) for file in own}
            missing += [
                Problem(
                    own[0].path.name.rpartition("_")[0] + ".csv",
                    model.Config.title,
                    message="缺少此表 (sheet is missing)",
                )
                for model in own[0].models
                if normalise(model.Config.title) not in there
            ]
    return missing
