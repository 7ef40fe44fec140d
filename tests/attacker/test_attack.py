"""No person's data can be derived from the outputs, and the attack finds each planted leak."""

import csv
import json
import os
import re
import shutil
from copy import deepcopy

import docx
import openpyxl
import pandas as pd
import pytest
import typst

from analysis.pipeline import attack as attacking
from analysis.pipeline import harvest as harvesting
from analysis.pipeline.attack import model_of, movers, narrowed

SANMEN, CITY = "331022", "331000"
SHORT = {  # titles of tables that are no names of indicators
    "社工（人）": "workers_total",
    "年收入（万元）": "income",
    "持证率（%）": "certified",
    "人数": "workers_total",
    "income_intervals": "income",
    "workers": "workers_total",
}


@pytest.fixture(scope="module")
def published(edition):
    return edition / "outputs/2020"


@pytest.fixture(scope="module")
def known(published):
    return harvesting.harvest(published, SHORT)


@pytest.fixture(scope="module")
def model(published):
    return model_of(published / "tables/estimates.csv")


def report(folder):
    return attacking.attack(folder, titles=SHORT).leaks


def test_numbers_that_contradict_each_other_are_a_finding_and_no_clean_result(
    published, known, monkeypatch
):
    odd = deepcopy(known)
    odd.facts["workers_total", CITY] = (1.0, 1.0)
    monkeypatch.setattr(attacking, "harvest", lambda *_: odd)
    (leak,) = attacking.attack(published).leaks
    assert leak.startswith("no hidden count could be checked: what is published contradicts itself")


@pytest.fixture(scope="module")
def workers(edition):
    return pd.read_parquet(edition / "data/processed/2020/workers.parquet")


def test_nothing_can_be_told_from_what_is_published(published):
    found = attacking.attack(published, titles=SHORT)
    assert found.leaks == ()
    assert found.read > 3000 and found.hidden > 40  # it has read and tried what there is
    pdf = shutil.which(harvesting.PDF)
    assert len(found.skipped) == (0 if pdf else 2), "where no PDF can be read, that is said"


def test_every_format_is_read(published, tmp_path):
    """Each by itself tells the headcounts of the counties, but for drawings and words, which tell
    some.
    """
    for ending, least in {
        ".csv": 40,
        ".xlsx": 9,
        ".docx": 9,
        ".html": 40,
        ".pdf": 9,
        ".svg": 9,
    }.items():
        if ending == ".pdf" and not shutil.which(harvesting.PDF):
            continue
        folder = tmp_path / ending[1:]
        folder.mkdir()
        for i, path in enumerate(sorted(published.rglob(f"*{ending}"))):
            if "returns" not in path.parts:
                (folder / f"{i}").mkdir()
                shutil.copyfile(path, folder / f"{i}" / path.name)
        assert harvesting.harvest(folder, SHORT).read >= least, ending


def test_what_the_report_needs_is_published(known):
    city = {
        "workers_total": 1533,
        "workers_2018": 1130,
        "hired_since_2018": 452,
        "certified_workers": 724,
    }
    assert {name: known.facts[name, "331000"][0] for name in city} == city
    codes = {code for code in known.places.values() if code != "331000"}
    assert len(codes) == 9
    for name in ("workers_total", "workers_2018", "certified_workers", "growth"):
        assert all((name, code) in known.facts for code in codes), name


def test_every_count_that_is_hidden_is_hidden_by_ten(known, model):
    spans = narrowed(known, model)
    widths = sorted(high - low for low, high in spans.values())
    print(f"\n{len(spans)} hidden counts, the narrowest {widths[0]:g} wide")
    assert len(spans) > 40 and widths[0] >= 10


def with_one_leaver_each(known, workers, decimals):
    """Return what two editions disclose, the second without one worker of each county.

    The values have the given number of decimals.
    """
    ends = []
    gone = workers.groupby("county_code").sample(1, random_state=7)
    for rows in (workers, workers.drop(gone.index)):
        one = deepcopy(known)
        parts = {**dict(list(rows.groupby("county_code"))), "331000": rows}
        for code, people in parts.items():
            digits = max(decimals, 2) if code == "331000" else decimals
            mean, half = round(people["income"].mean(), digits), 0.5 * 10**-digits
            one.facts["workers_total", code] = (len(people), len(people))
            one.facts["income", code] = (mean - half, mean + half)
        ends.append(one)
    return ends, gone.set_index("county_code")["income"]


