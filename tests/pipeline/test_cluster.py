"""The same steps on a Dask cluster: a real scheduler and two workers, one of them killed."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from running import REPOSITORY, copy_repository, slow

# A part of the pipeline keeps the suite short; CLUSTER_ALL=1 runs the whole of it.
APART = ("times.json", "record.jsonl")  # tell in which order, and how fast, the steps ran
SHARE = [] if os.environ.get("CLUSTER_ALL") else ["--only", "index"]


@contextlib.contextmanager
def started(*command, cwd):
    """Run a program for the time of the context."""
    process = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def worker(folder, address):
    options = [
        "--nthreads",
        "1",
        "--nworkers",
        "1",
        "--no-nanny",
        "--no-dashboard",
        "--host",
        "127.0.0.1",
    ]
    return started(sys.executable, "-m", "dask", "worker", address, *options, cwd=folder)


@pytest.fixture
def scheduler(tmp_path):
    """The address of a scheduler on loopback."""
    file = tmp_path / "scheduler.json"
    options = [
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--scheduler-file",
        str(file),
    ]
    with started(sys.executable, "-m", "dask", "scheduler", *options, cwd=tmp_path):
        while not file.exists():
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"]


@slow
def test_two_workers_leave_the_same_bytes_though_one_is_killed(edition, tmp_path, scheduler):
    folder = copy_repository(tmp_path / "shared")
    with worker(folder, scheduler) as first, worker(folder, scheduler):
        command = [sys.executable, "-m", "analysis", "build", "--cluster", scheduler, *SHARE]
        run = subprocess.Popen(
            command, cwd=folder, stderr=subprocess.PIPE, text=True, env={**os.environ}
        )
        said = []
        for line in run.stderr:
            said.append(line)
            if len(said) == 1:
                first.kill()
        assert run.wait() == 0, "".join(said)
        assert first.poll() is not None
    made = [
        path
        for path in (folder / "build/2020").rglob("*")
        if path.is_file() and path.name not in APART
    ]
    assert len(made) > 20
    for path in made:
        assert path.read_bytes() == (edition / path.relative_to(folder)).read_bytes(), path.name


def test_a_worker_that_was_there_before_an_edit_computes_with_it(
    tmp_path, scheduler, analysis, monkeypatch
):
    folder = copy_repository(tmp_path / "shared")
    shutil.copytree(REPOSITORY / "src", folder / "src")
    monkeypatch.setenv("PYTHONPATH", str(folder / "src"))
    notebook = folder / "notebooks/12_published_text.ipynb"
    shown = [
        "try:",
        "    from analysis.stats.printed import EDITED",
        "except ImportError:",
        "    EDITED = ''",
    ]
    cells = json.loads(notebook.read_text("utf-8"))
    source = [f"{line}\n" for line in [*shown, "'kernel ' + EDITED"]]
    place = next(i for i, cell in enumerate(cells["cells"]) if cell["id"] == "setup")
    cells["cells"].insert(place + 1, cells["cells"][place] | {"id": "edited", "source": source})
    notebook.write_text(json.dumps(cells, ensure_ascii=False), "utf-8")

    def said():
        done = analysis(folder, "build", "--cluster", scheduler, "--only", "published_text")
        assert done.returncode == 0, done.stderr
        executed = json.loads(
            (folder / "build/2020/zh/notebooks/12_published_text.ipynb").read_text("utf-8")
        )
        return executed["metadata"].get("worker"), "kernel edited" in json.dumps(executed)

    with worker(folder, scheduler):
        assert said() == (None, False)
        with (folder / "src/analysis/stats/printed.py").open("a") as module:
            module.write("\nEDITED = 'edited'\n")
        module = folder / "src/analysis/pipeline/execute.py"
        code = module.read_text("utf-8")
        assert "    count = 0\n" in code
        edited = '    notebook.metadata["worker"] = "edited"\n    count = 0\n'
        module.write_text(code.replace("    count = 0\n", edited), "utf-8")
        assert said() == ("edited", True)


RENEWED = """
import sys
from analysis.pipeline import work
kept = sys.modules["analysis.survey.clean"]
work.reload_if_changed("of now")
print(sys.modules.get("analysis.survey.clean") is kept)
import analysis.survey.clean
kept = sys.modules["analysis.survey.clean"]
from analysis.pipeline import work
work.reload_if_changed("of now")
print(sys.modules.get("analysis.survey.clean") is kept)
"""


def test_modules_are_dropped_unless_they_are_known_to_be_those_of_now():
    """A worker that joined during a run was never told the state of its modules."""
    done = subprocess.run(
        [sys.executable, "-c", RENEWED], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]


def test_a_cluster_that_is_not_there_is_said(copy, analysis):
    soon = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
    done = analysis(copy, "build", "--cluster", "tcp://127.0.0.1:9", **soon)
    assert done.returncode == 74
    assert "tcp://127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr


def test_problems_come_back_whole_from_the_workers(tmp_path, scheduler, analysis):
    folder = copy_repository(tmp_path / "shared")
    (folder / "data/raw/2020/331022_三门县.xlsx").unlink()
    with worker(folder, scheduler):
        done = analysis(folder, "build", "--cluster", scheduler)
    assert done.returncode == 2
    assert "331022_三门县.xlsx: 缺少此文件" in done.stderr
