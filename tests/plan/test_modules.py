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
from this_study import STEPS

from analysis.plan import modules, tasks
from analysis.publish.cells import content_hash
from running import REPOSITORY

RUN = """
import json, sys
from pathlib import Path
from analysis.pipeline.execute import run_notebook
from analysis.pipeline.stable import set_stable
set_stable()
target = Path(sys.argv[2])
english = Path(sys.argv[2].replace("/zh/", "/en/"))
run_notebook(Path(sys.argv[1]), json.loads(sys.argv[3]), target, further={"en": english})
"""
FIRST_RUNS = list({step.notebook: step for step in reversed(STEPS)}.values())


def test_outputs_counts_and_what_lab_adds_leave_a_notebook_as_it_was(tmp_path):
    source = REPOSITORY / "notebooks/07_compare.ipynb"
    notebook = json.loads(source.read_text("utf-8"))
    for cell in notebook["cells"]:
        cell["metadata"]["collapsed"] = True
        if cell["cell_type"] == "code":
            cell |= {
                "execution_count": 7,
                "outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}],
            }
    notebook["metadata"]["language_info"] = {"name": "python", "version": "3.13"}
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook, indent=4), "utf-8")
    assert content_hash(tmp_path / "a.ipynb") == content_hash(source)
    picture = {"attachments": {"a.png": {"image/png": "x"}}}
    for change in ({"source": "x"}, {"id": "x"}, {"metadata": {"tags": ["x"]}}, picture):
        changed = {**notebook, "cells": [*notebook["cells"][:-1], notebook["cells"][-1] | change]}
        (tmp_path / "b.ipynb").write_text(json.dumps(changed), "utf-8")
        assert content_hash(tmp_path / "b.ipynb") != content_hash(source)


def test_a_column_that_is_unknown_makes_the_whole_table_needed(edition, monkeypatch):
    monkeypatch.chdir(edition)
    made = tasks.Edition(Path("data/raw"), "2020", "kernel")
    assert made.read("workers", {"incme"}) == [made.clean / "workers.parquet"]
    assert {path.name for path in made.read("workers", {"income"})} == {
        f"workers.{name}" for name in ("county_code", "workbook", "sheet", "row", "income")
    }


def test_a_notebook_waits_for_the_notebooks_whose_estimates_it_reads():
    made = tasks.Edition(Path("data/raw"), "2020", "kernel")
    read = {path.name for path in made.behind_runs["07_compare"] if path.parent.name == "estimates"}
    assert "02_facilities.parquet" in read and "04_funding_burden.parquet" not in read


def test_what_each_county_may_say_waits_for_the_comparison():
    made = tasks.Edition(Path("data/raw"), "2020", "kernel")
    dividing = next(task for task in made.tasks() if task.name == "what each county may say")
    assert made.statements and set(made.statements) <= dividing.needs


def test_the_page_of_a_county_reads_what_is_its_own_and_no_more():
    made = tasks.Edition(Path("data/raw"), "2020", "kernel")
    waiting = [task for task in made.tasks() if task.name.startswith("08_")]
    assert len(waiting) == 9
    for one in waiting:
        read = {path for path in one.needs if path.suffix == ".parquet"}
        home = made.scratch / "districts" / one.name[-6:]
        own = {home / f"{kind}.parquet" for kind in ("estimates", "places", "statements")}
        assert read == own | {made.withheld}


def test_modules_are_followed_through_their_imports():
    found = {
        path.relative_to(modules.PACKAGE).as_posix()
        for path in modules.modules("analysis.publish.figures")
    }
    assert {
        "__init__.py",
        "publish/__init__.py",
        "publish/figures.py",
        "survey/characters.py",
    } <= found
    assert not any(name.startswith("pipeline") for name in found)


REFERENCES = {
    'from analysis.survey.repository import reference\nreference("measures")': ({"measures"}, ""),
    "from analysis.survey import repository\nrepository.register('benchmarks', wave)": (
        {"benchmarks"},
        "",
    ),
    "catalogue.reference(name); atexit.register(x)": (set(), ""),
    "reference(name)": (set(), "line 1: reference(name): name the table as a plain string"),
    "def broken(:\n  reference(name)": (set(), ""),  # the cell that imports it says so
}


