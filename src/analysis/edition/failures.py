"""How a run can fail without being wrong itself; each has its exit code."""

from __future__ import annotations

from pathlib import Path


class NotebookError(Exception):
    """Raised with the notebook, the cell and the error; the notebook itself is kept at `kept`."""

    def __init__(self, name: str, cell: str, error: str, kept: Path) -> None:
        self.name, self.cell, self.error, self.kept = name, cell, error, kept
        super().__init__(f"{name}, cell {cell}: {error}\nkept for inspection: {kept}")

    def __reduce__(self) -> tuple[type, tuple]:
        return type(self), (self.name, self.cell, self.error, self.kept)


class StoppedError(Exception):
    """Raised when a run cannot go on: a file that nothing makes, a worker that died, inputs that
    moved.
    """


class BusyError(Exception):
    """Raised when another run is under way."""
