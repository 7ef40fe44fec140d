"""What goes back to a county: its findings as a list, and its own sheets with the cells in question marked.

Nothing of any other county is in it, and no identifier: of the roster only the rows asked about are shown, without
names, ID numbers and telephones.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from functools import partial
from pathlib import Path

import pandas as pd
import xlsxwriter

from analysis.survey import parse
from analysis.survey.codebook import COUNTIES, COUNTY_TABLES, TABLES
from analysis.survey.corrections import printed
from analysis.survey.forms.columns import columns
from analysis.survey.forms.validation import limits
from analysis.survey.identifiers import looks_personal
from analysis.survey.problems import PROBLEM
from analysis.survey.reading.book import Sheet, Unopened, open_book
from analysis.survey.reading.header import Header, find_header
from analysis.survey.reading.names import File, files_of, sheet_title
from analysis.survey.reading.rows import row_kinds
from analysis.survey.text import empty, normalise

LIST, RECEIPT = "问题清单", "收到行数"
HEAD = ("序号", "性质", "文件", "工作表", "栏目", "行", "问题", "怎样改正", "答复")
HEAD_EN = ("No.", "kind", "file", "sheet", "column", "row", "what is wrong", "how to mend it", "your answer")
KIND = {PROBLEM: "须改正 (to mend)", "question": "请核实 (to confirm)"}
WIDTHS = (6, 18, 20, 22, 20, 7, 60, 50, 30)
COUNTS = {
    "rows": "总行数 (rows)",
    "form": "表头与签名 (form)",
    "kept": "数据行 (kept)",
    "corrected": "更正后采用 (corrected)",
    "total": "合计行 (totals)",
    "blank": "空行 (blank)",
    "rejected": "退回 (rejected)",
}
HIDDEN = {"name", "id_number", "phone", "remark"}
MASK = "（略）"
PLACE = ("社区", "街道", "镇", "乡", "小计", "合计")
MODELS = {normalise(model.Config.title): model for model in COUNTY_TABLES}


def write_returns(folder: Path, raw: Path, findings: pd.DataFrame, accounts: pd.DataFrame) -> list[Path]:
    """Write `<code>_<county>.xlsx` for each county into `folder`, which is made anew; returns the paths.

    findings: as `findings_table` has them (`InputProblems.findings`, or the clean table `questions`);
    accounts: of the rows. A county without findings gets the list that says so, and its rows counted.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = files_of(raw, [])
    paths = []
    for code, county in COUNTIES.items():
        own = [file for file in files if file.county == code]
        names = {file.path.name for file in own} | {f"{code}_{county}.xlsx"}
        mine = findings[findings["workbook"].map(partial(_is_of, names, code)).astype(bool)]
        paths.append(folder / f"{code}_{county}.xlsx")
        _write(paths[-1], county, own, mine, accounts[accounts["workbook"].isin(names)])
    return paths


def _is_of(names: set[str], code: str, workbook: str) -> bool:
    return workbook in names or workbook.startswith(code)


def _write(path: Path, county: str, files: list[File], findings: pd.DataFrame, accounts: pd.DataFrame) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": f"{county} 返还 (return)", "created": datetime(2020, 1, 1)})
        style = _styles(book)
        _write_list(book.add_worksheet(LIST), county, findings, style)
        _write_counts(book.add_worksheet(RECEIPT), accounts, style)
        for file in files:
            mine = findings[(findings["workbook"] == file.path.name) & findings["sheet"].ne("")]
            if len(mine):
                _write_sheets(book, file, mine, style)


def _styles(book) -> dict:
    plain = {"font_name": "宋体", "font_size": 11, "valign": "top", "border": 1, "text_wrap": True}
    return {
        "title": book.add_format({"font_name": "宋体", "bold": True, "font_size": 16}),
        "head": book.add_format(plain | {"bold": True, "bg_color": "#D9E1F2"}),
        "cell": book.add_format(plain),
        PROBLEM: book.add_format(plain | {"bg_color": "#F8CBAD"}),
        "question": book.add_format(plain | {"bg_color": "#FFE699"}),
    }


