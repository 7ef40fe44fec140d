"""Workbooks returned to counties: a list of findings, and their own sheets with marked cells.

They hold no data of other counties and no identifiers: of the roster only the rows in question are
shown, without names, ID numbers and telephone numbers.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xlsxwriter

from analysis.survey.causes import causes
from analysis.survey.marking import write_marked
from analysis.survey.messages import OF_ANOTHER
from analysis.survey.problems import PROBLEM, findings_of
from analysis.survey.reading.book import UnopenedError, open_book
from analysis.survey.reading.header import find_header
from analysis.survey.reading.names import (
    File,
    files_of,
    refuse_raw_folder,
    sheet_title,
    without_files,
)
from analysis.survey.study import of_wave, study
from analysis.survey.text import normalise

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

LIST, RECEIPT = "问题清单", "收到行数"
HEAD = ("序号", "性质", "文件", "工作表", "栏目", "行", "问题", "怎样改正", "答复", "规则")
HEAD_EN = (
    "No.",
    "kind",
    "file",
    "sheet",
    "column",
    "row",
    "what is wrong",
    "how to mend it",
    "your answer",
    "rule",
)
KIND = {PROBLEM: "须改正 (to mend)", "question": "请核实 (to confirm)"}
WIDTHS = (6, 18, 20, 22, 20, 7, 60, 50, 30, 8)
COUNTS = {
    "rows": "总行数 (rows)",
    "form": "表头与签名 (form)",
    "kept": "数据行 (kept)",
    "corrected": "更正后采用 (corrected)",
    "total": "合计行 (totals)",
    "blank": "空行 (blank)",
    "rejected": "退回 (rejected)",
}


def write_returns(
    folder: Path, raw: Path, findings: pd.DataFrame, accounts: pd.DataFrame
) -> list[Path]:
    """Write `<code>_<county>.xlsx` for each county into `folder`; returns the paths.

    findings: as returned by `findings_table` (`InputError.findings`, or the clean table
    `questions`). accounts: counts of the rows. A county without findings gets a list that says so,
    and its counts; if nothing could be read, no county gets a workbook. Raises FileExistsError if
    `folder` holds the files handed in.
    """
    refuse_raw_folder(folder, raw)
    if without_files(raw):
        return []
    folder.mkdir(parents=True, exist_ok=True)
    with of_wave(raw.name):
        files = files_of(raw, [])
        paths = []
        for code, county in study().districts.items():
            own = [file for file in files if file.county == code]
            names = {file.path.name for file in own} | {f"{code}_{county}.xlsx"}
            mine = findings[findings["workbook"].map(partial(_is_of, names, code)).astype(bool)]
            paths.append(folder / f"{code}_{county}.xlsx")
            _write(paths[-1], county, own, mine, accounts[accounts["workbook"].isin(names)])
    return paths


def _is_of(names: set[str], code: str, workbook: str) -> bool:
    return workbook in names or workbook.startswith(code)


def _write(
    path: Path, county: str, files: list[File], findings: pd.DataFrame, accounts: pd.DataFrame
) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": f"{county} 返还 (return)", "created": datetime(2020, 1, 1)})
        style = _styles(book)
        _write_list(book.add_worksheet(LIST), county, findings, style)
        _write_counts(book.add_worksheet(RECEIPT), accounts, style)
        for file in files:
            mine = findings[(findings["workbook"] == file.path.name) & findings["sheet"].ne("")]
            if len(mine):
                _write_sheets(book, file, mine, style)


def _styles(book: Workbook) -> dict:
    plain = {"font_name": "宋体", "font_size": 11, "valign": "top", "border": 1, "text_wrap": True}
    return {
        "title": book.add_format({"font_name": "宋体", "bold": True, "font_size": 16}),
        "head": book.add_format(plain | {"bold": True, "bg_color": "#D9E1F2"}),
        "cell": book.add_format(plain),
        PROBLEM: book.add_format(plain | {"bg_color": "#F8CBAD"}),
        "question": book.add_format(plain | {"bg_color": "#FFE699"}),
    }


def _write_list(sheet: Worksheet, county: str, findings: pd.DataFrame, style: dict) -> None:
    """Write every cause with its location, and a column for the answer."""
    folded = causes(findings_of(findings))
    faults = sum(one.kind == PROBLEM for one in folded)
    asked = len(folded) - faults
    sheet.write_string(0, 0, f"{county}：须改正 {faults} 项，请核实 {asked} 项", style["title"])
    words = f"{faults} to mend, {asked} to confirm; {len(findings)} cells or rows"
    words = words if folded else "没有问题 (nothing to mend or confirm)"
    sheet.write_string(1, 0, words)
    for place, (zh, en, width) in enumerate(zip(HEAD, HEAD_EN, WIDTHS, strict=True)):
        sheet.write_string(2, place, f"{zh} ({en})", style["head"])
        sheet.set_column(place, place, width)
    for number, one in enumerate(folded, start=1):
        texts = (
            KIND[one.kind],
            one.workbook,
            one.sheet,
            one.column,
            one.rows[0] if len(one.rows) == 1 else one.row,
            one.county_message or one.message,
            one.remedy,
            "",
            one.code,
        )
        sheet.write_row(number + 2, 0, (number, *texts), style["cell"])
    sheet.freeze_panes(3, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _write_counts(sheet: Worksheet, accounts: pd.DataFrame, style: dict) -> None:
    """Write the number of rows of each sheet, by kind."""
    sheet.write_row(0, 0, ("文件 (file)", "工作表 (sheet)", *COUNTS.values()), style["head"])
    for row, line in enumerate(accounts.itertuples(), start=1):
        numbers = (int(getattr(line, name)) for name in COUNTS)
        sheet.write_row(row, 0, (line.workbook, line.sheet, *numbers), style["cell"])
    sheet.set_column(0, 1, 24)
    sheet.set_column(2, len(COUNTS) + 1, 18)


def _write_sheets(book: Workbook, file: File, findings: pd.DataFrame, style: dict) -> None:
    """Write the county's own sheets that have findings, with each cell at its position.

    A file that belongs to another county is left out, since it would go to the wrong one.
    """
    if findings["code"].isin(OF_ANOTHER).any():
        return
    try:
        sheets = open_book(file.path, file.title)
    except UnopenedError:
        return
    seen, models = set(), {normalise(model.zh): model for model in study().district_tables}
    for sheet in sheets:
        model, mine = (
            models.get(sheet_title(sheet.title)),
            findings[findings["sheet"] == sheet.title],
        )
        if model is None or mine.empty or model in seen:
            continue
        seen.add(model)
        header = find_header(sheet, model)
        if header.names:
            write_marked(
                book.add_worksheet(model.zh), sheet, header, model, mine, file.county, style
            )
