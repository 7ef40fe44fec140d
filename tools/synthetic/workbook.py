"""Write filled-in forms as counties do: titles, two header rows, merged cells, signatures."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from pathlib import Path

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from analysis.survey.codebook import Table
from analysis.survey.forms.columns import Column, columns, unit_line
from analysis.survey.forms.layout import formats
from analysis.survey.forms.sheet import (
    FIRST_ROW,
    merge,
    set_page,
    write_cell,
    write_header,
    write_top,
)
from analysis.survey.ownership import put
from synthetic.body import body

MARK = "（合成数据）"
MERGED = ("communities", "workers", "election_candidates")
INSTRUCTIONS = (
    "填表说明",
    "一、本工作簿为合成数据（synthetic data）：按固定种子随机生成，并非真实填报。",
    "二、社区名称为“街道（乡镇）+序号”，不对应任何真实社区；人员、证件号码、电话均不可能存在。",
    "三、全市合计数按已公开发表的调研报告校准；单个社区、个人、项目的数值没有事实依据。",
    "四、是非题填“是”或“否”；选择题按表头选项填写；金额单位为万元，保留两位小数。",
    "五、小计、合计由填报单位加总；备注可不填。",
    "六、电话访谈按县（市、区）分层抽样；调研报告点到的社区，其替身必定在样本之内。",
)


def write_body(
    sheet: Worksheet, rows: list[tuple[str, dict]], form: list[Column], style: dict
) -> None:
    """Write the rows, bold where they are sums."""
    for row, (kind, cells) in enumerate(rows, start=FIRST_ROW):
        for place, column in enumerate(form):
            look = column.form if kind == "data" else f"{column.form} sum"
            write_cell(sheet, row, place, cells.get(column.name), style[look])


def merge_townships(
    sheet: Worksheet, rows: list[tuple[str, dict]], form: list[Column], style: dict
) -> None:
    """Merge each township down over its rows, which a 小计 row ends."""
    place = [column.name for column in form].index("township")
    top = FIRST_ROW
    for row, (kind, _) in enumerate(rows, start=FIRST_ROW):
        if kind == "subtotal":
            township = rows[top - FIRST_ROW][1]["township"]
            merge(sheet, top, place, row - 1, place, township, style["cell"])
            top = row + 1


def write_signatures(sheet: Worksheet, row: int, width: int, day: datetime, style: dict) -> None:
    """Write who filled the form in, who checked it, and when, spread over its width."""
    middle = width // 2
    texts = ("填表人：测试", "审核人：测试", f"填报日期：{day.year}年{day.month}月{day.day}日")
    for place, text in zip((0, middle, max(width - 2, middle + 1)), texts, strict=True):
        sheet.write_string(row, place, text, style["left"])


def write_form(
    book: xlsxwriter.Workbook,
    style: dict,
    model: Table,
    frame: pd.DataFrame,
    title: str,
    by: str,
    day: datetime,
) -> None:
    """Write one sheet: a filled-in form with its title rows, header, rows and signatures."""
    sheet, table, form = (book.add_worksheet(model.zh), model.name, columns(model))
    number = len(book.worksheets())
    rows = body(model, frame, form)
    sheet.write_string(0, 0, f"附件{number}", style["left"])
    full_title = f"{title}之{'一二三四五六七'[number - 1]}：{model.zh}{MARK}"
    write_top(sheet, len(form) - 1, full_title, f"{by}{MARK}", unit_line(model, form), style)
    write_header(sheet, form, style)
    write_body(sheet, rows, form, style)
    if table in MERGED:
        merge_townships(sheet, rows, form, style)
    write_signatures(sheet, FIRST_ROW + len(rows) + 1, len(form), day, style)
    set_page(sheet, form)


def write_workbook(
    path: Path,
    forms: list[tuple[Table, pd.DataFrame]],
    title: str,
    by: str,
    left_empty: bool = False,
    day: datetime = datetime(2020, 4, 30),
) -> None:
    """Write a workbook of forms, with an empty Sheet2 where `left_empty`, and hidden instructions.

    title: of the survey; by: who hands the forms in; day: when. No clock is read: same forms, same
    bytes. A file there is replaced, not written into: a backup may be a hard link to it.
    """
    content = BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(content, options) as book:
        book.set_properties({"title": title + MARK, "created": day})
        style = formats(book)
        for model, frame in forms:
            write_form(book, style, model, frame, title, by, day)
        if left_empty:
            book.add_worksheet("Sheet2")
        notes = book.add_worksheet("填表说明")
        notes.write_column(0, 0, INSTRUCTIONS)
        notes.set_column(0, 0, 90)
        notes.hide()
    put(content.getvalue(), path)
