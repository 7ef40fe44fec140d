"""Corrections to cells as handed in: each says what it expects to find, why, and in which role it was made."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pandas as pd

from analysis.survey.codebook import IDENTIFIERS, TABLES
from analysis.survey.identifiers import looks_personal
from analysis.survey.problems import Problem
from analysis.survey.text import empty, normalise

FILE = "corrections.csv"
COLUMNS = ("file", "sheet", "row", "column", "expected", "new", "reason", "who", "date")
PLACE = ["file", "sheet", "row"]


def read_corrections(raw: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Read `corrections.csv` of a wave; none is as good as an empty one.

    Returns COLUMNS as text, `row` as a whole number and the `line` of the file; and what is wrong with it.
    """
    none = pd.DataFrame(columns=[*COLUMNS, "line"], dtype=str).astype({"row": int, "line": int})
    try:
        table = pd.read_csv(raw / FILE, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        return none, []
    except (ValueError, OSError) as error:
        return none, [Problem(FILE, message=f"无法读取 (cannot be read): {error}")]
    if list(table.columns) != list(COLUMNS):
        return none, [Problem(FILE, message=f"列应为 {', '.join(COLUMNS)} (cannot be read: other columns)")]
    table["line"] = range(2, len(table) + 2)
    faults = [fault for row in table.itertuples() for fault in _faults(row)]
    sound = table[~table["line"].isin([fault.row for fault in faults])].astype({"row": int})
    twice = sound[sound.duplicated([*PLACE, "column"])]
    faults += [
        Problem(FILE, "", "column", r.line, "同一单元格改了两次 (corrected twice)") for r in twice.itertuples()
    ]
    return sound.drop(twice.index), faults


def _faults(row) -> list[Problem]:
    """Check one line by itself."""
    problems = []
    if not row.row.isdecimal():
        problems.append(("row", "应为整数 (a whole number is wanted)"))
    problems += [(name, "空白 (blank)") for name in ("reason", "who", "date") if not getattr(row, name).strip()]
    if row.date.strip() and not _is_date(row.date):
        problems.append(("date", "不是日期，如 2018-03-01 (not a date)"))
    if row.column in (*IDENTIFIERS, *IDENTIFIERS.values()) or _names_person(row):
        problems.append(("column", "身份信息不在此更正 (identifiers are not corrected here)"))
    elif _same(row.expected, row.new):
        problems.append(("new", "新旧相同 (changes nothing)"))
    return [Problem(FILE, "", column, row.line, message) for column, message in problems]


def _is_date(text: str) -> bool:
    try:
        return bool(dt.date.fromisoformat(text.strip()))
    except ValueError:
        return False


def _names_person(row) -> bool:
    """Tell whether a line holds what looks like an ID or phone number, which must not be kept in a file."""
    return any(map(looks_personal, (row.expected, row.new)))


def correct(loaded: dict[str, pd.DataFrame], totals: dict, corrections: pd.DataFrame):
    """Apply corrections to raw frames and total rows.

    Returns (frames, totals, applied, problems); applied: the corrections made, with `table` and `field`.
    """
    frames = {name: rows.copy() for name, rows in loaded.items()}
    sums = {name: rows.copy() for name, rows in totals.items()}
    applied, problems = [], []
    for line in corrections.itertuples():
        hit = _find(frames, line) or _find(sums, line)
        if not hit:
            message = f"{line.file}!{line.sheet}!{line.column} {line.row} (no such place)"
            problems.append(Problem(FILE, "", "row", line.line, message))
            continue
        table, rows, label, name = hit
        if not _same(rows.at[label, name], line.expected):
            found = "" if table == "workers" else f"，现为“{printed(rows.at[label, name])}”"
            place = f"{line.file}!{line.sheet}!{line.column} {line.row}"
            message = f"{place} 不是“{line.expected}”{found} (the expected value is not there)"
            problems.append(Problem(FILE, "", "expected", line.line, message))
            continue
        rows.at[label, name] = line.new if line.new.strip() else None
        applied.append([*(getattr(line, column) for column in COLUMNS), table, name])
    kept = pd.DataFrame(applied, columns=[*COLUMNS, "table", "field"])
    types = dict.fromkeys(kept.columns, "str") | {"row": int}
    return frames, sums, kept.astype(types), problems


def _find(frames: dict[str, pd.DataFrame], line):
    """Find (table, frame, label, column) of a correction's cell, or nothing."""
    for table, rows in frames.items():
        here = rows[(rows["workbook"] == line.file) & (rows["sheet"] == line.sheet) & (rows["row"] == line.row)]
        name = _column(table, line.column)
        if len(here) and name in rows:
            return table, rows, here.index[0], name
    return None


def _column(table: str, said: str) -> str:
    """Return the column that a correction names by title, by `group/title`, or by its name in the codebook."""
    for name, schema in TABLES[table].to_schema().columns.items():
        titles = {name, normalise(schema.title), normalise(f"{schema.metadata['group']}/{schema.title}")}
        if normalise(said) in titles and name not in ("county_code", "workbook", "sheet", "row"):
            return name
    return ""


def printed(cell) -> str:
    """Print a cell as it was typed: whole numbers without a decimal point, a date by its day, blank as nothing."""
    if empty(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return cell.date().isoformat() if isinstance(cell, dt.datetime) else str(cell)


def _same(cell, said) -> bool:
    """Tell whether a cell shows what a correction expects, whatever width or spacing."""
    return normalise(printed(cell)).removesuffix("元") == normalise(said).removesuffix("元")


def corrections_of(sources: str, corrections: pd.DataFrame) -> pd.DataFrame:
    """Pick the corrections that lie in what a number was computed from.

    sources: as an estimate's `sources` has it, `file!sheet first-last; …`; corrections: the clean table.
    """
    spans = re.findall(r"([^;!]+)!([^;]+?) (\d+)-(\d+)", sources)
    within = pd.Series(False, index=corrections.index)
    for file, sheet, first, last in spans:
        here = (corrections["file"] == file.strip()) & (corrections["sheet"] == sheet)
        within |= here & corrections["row"].between(int(first), int(last))
    return corrections[within]
