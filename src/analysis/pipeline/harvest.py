"""Read every published number of people from all formats of an edition, as intervals.

The formats are CSV and workbooks; tables, receipts and linked numbers of pages; hover titles of
drawings; tables of Word files; PDF as text laid out by `pdftotext`; and executed notebooks. Nothing
of the disclosure control is used. A printed number is an interval, since the digits that are not
printed are unknown.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import docx
import numpy as np
from python_calamine import CalamineWorkbook

from analysis.publish.naming import district_names
from analysis.survey.reference import reference
from analysis.survey.study import study

Cell = tuple[str, str]  # indicator, district
PDF = "pdftotext"  # of poppler; without it PDF files are skipped, and listed as such
RETURNED = "returns"  # workbooks that are sent back to the county that submitted them
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
DRAWN = re.compile(r"^\s*(\S+?)[ ：:]+(-?\d[\d,]*(?:\.\d+)?)")
UNIT = re.compile(r"（[^（]*）$|\([^()]*\)$")  # follows the title of a column
GAP = re.compile(r"\s{2,}")  # between the columns of a table laid out as text
CITED = re.compile(r"[\d,-]+")  # rows of a sheet
YUAN = 1000  # a pay above it is in yuan, with trailing zeros that may be rounded
VOID = {"title", "h3", "b", "td", "th", "p", "tr", "table", "article", "main", "a"}


@dataclass
class Known:
    """What is known: for each (indicator, district) the narrowest interval and where it was read.

    places: codes by name; titles: indicators by title; read: number of numbers of people that were
    read; skipped: files that could not be read.
    """

    counts: frozenset[str]
    shares: frozenset[str]
    means: frozenset[str]
    places: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    facts: dict[Cell, tuple[float, float]] = field(default_factory=dict)
    where: dict[Cell, str] = field(default_factory=dict)
    read: int = 0
    skipped: list[str] = field(default_factory=list)

    def note(self, cell: Cell, low: float, high: float, where: str) -> None:
        """Intersect the known interval of a cell with a further one, unless they contradict."""
        self.read += 1
        before = self.facts.get(cell, (-np.inf, np.inf))
        both = (max(before[0], low), min(before[1], high))
        if both[0] > both[1] + 1e-9:  # misread, or of another domain: the first interval is kept
            return
        if both != before:
            self.facts[cell] = both
            self.where[cell] = where

    def title(self, text: object) -> str | None:
        """Return the indicator that a column head or label names; None if it names none."""
        whole = squeezed(text)
        return self.titles.get(whole) or self.titles.get(UNIT.sub("", whole))

    def print(self, indicator: str, district: str, text: str, where: str) -> None:
        """Record a number from its printed text."""
        if indicator in self.means:
            span = pay(text)
        elif indicator in self.counts | self.shares:
            span = interval(text)
        else:
            return
        if span:
            whole = span[0] == span[1] and indicator in self.shares  # a share without decimals
            half = 0.5 if whole else 0.0
            self.note((indicator, district), span[0] - half, span[1] + half, where)


def squeezed(text: object) -> str:
    """Return a text in lower case and without white space, for the comparison of titles."""
    return re.sub(r"\s+", "", str(text)).lower()


def interval(text: str) -> tuple[float, float] | None:
    """Return the interval of values that a printed number stands for; None if it is no number."""
    found = NUMBER.fullmatch(str(text).strip().removesuffix("%"))
    if not found:
        return None
    digits = found[0].replace(",", "")
    half = 0.5 * 10 ** -len(digits.partition(".")[2]) if "." in digits else 0.0
    return float(digits) - half, float(digits) + half


def pay(text: str) -> tuple[float, float] | None:
    """Return the interval of a printed mean of pay, in 万元."""
    span = interval(text)
    if span is None or span[1] < YUAN:
        return span if span is None or span[0] < span[1] else (span[0] - 0.5, span[1] + 0.5)
    digits = str(text).strip().removesuffix("%").replace(",", "")
    half = 0.5 * 10 ** (len(digits) - len(digits.rstrip("0")))
    return (span[0] - half) / 1e4, (span[1] + half) / 1e4


class Page(HTMLParser):
    """Tables, receipts, linked numbers and hover titles of a page; end tags may be missing."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[list[list[str]]]] = []
        self.receipts: list[dict] = []
        self.hover: list[tuple[str, list[str]]] = []
        self.links: list[tuple[str, list[str]]] = []
        self.areas: dict[str, list[str]] = {}
        self.area = self.figure = ""
        self.into: list[str] = []  # list that text is appended to
        self.feed(re.sub(r"<(style|script)\b.*?</\1>", "", text, flags=re.S))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if opener := getattr(self, f"_{tag}", None):
            opener(given)

    def _figure(self, given: dict[str, str]) -> None:
        self.figure = given.get("id", "").partition("-")[2]

    def _table(self, _given: dict[str, str]) -> None:
        self.tables.append([])

    def _tr(self, given: dict[str, str]) -> None:
        if self.tables:
            self.tables[-1].append([])
            self.area = given.get("data-area", "")

    def _td(self, _given: dict[str, str]) -> None:
        if self.tables and self.tables[-1]:
            self.into = []
            self.tables[-1][-1].append(self.into)

    def _th(self, given: dict[str, str]) -> None:
        self._td(given)
        if self.area:
            self.areas.setdefault(self.area, self.into)

    def _a(self, given: dict[str, str]) -> None:
        if given.get("href", "").startswith("#r-") and self._is_prose():
            self.links.append((given["href"][3:], []))
            self.into = self.links[-1][1]

    def _is_prose(self) -> bool:
        """Return whether text is outside of table cells; text of a cell must stay in the cell."""
        return not any(self.into is cell for row in self.tables[-1:] for one in row for cell in one)

    def _article(self, given: dict[str, str]) -> None:
        if given.get("id", "").startswith("r-"):
            self.receipts.append({"name": given["id"][2:], "h3": [], "b": [], "p": []})

    def _h3(self, _given: dict[str, str]) -> None:
        if self.receipts:
            self.into = self.receipts[-1]["h3"]

    def _b(self, _given: dict[str, str]) -> None:
        if self.receipts:
            self.into = self.receipts[-1]["b"]

    def _p(self, _given: dict[str, str]) -> None:
        self.into = []
        if self.receipts:
            self.receipts[-1]["p"].append(self.into)

    def _title(self, _given: dict[str, str]) -> None:
        self.into = []
        self.hover.append((self.figure, self.into))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID and not (tag == "a" and not self._is_prose()):
            self.into = []

    def handle_data(self, data: str) -> None:
        self.into.append(data)


