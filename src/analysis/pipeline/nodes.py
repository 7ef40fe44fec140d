"""Tasks and files as pytask takes them.

What a task depends on is of two kinds: files that other tasks make, a node each, and inputs that nobody makes
(modules, notebooks, tables). The inputs of a task are one node, whose state tells them file by file: many tasks
share it, and there are few, so that thousands of tasks are drawn up and compared in no time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from pytask import PathNode, PythonNode, TaskWithoutPath

from analysis.pipeline.lock import input_state, name_of


class Work:
    """A function of `analysis.pipeline.work` and its arguments; only who does it loads the libraries."""

    def __init__(self, name: str, *arguments):
        self.name, self.arguments = name, arguments

    def __call__(self) -> None:
        getattr(import_module("analysis.pipeline.work"), self.name)(*self.arguments)


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


@dataclass(kw_only=True)
class InputsNode(ValueNode):
    """Inputs that no task makes; its value, which is its state, has a line for each file: state and name."""

    paths: frozenset[Path]


def task(
    name: str,
    work: Work,
    made: Iterable[Path],
    inputs: InputsNode,
    makes: Iterable[Path],
    home: Path,
    **values,
) -> Task:
    """Make a task; `made` is what it needs of other tasks, `values` are further inputs of its result."""
    settings = {
        key: ValueNode(name=f"{name}::{key}", value=repr(value), hash=True) for key, value in values.items()
    }
    depends = {"files": _nodes(made, home), "inputs": inputs} | settings
    return Task(name=name, function=work, depends_on=depends, produces={"files": _nodes(makes, home)})


def inputs_node(paths: frozenset[Path], home: Path) -> InputsNode:
    """Make the node of a set of inputs of the repository `home`."""
    states = {name_of(path, home): input_state(path)[:16] if path.exists() else "-" for path in paths}
    text = "\n".join(f"{state}  {name}" for name, state in sorted(states.items()))
    key = hashlib.sha256("\n".join(sorted(states)).encode()).hexdigest()[:16]
    return InputsNode(name=f"inputs {key}", value=text, hash=str, paths=paths)


def _nodes(paths: Iterable[Path], home: Path) -> list[PathNode]:
    return [PathNode(path=path, name=path.relative_to(home).as_posix()) for path in sorted(set(paths))]
