"""What is wrong or odd in the input, said so that the county can mend or answer it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from analysis.survey.mend import mend

PROBLEM, QUESTION = "problem", "question"
FINDINGS = ("kind", "workbook", "sheet", "column", "row", "message", "mend")


@dataclass(frozen=True, order=True)
class Problem:
    """One fault, or one question, at one place; `message` never holds an identifier of a person.

    message: the value, the rule in Chinese and (in brackets) in English. told: what the county reads instead,
    where the message names another county. A question does not stop the run.
    """

    workbook: str
    sheet: str = ""
    column: str = ""
    row: int = 0
    message: str = ""
    kind: str = field(default=PROBLEM, compare=False)
    told: str = field(default="", compare=False)

    @property
    def mend(self) -> str:
        """How to mend it, in both languages."""
        return mend(self.message)

    @property
    def place(self) -> str:
        """Where it is: `file!sheet!column row`."""
        place = "!".join(part for part in (self.workbook, self.sheet, self.column) if part)
        return f"{place} {self.row}" if self.row else place

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f" → {self.mend}" if self.mend else "")


class InputProblems(Exception):
    """Raised with every problem found, in order of file, sheet, column and row.

    findings: the problems and the questions as `findings_table` gives them; accounts: of every row.
    """

    def __init__(
        self, problems: list[Problem], questions: list[Problem] = (), accounts: pd.DataFrame | None = None
    ):
        self.problems = sorted(set(problems))
        self.findings = findings_table([*problems, *questions])
        self.accounts = accounts
        super().__init__("\n".join(map(str, self.problems)))


def findings_table(findings: Iterable[Problem]) -> pd.DataFrame:
    """Tabulate problems and questions, each once and in order: FINDINGS and `told`, all text but `row`."""
    listed = sorted(set(findings))
    rows = [[getattr(one, name) for name in (*FINDINGS, "told")] for one in listed]
    return (
        pd.DataFrame(rows, columns=[*FINDINGS, "told"])
        .astype({"row": int})
        .astype(dict.fromkeys(set(FINDINGS) - {"row"} | {"told"}, "str"))
    )
