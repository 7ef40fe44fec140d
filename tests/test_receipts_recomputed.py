"""Every published number follows from its receipt and the workbooks, without this package.

The package is not imported. A receipt is a line of estimates.csv: `sources` cites rows, `how` is a
formula with its domain in brackets; codebook.csv has the title of each column. The workbooks are
opened with openpyxl, and the formula is applied to the cited rows.
"""

import csv
import datetime as dt
import json
import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
import pytest

CITY = "331000"
# What takes more than its rows and a formula, with the reason.
NOT_RECOMPUTED = {
    **dict.fromkeys(
        [
            "understaffed",
            "former_cadres",
            "pay_not_standard",
            "as_village",
            "by_line",
            "not_known",
            "days_on_site",
            "by_line_gap",
            "familiarity_gap",
        ],
        "design-based: weighted by the sampling frame",
    ),
    **dict.fromkeys(
        ["service_index", "d_facilities", "d_workforce", "d_linkage", "d_elections", "d_village"],
        "index: goalposts and weights of indicators.csv",
    ),
    "index_variants": "model: a count of ways to compute the index",
    **dict.fromkeys(
        ["indicators_compared", "indicators_differ", "sentences_made", "sentences_contrast"],
        "model: outcomes of tests",
    ),
    **dict.fromkeys(
        ["growth_bases", "growth_cut", "certified_fewest", "certified_most"],
        "published text: whole numbers behind a printed figure",
    ),
}
SHEETS = {
    "communities": "社区基本情况",
    "workers": "专职社区工作者花名册",
    "funding": "经费投入",
    "burden": "减负清理",
    "county_baseline": "2018年初基数",
    "projects": "项目与公益创投",
    "election_candidates": "换届人选",
    "interview_frame": "抽样框",
    "interview_communities": "社区访谈",
    "interview_staff": "人员访谈",
}
PEOPLE = ["*"]  # cited without rows
WITHOUT_ROWS = ("专职社区工作者花名册", "换届人选", "人员访谈")
ROUNDED = ("income", "income_2018")
MEMBERS = re.compile(r"count\((\w+)\) / count\((?!rows)\w+\)")  # of one table, for a row of another
CITED = re.compile(
    r"estimates\.csv!(?P<name>[\w.]+)|(?P<table>\w+\.csv)(?: (?P<lines>[\d,-]+))?"
    r"|(?P<file>[^!;]+)!(?P<sheet>[^;]+?) (?P<rows>\*|\d[\d,-]*)"
)


class Day(str):
    """A date that compares as text and has the parts that the formulas name."""

    __slots__ = ()

    @property
    def dt(self):
        return dt.date.fromisoformat(self)


def answer(cell, column):
    """Read a cell of a form as the codebook says."""
    text = unicodedata.normalize("NFKC", str(cell)).strip() if cell is not None else ""
    if "是 = yes" in column["codes"]:
        return {"是": True, "否": False}[text]
    if column["type"] in ("int64", "float64", "Int64"):
        return float(re.match(r"-?[\d.]+", text.replace(",", ""))[0]) if text else float("nan")
    if column["type"].startswith("datetime"):
        if isinstance(cell, dt.datetime):
            return Day(cell.date().isoformat())
        parts = [int(part) for part in re.findall(r"\d+", text)]
        return Day(dt.date(*parts, *[1] * (3 - len(parts))).isoformat())
    return text


