"""Forked kernels: each alone, none left behind, and ends reported as such."""

import os
import signal
import subprocess
import sys
import time

import nbformat
import pytest

from analysis.edition.failures import NotebookError, StoppedError
from analysis.pipeline import warm as warm_module
from analysis.pipeline.execute import PromptClient, run_notebook
from analysis.pipeline.stable import set_stable
from analysis.pipeline.warm import KERNEL_SERVER, ForkedKernel, available, kernel_server
from analysis.plan import modules
from analysis.plan.source import read_source
from running import REPOSITORY

pytestmark = pytest.mark.skipif(
    not available(), reason="forking kernels needs Linux with pidfd_open"
)


@pytest.fixture(scope="module")
def warm():
    set_stable()
    with kernel_server():
        yield


@pytest.fixture
def run(warm, tmp_path):
    def run(*sources, name="n", **options):
        kernel = {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        }
        cells = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(sources)]
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)
        done = run_notebook(path, {}, tmp_path / f"{name}.out.ipynb", **options)
        return "".join(o.get("text", "") for cell in done.cells for o in cell.outputs)

    return run


def test_it_is_a_real_kernel_with_the_libraries_and_what_notebooks_use(run):
    said = run(
        "import sys, os; print(type(get_ipython()).__name__)",
        "print('seaborn' in sys.modules, 'analysis.publish.section' in sys.modules)",
        "print(open(f'/proc/{os.getppid()}/cmdline').read().count('serve()'))",
    )
    assert said.split() == ["ZMQInteractiveShell", "True", "True", "1"]


def test_libraries_behave_as_if_imported_in_a_kernel(run):
    said = run("import pandas", "print(pandas.get_option('display.max_columns'))")
    assert said.strip() == "20"


def test_nothing_leaks_from_one_notebook_to_the_next(run):
    run(
        "import os, random, sys, numpy, pandas, matplotlib",
        "pandas.planted = sys.planted = 1; pandas.options.display.max_rows = 7",
        "matplotlib.rcParams['font.size'] = 99; os.environ['PLANTED'] = '1'; os.chdir('/'); "
        "os.umask(0o777)",
    )
    said = run(
        "import os, sys, pandas, matplotlib",
        "print(hasattr(pandas, 'planted'), hasattr(sys, 'planted'), "
        "pandas.options.display.max_rows)",
        "print(matplotlib.rcParams['font.size'], 'PLANTED' in os.environ, os.umask(0o22), "
        "os.getcwd())",
    )
    umask = os.umask(0o22)
    os.umask(umask)
    assert said.split(maxsplit=6) == [
        "False",
        "False",
        "60",
        "10.0",
        "False",
        str(umask),
        f"{os.getcwd()}\n",
    ]


def test_random_states_differ_between_kernels(run):
    draws = {
        run("import random, numpy; print(random.random(), numpy.random.random())") for _ in range(2)
    }
    assert len(draws) == 2
    assert len({draw.split()[0] for draw in draws}) == len({draw.split()[1] for draw in draws}) == 2


def test_an_unclosed_figure_is_shown_as_in_an_ordinary_kernel(run, tmp_path):
    run("import matplotlib.pyplot as plt", "plt.plot([1, 2])", name="figure")
    cells = nbformat.read(tmp_path / "figure.out.ipynb", as_version=4).cells
    assert "image/png" in cells[-1].outputs[-1].data


def test_a_kernel_that_dies_is_reported_with_its_cell(run):
    with pytest.raises(NotebookError, match="kernel died") as failure:
        run("import os", "os.kill(os.getpid(), 9)", "1")
    assert failure.value.cell == "c1"


def test_a_cell_that_takes_too_long_is_stopped_and_named(run):
    start = time.monotonic()
    with pytest.raises(NotebookError, match="took too long") as failure:
        run("import time", "time.sleep(60)", seconds=(2, 60))
    assert failure.value.cell == "c1"
    assert time.monotonic() - start < 30


def test_a_notebook_as_a_whole_has_its_time(run):
    with pytest.raises(NotebookError, match="took too long"):
        run("import time", *["time.sleep(1.5)"] * 8, seconds=(60, 3))


def test_a_kernel_that_dies_before_it_answers_is_reported_as_such(run, monkeypatch):
    monkeypatch.setattr(
        PromptClient, "kernel_info", lambda client: client.parent.provisioner.process.kill()
    )
    with pytest.raises(NotebookError, match="its kernel died") as failure:
        run("1", "2")
    assert failure.value.cell == "c0"


@pytest.fixture
def own(monkeypatch):
    """A kernel server of this process, as a worker of a cluster has one, and no other."""
    monkeypatch.delenv(KERNEL_SERVER, raising=False)
    warm_module.ensure()
    yield warm_module.PROCESS[0]
    warm_module.leave()


def test_a_nursery_that_died_is_said_at_once(own, tmp_path):
    own.kill()
    own.wait()
    start = time.monotonic()
    with pytest.raises(StoppedError, match="the process that starts the kernels died"):
        ForkedKernel("/nonexistent/connection.json", None, None)
    assert time.monotonic() - start < 5


def test_a_worker_whose_nursery_died_starts_another_and_ends_it_where_ordinary_kernels_are_wanted(
    own,
):
    warm_module.ensure()
    assert [own] == warm_module.PROCESS, "one that lives is kept"
    own.kill()
    own.wait()
    warm_module.ensure()
    (another,) = warm_module.PROCESS
    kernel = ForkedKernel("/nonexistent/connection.json", None, None)
    assert another.pid != own.pid and kernel.pid > 0
    warm_module.leave()
    assert KERNEL_SERVER not in os.environ and another.poll() is not None


def test_no_port_is_open(run):
    said = run("import json, sys; print(json.load(open(sys.argv[2]))['transport'])")
    assert said.strip() == "ipc"


ORPHAN = """
import subprocess, sys, os
from analysis.pipeline.warm import ForkedKernel, kernel_server
with kernel_server():
    kernel = ForkedKernel("/nonexistent/connection.json", None, None)
    print(kernel.pid, os.getpid(), flush=True)
    sys.stdin.read()
"""


def gone(pid):
    try:
        return open(f"/proc/{pid}/stat").read().split()[2] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_nothing_is_left_when_the_program_is_killed():
    run = subprocess.Popen(
        [sys.executable, "-c", ORPHAN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    kernel, owner = map(int, run.stdout.readline().split())
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(owner)], capture_output=True, text=True, check=True
    ).stdout.split()
    assert children
    os.kill(owner, signal.SIGKILL)
    run.wait()
    end = time.monotonic() + 15
    while not all(gone(int(pid)) for pid in (kernel, *children)):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_nursery_has_every_library_that_a_notebook_imports():
    notebooks = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
    files = set().union(
        *(read_source(path, [path.stem for path in notebooks]).modules for path in notebooks)
    )
    names = sorted(map(modules.module_name, files))
    code = (
        "import sys; from analysis.pipeline.warm import LIBRARIES\n"
        "for name in LIBRARIES: __import__(name)\n"
        "before = {name.split('.')[0] for name in sys.modules}\n"
        f"for name in {names}: __import__(name)\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
