"""Blank workbooks of a wave, one for each county and one for interviews.

They have headers, drop-downs, the known places and an explanation.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xlsxwriter

from analysis.survey.codebook import Table
from analysis.survey.forms.columns import Column, columns, unit_line
from analysis.survey.forms.explanation import write_explanation
from analysis.survey.forms.layout import formats
from analysis.survey.forms.sheet import FIRST_ROW, set_page, write_cell, write_header, write_top
from analysis.survey.forms.validation import write_validation
from analysis.survey.frame import reporting
from analysis.survey.study import of_wave, study

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

NUMERALS = "一二三四五六七八九"
SIGNED = ("填表人：", "审核人：", "填报日期：")
MIN_BLANK_ROWS = 40  # if a county has few communities


def write_forms(
    folder: Path, wave: str, frame: pd.DataFrame, townships: pd.DataFrame
) -> list[Path]:
    """Write `<code>_<county>.xlsx` for each county, and the other workbook, into `folder`.

    The other workbook belongs to no county. The same frame gives the same bytes.

    frame, townships: the communities and townships of the wave, which the forms list.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with of_wave(wave):
        for code, county in study().districts.items():
            paths.append(folder / f"{code}_{county}.xlsx")
            own, towns = (table[table["county_code"] == code] for table in (frame, townships))
            write_form_book(
                paths[-1], wave, f"{county}{study().office}", study().district_tables, own, towns
            )
        if study().book:
            paths.append(folder / f"{study().book}.xlsx")
            write_form_book(paths[-1], wave, "", study().book_tables, frame, townships)
    return paths


def write_form_book(
    path: Path,
    wave: str,
    by: str,
    models: tuple[Table, ...],
    frame: pd.DataFrame,
    townships: pd.DataFrame,
) -> None:
    """Write one blank workbook with a sheet for each table; by: who fills it in."""
    with xlsxwriter.Workbook(
        str(path), {"strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        book.set_properties(
            {"title": f"{study().form_title} {wave}", "created": datetime(2020, 1, 1)}
        )
        style = formats(book)
        for number, model in enumerate(models, start=1):
            sheet, form = book.add_worksheet(model.zh), columns(model)
            sheet.write_string(0, 0, f"附件{number}", style["left"])
            title = f"{study().form_title}（{wave}）之{NUMERALS[number - 1]}：{model.zh}"
            write_top(sheet, len(form) - 1, title, by, unit_line(model, form), style)
            write_header(sheet, form, style)
            given = prefilled(model, frame, townships)
            free = (
                max(model.blank_rows * len(frame), MIN_BLANK_ROWS)
                if model.blank_rows or not given
                else 0
            )
            write_rows(sheet, form, given + [{}] * free, style)
            write_validation(
                sheet, model, form, FIRST_ROW, FIRST_ROW + len(given) + free - 1, len(frame)
            )
            sheet.write_row(FIRST_ROW + len(given) + free + 1, 0, SIGNED, style["left"])
            set_page(sheet, form)
        write_explanation(book, models, style)


def prefilled(model: Table, frame: pd.DataFrame, townships: pd.DataFrame) -> list[dict]:
    """Return the rows known beforehand: communities, townships, or the answers of a list."""
    match model.rows:
        case "communities":
            rows = frame[["township", "community", "community_code"]].to_dict("records")
        case "townships":
            rows = reporting(townships)[["township"]].to_dict("records")
        case "codes":
            rows = [
                {model.named_by: answer}
                for answer in model.columns[model.named_by].metadata["codes"]
            ]
        case "one":
            rows = [{}]
        case _:
            rows = []
    return [{"serial": serial} | row for serial, row in enumerate(rows, start=1)]


def write_rows(sheet: Worksheet, form: list[Column], rows: list[dict], style: dict) -> None:
    """Write the rows to fill in, with the values known beforehand."""
    for row, cells in enumerate(rows, start=FIRST_ROW):
        for place, column in enumerate(form):
            write_cell(sheet, row, place, cells.get(column.name), style[column.form])
