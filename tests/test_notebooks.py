"""House rules for notebooks, and nbval: a plain kernel gives what the pipeline published."""

import json
import os
import re
import subprocess
import sys

import pytest
from this_study import STEPS

from analysis.plan.steps import notebooks
from analysis.publish.hard_coded import hard_coded_numbers
from running import REPOSITORY

PATHS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
LONGEST = 12


def cells(path, kind="code"):
    notebook = json.loads(path.read_text("utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def code(path):
    return [s for cell in cells(path) if not (s := "".join(cell["source"])).startswith("%%md")]


def prose(path):
    return [
        s.partition("\n")[2]
        for cell in cells(path)
        if (s := "".join(cell["source"])).startswith("%%md")
    ]


def test_every_notebook_is_a_step_and_every_step_a_notebook():
    assert notebooks() == [path.stem for path in PATHS]
    names = [step.name for step in STEPS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_a_notebook_speaks_and_a_module_computes(path):
    for source in code(path):
        assert not re.search(r"^\s*(def|class) ", source, re.MULTILINE)
        assert len([line for line in source.splitlines() if line.strip()]) <= LONGEST, source


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_notebooks_are_kept_without_outputs_and_with_parameters(path):
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells(path))
    parameters = [
        "".join(c["source"]) for c in cells(path) if "parameters" in c["metadata"].get("tags", [])
    ]
    assert len(parameters) == 1
    assert 'wave = "' in parameters[0]
    assert 'lang = "' in parameters[0]


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_no_number_is_typed_into_the_prose(path):
    assert [found for text in prose(path) if (found := hard_coded_numbers(text))] == []
    titles = re.findall(r'(?:title|subtitle|zh|en)"?[:=] ?f?"([^"]+)"', "\n".join(code(path)))
    assert [found for text in titles if (found := hard_coded_numbers(text))] == []


def test_the_labels_of_the_template_hold_no_typed_number(repository):
    labels = json.loads(
        (repository / "src/analysis/publish/template/labels.json").read_text("utf-8")
    )
    words = [text for language in labels.values() for text in language.values()]
    assert len(words) > 20
    assert [found for text in words if (found := hard_coded_numbers(str(text)))] == []


def nbval(folder, *notebooks):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-current-env",
        "-q",
        "-p",
        "no:cacheprovider",
    ]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    return subprocess.run(
        [*command, *map(str, notebooks)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_plain_kernel_gives_what_was_published(own_edition):
    executed = sorted((own_edition / "build/2020/zh/notebooks").glob("*.ipynb"))
    once = [path for path in executed if "profile" not in path.stem or path.stem.endswith("331023")]
    assert len(once) == len({step.notebook for step in STEPS})
    done = nbval(own_edition, *once)
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"{sum(len(cells(path)) for path in once)} passed" in done.stdout


def test_nbval_sees_a_changed_number(own_edition):
    source = own_edition / "build/2020/zh/notebooks/07_compare.ipynb"
    notebook = json.loads(source.read_text("utf-8"))
    outputs = json.dumps([cell.get("outputs") for cell in notebook["cells"]], ensure_ascii=False)
    assert "各地不全相同" in outputs
    changed = json.loads(outputs.replace("各地不全相同", "各地全都相同"))
    for cell, said in zip(notebook["cells"], changed, strict=True):
        if said is not None:
            cell["outputs"] = said
    planted = source.with_name("planted.ipynb")
    planted.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    try:
        assert nbval(own_edition, planted).returncode == 1
    finally:
        planted.unlink()
