"""Check the roster's direct identifiers, which are read for this only and never repeated."""

from __future__ import annotations

import re
from operator import mul
from typing import Any

import pandas as pd

from analysis.survey.messages import (
    BLANK_CELL,
    NOT_A_PHONE,
    NOT_AN_ID,
    PERSON_IN_ANOTHER,
    PERSON_TWICE,
    Fault,
    Message,
)
from analysis.survey.parse import ABSENT, Broken
from analysis.survey.problems import BLANK, SAME_PERSON, Problem
from analysis.survey.study import study
from analysis.survey.text import compatible, empty, fold

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
MASK = "（略）"  # in place of what may be an identifier
PERSONAL = re.compile(r"(?<!\d)(\d{17}[\dXx]|\d{15}|1\d{10})(?!\d)")


def check_digit(first17: str) -> str:
    """Return the eighteenth character of an ID number (GB 11643-1999: ISO 7064 MOD 11-2)."""
    return CHECK_DIGITS[sum(map(mul, WEIGHTS, map(int, first17))) % 11]


def valid_id(number: str) -> bool:
    """Return whether an ID number has eighteen characters and the right check digit."""
    return bool(re.fullmatch(r"[0-9]{17}[0-9X]", number)) and check_digit(number[:17]) == number[17]


def looks_personal(cell: object) -> bool:
    """Return whether a cell holds what may be an ID or telephone number, anywhere in it."""
    # an ID number stored as a number
    if isinstance(cell, float) and 1e14 <= abs(cell) < 1e18:
        return True
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return bool(PERSONAL.search(compatible(cell)))


def identifier_problems(roster: pd.DataFrame) -> list[Problem]:
    """Return problems for blank or malformed identifiers, and for people listed twice.

    `roster` holds the columns of study().identifiers plus workbook, sheet and row. Duplicates are
    found within a county and across counties; the message names the other row, never the number.
    """
    ids = roster["id_number"].map(_id).astype(object)
    phones = roster["phone"].map(_text).astype(str)
    valid = ids.map(valid_id).astype(bool)
    blank = roster["name"].map(_text).isin(["", "#"])  # or broken
    problems = _where(roster, "name", blank, BLANK_CELL)
    problems += _where(roster, "id_number", ~valid, NOT_AN_ID)
    problems += _where(roster, "phone", ~phones.str.fullmatch(r"1[0-9]{10}"), NOT_A_PHONE)
    again = ids.duplicated() & valid
    firsts = dict(zip(ids[::-1], ids.index[::-1], strict=True))
    for i in roster.index[again]:
        first, here = roster.loc[firsts[ids[i]]], roster.loc[i]
        message = PERSON_TWICE if first["workbook"] == here["workbook"] else PERSON_IN_ANOTHER
        fault = message.fault(file=first["workbook"], row=first["row"])
        value = f"{first['workbook']} 第{first['row']}行"
        same = first["workbook"] == here["workbook"] and first["sheet"] == here["sheet"]
        rule = SAME_PERSON if same else ""
        problems.append(_problem(here, "id_number", fault, value=value, rule=rule))
    return problems


def _id(cell: object) -> str:
    """Return an ID number as text; one stored as a number has lost its last digits."""
    return _text(cell).upper() if isinstance(cell, str) else ""


def _text(cell: object) -> str:
    if isinstance(cell, Broken):
        return "#"
    if cell is None or (isinstance(cell, float) and pd.isna(cell)):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "".join(fold(str(cell)).split())


def _where(roster: pd.DataFrame, column: str, bad: pd.Series, message: Message) -> list[Problem]:
    rows = roster[bad.astype(bool)].to_dict("records")
    return [_cell_problem(row, column, message) for row in rows if row[column] is not ABSENT]


def _cell_problem(row: dict[str, Any], column: str, message: Message) -> Problem:
    """Return the problem of a cell; a merged cell or error value has its own message."""
    cell = row[column]
    if isinstance(cell, Broken):
        return _problem(row, column, cell.fault)
    return _problem(row, column, message.fault(), rule=BLANK if empty(cell) else "")


def _problem(row: Any, column: str, fault: Fault, rule: str = "", value: str = "") -> Problem:
    place = (row["workbook"], row["sheet"], study().identifiers[column], int(row["row"]))
    return Problem.of(fault, *place, rule=rule, value=value)
