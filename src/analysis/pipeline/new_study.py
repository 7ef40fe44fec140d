"""Write the folder of a new study: an example that builds at once, to be replaced by file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from analysis.survey.folders import KEPT, PACKAGE, RefusedError, printable, root

SKELETON = PACKAGE / "skeleton"
HIDDEN = {"gitignore": ".gitignore"}  # with its own name it would apply to the skeleton itself
FILLED = "已有内容，请另选文件夹 (holds files: choose a folder that is empty or not there yet)"
INSIDE = "属于本研究，请另选文件夹 (belongs to this study: choose another folder)"


def write_study(folder: Path) -> list[Path]:
    """Copy the skeleton to `folder`, completely or not at all; returns its files.

    Raises RefusedError if the folder is not empty, or lies in one of the folders of a study.
    """
    place = Path(os.path.realpath(folder))
    if os.path.lexists(place) and (not place.is_dir() or any(place.iterdir())):
        raise RefusedError(f"{printable(str(folder))} {FILLED}")
    around = _study_around(place)
    if around and (place == around or place.relative_to(around).parts[0] in (*KEPT, "outputs")):
        raise RefusedError(f"{printable(str(folder))} {INSIDE}")
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(f".{place.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        shutil.copytree(SKELETON, fresh, copy_function=shutil.copyfile)
        for name, hidden in HIDDEN.items():
            (fresh / name).rename(fresh / hidden)
        fresh.replace(place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return sorted(path for path in place.rglob("*") if path.is_file())


def _study_around(place: Path) -> Path | None:
    """Return the study in which a folder, existing or not, lies."""
    there = next(parent for parent in (place, *place.parents) if parent.is_dir())
    try:
        return root(there)
    except FileNotFoundError:
        return None
