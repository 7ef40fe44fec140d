"""Publish all or nothing: a run writes a folder beside the outputs and puts it in their place at the end."""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

from analysis.pipeline.failures import Busy

SUMS = "SHA256SUMS"
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # from linux/fcntl.h and linux/fs.h
CARRIED = ("README.md",)  # hand-written; everything else in outputs/ is generated


@contextmanager
def alone(folder: Path):
    """Hold the lock of a repository's scratch folder; raises Busy when another run holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy("another run is under way in this repository") from None
        yield


@contextmanager
def staged(outputs: Path):
    """Give an empty folder to fill; on success it replaces `outputs`, on failure it goes and nothing changes."""
    fresh = outputs.with_name(f".{outputs.name}.new")
    old = outputs.with_name(f".{outputs.name}.old")
    _recover(outputs, old)
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        yield fresh
        for name in CARRIED:
            if (outputs / name).exists():
                shutil.copyfile(outputs / name, fresh / name)
        write_sums(fresh)
        _swap(fresh, outputs, old)
    finally:
        _recover(outputs, old)
        shutil.rmtree(fresh, ignore_errors=True)


def _swap(fresh: Path, outputs: Path, old: Path) -> None:
    """Put the fresh folder in place of the outputs: in one step where the system can, else in two renames."""
    if not outputs.exists():
        fresh.rename(outputs)
    elif not _exchange(fresh, outputs):
        outputs.rename(old)
        fresh.rename(outputs)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders of one file system atomically (Linux renameat2); False where that is not to be had."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0


def _recover(outputs: Path, old: Path) -> None:
    """Finish a swap that was cut short between its two renames, or clear what it left."""
    if old.exists() and not outputs.exists():
        old.rename(outputs)
    shutil.rmtree(old, ignore_errors=True)


def write_sums(folder: Path) -> None:
    """Write the SHA-256 of every published file, as `sha256sum -c` reads it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not _is_record(path))
    lines = [f"{hash_of(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def read_sums(path: Path) -> dict[str, str]:
    """Read sums: {name: hash}. Raises ValueError where a line is none (a merge may have left its marks)."""
    parts = [line.partition("  ") for line in path.read_text("utf-8").splitlines()]
    if odd := [number for number, (_, _, name) in enumerate(parts, start=1) if not name]:
        raise ValueError(f"{path} cannot be read, line {odd[0]}")
    return {name: state for state, _, name in parts}


def damaged(outputs: Path) -> list[str]:
    """Say which published files are missing, altered or not of the edition, a line each."""
    try:
        sums = read_sums(outputs / SUMS) if (outputs / SUMS).exists() else {SUMS: ""}
    except ValueError as error:
        return [str(error)]
    there = {p.relative_to(outputs).as_posix(): p for p in sorted(outputs.rglob("*")) if p.is_file()}
    said = [f"missing: {name}" for name in sums if name not in there]
    said += [f"altered: {name}" for name in sums if name in there and hash_of(there[name]) != sums[name]]
    return said + [
        f"not of the edition: {name}" for name in there if name not in sums and not _is_record(there[name])
    ]


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _is_record(path: Path) -> bool:
    return path.name in (SUMS, *CARRIED)
