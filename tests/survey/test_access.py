"""While a step runs, what its plan does not name cannot be opened, in whatever way."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from analysis.edition.failures import NotebookError
from analysis.pipeline import warm
from analysis.pipeline.execute import run_notebook
from analysis.survey.access import Access
from running import REPOSITORY

# Each reads data/secret.csv (or .parquet) of the current directory, which is a repository.
WAYS = {
    "open": "open('data/secret.csv').read()",
    "bytes": "open(b'data/secret.csv').read()",
    "an absolute path": "open(os.path.abspath('data/secret.csv')).read()",
    "dots": "open('data/../data/secret.csv').read()",
    "through /proc": "open('/proc/self/cwd/data/secret.csv').read()",
    "a link": "open('link.csv').read()",
    "a link outside": "open(OUTSIDE + '/link.csv').read()",
    "a hard link outside": "open(OUTSIDE + '/hard.csv').read()",
    "a linked folder": "open(OUTSIDE + '/folder/secret.csv').read()",
    "another directory": "os.chdir('data'); open('secret.csv').read()",
    "io": "io.open('data/secret.csv').read()",
    "os.open": "os.read(os.open('data/secret.csv', os.O_RDONLY), 9)",
    "a folder's descriptor": "os.open('secret.csv', os.O_RDONLY, dir_fd=os.open('data', "
    "os.O_RDONLY))",
    "pathlib": "pathlib.Path('data/secret.csv').read_text()",
    "codecs": "codecs.open('data/secret.csv').read()",
    "linecache": "linecache.getlines('data/secret.csv') or STOP",
    "mmap": "mmap.mmap(os.open('data/secret.csv', os.O_RDONLY), 0)",
    "fileinput": "list(fileinput.input('data/secret.csv'))",
    "a file address": "urllib.request.urlopen('file://' + "
    "os.path.abspath('data/secret.csv')).read()",
    "runpy": "runpy.run_path('data/code.py')",
    "a module beside": "sys.path.insert(0, 'data'); import code_beside",
    "importlib": "importlib.machinery.SourceFileLoader('m', 'data/code.py').load_module()",
    "a zip": "zipfile.ZipFile('data/secret.zip').namelist()",
    "pandas": "pd.read_csv('data/secret.csv')",
    "pandas in a query": "pd.DataFrame({'a': [1]}).query('a == "
    '@pd.read_csv("data/secret.csv").size\')',
    "pandas' parquet": "pd.read_parquet('data/secret.parquet')",
    "numpy": "np.loadtxt('data/secret.csv', dtype=str)",
    "numpy's bytes": "np.fromfile('data/secret.csv')",
    "numpy's map": "np.memmap('data/secret.csv')",
    "arrow": "pq.read_table('data/secret.parquet')",
    "arrow's path": "pq.read_table(pathlib.Path('data/secret.parquet'))",
    "arrow by a keyword": "pq.read_table(source='data/secret.parquet')",
    "arrow's schema": "pq.read_schema('data/secret.parquet')",
    "arrow's metadata": "pq.read_metadata('data/secret.parquet')",
    "arrow's file": "pq.ParquetFile('data/secret.parquet').read()",
    "arrow's dataset": "pyarrow.dataset.dataset('data/secret.parquet').to_table()",
    "arrow's datasets": "pyarrow.dataset.dataset(['data/secret.parquet']).to_table()",
    "arrow's map": "pyarrow.memory_map('data/secret.parquet')",
    "arrow's stream": "pyarrow.OSFile('data/secret.parquet')",
    "arrow's csv": "pyarrow.csv.read_csv('data/secret.csv')",
    "arrow's json": "pyarrow.json.read_json('data/secret.csv')",
    "arrow's file system": "pyarrow.fs.LocalFileSystem().open_input_file('data/secret.csv').readall()",
    "arrow's listing": "pyarrow.fs.LocalFileSystem().get_file_info('data/secret.csv')",
    "a fork": "os.fork()",
    "a thread": "run_in_thread(lambda: open('data/secret.csv').read())",
    "a table of which columns are planned": "pd.read_parquet('data/processed/2020/communities.parquet')",
    "its bytes": "open('data/processed/2020/communities.parquet', 'rb').read()",
    "a database": "sqlite3.connect('data/secret.csv')",
    "a program": "subprocess.run(['cat', 'data/secret.csv'])",
    "a shell": "os.system('cat data/secret.csv')",
    "a socket": "socket.socket().connect(('127.0.0.1', 9))",
    "a listing": "os.listdir('data')",
    "a scan": "list(os.scandir('data'))",
    "glob": "glob.glob('data/*.csv') or STOP",
    "a walk": "list(os.walk('data')) or STOP",
    "iterdir": "list(pathlib.Path('data').iterdir())",
    "a file elsewhere": "open(OUTSIDE + '/elsewhere.csv').read()",
    "an old product": "open('build/made.csv', 'r+').read()",
    "a product read": "open('build/made.csv').read()",
    "writing through a link": "open('build/linked.csv', 'w')",
    "writing": "open('data/secret.csv', 'a')",
    "writing elsewhere in the repository": "open('data/new.csv', 'w')",
    "an unplanned product": "open('build/other.csv', 'w')",
    "a cached table": "repository.reference('secret')",
    "a table": "repository.read('workers', '2020')",
    "a column": "repository.read('communities', '2020', 'area')",
    "all columns": "repository.read('communities', '2020')",
}
ALLOWED = {
    "what is planned": "open('data/planned.csv').read()",
    "the same by another path": "open(os.path.abspath('.') + '/data/./planned.csv').read()",
    "a product": "open('build/made.csv', 'w').write('x')",
    "a product that was just made": "open('build/made.csv', 'w').write('x'); open('build/made.csv').read()",
    "a library": "open(pd.__file__).read()",
    "the machine": "open('/etc/hostname').read()",
    "a planned column": "assert list(repository.read('communities', '2020', 'premises')) == "
    "['premises']",
    "importing a library": "import decimal",
}
SCRIPT = """
import codecs, fileinput, glob, importlib, importlib.machinery, io, linecache, mmap, os, pathlib, runpy, socket
import sqlite3, subprocess, sys, urllib.request, zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
import numpy as np, pandas as pd, pyarrow.csv, pyarrow.dataset, pyarrow.fs, pyarrow.json, pyarrow.parquet as pq
from analysis.survey import access, reference, repository
OUTSIDE = sys.argv[1]
here = os.getcwd()
plan = access.Access(
    here,
    reads={"data/planned.csv"},
    writes={"build/made.csv", "build/linked.csv"},
    tables={"communities": {"premises"}},
    isolated=True,
)
access.guard_arrow()
repository.tells_of_people = lambda table: False  # asks the codebook, which is not here
reference._read_reference(pathlib.Path("data/raw/reference/secret.csv").resolve())  # is cached from now on
def run_in_thread(work):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


