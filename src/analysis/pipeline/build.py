"""Build an edition: run the stale steps, then replace the published edition as a whole."""

from __future__ import annotations

import ctypes
import shutil
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.edition import input_record
from analysis.edition.failures import StoppedError
from analysis.edition.stage import CHANGES, alone, damaged, edited, edition_folder, staged
from analysis.pipeline.progress import Progress
from analysis.pipeline.waves import INDEX, editions_folder, write_index
from analysis.plan.layout import record_of
from analysis.survey.folders import (
    DECLARATION,
    REFERENCE,
    printable,
    processed,
    root,
    semaphores_named,
    writable_folder,
)
from analysis.survey.folders import build as scratch
from analysis.survey.ownership import claim_scratch, list_scratch
from analysis.survey.problems import InputError

if TYPE_CHECKING:
    from analysis.edition.changes_report import Changes
    from analysis.plan.task import Task
    from analysis.plan.tasks import Edition

LANDING_PAGE = "index.html"  # of an edition
LOADED = ("src/", "data/raw/reference/")  # what a process reads once and keeps
TIMES = "times.json"  # in the scratch folder of a wave: how long each step took
PR_SET_PDEATHSIG = 1  # from linux/prctl.h


def build(
    raw: Path,
    outputs: Path,
    wave: str,
    jobs: int,
    only: str | None,
    engine: str,
    cluster: str | None = None,
    everything: bool = False,
) -> None:
    """Build an edition of `wave` from the folder `raw/<wave>` into `outputs/<wave>`.

    Only stale steps run. Raises InputError, NotebookError, StoppedError, BusyError or OSError; the
    previous outputs are then unchanged. engine: `warm` forks kernels from a process that has
    imported the libraries, `kernel` starts ordinary ones. cluster: the address of a Dask scheduler
    whose workers see this folder. only: run one notebook and what it needs, and publish nothing.
    everything: run all steps, not only stale ones.
    """
    input_record.wave_folder(raw, wave, outputs)
    top, named = editions_folder(outputs, raw), outputs / wave
    outputs = edition_folder(top / wave, raw)
    with alone(writable_folder(root() / "build", own="build")):
        claim_scratch(wave)
        if everything:
            record_of(wave).unlink(missing_ok=True)
        elif not only and (top / INDEX).exists() and _is_current(raw, outputs, wave):
            print("nothing has changed; the outputs follow from the inputs", file=sys.stderr)
            return
        from analysis.pipeline.reference_checks import table_problems
        from analysis.survey.characters import typed_problems

        if odd := typed_problems(root()) or table_problems():
            raise InputError(odd)
        for name in [] if only else edited(outputs):
            print(f"edited by hand, written again: {printable(name)}", file=sys.stderr)
        changes = None
        with ExitStack() as stack:
            # fails at once if it cannot be written
            fresh = None if only else stack.enter_context(staged(outputs))
            _run(raw, wave, jobs, only, engine, cluster, fresh)
            if fresh:
                changes = _compare(outputs, fresh)
        if not only:
            write_index(top)
            print("\n".join(_last_lines(changes, named)))


def _compare(outputs: Path, fresh: Path) -> Changes | None:
    """Compare a new edition with the one that it replaces, and write a page of the changes.

    None if there is none to compare with. A record that cannot be read is reported and does not
    stop the build.
    """
    from analysis.edition.changes_report import changes_between, render
    from analysis.edition.record import read_edition

    try:
        old = read_edition(outputs)
    except OSError as error:
        print(f"未与前一版比较 (not compared with the edition before): {error}", file=sys.stderr)
        return None
    new = read_edition(fresh)
    if old is None or new is None:
        return None
    if changes := changes_between(root(), old, new):
        (fresh / CHANGES).write_text(render(changes), encoding="utf-8")
    return changes


def _last_lines(changes: Changes | None, outputs: Path) -> list[str]:
    """Return a summary of the changes, and as last line the file to open."""
    from analysis.edition.changes_report import summary

    page = printable((outputs / (CHANGES if changes else LANDING_PAGE)).as_posix())
    lines = summary(changes, page) if changes else []
    return [*lines, f"请打开 (open) {page}"]


def _is_current(raw: Path, outputs: Path, wave: str) -> bool:
    """Return whether the edition is current and its sources for notebooks still exist."""
    made = record_of(wave).exists() and (processed(wave) / DECLARATION).exists()
    return made and not input_record.changed(root(), outputs, raw / wave) and not damaged(outputs)