def said(parts: Iterable[str]) -> str:
    """Return the text collected in parts, joined and stripped."""
    return "".join(parts).strip()


def harvest(folder: Path, titles: dict[str, str] | None = None) -> Known:
    """Return the numbers of people read from the edition in a folder.

    titles: indicators by further titles that tables use.
    """
    known = _known(titles or {})
    pages = {path: Page(path.read_text("utf-8")) for path in sorted(folder.rglob("*.html"))}
    for page in pages.values():
        for receipt in page.receipts:
            label = said(receipt["h3"]).split(" · ")[0]
            known.titles.setdefault(squeezed(label), receipt["name"].split(".")[0])
    readers = {**READERS, ".html": lambda known, path, where: read_page(known, pages[path], where)}
    for ending, reader in readers.items():
        for path in sorted(folder.rglob(f"*{ending}")):
            if RETURNED not in path.relative_to(folder).parts:
                reader(known, path, path.relative_to(folder).as_posix())
    return known


def _known(titles: dict[str, str]) -> Known:
    """Return what every reader knows: names of districts, and titles and kinds of numbers."""
    people = reference("people")
    kinds = {kind: frozenset(part["indicator"]) for kind, part in people.groupby("kind")}
    none: frozenset[str] = frozenset()
    known = Known(
        frozenset().union(*(kinds.get(kind, none) for kind in ("count", "sum", "derived_count"))),
        kinds.get("derived", none),
        kinds.get("mean", none),
    )
    measures = reference("measures")
    measures = measures[measures["indicator"].isin(people["indicator"])]
    for lang in study().languages:
        known.places |= {name: code for code, name in district_names(lang).items()}
        words = zip(measures[lang], measures["indicator"], strict=True)
        known.titles |= {squeezed(title): indicator for title, indicator in words}
    known.titles |= {squeezed(title): indicator for title, indicator in titles.items()}
    return known


