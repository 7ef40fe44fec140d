"""Rules within a row, across rows and between sheets, beyond the range of each column.

A rule checks each row in which the cells that it needs are present; it is not applied to rows in
which one is missing because it could not be parsed.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from types import MappingProxyType

import pandas as pd

from analysis.survey.codebook import FROM_FILE, Rule
from analysis.survey.messages import (
    AFTER_REFERENCE,
    FEWER_THAN_INTERVIEWED,
    ITEM_MISSING,
    NOT_DRAWN,
    NOT_IN_TABLE,
    NOT_INTERVIEWED,
    NOT_SUM_OF_PARTS,
    PARTS_IN_YUAN,
    REPORTED_TWICE,
    Fault,
)
from analysis.survey.parse import YUAN
from analysis.survey.problems import MISSING_PLACE, TWICE, UNIT, UNKNOWN_PLACE, Problem
from analysis.survey.study import Study, study

# (table, county code): number of its rows without the cells that identify them; an empty county
# code stands for any county
Partial = Mapping[tuple[str, str], float]

CLOSE = 0.005  # 万元: amounts have two decimals
# so many rows, of two communities or more, do not repeat by chance in a sheet without names
PASTED = 3


def rule_problems(
    tables: dict[str, pd.DataFrame], partial: Partial = MappingProxyType({})
) -> list[Problem]:
    """Check tables against every rule within a row, across rows and across tables.

    tables: rows in which cells may be missing. partial: as returned by `partial_tables`; as many
    places as there are unidentified rows may be missing without a problem.
    """
    return (
        _within_a_row(tables)
        + _sums(tables)
        + _once(tables)
        + _known_communities(tables, partial)
        + _drawn(tables)
        + _all_answers(tables, partial)
        + _at_least_rows(tables)
    )


def rules_of(check: str, tables: Collection[str]) -> list[Rule]:
    """Return the rules of `rules.csv` that apply a check to one of these tables."""
    return [rule for rule in study().rules if rule.check == check and rule.table in tables]


def partial_tables(tables: dict[str, pd.DataFrame], lost: Iterable[tuple[str, str]]) -> Partial:
    """Return the number of rows of each table and county that lack their identifying cells.

    The number is infinite if rows may be `lost`.
    """
    partial = Counter(dict.fromkeys(lost, math.inf))
    for name, table in study().tables.items():
        if table.named_by and name in tables:
            rows = tables[name]
            unnamed = rows.loc[rows[table.named_by].isna(), "county_code"]
            partial.update((name, "" if pd.isna(county) else county) for county in unnamed)
    return partial


def more_than_unnamed(missing: pd.Series, table: str, partial: Partial) -> pd.Series:
    """Return which places are missing from a table for certain, as a mask.

    They are in counties that lack more places than they have unidentified rows. missing: county
    codes, one for each place.
    """
    anywhere = partial.get((table, ""), 0)
    counts = Counter(missing)
    sure = {
        county for county, n in counts.items() if n > partial.get((table, county), 0) + anywhere
    }
    return missing.isin(sure)


def answered(rows: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return the rows in which all of these cells are present."""
    return rows.dropna(subset=list(columns))


def rule_questions(
    tables: dict[str, pd.DataFrame], partial: Partial, day: pd.Timestamp | None
) -> list[Problem]:
    """Return questions about values that are unusual but may be right.

    day: the reference date of the forms. partial: as in `rule_problems`.
    """
    asked = []
    for rule in rules_of("not_after", tables):
        if day is not None:
            rows = answered(tables[rule.table], [rule.column])
            limit = day if "datetime" in str(rows[rule.column].dtype) else day.year
            later = AFTER_REFERENCE.fault(day=f"{day:%Y-%m-%d}")
            asked += located(
                rows[rows[rule.column] > limit], title_of(rule.table, rule.column), later
            )
    for rule in rules_of("drawn", tables):
        frame = study().tables[rule.table].within
        if frame in tables:
            rows, done = (
                answered(tables[frame], ["community_code", rule.argument]),
                tables[rule.table],
            )
            silent = rows[
                rows[rule.argument].astype(bool)
                & ~rows["community_code"].isin(done["community_code"])
            ]
            silent = silent[more_than_unnamed(silent["county_code"], rule.table, partial)]
            asked += located(silent, title_of(frame, rule.argument), NOT_INTERVIEWED.fault())
    return asked


