"""The counties that must report: those of the frame in the repository that one works in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import pandas as pd

from analysis.survey.folders import DISTRICT, FILE_NAME
from analysis.survey.problems import InputProblems, Problem
from analysis.survey.repository import reference, root

CITY = "331000"
FORMS = (  # codes and names become those of files
    ("gb2260", DISTRICT, "应为六位数字 (a district code is [0-9]{6})"),
    ("name_zh", FILE_NAME, "不能用作文件名 (cannot be part of a file's name)"),
)


class Counties(Mapping):
    """Map the codes of the counties to their names, in the order of `counties.csv`, read when first asked for."""

    def __getitem__(self, code: str) -> str:
        return _names(root())[code]

    def __iter__(self) -> Iterator[str]:
        return iter(_names(root()))

    def __len__(self) -> int:
        return len(_names(root()))


@cache
def _names(_root) -> dict[str, str]:
    """Return the counties of the frame; InputProblems for what cannot be part of a file's name."""
    table = reference("counties")
    missing = [column for column, *_ in FORMS if column not in table]
    if missing:
        raise InputProblems(
            [Problem("counties.csv", column=name, message="缺少此列 (is missing)") for name in missing]
        )
    problems = [
        Problem("counties.csv", column=column, row=row, message=f"{cell!r} {form}")
        for column, pattern, form in FORMS
        for row, cell in enumerate(table[column], start=2)
        if not pattern.fullmatch(cell)
    ]
    if problems:
        raise InputProblems(problems)
    return names_of(table)


def names_of(table: pd.DataFrame) -> dict[str, str]:
    """Map code to name for the rows of `counties.csv` that are counties: one row is the city's."""
    rows = table[table["gb2260"] != CITY]
    return dict(zip(rows["gb2260"], rows["name_zh"], strict=True))


COUNTIES = Counties()
