"""What must hold within a row, across rows and between sheets, beyond each column's own range."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analysis.survey.codebook import FUND_ITEM, POST, TABLES
from analysis.survey.problems import QUESTION, Problem

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
        "funding",
        "amount",
        "abs(city_funds + county_funds + township_funds - amount) < 0.005",
        "不等于各级资金之和 (is not the sum of the sources)",
    ),
    (
        "interview_communities",
        "staff",
        "full_time + former_cadres <= staff",
        "小于专职社工与原村干部之和 (is less than its parts)",
    ),
)
GRADES = dict(zip(POST, ((7, 18), (4, 15), (1, 12)), strict=True))  # 三岗十八级
# table whose communities must be in the other table
WITHIN = (
    ("workers", "communities"),
    ("election_candidates", "communities"),
    ("interview_frame", "communities"),
    ("interview_communities", "interview_frame"),
    ("interview_staff", "interview_communities"),
)
ONE_ROW_EACH = {
    "communities": ["community_code"],
    "interview_frame": ["community_code"],
    "interview_communities": ["community_code"],
    "interview_staff": ["community_code", "respondent"],
    "funding": ["county_code", "item"],
    "county_baseline": ["county_code"],
    "burden": ["county_code", "township"],
}


def rule_problems(tables: dict[str, pd.DataFrame], partial: frozenset[str] = frozenset()) -> list[Problem]:
    """Check clean tables against every rule within a row, across rows and across tables.

    `partial` names tables from which faulty rows are left out already: they are not searched for what
    another table refers to.
    """
    whole = {name: rows for name, rows in tables.items() if name not in partial}
    return (
        _within_a_row(tables)
        + _grades(tables.get("workers"))
        + _once(tables)
        + _known_communities(tables, whole)
        + _sampled(tables.get("interview_communities"), whole.get("interview_frame"))
        + _more_than_staff(tables.get("interview_communities"), tables.get("interview_staff"))
        + _all_items(whole.get("funding"))
    )


def rule_questions(
    tables: dict[str, pd.DataFrame], partial: frozenset[str], day: pd.Timestamp | None
) -> list[Problem]:
    """Ask about what may be right but is odd; `day` is the state that the forms describe, `partial` as above."""
    asked = []
    for table, column in (("workers", "hired"), ("interview_communities", "date")):
        if table in tables and day is not None:
            later = tables[table][tables[table][column] > day]
            asked += located(
                later, title_of(table, column), f"晚于 {day:%Y-%m-%d} (after the reference date: is it so?)"
            )
    if {"interview_frame", "interview_communities"} <= tables.keys() - partial:
        frame, done = tables["interview_frame"], tables["interview_communities"]["community_code"]
        silent = frame[frame["sampled"] & ~frame["community_code"].isin(done)]
        message = "抽中而没有访谈 (in the sample but not interviewed: refused?)"
        asked += located(silent, title_of("interview_frame", "sampled"), message)
    return [replace(one, kind=QUESTION) for one in asked]


def located(rows: pd.DataFrame, title: str, message: str) -> list[Problem]:
    """Put a message at a column of each row."""
    return [Problem(r.workbook, r.sheet, title, r.row, message) for r in rows.itertuples()]


def title_of(table: str, column: str) -> str:
    """Return the title of a column as its form prints it."""
    return TABLES[table].to_schema().columns[column].title


def _within_a_row(tables) -> list[Problem]:
    problems = []
    for table, column, expression, message in WITHIN_A_ROW:
        if table in tables:
            rows = tables[table]
            problems += located(rows[~rows.eval(expression)], title_of(table, column), message)
    return problems


def _grades(workers) -> list[Problem]:
    if workers is None:
        return []
    low, high = (workers["post"].map({post: ends[i] for post, ends in GRADES.items()}) for i in (0, 1))
    bad = workers[(workers["grade"] < low) | (workers["grade"] > high)]
    return located(bad, title_of("workers", "grade"), "不在该岗位的等级范围内 (not a grade of this post)")


def _once(tables) -> list[Problem]:
    problems = []
    for table, key in ONE_ROW_EACH.items():
        if table in tables:
            again = tables[table][tables[table].duplicated(key)]
            problems += located(again, title_of(table, key[-1]), "重复填报 (reported twice)")
    return problems


def _known_communities(tables, whole) -> list[Problem]:
    problems = []
    for table, other in WITHIN:
        if table in tables and other in whole:
            known = whole[other]["community_code"]
            rows = tables[table]
            if other == "communities":  # a county whose sheet is missing is named once, not at every row
                rows = rows[rows["county_code"].isin(whole[other]["county_code"])]
            unknown = rows[~rows["community_code"].isin(known)]
            message = f"社区代码不在“{_table_title(other)}”中 (not in that table)"
            problems += located(unknown, title_of(table, "community_code"), message)
    return problems


def _sampled(interviews, sampling) -> list[Problem]:
    """Refuse interviews of communities that are in the sampling frame but were not drawn."""
    if interviews is None or sampling is None:
        return []
    left = sampling.loc[~sampling["sampled"], "community_code"]
    bad = interviews[interviews["community_code"].isin(left)]
    return located(bad, title_of("interview_communities", "community_code"), "社区未被抽中 (not in the sample)")


def _more_than_staff(communities: pd.DataFrame | None, people: pd.DataFrame | None) -> list[Problem]:
    """Refuse a community of whose staff more were interviewed than there are."""
    if communities is None or people is None:
        return []
    asked = communities["community_code"].map(people["community_code"].value_counts())
    bad = communities[communities["staff"] < asked]
    message = "小于“人员访谈”中的人数 (is less than the people interviewed there)"
    return located(bad, title_of("interview_communities", "staff"), message)


def _table_title(table: str) -> str:
    return TABLES[table].Config.title


def _all_items(funding) -> list[Problem]:
    if funding is None:
        return []
    problems = []
    for (workbook, sheet), rows in funding.groupby(["workbook", "sheet"]):
        if rows["item"].duplicated().any():
            continue  # the item that stands twice is named: it may be the one that is missing
        for item in FUND_ITEM.keys() - set(rows["item"]):
            message = f"缺少 {item} (item is missing)"
            problems.append(Problem(workbook, sheet, title_of("funding", "item"), message=message))
    return problems
