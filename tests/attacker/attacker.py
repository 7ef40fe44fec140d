"""An attacker who has nothing but what is published, and knows what the numbers mean.

`harvest` reads every format of an edition (CSV, HTML tables, receipts, hover titles and coordinates
of drawings, workbook, Word) and turns printed digits into intervals. `narrowed` finds by integer
programming how far each number of people that is not published can be narrowed, `movers` how well
the pay of somebody who came or went between two editions can be known. Nothing of the package is
imported.
"""

import csv
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import docx
import numpy as np
import openpyxl
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

CITY = "331000"
COUNTS = (
    "workers_total",
    "workers_2018",
    "hired_since_2018",
    "hired_2020",
    "hired_before_2018",
    "leavers",
    "certified_workers",
    "candidates",
    "able_workers",
    "respondents",
)
# what everybody knows of them: sum of (sign, name) is nothing
IDENTITIES = (
    ((1, "workers_total"), (-1, "hired_since_2018"), (-1, "hired_before_2018")),
    ((1, "workers_2018"), (-1, "hired_before_2018"), (-1, "leavers")),
)
PARTS = {
    "hired_since_2018": "workers_total",
    "hired_2020": "hired_since_2018",
    "hired_before_2018": "workers_total",
    "leavers": "workers_2018",
    "certified_workers": "workers_total",
    "able_workers": "candidates",
}
SHARES = {"certified": ("certified_workers", "workers_total")}  # 100 × part / whole
GROWTHS = {"growth": ("workers_total", "workers_2018")}  # 100 × (after − before) / before
SHORT = {  # titles that the receipts do not have
    "社工（人）": "workers_total",
    "年收入（万元）": "income",
    "持证率（%）": "certified",
    "人数": "workers_total",
    "2018年以前入职且仍在岗（人）": "hired_before_2018",
    "受访工作人员（人）": "respondents",
}
READ = {*COUNTS, *SHARES, *GROWTHS, "income"}
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
LISTED = re.compile(
    r"([\u4e00-\u9fff]{2,8}[县市区]|[A-Z][a-z]+) (-?\d[\d,]*(?:\.\d+)?)(?=[,，、(（ ]|$)"
)
DRAWN = re.compile(r"^\s*(\S+?)[ ：:]+(-?\d[\d,]*(?:\.\d+)?)")


@dataclass
class Known:
    """Known intervals by (indicator, district), the narrowest with its source; codes by name."""

    places: dict = field(default_factory=dict)
    titles: dict = field(default_factory=dict)
    facts: dict = field(default_factory=dict)
    where: dict = field(default_factory=dict)
    read: int = 0

    def note(self, indicator, district, low, high, where):
        """Keep what is narrower than what was known."""
        self.read += 1
        before = self.facts.get((indicator, district), (-np.inf, np.inf))
        both = (max(before[0], low), min(before[1], high))
        if both[0] > both[1] + 1e-9:  # two prints of one number that do not agree: the finer one
            both = (low, high) if high - low < before[1] - before[0] else before
        if both != before:
            self.facts[indicator, district] = both
            self.where[indicator, district] = where

    def title(self, text):
        """Return the indicator that a head or label names."""
        plain = re.sub(r"\s+", "", str(text))
        bare = re.sub(r"（[^（）]*）$|\([^()]*\)$", "", plain)
        return SHORT.get(plain) or self.titles.get(plain) or self.titles.get(bare)

    def print(self, indicator, district, text, where):
        """Note a number as it is printed: the digits that are not there are unknown."""
        span = pay(text) if indicator == "income" else interval(text)
        if span and indicator in READ:
            half = 0.5 if span[0] == span[1] and indicator not in COUNTS else 0.0  # a rounded share
            self.note(indicator, district, span[0] - half, span[1] + half, where)


def interval(text):
    """Return the interval of what a printed number can have been, None for what is no number."""
    found = NUMBER.fullmatch(str(text).strip().removesuffix("%"))
    if not found:
        return None
    digits = found[0].replace(",", "")
    half = 0.5 * 10 ** -len(digits.partition(".")[2]) if "." in digits else 0.0
    return float(digits) - half, float(digits) + half


def pay(text):
    """Return the interval of a printed pay in 万元: in yuan its last noughts are not known."""
    span = interval(text)
    if span is None or span[1] < 1000:
        return span if span is None or span[0] < span[1] else (span[0] - 0.5, span[1] + 0.5)
    digits = NUMBER.match(text.strip())[0].replace(",", "")
    half = 0.5 * 10 ** (len(digits) - len(digits.rstrip("0")))
    return (span[0] - half) / 1e4, (span[1] + half) / 1e4


