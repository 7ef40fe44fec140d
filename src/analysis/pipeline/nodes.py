"""Tasks and files as pytask takes them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from pytask import PathNode, PythonNode, TaskWithoutPath

from analysis.pipeline.sources import content_hash
from analysis.survey.folders import root


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


@dataclass(kw_only=True)
class NotebookNode(PathNode):
    """A notebook as its author wrote it: outputs and counts do not change its state."""

    def state(self) -> str | None:
        """Return the hash of the cells, None where there is no such file."""
        return content_hash(self.path) if self.path.exists() else None


@dataclass(kw_only=True)
class ValueNode(PythonNode):
    """A value that a task depends on. pytask would take all values without a function for one and the same."""

    @property
    def signature(self) -> str:
        """Tell the values of tasks apart by name."""
        return hashlib.sha256(self.name.encode()).hexdigest()


def task(name: str, call: Callable, needs: Iterable[Path], makes: Iterable[Path], **values) -> Task:
    """Make a task of a function; `values` are further inputs of its result, by name."""
    files = [_node(path) for path in sorted(set(needs))]
    settings = {key: _value(name, key, value) for key, value in values.items()}
    products = [_node(path) for path in sorted(set(makes))]
    return Task(name=name, function=call, depends_on={"files": files, **settings}, produces={"files": products})


def _node(path: Path) -> PathNode:
    kind = NotebookNode if path.parent == root() / "notebooks" else PathNode
    return kind(path=path, name=path.relative_to(root()).as_posix() if path.is_relative_to(root()) else path.name)


def _value(name: str, key: str, value) -> ValueNode:
    return ValueNode(name=f"{name}::{key}", value=repr(value), hash=True)