@pytest.mark.parametrize("text", REFERENCES)
def test_the_reference_tables_that_a_module_names_are_found_and_others_refused(text):
    found, odd = modules._references(modules.PACKAGE / "stats/some.py", text)
    assert found == REFERENCES[text][0]
    assert "; ".join(odd).endswith(REFERENCES[text][1]) and bool(odd) == bool(REFERENCES[text][1])


def test_only_the_repository_module_opens_files_below_python(tmp_path):
    everything = set(modules.PACKAGE.rglob("*.py"))
    assert [line.split(":")[0] for line in modules.readers_below_python(everything)] == [
        # of the attack, which reads what is published
        "analysis/pipeline/harvest.py",
        # of the step that cleans, which needs every file of the wave
        "analysis/survey/reading/book.py",
    ]


def test_the_imports_found_are_those_of_the_syntax_tree():
    for path in modules.PACKAGE.rglob("*.py"):
        text = path.read_text("utf-8")
        assert modules._imports(path, text) == modules.imported(ast.parse(text), path), path


IMPORTS = {  # in a module of analysis.stats
    "a comment between": "from analysis.stats.ranks import (\n    rank_sets,  # of rows (see "
    "docs)\n    other,\n)",
    "a line that goes on": "from analysis.stats import \\\n    ranks",
    "a relative import": "from . import ranks",
    "a relative module": "from .ranks import rank_sets",
    "after a semicolon": "x = 1; from analysis.stats import ranks",
    "after a colon": "if True: from analysis.stats import ranks",
    "beside a docstring": '"""\nfrom analysis.stats.funnel import all of them\n"""\nimport '
    "analysis.stats.ranks",
}


@pytest.mark.parametrize("text", IMPORTS.values(), ids=IMPORTS)
def test_an_import_is_found_however_it_is_written(text):
    found = modules._imports(modules.PACKAGE / "stats/some.py", text)
    assert modules.PACKAGE / "stats/ranks.py" in found
    assert modules.PACKAGE / "stats/funnel.py" not in found


def test_no_module_reads_a_file_of_the_repository_when_it_is_imported():
    """Imports before the steps are not recorded for any step; pages depend on all templates."""
    script = (
        "import distributed, docx, IPython, papermill, typst\n"
        "from pathlib import Path\n"
        "from analysis.plan import modules\n"
        "from analysis.survey.access import watched\n"
        "from dataclasses import replace\n"
        "allowed = replace(modules.importing(Path.cwd()), isolated=False)\n"
        "allowed = replace(allowed, writes=frozenset({'src/analysis/publish/template/'}))\n"
        "for path in sorted(modules.PACKAGE.rglob('*.py')):\n"
        "    if path.stem != '__main__':\n"
        "        with watched(allowed):\n"
        "            __import__(modules.module_name(path))\n"
        "print([one for one in allowed.refused if not one.startswith(('lists the repository', "
        "'reads ,'))])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n", done.stderr[-2000:]


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
        t for t in tasks.Edition(Path("data/raw"), "2020", "kernel").tasks() if t.name == step.name
    )
    for path in task.needs:
        inside = (
            ("src/analysis", modules.PACKAGE)
            if path.is_relative_to(modules.PACKAGE)
            else ("", edition)
        )
        target = tmp_path / inside[0] / path.relative_to(inside[1])
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    give_columns(
        {path.name for path in task.needs if path.parent.name == "columns"}, edition, tmp_path
    )
    (tmp_path / "data/raw").mkdir(parents=True, exist_ok=True)
    parameters = json.dumps({"wave": "2020", "lang": "zh", **step.parameters})
    order = [
        f"notebooks/{step.notebook}.ipynb",
        f"build/2020/zh/notebooks/{step.name}.ipynb",
        parameters,
    ]
    here = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run(
        [sys.executable, "-c", RUN, *order],
        cwd=tmp_path,
        env=here,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    made = {path for path in (tmp_path / "build").rglob("*") if path.is_file()}
    made -= set((tmp_path / "build/home").rglob("*"))  # what libraries keep for later
    read = {
        tmp_path / path.relative_to(edition) for path in task.needs if path.is_relative_to(edition)
    }
    assert made - read == {tmp_path / path.relative_to(edition) for path in task.makes}
    for path in made - read:
        assert path.read_bytes() == (edition / path.relative_to(tmp_path)).read_bytes(), path.name
