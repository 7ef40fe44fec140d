"""Corrections to cells as handed in, each with the expected value, the reason and the role."""

from __future__ import annotations

import csv
import datetime as dt
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.survey.characters import read_records, text_fault
from analysis.survey.citation import Citation
from analysis.survey.identifiers import looks_personal
from analysis.survey.messages import (
    CHANGES_NOTHING,
    CORRECTED_TWICE,
    CORRECTIONS_UTF8,
    EXPECTED_OTHER,
    IDENTIFIER,
    NO_REASON,
    NO_SUCH_COLUMN,
    NO_SUCH_FILE,
    NO_SUCH_ROW,
    NO_SUCH_SHEET,
    NOT_A_DATE,
    NOT_WHOLE,
    OTHER_COLUMNS,
    OTHER_FIELDS,
    UNREADABLE,
    Fault,
)
from analysis.survey.parse import spellings
from analysis.survey.problems import Problem
from analysis.survey.reading.header import FROM_FILE, expected, split_unit
from analysis.survey.study import study
from analysis.survey.text import empty, normalise

FILE = "corrections.csv"
COLUMNS = ("file", "sheet", "row", "column", "expected", "new", "reason", "who", "date")
PLACE = ["file", "sheet", "row"]
YUAN = re.compile(r"[0-9]元$")


