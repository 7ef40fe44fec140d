"""Paths in the repository, valid names of waves and files, and folders that may be written."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from analysis.survey.messages import NO_STUDY

PACKAGE = Path(__file__).parents[1]
REFERENCE = Path("data/raw/reference")
DECLARATION = "wave.toml"  # in the folder of each wave
STUDY = "study.toml"  # in the root
WAVE = re.compile(r"[0-9]{4}(-[a-z0-9]{1,12})?")
DISTRICT = re.compile(r"[0-9A-Z]{1,12}")  # of any study; `study.toml` gives a narrower pattern
NOTEBOOK = re.compile(r"[0-9]{2}_[a-z0-9_]{1,60}")
FILE_NAME = re.compile(r"[^\W_][\w ·'-]{0,59}")  # a county's name as part of a file name
KEPT = (
    ".ci",
    ".git",
    ".venv",
    "benchmarks",
    "build",
    "data",
    "docs",
    "notebooks",
    "src",
    "tests",
    "tools",
)
LONGEST_QUOTE = 60  # characters of a refused name that a message repeats


class RefusedError(ValueError):
    """Raised with the allowed form, or the reason, when a name or folder may not be used."""


def wave_name(text: str) -> str:
    """Return a valid name of a wave: four digits, or four digits with a short suffix.

    Raises RefusedError for any other text.
    """
    form = (
        "轮次应为四位数字，可加短后缀，如 2020、2020-pilot "
        "(a wave is [0-9]{4} or [0-9]{4}-[a-z0-9]{1,12})"
    )
    return _of_form(WAVE, text, form)


def district_code(text: str) -> str:
    """Return a valid code of a district: at most twelve digits and capital letters.

    Raises RefusedError for any other text.
    """
    return _of_form(
        DISTRICT, text, "区划代码应为数字和大写字母 (a district code is [0-9A-Z]{1,12})"
    )


def notebook_name(text: str) -> str:
    """Return a valid name of a notebook without its suffix, such as `02_facilities`.

    Raises RefusedError for any other text.
    """
    form = "笔记本名应如 02_facilities (a notebook is [0-9]{2}_[a-z0-9_]{1,60})"
    return _of_form(NOTEBOOK, text, form)


def _of_form(pattern: re.Pattern, text: str, form: str) -> str:
    if isinstance(text, str) and pattern.fullmatch(text):
        return text
    said = repr(text)  # characters that cannot be printed are escaped
    raise RefusedError(f"{said[:LONGEST_QUOTE]}{'…' * (len(said) > LONGEST_QUOTE)}: {form}")


def printable(name: str) -> str:
    """Return a file name with bytes that are not UTF-8, and control characters, escaped."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def root(start: Path | None = None) -> Path:
    """Return the repository that contains `start` (default: the current directory).

    Raises FileNotFoundError if no folder above holds both `notebooks` and `data/raw`.
    """
    try:
        return _root(os.path.abspath(start or "."))
    except FileNotFoundError as error:
        if error.errno is None:
            raise
        raise FileNotFoundError(
            "the current folder is not there any more: change to another one"
        ) from None


@cache  # called thousands of times in a run with many counties
def _root(start: str) -> Path:
    here = Path(start).resolve()
    for folder in (here, *here.parents):
        if _is_repository(folder):
            return folder
    raise FileNotFoundError(f"{here} is not inside a repository with notebooks/ and data/raw/")


def usual_wave() -> str:
    """Return the default wave, which `study.toml` names; uses the standard library only.

    Raises RefusedError if it names none; `analysis.survey.study` reports other faults of the file.
    """
    try:
        declared = (root() / STUDY).read_text("utf-8")
    except OSError as error:
        said = f"{STUDY}: {NO_STUDY.fault().text} → {NO_STUDY.remedy} [{NO_STUDY.code}]"
        raise RefusedError(f"{said}: {error}") from None
    try:
        return wave_name(tomllib.loads(declared)["wave"])
    except (ValueError, KeyError) as error:
        form = (
            f'{STUDY}: 应写明轮次，如 wave = "2020" '
            "(name the wave that is meant where none is given)"
        )
        raise RefusedError(f"{form}: {error}") from None


def waves_until(raw: Path) -> list[Path]:
    """Return the folders of the waves beside `raw`, up to and including it, in order of name.

    Each has a declaration. Other folders, such as copies of a wave under other names, are left out.
    """
    folders = [path.parent for path in sorted(raw.parent.glob(f"*/{DECLARATION}"))]
    waves = [folder for folder in folders if WAVE.fullmatch(folder.name) or folder.name == raw.name]
    return [folder for folder in waves if folder.name <= raw.name]


