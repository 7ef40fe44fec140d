"""Notebooks are kept without outputs, by the server of `make lab` and by a filter of git."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from running import REPOSITORY
from strip_notebook import stripped, written

PATHS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
SCRIPT = REPOSITORY / "tools/lab/strip_notebook.py"


def noisy(text: str) -> dict:
    """Return a notebook as an editor would save it after a run."""
    notebook = json.loads(text)
    notebook["metadata"] = {
        "kernelspec": {"display_name": "Mine", "language": "python", "name": "mine"},
        "language_info": {"name": "python", "version": "3.99.0", "file_extension": ".py"},
        "widgets": {},
    }
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"] |= {"collapsed": True, "execution": {"iopub.execute_input": "now"}}
        if cell["cell_type"] == "code":
            output = {"output_type": "stream", "name": "stdout", "text": ["noise\n"]}
            cell |= {"execution_count": number, "outputs": [output]}
    return notebook


def strip(text: str) -> subprocess.CompletedProcess:
    """Run the filter as git does."""
    return subprocess.run(
        [sys.executable, SCRIPT], input=text.encode(), capture_output=True, check=False
    )


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_a_committed_notebook_stays_as_it_is_and_noise_goes(path):
    """The filter gives the committed bytes, also for the version written by an editor."""
    text = path.read_text("utf-8")
    assert strip(text).stdout == path.read_bytes()
    assert strip(json.dumps(noisy(text))).stdout == path.read_bytes()


def test_sources_that_the_server_has_in_one_piece_are_written_line_by_line():
    """The two forms of a source in nbformat give the same file."""
    text = PATHS[0].read_text("utf-8")
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    assert written(stripped(notebook)) == text


def test_tags_and_attachments_stay():
    """What an author gives a cell is kept."""
    cell = {"cell_type": "markdown", "id": "a", "source": [], "attachments": {"x.png": {}}}
    cell["metadata"] = {"tags": ["mine"], "scrolled": True}
    kept = stripped({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})["cells"][
        0
    ]
    assert kept == {**cell, "metadata": {"tags": ["mine"]}}


@pytest.mark.parametrize(
    ("ids", "kept"),
    [
        (["said", "0ce59bba-9b7f-432b-bcbe-fa8c0e205a8a"], ["said", "said_en"]),
        (["0ce59bba", "1ce59bba"], ["0ce59bba", "0ce59bba_en"]),
        (["said", "said_english"], ["said", "said_english"]),
    ],
)
def test_a_new_cell_of_english_prose_belongs_to_the_chinese_one_before(ids, kept):
    """Editors draw ids at random and have no field to name a cell; a user's id is kept."""
    words = zip(ids, ("%%md zh\n一", "%%md en\none"), strict=True)
    cells = [
        {"cell_type": "code", "id": name, "metadata": {}, "source": text} for name, text in words
    ]
    made = stripped({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    assert [cell["id"] for cell in made["cells"]] == kept


@pytest.mark.parametrize("text", ["<<<<<<< HEAD", "[]", '{"cells": [1]}', "{}"])
def test_what_is_no_notebook_is_refused_with_a_reason(text):
    """Git is told that the filter failed, and takes the file as it is."""
    done = strip(text)
    assert (done.returncode, done.stdout) == (2, b"")
    assert "not a notebook" in done.stderr.decode()


def test_the_documented_line_switches_the_filter_on(tmp_path):
    """After the `git config` of the documentation a notebook with outputs is no change."""
    documented = (REPOSITORY / "docs/notebooks.md").read_text("utf-8")
    [line] = re.findall(r"^git config filter\..*$", documented, re.MULTILINE)
    for name in (".gitattributes", "tools/lab/strip_notebook.py", "notebooks/02_facilities.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())
    script = f"""set -e; git init -q .; {line}; git add .
        git -c user.name=a -c user.email=a@b.c commit -qm start"""
    subprocess.run(["sh", "-c", script], cwd=tmp_path, check=True, capture_output=True)
    path = tmp_path / "notebooks/02_facilities.ipynb"
    path.write_text(json.dumps(noisy(path.read_text("utf-8"))), "utf-8")
    said = subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True, capture_output=True)
    assert said.stderr == b""
    assert (
        subprocess.run(["git", "diff", "--cached", "--quiet"], cwd=tmp_path, check=False).returncode
        == 0
    )


def test_the_command_of_the_page_on_notebooks_keeps_outputs_out_of_what_is_committed(tmp_path):
    """The command of docs/notebooks.md, in a clone: what is staged is the notebook without outputs."""
    page = (REPOSITORY / "docs/notebooks.md").read_text("utf-8")
    (command,) = re.findall(r"^git config .*$", page, re.MULTILINE)
    for name in (".gitattributes", "tools/lab/strip_notebook.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / name, tmp_path / name)
    notebook = tmp_path / "notebooks" / PATHS[0].name
    notebook.parent.mkdir()
    text = PATHS[0].read_text("utf-8")
    notebook.write_text(json.dumps(noisy(text)), "utf-8")
    steps = f"git init -q && {command} && git add --all && git show :notebooks/{PATHS[0].name}"
    done = subprocess.run(["bash", "-c", steps], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.decode() == text
