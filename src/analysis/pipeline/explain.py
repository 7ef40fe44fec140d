"""Print the receipt of one number in the terminal, with its formula and all of its rows."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from analysis.pipeline.facts import read_ledger
from analysis.publish.naming import district_names
from analysis.publish.receipts import receipts
from analysis.survey.citation import parse
from analysis.survey.folders import processed
from analysis.survey.repository import read
from analysis.survey.sealed import opened

FIELDS = (
    ("value", "value"),
    ("definition", "definition"),
    ("words", "in words"),
    ("how", "how"),
    ("facts", "rests on"),
)
TEXT = {"district": str, "wave": str, "uncertainty": str, "sources": str, "withheld": str}


def explain(name: str, outputs: Path, lang: str = "zh") -> str:
    """Return the receipt of a number of the edition in `outputs`, as lines of text.

    A number computed from others is followed to theirs, and their rows are listed with them. Raises
    FileNotFoundError if nothing is published, KeyError with the nearest names for an unknown one.
    """
    estimates = pd.read_csv(outputs / "tables/estimates.csv", dtype=TEXT).fillna(
        dict.fromkeys(TEXT, "")
    )
    ledger = read_ledger(outputs)
    wave = estimates["wave"].iat[0]
    cleaned = (processed(wave) / "corrections.parquet").exists()  # a clone may hold outputs alone
    known = receipts(
        estimates, ledger, lang, opened(read("corrections", wave)) if cleaned else None
    )
    if name not in known:
        near = "、".join(get_close_matches(name, known, 5, 0.4))
        raise KeyError(f"no number is called {name}" + (f"; near it: {near}" if near else ""))
    receipt = known[name]
    lines = [receipt["label"]]
    lines += [_line(title, receipt[key]) for key, title in FIELDS if receipt[key]]
    lines += [_line("note", line) for line in receipt["notes"]]
    lines.append(
        _line("computed in", f"notebooks/{receipt['notebook']}.ipynb, cell {receipt['cell']}")
    )
    lines += _sources(
        name, dict(zip(estimates["name"], estimates["sources"], strict=True)), known, wave
    )
    lines += [_line("mended", line) for line in receipt["corrections"]]
    counties = [(county, f"{name}.{code}") for code, county in district_names(lang).items()]
    lines += [f"  {county:<12} {known[key]['value']}" for county, key in counties if key in known]
    return "\n".join(lines)


def _line(title: str, text: str) -> str:
    return f"  {title:<14} {text}"


def _sources(
    name: str, sources: dict[str, str], known: dict[str, dict], wave: str, deep: int = 0
) -> list[str]:
    """Return files, sheets and rows; for cited estimates, their value, formula and sources."""
    lines = []
    for part in parse(sources[name]):
        indent = "  " * deep
        if part.name:
            lines.append(
                _line(
                    "from",
                    f"{indent}{part.name} = {known[part.name]['value']}: {known[part.name]['how']}",
                )
            )
            lines += _sources(part.name, sources, known, wave, deep + 1)
        else:
            folder = f"data/raw/{wave}" if part.sheet else "data/raw/reference"
            lines.append(_line("from", f"{indent}{folder}/{part}"))
    return lines
