"""The loop over tasks: what it records, and what it makes of workers that die."""

from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise

import pytest
from distributed import KilledWorker

from analysis.edition.failures import StoppedError
from analysis.pipeline.progress import Progress
from analysis.pipeline.run import Record, ordered, reasons
from analysis.pipeline.run import run as run_tasks
from analysis.plan import task as tasks_of
from analysis.plan.task import Inputs, task
from analysis.survey.access import Access


class Copier:
    """A piece of work that copies its input; once, the input is edited while it runs."""

    def __init__(self, folder):
        self.source, self.target, self.edit, self.runs = (
            folder / "in.csv",
            folder / "out.csv",
            "",
            0,
        )
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


def copying(copier, folder):
    """Return the one task."""
    return [task("copy", copier, [], Inputs.of([copier.source], folder), [copier.target], folder)]


def record(folder):
    """Read the record as a new program would."""
    return Record(folder / "record.jsonl", folder)


def run(copier, folder, executor=None):
    """Run the one task as a new program would, and return how often the work was done in all."""
    tasks = copying(copier, folder)
    progress = Progress(["copy"], 1, folder / "times.json")
    with ThreadPoolExecutor(1) as threads, progress:
        run_tasks(tasks, record(folder), lambda: executor or threads, progress)
    return copier.runs


def test_what_is_done_is_not_done_again_until_its_input_changes(copier, tmp_path):
    assert [run(copier, tmp_path), run(copier, tmp_path)] == [1, 1]
    copier.source.write_text("other")
    assert run(copier, tmp_path) == 2 and copier.target.read_text() == "other"


def test_what_an_edit_during_the_run_left_is_never_taken_for_that_of_the_file_put_back(
    copier, tmp_path
):
    copier.edit = "unfinished words"
    with pytest.raises(StoppedError, match=r"changed during the run: in\.csv"):
        run(copier, tmp_path)
    assert copier.target.read_text() == "unfinished words"
    copier.edit = ""
    copier.source.write_text("as it was")
    assert run(copier, tmp_path) == 2
    assert copier.target.read_text() == "as it was"


def test_another_python_is_another_input(copier, tmp_path, monkeypatch):
    run(copier, tmp_path)
    monkeypatch.setattr(tasks_of, "python", lambda: "3.99")
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
    with pytest.raises(StoppedError, match=r"a process died \(out of memory, or killed\) at copy"):
        run(copier, tmp_path, Deadly(KilledWorker("copy", None, 3)))


def test_an_error_of_ours_stays_one(copier, tmp_path):
    with pytest.raises(ZeroDivisionError):
        run(copier, tmp_path, Deadly(ZeroDivisionError()))


def test_the_reason_names_what_has_changed(copier, tmp_path):
    def why():
        return reasons(copying(copier, tmp_path), record(tmp_path))

    assert why() == {"copy": "never run"}
    run(copier, tmp_path)
    assert why() == {}
    copier.source.write_text("other")
    assert why() == {"copy": "in.csv changed"}
    copier.source.write_text("as it was")
    copier.target.write_text("edited")
    assert why() == {"copy": "out.csv changed"}
    copier.target.unlink()
    assert why() == {"copy": "out.csv missing"}


def test_a_line_that_was_cut_off_costs_its_task_alone(copier, tmp_path):
    run(copier, tmp_path)
    path = tmp_path / "record.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    assert run(copier, tmp_path) == 2
    assert run(copier, tmp_path) == 2
    assert not (tmp_path / "record.new").exists()


def test_the_record_does_not_grow_with_the_number_of_runs(copier, tmp_path):
    sizes = []
    for text in ("one", "two", "six"):
        copier.source.write_text(text)
        run(copier, tmp_path)
        run(copier, tmp_path)  # writes it anew
        sizes.append((tmp_path / "record.jsonl").stat().st_size)
    assert len(set(sizes)) == 1


def chain(folder, *files):
    """Return tasks that each make a file from the one before: a → b, b → c."""
    paths = [folder / name for name in files]
    nothing = Inputs.of([], folder)
    return [
        task(f"{a.name}{b.name}", Copier(folder), [a], nothing, [b], folder)
        for a, b in pairwise(paths)
    ]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (("a", "b"), "ab needs .*a, which no step makes"),
        (("a", "b", "a"), "these steps wait for each other: "),
        (("a", "b", "c", "b"), "ab and cb both make "),
    ],
)
def test_tasks_that_cannot_be_ordered_are_refused(tmp_path, files, said):
    with pytest.raises(StoppedError, match=said):
        ordered(chain(tmp_path, *files))


def test_what_makes_nothing_is_not_recorded(copier, tmp_path):
    tasks = [
        task(
            "copy", copier, [], Inputs.of([copier.source], tmp_path), [tmp_path / "other"], tmp_path
        )
    ]
    progress = Progress(["copy"], 1, tmp_path / "times.json")
    with (
        ThreadPoolExecutor(1) as threads,
        progress,
        pytest.raises(StoppedError, match="copy has not made other"),
    ):
        run_tasks(tasks, record(tmp_path), lambda: threads, progress)
    assert record(tmp_path).tasks == {}
