"""What is wrong or odd in the input, said so that the county can mend or answer it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.survey.messages import Fault
from analysis.survey.text import visible

if TYPE_CHECKING:
    import pandas as pd

PROBLEM, QUESTION = "problem", "question"
FINDINGS = (
    "kind",
    "code",
    "workbook",
    "sheet",
    "column",
    "row",
    "message",
    "remedy",
    "county_message",
)
FOLDED_BY = ("rule", "value", "about")  # what `causes` folds findings by, beside code and message

# Rules that `causes` treats in a way of their own; every other finding is folded by its message.
BLANK, UNIT, NOTE, SHIFTED = "blank", "unit", "note", "shifted"
MISSING_COLUMN, UNKNOWN_COLUMN = "missing column", "unknown column"
MISSING_PLACE, UNKNOWN_PLACE, TOTAL_ANSWERS = "missing place", "unknown place", "total answers"
NO_ROWS, TWICE, SAME_PERSON = "no rows", "twice", "same person"


@dataclass(frozen=True, order=True)
class Problem:
    """One fault, or one question, at one place; `message` never holds an identifier of a person.

    message: the value, the rule in Chinese and (in brackets) in English. county_message: what the
    county reads instead, where the message names another county. A question does not stop the run.
    code: that of the message, see `messages`, or of a rule of the study. remedy: what to do about
    it, in both languages.

    rule: one of the rules above, or nothing. value: the part of the message that differs from cell
    to cell. about: the code of the community that a place is missing or unknown for; of an unknown
    column the numbers of its filled rows; of an answer in a total row the first row that it sums
    up. All three serve `causes` alone.
    """

    workbook: str
    sheet: str = ""
    column: str = ""
    row: int = 0
    message: str = ""
    kind: str = field(default=PROBLEM, compare=False)
    code: str = field(default="", compare=False)
    remedy: str = field(default="", compare=False)
    county_message: str = field(default="", compare=False)
    rule: str = field(default="", compare=False)
    value: str = field(default="", compare=False)
    about: str = field(default="", compare=False)

    @classmethod
    def of(
        cls,
        fault: Fault,
        workbook: str,
        sheet: str = "",
        column: str = "",
        row: int = 0,
        *,
        quote: str = "",
        rule: str = "",
        value: str = "",
        about: str = "",
    ) -> Problem:
        """Return a fault at a place; quote: what the message begins with."""
        return cls(
            workbook,
            sheet,
            column,
            row,
            f"{quote}{fault.text}",
            kind=QUESTION if fault.message.asks else PROBLEM,
            code=fault.message.code,
            remedy=fault.message.remedy,
            county_message=fault.county_text and f"{quote}{fault.county_text}",
            rule=rule,
            value=value,
            about=about,
        )

    @property
    def place(self) -> str:
        """Where it is: `file!sheet!column row`."""
        place = "!".join(part for part in (self.workbook, self.sheet, self.column) if part)
        return f"{place} {self.row}" if self.row else place

    def __str__(self) -> str:
        return visible(in_words(self.place, self.message, self.remedy, self.code))


def in_words(place: str, message: str, remedy: str, code: str) -> str:
    """Write one line: where, what, how to mend it, and the code of the rule."""
    return (
        f"{place}: {message}" + (f" → {remedy}" if remedy else "") + (f" [{code}]" if code else "")
    )


class InputError(Exception):
    """Raised with every problem found, in order of file, sheet, column and row; accounts: of every
    row.

    Its text is what a reader is shown: a summary where there are several causes, then one line a
    cause.
    """

    def __init__(
        self,
        problems: list[Problem],
        questions: Iterable[Problem] = (),
        accounts: pd.DataFrame | None = None,
    ) -> None:
        self.problems, self.questions, self.accounts = (
            sorted(set(problems)),
            list(questions),
            accounts,
        )
        from analysis.survey.causes import causes
        from analysis.survey.summary import report

        self.causes = causes(self.problems)
        super().__init__(report(self.causes))

    def __reduce__(self) -> tuple[type, tuple]:
        return type(self), (self.problems, self.questions, self.accounts)

    @property
    def findings(self) -> pd.DataFrame:
        """The problems and the questions as `findings_table` gives them."""
        return findings_table([*self.problems, *self.questions])


class StudyError(InputError):
    """Raised with what is wrong in the study's own files: without a codebook nothing can be folded
    by it.
    """

    def __init__(self, problems: list[Problem]) -> None:
        self.problems, self.questions, self.accounts = sorted(set(problems)), [], None
        self.causes = self.problems
        Exception.__init__(self, "\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type, tuple]:
        return type(self), (self.problems,)


def findings_table(findings: Iterable[Problem]) -> pd.DataFrame:
    """Tabulate problems and questions, each once and in order.

    Columns: FINDINGS and FOLDED_BY, all text but `row`.
    """
    import pandas as pd

    names = [*FINDINGS, *FOLDED_BY]
    rows = [[getattr(one, name) for name in names] for one in sorted(set(findings))]
    types = dict.fromkeys(names, "str") | {"row": int}
    return pd.DataFrame(rows, columns=names).astype(types)


def findings_of(table: pd.DataFrame) -> list[Problem]:
    """Return the findings that a table as `findings_table` makes it lists; FOLDED_BY may be left
    out.
    """
    names = [name for name in (*FINDINGS, *FOLDED_BY) if name in table]
    return [
        Problem(**dict(zip(names, row, strict=True)))
        for row in zip(*(table[n] for n in names), strict=True)
    ]
