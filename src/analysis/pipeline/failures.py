"""How a run can fail without being wrong itself; each has its exit code."""

from __future__ import annotations

from pathlib import Path


class NotebookError(Exception):
    """Raised with the notebook, the cell and the error; the notebook itself is kept at `kept`.

    lang: the language that the cell was run in.
    """

    def __init__(self, name: str, cell: str, error: str, kept: Path, lang: str = "") -> None:
        self.name, self.cell, self.error, self.kept, self.lang = name, cell, error, kept, lang
        place = f"{name}, cell {cell}" + f" ({lang})" * bool(lang)
        super().__init__(f"{place}: {error}\nkept for inspection: {kept}")

    def __reduce__(self) -> tuple[type, tuple]:
        return type(self), (self.name, self.cell, self.error, self.kept, self.lang)


class StoppedError(Exception):
    """Raised when a run cannot go on: a file that nothing makes, a worker that died, inputs that
    moved.
    """


class BusyError(Exception):
    """Raised when another run is under way."""
