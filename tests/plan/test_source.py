"""What a notebook reads and makes is found in its syntax tree; anything else is refused."""

import json

import pytest

from analysis.plan import modules
from analysis.plan.source import read_source
from analysis.plan.steps import notebooks
from analysis.publish.cells import content_hash
from running import REPOSITORY

NOTEBOOKS = ("02_facilities", "07_compare")

SEEN = {  # ways to write a dependency that the plan must find: a cell, and what it finds
    "single quotes": ("x = read('communities', wave)", {"tables": {"communities": set()}}),
    "columns": ('read("workers", wave, "income", '
                '"post")', {"tables": {"workers": {"income", "post"}}}),
    "several lines": ('read(\n  "workers",\n  wave,\n  '
                      '"income",\n)', {"tables": {"workers": {"income"}}}),
    "joined strings": ('read("comm" "unities", wave)', {"tables": {"communities": set()}}),
    "an escape": ('read("c\\x6fmmunities", wave)', {"tables": {"communities": set()}}),
    "a raw string": ("read(r'communities', wave)", {"tables": {"communities": set()}}),
    "triple quotes": ('read("""communities""", wave)', {"tables": {"communities": set()}}),
    "inside a loop": ('for i in (1, 2):\n    read("workers", '
                      'wave)', {"tables": {"workers": set()}}),
    "inside a lambda": ('f = lambda: read("workers", wave)', {"tables": {"workers": set()}}),
    "a comment between": ('read(  # all of it\n    "workers", '
                          'wave)', {"tables": {"workers": set()}}),
    "a condition": (
        'read("workers", wave) if lang else read("funding", wave)',
        {"tables": {"workers": set(), "funding": set()}},
    ),
    "a line that begins with a remainder": ("x = (7\n% 3)\nread('workers', wave)", {"tables": {"workers": set()}}),
    "a magic in a text": ('x = """\n!ls\n%run y\n"""\nread("workers", '
                          'wave)', {"tables": {"workers": set()}}),
    "where figures stand": ("%matplotlib inline\nread('workers', "
                            "wave)", {"tables": {"workers": set()}}),
    "a module": (
        'from analysis.survey import repository\nrepository.read("workers", '
        'wave)', {"tables": {"workers": set()}},
    ),
    "columns, then all": ('read("a", wave, "x"), read("a", wave)', {"tables": {"a": set()}}),
    "all, then columns": ('read("a", wave), read("a", wave, "x")', {"tables": {"a": set()}}),
    "columns twice": ('read("a", wave, "x"), read("a", wave, "y")', {"tables": {"a": {"x", "y"}}}),
    "a reference": ("reference('measures')", {"references": {"measures"}}),
    "a register": ('register("benchmarks", wave)', {"references": {"benchmarks"}}),
    "estimates": ("read_estimates(wave, '07_compare')", {"estimates": {"07_compare"}}),
    "estimates twice": (
        'read_estimates(wave, "07_compare"), read_estimates(wave, "02_facilities")', {"estimates": set(NOTEBOOKS)},
    ),
    "all estimates": ('read_estimates(wave, "07_compare"), '
                      'read_estimates(wave)', {"estimates": set()}),
    "a district's": (
        "read_estimates(wave, district=district), read_statements(wave, district=district)",
        {"of_district": {"estimates", "statements"}, "estimates": None, "statements": False},
    ),
    "statements": ("read_statements(wave).query('x')", {"statements": True}),
    "a figure": ("section.figure('a', x)", {"made": {"a": "figure"}}),
    "a figure of a district": ('section.figure(f"a_{district}", '
                               'x)', {"made": {"a_{district}": "figure"}}),
    "a table": ("section.table('a', x)", {"made": {"a": "table"}}),
    "an inclusion": ("section.include('a')", {"included": {"a"}}),
    "saved": ("section.save()", {"saves": True}),
}  # fmt: skip

