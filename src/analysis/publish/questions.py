"""Questions of the forms as records, from which descriptions for other programs are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from analysis.survey.codebook import YES_NO, Table
from analysis.survey.reference import reference
from analysis.survey.study import of_wave, study


@dataclass(frozen=True)
class Question:
    """One column of a form.

    kind: a type of `analysis.survey.codebook.TYPES`. answers: Chinese, as printed on the form, to
    English; empty for free answers. low, high: ends of the range as text, empty if open.
    is_identifier: whether it identifies a person; such a column is read for checks and then
    dropped.
    """

    table: str
    name: str
    zh: str
    en: str
    group: str
    kind: str
    unit: str
    answers: dict[str, str]
    low: str
    high: str
    shortest: str
    is_required: bool
    is_identifier: bool


@dataclass(frozen=True)
class Form:
    """One sheet of the forms with its questions, in the order of the form.

    key: columns whose values identify a row. sample: whether its rows are a sample.
    """

    name: str
    zh: str
    en: str
    key: tuple[str, ...]
    sample: bool
    questions: tuple[Question, ...]

    @property
    def kept(self) -> tuple[Question, ...]:
        """Questions that do not identify a person."""
        return tuple(one for one in self.questions if not one.is_identifier)


def forms(wave: str) -> list[Form]:
    """Return the sheets of a wave, in the order of `tables.csv`."""
    rows = {(row.table, row.column): row for row in reference("columns").itertuples(index=False)}
    with of_wave(wave):
        return [_form(table, rows) for table in study().tables.values()]


def _form(table: Table, rows: dict[tuple[str, str], Any]) -> Form:
    questions = tuple(_question(rows[table.name, name]) for name in table.asked)
    return Form(table.name, table.zh, table.en, table.key, table.sample, questions)


def _question(row: Any) -> Question:
    """Return a question made from its row of `columns.csv`."""
    listed = YES_NO if row.type == YES_NO else row.codes
    return Question(
        table=row.table,
        name=row.column,
        zh=row.zh,
        en=row.en,
        group=row.group,
        kind=row.type,
        unit=row.unit,
        answers=study().codes[listed] if row.type in ("choice", YES_NO) else {},
        low=row.min,
        high=row.max,
        shortest=row.shortest,
        is_required=row.nullable != "yes" and not row.identifier,
        is_identifier=bool(row.identifier),
    )
