"""Names, unit, decimals and definition of each indicator, read from `measures.csv`."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.survey.messages import NAMED_TWICE, NO_NAME, NOT_DECIMALS
from analysis.survey.problems import Problem, StudyError
from analysis.survey.reference import no_row, reference
from analysis.survey.study import study

FILE = "measures.csv"
DECIMALS = frozenset("0123456")


def measures() -> dict[str, dict[str, str]]:
    """Return the rows of `measures.csv` by indicator."""
    return reference("measures").set_index("indicator").to_dict("index")


def measure_of(indicator: str) -> dict[str, str]:
    """Return the row of an indicator; raises StudyError with the line to add if it is missing."""
    table = reference("measures")
    rows = table[table["indicator"] == indicator]
    if rows.empty:
        raise StudyError([no_row("measures", indicator=indicator)])
    return rows.iloc[0].to_dict()


def measure_problems() -> list[Problem]:
    """Return the problems of `measures.csv`.

    Listed are duplicate indicators, and rows without names or a number of decimals.
    """
    return list(_problems())


def _problems() -> Iterator[Problem]:
    seen: set[str] = set()
    for line, row in enumerate(reference("measures").to_dict("records"), start=2):
        key = row["indicator"]
        if key in seen:
            yield Problem.of(NAMED_TWICE.fault(key=key), FILE, column="indicator", row=line)
        if row["decimals"] not in DECIMALS:
            fault = NOT_DECIMALS.fault(value=row["decimals"] or "“”")
            yield Problem.of(fault, FILE, column="decimals", row=line)
        for lang in study().languages:
            if not row.get(lang):
                yield Problem.of(NO_NAME.fault(key=key), FILE, column=lang, row=line)
        seen.add(key)
