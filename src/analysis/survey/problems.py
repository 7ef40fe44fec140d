"""What is wrong with the input, said so that the county can mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One fault at one place; `value` is never an identifier of a person."""

    workbook: str
    sheet: str = ""
    column: str = ""
    row: int = 0
    message: str = ""

    def __str__(self) -> str:
        place = "!".join(part for part in (self.workbook, self.sheet, self.column) if part)
        return f"{place} {self.row}: {self.message}" if self.row else f"{place}: {self.message}"


class InputProblems(Exception):
    """Raised with every problem found, in order of file, sheet, column and row."""

    def __init__(self, problems: list[Problem]):
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self):
        return type(self), (self.problems,)