def read_page(known: Known, page: Page, where: str) -> None:
    """Record the numbers in tables, receipts, linked numbers and hover titles of a page."""
    for table in page.tables:
        read_table(known, [[said(cell) for cell in row] for row in table], where)
    for receipt in page.receipts:
        read_receipt(known, receipt, where)
    for name, text in page.links:
        indicator, _, district = name.partition(".")
        if found := NUMBER.match(said(text)):
            known.print(indicator, district or study().city, found[0], where)
    for name, title in page.hover:
        read_hover(known, name, [said(title)], where)


def read_receipt(known: Known, receipt: dict, where: str) -> None:
    """Record the value of a receipt and, for the city, the values of the districts it lists."""
    name, _, district = receipt["name"].partition(".")
    if found := NUMBER.match(said(receipt["b"])):
        known.print(name, district or study().city, found[0], where)
    if not district:
        for line in map(said, receipt["p"]):
            read_line(known, name, line, where)


def read_line(known: Known, indicator: str, line: str, where: str) -> None:
    """Record the numbers that directly follow the name of a place."""
    for place, code in known.places.items():
        for found in re.finditer(rf"{re.escape(place)} (\d[\d,.]*\d|\d)(?=[,，、(（ ]|$)", line):
            known.print(indicator, code, found[1], where)


def read_hover(known: Known, name: str, titles: Iterable[str], where: str) -> None:
    """Record the numbers in the hover titles of a figure that has the name of an indicator."""
    indicator = known.titles.get(squeezed(name), name)
    for text in titles:
        found = DRAWN.match(text)
        if found and found[1] in known.places:
            known.print(indicator, known.places[found[1]], found[2], where)


def read_table(known: Known, rows: list[list[str]], where: str) -> None:
    """Record the numbers of a table with a row or a column for each district."""
    for i, head in enumerate(rows):
        below = rows[i + 1 :]
        columns = {j: name for j, text in enumerate(head) if (name := known.title(text))}
        for row in below if columns else ():
            code = known.places.get(row[0].strip()) if row else None
            for j, indicator in columns.items() if code else ():
                if j < len(row):
                    known.print(indicator, code, row[j], where)
        across = {
            j: known.places[t.strip()] for j, t in enumerate(head) if t.strip() in known.places
        }
        for row in below if len(across) > 2 else ():
            indicator = known.title(row[0]) if row else None
            for j, code in across.items() if indicator else ():
                if j < len(row):
                    known.print(indicator, code, row[j], where)


def read_layout(known: Known, text: str, where: str) -> None:
    """Record the numbers of tables laid out as text: a head, and rows with as many columns."""
    table: list[list[str]] = []
    for row in (GAP.split(line.strip()) for line in text.splitlines()):
        if sum(bool(known.title(cell)) for cell in row) > 0:
            read_table(known, table, where)
            table = [row]
        elif table and row[0] in known.places and len(row) == len(table[0]):
            table.append(row)
        elif len(table) > 1:
            read_table(known, table, where)
            table = []
    read_table(known, table, where)