def read_corrections(raw: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Read `corrections.csv` of a wave; a missing file is the same as an empty one.

    Returns (corrections, problems). corrections: COLUMNS as text, `row` as a whole number, and the
    `line` of the file.
    """
    none = pd.DataFrame(columns=[*COLUMNS, "line"], dtype=str).astype({"row": int, "line": int})
    if not os.path.lexists(raw / FILE):
        return none, []
    if not (raw / FILE).is_file():  # reading a pipe would block
        return none, [Problem.of(UNREADABLE.fault(": not a regular file"), FILE)]
    try:
        (_, head), *records = [*read_records(raw / FILE)] or [(1, [])]
    except UnicodeDecodeError:
        return none, [Problem.of(CORRECTIONS_UTF8.fault(), FILE)]
    except (ValueError, OSError, csv.Error) as error:
        return none, [Problem.of(UNREADABLE.fault(f": {error}"), FILE)]
    if head != list(COLUMNS):
        return none, [Problem.of(OTHER_COLUMNS.fault(columns=", ".join(COLUMNS)), FILE)]
    wrong = OTHER_FIELDS.fault(fields=len(COLUMNS))
    faults = [
        Problem.of(wrong, FILE, row=line) for line, cells in records if len(cells) != len(COLUMNS)
    ]
    whole = [[*cells, line] for line, cells in records if len(cells) == len(COLUMNS)]
    table = pd.DataFrame(whole, columns=[*COLUMNS, "line"]).astype(
        dict.fromkeys(COLUMNS, "str") | {"line": int}
    )
    faults += [fault for row in table.itertuples() for fault in _faults(row)]
    sound = table[~table["line"].isin([fault.row for fault in faults])].astype({"row": int})
    twice = sound[sound.duplicated([*PLACE, "column"])]
    faults += [
        Problem.of(CORRECTED_TWICE.fault(), FILE, "", "column", r.line) for r in twice.itertuples()
    ]
    return sound.drop(twice.index), faults


def _faults(row: Any) -> list[Problem]:
    """Return the problems of one line."""
    problems = [(name, fault) for name in COLUMNS if (fault := text_fault(getattr(row, name)))]
    if not (row.row.isascii() and row.row.isdecimal()):
        problems.append(("row", NOT_WHOLE.fault()))
    problems += [
        (name, NO_REASON.fault())
        for name in ("reason", "who", "date")
        if not getattr(row, name).strip()
    ]
    if row.date.strip() and not _is_date(row.date):
        problems.append(("date", NOT_A_DATE.fault()))
    personal = (*study().identifiers, *study().identifiers.values())
    if _header(row.column)[0].split("/")[-1] in personal or _names_person(row):
        problems.append(("column", IDENTIFIER.fault()))
    elif _same(row.expected, row.new):
        problems.append(("new", CHANGES_NOTHING.fault()))
    return [Problem.of(fault, FILE, "", column, row.line) for column, fault in problems]


def _is_date(text: str) -> bool:
    try:
        return bool(dt.date.fromisoformat(text.strip()))
    except ValueError:
        return False


def _names_person(row: Any) -> bool:
    """Return whether a line seems to hold an ID or phone number, which must not be stored."""
    return any(map(looks_personal, (row.expected, row.new, row.reason, row.who)))


def correct(loaded: dict[str, pd.DataFrame], totals: dict, corrections: pd.DataFrame) -> Any:
    """Apply corrections to raw frames and total rows.

    Returns (frames, totals, applied, problems); applied: the corrections made, with `table` and
    `field`.
    """
    frames = {name: rows.copy() for name, rows in loaded.items()}
    sums = {name: rows.copy() for name, rows in totals.items()}
    applied, problems = [], []
    for line in corrections.itertuples():
        try:
            table, rows, label, name = _find([*frames.items(), *sums.items()], line)
        except MisplacedError as error:
            problems.append(Problem.of(error.fault, FILE, "", error.part, line.line))
            continue
        if not _same(rows.at[label, name], line.expected):
            found = (
                ""
                if study().tables[table].identifiers
                else f"，现为“{printed(rows.at[label, name])}”"
            )
            place = f"{line.file}!{line.sheet}!{line.column} {line.row}"
            fault = EXPECTED_OTHER.fault(place=place, expected=line.expected, found=found)
            problems.append(Problem.of(fault, FILE, "", "expected", line.line))
            continue
        rows.at[label, name] = _new(line, rows.at[label, name])
        applied.append([*(getattr(line, column) for column in COLUMNS), table, name])
    kept = pd.DataFrame(applied, columns=[*COLUMNS, "table", "field"])
    types = dict.fromkeys(kept.columns, "str") | {"row": int}
    return frames, sums, kept.astype(types), problems


def _new(line: Any, cell: object) -> str | None:
    """Return the new value of a cell, with 元 if the cell or the named column is in 元."""
    if not line.new.strip():
        return None
    yuan = "元" in _header(line.column)[1] or (
        isinstance(cell, str) and YUAN.search(normalise(cell))
    )
    return f"{line.new}元" if yuan and not normalise(line.new).endswith("元") else line.new


class MisplacedError(LookupError):
    """Raised with the part of a correction's location that does not exist, and the fault."""

    def __init__(self, part: str, fault: Fault) -> None:
        super().__init__(fault.text)
        self.part, self.fault = part, fault


def _find(tables: list[tuple[str, pd.DataFrame]], line: Any) -> Any:
    """Return (table, frame, label, column) of a correction's cell.

    Raises MisplacedError with the part of the location that does not exist.
    """
    handed_in = [(table, rows, rows[rows["workbook"] == line.file]) for table, rows in tables]
    if not any(len(own) for *_, own in handed_in):
        raise MisplacedError("file", NO_SUCH_FILE.fault())
    sheets = [(table, rows, own[own["sheet"] == line.sheet]) for table, rows, own in handed_in]
    sheets = [(table, rows, own) for table, rows, own in sheets if len(own)]
    if not sheets:
        there = "、".join(dict.fromkeys(title for *_, own in handed_in for title in own["sheet"]))
        raise MisplacedError("sheet", NO_SUCH_SHEET.fault(sheets=there))
    table = sheets[0][0]
    name = _column(table, line.column)
    if not name:
        raise MisplacedError("column", NO_SUCH_COLUMN.fault(columns="、".join(_titles(table))))
    for _, rows, own in sheets:
        for label in own.index[own["row"] == line.row]:
            return table, rows, label, name
    raise MisplacedError("row", NO_SUCH_ROW.fault())


def _header(said: str) -> tuple[str, list[str]]:
    """Split a printed title, `任职情况/年收入（万元）`, into its folded name and its units."""
    parts = [split_unit(part) for part in normalise(said).split("/")]
    return "/".join(title for title, _ in parts), [unit for _, unit in parts if unit]


def _column(table: str, said: str) -> str:
    """Return the column that a correction names; empty if there is none.

    It is named by its header, or by its name in the codebook.
    """
    title, units = _header(said)
    name, schema = expected(study().tables[table]).get(title, title), study().tables[table].columns
    if name not in schema or name in FROM_FILE:
        return ""
    return name if set(units) <= spellings(schema[name].metadata["unit"]).keys() else ""


def _titles(table: str) -> list[str]:
    """List the column titles of a sheet, with the group for titles that occur twice."""
    asked = [
        schema for name, schema in study().tables[table].columns.items() if name not in FROM_FILE
    ]
    titles = [schema.title for schema in asked]
    return [
        one.title if titles.count(one.title) == 1 else f"{one.metadata['group']}/{one.title}"
        for one in asked
    ]


def printed(cell: object) -> str:
    """Format a cell as it was entered.

    Whole numbers have no decimal point, dates no time; blank cells give an empty text.
    """
    if empty(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return cell.date().isoformat() if isinstance(cell, dt.datetime) else str(cell)


def _same(cell: object, said: str) -> bool:
    """Return whether a cell shows what a correction expects, apart from width and spacing."""
    return normalise(printed(cell)).removesuffix("元") == normalise(said).removesuffix("元")


def corrections_of(cited: Iterable[Citation], corrections: pd.DataFrame) -> pd.DataFrame:
    """Return the corrections that lie in the rows from which a number was computed.

    cited: citations; only those of rows of workbooks count. corrections: the clean table.
    """
    within = pd.Series(False, index=corrections.index)
    for part in cited:
        here = (corrections["file"] == part.file) & (corrections["sheet"] == part.sheet)
        if here.any() and part.spans:
            rows = corrections["row"]
            within |= here & np.logical_or.reduce(
                [rows.between(first, last) for first, last in part.spans]
            )
    return corrections[within]
