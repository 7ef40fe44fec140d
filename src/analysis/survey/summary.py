"""Texts printed by a check: the causes of the problems, and the row counts of each file."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.cells import cell_len

from analysis.survey.messages import NOT_SUM_OF_PARTS, PARTS_IN_YUAN, WRONG_TOTALS
from analysis.survey.problems import PROBLEM

if TYPE_CHECKING:
    import pandas as pd

    from analysis.survey.causes import Cause

# wrong totals may follow from other faults
LAST = WRONG_TOTALS | {NOT_SUM_OF_PARTS.code, PARTS_IN_YUAN.code}
FILES, SHEETS = 12, 7  # most items listed in an overview

TITLES = {
    "rows": "行 rows",
    "form": "表头 form",
    "kept": "采用 kept",
    "corrected": "更正 corrected",
    "total": "合计 total",
    "blank": "空白 blank",
    "rejected": "退回 rejected",
    "problems": "问题 problems",
    "questions": "疑问 questions",
}


def report(causes: list[Cause]) -> str:
    """Return one line for each cause; above several causes, an overview."""
    return "\n".join([*overview(causes), *map(str, causes)])


def overview(causes: list[Cause]) -> list[str]:
    """Return an overview of several causes; empty for one.

    It gives their number, their sheets, and the one to correct first.
    """
    if len(causes) < 2:
        return []
    places = sum(len(cause.findings) for cause in causes)
    files: dict[str, Counter] = {}
    for cause in causes:
        files.setdefault(cause.workbook, Counter())[cause.sheet] += 1
    lines = [f"共{len(causes)}个原因，涉及{places}处 ({len(causes)} causes, {places} places)："]
    lines += [
        f"  {file} {sheets.total()}个：{_sheets(sheets)}"
        for file, sheets in list(files.items())[:FILES]
    ]
    if len(files) > FILES:
        lines.append(f"  等{len(files)}个文件 ({len(files)} files)")
    first = first_to_mend(causes)
    share = f"，占{len(first.findings)}处" if len(first.findings) > 1 else ""
    return [*lines, f"先改 (mend first): {first.place}{share}"]


def _sheets(counts: Counter) -> str:
    listed = [
        f"{sheet or '整个文件 (the file)'} {count}"
        for sheet, count in list(counts.items())[:SHEETS]
    ]
    return "、".join(listed) + (f"等{len(counts)}张表" if len(counts) > SHEETS else "")


def first_to_mend(causes: list[Cause]) -> Cause:
    """Return the cause that hides or explains the most findings; wrong totals come last."""
    return min(
        causes,
        key=lambda cause: (
            bool(cause.sheet),
            bool(cause.rows),
            cause.code in LAST,
            -len(cause.findings),
        ),
    )


def summary(accounts: pd.DataFrame, findings: pd.DataFrame) -> str:
    """Return a table of the rows, problems and questions of each file, aligned by width."""
    counts = accounts.drop(columns="sheet").groupby("workbook", sort=False).sum()
    is_problem = findings["kind"] == PROBLEM
    for name, rows in (("problems", findings[is_problem]), ("questions", findings[~is_problem])):
        by_file = rows["workbook"].value_counts()
        counts = counts.reindex(
            [*counts.index, *sorted(set(by_file.index) - set(counts.index))], fill_value=0
        )
        counts[name] = by_file.reindex(counts.index, fill_value=0)
    counts.loc["合计 total"] = counts.sum()
    cells = [["文件 file", *(TITLES[name] for name in counts)]]
    cells += [[file, *map(str, map(int, row))] for file, *row in counts.itertuples()]
    widths = [max(cell_len(line[i]) for line in cells) for i in range(len(cells[0]))]
    return "\n".join(
        "  ".join(
            _pad(text, width, i) for i, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    )


def _pad(text: str, width: int, place: int) -> str:
    space = " " * (width - cell_len(text))
    return space + text if place else text + space
