"""Each guard of people's numbers is needed: without it an attack finds what it finds with none."""

import csv
import io
import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from analysis.edition.failures import NotebookError
from analysis.pipeline import outputs
from analysis.pipeline.attack import attack, movers
from analysis.pipeline.harvest import harvest
from analysis.publish import findings, prose, tables
from analysis.publish.markup import PageWriter
from analysis.publish.prose import render
from analysis.stats import comparison, disclosure, estimates
from analysis.stats.disclosure import (
    Linked,
    Policy,
    medians,
    policy,
    protected,
    quantiles,
    withhold,
)
from analysis.stats.estimates import change, count, mean, share, total
from analysis.survey import clean, parsed
from analysis.survey.citation import cite
from analysis.survey.problems import StudyError
from analysis.survey.sealed import Sealed
from analysis.survey.study import study

CITY, SMALLEST = "331000", "331022"
CANARY, NUMBER = "秘密4711", "13987654321"
TABLES = ("workers", "county_baseline", "election_candidates", "interview_staff")


@pytest.fixture(scope="module")
def clean_tables(edition):
    made = {}
    for name in TABLES:
        frame = pd.read_parquet(edition / f"data/processed/2020/{name}.parquet")
        frame.attrs.update(table=name, wave="2020", basis="synthetic")
        made[name] = frame
    return made


@pytest.fixture
def made(clean_tables, tmp_path):
    """What an attack takes: clean tables, and a folder for what is published of them."""
    return Made({name: frame.copy() for name, frame in clean_tables.items()}, tmp_path)


@dataclass
class Made:
    tables: dict
    folder: object

    @property
    def workers(self):
        return self.tables["workers"]

    def set(self, column, value, rows):
        """Set a column of some rows of the roster."""
        self.workers.loc[rows, column] = value

    def published(self, name="edition"):
        """Publish the numbers of people as the pipeline does; returns the folder."""
        workers, baseline = self.workers, self.tables["county_baseline"]
        candidates = self.tables["election_candidates"]
        now, then = count(workers, "workers_total"), total(baseline, "workers_2018", "workers_2018")
        stayed = count(workers, "hired_before_2018", where="hired < '2018-01-01'")
        certified, able = "certificate != '无'", "identity == '专职社工' and assessment == '合格'"
        rows = [
            *(now, then, stayed, change(now, then, "growth", relative=True)),
            count(workers, "hired_since_2018", where="hired >= '2018-01-01'"),
            count(workers, "hired_2020", where="hired >= '2020-01-01'"),
            *(change(then, stayed, "leavers"), mean(workers, "income", "income")),
            *(
                share(workers, certified, "certified"),
                count(workers, "certified_workers", certified),
            ),
            *(count(candidates, "candidates"), count(candidates, "able_workers", able)),
            count(self.tables["interview_staff"], "respondents"),
        ]
        shown = protected(pd.concat(rows, ignore_index=True), withhold(self.tables))
        folder = self.folder / name / "tables"
        folder.mkdir(parents=True)
        shown.to_csv(folder / "estimates.csv", index=False, encoding="utf-8-sig")
        return folder.parent

    def leaks(self):
        return list(attack(self.published()).leaks)


def by_policy(**limits):
    """Replace limits of `disclosure.csv`."""

    def remove(patch):
        rules = replace(policy(), **limits)
        patch.setattr(disclosure, "_policy", lambda _study: rules)

    return remove


def of_people(**facts):
    """Replace what `people.csv` says of some indicators."""

    def remove(patch):
        rules = policy()
        people = {name: replace(one, **facts.get(name, {})) for name, one in rules.people.items()}
        patch.setattr(disclosure, "_policy", lambda _study: replace(rules, people=people))

    return remove


def patched(owner, name, new):
    return lambda patch: patch.setattr(owner, name, new)


def few_without_certificate(made):
    rows = made.workers.index[made.workers["county_code"] == SMALLEST]
    made.set("certificate", "社会工作师", rows)
    made.set("certificate", "无", rows[:4])
    return made.leaks()


