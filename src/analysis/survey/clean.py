"""Make the clean tables: parse every cell, then check it against its model and the rules."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.util import hash_pandas_object

from analysis.survey.changes import (
    SUFFIX,
    changes,
    jump_questions,
    not_compared_questions,
    unchanged_questions,
)
from analysis.survey.characters import text_fault
from analysis.survey.codebook import FROM_FILE
from analysis.survey.corrections import correct, read_corrections
from analysis.survey.declaration import FILE, declaration_problems, reference_date
from analysis.survey.earlier import Earlier, facts_of, read_earlier
from analysis.survey.folders import wave_name, writable_folder
from analysis.survey.frame import wave_frame
from analysis.survey.frame_checks import frame_problems, with_claims
from analysis.survey.load import load
from analysis.survey.origin import stale_questions
from analysis.survey.ownership import owned, replacing
from analysis.survey.parsed import parse_tables
from analysis.survey.problems import FOLDED_BY, PROBLEM, InputError, Problem, findings_table
from analysis.survey.reading.names import without_files
from analysis.survey.reference import reference
from analysis.survey.rules import located, partial_tables, rule_problems, rule_questions, title_of
from analysis.survey.study import of_wave, study
from analysis.survey.totals import data_in_totals, total_problems

ACCOUNTS = "accounts"
WHITE_SPACE = "\n\r\t\u00a0"  # that Excel allows within a cell
PARTS = ("form", "kept", "corrected", "total", "blank", "rejected")


@dataclass
class Checked:
    """Result of one pass over a wave.

    tables: clean tables by name. accounts: counts of the rows of each sheet. findings: problems and
    questions. corrections: those applied. changes: differences from the previous wave. earlier: the
    previous wave.
    """

    tables: dict[str, pd.DataFrame]
    accounts: pd.DataFrame
    findings: list[Problem]
    corrections: pd.DataFrame
    changes: pd.DataFrame
    earlier: Earlier

    @property
    def problems(self) -> list[Problem]:
        return [one for one in self.findings if one.kind == PROBLEM]

    @property
    def questions(self) -> list[Problem]:
        return [one for one in self.findings if one.kind != PROBLEM]


def clean(raw: Path, frame: pd.DataFrame) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Read and clean a wave, and return its clean tables and accounts.

    frame: the communities that must report, before the changes that the wave declares.

    The tables are those of the codebook, then `corrections`, `questions`, `changes` since the
    previous wave, `before` (facts of that wave), and the tables of that wave, whose names end in
    SUFFIX; one that it has not, or that cannot be read, is empty. The accounts have one row per
    sheet, where rows = form + kept + corrected + total + blank + rejected. Raises InputError with
    every problem of every file; it holds no value of an identifier.
    """
    done = check(raw, frame)
    if done.problems:
        raise InputError(done.problems, done.questions, done.accounts)
    asked = findings_table(done.questions).drop(columns=list(FOLDED_BY))
    more = {"corrections": done.corrections, "questions": asked, "changes": done.changes}
    return done.tables | more | _before(done), done.accounts


def _before(done: Checked) -> dict[str, pd.DataFrame]:
    """Return the tables of the previous wave, as they are stored, and the facts of that wave."""
    found = {f"{name}{SUFFIX}": rows.iloc[:0] for name, rows in done.tables.items()}
    for name in done.tables.keys() & done.earlier.tables.keys():
        found[f"{name}{SUFFIX}"] = coarsened(name, done.earlier.tables[name])
    return found | {"before": facts_of(done.earlier)}


