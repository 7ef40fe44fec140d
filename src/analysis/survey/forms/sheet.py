"""Write the parts of a form: title lines, two header rows, merged cells, the page."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from analysis.survey.forms.columns import Column

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

FIRST_ROW = 5  # first row of data, from 0, below three title rows and two header rows


def write_cell(sheet: Worksheet, row: int, place: int, value: object, form: Any) -> None:
    """Write one value by its type; None gives an empty cell with a border."""
    if value is None:
        sheet.write_blank(row, place, None, form)
    elif isinstance(value, str):
        sheet.write_string(row, place, value, form)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, place, value, form)
    else:
        sheet.write_number(row, place, value, form)


def merge(
    sheet: Worksheet, top: int, left: int, bottom: int, right: int, text: str, form: Any
) -> None:
    """Merge cells, unless there is only one."""
    if (top, left) == (bottom, right):
        sheet.write_string(top, left, text, form)
    else:
        sheet.merge_range(top, left, bottom, right, text, form)


def write_top(sheet: Worksheet, last: int, title: str, by: str, units: str, style: dict) -> None:
    """Write the title, and below it the line with who fills in the form and the units."""
    sheet.merge_range(1, 0, 1, last, title, style["title"])
    sheet.merge_range(2, 0, 2, last - 2, f"填报单位：{by}", style["left"])
    sheet.merge_range(2, last - 1, 2, last, units, style["right"])
    sheet.set_row(1, 30)


def write_header(sheet: Worksheet, form: list[Column], style: dict) -> None:
    """Write two header rows: groups merged across, columns without a group merged down."""
    left = 0
    while left < len(form):
        group, right = form[left].group, left
        while group and right + 1 < len(form) and form[right + 1].group == group:
            right += 1
        if group:
            merge(sheet, 3, left, 3, right, group, style["header"])
            for place in range(left, right + 1):
                sheet.write_string(4, place, form[place].title, style["header"])
        else:
            merge(sheet, 3, left, 4, left, form[left].title, style["header"])
        left = right + 1
    sheet.set_row(4, 44)


def set_page(sheet: Worksheet, form: list[Column]) -> None:
    """Set column widths, and A4 landscape with the header on each page."""
    for place, column in enumerate(form):
        sheet.set_column(place, place, column.width)
    sheet.freeze_panes(FIRST_ROW, 0)
    sheet.repeat_rows(3, 4)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
