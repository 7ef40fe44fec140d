"""Where things lie in the repository that one works in."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

REFERENCE = Path("data/raw/reference")
DECLARATION = "wave.toml"  # in the folder of each wave


def root(start: Path | None = None) -> Path:
    """Find the repository around `start` (default: the current directory).

    Raises FileNotFoundError when no folder above holds both `notebooks` and `data/raw`.
    """
    return _root(os.path.abspath(start or "."))


@cache  # it is asked for thousands of times in a run of many counties
def _root(start: str) -> Path:
    here = Path(start).resolve()
    for folder in (here, *here.parents):
        if (folder / "notebooks").is_dir() and (folder / "data/raw").is_dir():
            return folder
    raise FileNotFoundError(f"{here} is not inside a repository with notebooks/ and data/raw/")


def waves_until(raw: Path) -> list[Path]:
    """List the folders of the waves beside `raw` up to it, by name, each with a declaration."""
    folders = [path.parent for path in sorted(raw.parent.glob(f"*/{DECLARATION}"))]
    return [folder for folder in folders if folder.name <= raw.name]


def files_until(raw: Path) -> list[Path]:
    """List the files of the wave in `raw` and of those before it, which tell what has changed since."""
    waves = sorted(one for one in {*waves_until(raw), raw} if one.is_dir())
    return [path for wave in waves for path in wave.iterdir() if path.is_file()]


def processed(wave: str) -> Path:
    """Return the folder of the clean tables of a wave."""
    return root() / "data/processed" / wave


def build(wave: str) -> Path:
    """Return the scratch folder where notebooks leave figures, tables and estimates of a wave."""
    return root() / "build" / wave


def columns(wave: str) -> Path:
    """Return the folder of a fingerprint for each column of the clean tables of a wave."""
    return build(wave) / "columns"