def located(
    rows: pd.DataFrame, title: str, fault: Fault, rule: str = "", about: str = ""
) -> list[Problem]:
    """Return a problem at a column of each row; about: the column that says what it is about."""
    abouts = rows[about] if about else [""] * len(rows)
    places = zip(rows["workbook"], rows["sheet"], rows["row"], abouts, strict=True)
    return [
        Problem.of(fault, book, sheet, title, row, rule=rule, about=of)
        for book, sheet, row, of in places
    ]


def title_of(table: str, column: str) -> str:
    """Return the title of a column as its form prints it."""
    return study().tables[table].columns[column].title


def _within_a_row(tables: dict[str, pd.DataFrame]) -> list[Problem]:
    problems = []
    for rule in rules_of("holds", tables):
        rows = answered(tables[rule.table], _needed(study(), rule.table, rule.argument))
        if len(rows):
            kept = rows.eval(rule.argument).astype(bool)
            problems += located(
                rows[~kept], title_of(rule.table, rule.column), rule.message.fault(), rule.code
            )
    return problems


def involved(code: str) -> set[str]:
    """Return the titles of the columns that a rule compares; any of them may be wrong."""
    return _involved(study()).get(code, set())


@cache
def _involved(of: Study) -> dict[str, set[str]]:
    titles = {}
    for rule in of.rules:
        if rule.check in ("holds", "sum_of"):
            names = {rule.column, *_needed(of, rule.table, rule.argument)}
            titles[rule.code] = {of.tables[rule.table].columns[name].title for name in names}
    return titles


@cache
def _needed(of: Study, table: str, expression: str) -> tuple[str, ...]:
    """Return the columns that an expression uses."""
    words = set(re.findall(r"(?<![.\w])[a-z_]\w*", expression))
    return tuple(column for column in of.tables[table].columns if column in words)


def _sums(tables: dict[str, pd.DataFrame]) -> list[Problem]:
    """Compare totals with their parts; find the amounts that would agree if they were in 元."""
    return [one for rule in rules_of("sum_of", tables) for one in _sum(rule, tables[rule.table])]


def _sum(rule: Rule, table: pd.DataFrame) -> list[Problem]:
    total, names = rule.column, rule.words
    rows = answered(table, [*names, total])
    parts = rows[names].astype(float)
    amount, sums = rows[total].astype(float), parts.sum(axis=1)
    wrong = (sums - amount).abs() >= CLOSE
    in_yuan = [((total,), sums - amount / YUAN), (names, sums / YUAN - amount)]
    in_yuan += [((part,), sums - parts[part] * (1 - 1 / YUAN) - amount) for part in names]
    problems = []
    for columns, difference in in_yuan:
        fits = wrong & (difference.abs() < CLOSE)
        for name in columns:
            problems += located(
                rows[fits & (rows[name] != 0)],
                title_of(rule.table, name),
                PARTS_IN_YUAN.fault(),
                UNIT,
            )
        wrong &= ~fits
    return problems + located(
        rows[wrong], title_of(rule.table, total), NOT_SUM_OF_PARTS.fault(), rule.code
    )


def _once(tables: dict[str, pd.DataFrame]) -> list[Problem]:
    problems = []
    for name, rows in tables.items():
        table = study().tables[name]
        if table.key:
            whole = answered(
                rows, [column for column in table.key if not _may_be_blank(name, column)]
            )
            again = whole[whole.duplicated(list(table.key))]
            problems += located(again, title_of(name, table.key[-1]), REPORTED_TWICE.fault(), TWICE)
        elif table.persons in table.columns:  # people without names
            problems += _pasted(name, rows)
    return problems


def _may_be_blank(table: str, column: str) -> bool:
    return study().tables[table].columns[column].nullable


