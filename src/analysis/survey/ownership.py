"""Folders that this program made and may replace or remove, each identified by a marker file.

The marker lists the written files with their hashes, in the format of `sha256sum`. Files that it
does not list were added by somebody else and are never lost.
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
# of a wave, below build/
SCRATCH = {
    "columns",
    "districts",
    "en",
    "preview",
    "returns",
    "site",
    "times.json",
    "zh",
}
OURS = ("bench", "home")  # below build/, beside the scratch folders of the waves
UNKNOWN = "-"  # instead of the hash of a file of which only the name is known
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # from linux/fcntl.h and linux/fs.h
SHOWN = 5  # names listed in a message


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files_in(folder: Path) -> list[str]:
    """Return the files and links in a folder, except its marker, as names relative to it.

    Raises OSError if a folder in it cannot be read.
    """
    found = []
    for top, folders, files in os.walk(folder, onerror=_raise):
        links = [name for name in folders if os.path.islink(os.path.join(top, name))]
        found += [Path(top, name).relative_to(folder).as_posix() for name in (*files, *links)]
    return sorted(set(found) - {MARKER, PART})


def _raise(error: OSError) -> None:
    raise error


def made(folder: Path) -> dict[str, str] | None:
    """Return the files that this program wrote into a folder, with their hashes.

    None without its marker.
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
    """Write the marker of a folder that this program makes; states: hash by name of file."""
    text = HEAD + "".join(f"{state}  {name}\n" for name, state in sorted((states or {}).items()))
    put(text.encode(), folder / MARKER)


def put(content: bytes, target: Path) -> None:
    """Write a file atomically, replacing one of the same name; a link is not followed."""
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    with part.open("xb") as file:
        file.write(content)
    part.replace(target)


def quoted(names: Iterable[str]) -> str:
    """Return file names quoted for a message, at most SHOWN of them."""
    listed = [printable(name) for name in names]
    return "、".join(listed[:SHOWN]) + (f" … ({len(listed)})" if len(listed) > SHOWN else "")


def owned(folder: Path, names: Iterable[str]) -> set[str]:
    """Return the files of a folder that this program made.

    names: the files that it makes there. A folder of a version without markers is recognised by
    holding no others. Raises RefusedError if the folder was made by somebody else.
    """
    listed = made(folder)
    if listed is not None or not folder.exists():
        return set(listed or {})
    there = set(files_in(folder))
    if strangers := sorted(there - set(names)):
        raise RefusedError(not_ours(folder, strangers))
    return there


def not_ours(folder: Path, names: Iterable[str]) -> str:
    """Return the message for a folder that holds files this program did not make."""
    said = "不是本程序生成的文件夹，不改动 (not made by this program, so left alone; it holds"
    return (
        f"{printable(str(folder))}: {said} {quoted(names)}: move it away or choose another folder)"
    )


def claim_scratch(wave: str) -> None:
    """Mark the scratch folder of a wave.

    Raises RefusedError if it was made by somebody else, or is a link to another place.
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
    """List files of a wave's scratch folder in its marker, so that they may be removed."""
    folder = build(wave)
    before = made(folder) or {}
    after = dict.fromkeys((path.relative_to(folder).as_posix() for path in paths), UNKNOWN) | before
    if after != before:
        mark(folder, after)


def folder_for_files(folder: Path, keep: Iterable[Path] = ()) -> Path:
    """Return where single files that people edit may be written: in `build` or outside.

    Not in the scratch folder of a wave, whose files are removed by name, nor in an edition, nor
    where `writable_folder` refuses it. Raises RefusedError with the reason.
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
    """Yield an empty folder to fill, which replaces `folder` on success.

    On failure nothing changes. ours: the files of `folder` that this program made; others are kept
    under their names. Raises RefusedError if a folder needed for the exchange was made by somebody
    else, FileExistsError for a file added by hand whose name is now written.
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
    """Return the hash of every file of a folder, except its marker."""
    return {name: hash_of(folder / name) for name in files_in(folder)}


def _carry(source: Path, target: Path) -> None:
    """Link the files added by hand to a folder of this program into another folder."""
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
    """Replace a folder: in one step if the system can, else by two renames."""
    if not folder.exists():
        fresh.rename(folder)
    elif not _exchange(fresh, folder):
        folder.rename(old)
        fresh.rename(folder)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders of one file system atomically; False if that is not available.

    Uses renameat2 of Linux.
    """
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0


def _recover(folder: Path, fresh: Path, old: Path) -> None:
    """Finish an exchange that was interrupted, or remove its remains.

    Raises RefusedError if they were made by somebody else.
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
    """Return whether a folder holds more than a marker of which the writing was interrupted."""
    return any(path.name != PART or path.is_symlink() for path in folder.iterdir())


def remove(folder: Path) -> None:
    """Remove a folder that this program made.

    The marker goes last, so that the remains of an interrupted removal can be identified.
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
    """Yield an empty folder to fill; on success its files are added to `folder`.

    An existing file is overwritten only if this program wrote it and it is unchanged since. Raises
    RefusedError if nothing may be written, FileExistsError naming the files that are in the way; no
    file is written then.
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
    """Raise RefusedError if a folder lies inside what is published, of any wave."""
    refuse_edition(folder)
    if lies_inside(folder, root() / "outputs"):
        why = (
            "已发布的文件夹里不另写文件 "
            "(where editions are published: choose a folder outside of it)"
        )
        raise RefusedError(f"{printable(str(folder))}: {why}")


def refuse_edition(folder: Path) -> None:
    """Raise RefusedError if a folder lies inside a published edition."""
    for one in (folder, *folder.parents):
        if (one / "SHA256SUMS").is_file() and (one / "INPUTS").is_file():
            why = "已发布的版本里不另写文件 (a published edition: choose a folder outside of it)"
            raise RefusedError(f"{printable(str(one))}: {why}")
