"""Receipts of numbers: definition, formula and sources, down to the rows of workbooks."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pandas as pd

from analysis.publish.naming import district_names
from analysis.publish.prose import Number, money, number, rows_said
from analysis.publish.receipt_words import (
    BASIS,
    CHANGED,
    DONE,
    UNCERTAINTY,
    WHY_WITHHELD,
    WORDS,
    Amount,
)
from analysis.publish.tables import capital
from analysis.stats.ledger import printed
from analysis.survey.citation import Citation, parse, rows_behind
from analysis.survey.corrections import corrections_of
from analysis.survey.reference import reference
from analysis.survey.study import study

# ranges of rows in a sheet that a receipt lists; for more, the first and last row and the number
RANGES = 2
NAMED = 3  # other estimates that a receipt names
DOMAIN = re.compile(r"\) \[.+\]$")  # at the end of a formula
EXCLUDED = re.compile(r"not in \[.*?\]")  # a number is not about the communities that it excludes
CHANGE = re.compile(
    r"estimates: (?P<growth>100 × \()?(?P<after>\w+) − (?P<before>\w+)(?(growth)\) / (?P=before))"
)


class Receipts:
    """The receipts of a table of estimates in one language; see `receipts`."""

    def __init__(self, estimates: pd.DataFrame, ledger: pd.DataFrame, lang: str) -> None:
        self.lang, self.words, self.names = lang, WORDS[lang], district_names(lang)
        self.measures = reference("measures").set_index("indicator").to_dict("index")
        claimed = ledger[ledger["estimate"] != ""].drop_duplicates("estimate")
        self.claims = claimed.set_index("estimate").to_dict("index")
        self.by_name = {row.name: row for row in estimates.itertuples(index=False)}
        rows = self.by_name.values()
        self.numbers = {row.name: number(row, self.measures[row.indicator], lang) for row in rows}
        self.values: dict[str, dict[str, Number]] = {}
        for row in rows:
            self.values.setdefault(row.indicator, {})[row.district] = self.numbers[row.name]
        self.stand_ins = _stand_ins()

    def of(self, row: Any) -> dict:
        """Return the receipt of one row of the estimates."""
        said, join, measure = (
            self.numbers[row.name],
            self.words["join"],
            self.measures[row.indicator],
        )
        cited = parse(row.sources)
        rows = self.counted(row, cited)
        kind = [UNCERTAINTY[row.uncertainty][self.lang], BASIS[row.basis][self.lang]]
        words = WHY_WITHHELD[self.lang][said.withheld] if said.withheld else self.done(row, rows)
        counted = [] if "÷" in words or not rows else [rows]  # the formula has the denominator
        return {
            "label": self.label(row.indicator, row.district),
            "value": said.text,
            "how": row.how,
            "words": words,
            "definition": measure[f"definition_{self.lang}"],
            "kind": join.join([*kind, *([rows] if rows else [])]),
            "facts": join.join([*kind, *counted, *self.compared(said)]),
            "notebook": row.notebook,
            "cell": row.cell,
            "cell_href": f"{row.notebook}.html#c-{row.cell}",
            "sources": self.places(row, cited),
            "notes": self.notes(row),
            "corrections": [],
        }

    def label(self, indicator: str, district: str) -> str:
        """Return the label of a number: its measure and its county."""
        where = "" if district == study().city else f" · {self.names[district]}"
        return capital(self.measures[indicator][self.lang]) + where

    def counted(self, row: Any, cited: list[Citation]) -> str:
        """Return the number of rows behind a number: 277人, 9县×4项; empty for changes."""
        (table, _, formula), n = row.how.partition(": "), int(row.n)
        if not n or CHANGE.match(row.how):
            return ""
        if table == "model":  # the scores of the index are those of so many communities
            return (
                rows_said(n, study().frame_table, self.lang)
                if formula.startswith("indicators.csv")
                else ""
            )
        counties = len({part.file for part in cited})
        if _rows(table) == "codes" and n > counties and n % counties == 0:
            return self.words["per"].format(counties, n // counties)
        return rows_said(n, table, self.lang)

    def done(self, row: Any, rows: str) -> str:
        """Return the computation in words: 持证724人 ÷ 花名册1533人."""
        if change := CHANGE.match(row.how):
            return self.changed(row, change)
        parts = {name: getattr(row, name) for name in ("numerator", "denominator")}
        if template := self.measures[row.indicator][f"parts_{self.lang}"]:
            if pd.isna(row.denominator):  # no denominator
                return ""
            return template.format_map(
                {name: Amount(value, self.lang) for name, value in parts.items()}
            )
        if row.n == 1:  # the value is the only row
            return ""
        table = row.how.partition(": ")[0]
        said = {
            name: rows_said(int(v), table, self.lang) for name, v in parts.items() if pd.notna(v)
        }
        words = next(words for pattern, words in DONE if re.match(pattern, row.how))[self.lang]
        return words.format_map({"rows": rows, "numerator": "", "denominator": ""} | said)

    def changed(self, row: Any, change: re.Match) -> str:
        """Return the compared numbers; a note follows if rounding hides the printed change."""
        after, before = (self.values[change[part]][row.district] for part in ("after", "before"))
        difference, growth, unrounded = CHANGED[self.lang]
        said = {
            "after": f"{self.label(change['after'], study().city)} {after.text}",
            "before": f"{self.label(change['before'], study().city)} {before.text}",
        }
        words = (growth if change["growth"] else difference).format_map(said)
        return words + (
            ""
            if agrees(after, before, self.numbers[row.name], bool(change["growth"]))
            else unrounded
        )

    def compared(self, said: Number) -> list[str]:
        """Return the interval, and the published figure with its status in the ledger."""
        facts, claim = [], self.claims.get(said.key)
        if said.interval_text != "—":
            facts.append(self.words["interval"].format(said.interval_text))
        # a statement may have no figure
        if claim is not None and claim["published"] not in ("", "n/a"):
            figure, unit = claim["published"], claim["unit_zh"]
            if self.lang == "en":
                figure, unit = money(figure, claim["unit"], said.unit.name)
            status = claim["status_zh" if self.lang == "zh" else "status"]
            facts.append(self.words["published"].format(f"{figure} {unit}".strip(), status))
        return facts

    def notes(self, row: Any) -> list[str]:
        """Return a note for each stand-in community of a number."""
        named = EXCLUDED.sub("", row.how)
        codes = re.findall(rf"\b{study().community}\b", named)
        found = [self.stand_ins[code] for code in codes if code in self.stand_ins]
        return [self.words["stand_in"].format_map(place) for place in found]

    def places(self, row: Any, cited: list[Citation]) -> list[tuple[str, str]]:
        """Return the locations of the rows as (sheet, rows), one for each sheet.

        For the city, each county has its value. Many ranges are shortened; the table of estimates
        and `analysis explain` have all of them.
        """
        values = self.values[row.indicator] if row.district == study().city else {}
        values = {code: values[code] for code in study().districts if code in values}
        model = row.how.startswith("model: ")
        whole, listed, found = not model and DOMAIN.search(row.how) is None, model, []
        for sheet, parts in _by_sheet(cited).items():
            of_counties = (
                row.district == study().city and study().district_of(parts[0].file) in self.names
            )
            if of_counties and not listed:
                found.append(self.of_counties(parts, values, whole))
            elif of_counties:
                count = sum(part.count for part in parts)
                said = rows_said(count, _table_of(sheet), self.lang) if count else ""
                found.append((self.of_sheets(sheet, whole, people=not count), said))
            else:
                found += [self.of_sheet(part, whole) for part in parts]
            listed = listed or of_counties
        names = [part.name for part in cited if part.name]
        if names and not CHANGE.match(row.how):
            found.append((self.named(names), ""))
        if values and (model or not listed):
            said = (f"{self.names[code]} {value.plain}" for code, value in values.items())
            found.append(("", ", ".join(said)))
        return found

    def of_counties(
        self, parts: list[Citation], values: dict[str, Number], whole: bool
    ) -> tuple[str, str]:
        """Return the entry of a sheet that every county has: each county with its value.

        For part of a sheet, the first and last row of each county follow, and the number of rows
        unless it is the value.
        """
        by_code = {study().district_of(part.file): part for part in parts}
        said = []
        people = not parts[0].spans
        for code in (
            code for code in study().districts if code in values or (code in by_code and not people)
        ):
            value, part = values.get(code), by_code.get(code)
            text = self.names[code] + (f" {value.plain}" if value else "")
            if part and part.spans and not (whole and value):
                every = len(part.spans) <= RANGES or (
                    value is not None and value.value == part.count
                )
                rows = self.folded(part)
                text += f" ({rows})" if every else self.words["county"].format(rows, part.count)
            said.append(text)
        return self.of_sheets(parts[0].sheet, whole, people=not parts[0].spans), ", ".join(said)

    def of_sheets(self, sheet: str, whole: bool, people: bool = False) -> str:
        """Return the name of a sheet that every county has; for people, without rows."""
        words = "people_of_counties" if people else "all_of_counties" if whole else "of_counties"
        return self.words[words].format(sheet)

    def of_sheet(self, part: Citation, whole: bool) -> tuple[str, str]:
        """Return the name of one sheet or reference table and its rows."""
        if not part.sheet:
            lines = self.words["line"].format(self.folded(part)) if part.spans else ""
            return f"data/raw/reference/{part.file}{lines}", ""
        sheet = f"《{part.sheet}》" if self.lang == "zh" else f"sheet {part.sheet}"
        of_district = study().district_of(part.file) in self.names
        title = sheet if of_district else self.words["sheet"].format(part.file, part.sheet)
        if not part.spans:
            return self.words["people"].format(title), ""
        words = "listed" if len(part.spans) <= RANGES else "whole" if whole else "part"
        count = rows_said(part.count, _table_of(part.sheet), self.lang)
        return self.words[words].format(title, self.folded(part), count), ""

    def folded(self, part: Citation) -> str:
        """Return ranges of rows; if there are many, the first and last row."""
        spans = (
            part.spans if len(part.spans) <= RANGES else ((part.spans[0][0], part.spans[-1][1]),)
        )
        dash = self.words["range"]
        return self.words["comma"].join(f"{a}{dash}{b}" if a < b else str(a) for a, b in spans)

    def named(self, names: list[str]) -> str:
        """Return the names of other estimates with their values."""
        rows = [self.by_name[name] for name in names[:NAMED]]
        said = [
            f"{self.label(row.indicator, row.district)} {self.numbers[row.name].text}"
            for row in rows
        ]
        text = self.words["comma"].join(said)
        return text if len(names) <= NAMED else self.words["more"].format(text, len(names))


def _by_sheet(cited: list[Citation]) -> dict[str, list[Citation]]:
    """Group citations of rows by the title of their sheet."""
    sheets: dict[str, list[Citation]] = {}
    for part in cited:
        if not part.name:
            sheets.setdefault(part.sheet or part.file, []).append(part)
    return sheets


def _table_of(sheet: str) -> str:
    """Return the table whose sheet has this title; empty if there is none."""
    return next((name for name, table in study().tables.items() if table.zh == sheet), "")


def _rows(table: str) -> str:
    """Return the kind of rows of a table (see `codebook.Table`); empty if it is not clean."""
    return study().tables[table].rows if table in study().tables else ""


def receipts(
    estimates: pd.DataFrame,
    ledger: pd.DataFrame,
    lang: str,
    corrections: pd.DataFrame | None = None,
) -> dict[str, dict]:
    """Return the receipts of all estimates by name.

    A receipt of the city lists the values of the counties, if there are any. corrections: the clean
    table; each is listed with the numbers that use its row, also through other estimates.
    """
    book = Receipts(estimates, ledger, lang)
    found = {name: book.of(row) for name, row in book.by_name.items()}
    if corrections is not None and len(corrections):
        sources = {name: row.sources for name, row in book.by_name.items()}
        for name, text in sources.items():
            lines = corrections_of(rows_behind(text, sources), corrections)
            found[name]["corrections"] = _corrected(lines, lang)
    return found


def agrees(after: Number, before: Number, change: Number, growth: bool) -> bool:
    """Return whether two printed numbers give the printed change between them."""
    now, was, printed_change = (
        Decimal(printed(one.value, one.unit.decimals)) for one in (after, before, change)
    )
    if not growth:
        return now - was == printed_change
    return (
        was != 0
        and Decimal(printed(100 * (now - was) / was, change.unit.decimals)) == printed_change
    )


def _corrected(lines: pd.DataFrame, lang: str) -> list[str]:
    """Return a line for each correction: cell, old and new value, reason and role."""
    said = lines.to_dict("records")
    cells = ["{file}!{sheet}!{column} {row}".format_map(line) for line in said]
    return [
        WORDS[lang]["corrected"].format(cell=cell, **line)
        for cell, line in zip(cells, said, strict=True)
    ]


def _stand_ins() -> dict[str, dict[str, str]]:
    """Return the names of each stand-in community by code: real (its place), name, code."""
    named = (
        reference("named_places").query("stand_in != real_code").set_index("stand_in")["real_name"]
    )
    names = reference("communities").set_index("community_code")["community"]
    return {
        code: {"real": real, "name": names[code], "code": code}
        for code, real in named.items()
        if code in names
    }
