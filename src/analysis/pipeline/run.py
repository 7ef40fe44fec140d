"""Run the stale tasks, in local processes or on a Dask cluster, and record what was done.

The record (`record.jsonl`, one line for each task) holds the hashes of everything that a task
needed and made. A task is stale if one of them differs now; tasks after one that gives the same
bytes as before are not.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from analysis.edition.failures import StoppedError
from analysis.pipeline.progress import Progress
from analysis.plan.task import Task, Work, stamp
from analysis.survey.ownership import hash_of

GONE = "-"  # instead of the hash of a file that does not exist


class Record:
    """The inputs of each task when it was last done; `home`: the repository.

    Names are relative to the repository.
    """

    def __init__(self, path: Path, home: Path) -> None:
        self.path, self.home = path, home
        self.tasks: dict[str, dict] = {}
        self.inputs: dict[str, dict[str, str]] = {}  # states of inputs by their common hash
        # stamps and hashes of files that tasks make
        self.hashes: dict[Path, tuple[tuple[int, ...], str]] = {}
        for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
            with suppress(ValueError):  # the last line, if the program was killed while writing it
                self._take(json.loads(line))

    def _take(self, entry: dict) -> None:
        if "states" in entry:
            self.inputs[entry["inputs"]] = entry["states"]
        else:
            self.tasks[entry["task"]] = entry

    def rewrite(self) -> None:
        """Write the record again without replaced entries; tasks that finish add lines."""
        used = {entry["inputs"] for entry in self.tasks.values()}
        self.inputs = {key: states for key, states in self.inputs.items() if key in used}
        entries = [{"inputs": key, "states": states} for key, states in self.inputs.items()]
        fresh = self.path.with_suffix(".new")
        fresh.write_text("".join(map(_line, [*entries, *self.tasks.values()])), encoding="utf-8")
        os.replace(fresh, self.path)

    def add(self, task: Task) -> None:
        """Record that a task is done; StoppedError if it has not made its files."""
        entry = self._now(task)
        if missing := [name for name, state in entry["makes"].items() if state == GONE]:
            raise StoppedError(f"{task.name} has not made {'、'.join(missing)}")
        with self.path.open("a", encoding="utf-8") as file:
            if entry["inputs"] not in self.inputs:
                file.write(_line({"inputs": entry["inputs"], "states": task.inputs.states}))
                self.inputs[entry["inputs"]] = task.inputs.states
            file.write(_line(entry))
        self.tasks[task.name] = entry

    def why(self, task: Task) -> list[str]:
        """Return why a task must run, by what has changed; empty if it need not."""
        was, now = self.tasks.get(task.name), self._now(task)
        if was is None or was["inputs"] not in self.inputs:
            return ["never run"]
        if was == now:
            return []
        said = _differences(self.inputs[was["inputs"]], task.inputs.states)
        said += [f"{task.name}::{line}" for line in _differences(was["values"], now["values"])]
        said += _differences(was["made"], now["made"]) + _differences(was["makes"], now["makes"])
        return sorted(said)

    def _now(self, task: Task) -> dict:
        states = "".join(f"{state}  {name}\n" for name, state in sorted(task.inputs.states.items()))
        return {
            "task": task.name,
            "inputs": hashlib.sha256(states.encode()).hexdigest(),
            "values": task.values,
            "made": self._states(task.made),
            "makes": self._states(task.makes),
        }

    def _states(self, paths: Iterable[Path]) -> dict[str, str]:
        return {path.relative_to(self.home).as_posix(): self._state(path) for path in sorted(paths)}

    def _state(self, path: Path) -> str:
        """Return the hash of a file that a task makes; it is cached until it is written."""
        if (now := stamp(path)) is None:
            return GONE
        if self.hashes.get(path, ((), ""))[0] != now:
            self.hashes[path] = (now, hash_of(path)[:32])
        return self.hashes[path][1]


def _line(entry: dict) -> str:
    return json.dumps(entry, ensure_ascii=False) + "\n"


def _differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the names that differ, are new or are gone."""
    said = []
    for name in before.keys() | after.keys():
        if GONE == after.get(name) != before.get(name):
            said.append(f"{name} missing")
        elif before.get(name) != after.get(name):
            said.append(f"{name} changed")
    return said


def ordered(tasks: list[Task]) -> TopologicalSorter:
    """Return the order of the tasks that follows from their files.

    Raises StoppedError if two make one file, if one needs a file that none makes, or for a cycle.
    """
    makers: dict[Path, Task] = {}
    for one in tasks:
        for path in one.makes:
            if makers.setdefault(path, one) is not one:
                raise StoppedError(f"{makers[path].name} and {one.name} both make {path}")
    for one in tasks:
        if lost := sorted(path for path in one.made if path not in makers and not path.exists()):
            raise StoppedError(f"{one.name} needs {lost[0]}, which no step makes")
    sorter = TopologicalSorter(
        {one: {makers[path] for path in one.made & makers.keys()} for one in tasks}
    )
    try:
        sorter.prepare()
    except CycleError as error:
        names = " → ".join(one.name for one in error.args[1])
        raise StoppedError(f"these steps wait for each other: {names}") from None
    return sorter


def reasons(tasks: list[Task], record: Record) -> dict[str, str]:
    """Return which tasks may run and why.

    A task that follows another runs only if the other's files change.
    """
    makers = {path: one for one in tasks for path in one.makes}
    sorter, said = ordered(tasks), {}
    while sorter.is_active():
        for one in sorter.get_ready():
            before = {makers[path].name for path in one.made if path in makers} & said.keys()
            if why := sorted({*record.why(one), *(f"after {name}" for name in before)}):
                said[one.name] = "never run" if "never run" in why else "; ".join(why)
            sorter.done(one)
    return said


def run(
    tasks: list[Task], record: Record, workers: Callable[[], Executor], progress: Progress
) -> None:
    """Run the stale tasks, all that are ready in parallel, the longest first.

    workers: returns the executor, called at the first stale task. Raises what a task raised; tasks
    that are running then are left to end or be killed, and none is recorded.
    """
    sorter, running, executor = ordered(tasks), {}, None
    record.rewrite()
    try:
        while sorter.is_active():
            for one in progress.longest_first(sorter.get_ready()):
                if not record.why(one):
                    progress.unchanged(one.name)
                    sorter.done(one)
                    continue
                executor = executor or workers()
                progress.begin(one.name)
                running[executor.submit(timed, one.work)] = one
            done, _ = wait(running, return_when=FIRST_COMPLETED) if running else ((), ())
            for future in done:
                one = running.pop(future)
                _finish(one, future, record, progress)
                sorter.done(one)
    finally:
        for future in running:
            future.cancel()


def _finish(one: Task, future: Future, record: Record, progress: Progress) -> None:
    """Record a finished task, or raise its error.

    Raises StoppedError if its process died or its inputs changed during the run.
    """
    seconds = None
    try:
        seconds = future.result()
        # its result may depend on either state and must not be recorded
        if moved := one.inputs.moved():
            raise StoppedError(
                f"changed during the run: {'、'.join(path.name for path in moved)}; run again"
            )
        record.add(one)
    except Exception as error:
        if (
            isinstance(error, BrokenProcessPool | CancelledError)
            or type(error).__name__ == "KilledWorker"
        ):
            # the pool fails all of its tasks, so that the step at fault is unknown
            died = f"a process died (out of memory, or killed) at {one.name} or a step beside it"
            raise StoppedError(died) from None
        error.add_note(f"in the step {one.name}")
        raise
    finally:
        progress.end(one.name, seconds)


def timed(work: Work) -> float:
    """Run a piece of work and return the seconds that it took."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
