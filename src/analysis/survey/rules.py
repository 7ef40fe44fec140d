"""What must hold within a row, across rows and between sheets, beyond each column's own range.

Every rule looks at each row in which the cells that it needs are there; where one is missing, since it could
not be read, the rule is silent about that row alone.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType

import pandas as pd

from analysis.survey.codebook import FUND_ITEM, POST, TABLES
from analysis.survey.parse import YUAN
from analysis.survey.problems import MISSING_PLACE, QUESTION, TWICE, UNIT, UNKNOWN_PLACE, Problem

# (table, county code) to the number of its rows of which it is not known what they are about; county "": of any
Partial = Mapping[tuple[str, str], float]

# table, column that is named in the message, expression that must hold, what is wrong otherwise
WITHIN_A_ROW = (
    ("communities", "residents_area", "residents_area <= area", "大于建筑面积 (exceeds the floor area)"),
    (
        "communities",
        "active_organisations",
        "active_organisations <= organisations",
        "大于社会组织总数 (exceeds all organisations)",
    ),
    (
        "communities",
        "committee_workers",
        "committee_workers <= committee_seats",
        "大于“两委”总数 (exceeds the seats)",
    ),
    ("workers", "hired", "hired.dt.year - born.dt.year >= 16", "入职时不满16岁 (younger than 16 on entry)"),
    (
        "interview_communities",
        "staff",
        "full_time + former_cadres <= staff",
        "小于专职社工与原村干部之和 (is less than its parts)",
    ),
)
SOURCES = ("city_funds", "county_funds", "township_funds")
CLOSE = 0.005  # 万元: amounts have two decimals
REPORTED_TWICE = "重复填报 (reported twice)"
SUMS = "sum of the sources"  # the rule
NOT_THE_SUM = "不等于各级资金之和 (is not the sum of the sources)"
SUM_IN_YUAN = "与合计、各级资金对不上，可能是按元填的 (is not the sum of the sources: it may be in 元)"
GRADES = dict(zip(POST, ((7, 18), (4, 15), (1, 12)), strict=True))  # 三岗十八级
# table whose communities must be in the other table
WITHIN = (
    ("workers", "communities"),
    ("election_candidates", "communities"),
    ("interview_frame", "communities"),
    ("interview_communities", "interview_frame"),
    ("interview_staff", "interview_communities"),
)
# what names a row to other tables, or to the frame
KEYS = {
    "communities": "community_code",
    "interview_frame": "community_code",
    "interview_communities": "community_code",
    "funding": "item",
    "burden": "township",
}
ONE_ROW_EACH = {
    "communities": ["community_code"],
    "interview_frame": ["community_code"],
    "interview_communities": ["community_code"],
    "interview_staff": ["community_code", "respondent"],
    "funding": ["county_code", "item"],
    "county_baseline": ["county_code"],
    "burden": ["county_code", "township"],
    "projects": [
        "county_code",
        "unit",
        "kind",
        "level",
        "batch",
        "field",
        "amount",
        "year",
        "progress",
        "project",
    ],
}
PASTED = 3  # rows of two communities or more that a sheet of persons without names does not have twice


def rule_problems(tables: dict[str, pd.DataFrame], partial: Partial = MappingProxyType({})) -> list[Problem]:
    """Check tables against every rule within a row, across rows and across tables.

    tables: rows whose cells may be missing. partial: as `partial_tables` counts; as many places as rows that are
    not known may be missing without a word.
    """
    return (
        _within_a_row(tables)
        + _sums(tables.get("funding"))
        + _grades(tables.get("workers"))
        + _once(tables)
        + _known_communities(tables, partial)
        + _sampled(tables.get("interview_communities"), tables.get("interview_frame"))
        + _all_items(tables.get("funding"), partial)
        + _more_than_staff(tables.get("interview_communities"), tables.get("interview_staff"))
    )


def partial_tables(tables: dict[str, pd.DataFrame], lost: Iterable[tuple[str, str]]) -> Partial:
    """Count the rows of each table and county that lack what names them; any number where some may be `lost`."""
    partial = Counter(dict.fromkeys(lost, math.inf))
    for table, column in KEYS.items():
        if table in tables:
            rows = tables[table]
            unnamed = rows.loc[rows[column].isna(), "county_code"]
            partial.update((table, "" if pd.isna(county) else county) for county in unnamed)
    return partial


def more_than_unnamed(missing: pd.Series, table: str, partial: Partial) -> pd.Series:
    """Tell which places are surely missing from a table: those of counties that lack more than its unnamed rows.

    missing: county codes, one a place; returns a mask.
    """
    anywhere = partial.get((table, ""), 0)
    counts = Counter(missing)
    sure = {county for county, n in counts.items() if n > partial.get((table, county), 0) + anywhere}
    return missing.isin(sure)


def answered(rows: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return the rows in which all of these cells are there."""
    return rows.dropna(subset=list(columns))