def _write_list(sheet, county: str, findings: pd.DataFrame, style: dict) -> None:
    """Write every finding with its place, and a column for the answer."""
    faults = int((findings["kind"] == PROBLEM).sum())
    sheet.write_string(0, 0, f"{county}：须改正 {faults} 处，请核实 {len(findings) - faults} 处", style["title"])
    words = (
        f"{faults} to mend, {len(findings) - faults} to confirm"
        if len(findings)
        else "没有问题 (nothing to mend or confirm)"
    )
    sheet.write_string(1, 0, words)
    for place, (zh, en, width) in enumerate(zip(HEAD, HEAD_EN, WIDTHS, strict=True)):
        sheet.write_string(2, place, f"{zh} ({en})", style["head"])
        sheet.set_column(place, place, width)
    for number, one in enumerate(findings.itertuples(), start=1):
        texts = (
            KIND[one.kind],
            one.workbook,
            one.sheet,
            one.column,
            one.row or "",
            one.told or one.message,
            one.mend,
            "",
        )
        sheet.write_row(number + 2, 0, (number, *texts), style["cell"])
    sheet.freeze_panes(3, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _write_counts(sheet, accounts: pd.DataFrame, style: dict) -> None:
    """Write how many rows of each sheet were read, and as what."""
    sheet.write_row(0, 0, ("文件 (file)", "工作表 (sheet)", *COUNTS.values()), style["head"])
    for row, line in enumerate(accounts.itertuples(), start=1):
        numbers = (int(getattr(line, name)) for name in COUNTS)
        sheet.write_row(row, 0, (line.workbook, line.sheet, *numbers), style["cell"])
    sheet.set_column(0, 1, 24)
    sheet.set_column(2, len(COUNTS) + 1, 18)


def _write_sheets(book, file: File, findings: pd.DataFrame, style: dict) -> None:
    """Write the county's own sheets that have findings, each cell at its place in the file handed in."""
    try:
        sheets = open_book(file.path, file.title)
    except Unopened:
        return
    seen = set()
    for sheet in sheets:
        model, mine = MODELS.get(sheet_title(sheet.title)), findings[findings["sheet"] == sheet.title]
        if model is None or mine.empty or model in seen:
            continue
        seen.add(model)
        header = find_header(sheet, model)
        if header.names:
            _write_marked(book.add_worksheet(model.Config.title), sheet, header, model, mine, style)


def _write_marked(page, sheet: Sheet, header: Header, model, findings: pd.DataFrame, style: dict) -> None:
    """Write the header and the rows of the form, marking and commenting the cells in question."""
    for place in header.names:
        page.write_string(header.last, place, header.texts[place], style["head"])
    page.set_column(0, max(header.names), 14)
    page.freeze_panes(header.last + 1, 0)
    kinds = row_kinds(sheet, header)
    asked = set(findings["row"])
    for i, row in enumerate(sheet.cells):
        if kinds[i] in ("kept", "total") and (model is not TABLES["workers"] or i + 1 in asked):
            for place, name in header.names.items():
                cell = row[place] if place < len(row) else ""
                page.write(i, place, _shown(cell, name, model), style["cell"])
    for one in findings.itertuples():
        _mark(page, one, sheet, header, model, style)


def _shown(cell, name: str, model):
    """Print a cell, unless it is or may be an identifier."""
    if empty(cell):
        return ""
    if name in HIDDEN or looks_personal(cell) or (model is TABLES["workers"] and not _answers(cell, name, model)):
        return MASK
    return cell if isinstance(cell, int | float) and not isinstance(cell, bool) else printed(cell)


def _answers(cell, name: str, model) -> bool:
    """Tell whether a cell of the roster is what its column asks for: in slipped columns it may be a name."""
    if name == "serial":
        return isinstance(cell, int | float)
    if name in ("township", "community"):
        return isinstance(cell, str) and normalise(cell).endswith(PLACE)
    schema = model.to_schema().columns[name]
    try:
        value = parse.reader(schema)(cell)
    except parse.Unreadable:
        return False
    low, high = limits(schema)
    return low is None or low <= value <= high


def _mark(page, one, sheet: Sheet, header: Header, model, style: dict) -> None:
    """Colour the cell of a finding and put the finding beside it as a comment."""
    titles = {column.name: column.title for column in columns(model)}
    schema = model.to_schema().columns
    places = [
        place
        for place, name in header.names.items()
        if one.column
        in (titles[name], schema[name].title if name in schema else titles[name], header.texts[place])
    ]
    row, place = (one.row - 1 if one.row else header.last), (places[0] if places else min(header.names))
    cell = sheet.cells[row][place] if one.row and place < len(sheet.cells[row]) else ""
    shown = _shown(cell, header.names[place], model) if one.row else header.texts[place]
    page.write(row, place, shown, style[one.kind])
    note = f"{one.column}：{one.told or one.message}\n{one.mend}"
    page.write_comment(row, place, note, {"author": "", "x_scale": 2, "y_scale": 1.5})
