"""Errors that end a run although the program is correct; each has its exit code."""

from __future__ import annotations

from pathlib import Path


class NotebookError(Exception):
    """Raised with the notebook, the cell and the error; the notebook is kept at `kept`.

    lang: the language in which the cell ran.
    """

    def __init__(self, name: str, cell: str, error: str, kept: Path, lang: str = "") -> None:
        self.name, self.cell, self.error, self.kept, self.lang = name, cell, error, kept, lang
        place = f"{name}, cell {cell}" + f" ({lang})" * bool(lang)
        super().__init__(f"{place}: {error}\nkept for inspection: {kept}")

    def __reduce__(self) -> tuple[type, tuple]:
        return type(self), (self.name, self.cell, self.error, self.kept, self.lang)


class StoppedError(Exception):
    """Raised if a run cannot go on.

    A file that no step makes, a worker that died, or inputs that changed during the run.
    """


class BusyError(Exception):
    """Raised if another run holds the lock."""
