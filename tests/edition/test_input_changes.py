"""Causes name the row, the cell or the module, and never what identifies a person."""

import json
import os
import shutil
import subprocess

import pytest

from analysis.edition.input_changes import ALIKE, UNREAD, InputChange, input_changes
from analysis.edition.input_record import input_state
from analysis.edition.record import EditionRecord, Fact
from analysis.edition.workbook_changes import workbook_changes
from moves import IDENTITY
from planting import Planting
from running import REPOSITORY

TABLE = "data/raw/reference/measures.csv"
NOTEBOOK = "notebooks/02_x.ipynb"
BOOK, ROSTER = "331024_仙居县.xlsx", "专职社区工作者花名册"


def git(folder, *arguments):
    subprocess.run(
        ["git", *arguments],
        cwd=folder,
        check=True,
        env={**os.environ, **IDENTITY},
        capture_output=True,
    )


def notebook(**cells):
    listed = [
        {"id": name, "cell_type": "code", "source": source, "metadata": {}}
        for name, source in cells.items()
    ]
    return json.dumps({"cells": listed})


@pytest.fixture
def folder(tmp_path):
    """A repository in git, with a definition, a notebook and a module."""
    git(tmp_path, "init", "--quiet")
    for name, content in (
        (TABLE, "indicator,zh,decimals\nshare,率,1\ntotal,数,0\n"),
        (NOTEBOOK, notebook(a="x = 1", b="x")),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, "utf-8")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    return tmp_path


def edition(folder, *facts, **more):
    names = [name for name in (TABLE, NOTEBOOK) if (folder / name).exists()]
    states = {name: input_state(folder / name) for name in names}
    return EditionRecord("here", (Fact("edition", "wave", ("2020",)), *facts), states | more)


def causes(folder, content, name=TABLE):
    """Write a file anew and say what differs."""
    old = edition(folder)
    (folder / name).write_text(content, "utf-8")
    return input_changes(folder, old, edition(folder))


DEFINITIONS = {
    "a cell": ("share,率,2\ntotal,数,0\n", [("measures.csv share decimals", "1", "2", "")]),
    "a row gone": ("share,率,1\n", [("measures.csv total", "", "", "gone")]),
    "a row new": ("share,率,1\ntotal,数,0\nmean,均,2\n", [("measures.csv mean", "", "", "new")]),
    "the order": ("total,数,0\nshare,率,1\n", [(TABLE, "", "", ALIKE)]),
    "a long cell": (
        f"share,{'长' * 99},1\ntotal,数,0\n",
        [("measures.csv share zh", "率", "长" * 60 + "…", "")],
    ),
}


@pytest.mark.parametrize(("rows", "expected"), DEFINITIONS.values(), ids=DEFINITIONS)
def test_of_a_definition_the_row_and_column_are_named(folder, rows, expected):
    """Rows are told apart by their first columns, cells by the title of theirs."""
    assert causes(folder, f"indicator,zh,decimals\n{rows}") == [
        InputChange("definition", *one) for one in expected
    ]


def test_rows_are_told_apart_by_as_many_columns_as_it_takes(folder):
    """Where the first column repeats, the second is part of the name."""
    (folder / TABLE).write_text("list,zh,en\na,甲,x\na,乙,y\n", "utf-8")
    git(folder, "commit", "--quiet", "--all", "--message", "two")
    (found,) = causes(folder, "list,zh,en\na,甲,x\na,乙,z\n")
    assert found == InputChange("definition", "measures.csv a 乙 en", "y", "z")


def test_of_a_notebook_the_cells_are_named(folder):
    """A cell is changed, new or gone."""
    found = causes(folder, notebook(a="x = 2", c="x"), NOTEBOOK)
    assert [(one.place.partition(", cell ")[2], one.note) for one in found] == [
        ("a", "changed"), ("c", "new"), ("b", "gone"),
    ]  # fmt: skip


def test_what_is_not_at_hand_any_more_is_not_guessed(folder):
    """A file that was built from, edited again and never committed cannot be compared."""
    (folder / TABLE).write_text("indicator\nlost\n", "utf-8")
    assert causes(folder, "indicator\nshare\n") == [InputChange("definition", TABLE, note=UNREAD)]


