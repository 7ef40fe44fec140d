"""Determine the county and the wave that a file is from, before its other checks.

Evidence for a county: the codes and townships of most rows of a sheet, then 填报单位. Evidence for
a wave: 填报日期, the year in the title and the dates in the rows, compared with the reference date
in `wave.toml`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import permutations
from pathlib import Path

import pandas as pd

from analysis.survey.codebook import Table
from analysis.survey.folders import root
from analysis.survey.messages import (
    DATE_FAR,
    DATE_UNREAD,
    FILE_OF_ANOTHER,
    MENTIONS_ANOTHER,
    NOT_THIS_WAVE,
    OFFICE_OF_ANOTHER,
    SAME_ROWS,
    SHEET_OF_ANOTHER,
    STALE,
    TITLE_OF_ANOTHER,
    TITLE_YEAR,
    UNKNOWN_OFFICE,
)
from analysis.survey.problems import PROBLEM, Problem
from analysis.survey.reading.book import Sheet, form_titles
from analysis.survey.reading.names import File, aliases
from analysis.survey.reading.rows import Cells
from analysis.survey.reference import reference
from analysis.survey.rules import rules_of, title_of
from analysis.survey.study import study
from analysis.survey.text import empty, fold, normalise

WHO = "(?:填报|填表|报送|上报|填写)"
# without 填报, 单位 counts only before the name of an office, since it also introduces units
FILLED_BY = re.compile(rf"(?:{WHO}单位(?:\([^()]*\))?:|单位:(?=.*[区县市局]))(.*?)(\(合成数据\))?")
FILLED_ON = re.compile(
    rf"(?:.*?(?:{WHO}|制表)(?:日期|时间)(?:\([^()]*\))?:|(?:{WHO}|制表)?(?:日期|时间):?(?=[0-9〇○零一二]))(.*)"
)
DAY = re.compile(r"([0-9]{4})[年./-]([0-9]{1,2})(?:[月./-]([0-9]{1,2})?)?")
NUMERALS = "〇一二三四五六七八九十"
SPELLED = re.compile(rf"([{NUMERALS}]{{4}})年([{NUMERALS}]+)月(?:([{NUMERALS}]+)日)?")
YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
SPELLED_YEAR = re.compile(rf"([{NUMERALS[:-1]}]{{4}})年")
SHORT_YEAR = re.compile(r"(?<![0-9])([0-9]{2})年度")
TOP = 15  # 填报单位 and the title are above this row
BOTTOM = 15  # last rows, which hold the signatures
# Days from the reference date to 填报日期: within the first pair is expected; outside the second is
# another wave.
EXPECTED, POSSIBLE = (-31, 183), (-183, 330)


@dataclass(frozen=True)
class Claim:
    """Evidence of one sheet for its origin; rows are counted from 1, with 0 for none.

    county: code to which its rows belong. unit, unit_row: 填报单位. written, day, day_row:
    填报日期, as text and as read. years, named: years and counties in the title. mentioned: code of
    the county whose places most rows name.
    """

    title: str
    county: str = ""
    unit: str = ""
    unit_row: int = 0
    written: str = ""
    day: pd.Timestamp | None = None
    day_row: int = 0
    years: frozenset[int] = frozenset()
    named: frozenset[str] = frozenset()
    mentioned: str = ""

    @property
    def unit_county(self) -> str:
        """Code of the county that 填报单位 names; empty if it is unknown."""
        if self.unit in aliases():
            return aliases()[self.unit]
        names = map(normalise, study().districts.values())
        inside = {aliases()[name] for name in names if name in self.unit}
        return inside.pop() if len(inside) == 1 else ""


def claim_of(sheet: Sheet, model: Table | None, rows: Cells | None, title: str) -> Claim:
    """Return the evidence of a sheet; empty if it is not of the form (no model).

    rows: the data cut out of it, if its header was found. title: the name of the sheet in messages.
    """
    if model is None:
        return Claim(title)
    top = range(min(len(sheet.cells), TOP))
    unit, unit_row = _labelled(sheet, top, FILLED_BY)
    last = range(max(len(sheet.cells) - BOTTOM, 0), len(sheet.cells))
    written, day_row = _labelled(sheet, [*last, *top], FILLED_ON)
    county = county_of_rows(rows) if rows is not None else ""
    lines = _title_lines(sheet, normalise(model.zh))
    years = frozenset(year for line in lines for year in _years(line))
    named = frozenset(
        code for code, name in study().districts.items() if any(name in line for line in lines)
    )
    mentioned = county_mentioned(rows, model) if rows is not None else ""
    return Claim(
        title, county, unit, unit_row, written, _day(written), day_row, years, named, mentioned
    )


def _labelled(sheet: Sheet, rows: Iterable[int], label: re.Pattern) -> tuple[str, int]:
    """Return the text after a label, in its cell or the next one, and its row."""
    for i in rows:
        for place, cell in enumerate(sheet.cells[i]):
            if isinstance(cell, str) and (found := label.fullmatch(normalise(cell))):
                beside = sheet.cells[i][place + 1 : place + 2]
                said = found[1] or (normalise(beside[0]) if beside and not empty(beside[0]) else "")
                if said:
                    return said, i + 1
    return "", 0


def _day(written: str) -> pd.Timestamp | None:
    """Parse the date with which a text begins, in digits or as 二〇二〇年四月三十日."""
    found = DAY.match(written)
    if not found and (spelled := SPELLED.match(written.translate(str.maketrans("○零", "〇〇")))):
        year = "".join(str(NUMERALS.index(digit)) for digit in spelled[1])
        found = (None, year, *(_up_to_99(part) for part in spelled.groups()[1:]))
    try:
        return pd.Timestamp(*(int(found[i] or 1) for i in (1, 2, 3))) if found else None
    except ValueError:
        return None


def _years(line: str) -> list[int]:
    """Return the years in a title: 2019, 二〇一九年, 19年度."""
    spelled = SPELLED_YEAR.findall(line.translate(str.maketrans("○零", "〇〇")))
    digits = ["".join(str(NUMERALS.index(one)) for one in year) for year in spelled]
    return [int(year) for year in (*YEAR.findall(line), *digits)] + [
        2000 + int(y) for y in SHORT_YEAR.findall(line)
    ]


def _up_to_99(numeral: str | None) -> int:
    """Return the number of a Chinese numeral such as 三十一; 0 for none."""
    tens, ten, ones = (numeral or "").rpartition("十")
    return (NUMERALS.index(tens) if tens else 1) * 10 * bool(ten) + (
        NUMERALS.index(ones[0]) if ones else 0
    )


def _title_lines(sheet: Sheet, title: str) -> list[str]:
    """Return the texts above the header, folded and without the name of the table.

    The name of the table may hold a year.
    """
    lines: list[str] = []
    for row in sheet.cells[:TOP]:
        texts = {normalise(cell) for cell in row if isinstance(cell, str)}
        if texts & form_titles():
            break  # the header begins
        lines += [
            text for text in texts if not (FILLED_ON.fullmatch(text) or FILLED_BY.fullmatch(text))
        ]
    return [line.replace(title, "") for line in lines]


def county_of_rows(rows: Cells) -> str:
    """Return the county of most rows, by code or township; empty if none has most."""
    if "community_code" in rows:
        counties = [county_of_code(code) for code in rows["community_code"]]
    else:
        counties = [_towns(root()).get(str(name).strip(), "") for name in rows.get("township", ())]
    counts = Counter(county for county in counties if county in study().districts)
    county, most = max(counts.items(), key=lambda item: item[1], default=("", 0))
    return county if 2 * most > counts.total() else ""


def county_mentioned(rows: Cells, model: Table) -> str:
    """Return the only county whose name or townships most rows name; empty if there is none."""
    columns = [name for rule in rules_of("own_places", [model.name]) for name in rule.words]
    if not columns:
        return ""
    counts: Counter[str] = Counter()
    for texts in zip(*(rows.get(name, ()) for name in columns), strict=False):
        counts.update(
            _only([code for text in texts if isinstance(text, str) for code in _places_in(text)])
        )
    county, most = max(counts.items(), key=lambda item: item[1], default=("", 0))
    return county if 2 * most > len(rows.get(columns[0], ())) else ""


def _only(codes: list[str]) -> set[str]:
    """Return a set with the one code that all codes equal; empty if they differ."""
    return set(codes) if len(set(codes)) == 1 else set()


def _places_in(text: str) -> list[str]:
    """Return the counties whose name, or whose township's name, occurs in a text."""
    return [code for name, code in _place_names(root()).items() if name in text]


