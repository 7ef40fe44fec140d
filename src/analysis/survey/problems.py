"""Problems and questions about the input, for the county to correct or answer."""

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
FOLDED_BY = ("rule", "value", "about")  # used by `causes` to fold findings, beside code and message

# rules that `causes` treats specially; other findings are folded by their message
BLANK, UNIT, NOTE, SHIFTED = "blank", "unit", "note", "shifted"
MISSING_COLUMN, UNKNOWN_COLUMN = "missing column", "unknown column"
MISSING_PLACE, UNKNOWN_PLACE, TOTAL_ANSWERS = "missing place", "unknown place", "total answers"
NO_ROWS, TWICE, SAME_PERSON = "no rows", "twice", "same person"


@dataclass(frozen=True, order=True)
class Problem:
    """One problem, or one question, at one place; `message` never holds a person's identifier.

    message: the value, then the rule in Chinese and (in brackets) in English. county_message: what
    the county reads instead, if the message names another county. A question does not stop the run.
    code: that of the message, see `messages`, or of a rule of the study. remedy: what to do about
    it, in both languages.

    rule: one of the rules above, or empty. value: the part of the message that differs between
    cells. about: the code of the community that is missing or unknown; of an unknown column the
    numbers of its filled rows; of an answer in a total row the first row that the total sums. Only
    `causes` uses these three.
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
        """Return the problem for a fault at a place; quote: text before the message."""
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
        """Location as text: `file!sheet!column row`."""
        place = "!".join(part for part in (self.workbook, self.sheet, self.column) if part)
        return f"{place} {self.row}" if self.row else place

    def __str__(self) -> str:
        return visible(in_words(self.place, self.message, self.remedy, self.code))


def in_words(place: str, message: str, remedy: str, code: str) -> str:
    """Return one line of text: location, message, remedy and code."""
    return (
        f"{place}: {message}" + (f" → {remedy}" if remedy else "") + (f" [{code}]" if code else "")
    )


class InputError(Exception):
    """Raised with every problem found, in order of file, sheet, column and row.

    accounts: the counts of the rows. The text of the error is shown to the user: a summary if there
    are several causes, then one line for each cause.
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
        """The problems and questions as a table; see `findings_table`."""
        return findings_table([*self.problems, *self.questions])


class StudyError(InputError):
    """Raised with the problems of the study's own files, which findings depend on."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems, self.questions, self.accounts = sorted(set(problems)), [], None
        self.causes = self.problems
        Exception.__init__(self, "\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type, tuple]:
        return type(self), (self.problems,)


def findings_table(findings: Iterable[Problem]) -> pd.DataFrame:
    """Return a table of problems and questions, in order and without duplicates.

    Columns: FINDINGS and FOLDED_BY, all text but `row`.
    """
    import pandas as pd

    names = [*FINDINGS, *FOLDED_BY]
    rows = [[getattr(one, name) for name in names] for one in sorted(set(findings))]
    types = dict.fromkeys(names, "str") | {"row": int}
    return pd.DataFrame(rows, columns=names).astype(types)


def findings_of(table: pd.DataFrame) -> list[Problem]:
    """Return the findings in a table made by `findings_table`; FOLDED_BY may be absent."""
    names = [name for name in (*FINDINGS, *FOLDED_BY) if name in table]
    return [
        Problem(**dict(zip(names, row, strict=True)))
        for row in zip(*(table[n] for n in names), strict=True)
    ]
