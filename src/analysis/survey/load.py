"""Read the workbooks of a wave as handed in: find the header, account for each row, keep its place."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from analysis.survey.codebook import (
    COUNTIES,
    COUNTY_TABLES,
    IDENTIFIERS,
    INTERVIEW_TABLES,
    REMARK,
    SERIAL,
    Table,
)
from analysis.survey.identifiers import identifier_problems
from analysis.survey.problems import Problem
from analysis.survey.text import normalise

FROM_FILE = (*Table.__annotations__,)  # columns that no form asks for
TOTALS = {"小计", "合计", "总计"}
SIGNATURE = ("填表人", "审核人", "填报日期", "负责人")
INSTRUCTIONS = "填表说明"
INTERVIEWS = "interviews.xlsx"
MAY_BE_EMPTY = {"projects", "election_candidates"}  # a county may have none to report
ACCOUNT = ("workbook", "sheet", "rows", "form", "kept", "total", "blank")
HEADER_SEARCH = 15  # a header further down than this is not a header


def load(raw: Path) -> tuple[dict[str, pd.DataFrame], pd.DataFrame, list[Problem]]:
    """Read the nine county workbooks and the interviews below `raw`.

    Returns one raw frame per table (cells as read, plus county_code, workbook, sheet, row), without
    direct identifiers; the accounts, one row per sheet with rows, form, kept, total, blank; and what
    does not fit.
    """
    problems, pieces, accounts = [], {}, []
    for path, county in _workbooks(raw, problems):
        models = INTERVIEW_TABLES if county is None else COUNTY_TABLES
        for model, rows, account in _sheets(path, models, problems):
            accounts.append(account)
            if model is not None:
                rows["county_code"] = county or rows["community_code"].astype(str).str[:6]
                pieces.setdefault(model.Config.name, []).append(rows)
    tables = {name: pd.concat(frames, ignore_index=True) for name, frames in pieces.items()}
    if "workers" in tables:
        problems += identifier_problems(tables["workers"])
        tables["workers"] = tables["workers"].drop(columns=list(IDENTIFIERS))
    return tables, pd.DataFrame(accounts, columns=list(ACCOUNT)), problems


def _workbooks(raw: Path, problems: list[Problem]) -> list[tuple[Path, str | None]]:
    """List the workbooks with their county (None for the interviews); note what is missing or unknown."""
    if not raw.is_dir():
        problems.append(Problem(raw.as_posix(), message="没有此文件夹 (no such folder)"))
        return []
    expected = {f"{code}_{name}.xlsx": code for code, name in COUNTIES.items()} | {INTERVIEWS: None}
    excel = [path for path in sorted(raw.iterdir()) if path.suffix.lower().startswith(".xls")]
    found = {path.name: path for path in excel if path.name[:2] != "~$"}
    for name in expected.keys() - found.keys():
        problems.append(Problem(name, message=f"缺少此文件 (file is missing from {raw.name}/)"))
    for name in found.keys() - expected.keys():
        problems.append(Problem(name, message="不是本轮文件 (not a file of this wave): rename or remove it"))
    return [(found[name], code) for name, code in expected.items() if name in found]


def _sheets(path: Path, models, problems):
    """Yield (model, raw frame, account) for each sheet of a workbook; no model where there is no data."""
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = [(title, book.get_sheet_by_index(i)) for i, title in enumerate(book.sheet_names)]
    except (CalamineError, OSError) as error:
        problems.append(Problem(path.name, message=f"无法打开 (cannot be opened): {error}"))
        return
    by_title = {model.Config.title: model for model in models}
    for title in by_title.keys() - set(book.sheet_names):
        problems.append(Problem(path.name, title, message="缺少此表 (sheet is missing)"))
    for title in {title for title in book.sheet_names if book.sheet_names.count(title) > 1}:
        problems.append(Problem(path.name, title, message="此表重复 (sheet is there twice)"))
    for title, sheet in sheets:
        cells = sheet.to_python(skip_empty_area=False)
        if title in by_title:
            model = by_title[title]
            frame, account = read_sheet(cells, sheet.merged_cell_ranges, model, path.name, problems)
            if frame is not None:
                yield model, frame, account
        else:
            filled = [row for row in cells if not _blank(row)]
            if filled and title != INSTRUCTIONS:
                problems.append(Problem(path.name, title, message="未知的表 (unknown sheet with content)"))
            yield (
                None,
                None,
                _account(path.name, title, len(cells), form=len(filled), blank=len(cells) - len(filled)),
            )


def read_sheet(cells: list[list], merged, model, workbook: str, problems: list[Problem]):
    """Read one sheet into (raw frame, account); (None, None) when its header does not fit.

    `cells` are the rows from A1 on; `merged` the merged ranges as ((row, column), (row, column)).
    """
    title = model.Config.title
    wanted = expected_headers(model)
    header, columns = find_header(cells, merged or [], wanted)
    faults = _header_problems(columns, wanted, workbook, title)
    problems += faults
    if faults:
        return None, None
    problems += _unknown_columns(cells, header, columns, wanted, workbook, title)
    kinds = [_kind(row, i, header) for i, row in enumerate(cells)]
    kept = [i for i, kind in enumerate(kinds) if kind == "kept"]
    if not kept and model.Config.name not in MAY_BE_EMPTY:
        problems.append(Problem(workbook, title, message="没有数据行 (no rows of data)"))
    names = {position: wanted[text] for position, text in columns.items() if text in wanted}
    frame = pd.DataFrame(
        [[None if _empty(cells[i][position]) else cells[i][position] for position in names] for i in kept],
        columns=list(names.values()),
        dtype=object,
    )
    if "township" in frame:
        frame["township"] = frame["township"].ffill()  # merged down; totals are already out
    frame["workbook"], frame["sheet"], frame["row"] = workbook, title, [i + 1 for i in kept]
    counts = {kind: kinds.count(kind) for kind in ("form", "kept", "total", "blank")}
    return frame.drop(columns=[c for c in ("serial", "remark") if c in frame]), _account(
        workbook, title, len(cells), **counts
    )


def expected_headers(model) -> dict[str, str]:
    """Map the header texts of a form (`group/title`, normalised, without unit) to column names."""
    headers = {normalise(SERIAL): "serial"}
    for name, schema in model.to_schema().columns.items():
        if name not in FROM_FILE:
            group = schema.metadata["group"]
            headers[normalise(f"{group}/{schema.title}" if group else schema.title)] = name
    if model.Config.name == "workers":
        headers |= {normalise(f"基本信息/{zh}"): name for name, zh in IDENTIFIERS.items()}
    return headers | {normalise(REMARK): "remark"}


def find_header(cells, merged, wanted) -> tuple[int, dict[int, str]]:
    """Find the header: its last row and {column position: header text}, read over one or two rows."""
    best = (0, -1, {})
    for i in range(min(len(cells), HEADER_SEARCH)):
        for rows in ([i], [i, i + 1]):
            if rows[-1] < len(cells):
                columns = _header_texts(cells, merged, rows)
                hits = sum(text in wanted for text in columns.values())
                if hits > best[0]:
                    best = (hits, rows[-1], columns)
    return best[1], best[2]


def _header_texts(cells, merged, rows) -> dict[int, str]:
    """Join the header rows per column, an upper cell counting for all columns that it is merged over."""
    upper = dict(enumerate(cells[rows[0]]))
    for (top, left), (_, right) in merged:
        if top == rows[0]:
            upper |= dict.fromkeys(range(left, right + 1), cells[top][left])
    lower = cells[rows[1]] if len(rows) == 2 else []
    texts = {}
    for position, text in upper.items():
        below = lower[position] if position < len(lower) else ""
        parts = [_without_unit(normalise(part)) for part in (text, below) if part not in ("", None)]
        if parts:
            texts[position] = "/".join(parts)
    return texts


def _without_unit(text: str) -> str:
    """Drop a unit in brackets at the end: `年收入(万元)` gives `年收入`."""
    head, bracket, tail = text.rpartition("(")
    units = {"万元", "人", "户", "平方米", "小时", "份", "个", "块", "项", "级", "批", "天"}
    return head if bracket and tail.rstrip(")") in units else text


def _header_problems(columns, wanted, workbook, title) -> list[Problem]:
    texts = list(columns.values())
    if not set(texts) & set(wanted):
        return [Problem(workbook, title, message="找不到表头 (no header found)")]
    return [
        Problem(workbook, title, text, message="缺少此列 (column is missing from the header)")
        for text in wanted
        if text not in texts
    ] + [
        Problem(workbook, title, text, message="此列重复 (column is there twice)")
        for text in wanted
        if texts.count(text) > 1
    ]


def _unknown_columns(cells, header, columns, wanted, workbook, title) -> list[Problem]:
    width = max((len(row) for row in cells), default=0)
    filled = {
        position
        for i, row in enumerate(cells[header + 1 :])
        for position in range(len(row))
        if not _empty(row[position])
    }
    no_header, unknown = "此列没有标题 (column without a header)", "未知的列 (unknown column)"
    return [
        Problem(workbook, title, _letter(position), message=unknown if position in columns else no_header)
        for position in range(width)
        if position in filled and columns.get(position) not in wanted
    ]


def _letter(position: int) -> str:
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _kind(row: list, position: int, header: int) -> str:
    """Tell what a row is: form (title, unit, header, signature), kept, total or blank."""
    first = next((cell for cell in row if not _empty(cell)), None)
    if first is None:
        return "blank"
    if position <= header or normalise(first).startswith(SIGNATURE):
        return "form"
    if TOTALS & {normalise(cell) for cell in row[:3]}:
        return "total"
    return "kept"


def _blank(row: list) -> bool:
    return all(_empty(cell) for cell in row)


def _empty(cell) -> bool:
    """Tell whether a cell shows nothing: no value, or only white space and invisible characters."""
    return cell is None or (isinstance(cell, str) and not (cell[:1].isalnum() or normalise(cell)))


def _account(workbook, sheet, rows, *, form=0, kept=0, total=0, blank=0) -> dict:
    return {
        "workbook": workbook,
        "sheet": sheet,
        "rows": rows,
        "form": form,
        "kept": kept,
        "total": total,
        "blank": blank,
    }
