"""Read the files of a wave as handed in; every row is counted and every cell is located."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from analysis.survey.codebook import Table
from analysis.survey.declaration import reference_date
from analysis.survey.identifiers import identifier_problems, looks_personal
from analysis.survey.messages import HIDDEN_LIST, SHEET_MISSING, SHEET_TWICE, UNKNOWN_SHEET
from analysis.survey.origin import another_county, another_wave, claim_of, county_of_code, same_rows
from analysis.survey.parsed import without
from analysis.survey.problems import NOTE, Problem
from analysis.survey.reading.book import Sheet, UnopenedError, open_book
from analysis.survey.reading.names import File, files_of, sheet_title
from analysis.survey.reading.rows import ACCOUNT, Cells, frame, read_sheet
from analysis.survey.study import study
from analysis.survey.text import empty, normalise, seen

EXPLANATION = "填表说明"
IGNORED = {EXPLANATION, "WpsReserved_CellImgList"}  # instructions, and a sheet that WPS adds
LONGEST_TITLE = 31  # characters, as in Excel
# at least six digits, with single characters between: part of a number
DIGITS = re.compile(r"\d\D?(?:\d\D?){5}")


class Loaded(NamedTuple):
    """Result of reading: raw frames, counts of the rows, problems and total rows.

    tables: cells as read, plus county_code, workbook, sheet, row; no direct identifiers. accounts:
    one row per sheet. totals: by table, the 小计 and 合计 rows with `kind` and `first`, the first
    row after the previous total.
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
                pieces.setdefault(model.name, []).append(rows)
                totals.setdefault(model.name, []).append(sums)
    problems += same_rows(pieces, problems)
    problems += _missing_sheets(files, accounts, problems)
    tables = {name: frame(sheets) for name, sheets in pieces.items()}
    sums = {name: frame(sheets) for name, sheets in totals.items()}
    notes = [one for one in problems if one.rule == NOTE]
    for name, rows in tables.items():
        if personal := study().tables[name].identifiers:
            problems += identifier_problems(without(rows, notes))
            tables[name] = rows.drop(columns=list(personal))
    return Loaded(tables, pd.DataFrame(accounts, columns=list(ACCOUNT)), problems, sums)


def _counties(rows: Cells, file: File) -> list[str]:
    """Return the county of each row: that of the file, or of the community code."""
    if file.county:
        return [file.county] * len(rows["row"])
    return [county_of_code(code) for code in rows["community_code"]]


def _sheets(file: File, day: pd.Timestamp | None, problems: list[Problem]) -> Iterator[tuple]:
    """Yield (model, rows, totals, account) for each sheet of a file; no model if it has no data.

    The owner of the file is determined first: a sheet of another county is not read, and has no
    other problems.
    """
    try:
        sheets = open_book(file.path, file.title)
    except UnopenedError as error:
        problems.append(Problem.of(error.fault, file.path.name))
        return
    by_title = {normalise(model.zh): model for model in file.models}
    titles = [sheet_title(sheet.title) for sheet in sheets]
    found = _sheets_there(file, sheets, titles)
    claims, read = [], []
    for place, (sheet, title) in enumerate(zip(sheets, titles, strict=True), start=1):
        own: list[Problem] = []
        name = sheet.title if title in by_title or sheet.title in IGNORED else unknown_title(place)
        parts = _read(sheet, by_title.get(title), place, file, own)
        claims.append(claim_of(sheet, *parts[:2], name))
        read.append((name, own, parts))
    foreign, lines = another_county(file, claims)
    if not foreign or len(foreign) < len(sheets):
        lines += another_wave(file, claims, day) + [
            one for one in found if one.sheet not in foreign
        ]
    problems += lines
    for title, own, parts in read:
        if title not in foreign:
            problems += own
            if parts[-1] is not None:
                yield parts


def _read(
    sheet: Sheet, model: Table | None, place: int, file: File, problems: list[Problem]
) -> tuple:
    """Return (model, rows, totals, account) of one sheet, each None if there is none.

    place: position of the sheet in the workbook, from 1.
    """
    if model is None:
        return None, None, None, _unknown_sheet(sheet, place, file, problems)
    return model, *read_sheet(sheet, model, file.path.name, problems)


def _sheets_there(file: File, sheets: list[Sheet], titles: list[str]) -> list[Problem]:
    """Return problems for sheets of the form that occur twice or are missing."""
    models = [model.zh for model in file.models]
    twice = {
        sheet.title for sheet, title in zip(sheets, titles, strict=True) if titles.count(title) > 1
    }
    known = {normalise(title) for title in models}
    problems = [
        Problem.of(SHEET_TWICE.fault(), file.path.name, title)
        for title in sorted(title for title in twice if sheet_title(title) in known)
    ]
    missing = (
        [title for title in models if normalise(title) not in titles] if not file.title else []
    )
    return problems + [
        Problem.of(SHEET_MISSING.fault(), file.path.name, title) for title in missing
    ]


def _unknown_sheet(sheet: Sheet, place: int, file: File, problems: list[Problem]) -> dict:
    """Return the account of a sheet that is not of the form.

    With content it is a problem, unless it is an explanation. place: its position in the workbook,
    from 1, which identifies it in messages, since its title may hold anything, also about a person.
    """
    filled = sum(not all(map(empty, row)) for row in sheet.cells)
    title = sheet.title if sheet.title in IGNORED else unknown_title(place)
    if filled and sheet.marks.feeds:
        problems.append(Problem.of(HIDDEN_LIST.fault(), file.path.name, title))
    elif filled and sheet.title not in IGNORED:
        fault = UNKNOWN_SHEET.fault(place=place, title=echoed(sheet.title))
        problems.append(Problem.of(fault, file.path.name, title))
    rows = len(sheet.cells)
    where = {"workbook": file.path.name, "sheet": title, "rows": rows}
    return where | {"form": filled, "kept": 0, "total": 0, "blank": rows - filled}


def unknown_title(place: int) -> str:
    """Return a name for an unknown sheet: its position in the workbook, from 1."""
    return f"未知的表 unknown sheet {place}"


def echoed(title: str) -> str:
    """Return the title of an unknown sheet in quotes; empty if it may be about a person."""
    plain = seen(title)[:LONGEST_TITLE]
    return "" if looks_personal(title) or DIGITS.search(normalise(title)) else f"“{plain}”"


def _missing_sheets(
    files: list[File], accounts: list[dict], problems: list[Problem]
) -> list[Problem]:
    """Return problems for sheets missing from a county that hands in CSV files."""
    missing = []
    for county in dict.fromkeys(file.county for file in files if file.title):
        own = [file for file in files if file.county == county]
        if all(file.title for file in own):
            there = {sheet_title(file.title) for file in own}
            missing += [
                Problem.of(
                    SHEET_MISSING.fault(), own[0].path.name.rpartition("_")[0] + ".csv", model.zh
                )
                for model in own[0].models
                if normalise(model.zh) not in there
            ]
    return missing