@cache
def _place_names(home: Path) -> dict[str, str]:
    return _towns(home) | {name: code for code, name in study().districts.items()}


def same_rows(pieces: dict[str, list[Cells]], asked: Iterable[Problem]) -> list[Problem]:
    """Return a question for each sheet of which half of the rows or more equal another county's.

    pieces: by table, the rows cut out of each sheet. Sheets for which `asked` already says that
    their rows name another county are left out. Blanks and zeros do not count as equal.
    """
    known = {(one.workbook, one.sheet) for one in asked if one.code == MENTIONS_ANOTHER.code}
    questions = []
    for rule in rules_of("not_alike", pieces):
        least, *columns = rule.words
        sheets = [(cells, _likeness(cells, columns, int(least))) for cells in pieces[rule.table]]
        for (cells, one), (others, other) in permutations([pair for pair in sheets if pair[1]], 2):
            place = (cells["workbook"][0], cells["sheet"][0])
            if cells["workbook"][0] == others["workbook"][0]:
                continue  # a sheet that occurs twice is reported elsewhere
            if 2 * len(one & other) >= min(len(one), len(other)) and place not in known:
                known.add(place)
                questions.append(Problem.of(SAME_ROWS.fault(rows=len(one & other)), *place))
    return questions


def _likeness(cells: Cells, columns: list[str], least: int) -> set[tuple]:
    """Return the rows of a sheet in which at least `least` columns are filled in."""
    rows = zip(*(cells[name] for name in columns), strict=True)
    return {row for row in rows if sum(bool(cell) for cell in row) >= least}


