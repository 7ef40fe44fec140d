"""Collect the facts of an edition: numbers, sentences, figures, tables, verdicts and so on."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from html import unescape
from pathlib import Path

import pandas as pd

from analysis.edition.record import CONTRAST, Fact, write_record
from analysis.edition.stage import RECORD
from analysis.plan.layout import site
from analysis.plan.steps import step_named
from analysis.publish.cells import TWIN, reports_of
from analysis.publish.districts import published_estimates
from analysis.publish.findings import published_corrections
from analysis.publish.naming import district_names
from analysis.publish.prose import Number, numbers
from analysis.publish.text import Text
from analysis.survey.folders import build
from analysis.survey.reference import reference
from analysis.survey.repository import read, read_statements, wave_facts
from analysis.survey.study import study

DIGITS = 16  # of a hash: enough to distinguish two versions
MARKS = re.compile(r"^\s*(?:#{1,6}|[-*+]|\d+\.|>)\s+|[*`]|\]\([^()\s]*\)|\[(?=[^\]]*\]\()|<[^<>]*>")
END = re.compile(  # end of a sentence; not the point of a numbered heading
    r"(?<=[。！？])(?=[^”’）)])|(?<=[.!?])(?<!^\d\.)\s+(?=[A-Z“\"(])|(?<=[.!?][”\")])\s+(?=[A-Z“\"(])"
)


def write_facts_of(wave: str, shown: Iterable[str], names: Iterable[str]) -> None:
    """Write the record of the edition of a wave.

    shown: ids of its figures and tables. names: those of its steps.
    """
    facts = [*_edition(wave), *_titles(), *_numbers(wave), *_verdicts(wave)]
    facts += [_drawing(wave, name) for name in sorted(shown)]
    write_record([*facts, *_corrections(wave), *_sentences(wave, names)], site(wave) / RECORD)


def _said(texts: Iterable[str]) -> tuple[str, ...]:
    """Return texts by language, or one text if all are the same."""
    listed = tuple(texts)
    return listed[:1] if len(set(listed)) == 1 else listed


def _edition(wave: str) -> Iterator[Fact]:
    facts, languages = wave_facts(wave), study().languages
    yield Fact("edition", "wave", (wave,))
    yield Fact("edition", "languages", languages)
    yield Fact("edition", "report", (study().report,))
    for part in ("title", "label", "notice"):
        shown = part == "title" or facts["basis"] != "official"
        yield Fact("edition", part, _said(facts[part][lang] if shown else "" for lang in languages))


def _titles() -> Iterator[Fact]:
    for row in reference("measures").to_dict("records"):
        yield Fact("title", row["indicator"], _said(row[lang] for lang in study().languages))
        texts = (row.get(f"definition_{lang}", "") for lang in study().languages)
        yield Fact("definition", row["indicator"], _said(texts))
    for code in study().districts:
        names = (district_names(lang)[code] for lang in study().languages)
        yield Fact("title", code, _said(names))


def _numbers(wave: str) -> Iterator[Fact]:
    """Yield each number as printed, with the value, interval and n of `estimates.csv`."""
    estimates = published_estimates(wave)
    by_lang = [numbers(estimates, lang) for lang in study().languages]
    for row in estimates.itertuples(index=False):
        said = _said(_printed(names[row.district][row.indicator]) for names in by_lang)
        yield Fact("number", row.name, said, data=f"{row.value} [{row.low}, {row.high}] n {row.n}")


def _printed(number: Number) -> str:
    return "—" if pd.isna(number.value) and not number.withheld else number.text


def _verdicts(wave: str) -> Iterator[Fact]:
    """Yield the form and words of each statement, and whether the form is a contrast."""
    forms = reference("sentence_forms")
    contrasts = set(forms.loc[forms["contrast"] == "yes", "form"])
    for row in read_statements(wave).to_dict("records"):
        name = ".".join(filter(None, (row["indicator"], row["district"], row.get("other", ""))))
        said = (row[f"text_{lang}"] for lang in study().languages)
        form = row["form"]
        data = f"{form} {CONTRAST}" if form in contrasts else form
        yield Fact("verdict", name, _said(said), data=data)


def _drawing(wave: str, name: str) -> Fact:
    """Return the fact of a figure or table: title, subtitle, hashes of its data and drawing."""
    said, states, kind = [], {"data": hashlib.sha256(), "drawing": hashlib.sha256()}, ""
    for lang in study().languages:
        folder = build(wave) / lang
        saved = json.loads((folder / "shown" / f"{name}.json").read_text("utf-8"))
        report, kind = saved["report"], saved["report"]["kind"]
        words = (Text.from_json(report[key]).plain for key in ("title", "subtitle"))
        said.append(" · ".join(filter(None, words)))
        states["data"].update((folder / "tables" / f"{name}.csv").read_bytes())
        states["drawing"].update(saved["data"].get("image/svg+xml", "").encode())
    kept = [key for key in states if kind == "figure" or key == "data"]
    data = " ".join(f"{key} {states[key].hexdigest()[:DIGITS]}" for key in kept)
    return Fact(kind, name, _said(said), data=data)


def _corrections(wave: str) -> Iterator[Fact]:
    """Yield each correction; those of people are counted by sheet and column."""
    for row in published_corrections(read("corrections", wave), study().languages[0]).itertuples(
        index=False
    ):
        if row.file:
            place, said = (
                f"{row.file}!{row.sheet}!{row.column} {row.row}",
                f"“{row.expected}” → “{row.new}”",
            )
        else:  # of people
            place, said = f"{row.sheet}!{row.column}", row.reason
        yield Fact("correction", place, (said,))


def _sentences(wave: str, names: Iterable[str]) -> Iterator[Fact]:
    """Yield every sentence of every page, in order, with notebook and cell."""
    for step in map(step_named, names):
        for lang in study().languages:
            path = build(wave) / lang / "notebooks" / f"{step.name}.ipynb"
            for cell, text in published_texts(path):
                yield Fact("sentence", f"{step.name}!{cell}", (text,), lang)


def published_texts(notebook: Path) -> Iterator[tuple[str, str]]:
    """Yield (cell, sentence) of an executed notebook: prose and key figures, as plain text."""
    for cell, report in reports_of(json.loads(notebook.read_text("utf-8"))["cells"]):
        for tile in report.get("tiles", []):
            yield cell, " ".join(Text.from_json(text).plain for text in tile.values())
        said = sentences(Text.from_json(report.get("text", [])))
        yield from ((TWIN.sub("", cell), one) for one in said)


def sentences(text: Text) -> list[str]:
    """Split a text into sentences as plain text; headings and list items are sentences."""
    lines = (unescape(MARKS.sub("", line)).strip() for line in text.markdown.splitlines())
    return [one.strip() for line in lines for one in END.split(line) if one.strip()]