@dataclass
class Study:
    """The published tables and the raw files of a wave, by name."""

    home: Path
    estimates: dict = field(default_factory=dict)
    columns: dict = field(default_factory=dict)
    tables: dict = field(default_factory=dict)

    def __post_init__(self):
        with (self.home / "outputs/2020/tables/estimates.csv").open(
            encoding="utf-8-sig", newline=""
        ) as file:
            self.estimates = {row["name"]: row for row in csv.DictReader(file)}
        with (self.home / "outputs/2020/tables/codebook.csv").open(
            encoding="utf-8-sig", newline=""
        ) as file:
            for row in csv.DictReader(file):
                self.columns.setdefault(row["table_zh"], {})[row["column"]] = row
        self.raw = self.home / "data/raw" / next(iter(self.estimates.values()))["wave"]
        with (self.raw / "corrections.csv").open(encoding="utf-8-sig", newline="") as file:
            self.corrections = list(csv.DictReader(file))

    def rows(self, table):
        """Return all rows of a table: {(file, row): {column: answer}}."""
        if table not in SHEETS:
            return {(f"{table}.csv", n): row for n, row in self.reference(f"{table}.csv").items()}
        books = sorted(path.name for path in self.raw.glob("*.xlsx"))
        sheets = ((book, self.workbook(book).get(SHEETS[table], {})) for book in books)
        return {(book, n): row for book, rows in sheets for n, row in rows.items()}

    def workbook(self, name):
        """Return the sheets of a workbook as {title: {row: {column: answer}}}.

        Only rows with a serial number.
        """
        if name not in self.tables:
            book = openpyxl.load_workbook(self.raw / name, data_only=True)
            self.tables[name] = {
                s.title: self.sheet(name, s) for s in book if s.title in self.columns
            }
        return self.tables[name]

    def sheet(self, file, sheet):
        """Find each column of a sheet by title, or group and title, and read the rows."""
        for line in self.corrections:
            if (line["file"], line["sheet"]) == (file, sheet.title):
                title = line["column"].split("/")[-1]
                place = next(cell for row in sheet.iter_rows(max_row=6) for cell in row
                             if bare(cell.value) == bare(title))  # fmt: skip
                sheet.cell(int(line["row"]), place.column).value = line["new"]
        rows = list(sheet.iter_rows(values_only=True))
        head = next(i for i, row in enumerate(rows) if row[0] == "序号")
        groups, titles, places = spread(rows[head]), rows[head + 1], {}
        for name, column in self.columns[sheet.title].items():
            for i, (group, title) in enumerate(zip(groups, titles, strict=True)):
                alone = title is None and bare(group) == column["zh"]
                if alone or (bare(title) == column["zh"] and bare(group) == column["group"]):
                    places[name] = i
        found = {}
        for number, row in enumerate(rows[head + 2 :], start=head + 3):
            if str(row[0]).isdecimal():
                book = self.columns[sheet.title]
                found[number] = {name: answer(row[i], book[name]) for name, i in places.items()}
                found[number]["county_code"] = found[number].get("community_code", file)[:6]
        return found

    def reference(self, name):
        """Return the lines of a reference table by their number."""
        if name not in self.tables:
            with (self.home / "data/raw/reference" / name).open(
                encoding="utf-8-sig", newline=""
            ) as file:
                lines = enumerate(csv.DictReader(file), start=2)
                self.tables[name] = {i: {k: plain(v) for k, v in row.items()} for i, row in lines}
        return self.tables[name]


def plain(text):
    number = re.fullmatch(r"[1-9]\d{0,4}(\.\d+)?", text)
    return text if not number else float(text) if number[1] else int(text)


def bare(title):
    """A title without its unit."""
    return re.sub(r"（[万\w]{1,3}）$", "", str(title)) if title else title


def spread(row):
    """Fill the groups of a header to the right, as merged cells show them."""
    filled = []
    for cell in row:
        filled.append(cell if cell is not None else filled[-1])
    return filled


def numbers(ranges):
    ends = [part.partition("-") for part in ranges.split(",")]
    return [n for first, _, last in ends for n in range(int(first), int(last or first) + 1)]


def cited(text):
    """Read citations: (names of estimates, {(file, sheet): rows})."""
    names, rows = [], {}
    for part in filter(None, text.split("; ")):
        found = CITED.fullmatch(part)
        assert found, f"no citation: {part}"
        if found["name"]:
            names.append(found["name"])
        elif found["table"]:
            rows[found["table"], ""] = numbers(found["lines"]) if found["lines"] else []
        else:
            rows[found["file"], found["sheet"]] = (
                PEOPLE if found["rows"] == "*" else numbers(found["rows"])
            )
    return names, rows


