"""Read the published facts of the edition of the previous wave, for comparison."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.edition.record import EditionRecord, Fact, parse_record
from analysis.survey.changes import FACTS
from analysis.survey.folders import printable

KINDS = ("edition", "title", "definition", "number")  # kinds of facts that are compared


def published_facts(record: Path) -> pd.DataFrame:
    """Return the titles, definitions and numbers in `outputs/<wave>/RECORD.jsonl`.

    The columns are FACTS: a text in each of two languages (the text of the main language if there
    is no other), and the data. Raises OSError if the record cannot be read.
    """
    read = parse_record(record.read_text("utf-8"), "", printable(str(record.parent)))
    rows = [_row(read, fact) for fact in read.facts if fact.kind in KINDS]
    return pd.DataFrame(rows, columns=list(FACTS), dtype="str")


def _row(read: EditionRecord, fact: Fact) -> tuple[str, ...]:
    words = read.by_language(fact)
    main = next(iter(words.values()), "")
    return fact.kind, fact.name, words.get("zh", main), words.get("en", main), fact.data
