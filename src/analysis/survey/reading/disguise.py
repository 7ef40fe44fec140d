"""Ask about cells that look different from their values.

They are hidden, struck out, raised, formatted or covered.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from analysis.survey import messages
from analysis.survey.codebook import Table
from analysis.survey.messages import Fault
from analysis.survey.parse import spellings
from analysis.survey.problems import Problem
from analysis.survey.reading.book import Sheet
from analysis.survey.reading.header import OPTIONAL, Header, known_units
from analysis.survey.reading.styles import STRUCK, Look
from analysis.survey.study import study
from analysis.survey.text import empty, normalise

LOOKS = {
    "struck": messages.STRUCK,
    "raised": messages.RAISED,
    "unseen": messages.UNSEEN,
    "percent": messages.PERCENT,
    "scaled": messages.SCALED,
    "not calculated": messages.ZERO_SAVED,
    "added": messages.FORMAT_ADDS,
}


# (row, position) of cells of data, with the name of their column
Filled = dict[tuple[int, int], str]


def looks_otherwise(
    sheet: Sheet, header: Header, model: Table, kept: list[int], workbook: str
) -> list[Problem]:
    """Return questions for rows and columns of data that look different from their values.

    kept: rows of data, from 0. One question for each run of rows, and for each column and look.
    """
    marks, asked = sheet.marks, _covered(sheet, header, set(kept))
    if marks.hidden or marks.hidden_columns or marks.looks:
        filled = _filled(sheet, header, kept)
        struck = _struck_rows(sheet, filled)
        asked += [
            ("", rows, messages.ROW_HIDDEN.fault()) for rows in runs(marks.hidden & set(kept))
        ]
        asked += [("", rows, messages.ROW_STRUCK.fault()) for rows in runs(struck)]
        hidden = {name for (_, place), name in filled.items() if place in marks.hidden_columns}
        asked += [
            (name, [], messages.COLUMN_HIDDEN.fault())
            for name in header.names.values()
            if name in hidden
        ]
        asked += _looks(sheet, model, filled, struck)
    if marks.veiled and kept:
        asked.append(("", [], messages.SHEET_HIDDEN.fault()))
    if marks.conditional and kept:
        asked.append(("", [], messages.CONDITIONAL.fault()))
    problems = []
    for name, rows, fault in asked:
        place = (workbook, sheet.title, _title(name, model), rows[0] + 1 if rows else 0)
        problems.append(Problem.of(fault, *place, quote=_at(rows)))
    return problems


def _filled(sheet: Sheet, header: Header, kept: list[int]) -> Filled:
    return {
        (i, place): name
        for i in kept
        for place, name in header.names.items()
        if name not in OPTIONAL and place < len(sheet.cells[i]) and not empty(sheet.cells[i][place])
    }


def _looks(sheet: Sheet, model: Table, filled: Filled, struck: set[int]) -> list[tuple]:
    """Group the cells that look different from their values by column and message."""
    groups: dict[tuple[str, Fault | None], list[int]] = {}
    for (i, place), look in sheet.marks.looks.items():
        if (i, place) in filled and not (look == STRUCK and i in struck):
            name = filled[i, place]
            groups.setdefault((name, _message(look, name, model)), []).append(i)
    return [(name, sorted(rows), message) for (name, message), rows in groups.items() if message]


def _covered(sheet: Sheet, header: Header, kept: set[int]) -> list[tuple]:
    """Group the cells of data that a merged cell covers, and thus hides, by column."""
    groups: dict[str, set[int]] = {}
    for (top, left), (bottom, right) in sheet.merged:
        for i in range(max(top, header.last + 1), min(bottom + 1, len(sheet.cells))):
            row = sheet.cells[i]
            for place in range(left, min(right + 1, len(row))):
                name = header.names.get(place, OPTIONAL[0])
                if (
                    i in kept
                    and (i, place) != (top, left)
                    and name not in OPTIONAL
                    and not empty(row[place])
                ):
                    groups.setdefault(name, set()).add(i)
    return [(name, sorted(rows), messages.COVERED.fault()) for name, rows in groups.items()]


def _message(look: Look, name: str, model: Table) -> Fault | None:
    """Return the message of a look; None for a number format that adds the column's unit."""
    what, added = look
    if what != "added":
        return LOOKS[what].fault()
    schema = model.columns
    unit = schema[name].metadata["unit"] if name in schema else ""
    if normalise(added) in spellings(unit) and spellings(unit)[normalise(added)] == 1:
        return None
    shown = f"“{added}”" if normalise(added) in known_units() or added in "¥￥$€" else "文字"
    return LOOKS[what].fault(shown=shown, added=shown if shown != "文字" else "text")


def _struck_rows(sheet: Sheet, filled: Filled) -> set[int]:
    """Return the rows in which every cell of the form is struck out."""
    rows = {i for i, place in filled if sheet.marks.looks.get((i, place)) == STRUCK}
    whole = {i for i, place in filled if sheet.marks.looks.get((i, place)) != STRUCK}
    return rows - whole


def runs(rows: Iterable[int]) -> list[list[int]]:
    """Split rows into runs of consecutive rows."""
    ordered = sorted(rows)
    if not ordered:
        return []
    breaks = [i for i, (one, other) in enumerate(pairwise(ordered), 1) if other != one + 1]
    return [ordered[start:end] for start, end in pairwise([0, *breaks, len(ordered)])]


def _at(rows: list[int]) -> str:
    """Return rows as ranges of sheet row numbers; empty for one row, which is the location."""
    if len(rows) < 2:
        return ""
    spans = [
        str(run[0] + 1) if len(run) == 1 else f"{run[0] + 1}–{run[-1] + 1}" for run in runs(rows)
    ]
    return f"第{'、'.join(spans)}行："


def _title(name: str, model: Table) -> str:
    """Return the title of a column as in other findings; empty if there is no column."""
    schema = model.columns
    return schema[name].title if name in schema else study().identifiers.get(name, "")