def test_a_module_is_named_as_a_whole(folder):
    """Of code it is said which module differs, is new or gone."""
    old = edition(folder, **{"src/analysis/a.py": "1", "src/analysis/b.py": "1", "study.toml": "1"})
    new = edition(folder, **{"src/analysis/a.py": "2", "src/analysis/c.py": "1", "study.toml": "2"})
    assert [(one.kind, one.place, one.note) for one in input_changes(folder, old, new)] == [
        ("code", "src/analysis/a.py", "changed"),
        ("code", "src/analysis/c.py", "new"),
        ("code", "src/analysis/b.py", "gone"),
        ("other", "study.toml", "changed"),
    ]


def test_corrections_are_added_removed_and_changed(folder):
    """They come from the records themselves, by their cell."""
    old = edition(folder, *(Fact("correction", name, ("1 → 2",)) for name in "ab"))
    new = edition(folder, Fact("correction", "b", ("1 → 3",)), Fact("correction", "c", ("1 → 2",)))
    assert [(one.place, one.old, one.new) for one in input_changes(folder, old, new)] == [
        ("b", "1 → 2", "1 → 3"), ("c", "", "1 → 2"), ("a", "1 → 2", ""),
    ]  # fmt: skip


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A copy of a county's workbook under change, and its rows of the roster."""
    monkeypatch.chdir(REPOSITORY)
    (tmp_path / BOOK).write_bytes((REPOSITORY / "data/raw/2020" / BOOK).read_bytes())
    planting = Planting(tmp_path)
    return planting, planting.rows(BOOK, ROSTER)


def changes(planting):
    planting.save()
    return workbook_changes(REPOSITORY / "data/raw/2020" / BOOK, planting.raw / BOOK, "2020")


def test_of_a_workbook_each_cell_is_named_with_what_stood_there(book):
    """Sheet, column and row as people see them, before and after."""
    planting, rows = book
    planting.set(BOOK, ROSTER, "年收入", rows[0], 7.25)
    planting.set(BOOK, "社区基本情况", "目前达标", planting.rows(BOOK, "社区基本情况")[2], "否")
    (first, second) = changes(planting)
    assert first[:3:2] == (
        f"{BOOK}!社区基本情况!目前达标 {planting.rows(BOOK, '社区基本情况')[2]}",
        "否",
    )
    # of people neither row nor value
    assert tuple(second) == (f"{BOOK}!{ROSTER}!年收入", "", "", "changed")


PERSONAL = {"姓名": "测试某人", "身份证号": "330000199001010010", "联系电话": "10000099999"}


def test_no_identifier_is_printed_nor_its_row(book):
    """Of the columns of identifiers no more is said than that they differ."""
    planting, rows = book
    old = [str(planting.value(BOOK, ROSTER, column, rows[1])) for column in PERSONAL]
    for column, value in PERSONAL.items():
        planting.set(BOOK, ROSTER, column, rows[1], value)
    said = changes(planting)
    assert [tuple(one) for one in said] == [
        (f"{BOOK}!{ROSTER}!{column}", "", "", "changed") for column in PERSONAL
    ]
    assert not any(value in str(said) for value in (*old, *PERSONAL.values()))


def test_an_identifier_in_another_column_is_not_printed_either(book):
    """In slipped columns a name or a number may stand where an answer should."""
    planting, rows = book
    planting.set(BOOK, ROSTER, "年收入", rows[1], PERSONAL["身份证号"])
    planting.set(BOOK, ROSTER, "学历", rows[1], PERSONAL["姓名"])
    planting.set(BOOK, ROSTER, "出生年月", rows[1], "1990年1月")
    said = changes(planting)
    assert len(said) == 3
    assert not any(value in str(said) for value in (*PERSONAL.values(), "1990"))


def test_many_cells_of_a_column_are_counted(book):
    """A column that was pasted over is one line."""
    planting, _ = book
    rows = planting.rows(BOOK, "社区基本情况")
    for row in rows[:8]:
        planting.set(BOOK, "社区基本情况", "户数", row, 999)
    assert [tuple(one) for one in changes(planting)] == [
        (f"{BOOK}!社区基本情况!户数 {rows[0]}–{rows[7]}", "", "", "8 cells changed")
    ]


def test_a_workbook_that_cannot_be_opened_is_named(tmp_path):
    """A damaged file stops no comparison."""
    (tmp_path / BOOK).write_bytes(b"PK")
    shutil.copyfile(REPOSITORY / "data/raw/2020" / BOOK, tmp_path / "whole.xlsx")
    (found,) = workbook_changes(tmp_path / "whole.xlsx", tmp_path / BOOK, "2020")
    assert found.place == BOOK and "cannot be opened" in found.note