def test_no_pay_of_who_left_is_known_better_than_a_tenth(known, workers):
    editions, pay = with_one_leaver_each(known, workers, 1)
    spans = movers(*editions, "income", "workers_total")
    known = {code: (high - low) / 2 / pay[code] for code, (low, high) in spans.items()}
    print(f"\n{len(spans)} left, the best known to ±{100 * min(known.values()):.0f} %")
    assert len(spans) == 9 and min(known.values()) > 0.1
    assert all(low - 1e-6 <= pay[code] <= high + 1e-6 for code, (low, high) in spans.items())


def test_with_six_decimals_the_pay_of_who_left_would_be_known(known, workers):
    """As it was published once: so that the test above can fail."""
    editions, pay = with_one_leaver_each(known, workers, 6)
    for code, (low, high) in movers(*editions, "income", "workers_total").items():
        assert low - 1e-6 <= pay[code] <= high + 1e-6 and high - low < 0.001


@pytest.fixture(scope="module")
def true(edition, workers):
    """The counts by county that are not published."""
    hired = workers["hired"]
    counts = {
        "hired_since_2018": workers[hired >= "2018"].groupby("county_code").size(),
        "hired_2020": workers[hired >= "2020"].groupby("county_code").size(),
        "hired_before_2018": workers[hired < "2018"].groupby("county_code").size(),
    }
    candidates = pd.read_parquet(edition / "data/processed/2020/election_candidates.parquet")
    counts["candidates"] = candidates.groupby("county_code").size()
    return counts


def in_csv(name, head, values):
    def plant(folder, _true):
        path = folder / f"tables/{name}.csv"
        rows = list(csv.reader(path.open(encoding="utf-8-sig", newline="")))
        codes = {"三门县": SANMEN, "玉环市": "331083", "天台县": "331023"}
        found = values(_true)
        lines = [[*rows[0], head], *([*row, found.get(codes.get(row[0]), "")] for row in rows[1:])]
        with rewritten(path).open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(lines)

    return plant


def rewritten(path):
    """Give a file its own copy: the others are linked."""
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)
    return path


def replaced(name, pattern, new):
    def plant(folder, true):
        path = rewritten(folder / name)
        text, count = re.subn(
            pattern, lambda found: new(found, true), path.read_text("utf-8"), count=1
        )
        assert count == 1, name
        path.write_text(text, encoding="utf-8")

    return plant


def in_workbook(folder, true):
    path = rewritten(folder / "tables/tables.xlsx")
    book = openpyxl.load_workbook(path)
    sheet = book.create_sheet("more")
    sheet.append(["县（市、区）", "2020年新入职（人）"])
    sheet.append(["三门县", int(true["hired_2020"][SANMEN])])
    book.save(path)


