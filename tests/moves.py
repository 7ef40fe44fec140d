"""Edit a copy, build, and read the changes from `analysis diff` and by other means."""

import csv
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from html import unescape
from html.parser import HTMLParser

import openpyxl
import pandas as pd

from planting import find_column, read_form
from running import REPOSITORY, run_analysis

IDENTITY = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@b",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@b",
}
RAW = "data/raw/2020"
RESTORED = ("build", "outputs", "data", "notebooks", "src")
COMPARED = ["value", "low", "high", "n"]
ROW = re.compile(r'<tr><th scope="row"><code>(.*?)</code>(.*?)</tr>', re.S)
CELL = re.compile(r"<td(?: [^>]*)?>(.*?)</td>", re.S)
BLOCKS = {"p", "li", "h1", "h2", "h3", "h4"}
SKIPPED = {"figure", "table", "details", "nav", "aside", "script", "svg", "footer"}

ROSTER = "专职社区工作者花名册"  # of people: no row of it is told


@dataclass
class Said:
    """Content of `changes.html`: rows of groups as (where, rest, [cell by language]); causes."""

    groups: dict = field(default_factory=dict)
    causes: dict = field(default_factory=dict)

    def names(self, group):
        return {where for where, *_ in self.groups.get(group, ())}

    def lines(self, tag, place, lang):
        """List the sentences that are gone (`del`) or have come (`ins`) of a page of a notebook."""
        rows = [row for row in self.groups.get("sentence", ()) if row[0].partition("!")[0] == place]
        parts = [
            part
            for *_, cells in rows
            for part in re.findall(rf"<{tag}>(.*?)</{tag}>", cells[lang], re.S)
        ]
        return [
            text(line) for part in parts for line in re.findall(r"<span>(.*?)</span>", part, re.S)
        ]


def text(html):
    return unescape(re.sub(r"<[^>]*>", "", html)).strip()


def read_page(page):
    """Read `changes.html` without the package."""
    said = Said()
    for part in page.split('<h2 id="')[1:]:
        group = part.partition('"')[0]
        rows = [(unescape(where), rest, CELL.findall(rest)) for where, rest in ROW.findall(part)]
        if group == "cause":
            said.causes = {where: " ".join(text(cells[0]).split()) for where, _, cells in rows}
        else:
            said.groups[group] = rows
    return said


class Prose(HTMLParser):
    """Collect the paragraphs, list items and headings of a published page.

    Figures and tables are left out.
    """

    def __init__(self, page):
        super().__init__()
        self.blocks, self.skipped, self.inside, self.reference = [], [], False, False
        self.feed(re.sub(r'<(section|h2)[^>]*id="?receipts.*', "", page, flags=re.S))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.inside = self.inside or tag == "main"
        if tag in SKIPPED:
            self.skipped.append(tag)
        if tag in BLOCKS and self.inside and not self.skipped:
            self.blocks.append("")
        if tag == "a" and attrs.get("class") == "ref" and self.inside and not self.skipped:
            self.handle_data(f"[{attrs['href'][1:]}]")
            self.reference = True

    def handle_endtag(self, tag):
        if tag == "a":
            self.reference = False
        if self.skipped and tag == self.skipped[-1]:
            self.skipped.pop()

    def handle_data(self, data):
        if self.blocks and self.inside and not self.skipped and not self.reference:
            self.blocks[-1] += data


TILE = re.compile(r"<dt>(.*?)<dd class=v>(.*?)<dd class=note>(.*?)</div>", re.S)
FINDING = re.compile(r"<p class=finding>(.*?)<p class=meta", re.S)


def prose(path):
    """Count the blocks of words on a page, key figures and finding too, without white space."""
    page = path.read_text("utf-8")
    tiles = [text(f"{label}{note}{value}") for label, value, note in TILE.findall(page)]
    blocks = [*tiles, *map(text, FINDING.findall(page)), *Prose(page).blocks]
    return Counter(filter(None, ("".join(one.split()) for one in blocks)))