def files_until(raw: Path) -> list[Path]:
    """Return the files of the wave in `raw` and of earlier waves, which comparisons need."""
    waves = sorted(one for one in {*waves_until(raw), raw} if one.is_dir())
    return [path for wave in waves for path in wave.iterdir() if path.is_file()]


def processed(wave: str) -> Path:
    """Return the folder of the clean tables of a wave; RefusedError if it is not a wave."""
    return root() / "data/processed" / wave_name(wave)


def build(wave: str) -> Path:
    """Return the scratch folder of a wave, for figures, tables and estimates of notebooks.

    Raises RefusedError (a ValueError) if it is not a wave.
    """
    return root() / "build" / wave_name(wave)


def columns(wave: str) -> Path:
    """Return the folder of the hashes of the columns of a wave's clean tables."""
    return build(wave) / "columns"


def district(wave: str, code: str) -> Path:
    """Return the folder of the data that the page of one district may show."""
    return build(wave) / "districts" / district_code(code)


def writable_folder(folder: Path, own: str = "", keep: Iterable[Path] = ()) -> Path:
    """Return the path of a folder with links resolved, if files may be written there.

    The folder must not lie inside or contain anything that people write: the folders KEPT of the
    repository, its root, this package and its Python, the home directory, and `keep`. It must not
    lie in another repository, except in its `build`. own: the folder of the repository for such
    files, which it may lie in (`build`, `data/processed`). Raises RefusedError with the reason.
    """
    if str(folder).startswith("~"):
        raise RefusedError(
            f"{folder}: “~”未展开 (the shell did not expand it: write the folder out)"
        )
    place, home = Path(os.path.realpath(folder)), root()
    free = own.partition("/")[0] if own and lies_inside(place, home / own) else ""
    kept = [home / name for name in KEPT if name != free]
    if own != "data/raw":  # it, or waves in it, may be on another disk
        kept += [home / "data/raw", *(home / "data/raw").glob("*/")]
    kept += [Path(os.path.realpath(path)) for path in (PACKAGE, *keep)]
    if not free and (other := _another_repository(place, home, own)):
        raise RefusedError(_kept(folder, f"lies inside another repository, {other.as_posix()}"))
    if why := _why_not(place, kept, home, own):
        raise RefusedError(_kept(folder, why))
    return place


def _why_not(place: Path, kept: Iterable[Path], home: Path, own: str) -> str:
    """Return why nothing may be written in a folder, to end a sentence; empty if it may."""
    for path in kept:
        if _inside(place, path):
            return f"lies inside {_shown(path, home)}"
    for path in (
        *kept,
        home,
        home / own,
        Path(sys.prefix),
        Path(os.path.expanduser("~")),
        Path("/"),
    ):
        if _inside(Path(os.path.realpath(path)), place) and not (own and path == home / own):
            return f"holds {_shown(path, home)}"
    hidden = place.relative_to(home).parts if place.is_relative_to(home) else place.parts[-1:]
    return "is hidden" if any(part.startswith(".") for part in hidden) else ""


def _another_repository(place: Path, home: Path, own: str) -> Path | None:
    """Return the repository other than `home` that contains a folder; None in its `build`."""
    for one in (place, *place.parents):
        if one == home or (own == "build" and one.name == "build" and _is_repository(one.parent)):
            return None
        if _is_repository(one):
            return one
    return None


def _is_repository(folder: Path) -> bool:
    return (folder / "notebooks").is_dir() and (folder / "data/raw").is_dir()


def _kept(folder: Path, why: str) -> str:
    return f"{printable(str(folder))}: 不能写在这里，请另选文件夹 (it {why}: choose another folder)"


def _shown(path: Path, home: Path) -> str:
    inside = path != home and path.is_relative_to(home)
    return path.relative_to(home).as_posix() if inside else path.as_posix()


@contextmanager
def semaphores_named() -> Iterator[None]:
    """Name the location of semaphores in the error raised if they cannot be created.

    The error of the system names no file.
    """
    try:
        yield
    except OSError as error:
        where = "/dev/shm" if sys.platform == "linux" else "shared memory"
        raise OSError(
            error.errno, f"{where} 不可写 (cannot be written: {error.strerror})"
        ) from None


def lies_inside(path: Path, folder: Path) -> bool:
    """Return whether a path, with links resolved, is a folder or lies in it."""
    return _inside(Path(os.path.realpath(path)), Path(os.path.realpath(folder)))


def _inside(path: Path, folder: Path) -> bool:
    """Return whether a path is a folder or lies in it, also by another name of the folder.

    Other names are those in another case, or of a second mount.
    """
    if path.is_relative_to(folder):
        return True
    try:
        wanted = folder.stat()
    except OSError:
        return False
    return any(_is(one, wanted) for one in (path, *path.parents))


def _is(path: Path, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), wanted)
    except OSError:
        return False
