"""Reference tables: facts and definitions that are not survey data, read unchanged."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pandas as pd

from analysis.survey.access import check_read
from analysis.survey.folders import REFERENCE, root
from analysis.survey.messages import NO_REFERENCE, NO_ROW, UNREADABLE
from analysis.survey.problems import Problem, StudyError

# Tables that a study may lack, with their columns: a table that does not exist and that
# `study.toml` does not name under `reference` has no rows.
OPTIONAL = {
    "county_aliases": ("alias", "county_code"),
    "disclosure": ("rule", "value", "zh", "en"),
    "identities": ("identity", "zh", "check", "claims"),
    "named_places": ("real_code", "real_name", "stand_in"),
    "people": (
        "indicator",
        "kind",
        "table",
        "where",
        "within",
        "equals",
        "of",
        "by_district",
        "exceptions",
        "decimals",
        "assessment",
        "source",
    ),
    "points": ("id", "terms", "terms_en", "cell"),
    "refused_terms": ("lang", "refused", "use"),
    "rules": (
        "code",
        "table",
        "column",
        "check",
        "argument",
        "message_zh",
        "message_en",
        "remedy_zh",
        "remedy_en",
    ),
    "sentence_forms": ("form", "when", "contrast", "zh", "en"),
}


def reference(name: str) -> pd.DataFrame:
    """Return a reference table; every cell is text, and blank cells are empty texts."""
    path = root() / REFERENCE / f"{name}.csv"
    if not path.is_file() and not is_needed(name):
        return pd.DataFrame(columns=list(OPTIONAL[name]), dtype=str)
    check_read(path)
    check_references([path])
    return _read_reference(path).copy()


def needed(names: Iterable[str]) -> list[Path]:
    """Return the files of reference tables that this study must have."""
    paths = ((name, root() / REFERENCE / f"{name}.csv") for name in names)
    return [path for name, path in paths if path.is_file() or is_needed(name)]


def is_needed(name: str) -> bool:
    """Return whether a reference table must exist: it is required, or the study names it."""
    from analysis.survey.study import study  # which reads reference tables itself

    return name not in OPTIONAL or name in study().reference


def check_references(paths: Iterable[Path]) -> None:
    """Raise StudyError naming the reference tables that do not exist."""
    missing = [(REFERENCE / path.name).as_posix() for path in paths if not path.is_file()]
    if missing:
        raise StudyError(
            [Problem.of(NO_REFERENCE.fault(file=name), name) for name in sorted(missing)]
        )


@cache
def _read_reference(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except ValueError as error:  # empty, with ragged rows, or not UTF-8
        raise StudyError([Problem.of(UNREADABLE.fault(f": {error}"), path.name)]) from None


def missing_line(table: pd.DataFrame, /, **known: str) -> str:
    """Return the line to add to a reference table.

    It has the cells that are known, and in angle brackets the titles of those that every other row
    fills in.
    """
    filled = table.columns[(table != "").all()]
    cells = [known.get(title, f"<{title}>" * (title in filled)) for title in table.columns]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def no_row(name: str, /, **known: str) -> Problem:
    """Return the problem that a reference table lacks a row: its file, the line and its number.

    known: cells of the row, first that by which it was looked up.
    """
    table = reference(name)
    fault = NO_ROW.fault(key=next(iter(known.values())), line=missing_line(table, **known))
    return Problem.of(fault, (REFERENCE / f"{name}.csv").as_posix(), row=len(table) + 2)