class Copy:
    """A copy of the repository in git with a finished edition; `HEAD` has its record."""

    def __init__(self, folder, edition):
        self.folder = folder
        skipped = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "bench")
        shutil.copytree(edition, folder, dirs_exist_ok=True, ignore=skipped)
        shutil.copytree(REPOSITORY / "src", folder / "src", dirs_exist_ok=True, ignore=skipped)
        shutil.copyfile(REPOSITORY / ".gitignore", folder / ".gitignore")
        self.env = {"PYTHONPATH": str(folder / "src")}
        for command in (
            ["init", "--quiet"],
            ["add", "--all"],
            ["commit", "--quiet", "--message", "edition"],
        ):
            subprocess.run(
                ["git", *command], cwd=folder, check=True, env={**os.environ, **IDENTITY}
            )
        self.before = folder.with_name("before")
        for name in RESTORED:
            shutil.copytree(folder / name, self.before / name)

    def restore(self):
        """Put everything back, so that the next edit begins from the same edition."""
        for name in RESTORED:
            shutil.rmtree(self.folder / name)
            shutil.copytree(self.before / name, self.folder / name)

    def run(self, *arguments):
        return run_analysis(self.folder, *arguments, **self.env)

    def build(self):
        done = self.run("build")
        assert done.returncode == 0, done.stderr + done.stdout
        return done

    def diff(self):
        """Run `analysis diff`; returns (exit code, content of the page or None)."""
        done = self.run("diff")
        assert done.returncode in (0, 1), done.stderr
        if done.returncode == 0:
            assert done.stdout == ""
            return 0, Said()
        return 1, read_page((self.folder / "outputs/2020/changes.html").read_text("utf-8"))

    def replace(self, path, old, new, count=1):
        """Edit a file."""
        whole = (self.folder / path).read_text("utf-8")
        assert old in whole, (path, old)
        (self.folder / path).write_text(whole.replace(old, new, count), "utf-8")

    def row(self, path, key, **changes):
        """Change cells of the row of a reference table whose first cell is `key`.

        `{old}` stands for the previous value.
        """
        place = self.folder / "data/raw/reference" / path
        with place.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        row = next(row for row in rows if next(iter(row.values())) == key)
        row |= {column: value.format(old=row[column]) for column, value in changes.items()}
        with place.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def cell_source(self, notebook, cell, change):
        """Change the source of a cell of a notebook; None removes the cell."""
        path = self.folder / "notebooks" / f"{notebook}.ipynb"
        whole = json.loads(path.read_text("utf-8"))
        one = next(one for one in whole["cells"] if one["id"] == cell)
        source = change("".join(one["source"]))
        assert source != "".join(one["source"])
        one["source"] = source
        path.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", "utf-8")

    def workbook(self, county):
        return next((self.folder / RAW).glob(f"{county}_*.xlsx"))

    def first(self, county, sheet, column, wanted):
        """Find the first cell of a column that holds what is wanted: (row, value)."""
        page = openpyxl.load_workbook(self.workbook(county))[sheet]
        columns, rows = read_form(page)
        place = find_column(columns, column)
        return next((row, v) for row in rows if wanted(v := page.cell(row, place).value))

    def correct(self, county, sheet, column, wanted, new):
        """Add a correction of the first such cell; returns its place as causes name it."""
        row, old = self.first(county, sheet, column, wanted)
        new = new(old) if callable(new) else new
        file = self.workbook(county).name
        with (self.folder / RAW / "corrections.csv").open("a", encoding="utf-8") as lines:
            lines.write(
                f"{file},{sheet},{row},{column},{old:g},{new:g},核实,课题组,2020-06-01\n"
                if isinstance(old, int | float)
                else f"{file},{sheet},{row},{column},{old},{new},核实,课题组,2020-06-01\n"
            )
        return f"{sheet}!{column}" if sheet == ROSTER else f"{file}!{sheet}!{column} {row}"

    def overwrite(self, county, sheet, column, wanted, new):
        """Change the first such cell of a workbook in place; returns its place as in causes."""
        row, _ = self.first(county, sheet, column, wanted)
        path = self.workbook(county)
        book = openpyxl.load_workbook(path)
        book[sheet].cell(row, find_column(read_form(book[sheet])[0], column)).value = new
        book.save(path)
        place = f"{path.name}!{sheet}!{column.split('/')[-1]}"
        return place if sheet == ROSTER else f"{place} {row}"

    def fill(self, county, sheet, column, new):
        """Write one answer into every row of a column; returns its place as causes name it."""
        path = self.workbook(county)
        book = openpyxl.load_workbook(path)
        columns, rows = read_form(book[sheet])
        cells = [book[sheet].cell(row, find_column(columns, column)) for row in rows]
        changed = [cell.row for cell in cells if cell.value != new]
        for cell in cells:
            cell.value = new
        book.save(path)
        return f"{path.name}!{sheet}!{column} {changed[0]}–{changed[-1]}"


def estimates(outputs):
    kept = pd.read_csv(outputs / "tables/estimates.csv", dtype=str, keep_default_na=False)
    return kept.set_index("name")


