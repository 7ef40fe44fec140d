"""Tasks: pieces of work with the files that they need and make.

A task needs two kinds of files: those that other tasks make, and inputs that no task makes
(modules, notebooks, tables). Many tasks have the same inputs, which are therefore read and compared
together.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pathlib import Path

from analysis.edition.failures import StoppedError
from analysis.edition.input_record import PYTHON, input_state, name_of, python
from analysis.survey.access import Access, UnplannedAccessError, watched


class Work:
    """A function of `analysis.pipeline.work` with arguments; only the worker loads libraries.

    access: what it may read and write; a task adds what it needs.
    """

    def __init__(self, name: str, *arguments: object, access: Access) -> None:
        self.name, self.arguments, self.access = name, arguments, access

    def __call__(self) -> None:
        """Run the function; StoppedError if it opened what its plan does not name."""
        # imported here, since it imports the libraries
        function = getattr(import_module("analysis.pipeline.work"), self.name)
        with (
            watched(replace(self.access, refused=[], written=set())) as access,
            suppress(UnplannedAccessError),
        ):
            function(*self.arguments)
        if access.refused:
            raise StoppedError(f"a step {access.refused[0]}")


@dataclass(frozen=True)
class Inputs:
    """Inputs that no task makes: their states when read, and stamps that detect changes.

    states: hash by name, as in the record. stamps: by path, values that change with every writing
    of the file; None if the file does not exist.
    """

    states: dict[str, str]
    stamps: dict[Path, tuple[int, ...] | None]

    @classmethod
    def of(cls, paths: Iterable[Path], home: Path) -> Inputs:
        """Read the inputs of the repository `home`; the version of Python is one too."""
        # before the hashes, so that a change during the reading is detected
        stamps = {path: stamp(path) for path in paths}
        states = {name_of(p, home): _state(p, was) for p, was in stamps.items()}
        return cls(states | {PYTHON: python()}, stamps)

    def moved(self) -> list[Path]:
        """Return the files that have been written since they were read."""
        return sorted(path for path, was in self.stamps.items() if stamp(path) != was)


@cache
def _state(path: Path, was: tuple[int, ...] | None) -> str:
    """Return the state of an input; a file is read again only if it was written since."""
    return input_state(path)[:16] if was else "-"


def stamp(path: Path) -> tuple[int, ...] | None:
    """Return values that change with every writing of a file: time, size and inode number."""
    with suppress(OSError):
        found = os.stat(path)
        return found.st_mtime_ns, found.st_size, found.st_ino
    return None


@dataclass(frozen=True, eq=False)
class Task:
    """One piece of work.

    made: files that it needs from other tasks. makes: files that it writes. values: other inputs of
    its result, as text.
    """

    name: str
    work: Work
    made: frozenset[Path]
    inputs: Inputs
    makes: frozenset[Path]
    values: dict[str, str] = field(default_factory=dict)

    @property
    def needs(self) -> set[Path]:
        """Files on which the task depends."""
        return {*self.made, *self.inputs.stamps}


def task(
    name: str,
    work: Work,
    made: Iterable[Path],
    inputs: Inputs,
    makes: Iterable[Path],
    home: Path,
    **values: object,
) -> Task:
    """Return a task that may read what it needs; `values` are further inputs of its result."""
    made = frozenset(made)
    reads = {path.relative_to(home).as_posix() for path in made} | inputs.states.keys() - {PYTHON}
    work.access = replace(work.access, root=str(home), reads=work.access.reads | reads)
    texts = {key: repr(value) for key, value in values.items()}
    return Task(name, work, made, inputs, frozenset(makes), texts)
