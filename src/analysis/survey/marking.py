"""Write a county's own sheet for its return, with the cells in question marked and commented.

Header and rows keep their positions. Identifiers, and cells that may hold one, are not shown; of
the roster only the rows in question are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
from xlsxwriter.utility import xl_col_to_name

from analysis.survey import parse
from analysis.survey.codebook import Table
from analysis.survey.corrections import printed
from analysis.survey.forms.columns import columns
from analysis.survey.forms.validation import limits
from analysis.survey.identifiers import MASK, looks_personal
from analysis.survey.reading.book import Sheet
from analysis.survey.reading.header import Header
from analysis.survey.reading.rows import row_kinds
from analysis.survey.study import study
from analysis.survey.text import empty, normalise

if TYPE_CHECKING:
    from analysis.survey.problems import Problem

HIDDEN = {"name", "id_number", "phone", "remark"}
WIDEST = 1000  # columns, the most whose letters are looked up
PLACE = ("社区", "街道", "镇", "乡", "小计", "合计")


def write_marked(
    page: Any,
    sheet: Sheet,
    header: Header,
    model: Table,
    findings: pd.DataFrame,
    county: str,
    style: dict,
) -> None:
    """Write the header and rows of the form; mark and comment the cells in question."""
    for place in header.names:
        page.write_string(header.last, place, header.texts[place], style["head"])
    page.set_column(0, max(header.names), 14)
    page.freeze_panes(header.last + 1, 0)
    kinds = row_kinds(sheet, header)
    asked = set(findings["row"])
    for i, row in enumerate(sheet.cells):
        if kinds[i] in ("kept", "total") and (not model.identifiers or i + 1 in asked):
            for place, cell in _row(row, header, model, county).items():
                page.write(i, place, cell, style["cell"])
    for one in findings.itertuples():
        row = sheet.cells[one.row - 1] if one.row else []
        _mark(page, one, _row(row, header, model, county), header, model, style)


def _row(row: list, header: Header, model: Table, county: str) -> dict[int, object]:
    """Return the printed cells of a row by position.

    Of a community of another county only its code is shown.
    """
    cells = {place: row[place] if place < len(row) else "" for place in header.names}
    codes = [
        printed(cells[place]) for place, name in header.names.items() if name == "community_code"
    ]
    foreign = any(
        code.startswith(study().common_prefix) and not code.startswith(county) for code in codes
    )
    return {
        place: MASK if foreign and name != "community_code" else shown(cells[place], name, model)
        for place, name in header.names.items()
    }


def shown(cell: object, name: str, model: Table) -> int | float | str:
    """Return a printed cell; empty if it is or may be an identifier."""
    if empty(cell):
        return ""
    if (
        name in HIDDEN
        or looks_personal(cell)
        or (model.identifiers and not _answers(cell, name, model))
    ):
        return MASK
    if isinstance(cell, int | float) and not isinstance(cell, bool) and math.isfinite(cell):
        return cell
    return printed(cell)  # nan and inf too: a workbook cannot store them as numbers


def _answers(cell: object, name: str, model: Table) -> bool:
    """Return whether a cell of the roster answers its column.

    In shifted columns it may be a name.
    """
    if name == "serial":
        return isinstance(cell, int | float)
    if name in ("township", "community"):
        return isinstance(cell, str) and normalise(cell).endswith(PLACE)
    schema = model.columns[name]
    try:
        value = parse.reader(schema)(cell)
    except parse.UnreadableError:
        return False
    low, high = limits(schema)
    return low is None or low <= value <= high


def _mark(page: Any, one: Problem, cells: dict, header: Header, model: Table, style: dict) -> None:
    """Colour the cell of a finding and add the finding as a comment."""
    titles = {column.name: column.title for column in columns(model)}
    schema = model.columns
    places = [
        place
        for place, name in header.names.items()
        if one.column
        in (
            titles[name],
            schema[name].title if name in schema else titles[name],
            header.texts[place],
        )
    ]
    places = places or [place for place in range(WIDEST) if xl_col_to_name(place) == one.column]
    row, place = (
        (one.row - 1 if one.row else header.last),
        (places[0] if places else min(header.names)),
    )
    page.write(
        row,
        place,
        cells.get(place, "") if one.row else header.texts.get(place, ""),
        style[one.kind],
    )
    note = f"{one.column}：{one.county_message or one.message} [{one.code}]\n{one.remedy}"
    page.write_comment(row, place, note, {"author": "", "x_scale": 2, "y_scale": 1.5})