def _pasted(table: str, people: pd.DataFrame) -> list[Problem]:
    """Return problems for rows of people repeated in the same order further up.

    Single rows do not count: two people may be alike.
    """
    facts = study().tables[table]
    asked = [
        name
        for name in facts.columns
        if name not in (*FROM_FILE, "township", "community", "community_code")
    ]
    key = ["community_code", *asked]
    rows, again = answered(people, key).sort_values(["workbook", "sheet", "row"]), set()
    for _, own in rows.groupby(["workbook", "sheet"]):
        known, persons = set(), list(own[key].itertuples(index=False, name=None))
        for i in range(len(persons) - PASTED + 1):
            run = tuple(persons[i : i + PASTED])
            if run in known and (own.index[i] in again or len({code for code, *_ in run}) > 1):
                again.update(own.index[i : i + PASTED])
            known.add(run)
    found = rows.loc[sorted(again)]
    return located(found, title_of(table, facts.persons), REPORTED_TWICE.fault(), TWICE)


def _known_communities(tables: dict[str, pd.DataFrame], partial: Partial) -> list[Problem]:
    problems, frame_table = [], study().frame_table
    for table, other in within(tables):
        rows, known = answered(tables[table], ["community_code"]), tables[other]["community_code"]
        if other == frame_table:  # a missing sheet is reported once, not in every row
            rows = rows[rows["county_code"].isin(tables[other]["county_code"])]
        unknown = rows[~rows["community_code"].isin(known)]
        codes = unknown.drop_duplicates("community_code")
        codes = codes[more_than_unnamed(codes["county_code"], other, partial)]["community_code"]
        unknown = unknown[unknown["community_code"].isin(codes)]
        problems += unknown_in(unknown, table, other)
    return problems


def within(tables: dict[str, pd.DataFrame]) -> list[tuple[str, str]]:
    """Return the pairs of tables of which the first must have communities of the second."""
    pairs = [(name, table.within) for name, table in study().tables.items() if table.within]
    return [(table, other) for table, other in pairs if table in tables and other in tables]


def unknown_in(rows: pd.DataFrame, table: str, other: str) -> list[Problem]:
    """Return problems for rows whose community is not in another table."""
    fault = NOT_IN_TABLE.fault(table=_table_title(other))
    rule = UNKNOWN_PLACE if other == study().frame_table else ""
    return located(rows, title_of(table, "community_code"), fault, rule, "community_code")


def _drawn(tables: dict[str, pd.DataFrame]) -> list[Problem]:
    """Return problems for communities in the sampling frame that were not drawn."""
    problems = []
    for rule in rules_of("drawn", tables):
        frame, rows = tables.get(study().tables[rule.table].within), tables[rule.table]
        if frame is not None:
            known = answered(frame, ["community_code", rule.argument])
            left = known.loc[~known[rule.argument].astype(bool), "community_code"]
            bad = rows[rows["community_code"].isin(left)]
            problems += located(bad, title_of(rule.table, "community_code"), NOT_DRAWN.fault())
    return problems


def _at_least_rows(tables: dict[str, pd.DataFrame]) -> list[Problem]:
    """Return problems for counts that are less than the number of people interviewed."""
    problems = []
    for rule in rules_of("at_least_rows", tables):
        if rule.argument in tables:
            people = tables[rule.argument]["community_code"].value_counts()
            known = answered(tables[rule.table], ["community_code", rule.column])
            asked = known["community_code"].map(people).astype(float)
            bad = known[known[rule.column].astype(float) < asked]
            fault = FEWER_THAN_INTERVIEWED.fault(table=_table_title(rule.argument))
            problems += located(bad, title_of(rule.table, rule.column), fault)
    return problems


def _table_title(table: str) -> str:
    return study().tables[table].zh


def _all_answers(tables: dict[str, pd.DataFrame], partial: Partial) -> list[Problem]:
    """Return problems for missing rows of a sheet that has one for each answer of a list."""
    problems = []
    for name, table in study().tables.items():
        if table.rows != "codes" or name not in tables:
            continue
        wanted = table.columns[table.named_by].metadata["codes"]
        for (workbook, sheet), rows in tables[name].groupby(["workbook", "sheet"]):
            if rows[table.named_by].duplicated().any():
                continue  # the item that occurs twice is reported; it may be the missing one
            missing = wanted.keys() - set(rows[table.named_by])
            if len(missing) <= partial.get((name, rows["county_code"].iloc[0]), 0):
                continue  # a row that could not be parsed may hold it
            title = title_of(name, table.named_by)
            problems += [
                Problem.of(
                    ITEM_MISSING.fault(place=one),
                    workbook,
                    sheet,
                    title,
                    rule=MISSING_PLACE,
                    value=one,
                )
                for one in missing
            ]
    return problems
