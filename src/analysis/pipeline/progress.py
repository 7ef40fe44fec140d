"""Show running and remaining steps with their last durations; plain lines without a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bar

from analysis.plan.task import Task
from analysis.survey.ownership import put


class Progress:
    """Context that counts steps.

    times: the file with the duration of each step. bar: draw a progress bar on a terminal.
    """

    def __init__(self, names: list[str], jobs: int, times: Path, bar: bool = True) -> None:
        self.total, self.jobs, self.times, self.waiting = len(names), jobs, times, set(names)
        self.done, self.same, self.running = 0, 0, []
        self.last = json.loads(times.read_text("utf-8")) if times.exists() else {}
        self.console = Console(stderr=True)
        self.bar = Bar(
            SpinnerColumn(),
            MofNCompleteColumn(),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=self.console,
            transient=True,
            disable=not (bar and self.console.is_terminal),
        )

    def __enter__(self) -> Progress:
        self.task = self.bar.add_task("", total=self.total)
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()
        self.times.parent.mkdir(parents=True, exist_ok=True)
        put(json.dumps(self.last, indent=1, sort_keys=True).encode(), self.times)

    def longest_first(self, tasks: Iterable[Task]) -> list[Task]:
        """Sort tasks so that those with the longest known duration start first."""
        return sorted(tasks, key=lambda one: (-self.last.get(one.name, 0.0), one.name))

    def start(self) -> None:
        """Start drawing, which uses threads: processes must be forked before."""
        self.bar.start()

    def begin(self, name: str) -> None:
        """Record that a step runs."""
        self.running.append(name)
        self._show()

    def end(self, name: str, seconds: float | None) -> None:
        """Record that a step is done, with its seconds, or that it has failed (None)."""
        self.running.remove(name)
        self.waiting.discard(name)
        self.done += 1
        if seconds is not None:
            before = f", last time {self.last[name]:.1f} s" if name in self.last else ""
            self.last[name] = round(seconds, 2)
            line = f"[{self.done + self.same:>2}/{self.total}] {name}  {seconds:.1f} s{before}"
            self.console.print(line, highlight=False, markup=False)
        self._show()

    def unchanged(self, name: str) -> None:
        """Record that a step need not run."""
        self.waiting.discard(name)
        self.same += 1
        self._show()

    def say(self, line: str) -> None:
        """Print a line above the progress display."""
        self.console.print(line, highlight=False, markup=False)

    def left(self) -> float:
        """Estimate the remaining seconds from the last durations, including unchanged steps."""
        return sum(self.last.get(name, 0.0) for name in self.waiting) / self.jobs

    def _show(self) -> None:
        words = [f"{self.left():.0f} s left at most"] if self.left() >= 1 else []
        said = " · ".join([*words, ", ".join(self.running)])
        self.bar.update(self.task, completed=self.done + self.same, description=said)
