"""Publish all or nothing: a run fills a temporary folder, which then replaces the outputs."""

from __future__ import annotations

import errno
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.edition.failures import BusyError
from analysis.survey.folders import WAVE, RefusedError, printable, root, writable_folder
from analysis.survey.ownership import (
    MARKER,
    UNKNOWN,
    files_in,
    hash_of,
    made,
    mark,
    not_ours,
    quoted,
    refuse_edition,
    remove,
    replacing,
)

INPUTS, RECORD, SUMS, README = "INPUTS", "RECORD.jsonl", "SHA256SUMS", "README.md"
CHANGES = "changes.html"  # compares two editions, so it is part of neither
BESIDE = (SUMS, README, CHANGES)  # files that the sums do not list
IN_GIT = (INPUTS, RECORD, SUMS, README)  # git may change them without this program
LOCK = "lock"  # below build/
LINE = re.compile(r"([0-9a-f]{64})  (.+)")
PUBLISHED = re.compile(  # all names that an edition may contain
    r"INPUTS|RECORD\.jsonl|wave\.toml|index\.html|report/(en/)?(index\.html|report\.(docx|pdf))|notebooks/(en/)?\w+\.html"
    r"|districts/[0-9A-Z]{1,12}/(en/)?(index\.html|brief\.docx)|figures/(en/)?\w+\.(svg|png)|tables/(en/)?\w+\.csv"
    r"|tables/(en/)?tables\.xlsx|returns/[0-9A-Z]{1,12}_[^/]+\.xlsx"
)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a repository's scratch folder; BusyError if another run holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    number = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    with os.fdopen(number, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError("another run is under way in this repository") from None
        yield