def fault(row, study):
    """Return the fault of a receipt, or nothing: it cites its domain and gives its value."""
    table, _, formula = row["how"].partition(": ")
    names, places = cited(row["sources"])
    if table == "estimates":
        value = of_estimates(formula, [study.estimates[name] for name in names])
    else:
        formula, domain = re.fullmatch(r"(.*\))(?: \[(.*)\])?", formula).groups()
        counted = {SHEETS.get(table, ""): domain_of(row, study.rows(table), domain)}
        if members := MEMBERS.fullmatch(formula):
            codes = {record["community_code"] for record in counted[SHEETS[table]].values()}
            rows = study.rows(members[1]).items()
            counted[SHEETS[members[1]]] = {n: r for n, r in rows if r["community_code"] in codes}
        met = {(file, sheet, n) for sheet, rows in counted.items() for file, n in rows}
        # which rows is not said
        of_people = {place for place, lines in places.items() if lines == PEOPLE}
        if beyond := {(file, sheet) for file, sheet, _ in met if sheet in WITHOUT_ROWS} - of_people:
            return f"people of {sorted(beyond)[:3]} are counted and their sheet is not cited"
        met = {(file, sheet, n) for file, sheet, n in met if (file, sheet) not in of_people}
        said = {
            (file, sheet, n)
            for (file, sheet), lines in places.items()
            for n in lines
            if lines != PEOPLE
        }
        if met != said:
            return f"cited {sorted(said - met)[:3]} too many, {sorted(met - said)[:3]} too few"
        value = of_rows(formula, counted, table)
    if abs(value - float(row["value"])) > precision(row):
        return f"{value} from the receipt, {row['value']} published"
    return ""


def precision(row):
    """Tolerance between a value and its rows: means of people are published rounded."""
    digits = 2 if row["district"] == CITY else 1
    return 0.5 * 10**-digits + 1e-6 if row["indicator"] in ROUNDED else 1.5e-6


def domain_of(row, rows, domain):
    """Pick the rows of the estimate's district that meet its domain."""
    return {
        place: r for place, r in rows.items() if here(row, r) and (not domain or holds(domain, r))
    }


def here(row, record):
    return row["district"] in (CITY, record["county_code"]) if "county_code" in record else True


def holds(condition, record):
    return bool(eval(compiled(condition), {"__builtins__": {}}, record))


def worked_out(expression, record):
    """Apply an expression to one row; blanks count as nothing."""
    value = eval(compiled(expression), {"__builtins__": {}}, record)
    return 0 if math.isnan(value) else value


def compiled(expression, known={}):  # noqa: B006 (compiled once)
    if expression not in known:
        known[expression] = compile(expression.replace("×", "*"), expression, "eval")
    return known[expression]


def of_rows(formula, counted, table):
    """Apply a formula to the rows of the sheets."""
    rows = list(counted[SHEETS.get(table, "")].values())
    scale, formula = (100, formula[6:]) if formula.startswith("100 × ") else (1, formula)
    if formula == "count(rows)":
        return len(rows)
    if found := re.fullmatch(r"count\(distinct (\w+)\)", formula):
        return len({row[found[1]] for row in rows})
    if found := re.fullmatch(r"count\((.+)\) / count\(rows\)", formula):
        return scale * sum(holds(found[1], row) for row in rows) / len(rows)
    if found := MEMBERS.fullmatch(formula):
        return len(counted[SHEETS[found[1]]]) / len(rows)
    if found := re.fullmatch(r"sum\((.+)\) / sum\((.+)\)", formula):
        top, bottom = (sum(worked_out(found[i], row) for row in rows) for i in (1, 2))
        return scale * top / bottom
    if found := re.fullmatch(r"mean\((\w+)\)", formula):
        return sum(row[found[1]] for row in rows) / len(rows)
    if found := re.fullmatch(r"sum\((.+)\)", formula):
        return sum(worked_out(found[1], row) for row in rows)
    raise AssertionError(f"no formula that a reader could apply: {formula}")


def of_estimates(formula, estimates):
    """Apply a formula to the cited estimates."""
    values = [float(row["value"]) for row in estimates]
    named = [row["indicator"] for row in estimates]
    if found := re.fullmatch(r"count\((value .+)\)", formula):
        return sum(holds(found[1], {"value": value}) for value in values)
    if found := re.fullmatch(r"(\w+) − (\w+)", formula):
        assert list(found.groups()) == named
        return values[0] - values[1]
    found = re.fullmatch(r"100 × \((\w+) − (\w+)\) / (\w+)", formula)
    assert found and [found[1], found[2]] == named and found[3] == found[2], formula
    return 100 * (values[0] - values[1]) / values[1]


@pytest.fixture(scope="module")
def study(edition):
    return Study(edition)


@pytest.fixture(scope="module")
def recomputed(study):
    rows = study.estimates.values()
    return [row for row in rows if row["indicator"] not in NOT_RECOMPUTED and not row["withheld"]]


