"""Write filled-in forms as counties hand them in: titles, two header rows, merged cells, signatures."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import xlsxwriter

from analysis.survey.codebook import Table
from analysis.survey.synthetic.forms import Column, body, columns, unit_line
from analysis.survey.synthetic.layout import INSTRUCTIONS, SIGNATURES, WIDTHS, formats

MARK = "（合成数据）"
MERGED = ("communities", "workers", "election_candidates")
FIRST_ROW = 5  # of data, counted from 0: three title rows and two header rows are above


def write_cell(sheet, row: int, place: int, value, form) -> None:
    """Write one value by its type; None leaves a bordered blank."""
    if value is None:
        sheet.write_blank(row, place, None, form)
    elif isinstance(value, str):
        sheet.write_string(row, place, value, form)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, place, value, form)
    else:
        sheet.write_number(row, place, value, form)


def merge(sheet, top: int, left: int, bottom: int, right: int, text: str, form) -> None:
    """Merge cells, unless there is only one."""
    if (top, left) == (bottom, right):
        sheet.write_string(top, left, text, form)
    else:
        sheet.merge_range(top, left, bottom, right, text, form)


def write_top(sheet, last: int, title: str, by: str, units: str, style: dict) -> None:
    """Write the title, and below it who fills the form in and the units."""
    sheet.merge_range(1, 0, 1, last, title, style["title"])
    sheet.merge_range(2, 0, 2, last - 2, f"填报单位：{by}{MARK}", style["left"])
    sheet.merge_range(2, last - 1, 2, last, units, style["right"])
    sheet.set_row(1, 30)


def write_header(sheet, form: list[Column], style: dict) -> None:
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


def write_body(sheet, rows: list[tuple[str, dict]], form: list[Column], style: dict) -> None:
    """Write the rows, bold where they are sums."""
    for row, (kind, cells) in enumerate(rows, start=FIRST_ROW):
        for place, column in enumerate(form):
            look = column.form if kind == "data" else f"{column.form} sum"
            write_cell(sheet, row, place, cells.get(column.name), style[look])


def merge_townships(sheet, rows: list[tuple[str, dict]], form: list[Column], style: dict) -> None:
    """Merge each township down over its rows, which a 小计 row ends."""
    place = [column.name for column in form].index("township")
    top = FIRST_ROW
    for row, (kind, _) in enumerate(rows, start=FIRST_ROW):
        if kind == "subtotal":
            township = rows[top - FIRST_ROW][1]["township"]
            merge(sheet, top, place, row - 1, place, township, style["cell"])
            top = row + 1


def write_signatures(sheet, row: int, width: int, style: dict) -> None:
    """Write who filled the form in, who checked it, and when, spread over its width."""
    middle = width // 2
    for place, text in zip((0, middle, max(width - 2, middle + 1)), SIGNATURES, strict=True):
        sheet.write_string(row, place, text, style["left"])


def set_page(sheet, form: list[Column]) -> None:
    """Set column widths, and A4 across with the header on each page."""
    for place, column in enumerate(form):
        sheet.set_column(place, place, WIDTHS.get(column.name, 10))
    sheet.freeze_panes(FIRST_ROW, 0)
    sheet.repeat_rows(3, 4)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def write_form(book, style: dict, model, frame: pd.DataFrame, title: str, by: str) -> None:
    """Write one sheet: a filled-in form with its title rows, header, rows and signatures."""
    sheet, table, form = (book.add_worksheet(model.Config.title), model.Config.name, columns(model))
    number = len(book.worksheets())
    rows = body(table, frame, form)
    sheet.write_string(0, 0, f"附件{number}", style["left"])
    full_title = f"{title}之{'一二三四五六七'[number - 1]}：{model.Config.title}{MARK}"
    write_top(sheet, len(form) - 1, full_title, by, unit_line(table, form), style)
    write_header(sheet, form, style)
    write_body(sheet, rows, form, style)
    if table in MERGED:
        merge_townships(sheet, rows, form, style)
    write_signatures(sheet, FIRST_ROW + len(rows) + 1, len(form), style)
    set_page(sheet, form)


def write_workbook(
    path: Path,
    forms: list[tuple[type[Table], pd.DataFrame]],
    title: str,
    by: str,
    left_empty: bool = False,
) -> None:
    """Write a workbook of forms, with an empty Sheet2 where `left_empty`, and hidden instructions.

    title: of the survey; by: who hands the forms in. No clock is read: same forms, same bytes.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": title + MARK, "created": datetime(2020, 4, 30)})
        style = formats(book)
        for model, frame in forms:
            write_form(book, style, model, frame, title, by)
        if left_empty:
            book.add_worksheet("Sheet2")
        notes = book.add_worksheet("填表说明")
        notes.write_column(0, 0, INSTRUCTIONS)
        notes.set_column(0, 0, 90)
        notes.hide()