def _run(
    raw: Path,
    wave: str,
    jobs: int,
    only: str | None,
    engine: str,
    cluster: str | None,
    fresh: Path | None,
) -> None:
    """Run the stale tasks, and fill the folder of a new edition if there is one."""
    from analysis.pipeline import warm

    kernels = (
        warm.kernel_server if engine == "warm" and not cluster and warm.available() else nullcontext
    )
    with kernels():  # they import the libraries while stale tasks are found
        from analysis.plan.tasks import Edition, published, wanted

        edition = Edition(raw, wave, engine)
        every = edition.tasks()
        tasks = wanted(every, only) if only else every
        before = run_stale(edition, every, tasks, jobs, cluster)
    if fresh:
        for source, target in published(tasks, wave).items():
            (fresh / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, fresh / target)
        input_record.write_inputs(before, wave, fresh)


def run_stale(
    edition: Edition,
    every: list[Task],
    tasks: list[Task],
    jobs: int,
    cluster: str | None = None,
    bar: bool = True,
) -> dict[str, str]:
    """Run the stale ones of `tasks`; returns the states of their inputs.

    every: all tasks that may leave files in the scratch folder. bar: draw a progress bar on a
    terminal. Raises what a task raises, and StoppedError if an input changed during the run.
    """
    from analysis.pipeline.run import Record, run
    from analysis.plan.tasks import inputs
    from analysis.survey.reference import check_references

    wave = edition.wave
    for path in edition.leftovers():
        path.unlink()
    list_scratch(wave, _left_by(every, wave))
    needed = inputs(tasks)
    check_references(path for path in needed if path.parent == root() / REFERENCE)
    before = input_record.states(needed, root())
    progress = Progress([task.name for task in tasks], jobs, scratch(wave) / TIMES, bar)
    with progress, workers(jobs, cluster, progress, before) as get:
        run(tasks, Record(record_of(wave), root()), get, progress)
    after = input_record.states(inputs(tasks), root())
    if moved := sorted(name for name in before if before[name] != after[name]):
        raise StoppedError(f"changed during the run: {'、'.join(moved)}; run again")
    progress.say(f"{progress.done} of {len(tasks)} steps run, {progress.same} unchanged")
    return before


def _left_by(tasks: list[Task], wave: str) -> list[Path]:
    """Return the files that a run may leave in the scratch folder of a wave."""
    folder = scratch(wave)
    made = {path for task in tasks for path in task.makes if path.is_relative_to(folder)}
    returned = {folder / "returns" / path.name for path in made if path.parent.name == "returns"}
    return sorted({*made, *returned, folder / TIMES, record_of(wave)})


def reasons(raw: Path, wave: str, only: str | None, engine: str) -> list[str]:
    """Return which steps would run and why, one line each.

    A step that follows another runs only if the other's files change. Raises InputError if there is
    no such wave, BusyError if another run is under way.
    """
    from analysis.pipeline import run
    from analysis.plan.tasks import Edition, wanted

    input_record.wave_folder(raw, wave)
    with alone(writable_folder(root() / "build", own="build")):
        tasks = Edition(raw, wave, engine).tasks()
        said = run.reasons(
            wanted(tasks, only) if only else tasks, run.Record(record_of(wave), root())
        )
    return [f"{name}: {why}" for name, why in said.items()]


@contextmanager
def workers(jobs: int, cluster: str | None, progress: Progress, inputs: dict[str, str]) -> Iterator:
    """Yield a function that creates the executor when needed: local processes or a cluster.

    inputs: their states; workers of a cluster that started before an edit reload the modules.
    """
    stack = ExitStack()

    def processes() -> Executor:
        from analysis.pipeline import work  # loaded once, before the processes are forked

        fork = "fork" if sys.platform == "linux" else "spawn"
        with semaphores_named():
            pool = ProcessPoolExecutor(jobs, get_context(fork), initializer=be_worker)
        stack.callback(_end, pool)
        pool.submit(int).result()
        pool.submit(work.load)  # by an idle process while another one cleans
        progress.start()
        return pool

    def remote() -> Executor:
        from distributed import Client

        from analysis.pipeline import work

        modules = [(name, state) for name, state in inputs.items() if name.startswith(LOADED)]
        client = stack.enter_context(Client(cluster, set_as_default=False))
        client.run(work.reload_if_changed, sha256(repr(modules).encode()).hexdigest())
        progress.start()
        return client.get_executor(pure=False)

    with stack:
        yield remote if cluster else processes


def be_worker() -> None:
    """Ignore Ctrl-C in a worker, and end it when its parent ends (Linux)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # pandera would import it with its first check; only tests use it
    sys.modules.setdefault("hypothesis", None)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _end(pool: ProcessPoolExecutor) -> None:
    """End the workers at once, without waiting for their work."""
    for process in list((pool._processes or {}).values()):
        process.kill()
    pool.shutdown(wait=False, cancel_futures=True)