class Page(HTMLParser):
    """The tables, receipts and hover titles of a page; end tags may be missing, as in HTML."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.receipts, self.hover, self.areas = [], [], [], {}
        self.area = self.figure = ""
        self.into = []  # where text goes
        self.feed(re.sub(r"<(style|script)\b.*?</\1>", "", text, flags=re.S))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "figure":
            self.figure = given.get("id", "").partition("-")[2]
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
            self.area = given.get("data-area", "")
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self.into = []
            self.tables[-1][-1].append(self.into)
            if tag == "th" and self.area:
                self.areas.setdefault(self.area, self.into)
        elif tag == "article" and given.get("id", "").startswith("r-"):
            self.receipts.append({"name": given["id"][2:], "h3": [], "b": [], "p": []})
        elif tag in ("h3", "b") and self.receipts:
            self.into = self.receipts[-1][tag]
        elif tag == "p":
            self.into = []
            if self.receipts:
                self.receipts[-1]["p"].append(self.into)
        elif tag == "title":
            self.into = []
            self.hover.append((self.figure, self.into))

    def handle_endtag(self, tag):
        if tag in ("title", "h3", "b", "td", "th", "p", "tr", "table", "article", "main"):
            self.into = []

    def handle_data(self, data):
        self.into.append(data)


def said(parts):
    return "".join(parts).strip()


def harvest(folder):
    """Read an edition."""
    known, folder = Known(), Path(folder)
    pages = [
        (path.relative_to(folder).as_posix(), Page(path.read_text("utf-8")))
        for path in sorted(folder.rglob("*.html"))
    ]
    for _, page in pages:
        known.places |= {said(name): code for code, name in page.areas.items()}
        for receipt in page.receipts:
            label = said(receipt["h3"]).split(" · ")[0]
            known.titles[re.sub(r"\s+", "", label)] = receipt["name"].split(".")[0]
    known.places |= dict.fromkeys(("全市", "Taizhou", "City", "Whole city"), CITY)
    for where, page in pages:
        for table in page.tables:
            read_table(known, [[said(cell) for cell in row] for row in table], where)
        for receipt in page.receipts:
            read_receipt(known, receipt, where)
        for name, title in page.hover:
            read_hover(known, name, [said(title)], where)
    read_files(known, folder)
    return known


def read_files(known, folder):
    for path in sorted(folder.rglob("*.csv")):
        where = path.relative_to(folder).as_posix()
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        if rows and rows[0][0] == "name" and "indicator" in rows[0]:
            read_estimates(known, [dict(zip(rows[0], row, strict=True)) for row in rows[1:]], where)
        else:
            read_table(known, rows, where)
    for path in sorted(folder.rglob("*.svg")):
        titles = re.findall(r"<title>([^<]*)</title>", path.read_text("utf-8"))
        read_hover(known, path.stem, titles, path.relative_to(folder).as_posix())
    for path in sorted(folder.rglob("*.xlsx")):
        if "returns" in path.parts:  # go to the county that handed in the file
            continue
        for sheet in openpyxl.load_workbook(path, data_only=True):
            rows = [
                ["" if cell is None else str(cell) for cell in row]
                for row in sheet.iter_rows(values_only=True)
            ]
            read_table(known, rows, f"{path.relative_to(folder).as_posix()}!{sheet.title}")
    for path in sorted(folder.rglob("*.docx")):
        for table in docx.Document(path).tables:
            rows = [[cell.text.strip() for cell in row.cells] for row in table.rows]
            read_table(known, rows, path.relative_to(folder).as_posix())


def read_estimates(known, rows, where):
    for row in rows:
        if row["value"] and row["indicator"] in READ:
            half = (
                0
                if row["indicator"] in COUNTS
                else income_half(row)
                if row["indicator"] == "income"
                else 5e-7
            )
            value = float(row["value"])
            known.note(row["indicator"], row["district"], value - half, value + half, where)
        parts = SHARES.get(row["indicator"], ())
        for name, column in zip(parts, ("numerator", "denominator"), strict=False):
            if row[column]:
                known.note(name, row["district"], float(row[column]), float(row[column]), where)
        if row["indicator"] in COUNTS and not row["value"] and row["sources"]:
            spans = re.findall(r"(\d+)(?:-(\d+))?", row["sources"].rpartition(" ")[2])
            lines = sum(int(last or first) - int(first) + 1 for first, last in spans)
            if lines:
                known.note(
                    row["indicator"], row["district"], lines, lines, f"{where}: rows that are cited"
                )


def income_half(row):
    """How far a mean can be from what is written: half a unit of its last digit."""
    return 0.5 * 10 ** -len(row["value"].partition(".")[2])


def read_table(known, rows, where):
    """Read a table that has a row for each county, or a column."""
    for i, head in enumerate(rows):
        columns = {j: known.title(text) for j, text in enumerate(head) if known.title(text)}
        if columns:
            for row in rows[i + 1 :]:
                code = known.places.get(row[0].strip()) if row else None
                for j, indicator in columns.items():
                    if code and j < len(row):
                        known.print(indicator, code, row[j], where)
        across = {
            j: known.places[text.strip()]
            for j, text in enumerate(head)
            if text.strip() in known.places
        }
        if len(across) > 2:
            for row in rows[i + 1 :]:
                indicator = known.title(row[0]) if row else None
                for j, code in across.items():
                    if indicator and j < len(row):
                        known.print(indicator, code, row[j], where)


def read_receipt(known, receipt, where):
    name, _, district = receipt["name"].partition(".")
    if found := NUMBER.match(said(receipt["b"])):
        known.print(name, district or CITY, found[0], where)
    for line in receipt["p"] if not district else ():
        for place, number in LISTED.findall(said(line)):
            if place in known.places:
                known.print(name, known.places[place], number, where)


def read_hover(known, name, titles, where):
    """Read what is seen when one points at a mark; the figure is named as its indicator or holds
    one of them.
    """
    indicator = {"income_intervals": "income", "workers": "workers_total"}.get(name, name)
    for text in titles:
        found = DRAWN.match(text)
        if found and found[1] in known.places and indicator in (*COUNTS, *SHARES, "income"):
            known.print(indicator, known.places[found[1]], found[2], where)


class System:
    """Counts by county as whole numbers, with all that is known of them as linear conditions."""

    def __init__(self, known):
        self.codes = sorted(code for code in set(known.places.values()) if code != CITY)
        self.at = {
            (name, code): i
            for i, (name, code) in enumerate((n, c) for n in COUNTS for c in self.codes)
        }
        self.low, self.high = np.zeros(len(self.at)), np.full(len(self.at), 2000.0)
        self.rows, self.lows, self.highs = [], [], []
        for cell, i in self.at.items():
            if cell in known.facts:
                low, high = known.facts[cell]
                self.low[i], self.high[i] = max(np.ceil(low - 1e-6), 0), np.floor(high + 1e-6)
        for name in COUNTS:
            if (name, CITY) in known.facts:
                low, high = known.facts[name, CITY]
                self.add({(name, code): 1 for code in self.codes}, low, high)
        for code in self.codes:
            self.of_county(code, known)

    def of_county(self, code, known):
        for identity in IDENTITIES:
            self.add({(name, code): sign for sign, name in identity}, 0, 0)
        for part, whole in PARTS.items():
            self.add({(whole, code): 1, (part, code): -1}, 0, np.inf)
        for share, (part, whole) in SHARES.items():
            if (share, code) in known.facts:
                low, high = known.facts[share, code]
                self.add({(part, code): 100, (whole, code): -low}, 0, np.inf)
                self.add({(part, code): 100, (whole, code): -high}, -np.inf, 0)
        for growth, (after, before) in GROWTHS.items():
            if (growth, code) in known.facts:
                low, high = known.facts[growth, code]
                self.add({(after, code): 100, (before, code): -(100 + low)}, 0, np.inf)
                self.add({(after, code): 100, (before, code): -(100 + high)}, -np.inf, 0)

    def add(self, terms, low, high):
        row = np.zeros(len(self.at))
        for cell, factor in terms.items():
            row[self.at[cell]] = factor
        self.rows.append(row)
        self.lows.append(low - 1e-6)
        self.highs.append(high + 1e-6)

    def ends(self, cell):
        """Return the least and the largest that a cell can be."""
        found = []
        for sign in (1, -1):
            cost = np.zeros(len(self.at))
            cost[self.at[cell]] = sign
            limits = LinearConstraint(np.array(self.rows), self.lows, self.highs)
            done = milp(cost, constraints=limits, bounds=Bounds(self.low, self.high), integrality=1)
            assert done.success, f"what is published contradicts itself: {done.message}"
            found.append(sign * done.fun)
        return found[0], found[1]


def narrowed(known, cells=None):
    """Return the range to which each unpublished count can be narrowed, or those of `cells`."""
    system = System(known)
    hidden = [cell for cell, i in system.at.items() if system.low[i] < system.high[i]]
    hidden = [cell for cell in hidden if cells is None or cell in cells]
    return {cell: system.ends(cell) for cell in hidden}


def told(known):
    """List small counts that are published outright, by name."""
    return {
        cell: span
        for cell, span in known.facts.items()
        if cell[0] in COUNTS
        and cell[1] != CITY
        and span[0] == span[1]
        and small(known, cell, span[0])
    }


def small(known, cell, count):
    name, code = cell
    whole = known.facts.get((PARTS.get(name), code))
    rest = whole[0] - count if whole and whole[0] == whole[1] else 10
    assessed = name == "able_workers" and (count == 0 or rest == 0)
    return 0 < count < 10 or 0 < rest < 10 or assessed


def movers(before, after):
    """Return for each county whose headcount changed by one what can be known of that person's pay.

    The counties' sums of pay lie where means and headcounts put them, and add up to the city's;
    where the headcount is the same the people are taken to be, too.
    """
    codes = sorted(code for code in set(before.places.values()) if code != CITY)
    counts = [{c: k.facts["workers_total", c][0] for c in codes} for k in (before, after)]
    low, high, rows, lows, highs = [], [], [], [], []
    for known, n in zip((before, after), counts, strict=True):
        for c in codes:
            span = known.facts.get(("income", c), (0.5, 50))
            low.append(n[c] * span[0])
            high.append(n[c] * span[1])
        span = known.facts["income", CITY]
        rows.append(np.array([float(k is known) for k in (before, after) for _ in codes]))
        lows.append(sum(n.values()) * span[0])
        highs.append(sum(n.values()) * span[1])
    found, moved = {}, [c for c in codes if abs(counts[0][c] - counts[1][c]) == 1]
    for i, c in enumerate(codes):
        if c not in moved:
            row = np.zeros(2 * len(codes))
            row[i], row[len(codes) + i] = 1, -1
            rows.append(row)
            lows.append(0)
            highs.append(0)
    for c in moved:
        i, sign = codes.index(c), counts[0][c] - counts[1][c]
        ends = []
        for way in (1, -1):
            cost = np.zeros(2 * len(codes))
            cost[i], cost[len(codes) + i] = way * sign, -way * sign
            a, b = np.array(rows), np.array([lows, highs])
            done = linprog(
                cost, np.vstack([a, -a]), [*b[1], *-b[0]], bounds=list(zip(low, high, strict=True))
            )
            ends.append(way * done.fun if done.success else np.nan)
        found[c] = (max(ends[0], 0.5), min(ends[1], 50))
    return found


def precision(svg, known, indicator):
    """Return how far the marks of a drawing stand from where the printed values put them, in units
    of the value.

    A mark that was drawn from more digits than are printed stands elsewhere. Marks are the ends of
    paths of one county each; the scale is fitted to them.
    """
    points = defaultdict(list)
    for end, area in re.findall(
        r'<path d="M[\d.]+ [\d.]+H([\d.]+)"[^>]*data-area="(\d+)"', Path(svg).read_text("utf-8")
    ):
        points[area].append(float(end))
    values = {
        c: np.mean(known.facts[indicator, c]) for c in points if (indicator, c) in known.facts
    }
    if len(values) < 4:
        return 0.0
    x = np.array([values[c] for c in values])
    y = np.array([points[c][0] for c in values])
    slope, base = np.polyfit(x, y, 1)
    return float(np.max(np.abs(y - base - slope * x)) / abs(slope))


def report(folder):
    """Attack an edition; returns what leaks, as text, one line each."""
    known = harvest(folder)
    lines = [
        f"{n}.{c} is published: {span[0]:g} ({known.where[n, c]})"
        for (n, c), span in told(known).items()
    ]
    for (name, code), (low, high) in narrowed(known).items():
        if high - low < 10:
            lines.append(f"{name}.{code} lies between {low:g} and {high:g}")
    for (name, code), span in known.facts.items():
        if name == "income" and code != CITY and span[1] - span[0] < 0.0999:
            lines.append(
                f"{name}.{code} is known to {span[1] - span[0]:.2g} ({known.where[name, code]})"
            )
    for path in sorted(Path(folder).rglob("figures/income.svg")):
        if (off := precision(path, known, "income")) > 0.02:
            lines.append(f"{path.name}: marks stand {off:.3f} from the printed values")
    return lines


if __name__ == "__main__":
    import sys

    print("\n".join(report(sys.argv[1])) or "nothing found")
    print(json.dumps({"read": harvest(sys.argv[1]).read}))
