"""Errors that end a run although the program is correct; each has its exit code."""

from __future__ import annotations

from pathlib import Path


class NotebookError(Exception):
    """Raised with the notebook, the cell and the error; the notebook is kept at `kept`."""

    def __init__(self, name: str, cell: str, error: str, kept: Path) -> None:
        self.name, self.cell, self.error, self.kept = name, cell, error, kept
        super().__init__(f"{name}, cell {cell}: {error}\nkept for inspection: {kept}")

    def __reduce__(self) -> tuple[type, tuple]:
        return type(self), (self.name, self.cell, self.error, self.kept)


class StoppedError(Exception):
    """Raised if a run cannot go on.

    A file that no step makes, a worker that died, or inputs that changed during the run.
    """


class BusyError(Exception):
    """Raised if another run holds the lock."""
