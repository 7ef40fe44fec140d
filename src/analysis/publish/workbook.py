"""All tables of the report in one workbook: cover, contents, and one sheet per table.

Sheets give units, notes and basis.
"""

from __future__ import annotations

import io
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import xlsxwriter
from nbformat import NotebookNode

from analysis.publish.cells import reports_of
from analysis.publish.page import in_language
from analysis.publish.text import Text

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

WORDS = {
    "zh": {
        "cover": "封面",
        "contents": "目录",
        "title": "题目",
        "sheet": "工作表",
        "basis": "数据性质：",
        "unit": "单位与范围：",
        "notes": "说明：— 表示没有这个数；“不公布”表示会透露个人情况；单位见各列标题。",
    },
    "en": {
        "cover": "Cover",
        "contents": "Contents",
        "title": "Title",
        "sheet": "Sheet",
        "basis": "Basis: ",
        "unit": "Units and scope: ",
        "notes": "— means there is no such number, “withheld” that it would tell of persons; "
        "units stand in the column heads.",
    },
}
NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d*|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d+)?")
WIDEST = 60
FORBIDDEN, MOST_SIGNS = re.compile(r"[\[\]:*?/\\]"), 31  # in the name of a sheet
MOST_DIGITS = 15  # a longer number is a code, which would lose its last digits


def workbook(notebook: NotebookNode, site: dict, when: datetime, counties: dict) -> bytes:
    """Return tables.xlsx of an executed report notebook: its tables, and the data of its figures.

    counties: the table of all indicators by county, which is the first: title, subtitle, table
    (columns, rows). when: the date written in the file, so that the same report gives the same
    bytes. A cell that begins like a formula is written as text.
    """
    words, buffer = WORDS[site["lang"]], io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": site["report"], "author": site["kicker"], "created": when})
        styles = _styles(book)
        shown = in_language(notebook, site["lang"])
        reports = [report for _, report in reports_of(shown.cells) if "table" in report]
        sheets = [counties, *map(_with_plain_words, reports)]
        names = _names([sheet["title"] for sheet in sheets])
        cover, contents = book.add_worksheet(words["cover"]), book.add_worksheet(words["contents"])
        _cover(cover, site, words, styles)
        _contents(contents, sheets, names, words, styles)
        for sheet, name in zip(sheets, names, strict=True):
            _sheet(book.add_worksheet(name), sheet, site, words, styles)
    return buffer.getvalue()


def _with_plain_words(report: dict) -> dict:
    """Return a table shown in the report with title and subtitle as plain text."""
    words = {part: Text.from_json(report[part]).plain for part in ("title", "subtitle")}
    return report | words


def _names(titles: list[str]) -> list[str]:
    """Return unique names of sheets from their titles, in up to 31 characters that Excel allows."""
    names = []
    for number, title in enumerate(titles, start=1):
        name = FORBIDDEN.sub(" ", title).strip(" '")[:MOST_SIGNS].rstrip(" '")
        taken = name.lower() in map(str.lower, names)
        names.append(f"{number} {name}"[:MOST_SIGNS].rstrip(" '") if taken or not name else name)
    return names


def _styles(book: Workbook) -> dict:
    return {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "head": book.add_format(
            {"bold": True, "bottom": 1, "top": 1, "text_wrap": True, "valign": "bottom"}
        ),
        "words": book.add_format({"text_wrap": True, "valign": "top"}),
        "label": book.add_format({"font_color": "#7A3A00", "text_wrap": True, "valign": "top"}),
        "link": book.add_format({"font_color": "#0B5A78", "underline": 1}),
        "plain": None,
        "numbers": {
            (decimals, grouped): book.add_format(
                {
                    "num_format": ("#,##0" if grouped else "0")
                    + ("." + "0" * decimals if decimals else "")
                }
            )
            for decimals in range(MOST_DIGITS)
            for grouped in (False, True)
        },
    }


def _cover(sheet: Worksheet, site: dict, words: dict, styles: dict) -> None:
    sheet.set_column(0, 0, 90)
    sheet.write_string(0, 0, site["report"], styles["title"])
    sheet.write_string(1, 0, f"{site['kicker']} · {site['date']} · {site['edition']}")
    sheet.write_string(2, 0, site["notice"], styles["label"])
    for row, (key, value) in enumerate(site["stamp"].items(), start=4):
        sheet.write_string(row, 0, f"{key}: {value}", styles["words"])
    sheet.write_string(5 + len(site["stamp"]), 0, words["notes"], styles["words"])


def _contents(sheet: Worksheet, sheets: list, names: list[str], words: dict, styles: dict) -> None:
    sheet.set_column(0, 0, 36)
    sheet.set_column(1, 1, 80)
    sheet.write_row(0, 0, [words["sheet"], words["title"]], styles["head"])
    for row, (report, name) in enumerate(zip(sheets, names, strict=True), start=1):
        place = name.replace("'", "''")
        sheet.write_url(row, 0, f"internal:'{place}'!A1", styles["link"], name)
        sheet.write_string(row, 1, report["title"], styles["words"])


def _sheet(sheet: Worksheet, report: Any, site: dict, words: dict, styles: dict) -> None:
    top = [
        report["title"],
        words["unit"] + report["subtitle"],
        words["basis"]
        + site["basis"]
        + (f" · {site['notice']}" if site["basis"] != "official" else ""),
    ]
    for row, text in enumerate(top):
        sheet.write_string(row, 0, text, styles["title"] if row == 0 else styles["plain"])
    sheet.write_url(
        len(top), 0, f"internal:'{words['contents']}'!A1", styles["link"], words["contents"]
    )
    first = len(top) + 2
    columns, rows = report["table"]["columns"], report["table"]["rows"]
    for j, column in enumerate(columns):
        sheet.write_string(first - 1, j, column, styles["head"])
    for i, row in enumerate(rows, start=first):
        for j, cell in enumerate(row):
            _write(sheet, i, j, str(cell), styles)
    for j, column in enumerate(zip(columns, *rows, strict=True)):
        sheet.set_column(j, j, min(max(map(_width, column)) + 2, WIDEST))
    sheet.freeze_panes(first, 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(first - 1)


def _write(sheet: Worksheet, row: int, column: int, text: str, styles: dict) -> None:
    if column and NUMBER.fullmatch(text) and sum(map(str.isdigit, text)) <= MOST_DIGITS:
        decimals = len(text.partition(".")[2])
        sheet.write_number(
            row, column, float(text.replace(",", "")), styles["numbers"][decimals, "," in text]
        )
    else:
        sheet.write_string(row, column, text, styles["words"])


def _width(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in str(text))
