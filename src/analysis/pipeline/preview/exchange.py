"""Messages between the session and the builder."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from analysis.plan.modules import PACKAGE
from analysis.plan.task import stamp
from analysis.survey.folders import root

BELOW_WAVE = 3  # parts of a path below the scratch folder of a wave: zh/figures/rents.svg

Stamps = dict[Path, tuple[int, ...] | None]


class State(Enum):
    """How a build ended.

    GOOD: with pages. BAD: with errors. BUSY: not started because another run holds the lock.
    OUTDATED: not started because a module has been written since the builder loaded it.
    """

    GOOD, BAD, BUSY, OUTDATED = "good", "bad", "busy", "outdated"


@dataclass(frozen=True)
class Request:
    """Request for a build.

    pages: the pages shown, each in all languages, by the address in the first language. notebooks:
    those whose text is checked first; None for all. loaded: the stamps of the files that the
    builder has loaded.
    """

    number: int
    raw: Path
    wave: str
    pages: tuple[str, ...]
    notebooks: frozenset[str] | None = None
    loaded: Stamps = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Result:
    """Result of a request.

    errors: why no page was built, one text for each cause. notes: by checked notebook, what remains
    to be done in it although pages are built. pages: content by address. files: figures and tables
    by address. known: for each possible page, by address, its address in the first language.
    """

    number: int
    state: State
    errors: tuple[str, ...] = ()
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pages: dict[str, bytes] = field(default_factory=dict, repr=False)
    files: dict[str, Path] = field(default_factory=dict, repr=False)
    known: dict[str, str] = field(default_factory=dict, repr=False)


def loaded_stamps() -> Stamps:
    """Return the stamps of the files that a builder loads.

    These are the files of this package and the list of the libraries.
    """
    files = [path for path in PACKAGE.rglob("*") if path.suffix != ".pyc" and path.is_file()]
    return {path: stamp(path) for path in (*files, root() / "requirements.txt")}


def read_regular(path: Path, parts: int = BELOW_WAVE) -> bytes:
    """Return the content of a file that a build made.

    Raises OSError if it is not a regular file or if one of the last `parts` of its path is a link.
    """
    top = os.path.realpath(path.parents[parts - 1])
    if os.path.realpath(path) != os.path.join(top, *path.parts[-parts:]):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(number, "rb") as file:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
        return file.read()
