"""What this program made, and what it may therefore replace or remove: a marker in each folder says
so.

The marker lists the files that were written, with their hashes, as `sha256sum` does. What it does
not list was put there by somebody else and is never lost.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.survey.folders import (
    WAVE,
    RefusedError,
    build,
    lies_inside,
    printable,
    root,
    writable_folder,
)

MARKER = ".made-by-analysis"
PART = f".{MARKER}.part"  # the marker while it is written
HEAD = (
    "# Made by analysis, which may replace or remove it. "
    "It wrote these files, and keeps any other:\n"
)
SCRATCH = {
    "columns",
    "districts",
    "en",
    "preview",
    "returns",
    "site",
    "times.json",
    "zh",
}  # of a wave, below build/
OURS = ("bench", "home")  # below build/, beside the scratch folders of the waves
UNKNOWN = "-"  # in place of the hash of a file of which no more than the name is known
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # from linux/fcntl.h and linux/fs.h
SHOWN = 5  # names in a message


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files_in(folder: Path) -> list[str]:
    """List everything in a folder but folders and its marker, links too, by name relative to it.

    Raises OSError where a folder in it cannot be read.
    """
    found = []
    for top, folders, files in os.walk(folder, onerror=_raise):
        links = [name for name in folders if os.path.islink(os.path.join(top, name))]
        found += [Path(top, name).relative_to(folder).as_posix() for name in (*files, *links)]
    return sorted(set(found) - {MARKER, PART})


def _raise(error: OSError) -> None:
    raise error


def made(folder: Path) -> dict[str, str] | None:
    """Map the files that this program wrote into a folder to their hashes; None without its
    marker.
    """
    marker = folder / MARKER
    if marker.is_symlink() or not marker.is_file():
        return None
    head, *lines = marker.read_text("utf-8", "replace").splitlines(keepends=True) or [""]
    if head != HEAD:
        return None
    parts = [line.rstrip("\n").partition("  ") for line in lines]
    return {name: state for state, _, name in parts if name}


def mark(folder: Path, states: dict[str, str] | None = None) -> None:
    """Write the marker of a folder that this program makes. states: hash by name of the files
    written so far.
    """
    text = HEAD + "".join(f"{state}  {name}\n" for name, state in sorted((states or {}).items()))
    put(text.encode(), folder / MARKER)


def put(content: bytes, target: Path) -> None:
    """Write a file in one step, in place of whatever has its name; a link is replaced, not
    followed.
    """
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    with part.open("xb") as file:
        file.write(content)
    part.replace(target)


def quoted(names: Iterable[str]) -> str:
    """Quote the names of files for a message, a few of many."""
    listed = [printable(name) for name in names]
    return "、".join(listed[:SHOWN]) + (f" … ({len(listed)})" if len(listed) > SHOWN else "")


def owned(folder: Path, names: Iterable[str]) -> set[str]:
    """Return the files of a folder that this program made.

    names: what it makes there; a folder of a version without markers is known by holding nothing
    else. Raises RefusedError where the folder is somebody else's.
    """
    listed = made(folder)
    if listed is not None or not folder.exists():
        return set(listed or {})
    there = set(files_in(folder))
    if strangers := sorted(there - set(names)):
        raise RefusedError(not_ours(folder, strangers))
    return there


def not_ours(folder: Path, names: Iterable[str]) -> str:
    """Say that a folder holds what this program did not make."""
    said = "不是本程序生成的文件夹，不改动 (not made by this program, so left alone; it holds"
    return (
        f"{printable(str(folder))}: {said} {quoted(names)}: move it away or choose another folder)"
    )


def claim_scratch(wave: str) -> None:
    """Mark the scratch folder of a wave; RefusedError where it is somebody else's, or leads
    elsewhere.
    """
    folder = build(wave)
    writable_folder(folder.parent, own="build")
    place = writable_folder(folder, own="build")
    if made(place) is not None:
        return
    if place.exists() and (strangers := sorted({path.name for path in place.iterdir()} - SCRATCH)):
        raise RefusedError(not_ours(place, strangers))
    place.mkdir(parents=True, exist_ok=True)
    mark(place)


def list_scratch(wave: str, paths: Iterable[Path]) -> None:
    """Note in the marker of a wave's scratch folder what its steps leave there, which may be
    removed.
    """
    folder = build(wave)
    before = made(folder) or {}
    after = dict.fromkeys((path.relative_to(folder).as_posix() for path in paths), UNKNOWN) | before
    if after != before:
        mark(folder, after)


def folder_for_files(folder: Path, keep: Iterable[Path] = ()) -> Path:
    """Return where single files that people work on may be put: below `build`, or outside of what
    is kept.

    Neither in the scratch folder of a wave, whose files are removed by name, nor in an edition.
    Raises RefusedError with the reason.
    """
    place = writable_folder(folder, own="build", keep=keep)
    refuse_published(place)
    top = Path(os.path.realpath(root() / "build"))
    first = place.relative_to(top).parts[:1] if place.is_relative_to(top) else ()
    if any(name in OURS or WAVE.fullmatch(name) for name in first):
        why = "是生成文件的临时目录，请另选文件夹 (a run writes there: choose another folder)"
        raise RefusedError(f"{printable(str(folder))}: build/{first[0]} {why}")
    return place


@contextmanager
def replacing(folder: Path, ours: Iterable[str]) -> Iterator[Path]:
    """Give an empty folder to fill; on success it takes the place of `folder`, on failure nothing
    changes.

    ours: the files of `folder` that this program made; any other is kept, under its name. Raises
    RefusedError where a folder that it needs for the exchange is somebody else's, FileExistsError
    for a file added by hand under a name that is now written.
    """
    fresh, old = (folder.with_name(f".{folder.name}.{end}") for end in ("new", "old"))
    _recover(folder, fresh, old)
    fresh.mkdir(parents=True)
    mark(fresh)
    try:
        yield fresh
        if not made(fresh):
            mark(fresh, states_of(fresh))
        if folder.exists():
            if made(folder) is None:
                mark(folder, dict.fromkeys(ours, UNKNOWN))
            _carry(folder, fresh)
        _swap(fresh, folder, old)
    finally:
        _recover(folder, fresh, old)


def states_of(folder: Path) -> dict[str, str]:
    """Map every file of a folder but its marker to its hash."""
    return {name: hash_of(folder / name) for name in files_in(folder)}


def _carry(source: Path, target: Path) -> None:
    """Link into another folder what was put by hand into one that this program made."""
    ours, new = made(source) or {}, made(target) or {}
    for name in files_in(source):
        if name in ours:
            continue
        one, other = source / name, target / name
        if name in new:
            why = (
                f"{name}: 与新生成的文件同名 "
                "(added by hand, and now written under the same name: rename yours)"
            )
            raise FileExistsError(why)
        if os.path.lexists(other):
            if os.path.samestat(one.lstat(), other.lstat()):
                continue
            other.unlink()
        other.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(one, other, follow_symlinks=False)
        except OSError:  # a file system without links
            shutil.copy2(one, other, follow_symlinks=False)


def _swap(fresh: Path, folder: Path, old: Path) -> None:
    """Put a fresh folder in the place of another: in one step where the system can, else in two
    renames.
    """
    if not folder.exists():
        fresh.rename(folder)
    elif not _exchange(fresh, folder):
        folder.rename(old)
        fresh.rename(folder)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders of one file system atomically (Linux renameat2); False where that is not
    to be had.
    """
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0


