"""What is wrong or odd in the input, said so that the county can mend or answer it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.survey.mend import mend
from analysis.survey.text import visible

if TYPE_CHECKING:
    import pandas as pd

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
        return visible(f"{self.place}: {self.message}" + (f" → {self.mend}" if self.mend else ""))


class InputProblems(Exception):
    """Raised with every problem found, in order of file, sheet, column and row; accounts: of every row."""

    def __init__(
        self, problems: list[Problem], questions: list[Problem] = (), accounts: pd.DataFrame | None = None
    ):
        self.problems, self.questions, self.accounts = sorted(set(problems)), list(questions), accounts
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self):
        return type(self), (self.problems, self.questions, self.accounts)

    @property
    def findings(self) -> pd.DataFrame:
        """The problems and the questions as `findings_table` gives them."""
        return findings_table([*self.problems, *self.questions])


def findings_table(findings: Iterable[Problem]) -> pd.DataFrame:
    """Tabulate problems and questions, each once and in order: FINDINGS and `told`, all text but `row`."""
    import pandas as pd

    listed = sorted(set(findings))
    rows = [[getattr(one, name) for name in (*FINDINGS, "told")] for one in listed]
    return (
        pd.DataFrame(rows, columns=[*FINDINGS, "told"])
        .astype({"row": int})
        .astype(dict.fromkeys(set(FINDINGS) - {"row"} | {"told"}, "str"))
    )
