"""Each guide page leads where it says: its edits and commands, applied to a copy with a finished
edition, give what the page shows; and each message that it quotes is the one that comes.
"""

import csv
import json
import re
from dataclasses import replace
from html import unescape

import openpyxl
import pandas as pd
import pytest

from guide import DOCS, Follower, Step, copy_edition, headings, of_page, read_steps
from running import REPOSITORY
from synthetic.next_wave import synthesise_next

PAGES = sorted(path.name for path in (DOCS / "guide").glob("*.md") if ".zh" not in path.name)
ANALYSIS = ".venv/bin/analysis"
CHECK, LINT = f"{ANALYSIS} check", f"{ANALYSIS} lint"


@pytest.fixture
def follower(edition, tmp_path):
    return Follower(copy_edition(edition, tmp_path / "copy"))


def text_of(follower, page):
    """The words of a published page without its tags."""
    return unescape(re.sub(r"<[^>]+>", "", follower.read(f"outputs/{page}")))


def estimates(follower):
    table = pd.read_csv(follower.folder / "outputs/2020/tables/estimates.csv", dtype={"district": str})
    return table.set_index("name")


def without(steps, kind, which, text=""):
    """The edits among some steps, without one: the nth of its kind, or with another text."""
    edits = [step for step in steps if step.kind not in ("sh", "text")]
    one = [step for step in edits if step.kind == kind][which]
    changed = [replace(one, text=text)] if text else []
    return [new for step in edits for new in (changed if step is one else [step])]


def fails(follower, steps, command, message):
    """Follow some steps: the command says what the page quotes, and exits with another code than 0."""
    follower.follow([step for step in steps if step.kind not in ("sh", "text")])
    follower.run(command)
    assert follower.code not in (0, 1) or (follower.code == 1 and "lint" in command)
    follower.printed(message)


@pytest.mark.slow
def test_indicator(follower, edition, tmp_path):
    steps, (no_measure, no_person, misspelt) = of_page("indicator.md")
    follower.follow(steps)
    ages = []
    for path in sorted((follower.folder / "data/raw/2020").glob("33*.xlsx")):
        sheet = openpyxl.load_workbook(path, read_only=True)["专职社区工作者花名册"]
        ages += [row[0].value for row in sheet.iter_rows(min_row=6) if row]
    table = estimates(follower)
    workers = pd.read_parquet(follower.folder / "data/processed/2020/workers.parquet")
    young = (workers["born"].dt.year >= 1981).sum()
    assert table.loc["under_40_workers", "value"] == young
    assert table.loc["under_40", "value"] == pytest.approx(100 * young / len(workers))
    assert "四十岁以下的有1057名，占68.9%。" in text_of(follower, "2020/notebooks/03_workforce.html")
    english = text_of(follower, "2020/notebooks/en/03_workforce.html")
    assert "1,057 are under forty: 68.9%." in english
    command = f"{ANALYSIS} build --only workforce"
    other = Follower(copy_edition(edition, tmp_path / "measures"))
    fails(other, without(steps, "csv", 0), command, no_measure)
    other = Follower(copy_edition(edition, tmp_path / "people"))
    fails(other, without(steps, "csv", 1), command, no_person)
    other = Follower(copy_edition(edition, tmp_path / "words"))
    words = "%%md en\n{{ under_40_workers.bare }} are {{ under_40.name }}: {{ under_4O }}.\n"
    fails(other, without(steps, "markdown", 1, words), LINT, misspelt)
