"""What a notebook reads and makes is found in its source; and that is all it needs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

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
READERS = ("07_compare", "08_district_profile", "10_report")  # they read most, each in another way
FIRST_RUNS = list({step.notebook: step for step in reversed(STEPS) if step.notebook in READERS}.values())


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


def test_tables_are_found_by_name_and_all_of_them_behind_a_variable():
    assert sources.tables('w = read("workers", wave); spread("x")', ["a", "b"]) == {"workers"}
    assert sources.tables("{name: read(name, wave) for name in TABLES}", ["a", "b"]) == {"a", "b"}


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
    made = tasks.Edition(Path("data/raw"), "2020", "kernel")
    read = {path.name for path in made.behind_runs["07_compare"] if path.parent.name == "estimates"}
    assert "02_facilities.parquet" in read and "04_funding_burden.parquet" not in read


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
    assert {"__init__.py", "publish/__init__.py", "publish/figures.py", "publish/fonts.py"} <= found
    assert not any(name.startswith(("pipeline", "survey/synthetic")) for name in found)


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