def test_every_number_follows_from_its_receipt(study, recomputed):
    faults = {row["name"]: found for row in recomputed if (found := fault(row, study))}
    left = Counter(NOT_RECOMPUTED[row["indicator"]] for row in study.estimates.values()
                   if row["indicator"] in NOT_RECOMPUTED)  # fmt: skip
    print(
        f"\nrecomputed {len(recomputed)} of {len(study.estimates)}, wrong {len(faults)}; left out: "
        f"{dict(left)}"
    )
    assert faults == {}
    assert len(recomputed) > 580


def test_what_is_left_out_is_there(study):
    assert NOT_RECOMPUTED.keys() <= {row["indicator"] for row in study.estimates.values()}


def with_rows(row, change):
    """Change the cited rows of the first sheet of a receipt."""
    places = cited(row["sources"])[1]
    if place := next((place for place, rows in places.items() if rows != PEOPLE), None):
        places[place] = change(places[place])
    text = "; ".join(
        f"{'!'.join(filter(None, p))} {','.join(map(str, rows))}"
        for p, rows in places.items()
        if rows
    )
    return {**row, "sources": text}


MUTATIONS = {
    "a row too many": lambda rows: [*rows, rows[-1] + 1],
    "a row too few": lambda rows: rows[1:],
    "from the first row to the last": lambda rows: list(range(rows[0], rows[-1] + 1)),
    "another row instead": lambda rows: [rows[0] - 1, *rows[1:]],
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_receipt_with_other_rows_is_found_out(study, recomputed, mutation):
    """So that the test above can fail."""
    tried = 0
    for row in recomputed[::5]:
        rows = cited(row["sources"])[1]
        if (
            rows
            and (changed := with_rows(row, MUTATIONS[mutation]))["sources"]
            != with_rows(row, list)["sources"]
        ):
            tried += 1
            assert fault(changed, study), (row["name"], mutation)
    print(f"\n{mutation}: {tried} receipts changed")
    assert tried > 20


def test_a_receipt_with_another_value_or_formula_is_found_out(study):
    row = study.estimates["certified"]
    assert fault(row, study) == ""
    assert fault({**row, "value": str(float(row["value"]) + 0.00001)}, study)
    assert fault({**row, "how": row["how"].replace("!=", "==")}, study)
    rise = study.estimates["compliant_rise"]
    assert fault({**rise, "value": "32.6"}, study)


def test_a_correction_counts_and_moves_the_numbers_of_its_row_alone(edition):
    """The edition was made without it, so what rests on the corrected cell no longer follows."""
    study = Study(edition)
    file, sheet = "331023_天台县.xlsx", SHEETS["workers"]
    assert cited(study.estimates["certified.331023"]["sources"])[1][file, sheet] == PEOPLE
    first = min(study.workbook(file)[sheet])
    was = study.workbook(file)[sheet][first]["certificate"]
    line = {"file": file, "sheet": sheet, "row": str(first), "column": "社会工作者职业资格证书"}
    study.corrections.append(line | {"new": "社会工作师" if was == "无" else "无"})
    study.tables.clear()
    names = (
        "certified",
        "certified.331023",
        "certified_workers.331023",
        "certified.331022",
        "income",
    )
    moved = {name for name in names if fault(study.estimates[name], study)}
    assert moved == {"certified", "certified.331023", "certified_workers.331023"}


def test_what_a_receipt_points_to_is_there(study):
    sheets = {}
    for row in study.estimates.values():
        notebook = json.loads(
            (study.home / f"notebooks/{row['notebook']}.ipynb").read_text("utf-8")
        )
        assert row["cell"] in {cell["id"] for cell in notebook["cells"]}, row["name"]
        names, places = cited(row["sources"])
        assert row["sources"] or row["withheld"] or float(row["value"]) == 0, row["name"]
        assert set(names) <= study.estimates.keys() - {row["name"]}, row["name"]
        for file, sheet in places:
            if sheet and file not in sheets:
                book = openpyxl.load_workbook(study.raw / file)
                sheets[file] = {one.title: one.max_row for one in book}
            last = sheets[file][sheet] if sheet else len(study.reference(file)) + 1
            rows = [] if places[file, sheet] == PEOPLE else places[file, sheet]
            assert max(rows, default=1) <= last, (row["name"], file, sheet)