def rule_questions(tables: dict[str, pd.DataFrame], partial: Partial, day: pd.Timestamp | None) -> list[Problem]:
    """Ask about what may be right but is odd; `day` is the state that the forms describe, `partial` as above."""
    asked = []
    for table, column in (("workers", "hired"), ("interview_communities", "date")):
        if table in tables and day is not None:
            rows = answered(tables[table], [column])
            later = f"晚于 {day:%Y-%m-%d} (after the reference date: is it so?)"
            asked += located(rows[rows[column] > day], title_of(table, column), later)
    if {"interview_frame", "interview_communities"} <= tables.keys():
        rows = answered(tables["interview_frame"], ["community_code", "sampled"])
        done = tables["interview_communities"]
        silent = rows[rows["sampled"].astype(bool) & ~rows["community_code"].isin(done["community_code"])]
        silent = silent[more_than_unnamed(silent["county_code"], "interview_communities", partial)]
        message = "抽中而没有访谈 (in the sample but not interviewed: refused?)"
        asked += located(silent, title_of("interview_frame", "sampled"), message)
    return [replace(one, kind=QUESTION) for one in asked]


def located(rows: pd.DataFrame, title: str, message: str, rule: str = "", about: str = "") -> list[Problem]:
    """Put a message at a column of each row; about: the column that holds what it is about."""
    abouts = rows[about] if about else [""] * len(rows)
    places = zip(rows["workbook"], rows["sheet"], rows["row"], abouts, strict=True)
    return [Problem(book, sheet, title, row, message, rule=rule, about=of) for book, sheet, row, of in places]


def title_of(table: str, column: str) -> str:
    """Return the title of a column as its form prints it."""
    return TABLES[table].to_schema().columns[column].title


def _within_a_row(tables) -> list[Problem]:
    problems = []
    for table, column, expression, message in WITHIN_A_ROW:
        if table in tables:
            rows = answered(tables[table], _needed(table, expression))
            if len(rows):
                kept = rows.eval(expression).astype(bool)
                problems += located(rows[~kept], title_of(table, column), message, expression)
    return problems


def involved(rule: str) -> set[str]:
    """Return the titles of all columns that a rule within a row compares: any of them may be the wrong one."""
    return _involved().get(rule, set())


@cache
def _involved() -> dict[str, set[str]]:
    titles = {
        expression: {title_of(table, name) for name in _needed(table, expression)}
        for table, _, expression, _ in WITHIN_A_ROW
    }
    return titles | {SUMS: {title_of("funding", name) for name in (*SOURCES, "amount")}}


@cache
def _needed(table: str, expression: str) -> tuple[str, ...]:
    """List the columns that an expression uses."""
    words = set(re.findall(r"(?<![.\w])[a-z_]\w*", expression))
    return tuple(column for column in TABLES[table].to_schema().columns if column in words)


def _sums(funding: pd.DataFrame | None) -> list[Problem]:
    """Compare the total of each item with its sources; find the amounts that make it right as 元."""
    if funding is None:
        return []
    rows = answered(funding, [*SOURCES, "amount"])
    parts = rows[list(SOURCES)].astype(float)
    amount, sums = rows["amount"].astype(float), parts.sum(axis=1)
    wrong = (sums - amount).abs() >= CLOSE
    in_yuan = [(("amount",), sums - amount / YUAN), (SOURCES, sums / YUAN - amount)]
    in_yuan += [((source,), sums - parts[source] * (1 - 1 / YUAN) - amount) for source in SOURCES]
    problems = []
    for names, difference in in_yuan:
        fits = wrong & (difference.abs() < CLOSE)
        for name in names:
            problems += located(rows[fits & (rows[name] != 0)], title_of("funding", name), SUM_IN_YUAN, UNIT)
        wrong &= ~fits
    return problems + located(rows[wrong], title_of("funding", "amount"), NOT_THE_SUM, SUMS)


def _grades(workers) -> list[Problem]:
    if workers is None:
        return []
    workers = answered(workers, ["post", "grade"])
    low, high = (
        workers["post"].map({post: ends[i] for post, ends in GRADES.items()}).astype(float) for i in (0, 1)
    )
    grade = workers["grade"].astype(float)
    bad = workers[(grade < low) | (grade > high)]
    return located(bad, title_of("workers", "grade"), "不在该岗位的等级范围内 (not a grade of this post)")


