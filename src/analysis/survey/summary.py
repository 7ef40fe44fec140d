"""The table that ends a check: what became of the rows of each file, and what was found there."""

from __future__ import annotations

import unicodedata

import pandas as pd

from analysis.survey.problems import PROBLEM

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


def summary(accounts: pd.DataFrame, findings: pd.DataFrame) -> str:
    """Print the rows, problems and questions of each file, aligned whatever the width of its characters."""
    counts = accounts.drop(columns="sheet").groupby("workbook", sort=False).sum()
    is_problem = findings["kind"] == PROBLEM
    for name, rows in (("problems", findings[is_problem]), ("questions", findings[~is_problem])):
        by_file = rows["workbook"].value_counts()
        counts = counts.reindex([*counts.index, *sorted(set(by_file.index) - set(counts.index))], fill_value=0)
        counts[name] = by_file.reindex(counts.index, fill_value=0)
    counts.loc["合计 total"] = counts.sum()
    cells = [["文件 file", *(TITLES[name] for name in counts)]]
    cells += [[file, *map(str, map(int, row))] for file, *row in counts.itertuples()]
    widths = [max(_width(line[i]) for line in cells) for i in range(len(cells[0]))]
    return "\n".join(
        "  ".join(_pad(text, width, i) for i, (text, width) in enumerate(zip(line, widths, strict=True)))
        for line in cells
    )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in text)


def _pad(text: str, width: int, place: int) -> str:
    space = " " * (width - _width(text))
    return space + text if place else text + space