def moved_numbers(old, new):
    """Return the numbers whose value, interval or n differ between two `estimates.csv`.

    Compared with pandas only.
    """
    both = old.index.intersection(new.index)
    differ = (old.loc[both, COMPARED] != new.loc[both, COMPARED]).any(axis=1)
    return set(both[differ]) | set(old.index.symmetric_difference(new.index))


def printed_texts(folder, rows):
    """Print numbers in Chinese from `estimates.csv` and `measures.csv`; those of few, as counts,
    are left out.
    """
    path = folder / "data/raw/reference/measures.csv"
    measures = pd.read_csv(path, dtype=str, keep_default_na=False).set_index("indicator")
    texts = {}
    for row in rows.itertuples():
        if row.value and int(row.n) >= 12:
            measure = measures.loc[row.indicator]
            # means of people: one decimal
            of_county = row.Index.startswith(("income.", "income_2018."))
            places = Decimal(1).scaleb(-1 if of_county else -int(measure["decimals"]))
            texts[row.Index] = (
                f"{Decimal(row.value).quantize(places, ROUND_HALF_UP)}{measure['unit_zh']}"
            )
    return texts


def check_numbers(copy, said):
    """The numbers named are those that pandas finds, with the texts that the values give."""
    old, new = (estimates(folder / "outputs/2020") for folder in (copy.before, copy.folder))
    texts = printed_texts(copy.before, old), printed_texts(copy.folder, new)
    printed = {where: cells[0] for where, _, cells in said.groups.get("number", ())}
    rounded = {
        name for name in texts[0].keys() & texts[1].keys() if texts[0][name] != texts[1][name]
    }
    for name in rounded:
        shown = [
            re.search(rf"<{tag}><span>(.*?)</span>", printed[name])[1] for tag in ("del", "ins")
        ]
        assert shown == [one[name] for one in texts]
    assert moved_numbers(old, new) | rounded == printed.keys() | said.names("beneath")
    unmoved = (texts[0].keys() & texts[1].keys()) - rounded
    assert not said.names("beneath") & rounded and not printed.keys() & unmoved


def check_verdicts(copy, said):
    """The named verdicts are those whose form differs between two `statements.csv`.

    Compared with pandas only.
    """
    key = ["indicator", "district", "other"]
    old, new = (
        pd.read_csv(
            folder / "outputs/2020/tables/statements.csv", dtype=str, keep_default_na=False
        ).set_index(key)["form"]
        for folder in (copy.before, copy.folder)
    )
    both = pd.concat([old, new], axis=1, keys=["old", "new"]).fillna("—")
    flipped = both[both["old"] != both["new"]]
    expected = {
        ".".join(filter(None, name)): f"verdict: {was} → {now}"
        for name, was, now in flipped.itertuples()
    }
    rows = said.groups.get("verdict", ())
    found = {
        where: re.search(r"verdict: \S+ → \S+?(?=\s|<)", unescape(rest))[0]
        for where, rest, _ in rows
    }
    assert found == expected


PAGES = (
    ("report", "10_report"),
    *(
        (f"districts/{code}", f"08_district_profile_{code}")
        for code in ("331002 331003 331004 331022 331023 331024 331081 331082 331083".split())
    ),
)


def check_sentences(copy, said):
    """What the words of two pages differ by is what is said: taken out, the same words remain."""
    for folder, place in PAGES:
        for lang, below in enumerate(("", "en/")):
            path = f"outputs/2020/{folder}/{below}index.html"
            old, new = (prose(top / path) for top in (copy.before, copy.folder))
            gone = without((old - new).elements(), said.lines("del", place, lang))
            come = without((new - old).elements(), said.lines("ins", place, lang))
            assert gone == come, (place, lang)


def without(blocks, lines):
    """Return the characters left of blocks of words without some sentences, sorted."""
    rest = "\n".join(blocks)
    for line in sorted(("".join(line.split()) for line in lines), key=len, reverse=True):
        assert line in rest
        rest = rest.replace(line, "", 1)
    return sorted(rest.replace("\n", ""))


def check(copy, edit):
    """Build after an edit, and hold what moved against pandas, the pages and the edit itself."""
    causes = edit.apply(copy)
    built = copy.build().stdout.splitlines()
    code, said = copy.diff()
    assert code == edit.moves
    assert said.causes.keys() == causes
    assert set(edit.numbers) <= said.names("number") | said.names("beneath")
    assert not edit.group or said.groups[edit.group]
    check_numbers(copy, said)
    check_sentences(copy, said)
    check_verdicts(copy, said)
    assert built[-1] == f"请打开 (open) outputs/2020/{'changes' if edit.moves else 'index'}.html"
    assert bool(built[:-1]) == edit.moves
