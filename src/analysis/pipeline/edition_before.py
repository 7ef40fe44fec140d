"""What the edition of the wave before published, as later waves compare with it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.pipeline.edition_record import EditionRecord, Fact, parse_record
from analysis.survey.changes import FACTS
from analysis.survey.folders import printable

KINDS = ("edition", "title", "definition", "number")  # of the facts that are compared


def published_facts(record: Path) -> pd.DataFrame:
    """Read from `outputs/<wave>/RECORD.jsonl` the titles, definitions and numbers of an edition.

    Columns as those of the table `before`: a text in both languages (that of the main one where it
    has no other), and what is behind it. Raises OSError for a record that cannot be read.
    """
    read = parse_record(record.read_text("utf-8"), "", printable(str(record.parent)))
    rows = [_row(read, fact) for fact in read.facts if fact.kind in KINDS]
    return pd.DataFrame(rows, columns=list(FACTS), dtype="str")


def _row(read: EditionRecord, fact: Fact) -> tuple[str, ...]:
    words = read.by_language(fact)
    main = next(iter(words.values()), "")
    return fact.kind, fact.name, words.get("zh", main), words.get("en", main), fact.data
