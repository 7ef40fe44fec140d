"""A row that a reference table lacks is told with the file, the line to add and a code."""

import csv
import re

import pytest

from analysis.stats.people_table import people_problems
from analysis.survey.characters import reference_problems
from analysis.survey.frame_tables import frame_table_problems
from analysis.survey.measures import measure_of, measure_problems
from analysis.survey.problems import StudyError
from running import run_analysis

REFERENCE = "data/raw/reference"


@pytest.fixture
def edited(copy, monkeypatch):
    """Return a function that changes a reference table of a copy of the repository."""
    monkeypatch.chdir(copy)

    def edit(name, change):
        path = copy / REFERENCE / f"{name}.csv"
        text = path.read_text("utf-8")
        assert change(text) != text
        path.write_text(change(text), "utf-8")
        return copy

    return edit


def without(key):
    """A change that takes out the lines of a table that begin with a key."""
    return lambda text: re.sub(rf"^{key},.*\n", "", text, flags=re.MULTILINE)


def fields(message, key):
    """The cells of the line to add that a message gives."""
    line = re.search(rf"{key},[^ ]*", message)[0]
    return next(csv.reader([line]))


def test_a_measure_without_a_row_is_told_with_the_line_to_add(edited):
    folder = edited("measures", without("certified"))
    with pytest.raises(StudyError) as caught:
        measure_of("certified")
    head = (folder / REFERENCE / "measures.csv").read_text("utf-8").partition("\n")[0].split(",")
    assert str(caught.value).startswith("data/raw/reference/measures.csv 111: ")
    assert str(caught.value).endswith("[B24]")
    line = dict(zip(head, fields(str(caught.value), "certified"), strict=True))
    assert line["indicator"] == "certified" and line["zh"] == "<zh>" and line["parts_zh"] == ""


def test_the_line_as_it_was_given_is_refused_until_it_is_filled_in(edited):
    line = "new_one,<zh>,<en>,%,%,<decimals>,,,<definition_zh>,<definition_en>,,\n"
    folder = edited("measures", lambda text: text + line)
    found = [str(one) for one in reference_problems(folder / REFERENCE)]
    assert [re.search(r"!(\w+) 112: .*\[B26\]", one)[1] for one in found] == [
        *("zh", "en", "decimals", "definition_zh", "definition_en")
    ]


def test_a_line_with_a_comma_too_many_is_told_with_its_number(edited):
    folder = edited("glossary", lambda text: text + "词,word, with a comma,a,b,c\n")
    (found,) = map(str, reference_problems(folder / REFERENCE))
    assert found.startswith("glossary.csv 57: ") and "[B25]" in found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text + "certified,持证率,certified,%,%,1,,,a,b,,\n", "indicator 112: .*B28"),
        (
            lambda text: text.replace("certified share,%,%,1", "certified share,%,%,one"),
            "decimals 28: .*B27",
        ),
        (lambda text: text.replace("持证率,certified share", "持证率,", 1), "en 28: .*B29"),
    ],
)
def test_a_row_of_measures_that_cannot_be_printed_is_told(edited, change, said):
    edited("measures", change)
    (found,) = map(str, measure_problems())
    assert re.search(said, found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda text: text.replace("certified_workers,count", "certified_workers,counts"),
            "kind 12: .*B10",
        ),
        (
            lambda text: text.replace("workers_total,,,yes", "workers_total,,,maybe", 1),
            "by_district 12: .*B10",
        ),
        (without("leavers"), ""),
        (without("workers_2018"), "people.csv 34: .*workers_2018,count,.*B24"),
    ],
)
def test_a_row_of_people_that_says_nothing_is_told(edited, change, said):
    edited("people", change)
    found = "\n".join(sorted({str(one) for one in people_problems()}))
    assert re.search(said, found) if said else found == ""


LACKING = {  # table and key of the row that is taken out: what is said
    ("tables", "funding"): "columns.csv!table .*: funding: .*tables.csv 中应有 funding,.*B07",
    ("codes", "premises"): "columns.csv!codes .*: premises: .*应有 premises,<zh>,<en>.*B12",
    ("columns", "burden"): "tables.csv!table .*: burden: .*columns.csv 中应有 burden,.*B09",
}


@pytest.mark.parametrize("lacking", LACKING, ids=lambda one: one[0])
def test_check_gives_the_line_that_a_table_of_the_codebook_lacks(edited, lacking):
    folder = edited(lacking[0], without(lacking[1]))
    done = run_analysis(folder, "check")
    assert done.returncode == 2 and re.search(LACKING[lacking], done.stderr), done.stderr


def test_check_and_build_read_the_tables_before_anything_runs(edited):
    folder = edited(
        "people", lambda text: text.replace("certified_workers,count", "certified_workers,counts")
    )
    for command in ("check", "build"):
        done = run_analysis(folder, command)
        assert done.returncode == 2 and "people.csv!kind 12" in done.stderr


FRAME = {  # a line that is added to a table, or is not there: what is wanted
    "a community of an unknown township": (
        "communities",
        lambda text: text + "331002,椒江区,331002099,新街道,331002099901,新街道01社区,0\n",
        "townships.csv 138: .*331002,椒江区,331002099,新街道,.*B24",
    ),
    "a community of an unknown county": (
        "communities",
        lambda text: text + "331099,新区,331002001,海门街道,331099001901,新街道01社区,0\n",
        "counties.csv 12: .*331099,新区,.*B24",
    ),
    "a county without communities": (
        "communities",
        without("331022"),
        "communities.csv .*: .*331022,三门县,<township_code>,.*B24",
    ),
}


@pytest.mark.parametrize("fault", FRAME)
def test_tables_of_the_frame_that_do_not_hold_together_are_told(edited, fault):
    name, change, said = FRAME[fault]
    edited(name, change)
    (found,) = map(str, frame_table_problems())
    assert re.search(said, found)