def _once(tables) -> list[Problem]:
    problems = []
    for table, key in ONE_ROW_EACH.items():
        if table in tables:
            rows = answered(tables[table], [name for name in key if not _may_be_blank(table, name)])
            again = rows[rows.duplicated(key)]
            problems += located(again, title_of(table, key[-1]), REPORTED_TWICE, TWICE)
    return problems + _pasted(tables.get("election_candidates"))


def _may_be_blank(table: str, column: str) -> bool:
    return TABLES[table].to_schema().columns[column].nullable


def _pasted(candidates: pd.DataFrame | None) -> list[Problem]:
    """Find rows of candidates that stand in the same order further up: alone, two persons may be alike."""
    if candidates is None:
        return []
    key = ["community_code", "identity", "assessment"]
    rows, again = answered(candidates, key).sort_values(["workbook", "sheet", "row"]), set()
    for _, own in rows.groupby(["workbook", "sheet"]):
        known, persons = set(), list(own[key].itertuples(index=False, name=None))
        for i in range(len(persons) - PASTED + 1):
            run = tuple(persons[i : i + PASTED])
            if run in known and (own.index[i] in again or len({code for code, *_ in run}) > 1):
                again.update(own.index[i : i + PASTED])
            known.add(run)
    found = rows.loc[sorted(again)]
    return located(found, title_of("election_candidates", "identity"), REPORTED_TWICE, TWICE)


def _known_communities(tables, partial: Partial) -> list[Problem]:
    problems = []
    for table, other in WITHIN:
        if table in tables and other in tables:
            rows, known = answered(tables[table], ["community_code"]), tables[other]["community_code"]
            if other == "communities":  # a county whose sheet is missing is named once, not at every row
                rows = rows[rows["county_code"].isin(tables[other]["county_code"])]
            unknown = rows[~rows["community_code"].isin(known)]
            codes = unknown.drop_duplicates("community_code")
            codes = codes[more_than_unnamed(codes["county_code"], other, partial)]["community_code"]
            unknown = unknown[unknown["community_code"].isin(codes)]
            problems += unknown_in(unknown, table, other)
    return problems


def unknown_in(rows: pd.DataFrame, table: str, other: str) -> list[Problem]:
    """Say of rows of a table that another table does not have their community."""
    message = f"社区代码不在“{_table_title(other)}”中 (not in that table)"
    rule = UNKNOWN_PLACE if other == "communities" else ""
    return located(rows, title_of(table, "community_code"), message, rule, "community_code")


def _sampled(interviews, sampling) -> list[Problem]:
    """Refuse interviews of communities that are in the sampling frame but were not drawn."""
    if interviews is None or sampling is None:
        return []
    known = answered(sampling, ["community_code", "sampled"])
    left = known.loc[~known["sampled"].astype(bool), "community_code"]
    bad = interviews[interviews["community_code"].isin(left)]
    return located(bad, title_of("interview_communities", "community_code"), "社区未被抽中 (not in the sample)")


def _more_than_staff(communities: pd.DataFrame | None, people: pd.DataFrame | None) -> list[Problem]:
    """Refuse a community of whose staff more were interviewed than there are."""
    if communities is None or people is None:
        return []
    known = answered(communities, ["community_code", "staff"])
    asked = known["community_code"].map(people["community_code"].value_counts()).astype(float)
    bad = known[known["staff"].astype(float) < asked]
    message = "小于“人员访谈”中的人数 (is less than the people interviewed there)"
    return located(bad, title_of("interview_communities", "staff"), message)


def _table_title(table: str) -> str:
    return TABLES[table].Config.title


def _all_items(funding, partial: Partial) -> list[Problem]:
    if funding is None:
        return []
    problems = []
    for (workbook, sheet), rows in funding.groupby(["workbook", "sheet"]):
        if rows["item"].duplicated().any():
            continue  # the item that stands twice is named: it may be the one that is missing
        missing = FUND_ITEM.keys() - set(rows["item"])
        if len(missing) <= partial.get(("funding", rows["county_code"].iloc[0]), 0):
            continue  # it may be what a row says that could not be read
        for item in missing:
            message = f"缺少 {item} (item is missing)"
            problems.append(
                Problem(workbook, sheet, title_of("funding", "item"), 0, message, rule=MISSING_PLACE, value=item)
            )
    return problems
