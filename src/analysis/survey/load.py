"""Read the files of a wave as handed in: every row accounted for, every cell with its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from analysis.survey.codebook import COUNTIES, IDENTIFIERS
from analysis.survey.identifiers import identifier_problems, looks_personal
from analysis.survey.problems import PROBLEM, QUESTION, Problem
from analysis.survey.reading.book import Sheet, Unopened, open_book
from analysis.survey.reading.names import File, aliases, files_of, sheet_title
from analysis.survey.reading.rows import ACCOUNT, Cells, frame, read_sheet
from analysis.survey.text import empty, normalise, seen

EXPLANATION = "填表说明"
IGNORED = {EXPLANATION, "WpsReserved_CellImgList"}  # instructions, and what WPS keeps for itself
FILLED_BY = re.compile(r"填报单位:(.*?)(\(合成数据\))?")
SEARCH = 15
LONGEST_TITLE = 31  # characters, as in Excel
DIGITS = re.compile(r"\d\D?(?:\d\D?){5}")  # six digits or more, whatever stands between: part of a number


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
    files = files_of(raw, problems)
    for file in files:
        for model, rows, sums, account in _sheets(file, problems):
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
    return [_county(code) for code in rows["community_code"]]


def _county(code) -> str:
    """Take the county from a community code."""
    if isinstance(code, float) and code.is_integer():
        code = int(code)
    return str(code)[:6]


def _sheets(file: File, problems):
    """Yield (model, rows, totals, account) for each sheet of a file; no model where there is no data."""
    try:
        sheets = open_book(file.path, file.title)
    except Unopened as error:
        problems.append(Problem(file.path.name, message=str(error)))
        return
    by_title = {normalise(model.Config.title): model for model in file.models}
    titles = [sheet_title(sheet.title) for sheet in sheets]
    for title in sorted({sheet.title for sheet in sheets if titles.count(sheet_title(sheet.title)) > 1}):
        if sheet_title(title) in by_title:
            problems.append(Problem(file.path.name, title, message="此表重复 (sheet is there twice)"))
    for title in by_title.keys() - set(titles) if not file.title else ():
        name = by_title[title].Config.title
        problems.append(Problem(file.path.name, name, message="缺少此表 (sheet is missing)"))
    for place, (sheet, title) in enumerate(zip(sheets, titles, strict=True), start=1):
        known = title in by_title or sheet.title in IGNORED
        problems += _another_county(sheet, file, sheet.title if known else unknown_title(place))
        if title not in by_title:
            yield None, None, None, _outside(sheet, place, file, problems)
            continue
        model = by_title[title]
        rows, sums, account = read_sheet(sheet, model, file.path.name, problems)
        if rows is not None:
            yield model, rows, sums, account


def _outside(sheet: Sheet, place: int, file: File, problems: list[Problem]) -> dict:
    """Account for a sheet that is not of the form; with content it is a problem, unless it only explains.

    place: its position in the workbook, from 1, which names it: its title may hold anything, also about a person.
    """
    filled = sum(not all(map(empty, row)) for row in sheet.cells)
    title = sheet.title if sheet.title in IGNORED else unknown_title(place)
    if filled and sheet.title not in IGNORED:
        said = f"第{place}张表{echoed(sheet.title)}不是下发的表 (unknown sheet with content)"
        problems.append(Problem(file.path.name, title, message=said))
    rows = len(sheet.cells)
    where = {"workbook": file.path.name, "sheet": title, "rows": rows}
    return where | {"form": filled, "kept": 0, "total": 0, "blank": rows - filled}


def unknown_title(place: int) -> str:
    """Name a sheet of which the codebook knows nothing by its position in the workbook, from 1."""
    return f"未知的表 unknown sheet {place}"


def echoed(title: str) -> str:
    """Quote a title that somebody made up, to find the sheet by; nothing where it may be about a person."""
    plain = seen(title)[:LONGEST_TITLE]
    return "" if looks_personal(title) or DIGITS.search(normalise(title)) else f"“{plain}”"


def _another_county(sheet: Sheet, file: File, title: str) -> list[Problem]:
    """Compare 填报单位 above the header with the county of the file; title: by which the sheet is named."""
    for row in sheet.cells[:SEARCH] if file.county else ():
        for cell in row:
            said = FILLED_BY.fullmatch(normalise(cell)) if isinstance(cell, str) else None
            if said and said[1] and (code := aliases().get(said[1])) != file.county:
                message = f"填报单位是{COUNTIES[code]} (belongs to another county)" if code else ""
                asked = (
                    "填报单位不在县名别名表中 (a name that is not in the alias table: is this the right county?)"
                )
                place = (file.path.name, title, "填报单位", sheet.cells.index(row) + 1)
                told = "填报单位是另一县（市、区） (belongs to another county)" if code else ""
                return [Problem(*place, message or asked, PROBLEM if code else QUESTION, told)]
    return []


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
