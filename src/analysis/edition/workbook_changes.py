"""Compare two versions of a workbook by cell, without printing data that identify a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from analysis.survey.codebook import Table
from analysis.survey.marking import shown
from analysis.survey.reading.book import Sheet, UnopenedError, open_book
from analysis.survey.reading.header import OPTIONAL, find_header
from analysis.survey.reading.names import sheet_title
from analysis.survey.study import of_wave, study
from analysis.survey.text import normalise

FEWEST_ALIKE = 5  # cells of one column that are listed; for more, rows are listed


class CellChange(NamedTuple):
    """A cell, or cells of a column, that differ: location, old and new content, note."""

    place: str
    old: str = ""
    new: str = ""
    note: str = ""


def workbook_changes(old: Path, new: Path, wave: str) -> list[CellChange]:
    """Return the cells of data that differ between two versions of a file of a wave."""
    try:
        before, after = (
            {sheet_title(one.title): one for one in open_book(p, p.stem)} for p in (old, new)
        )
    except UnopenedError as error:
        return [CellChange(new.name, note=str(error))]
    with of_wave(wave):
        models = {normalise(model.zh): model for model in study().tables.values()}
        return [
            change
            for title, model in models.items()
            if title in before or title in after
            for change in _sheets(new.name, model, before.get(title), after.get(title))
        ]


def _sheets(file: str, model: Table, old: Sheet | None, new: Sheet | None) -> Iterator[CellChange]:
    """Compare two versions of a sheet by column."""
    if old is None or new is None:
        yield CellChange(f"{file}!{model.zh}", note="gone" if old else "new")
        return
    before, after = _cells(old, model), _cells(new, model)
    for name in (name for name in dict.fromkeys([*after, *before]) if name not in OPTIONAL):
        was, now = before.get(name, {}), after.get(name, {})
        rows = sorted(
            row for row in was.keys() | now.keys() if was.get(row, "") != now.get(row, "")
        )
        yield from _column(
            f"{file}!{model.zh}", name, model, [(row, was.get(row), now.get(row)) for row in rows]
        )


def _cells(sheet: Sheet, model: Table) -> dict[str, dict[int, object]]:
    """Return the cells below the header by column of the form, and by row from 1."""
    header = find_header(sheet, model)
    below = list(enumerate(sheet.cells))[header.last + 1 :]
    return {
        name: {row + 1: cells[place] for row, cells in below if place < len(cells)}
        for place, name in header.names.items()
    }


def _column(sheet: str, name: str, model: Table, cells: list[tuple]) -> Iterator[CellChange]:
    """Yield the cells of a column that differ; for a sheet of people, only whether some do."""
    if not cells:
        return
    if model.of_people or name in model.identifiers:
        title = (
            model.identifiers[name].zh if name in model.identifiers else model.columns[name].title
        )
        yield CellChange(f"{sheet}!{title}", note="changed")
        return
    column = model.columns[name]
    where = f"{sheet}!{column.title}"
    if len(cells) > FEWEST_ALIKE:
        yield CellChange(
            f"{where} {cells[0][0]}–{cells[-1][0]}", note=f"{len(cells)} cells changed"
        )
    else:
        for row, *pair in cells:
            was, now = (str(shown("" if cell is None else cell, name, model)) for cell in pair)
            yield CellChange(f"{where} {row}", was, now)
