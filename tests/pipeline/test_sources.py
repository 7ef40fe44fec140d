"""What a notebook reads and makes is found in its source; and that is all it needs."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from analysis.pipeline import sources, tasks
from analysis.pipeline.steps import STEPS
from running import REPOSITORY

RUN = """
import json, sys
from pathlib import Path
from analysis.pipeline.execute import run_notebook
from analysis.pipeline.stable import set_stable
set_stable()
run_notebook(Path(sys.argv[1]), json.loads(sys.argv[3]), Path(sys.argv[2]))
"""
FIRST_RUNS = list({step.notebook: step for step in reversed(STEPS)}.values())


def test_outputs_counts_and_what_lab_adds_leave_a_notebook_as_it_was(tmp_path):
    source = REPOSITORY / "notebooks/07_compare.ipynb"
    notebook = json.loads(source.read_text("utf-8"))
    for cell in notebook["cells"]:
        cell["metadata"]["collapsed"] = True
        if cell["cell_type"] == "code":
            cell |= {"execution_count": 7, "outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}]}
    notebook["metadata"]["language_info"] = {"name": "python", "version": "3.13"}
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook, indent=4), "utf-8")
    assert sources.content_hash(tmp_path / "a.ipynb") == sources.content_hash(source)
    for change in ({"source": "x"}, {"id": "x"}, {"metadata": {"tags": ["x"]}}):
        changed = {**notebook, "cells": [*notebook["cells"][:-1], notebook["cells"][-1] | change]}
        (tmp_path / "b.ipynb").write_text(json.dumps(changed), "utf-8")
        assert sources.content_hash(tmp_path / "b.ipynb") != sources.content_hash(source)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('w = read("workers", wave); spread("x")', {"workers": set()}),
        ('read("workers", wave, "income", "post")', {"workers": {"income", "post"}}),
        ('read(\n    "workers", wave, "income",\n    "post",\n)', {"workers": {"income", "post"}}),
        ('read("a", wave, "x"), read("a", wave, "y"), read("b", wave)', {"a": {"x", "y"}, "b": set()}),
        ('read("a", wave, "x"), read("a", wave)', {"a": set()}),
        ('read("a", wave), read("a", wave, "x")', {"a": set()}),
        ('read("a", wave, *columns)', {"a": set()}),
        ('read("a", "2020", "x")', {"a": set()}),
        ("{name: read(name, wave) for name in TABLES}", {"a": set(), "b": set()}),
    ],
)
def test_tables_are_found_with_the_columns_named_and_all_of_them_behind_a_variable(text, expected):
    assert sources.tables(text, ["a", "b"]) == expected


def test_a_column_that_is_unknown_makes_the_whole_table_needed(edition, monkeypatch):
    monkeypatch.chdir(edition)
    made = tasks.Edition(Path("data/raw"), "2020", "kernel")
    assert made.read("workers", {"incme"}) == [made.clean / "workers.parquet"]
    assert {path.name for path in made.read("workers", {"income"})} == {
        f"workers.{name}" for name in ("county_code", "workbook", "sheet", "row", "income")
    }


def test_figures_and_tables_are_found_with_the_parameters_in_their_names():
    text = (
        'section.figure(\n    f"profile_{district}",\n    x)\nsection.table("plain", y)\nsection.include("other")'
    )
    assert sources.made(text, {"district": "331002"}) == {"profile_331002": "figure", "plain": "table"}
    assert sources.included(text) == {"other"}


def test_whose_estimates_a_source_reads_stands_in_its_call():
    assert sources.estimates_of('before = read_estimates(wave, "02_facilities", "03_workforce")') == [
        "02_facilities",
        "03_workforce",
    ]
    assert sources.estimates_of("read_estimates(wave)") == []
    assert sources.estimates_of("read_estimates(wave, district=district)") is None
    assert sources.estimates_of('read_estimates(\n    wave,\n    "b",\n); read_estimates(wave, "a")') == ["a", "b"]
    assert sources.estimates_of('read_estimates(wave, "b"); read_estimates(wave)') == []
    made = tasks.Edition(Path("data/raw"), "2020", "kernel")
    read = {path.name for path in made.behind_runs["07_compare"] if path.parent.name == "estimates"}
    assert "02_facilities.parquet" in read and "04_funding_burden.parquet" not in read


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("read_estimates(wave, *NAMES)", ["read_estimates(wave, *NAMES)"]),
        ('read_estimates("2020")', ['read_estimates("2020")']),
        ("reference(name)", ["reference(name)"]),
        ('register(f"{name}", wave)', ['register(f"{name}", wave)']),
        ("import beside, pandas\nfrom package import x", ["import beside", "import package"]),
        ('reference("a").x; read_estimates(wave, "b"); read_statements(wave, district=district)', []),
        ('catalogue.reference(name); atexit.register(x); "import beside"', []),
    ],
)
def test_what_is_read_in_a_way_that_is_not_found_is_quoted(text, quoted, tmp_path):
    (tmp_path / "beside.py").write_text("")
    (tmp_path / "package").mkdir()
    assert sources.unseen(text, tmp_path) == quoted


def test_a_source_that_reads_statements_waits_for_the_comparison():
    assert sources.reads_statements("said = read_statements(wave).query('form == @form')")
    assert not sources.reads_statements("from analysis.publish.sentences import read_statements")
    made = tasks.Edition(Path("data/raw"), "2020", "kernel")
    dividing = next(task for task in made.tasks() if task.name == "what each county may say")
    assert made.statements in dividing.needs


def test_the_page_of_a_county_reads_what_is_its_own_and_no_more():
    assert sources.of_district("read_estimates(wave, district=district)") == {"estimates"}
    assert sources.of_district("read_estimates(wave); read_statements(wave)") == set()
    made = tasks.Edition(Path("data/raw"), "2020", "kernel")
    waiting = [task for task in made.tasks() if task.name.startswith("08_")]
    assert len(waiting) == 18
    for one in waiting:
        read = {path for path in one.needs if path.suffix == ".parquet"}
        home = made.scratch / "districts" / one.name[:-3][-6:]
        assert read == {home / "estimates.parquet", home / "statements.parquet"}


def test_modules_are_followed_through_their_imports():
    found = {
        path.relative_to(sources.PACKAGE).as_posix() for path in sources.modules("%load_ext analysis.publish")
    }
    assert {"__init__.py", "publish/__init__.py", "publish/figures.py", "survey/characters.py"} <= found
    assert not any(name.startswith(("pipeline", "survey/synthetic")) for name in found)


def test_the_imports_found_are_those_of_the_syntax_tree():
    for path in sources.PACKAGE.rglob("*.py"):
        text = path.read_text("utf-8")
        nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
        plain = "\n".join(map(ast.unparse, nodes))
        assert sources._imports(text) == sources._imports(plain), path


def give_columns(names, edition, folder):
    """Write clean tables with the columns named, `<table>.<column>`, and no others."""
    for table in {name.partition(".")[0] for name in names}:
        path = Path("data/processed/2020") / f"{table}.parquet"
        whole = pd.read_parquet(edition / path)
        whole[[name for name in whole if f"{table}.{name}" in names]].to_parquet(folder / path)


@pytest.mark.parametrize("step", FIRST_RUNS, ids=lambda step: step.name)
def test_a_step_runs_on_what_is_found_and_nothing_else(step, edition, tmp_path, monkeypatch):
    monkeypatch.chdir(edition)
    task = next(
        t for t in tasks.Edition(Path("data/raw"), "2020", "kernel").tasks() if t.name == f"{step.name} zh"
    )
    for path in task.needs:
        inside = ("src/analysis", sources.PACKAGE) if path.is_relative_to(sources.PACKAGE) else ("", edition)
        target = tmp_path / inside[0] / path.relative_to(inside[1])
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    give_columns({path.name for path in task.needs if path.parent.name == "columns"}, edition, tmp_path)
    (tmp_path / "data/raw").mkdir(parents=True, exist_ok=True)
    parameters = json.dumps({"wave": "2020", "lang": "zh", **step.parameters})
    order = [f"notebooks/{step.notebook}.ipynb", f"build/2020/zh/notebooks/{step.name}.ipynb", parameters]
    here = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run(
        [sys.executable, "-c", RUN, *order], cwd=tmp_path, env=here, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    made = {path for path in (tmp_path / "build").rglob("*") if path.is_file()}
    read = {tmp_path / path.relative_to(edition) for path in task.needs if path.is_relative_to(edition)}
    assert made - read == {tmp_path / path.relative_to(edition) for path in task.makes}
    for path in made - read:
        assert path.read_bytes() == (edition / path.relative_to(tmp_path)).read_bytes(), path.name
