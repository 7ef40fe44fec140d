"""Show what runs: a live display at a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar


class Progress:
    """Count steps; use as a context, and `step(name)` around each piece of work, from any thread."""

    def __init__(self, total: int):
        self.total, self.done, self.running = total, 0, []
        self.console = Console(stderr=True)
        self.bar = Bar(
            SpinnerColumn(),
            MofNCompleteColumn(),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )

    def __enter__(self):
        self.bar.start()
        self.task = self.bar.add_task("", total=self.total)
        return self

    def __exit__(self, *_):
        self.bar.stop()

    @contextmanager
    def step(self, name: str):
        """Announce a step while it runs and say how long it took when it is done."""
        start = time.perf_counter()
        self.running.append(name)
        self._show()
        try:
            yield
            self.done += 1
            seconds = time.perf_counter() - start
            self.console.print(
                f"[{self.done:>2}/{self.total}] {name}  {seconds:.1f} s", highlight=False, markup=False
            )
        finally:
            self.running.remove(name)
            self._show()

    def _show(self):
        self.bar.update(self.task, completed=self.done, description=", ".join(self.running))
