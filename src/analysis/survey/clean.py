"""Make the clean tables: parse every cell, check tables against their models, then the rules between them."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pandas.util import hash_pandas_object

from analysis.survey.against_frame import frame_problems
from analysis.survey.changes import changes, jump_questions, not_compared_questions, unchanged_questions
from analysis.survey.codebook import IDENTIFIERS
from analysis.survey.corrections import correct, read_corrections
from analysis.survey.declaration import FILE, declaration_problems, reference_date
from analysis.survey.earlier import read_earlier
from analysis.survey.frame import wave_frame
from analysis.survey.load import load
from analysis.survey.origin import stale_questions
from analysis.survey.parsed import parse_tables
from analysis.survey.problems import PROBLEM, InputProblems, Problem, findings_table
from analysis.survey.reading.names import without_files
from analysis.survey.repository import reference
from analysis.survey.rules import rule_problems, rule_questions
from analysis.survey.totals import holds_data, total_problems

ACCOUNTS = "accounts"
PARTS = ("form", "kept", "corrected", "total", "blank", "rejected")


@dataclass
class Checked:
    """What one pass over a wave finds: clean tables, accounts of every row, findings, corrections, changes."""

    tables: dict[str, pd.DataFrame]
    accounts: pd.DataFrame
    findings: list[Problem]
    corrections: pd.DataFrame
    changes: pd.DataFrame

    @property
    def problems(self) -> list[Problem]:
        return [one for one in self.findings if one.kind == PROBLEM]

    @property
    def questions(self) -> list[Problem]:
        return [one for one in self.findings if one.kind != PROBLEM]


def clean(raw: Path, frame: pd.DataFrame) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Read and clean a wave; `frame` lists the communities that must report, before any change of the wave.

    Returns the tables by name (those of the codebook, then `corrections`, `questions` and `changes` since the wave
    before) and the accounts: one row per sheet, where rows = form + kept + corrected + total + blank + rejected.
    Raises InputProblems with every problem of every file; it carries no value of an identifier.
    """
    done = check(raw, frame)
    if done.problems:
        raise InputProblems(done.problems, done.questions, done.accounts)
    more = {"corrections": done.corrections, "questions": findings_table(done.questions), "changes": done.changes}
    return done.tables | more, done.accounts


def check(raw: Path, frame: pd.DataFrame) -> Checked:
    """Check a wave in one pass; bad input raises nothing, its rows are left out of the tables."""
    raws, accounts, found, totals = load(raw)
    findings = list(found)
    if not without_files(raw):
        findings += declaration_problems(raw)
    corrections, faults = read_corrections(raw)
    raws, totals, applied, missed = correct(raws, totals, corrections)
    unread = {one.workbook for one in found if one.kind == PROBLEM and not one.sheet}
    lost = set(corrections.loc[corrections["file"].isin(unread), "line"])  # the file itself is named already
    missed = [one for one in missed if not (one.column == "file" and one.row in lost)]
    findings += faults + missed + holds_data(totals)
    communities, townships, odd = wave_frame(raw, frame, reference("townships"))
    findings += odd
    totals = {
        name: rows.drop(columns=[c for c in IDENTIFIERS if c in rows and c != "name"])
        for name, rows in totals.items()
    }
    tables, partial = parse_tables(raws, findings)
    findings += rule_problems(tables, partial) + frame_problems(tables, communities, partial, townships)
    faulty = {(p.workbook, p.sheet, p.row) for p in findings if p.row and p.kind == PROBLEM}
    lacking = {(p.workbook, p.sheet) for p in findings if not p.row and p.kind == PROBLEM}
    findings += total_problems(totals, tables, faulty, lacking, applied)
    day = reference_date(raw)
    findings += rule_questions(tables, partial, day) + stale_questions(tables, day)
    accounts = _parted(accounts, raws, faulty, applied)
    before = read_earlier(raw)
    findings += jump_questions(before.tables, tables) + unchanged_questions(before.tables, tables)
    findings += not_compared_questions(before.wave, before.unread)
    since = changes(before.tables, tables, before.unread)
    return Checked(tables, accounts, findings, applied, since)


def _parted(accounts: pd.DataFrame, raws, faulty: set, applied: pd.DataFrame) -> pd.DataFrame:
    """Part the rows of data into kept as handed in, kept as corrected, and rejected."""
    data = [
        place for rows in raws.values() for place in zip(rows["workbook"], rows["sheet"], rows["row"], strict=True)
    ]
    rejected = faulty & set(data)
    corrected = set(zip(applied["file"], applied["sheet"], applied["row"], strict=True)) & set(data) - rejected
    places = list(zip(accounts["workbook"], accounts["sheet"], strict=True))
    for name, rows in (("rejected", rejected), ("corrected", corrected)):
        counts = pd.Series([(book, sheet) for book, sheet, _ in rows], dtype=object).value_counts()
        accounts[name] = pd.Series([counts.get(place, 0) for place in places], index=accounts.index, dtype=int)
    accounts["kept"] -= accounts["rejected"] + accounts["corrected"]
    return accounts[["workbook", "sheet", "rows", *PARTS]]


def write_prints(tables: dict[str, pd.DataFrame], folder: Path) -> None:
    """Write a fingerprint of each column to `folder/<table>.<column>`, to tell which have changed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        for column in table:
            rows = hash_pandas_object(table[column], index=False)
            text = hashlib.sha256(f"{table[column].dtype}\n".encode() + rows.to_numpy().tobytes()).hexdigest()
            (folder / f"{name}.{column}").write_text(text, encoding="utf-8")


def write(tables: dict[str, pd.DataFrame], accounts: pd.DataFrame, raw: Path, folder: Path) -> None:
    """Write the clean tables, the accounts and `wave.toml` to `folder`, all or nothing."""
    staged = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(staged, ignore_errors=True)
    retired = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(retired, ignore_errors=True)
    staged.mkdir(parents=True)
    for name, table in {**tables, ACCOUNTS: accounts}.items():
        table.to_parquet(staged / f"{name}.parquet", index=False)
    shutil.copyfile(raw / FILE, staged / FILE)
    if folder.exists():
        folder.rename(retired)
    try:
        staged.rename(folder)
    except OSError:
        retired.rename(folder)
        raise
    shutil.rmtree(retired, ignore_errors=True)