REFUSED = {  # ways to hide a dependency: a cell, and what the message quotes
    "a variable": ("name = 'workers'\nread(name, wave)", "read(name, wave)"),
    "a loop": ("tables = {t: read(t, wave) for t in names}", "read(t, wave)"),
    "an f-string": ("read(f'{x}s', wave)", "read(f'{x}s', wave)"),
    "concatenation": ("read('work' + 'ers', wave)", "read('work' + 'ers', wave)"),
    "a star": ("read(*arguments)", "read(*arguments)"),
    "columns by a star": ("read('workers', wave, *columns)", "read('workers', wave, *columns)"),
    "a keyword": ("read(table='workers', wave=wave)", "read(table='workers', wave=wave)"),
    "another wave": ("read('workers', '2019')", "read('workers', '2019')"),
    "a wave computed": ("read('workers', str(int(wave) - 1))", "read('workers'"),
    "the wave set anew": ("wave = '2019'", "wave"),
    "the wave of a loop": ("[read('workers', wave) for wave in waves]", "wave"),
    "the district set anew": ("for district in codes:\n    pass", "district"),
    "another name by import": ("from analysis.survey.repository import reference as "
                               "r\nr('measures')", "as r"),
    "another name by assignment": ("r = read\nr('workers', wave)", "read"),
    "a default": ("f = lambda r=read: r('workers', wave)", "read"),
    "a map": ("list(map(reference, names))", "reference"),
    "a partial": ("from functools import partial\npartial(read, wave=wave)('workers')", "read"),
    "an attribute kept": ("from analysis.survey import repository\nr = "
                          "repository.read", "repository.read"),
    "something else called read": ("read = len", "read"),
    "an argument called read": ("f = lambda read: read('workers', wave)", "read"),
    "a star import": ("from analysis.survey.repository import *", "import *"),
    "getattr": ("from analysis.survey import repository as r\ngetattr(r, 're' + 'ad')('burden', "
                "wave)", "getattr"),
    "globals": ("globals()['re' + 'ad']('workers', wave)", "globals"),
    "eval": ("eval(\"read('workers', wave)\")", "eval"),
    "exec": ("exec('import os')", "exec"),
    "an import function": ("__import__('os')", "__import__"),
    "a dunder attribute": ("len.__self__.open('x')", "__self__"),
    "open": ("open('data/raw/2020/corrections.csv').read()", "open"),
    "pandas": ("import pandas as pd\npd.read_csv('data/raw/2020/corrections.csv')", "pd.read_csv"),
    "pandas by another name": ("import pandas as pd\nload = "
                               "pd.read_parquet\nload('x')", "pd.read_parquet"),
    "a function of pandas": ("from pandas import read_csv\nread_csv('x')", "read_csv"),
    "an Excel file": ("import pandas as pd\npd.ExcelFile('x.xlsx')", "ExcelFile"),
    "numpy": ("import numpy as np\nnp.loadtxt('x')", "np.loadtxt"),
    "numpy's bytes": ("import numpy as np\nnp.fromfile('x')", "np.fromfile"),
    "a picture": ("import matplotlib.pyplot as plt\nplt.imread('x.png')", "plt.imread"),
    "a data set of a library": ("import seaborn as sns\nsns.load_dataset('tips')", "load_dataset"),
    "pathlib": ("from pathlib import Path\nPath('data/x').read_text()", "pathlib"),
    "a path of ours": ("from analysis.survey.folders import root\n(root() / "
                       "'x').read_text()", "read_text"),
    "whether there is a file": ("from analysis.survey.folders import root\n(root() / "
                                "'x').exists()", "exists"),
    "what files there are": ("from analysis.survey.folders import "
                             "root\nlist(root().glob('*'))", "glob"),
    "os": ("import os\nos.listdir('data')", "import os"),
    "arrow": ("import pyarrow.parquet as pq\npq.read_table('x')", "pyarrow"),
    "arrow by a library": ("import pandas as pd\npd.core.arrays.arrow.array.pa.fs", "pa.fs"),
    "a module's own import": ("from analysis.survey.folders import "
                              "os\nos.path.isfile('x')", "import os"),
    "IPython by its module": ("import IPython\nIPython.get_ipython()", "get_ipython"),
    "the clock": ("import datetime\ndatetime.datetime.now()", "now"),
    "chance": ("import numpy as np\nnp.random.default_rng()", "default_rng"),
    "a table that is not there": ("read('wokers', wave)", "wokers"),
    "a database": ("import sqlite3", "sqlite3"),
    "a subprocess": ("import subprocess", "subprocess"),
    "importlib": ("import importlib", "importlib"),
    "pickle": ("import pickle", "pickle"),
    "a module beside the notebook": ("import beside", "import beside"),
    "a relative import": ("from . import beside", "beside"),
    "a module of ours that is not there": ("import analysis.absent", "analysis.absent"),
    "a magic": ("%run other.ipynb", "%run other.ipynb"),
    "a shell": ("!cat data/raw/2020/corrections.csv", "!cat"),
    "a shell's output": ("x = !ls data", "not Python"),
    "a cell magic": ("%%bash\ncat x", "%%bash"),
    "an extension": ("%load_ext autoreload", "%load_ext autoreload"),
    "IPython itself": ("get_ipython().run_line_magic('run', 'x')", "get_ipython"),
    "inclusions in a loop": ("for n in names:\n    section.include(n)", "section.include(n)"),
    "a figure's variable": ("section.figure(name, x)", "section.figure(name, x)"),
    "a table's variable": ("section.table(name, x)", "section.table(name, x)"),
    "a figure of a computed name": ("section.figure(f'a_{lang.upper()}', x)", "section.figure"),
    "a figure outside its folder": ("section.figure('../a', x)", "section.figure"),
    "a method kept": ("draw = section.figure\ndraw('a', x)", "section.figure"),
    "another name of the section": ("s = section\ns.table('a', x)", "section"),
    "the section handed over": ("draw_all(section)", "section"),
    "another notebook's section": ("section = Section('07_compare', wave, lang)", "02_facilities"),
    "a section of another name": ("s = Section('02_facilities', wave, lang)", "section = Section"),
    "estimates by a variable": ("read_estimates(wave, *NAMES)", "read_estimates(wave, *NAMES)"),
    "estimates of another district": ("read_estimates(wave, district='331002')", "district='331002'"),
    "estimates of no notebook": ("read_estimates(wave, '02_facilties')", "02_facilties"),
    "a reference by a variable": ("reference(name)", "reference(name)"),
    "a register of another wave": ("register('benchmarks', '2019')", "register"),
}  # fmt: skip


