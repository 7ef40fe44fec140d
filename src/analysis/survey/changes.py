"""Changes of places since the previous wave; and questions about large differences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from analysis.survey.messages import FIXED_CHANGED, JUMP, NOT_COMPARED, NOTHING_COMPARED, UNCHANGED
from analysis.survey.problems import Problem
from analysis.survey.study import study

CHANGES = ("kind", "table", "column", "district", "place", "before", "after")
SUFFIX = "_before"  # suffix of the names of the clean tables of the previous wave
FACTS = ("kind", "name", "zh", "en", "data")  # columns of the table `before`
# kinds of its facts; the others are those of the record of an edition
WAVE, UNREAD = "wave", "unread"
MIN_COMPARED = 5  # values below this are not compared by a factor


def jump_questions(
    before: dict[str, pd.DataFrame], after: dict[str, pd.DataFrame]
) -> list[Problem]:
    """Return a question for each value that differs too much from the previous wave.

    The question is located at the value of the new wave.
    """
    asked = []
    for rule in study().rules:
        old, new, table = before.get(rule.table), after.get(rule.table), study().tables[rule.table]
        if old is None or new is None or rule.check not in ("factor", "fixed", "rows_factor"):
            continue
        if rule.check != "rows_factor" and rule.column not in old:  # a new question
            continue
        factor = float(rule.argument or 1)
        if rule.check == "rows_factor":
            title = table.columns["community_code"].title
            asked += _jumps(_rosters(old), _rosters(new), ["community_code"], "n", factor, title)
        else:
            title = table.columns[rule.column].title
            asked += _jumps(old, new, list(table.key), rule.column, factor, title)
    return asked


def _rosters(workers: pd.DataFrame) -> pd.DataFrame:
    """Return the number of workers of each community, located at its first row."""
    sizes = workers.groupby("community_code").size()
    first = workers.drop_duplicates("community_code")
    return first[["community_code", "workbook", "sheet", "row"]].assign(
        n=first["community_code"].map(sizes)
    )


def _jumps(
    before: pd.DataFrame, now: pd.DataFrame, key: list[str], column: str, factor: float, title: str
) -> list[Problem]:
    old = before.drop_duplicates(key).set_index(key)[column]
    both = now.drop_duplicates(key).join(old.rename("old"), on=key, how="inner")
    low, high = both[[column, "old"]].min(axis=1), both[[column, "old"]].max(axis=1)
    jumped = both[(high > factor * low * 1.000001) & ((high >= MIN_COMPARED) | (factor == 1))]
    message, asked = JUMP if factor > 1 else FIXED_CHANGED, []
    for row in jumped.itertuples():
        after = f"{getattr(row, column):.10g}"
        fault = message.fault(before=f"{row.old:.10g}", after=after, factor=f"{factor:g}")
        asked.append(Problem.of(fault, row.workbook, row.sheet, title, int(row.row)))
    return asked


def unchanged_questions(
    before: dict[str, pd.DataFrame], after: dict[str, pd.DataFrame]
) -> list[Problem]:
    """Return a question for each county whose answers all equal those of the previous wave."""
    name = study().frame_table
    if name not in before or name not in after:
        return []
    both = [column for column in after[name] if column in before[name]]  # without new questions
    now, old = after[name][both], _answers(before[name][both])
    return [
        Problem.of(UNCHANGED.fault(), rows["workbook"].iloc[0], rows["sheet"].iloc[0])
        for county, rows in now.groupby("county_code")
        if county in old and _answers(rows)[county] == old[county]
    ]


def _answers(communities: pd.DataFrame) -> dict[str, set[tuple]]:
    """Return the answers of each county's communities, in whichever rows they stand."""
    answers = communities.drop(columns=["workbook", "sheet", "row"])
    return {
        county: set(rows.itertuples(index=False, name=None))
        for county, rows in answers.groupby("county_code")
    }


def not_compared_questions(wave: str, unread: dict[str, list[str]]) -> list[Problem]:
    """Return questions about tables of the previous wave that cannot be read.

    unread: the columns that cannot be read, by table.
    """
    if unread.keys() >= study().tables.keys():
        return [Problem.of(NOTHING_COMPARED.fault(), f"{wave}/")]
    return [
        Problem.of(NOT_COMPARED.fault(), f"{wave}/", study().tables[name].zh, "、".join(titles))
        for name, titles in unread.items()
    ]


def changes(
    before: dict[str, pd.DataFrame], after: dict[str, pd.DataFrame], unread: Iterable[str] = ()
) -> pd.DataFrame:
    """Return a table of the changes between two waves, one row each, with the columns CHANGES.

    kind: `new`, `gone` or `renamed` (a community or township; `place` is its code, before and after
    are names), or `not compared` (a table among `unread`, which cannot be read for the previous
    wave). The changes of indicators are in `analysis.stats.between_waves`.
    """
    rows = [("not compared", name, "rows", study().city, "", "", "") for name in unread]
    rows += _places(before.get(study().frame_table), after.get(study().frame_table))
    return pd.DataFrame(rows, columns=list(CHANGES), dtype="str")


def _places(before: pd.DataFrame | None, after: pd.DataFrame | None) -> Iterator[tuple]:
    if before is None or after is None:
        return
    old, new, table = (
        before.set_index("community_code"),
        after.set_index("community_code"),
        study().frame_table,
    )
    for code in sorted(set(old.index) | set(new.index)):
        names = [rows.at[code, "community"] if code in rows.index else "" for rows in (old, new)]
        kind = "renamed" if all(names) else "new" if names[1] else "gone"
        if names[0] != names[1]:
            yield kind, table, "community", study().district_of(code), code, *names
    towns = [
        dict(zip(map(study().township_of, rows.index), rows["township"], strict=True))
        for rows in (old, new)
    ]
    for code in sorted(towns[0].keys() & towns[1].keys()):
        if towns[0][code] != towns[1][code]:
            district, names = study().district_of(code), [town[code] for town in towns]
            yield "renamed", table, "township", district, code, *names