def _recover(folder: Path, fresh: Path, old: Path) -> None:
    """Finish an exchange that was cut short, or clear what it left; RefusedError where that is
    somebody else's.
    """
    for left in (fresh, old):
        if left.is_symlink():
            raise RefusedError(not_ours(left, ["→ " + os.readlink(left)]))
        if left.exists() and made(left) is None and _holds(left):
            raise RefusedError(not_ours(left, [path.name for path in left.iterdir()]))
    if old.exists() and not folder.exists():
        old.rename(folder)
    for left in (fresh, old):
        if left.exists():
            if made(left) and folder.exists():  # an edition that was replaced, or was to be
                _carry(left, folder)
            remove(left)


def _holds(folder: Path) -> bool:
    """Tell whether a folder holds more than a marker that a kill cut short."""
    return any(path.name != PART or path.is_symlink() for path in folder.iterdir())


def remove(folder: Path) -> None:
    """Remove a folder that this program made, the marker last: what a kill leaves still says whose
    it is.
    """
    if made(folder) is None and _holds(folder):
        raise RefusedError(not_ours(folder, [path.name for path in folder.iterdir()]))
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != MARKER:
            path.unlink()
    (folder / MARKER).unlink(missing_ok=True)
    folder.rmdir()


@contextmanager
def adding(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill; on success its files go into `folder`, beside what is there.

    A file there is written over only if this program wrote it and nobody has changed it since.
    Raises RefusedError where nothing may be written, FileExistsError naming the files that stand in
    the way; none is written then.
    """
    place = folder_for_files(folder)
    with tempfile.TemporaryDirectory() as work:
        yield Path(work)
        new, known = states_of(Path(work)), made(place) or {}
        taken = [
            name
            for name, state in new.items()
            if not _replaceable(place / name, {state, known.get(name)})
        ]
        if taken:
            said = (
                "不覆盖 (not written over: "
                "not written by this program, or filled in since; move them away)"
            )
            raise FileExistsError(f"{printable(str(folder))}: {quoted(taken)}: {said}")
        if new:
            place.mkdir(parents=True, exist_ok=True)
        for name in new:
            put((Path(work) / name).read_bytes(), place / name)
        if new:
            mark(place, known | new)


def _replaceable(path: Path, states: set[str | None]) -> bool:
    if not os.path.lexists(path):
        return True
    return path.is_file() and not path.is_symlink() and hash_of(path) in states


def refuse_published(folder: Path) -> None:
    """Refuse a folder inside what is published, of this wave or another; raises RefusedError."""
    refuse_edition(folder)
    if lies_inside(folder, root() / "outputs"):
        why = (
            "已发布的文件夹里不另写文件 "
            "(where editions are published: choose a folder outside of it)"
        )
        raise RefusedError(f"{printable(str(folder))}: {why}")


def refuse_edition(folder: Path) -> None:
    """Refuse a folder inside a published edition; raises RefusedError."""
    for one in (folder, *folder.parents):
        if (one / "SHA256SUMS").is_file() and (one / "INPUTS").is_file():
            why = "已发布的版本里不另写文件 (a published edition: choose a folder outside of it)"
            raise RefusedError(f"{printable(str(one))}: {why}")
