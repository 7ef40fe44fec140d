"""Read the previous wave for comparison, and list its tables that this codebook cannot read."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from analysis.survey.changes import FACTS, UNREAD, WAVE
from analysis.survey.corrections import correct, read_corrections
from analysis.survey.frame import earlier_wave
from analysis.survey.load import Loaded, load
from analysis.survey.parsed import parse_tables
from analysis.survey.problems import NOTE, PROBLEM, Problem
from analysis.survey.reading.names import files_of, owners, sheet_title
from analysis.survey.study import of_wave, study
from analysis.survey.text import normalise


class Earlier(NamedTuple):
    """The previous wave.

    wave: its name. tables: the clean tables that are complete. unread: for the others, the columns
    that cannot be read.
    """

    wave: str
    tables: dict[str, pd.DataFrame]
    unread: dict[str, list[str]]


def read_earlier(raw: Path) -> Earlier:
    """Read the wave before `raw`; without tables if there is none.

    A table is complete if every county's sheet is read and every row of it parses; the sum over
    part of the rows would be taken for a change.
    """
    folder = earlier_wave(raw)
    if folder is None:
        return Earlier("", {}, {})
    with of_wave(folder.name):
        return _read_wave(folder)


def facts_of(earlier: Earlier) -> pd.DataFrame:
    """Return the name of the previous wave and its unreadable tables, with the columns FACTS.

    Empty if there is no previous wave.
    """
    rows = [(WAVE, earlier.wave)] if earlier.wave else []
    rows += [(UNREAD, name) for name in earlier.unread]
    return pd.DataFrame([(*row, "", "", "") for row in rows], columns=list(FACTS), dtype="str")


def _read_wave(folder: Path) -> Earlier:
    loaded = load(folder)
    faults = [one for one in loaded.problems if one.rule == NOTE]
    raws, *_ = correct(loaded.tables, loaded.totals, read_corrections(folder)[0])
    parsed = parse_tables(raws, faults)
    tables = parsed.tables
    faulty = {
        sheet_title(one.sheet) for one in loaded.problems if one.kind == PROBLEM and one.sheet
    }
    partial = {name for name in study().tables if normalise(study().tables[name].zh) in faulty}
    partial |= {name for name, rows in parsed.cells.items() if len(tables[name]) < len(rows)}
    lacking = partial | {name for name, _ in parsed.lost} | _lacking(folder, loaded)
    unread = {
        name: _columns(name, [*loaded.problems, *faults])
        for name in study().tables
        if name in lacking
    }
    return Earlier(
        folder.name, {name: rows for name, rows in tables.items() if name not in lacking}, unread
    )


def _lacking(folder: Path, loaded: Loaded) -> set[str]:
    """Return the tables for which the sheet of some county has not been read."""
    files, lacking = files_of(folder, []), set()
    read = list(zip(loaded.accounts["workbook"], loaded.accounts["sheet"], strict=True))
    for county in owners():
        books = {file.path.name for file in files if file.county == county}
        there = {sheet_title(sheet) for book, sheet in read if book in books}
        models = study().district_tables if county else study().book_tables
        lacking |= {model.name for model in models if normalise(model.zh) not in there}
    return lacking


def _columns(name: str, findings: list[Problem]) -> list[str]:
    """Return the columns of a table that its sheets lack or whose cells do not parse."""
    title = normalise(study().tables[name].zh)
    return sorted(
        {one.column for one in findings if one.column and sheet_title(one.sheet) == title}
    )