def county_of_code(code: object) -> str:
    """Return the county of a community code."""
    if isinstance(code, float) and code.is_integer():
        code = int(code)
    return study().district_of(fold(str(code)).strip())


@cache
def _towns(_root: Path) -> dict[str, str]:
    """Return the townships whose name occurs in one county only, with that county."""
    table = reference("townships").drop_duplicates(["county_code", "township"])
    table = table.drop_duplicates("township", keep=False)
    return dict(zip(table["township"], table["county_code"], strict=True))


def another_county(file: File, claims: list[Claim]) -> tuple[set[str], list[Problem]]:
    """Return problems for a file, or sheets of it, that belong to another county.

    Returns the titles of the sheets that must not be read as this county's, and the problems, one
    for all sheets with the same fault.
    """
    if not file.county:
        return set(), []
    by_rows = {claim.title: claim.county for claim in claims if claim.county}
    votes = Counter(
        by_rows.values() or [claim.unit_county for claim in claims if claim.unit_county]
    )
    other = next((county for county, _ in votes.most_common() if county != file.county), "")
    if other and file.county not in votes:
        return {claim.title for claim in claims}, [_whole(file, claims, other)]
    foreign = [claim for claim in claims if claim.county not in ("", file.county)]
    names = study().districts
    lines = [
        Problem.of(SHEET_OF_ANOTHER.fault(other=names[claim.county]), file.path.name, claim.title)
        for claim in foreign
    ]
    return {claim.title for claim in foreign}, lines + _units(
        file, [c for c in claims if c not in foreign]
    )


def _whole(file: File, claims: list[Claim], other: str) -> Problem:
    """Return the problem of a file that belongs to another county, with the evidence."""
    signs = [("社区代码、街道", any(claim.county == other for claim in claims))]
    signs += [("填报单位", any(claim.unit_county == other for claim in claims))]
    by = "、".join(sign for sign, there in signs if there)
    names = study().districts
    fault = FILE_OF_ANOTHER.fault(own=names[file.county], other=names[other], by=by)
    return Problem.of(fault, file.path.name)


