"""What must agree with the frame: every place reports once, under its code, county, street and name."""

from __future__ import annotations

import pandas as pd

from analysis.survey.problems import Problem
from analysis.survey.rules import located, title_of


def frame_problems(
    tables: dict[str, pd.DataFrame],
    frame: pd.DataFrame,
    partial: frozenset[str] = frozenset(),
    townships: pd.DataFrame | None = None,
) -> list[Problem]:
    """Check clean tables against the communities (`frame`) and townships that must report.

    `partial` names tables from which faulty rows are left out already: nothing is said to be missing from them.
    """
    communities = tables.get("communities")
    return (
        _as_in_frame(tables, frame)
        + _surplus(communities, frame)
        + _complete(None if "communities" in partial else communities, frame)
        + _townships(tables.get("burden"), townships, "burden" not in partial)
    )


def _as_in_frame(tables, frame) -> list[Problem]:
    """Compare county, street and name with the frame's for the same code: a slipped row shows here."""
    problems, known = [], frame.drop_duplicates("community_code").set_index("community_code")
    message = "与社区代码在名录中的不符 (not what the frame has for the code)"
    for table, rows in tables.items():
        if "community_code" in rows:
            place = known.index.get_indexer(rows["community_code"])
            for column in ("county_code", "township", "community"):
                names = known[column].to_numpy(dtype=object)[place]
                other = rows[(place >= 0) & (names != rows[column].to_numpy(dtype=object))]
                title = title_of(table, "community_code" if column == "county_code" else column)
                problems += located(other, title, message)
    return problems


def _townships(burden, townships, whole: bool) -> list[Problem]:
    """Compare the townships of 减负清理 with those of the county that have villages or communities."""
    if burden is None or townships is None:
        return []
    known = set(zip(townships["county_code"], townships["township"], strict=True))
    places = list(zip(burden["county_code"], burden["township"], strict=True))
    other = burden[[place not in known for place in places]]
    title = title_of("burden", "township")
    problems = located(other, title, "不是本县的街道（乡镇） (not a township of this county)")
    if not whole or len(other):
        return problems
    files = burden.drop_duplicates("county_code").set_index("county_code")
    units = townships[["juweihui_2019", "cunweihui_2019"]].astype(int).sum(axis=1)
    for row in townships[(units > 0) & townships["county_code"].isin(files.index)].itertuples():
        if (row.county_code, row.township) not in set(places):
            home, message = files.loc[row.county_code], f"缺少 {row.township} (township of the frame is missing)"
            problems.append(Problem(home["workbook"], home["sheet"], title, message=message))
    return problems


def _surplus(communities, frame) -> list[Problem]:
    if communities is None:
        return []
    surplus = communities[~communities["community_code"].isin(frame["community_code"])]
    return located(surplus, "社区代码", "不在社区名录中 (not in the frame)")


def _complete(communities, frame) -> list[Problem]:
    """Name each community of the frame that does not report, at its county's file."""
    if communities is None:
        return []
    problems = []
    files = communities.drop_duplicates("county_code").set_index("county_code")
    missing = frame[~frame["community_code"].isin(communities["community_code"])]
    for row in missing[missing["county_code"].isin(files.index)].itertuples():
        home = files.loc[row.county_code]
        message = f"缺少 {row.community_code} {row.community} (community of the frame is missing)"
        problems.append(Problem(home["workbook"], home["sheet"], "社区代码", message=message))
    return problems