def assessed(made):
    """In one county every full-time worker among the candidates is able, in others none."""
    candidates = made.tables["election_candidates"]
    candidates["identity"] = "专职社工"
    candidates["assessment"] = np.where(candidates["county_code"] == "331002", "合格", "不合格")
    return made.leaks()


def few_with_certificate(made):
    rows = made.workers.index[made.workers["county_code"] == SMALLEST]
    made.set("certificate", "无", rows)
    made.set("certificate", "社会工作师", rows[:4])
    return made.leaks()


def one_large_pay(made):
    """All but one have next to nothing: the mean tells the pay of the one."""
    rows = made.workers.index[made.workers["county_code"] == SMALLEST]
    made.set("income", 0.05, rows)
    made.set("income", 40.0, rows[:1])
    known = harvest(made.published()).facts.get(("income", SMALLEST))
    if known is None:
        return []
    low, high = (len(rows) * end - 0.05 * (len(rows) - 1) for end in known)
    return [f"{low} to {high}"] if high - low < 0.2 * 40 else []


def one_leaves(made):
    """Two editions, of which one with the largest pay has left."""
    rows = made.workers.index[made.workers["county_code"] == SMALLEST]
    made.set("income", 49.9, rows[:1])
    before = harvest(made.published("before"))
    made.tables["workers"] = made.workers.drop(rows[:1])
    made.workers.attrs.update(table="workers", wave="2020", basis="synthetic")
    after = harvest(made.published("after"))
    low, high = movers(before, after, "income", "workers_total").get(SMALLEST, (0.5, 50.0))
    return [f"{low} to {high}"] if high - low < 0.2 * 49.9 else []


def added_up(made):
    try:
        return [total(made.workers, "income", "income")["value"].iat[0]]
    except StudyError:
        return []


def unlisted(made):
    try:
        protected(count(made.workers, "rented"), withhold(made.tables))
    except StudyError:
        return []
    return ["numbers of people that nobody has listed"]


def lone_post(made):
    """One worker has a post of his own, and a pay of his own."""
    made.workers["post"] = made.workers["post"].astype(object)
    made.set("post", CANARY, made.workers.index[:1])
    found = medians(made.workers, "income", "post")
    return [CANARY] if CANARY in found.index else []


def correction(made):
    row = dict.fromkeys(findings.CORRECTIONS, "a") | {
        "sheet": "专职社区工作者花名册",
        "new": CANARY,
    }
    shown = findings.published_corrections(pd.DataFrame([row]), "zh")
    return [CANARY] if CANARY in shown.to_csv() else []


def question(made):
    row = dict.fromkeys(findings.QUESTIONS, "a") | {"sheet": "换届人选", "message": CANARY}
    shown = findings.published_questions(pd.DataFrame([row]), "zh")
    return [CANARY] if CANARY in shown.to_csv() else []


def typed_number(made):
    row = dict.fromkeys(findings.CORRECTIONS, "a") | {"sheet": "项目与公益创投"}
    shown = findings.published_corrections(pd.DataFrame([row | {"reason": f"电话{NUMBER}"}]), "zh")
    return [NUMBER] if NUMBER in shown.to_csv() else []


def quoted_number(made):
    quote = parsed._quote(NUMBER, study().tables["projects"])
    return [NUMBER] if NUMBER in quote else []


def month_of_birth(made):
    born = pd.DataFrame({"born": pd.to_datetime(["1994-08-01"])})
    kept = clean.coarsened("workers", born)["born"].dt.month
    return [f"month {month}" for month in kept if month != 1]


def element(made):
    table = tables.to_json(pd.DataFrame({"a": ["<img src=x onerror=alert(1)>"]}))
    return re.findall("<img", PageWriter({}).table(table))


def words(made):
    said = render("{{ text }}", {"text": "<img src=x> **b** [a](javascript:b)"})
    return re.findall(r"<img|\*\*b|\]\(", said.markdown)