def _units(file: File, claims: list[Claim]) -> list[Problem]:
    """Compare 填报单位 with the county of the file: one problem for all sheets with the same."""
    names = study().districts
    lines = []
    for unit in dict.fromkeys(claim.unit for claim in claims if claim.unit):
        named = [claim for claim in claims if claim.unit == unit]
        place, county = (
            (file.path.name, named[0].title, "填报单位", named[0].unit_row),
            named[0].unit_county,
        )
        if not county:
            lines.append(Problem.of(UNKNOWN_OFFICE.fault(), *place, quote=_in_sheets(named)))
        elif county != file.county:
            fault = OFFICE_OF_ANOTHER.fault(other=names[county])
            lines.append(Problem.of(fault, *place, quote=_in_sheets(named)))
    lines += [
        Problem.of(MENTIONS_ANOTHER.fault(other=names[one.mentioned]), file.path.name, one.title)
        for one in claims
        if one.mentioned not in ("", file.county, one.unit_county)
    ]
    titled = [claim for claim in claims if claim.named and file.county not in claim.named]
    if titled:
        fault = TITLE_OF_ANOTHER.fault(other=names[min(titled[0].named)])
        lines.append(Problem.of(fault, file.path.name, titled[0].title, quote=_in_sheets(titled)))
    return lines


def _in_sheets(claims: list[Claim]) -> str:
    """Return the number of sheets concerned, since the location names only the first."""
    return f"共{len(claims)}张表：" if len(claims) > 1 else ""


def another_wave(file: File, claims: list[Claim], day: pd.Timestamp | None) -> list[Problem]:
    """Compare 填报日期 and the years in titles with the reference date of the wave.

    Returns at most one finding for each. A file whose dates are all of another wave is a problem;
    other deviations are questions.
    """
    if day is None:
        return []
    lines = _dated(file, claims, day)
    unread = [
        claim
        for claim in claims
        if claim.day is None and re.search(f"[0-9{NUMERALS}]", claim.written)
    ]
    if unread:
        place = (file.path.name, unread[0].title, "填报日期", unread[0].day_row)
        lines.append(Problem.of(DATE_UNREAD.fault(), *place, quote=_in_sheets(unread)))
    titled = [claim for claim in claims if claim.years and day.year not in claim.years]
    if titled and not any(line.kind == PROBLEM for line in lines):
        fault = TITLE_YEAR.fault(year=max(titled[0].years))
        lines.append(Problem.of(fault, file.path.name, titled[0].title, quote=_in_sheets(titled)))
    return lines


def _dated(file: File, claims: list[Claim], day: pd.Timestamp) -> list[Problem]:
    """Compare every 填报日期 with the reference date; returns one finding or none."""
    dated = [claim for claim in claims if claim.day is not None]
    odd = [claim for claim in dated if not _within(claim, day, EXPECTED)]
    contrary = [claim for claim in dated if not _within(claim, day, POSSIBLE)]
    if not odd:
        return []
    first, refused = (contrary or odd)[0], contrary == dated
    message = NOT_THIS_WAVE if refused else DATE_FAR
    fault = message.fault(day=f"{first.day:%Y-%m-%d}", reference=f"{day:%Y-%m-%d}")
    place = (file.path.name, first.title, "填报日期", first.day_row)
    return [Problem.of(fault, *place, quote=_in_sheets(odd))]


def _within(claim: Claim, day: pd.Timestamp, days: tuple[int, int]) -> bool:
    return days[0] <= (claim.day - day).days <= days[1]


def stale_questions(tables: dict[str, pd.DataFrame], day: pd.Timestamp | None) -> list[Problem]:
    """Return a question for each file whose newest dates are far from the reference date.

    tables: clean tables.
    """
    if day is None:
        return []
    asked = []
    for rule in rules_of("newest", tables):
        months, least = map(int, rule.words)
        fault = STALE.fault(months=months)
        for (book, sheet), dates in tables[rule.table].groupby(["workbook", "sheet"])[rule.column]:
            if len(dates) >= least and dates.max() < day - pd.DateOffset(months=months):
                title = title_of(rule.table, rule.column)
                asked.append(Problem.of(fault, book, sheet, title))
    return asked