def notebook(folder, *cells):
    """Write a notebook with a cell of parameters and these cells of code."""
    made = [
        {
            "cell_type": "code",
            "id": "parameters",
            "source": 'wave = "2020"\nlang = "zh"',
            "metadata": {"tags": ["parameters"]},
            "outputs": [],
            "execution_count": None,
        }
    ]
    for number, cell in enumerate(cells):
        made.append({"cell_type": "code", "id": f"c{number}", "source": cell, "metadata": {}})
    path = folder / "02_facilities.ipynb"
    path.write_text(json.dumps({"cells": made}), "utf-8")
    return path


@pytest.mark.parametrize(("cell", "expected"), SEEN.values(), ids=SEEN)
def test_what_is_written_plainly_is_found(cell, expected, tmp_path):
    found = read_source(notebook(tmp_path, cell), NOTEBOOKS)
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(("cell", "quoted"), REFUSED.values(), ids=REFUSED)
def test_what_hides_a_dependency_is_refused_with_notebook_and_cell(cell, quoted, tmp_path):
    with pytest.raises(modules.PlanError) as refused:
        read_source(notebook(tmp_path, cell), NOTEBOOKS, ("workers", "communities"))
    assert quoted in str(refused.value)
    assert "notebooks/02_facilities.ipynb, " in str(refused.value)
    assert "cell c0: " in str(refused.value) or " is called " in str(refused.value)


def test_all_that_is_hidden_is_said_at_once(tmp_path):
    with pytest.raises(modules.PlanError) as refused:
        read_source(notebook(tmp_path, "reference(x)", "%run y", "open('z')"), NOTEBOOKS)
    assert [line.split(": ")[0][-2:] for line in str(refused.value).splitlines()] == [
        "c0",
        "c1",
        "c2",
    ]


def test_prose_is_not_read_as_code(tmp_path):
    assert read_source(notebook(tmp_path, "%%md zh\n{{ read(x) }} open()"), NOTEBOOKS).tables == {}


def test_names_of_products_are_filled_with_the_parameters_of_a_run(tmp_path):
    found = read_source(
        notebook(tmp_path, 'section.figure(f"a_{district}", x); section.table("b", y)'), NOTEBOOKS
    )
    assert found.products({"district": "331002"}) == {"a_331002": "figure", "b": "table"}


@pytest.mark.parametrize("name", notebooks())
def test_the_notebooks_can_be_planned(name):
    found = read_source(REPOSITORY / f"notebooks/{name}.ipynb", notebooks())
    assert modules.PACKAGE / "publish/section.py" in found.modules
    assert modules.readers_below_python(found.modules) == []


@pytest.mark.parametrize(
    "content", ["", "<<<<<<< HEAD\n{}", "[]", '{"cells": [{}]}', '{"cells": 3}']
)
def test_a_file_that_is_no_notebook_is_named(content, tmp_path):
    path = tmp_path / "02_facilities.ipynb"
    path.write_text(content, "utf-8")
    with pytest.raises(
        modules.PlanError, match=r"^notebooks/02_facilities\.ipynb: not a notebook: "
    ):
        read_source(path, NOTEBOOKS)
    assert len(content_hash(path)) == 64  # so that `status` calls it changed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": None}, "cell 2 has no id"),
        ({"id": ""}, "cell 2 has no id"),
        ({"id": "parameters"}, "cell 2 has the id of another"),
        ({"metadata": None}, "cell 2: its metadata are no object"),
        ({"metadata": {"tags": None}}, "cell 2: its tags are no list of texts"),
        ({"metadata": {"tags": "parameters"}}, "cell 2: its tags are no list of texts"),
        ({"metadata": {"tags": [1]}}, "cell 2: its tags are no list of texts"),
    ],
)
def test_a_cell_that_cannot_be_published_is_named_before_anything_runs(change, said, tmp_path):
    path = notebook(tmp_path, "x = 1")
    made = json.loads(path.read_text("utf-8"))
    made["cells"][1] |= change
    path.write_text(json.dumps(made), "utf-8")
    with pytest.raises(modules.PlanError, match=rf"^notebooks/02_facilities\.ipynb: {said}"):
        read_source(path, NOTEBOOKS)


def test_a_notebook_of_an_old_format_without_ids_is_named_with_the_remedy(tmp_path):
    path = notebook(tmp_path, "x = 1")
    made = json.loads(path.read_text("utf-8"))
    for cell in made["cells"]:
        del cell["id"]
    path.write_text(json.dumps(made), "utf-8")
    with pytest.raises(modules.PlanError, match=r"cell 1 has no id.*nbformat 4\.5"):
        read_source(path, NOTEBOOKS)


def test_a_notebook_that_is_gone_is_named(tmp_path):
    with pytest.raises(modules.PlanError, match=r"^notebooks/02_facilities\.ipynb: .*No such file"):
        read_source(tmp_path / "02_facilities.ipynb", NOTEBOOKS)