def formula(made):
    text = tables.to_csv(pd.DataFrame({"a": ['=HYPERLINK("http://a")', "@SUM(A1)"]}), "synthetic")
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    return [row[0] for row in rows if row[0].startswith(("=", "@"))]


def fine_p(made):
    table = pd.DataFrame({"p_rest_holm": [0.671767]})
    shown = comparison.as_published(table, "income")["p_rest_holm"].iat[0]
    return [f"p = {shown}"] if shown == 0.671767 else []


def looked_into(made):
    try:
        return [repr(Sealed(made.workers, "workers"))[:20]]
    except AttributeError:
        return []


def printed(made):
    output = new_output("stream", name="stdout", text=CANARY)
    notebook = new_notebook(cells=[new_code_cell("x", id="c", outputs=[output])])
    try:
        outputs.check_outputs(notebook, made.folder / "a.ipynb", made.folder / "b.ipynb")
    except NotebookError:
        return []
    return [CANARY]


GUARDS = {  # by name: the attack, and what takes the guard away
    "the threshold": (few_with_certificate, by_policy(threshold=0)),
    "the complement": (
        few_without_certificate,
        of_people(certified_workers={"within": ""}),
    ),
    "none or all of an assessment": (
        assessed,
        of_people(able_workers={"by_district": True, "assessment": False}),
    ),
    "secondary suppression": (Made.leaks, patched(Linked, "protect", lambda *_: [])),
    "the rounding of means": (Made.leaks, patched(disclosure, "_round", lambda *_: None)),
    "the dominance of one or two": (
        one_large_pay,
        patched(Policy, "dominated", lambda *_: False),
    ),
    "the digits that tell of one who leaves": (
        one_leaves,
        patched(Policy, "tells_of_movers", lambda *_: False),
    ),
    "no sums of values of people": (
        added_up,
        patched(estimates, "_refuse_people", lambda *_: None),
    ),
    "the list of indicators of people": (
        unlisted,
        patched(
            disclosure,
            "_of_people",
            lambda rows, rules: rows["indicator"].isin(rules.people.keys()),
        ),
    ),
    "quantiles with ten on each side": (lone_post, by_policy(threshold=0)),
    "no lowest and highest": (
        lambda made: list(quantiles(made.workers, "income", "post", (0.0, 1.0))["q100"].dropna()),
        by_policy(threshold=0),
    ),
    "citations without rows": (
        Made.leaks,
        patched(estimates, "cited", lambda rows, _table: cite(rows)),
    ),
    "corrections that are counted only": (
        correction,
        patched(findings, "of_people", lambda sheets: sheets == ""),
    ),
    "questions that are counted only": (
        question,
        patched(findings, "of_people", lambda sheets: sheets == ""),
    ),
    "the scan of what was typed": (
        typed_number,
        patched(findings, "looks_personal", lambda _text: False),
    ),
    "the scan of what messages quote": (
        quoted_number,
        patched(parsed, "looks_personal", lambda _text: False),
    ),
    "the year of birth alone": (
        month_of_birth,
        patched(clean, "coarsened", lambda _table, rows: rows),
    ),
    "escaping in tables": (element, patched(tables, "escape", lambda text, *_: text)),
    "escaping in words": (words, patched(prose, "literal", str)),
    "formulas made harmless": (formula, patched(tables, "harmless", lambda cell: cell)),
    "p values with one digit": (fine_p, patched(comparison, "one_digit", lambda p: p)),
    "sealed tables": (looked_into, patched(Sealed, "__repr__", lambda one: repr(one._value))),
    "the kinds of outputs": (printed, patched(outputs, "_refused", lambda _output: "")),
}


@pytest.mark.parametrize("guard", GUARDS)
def test_without_the_guard_an_attack_finds_what_it_does_not_find_with_it(guard, made, monkeypatch):
    find, remove = GUARDS[guard]
    copy = Made(
        {name: frame.copy() for name, frame in made.tables.items()}, made.folder / "without"
    )
    assert find(made) == []
    remove(monkeypatch)
    found = find(copy)
    print(f"\nwithout {guard}: {found[:3]}")
    assert found