def read_csv(known: Known, path: Path, where: str) -> None:
    """Record the numbers of a CSV file.

    Of the estimates, also numerators and the numbers of cited rows are recorded.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    if rows and {"indicator", "district", "value", "sources"} <= set(rows[0]):
        for row in rows[1:]:
            _read_estimate(known, dict(zip(rows[0], row, strict=True)), where)
    else:
        read_table(known, rows, where)


def _read_estimate(known: Known, row: dict[str, str], where: str) -> None:
    name, district = row["indicator"], row["district"]
    if row["value"] and name in known.counts | known.shares | known.means:
        half = 0.0 if name in known.counts else 5e-7
        half = _half(row["value"]) if name in known.means else half
        known.note((name, district), float(row["value"]) - half, float(row["value"]) + half, where)
        if name in known.means and row["low"]:  # the value is the midpoint
            middle = (float(row["low"]) + float(row["high"])) / 2
            half = max(_half(row["low"]), _half(row["high"]))
            known.note((name, district), middle - half, middle + half, f"{where}: its interval")
    if name in known.counts and "count(rows)" in row["how"]:
        for code, lines in _cited_rows(row["sources"]).items():
            known.note((name, code), lines, lines, f"{where}: rows that are cited")


def _cited_rows(sources: str) -> dict[str, int]:
    """Return the number of rows that an estimate cites, by district; empty if it cites none.

    Names of the cited files begin with the code of the district.
    """
    found = {}
    for one in sources.split("; "):
        code, rows = one.partition("_")[0], one.rpartition(" ")[2]
        spans = re.findall(r"(\d+)(?:-(\d+))?", rows) if CITED.fullmatch(rows) else []
        if code in study().districts and spans:
            found[code] = sum(int(last or first) - int(first) + 1 for first, last in spans)
    return found


def _half(number: str) -> float:
    """Return the rounding error of a printed number: half a unit of its last digit."""
    return 0.5 * 10 ** -len(number.partition(".")[2])


def read_svg(known: Known, path: Path, where: str) -> None:
    """Record the hover titles of a drawing."""
    titles = re.findall(r"<title>([^<]*)</title>", path.read_text("utf-8"))
    read_hover(known, path.stem, titles, where)


def read_workbook(known: Known, path: Path, where: str) -> None:
    """Record the numbers of every sheet of a workbook."""
    book = CalamineWorkbook.from_path(path)
    for name in book.sheet_names:
        rows = [[_cell(value) for value in row] for row in book.get_sheet_by_name(name).to_python()]
        read_table(known, rows, f"{where}!{name}")


def _cell(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def read_word(known: Known, path: Path, where: str) -> None:
    """Record the numbers in the tables of a Word file."""
    for table in docx.Document(str(path)).tables:
        rows = [[cell.text.strip() for cell in row.cells] for row in table.rows]
        read_table(known, rows, where)


def read_pdf(known: Known, path: Path, where: str) -> None:
    """Record the numbers of a PDF laid out as text; the file is skipped without `pdftotext`."""
    if not shutil.which(PDF):
        known.skipped.append(f"{where} ({PDF} is not installed)")
        return
    order = [PDF, "-layout", "-enc", "UTF-8", str(path), "-"]
    done = subprocess.run(order, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        known.skipped.append(f"{where} ({PDF}: exit {done.returncode})")
        return
    read_layout(known, done.stdout, where)


def read_notebook(known: Known, path: Path, where: str) -> None:
    """Record the numbers in the outputs of a notebook: HTML and tables laid out as text."""
    for cell in json.loads(path.read_text("utf-8")).get("cells", []):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data:
                read_page(known, Page("".join(data["text/html"])), where)
            text = "".join(data.get("text/plain", output.get("text", "")))
            read_layout(known, text, where)


READERS: dict[str, Callable[[Known, Path, str], None]] = {
    ".csv": read_csv,
    ".svg": read_svg,
    ".xlsx": read_workbook,
    ".docx": read_word,
    ".pdf": read_pdf,
    ".ipynb": read_notebook,
}
