"""The loop over tasks: what it records, and what it makes of workers that die."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from distributed import KilledWorker

from analysis.pipeline import engine, nodes
from analysis.pipeline.failures import Stopped
from analysis.pipeline.progress import Progress
from analysis.survey.access import Access


class Copier:
    """A piece of work that copies its input; once, the input is edited while it runs."""

    def __init__(self, folder):
        self.source, self.target, self.edit, self.runs = folder / "in.csv", folder / "out.csv", "", 0
        self.access = Access("")

    def __call__(self):
        self.runs += 1
        if self.edit:
            self.source.write_text(self.edit)
        self.target.write_text(self.source.read_text())


@pytest.fixture
def copier(tmp_path):
    copier = Copier(tmp_path)
    copier.source.write_text("as it was")
    return copier


def run(copier, folder, executor=None):
    """Run the one task as a new program would, and return how often the work was done in all."""
    inputs = nodes.Inputs.of([copier.source], folder)
    tasks = [nodes.task("copy", copier, [], inputs, [copier.target], folder)]
    progress = Progress(["copy"], 1, folder / "times.json")
    with ThreadPoolExecutor(1) as threads, progress:
        engine.run(tasks, folder, lambda: executor or threads, progress)
    return copier.runs


def test_what_is_done_is_not_done_again_until_its_input_changes(copier, tmp_path):
    assert [run(copier, tmp_path), run(copier, tmp_path)] == [1, 1]
    copier.source.write_text("other")
    assert run(copier, tmp_path) == 2 and copier.target.read_text() == "other"


def test_what_an_edit_during_the_run_left_is_never_taken_for_that_of_the_file_put_back(copier, tmp_path):
    copier.edit = "unfinished words"
    with pytest.raises(Stopped, match=r"changed during the run: in\.csv"):
        run(copier, tmp_path)
    assert copier.target.read_text() == "unfinished words"
    copier.edit = ""
    copier.source.write_text("as it was")
    assert run(copier, tmp_path) == 2
    assert copier.target.read_text() == "as it was"


def test_another_python_is_another_input(copier, tmp_path, monkeypatch):
    run(copier, tmp_path)
    monkeypatch.setattr(nodes, "python", lambda: "3.99")
    assert run(copier, tmp_path) == 2


class Deadly:
    """An executor whose every piece of work ends in an error."""

    def __init__(self, error):
        self.error = error

    def submit(self, *_):
        future = Future()
        future.set_exception(self.error)
        return future


def test_a_worker_that_a_cluster_gave_up_stops_the_run_in_one_line(copier, tmp_path):
    with pytest.raises(Stopped, match=r"a process died \(out of memory, or killed\) at copy"):
        run(copier, tmp_path, Deadly(KilledWorker("copy", None, 3)))


def test_an_error_of_ours_stays_one(copier, tmp_path):
    with pytest.raises(ZeroDivisionError):
        run(copier, tmp_path, Deadly(ZeroDivisionError()))
