"""Tasks and files as pytask takes them.

What a task depends on is of two kinds: files that other tasks make, a node each, and inputs that nobody makes
(modules, notebooks, tables). The inputs of a task are one node, whose state tells them file by file: many tasks
rest on the same, so that thousands of tasks are drawn up and compared in no time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from pytask import PathNode, PythonNode, TaskWithoutPath

from analysis.pipeline.failures import Stopped
from analysis.pipeline.lock import PYTHON, input_state, name_of, python
from analysis.survey.access import Access, UnplannedAccessError, watched


class Work:
    """A function of `analysis.pipeline.work` and its arguments; only who does it loads the libraries.

    access: what it may read and write; a task adds what it needs.
    """

    def __init__(self, name: str, *arguments, access: Access):
        self.name, self.arguments, self.access = name, arguments, access

    def __call__(self) -> None:
        """Do the work. Raises Stopped where it opened what its plan does not name."""
        function = getattr(import_module("analysis.pipeline.work"), self.name)  # it imports for all
        with watched(replace(self.access, refused=[], written=set())) as access, suppress(UnplannedAccessError):
            function(*self.arguments)
        if access.refused:
            raise Stopped(f"a step {access.refused[0]}")


@dataclass(kw_only=True)
class Task(TaskWithoutPath):
    """One piece of work; whether it must run again is told by its nodes alone."""

    def state(self) -> str:
        """Return the same for ever: the code that a task runs is among its dependencies."""
        return "-"

    @property
    def needs(self) -> set[Path]:
        """The files that it depends on."""
        return {node.path for node in self.depends_on["files"]} | self.depends_on["inputs"].paths

    @property
    def moved(self) -> list[Path]:
        """The inputs that have been written since the run began: what it computed may rest on either."""
        return self.depends_on["inputs"].inputs.moved()

    @property
    def makes(self) -> set[Path]:
        """The files that it makes."""
        return {node.path for node in self.produces["files"]}


@dataclass(kw_only=True)
class ValueNode(PythonNode):
    """A value that a task depends on. pytask would take all values without a function for one and the same."""

    @property
    def signature(self) -> str:
        """Tell the values of tasks apart by name."""
        return hashlib.sha256(self.name.encode()).hexdigest()


@dataclass(frozen=True)
class Inputs:
    """Inputs that no task makes: their states when they were read, a line each, and what tells that one has moved.

    stamps: by path, time of the last change, size and number on the disk; None where there is no file. names: of
    the files, as the record has them.
    """

    text: str
    stamps: dict[Path, tuple | None]
    names: frozenset[str]

    @classmethod
    def of(cls, paths: Iterable[Path], home: Path) -> Inputs:
        """Read the inputs of the repository `home`; the version of Python is one too."""
        stamps = {path: stamp(path) for path in paths}  # first: what changes while it is read, has changed
        states = {name_of(p, home): input_state(p)[:16] if was else "-" for p, was in stamps.items()}
        lines = [f"{state}  {name}" for name, state in sorted((states | {PYTHON: python()}).items())]
        return cls("\n".join(lines), stamps, frozenset(states))

    def moved(self) -> list[Path]:
        """List the files that have been written since they were read."""
        return sorted(path for path, was in self.stamps.items() if stamp(path) != was)


def stamp(path: Path) -> tuple | None:
    """Return what changes with every writing of a file; None where there is none."""
    with suppress(OSError):
        found = os.stat(path)
        return found.st_mtime_ns, found.st_size, found.st_ino
    return None


@dataclass(kw_only=True)
class InputsNode(ValueNode):
    """The inputs of one task; its value, which is its state, has a line for each file: state and name."""

    inputs: Inputs

    @property
    def paths(self) -> frozenset[Path]:
        """The files."""
        return frozenset(self.inputs.stamps)


def task(
    name: str,
    work: Work,
    made: Iterable[Path],
    inputs: Inputs,
    makes: Iterable[Path],
    home: Path,
    **values,
) -> Task:
    """Make a task; `made` is what it needs of other tasks, `values` are further inputs of its result."""
    settings = {
        key: ValueNode(name=f"{name}::{key}", value=repr(value), hash=True) for key, value in values.items()
    }
    node = InputsNode(name=f"{name}::inputs", value=inputs.text, hash=str, inputs=inputs)
    reads = {path.relative_to(home).as_posix() for path in made} | inputs.names
    work.access = replace(work.access, root=str(home), reads=work.access.reads | reads)
    depends = {"files": _nodes(made, home), "inputs": node} | settings
    return Task(name=name, function=work, depends_on=depends, produces={"files": _nodes(makes, home)})


def _nodes(paths: Iterable[Path], home: Path) -> list[PathNode]:
    return [PathNode(path=path, name=path.relative_to(home).as_posix()) for path in sorted(set(paths))]