def coarsened(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return a clean table as it is stored: for people, dates of birth reduced to the year.

    With the month, nearly every person could be identified. Columns of the type `month` are set to
    1 January of their year, after they have been checked.
    """
    facts = study().tables.get(table)
    months = (
        [name for name, one in facts.columns.items() if one.metadata["type"] == "month"]
        if facts
        else []
    )
    if not months or not facts.of_people:
        return rows
    years = {
        name: rows[name].dt.to_period("Y").dt.to_timestamp().astype(rows[name].dtype)
        for name in months
    }
    return rows.assign(**years)


def check(raw: Path, frame: pd.DataFrame) -> Checked:
    """Check a wave in one pass; rows with faults are left out of the tables without an error."""
    with of_wave(raw.name):
        return _check(raw, frame)


def _check(raw: Path, frame: pd.DataFrame) -> Checked:
    raws, accounts, found, totals = load(raw)
    findings = list(found)
    if not without_files(raw):
        findings += declaration_problems(raw)
    corrections, faults = read_corrections(raw)
    raws, totals, applied, missed = correct(raws, totals, corrections)
    unread = {one.workbook for one in found if one.kind == PROBLEM and not one.sheet}
    # a file that cannot be read is reported already
    lost = set(corrections.loc[corrections["file"].isin(unread), "line"])
    missed = [one for one in missed if not (one.column == "file" and one.row in lost)]
    findings += faults + missed + data_in_totals(totals)
    communities, townships, odd = wave_frame(raw, frame, reference("townships"))
    findings += odd
    totals = {
        name: rows.drop(columns=[c for c in study().identifiers if c in rows and c != "name"])
        for name, rows in totals.items()
    }
    tables, cells, lost = parse_tables(raws, findings)
    named = with_claims(cells, communities)
    partial = partial_tables(named, lost)
    findings += free_text_problems(cells)
    findings += rule_problems(named, partial) + frame_problems(
        cells, communities, partial, townships
    )
    findings += total_problems(totals, cells, findings, applied)
    day = reference_date(raw)
    findings += rule_questions(named, partial, day) + stale_questions(tables, day)
    accounts = _split_rows(accounts, raws, _rejected(tables, raws, findings), applied)
    before = read_earlier(raw)
    findings += jump_questions(before.tables, cells) + unchanged_questions(before.tables, tables)
    findings += not_compared_questions(before.wave, before.unread)
    since = changes(before.tables, tables, before.unread)
    kept = {name: coarsened(name, rows) for name, rows in tables.items()}
    return Checked(kept, accounts, findings, applied, since, before)


def free_text_problems(tables: dict[str, pd.DataFrame]) -> list[Problem]:
    """Return problems for free text, such as names of projects, that cannot be published.

    Line breaks are allowed. Names of places are not checked here: they must be those of the frame,
    which is a reference table.
    """
    problems = []
    for table, rows in tables.items():
        for column in _free_text(table):
            for answer in rows[column].dropna().unique():
                if fault := text_fault(answer, WHITE_SPACE):
                    problems += located(
                        rows[rows[column] == answer], title_of(table, column), fault
                    )
    return problems


def _free_text(table: str) -> list[str]:
    """Return the columns of a table that hold free text."""
    columns = study().tables[table].columns.items()
    return [
        name
        for name, column in columns
        if column.metadata["type"] == "text" and name not in FROM_FILE
    ]


def _rejected(
    tables: dict[str, pd.DataFrame], raws: dict[str, pd.DataFrame], findings: list[Problem]
) -> set:
    """Return the places of rows that have a problem or lack a column of their form."""
    faulty = {
        (one.workbook, one.sheet, one.row) for one in findings if one.row and one.kind == PROBLEM
    }
    for name, rows in raws.items():
        if len(tables[name]) < len(rows):
            faulty |= set(_places(rows)) - set(_places(tables[name]))
    return faulty


def _places(rows: pd.DataFrame) -> Any:
    return zip(rows["workbook"], rows["sheet"], rows["row"], strict=True)


def _split_rows(
    accounts: pd.DataFrame, raws: Any, faulty: set, applied: pd.DataFrame
) -> pd.DataFrame:
    """Split the counts of data rows into kept, corrected and rejected."""
    data = [place for rows in raws.values() for place in _places(rows)]
    rejected = faulty & set(data)
    corrected = (
        set(zip(applied["file"], applied["sheet"], applied["row"], strict=True))
        & set(data) - rejected
    )
    places = list(zip(accounts["workbook"], accounts["sheet"], strict=True))
    for name, rows in (("rejected", rejected), ("corrected", corrected)):
        counts = pd.Series([(book, sheet) for book, sheet, _ in rows], dtype=object).value_counts()
        accounts[name] = pd.Series(
            [counts.get(place, 0) for place in places], index=accounts.index, dtype=int
        )
    accounts["kept"] -= accounts["rejected"] + accounts["corrected"]
    return accounts[["workbook", "sheet", "rows", *PARTS]]


def write_prints(tables: dict[str, pd.DataFrame], folder: Path) -> None:
    """Write a hash of each column to `folder/<table>.<column>`, to detect which have changed."""
    writable_folder(folder, own="build").mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        for column in table:
            rows = hash_pandas_object(table[column], index=False)
            text = hashlib.sha256(
                f"{table[column].dtype}\n".encode() + rows.to_numpy().tobytes()
            ).hexdigest()
            (folder / f"{name}.{column}").write_text(text, encoding="utf-8")


def write(tables: dict[str, pd.DataFrame], accounts: pd.DataFrame, raw: Path, folder: Path) -> None:
    """Write the clean tables, the accounts and `wave.toml` to `folder`, all or nothing.

    The folder is named as the wave. Raises RefusedError (a ValueError) if its name is not that of a
    wave, or if this program did not make the folder. Files added to the folder by hand are kept.
    """
    wave_name(folder.name)
    place = writable_folder(folder, own="data/processed", keep=[raw])
    everything = {**tables, ACCOUNTS: accounts}
    ours = owned(place, {FILE, *(f"{name}.parquet" for name in everything)})
    with replacing(place, ours) as fresh:
        for name, table in everything.items():
            table.to_parquet(fresh / f"{name}.parquet", index=False)
        shutil.copyfile(raw / FILE, fresh / FILE)
