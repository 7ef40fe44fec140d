"""Checks of `people.csv`: its kinds, its answers, and the indicators that its rows name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from analysis.survey.messages import UNKNOWN_VALUE
from analysis.survey.problems import Problem
from analysis.survey.reference import no_row, reference

FILE = "people.csv"
CELLS = ("count", "sum", "derived_count")  # kinds that count people by district
KINDS = (*CELLS, "derived", "mean", "reported_mean", "sample", "named")
BY_DISTRICT = ("yes", "no")


def people_problems() -> list[Problem]:
    """List unknown kinds and answers, and indicators without a row of their own."""
    table = reference("people")
    kinds = dict(zip(table["indicator"], table["kind"], strict=True))
    return [
        problem
        for line, row in enumerate(table.itertuples(), start=2)
        for problem in (*_values(row, line), *_names(row, kinds))
    ]


def _values(row: Any, line: int) -> Iterator[Problem]:
    for column, known in (("kind", KINDS), ("by_district", BY_DISTRICT)):
        value = getattr(row, column)
        if value not in known:
            fault = UNKNOWN_VALUE.fault(value=value or "“”", known="、".join(known))
            yield Problem.of(fault, FILE, column=column, row=line)


def _names(row: Any, kinds: dict[str, str]) -> Iterator[Problem]:
    """Yield the row that is wanted for each indicator that a row names and that has none."""
    named = [*row.of.split(), *re.findall(r"\w+", row.equals), *row.within.split()]
    for name in named:
        if name not in kinds:
            yield no_row("people", indicator=name, kind="count")