@contextmanager
def staged(outputs: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; on success it replaces the edition in `outputs`.

    On failure nothing changes. Files that were added to the edition by hand are kept. Raises
    RefusedError if `outputs` is not an edition.
    """
    place = edition_folder(outputs)
    with replacing(place, written(place)) as fresh:
        yield fresh
        write_sums(fresh)


def edition_folder(outputs: Path, raw: Path | None = None) -> Path:
    """Return the path where an edition may be published, with links resolved.

    The folder must be new, empty, or an edition: it has the marker of this program, or the record
    of inputs and the sums of an edition, which match its files. In the repository's own `outputs`,
    git may bring these without the files. raw: the folder of the waves, which must not contain it
    or lie in it. Raises RefusedError with the reason.
    """
    place = writable_folder(outputs, keep=[raw] if raw else [])
    refuse_edition(place.parent)
    if os.path.lexists(place) and not place.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), printable(str(outputs)))
    if not place.is_dir() or not any(place.iterdir()):
        return place
    there, own = files_in(place), place.parent == root() / "outputs"
    if made(place) is not None:
        refuse_copied_marker(place, in_git=set(IN_GIT) if own else set())
        return place
    recorded = recorded_sums(place)
    cloned = own and set(there) <= {*IN_GIT, CHANGES}
    if not cloned and (INPUTS not in recorded or not is_record(place / INPUTS)):
        raise RefusedError(not_ours(outputs, [name for name in there if name not in recorded]))
    other = [name for name in there if name in recorded and _hash(place / name) != recorded[name]]
    # a merge may have left conflict marks
    if other := [name for name in other if not (own and name in IN_GIT)]:
        why = (
            "与 SHA256SUMS 不符，不改动 "
            "(not as SHA256SUMS there says, so left alone: move these files away)"
        )
        raise RefusedError(f"{printable(str(outputs))}: {why}: {quoted(other)}")
    return place


def refuse_copied_marker(place: Path, in_git: set[str]) -> None:
    """Raise RefusedError if most files of a folder are not those of its marker.

    The marker was copied from another folder then. in_git: names of files that git may change.
    """
    states = made(place) or {}
    there = [
        name for name, was in states.items() if was != UNKNOWN and os.path.lexists(place / name)
    ]
    there = [name for name in there if name not in in_git]
    other = [name for name in there if _hash(place / name) != states[name]]
    if 2 * len(other) > len(there):
        why = (
            f"与标记文件不符，不改动 "
            f"(not as the marker {MARKER} says, so left alone: move these files away)"
        )
        raise RefusedError(f"{printable(str(place))}: {why}: {quoted(other)}")


def is_record(path: Path) -> bool:
    """Return whether a file is the record of inputs of an edition: a wave, then the inputs."""
    if path.is_symlink() or not path.is_file():
        return False
    first, *lines = path.read_text("utf-8", "replace").splitlines() or [""]
    wave, _, name = first.partition("  ")
    return name == "wave" and WAVE.fullmatch(wave) is not None and all(map(LINE.fullmatch, lines))


def recorded_sums(folder: Path) -> dict[str, str]:
    """Read the sums of an edition, without lines that cannot be read (conflict marks).

    A name that no edition can contain is left out: its file belongs to somebody else.
    """
    path = folder / SUMS
    lines = path.read_text("utf-8", "replace").splitlines() if path.is_file() else []
    found = filter(None, map(LINE.fullmatch, lines))
    return {
        name: state
        for state, name in (line.groups() for line in found)
        if PUBLISHED.fullmatch(name)
    }


def written(outputs: Path) -> set[str]:
    """Return the files of an edition that this program wrote; others were added by hand."""
    return set(made(outputs) or recorded_sums(outputs)) | {SUMS, CHANGES}


def added(outputs: Path) -> list[str]:
    """Return the files that were added to an edition by hand."""
    known = {*written(outputs), *recorded_sums(outputs), *BESIDE}
    return [name for name in files_in(outputs) if name not in known] if outputs.is_dir() else []


def edited(outputs: Path) -> list[str]:
    """Return the files of an edition that were changed by hand."""
    known = [made(outputs) or {}, recorded_sums(outputs)]
    there = [name for name in known[0] if name not in IN_GIT and (outputs / name).is_file()]
    return [
        name
        for name in there
        if hash_of(outputs / name) not in {states.get(name) for states in known}
    ]


def write_sums(folder: Path) -> None:
    """Write the SHA-256 of every published file for `sha256sum -c`, and the marker."""
    states = {name: hash_of(folder / name) for name in files_in(folder) if name not in BESIDE}
    text = "".join(f"{state}  {name}\n" for name, state in states.items())
    (folder / SUMS).write_text(text, encoding="utf-8")
    beside = [name for name in (SUMS, CHANGES) if (folder / name).is_file()]
    mark(folder, states | {name: hash_of(folder / name) for name in beside})


def read_sums(path: Path) -> dict[str, str]:
    """Read sums as {name: hash}; ValueError for a line that cannot be read.

    A merge may have left conflict marks.
    """
    parts = [line.partition("  ") for line in path.read_text("utf-8").splitlines()]
    if odd := [number for number, (_, _, name) in enumerate(parts, start=1) if not name]:
        raise ValueError(f"{path} cannot be read, line {odd[0]}")
    return {name: state for state, _, name in parts}


def damaged(outputs: Path) -> list[str]:
    """Return the published files that are missing, altered or obsolete, one line each.

    Files that were added by hand are not reported: they are kept.
    """
    try:
        sums = read_sums(outputs / SUMS) if (outputs / SUMS).exists() else {SUMS: ""}
    except ValueError as error:
        return [str(error)]
    there = (
        {name for name in files_in(outputs) if name not in BESIDE} if outputs.is_dir() else set()
    )
    said = [f"missing: {name}" for name in sums if name not in there]
    said += [
        f"altered: {name}" for name in sums if name in there and _hash(outputs / name) != sums[name]
    ]
    return said + [
        f"not of the edition: {name}" for name in made(outputs) or () if name in there - sums.keys()
    ]


def _hash(path: Path) -> str:
    """Return the hash of a file; empty for anything else, such as a link."""
    return hash_of(path) if path.is_file() and not path.is_symlink() else ""


def clear(home: Path) -> list[str]:
    """Remove what this program made in a repository, and return the names of what is kept.

    It removes scratch folders, clean tables and the files of the edition. Files that somebody else
    added or changed are kept.
    """
    kept, build = [], home / "build"
    if any(path.is_symlink() for path in (build, home / "data/processed")):
        return [
            path.relative_to(home).as_posix()
            for path in (build, home / "data/processed")
            if path.exists()
        ]
    (build / LOCK).unlink(missing_ok=True)
    folders = [
        *build.glob("*"),
        *build.glob("forms/*"),
        *home.glob("data/processed/*"),
        *home.glob("outputs/*"),
    ]
    for folder in folders:
        if folder.is_symlink() or not folder.is_dir() or folder == build / "forms":
            continue
        whole = folder.name == "bench" or WAVE.fullmatch(folder.name)
        if folder.parent == build and whole and made(folder) is not None:
            kept += _clear_scratch(folder)
        else:
            edition = folder.parent == home / "outputs"
            recorded = recorded_sums(folder) if edition else {}  # elsewhere, sums are the user's
            kept += _clear_files(
                folder, made(folder) or recorded, set(IN_GIT) if edition else set()
            )
    for name, state in (made(home / "outputs") or {}).items():  # the page of all waves
        if _hash(home / "outputs" / name) == state:
            (home / "outputs" / name).unlink()
    (home / "outputs" / MARKER).unlink(missing_ok=True)
    for folder in (build / "forms", build):
        _remove_empty(folder)
    return [path.relative_to(home).as_posix() for path in kept]


def _clear_scratch(folder: Path) -> list[Path]:
    """Remove the files that steps leave in the scratch folder of a wave; return what is kept.

    All of that of the benchmarks is removed. Files added by somebody else are kept.
    """
    if folder.name == "bench":
        remove(folder)
        return []
    listed, kept = made(folder) or {}, []
    for name in files_in(folder):
        path = folder / name
        if name in listed and not path.is_symlink():
            path.unlink()
        else:
            kept.append(path)
    _remove_empty_below(folder)
    if not kept:
        remove(folder)
    return kept


def _clear_files(folder: Path, states: dict[str, str], in_git: set[str]) -> list[Path]:
    """Remove the files of a folder that are unchanged since this program wrote them.

    states: hash by name. in_git: names of files that stay. Returns what is kept.
    """
    kept = []
    if not states:
        return [folder / name for name in files_in(folder)]
    for name in files_in(folder):
        path = folder / name
        if name in in_git:
            continue
        if name in states and _hash(path) == states[name]:
            path.unlink()
        else:
            kept.append(path)
    if made(folder) is not None:
        (folder / MARKER).unlink()
    _remove_empty_below(folder)
    _remove_empty(folder)
    return kept


def _remove_empty_below(folder: Path) -> None:
    for inner in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        _remove_empty(inner)


def _remove_empty(folder: Path) -> None:
    if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
        folder.rmdir()