def in_word(folder, true):
    path = rewritten(folder / "report/report.docx")
    document = docx.Document(path)
    table = document.add_table(2, 2)
    cells = [["县（市、区）", "2020年新入职"], ["三门县", str(true["hired_2020"][SANMEN])]]
    for row, texts in zip(table.rows, cells, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    document.save(path)


def in_drawing(folder, true):
    (folder / "figures/hired_2020.svg").write_text(
        f"<svg><path><title>三门县 {true['hired_2020'][SANMEN]}</title></path></svg>",
        encoding="utf-8",
    )


def in_pdf(folder, true):
    if not shutil.which(harvesting.PDF):
        pytest.skip("no pdftotext on this machine: PDF is not read")
    source = folder / "more.typ"
    cells = f"[县（市、区）],[2020年新入职],[三门县],[{true['hired_2020'][SANMEN]}]"
    source.write_text(f"#table(columns: (8cm, 8cm), {cells})", encoding="utf-8")
    typst.compile(str(source), output=str(folder / "report/more.pdf"))


def in_a_notebook(folder, true):
    html = (
        f"<table><tr><th>县<th>2020年新入职<tr><th>三门县<td>{true['hired_2020'][SANMEN]}</table>"
    )
    cell = {"cell_type": "code", "source": "", "outputs": [{"data": {"text/html": [html]}}]}
    (folder / "notebooks/more.ipynb").write_text(json.dumps({"cells": [cell]}), encoding="utf-8")


def printed_in_a_notebook(folder, true):
    text = f"county   2020年新入职\n三门县   {true['hired_2020'][SANMEN]}\n"
    cell = {"cell_type": "code", "source": "", "outputs": [{"text": [text]}]}
    (folder / "notebooks/more.ipynb").write_text(json.dumps({"cells": [cell]}), encoding="utf-8")


def table_of(head, name):
    def html(_found, true):
        rows = f"<tr><th>县（市、区）<th>{head}<tr data-area={SANMEN}><th>三门县<td>{true[name][SANMEN]}"
        return f"<table>{rows}</table></main>"

    return html


LEAKS = {
    "a column of a table": in_csv(
        "workforce", "2020年新入职（人）", lambda true: {SANMEN: true["hired_2020"][SANMEN]}
    ),
    "what remains when parts are taken from the whole": in_csv(
        "workforce",
        "2018年以前入职且仍在岗（人）",
        lambda true: {SANMEN: true["hired_before_2018"][SANMEN]},
    ),
    "the other cell that hides one": in_csv(
        "workforce", "“一肩挑”意向人选（人）", lambda true: true["candidates"].drop(SANMEN)
    ),
    "recruits, from which leavers follow": in_csv(
        "glance",
        "2018年以来新增招聘（人）",
        lambda true: {SANMEN: true["hired_since_2018"][SANMEN]},
    ),
    "more decimals of a mean": in_csv(
        "workforce", "人均年收入（万元）", lambda _true: {SANMEN: "6.952"}
    ),
    "a row of the estimates": replaced(
        "tables/estimates.csv",
        r"\Z",
        lambda _found, true: (
            f"hired_2020.{SANMEN},hired_2020,{SANMEN},2020,{true['hired_2020'][SANMEN]},,,6,,,人,s,census,h,n,c,,\n"
        ),
    ),
    "how many rows are cited": replaced(
        "tables/estimates.csv",
        r"(candidates\.331022,candidates,331022,.*,)(few)(?=\n)",
        lambda found, true: (
            found[1][:-1]
            + f"331022_三门县.xlsx!换届人选 6-{5 + true['candidates'][SANMEN]},"
            + found[2]
        ),
    ),
    "a table of a page": replaced(
        "districts/331022/index.html", r"</main>", table_of("2020年新入职", "hired_2020")
    ),
    "the output of a notebook": replaced(
        "notebooks/03_workforce.html",
        r"</main>",
        table_of("2018年以来新增招聘", "hired_since_2018"),
    ),
    "a receipt": replaced(
        "report/index.html",
        r"(<article id=r-hired_2020>.*?</h3>)",
        lambda found, true: f"{found[1]}<p>椒江区 36, 三门县 {true['hired_2020'][SANMEN]}",
    ),
    "a sentence with a linked number": replaced(
        "report/index.html",
        r"</main>",
        lambda _found, true: (
            f"<p>三门县<a class=n href=#r-hired_2020.331022>{true['hired_2020'][SANMEN]}人</a></main>"
        ),
    ),
    "a table of a PDF": in_pdf,
    "the output in a notebook's file": in_a_notebook,
    "what a notebook's file has printed": printed_in_a_notebook,
    "what is seen on hover": in_drawing,
    "a sheet of the workbook": in_workbook,
    "a table of the Word file": in_word,
    "marks drawn from more digits": replaced(
        "figures/income.svg",
        r'H([\d.]+)(" data-area="331022")',
        lambda found, _true: f"H{float(found[1]) - 4}{found[2]}",
    ),
    "pay in yuan to the last digit": replaced(
        "tables/en/workforce.csv", r"(Sanmen.*?)70,000", lambda found, _true: found[1] + "69,520"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_that_is_planted_is_found(leak, published, true, tmp_path):
    folder = tmp_path / "edition"
    shutil.copytree(
        published, folder, copy_function=os.link, ignore=shutil.ignore_patterns("returns", "*.pdf")
    )
    LEAKS[leak](folder, true)
    found = report(folder)
    print(f"\n{leak}: {found}")
    assert found