while line := sys.stdin.readline():
    os.chdir(here)
    with access.watched(replace(plan, refused=[], written=set())) as step:
        try:
            exec(line, globals())
            end = "done"
        except access.UnplannedAccessError:
            end = "refused"
        except Exception as error:
            end = repr(error)
    print(end, len(step.refused), flush=True)
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Try every way in one process; {name: (how it ended, number of refusals noted)}."""
    home, outside = tmp_path_factory.mktemp("repository"), tmp_path_factory.mktemp("outside")
    for name in ("notebooks", "build", "data/raw/reference"):
        (home / name).mkdir(parents=True)
    for name in (
        "data/secret.csv",
        "data/planned.csv",
        "data/raw/reference/secret.csv",
        "build/made.csv",
    ):
        (home / name).write_text("a,b\n1,2\n")
    (home / "data/processed/2020").mkdir(parents=True)
    table = pd.DataFrame({"premises": ["自有"], "area": [1]})
    for name in ("communities", "workers"):
        table.to_parquet(home / f"data/processed/2020/{name}.parquet")
    (home / "data/code.py").write_text("x = 1")
    (home / "data/code_beside.py").write_text("x = 1")
    (home / "data/secret.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    (home / "data/secret.parquet").write_bytes(b"PAR1")
    (home / "build/linked.csv").symlink_to("../data/secret.csv")
    (home / "link.csv").symlink_to("data/secret.csv")
    (outside / "link.csv").symlink_to(home / "data/secret.csv")
    (outside / "folder").symlink_to(home / "data")
    (outside / "elsewhere.csv").write_text("a")
    os.link(home / "data/secret.csv", outside / "hard.csv")
    ways = WAYS | ALLOWED
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(outside)],
        input="".join(f"{way}\n" for way in ways.values()),
        cwd=home, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [line.rsplit(" ", 1) for line in done.stdout.splitlines()]
    assert len(lines) == len(ways), done.stdout
    return dict(zip(ways, ((end, int(count)) for end, count in lines), strict=True))


@pytest.mark.parametrize("way", WAYS)
def test_what_the_plan_does_not_name_is_refused_and_noted(way, outcomes):
    end, noted = outcomes[way]
    assert noted, f"{way} went unseen: {end}"
    assert end == "refused"


@pytest.mark.parametrize("way", ALLOWED)
def test_what_the_plan_names_is_open(way, outcomes):
    assert outcomes[way] == ("done", 0)


def run_cells(folder: Path, *cells: str) -> None:
    """Run a notebook of these cells in a kernel that may open only the notebook."""
    made = [nbformat.v4.new_code_cell(cell, id=f"c{number}") for number, cell in enumerate(cells)]
    notebook = nbformat.v4.new_notebook(cells=made)
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    nbformat.write(notebook, folder / "n.ipynb")
    (folder / "secret.csv").write_text("a")
    allowed = Access(str(folder), reads=frozenset({"n.ipynb"}), isolated=True)
    run_notebook(folder / "n.ipynb", {}, folder / "build/n.ipynb", allowed=allowed)


def test_a_kernel_is_held_to_its_plan_though_a_cell_catches_the_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        NotebookError, match=r"n, cell c1: it reads secret\.csv, which its plan does not name"
    ):
        run_cells(tmp_path, "x = 1", "open('secret.csv')")
    swallowing = "try:\n    open('secret.csv')\nexcept BaseException:\n    pass"
    with pytest.raises(NotebookError, match=r"it reads secret\.csv, which its plan does not name"):
        run_cells(tmp_path, swallowing)
    run_cells(tmp_path, "x = 1")


def test_a_module_that_the_plan_does_not_name_is_refused_though_a_warm_process_holds_it(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(REPOSITORY)  # whose modules the warm process imports
    with warm.kernel_server():
        monkeypatch.chdir(tmp_path)
        with pytest.raises(
            NotebookError, match=r"reads src/analysis/stats/__init__\.py, which its plan does not"
        ):
            run_cells(tmp_path, "import analysis.stats.ranks")
