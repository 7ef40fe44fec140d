"""Where things lie in the repository that one works in, what may be named, and where nothing is
written.
"""

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
DISTRICT = re.compile(r"[0-9A-Z]{1,12}")  # of any study; its own pattern is narrower
NOTEBOOK = re.compile(r"[0-9]{2}_[a-z0-9_]{1,60}")
FILE_NAME = re.compile(r"[^\W_][\w ·'-]{0,59}")  # a county's, as part of a file's name
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
LONGEST_QUOTE = 60  # characters of a refused name that are repeated


class RefusedError(ValueError):
    """Raised where a name or a folder may not be used: with the allowed form, or the reason."""


def wave_name(text: str) -> str:
    """Return the name of a wave; RefusedError unless it is four digits, or these with a short
    suffix.
    """
    form = (
        "轮次应为四位数字，可加短后缀，如 2020、2020-pilot "
        "(a wave is [0-9]{4} or [0-9]{4}-[a-z0-9]{1,12})"
    )
    return _of_form(WAVE, text, form)


def district_code(text: str) -> str:
    """Return the code of a district; RefusedError unless it is digits and capitals, twelve at
    most.
    """
    return _of_form(
        DISTRICT, text, "区划代码应为数字和大写字母 (a district code is [0-9A-Z]{1,12})"
    )


def notebook_name(text: str) -> str:
    """Return the name of a notebook without its ending; RefusedError unless it is like
    `02_facilities`.
    """
    form = "笔记本名应如 02_facilities (a notebook is [0-9]{2}_[a-z0-9_]{1,60})"
    return _of_form(NOTEBOOK, text, form)


def _of_form(pattern: re.Pattern, text: str, form: str) -> str:
    if isinstance(text, str) and pattern.fullmatch(text):
        return text
    said = repr(text)  # shows what cannot be printed
    raise RefusedError(f"{said[:LONGEST_QUOTE]}{'…' * (len(said) > LONGEST_QUOTE)}: {form}")


def printable(name: str) -> str:
    """Show a file's name whose bytes are no UTF-8, or that holds control characters, so that it can
    be printed.
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def root(start: Path | None = None) -> Path:
    """Find the repository around `start` (default: the current directory).

    Raises FileNotFoundError when no folder above holds both `notebooks` and `data/raw`.
    """
    try:
        return _root(os.path.abspath(start or "."))
    except FileNotFoundError as error:
        if error.errno is None:
            raise
        raise FileNotFoundError(
            "the current folder is not there any more: change to another one"
        ) from None


@cache  # it is asked for thousands of times in a run of many counties
def _root(start: str) -> Path:
    here = Path(start).resolve()
    for folder in (here, *here.parents):
        if _is_repository(folder):
            return folder
    raise FileNotFoundError(f"{here} is not inside a repository with notebooks/ and data/raw/")


def usual_wave() -> str:
    """Return the wave that is meant where none is named: that of `study.toml`, read without any
    library.

    Raises RefusedError where it names none; `analysis.survey.study` says what is wrong with the
    rest of the file.
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
    """List the folders of the waves beside `raw` up to it, by name, each with a declaration.

    Others beside it, as a copy of a wave under another name, are no waves.
    """
    folders = [path.parent for path in sorted(raw.parent.glob(f"*/{DECLARATION}"))]
    waves = [folder for folder in folders if WAVE.fullmatch(folder.name) or folder.name == raw.name]
    return [folder for folder in waves if folder.name <= raw.name]


def files_until(raw: Path) -> list[Path]:
    """List the files of the wave in `raw` and of those before it, which tell what has changed
    since.
    """
    waves = sorted(one for one in {*waves_until(raw), raw} if one.is_dir())
    return [path for wave in waves for path in wave.iterdir() if path.is_file()]


def processed(wave: str) -> Path:
    """Return the folder of the clean tables of a wave; RefusedError (a ValueError) where it is no
    wave.
    """
    return root() / "data/processed" / wave_name(wave)


def build(wave: str) -> Path:
    """Return the scratch folder of a wave, where notebooks leave figures, tables and estimates.

    Raises RefusedError (a ValueError) where it is no wave.
    """
    return root() / "build" / wave_name(wave)


def columns(wave: str) -> Path:
    """Return the folder of a fingerprint for each column of the clean tables of a wave."""
    return build(wave) / "columns"


def district(wave: str, code: str) -> Path:
    """Return the folder of what the page of one district may say."""
    return build(wave) / "districts" / district_code(code)


def writable_folder(folder: Path, own: str = "", keep: Iterable[Path] = ()) -> Path:
    """Return where a folder really lies, links followed, if files may be written there.

    It must not lie inside or around anything that people write: the folders KEPT of the repository,
    its root, this package and its Python, the home; nor `keep`; nor in another repository, but for
    its `build`. own: the folder of the repository that holds such files and that it may lie in
    (`build`, `data/processed`). Raises RefusedError with the reason.
    """
    if str(folder).startswith("~"):
        raise RefusedError(
            f"{folder}: “~”未展开 (the shell did not expand it: write the folder out)"
        )
    place, home = Path(os.path.realpath(folder)), root()
    free = own.partition("/")[0] if own and lies_inside(place, home / own) else ""
    kept = [home / name for name in KEPT if name != free]
    if own != "data/raw":  # it, or waves in it, may lie on another disk
        kept += [home / "data/raw", *(home / "data/raw").glob("*/")]
    kept += [Path(os.path.realpath(path)) for path in (PACKAGE, *keep)]
    if not free and (other := _another_repository(place, home, own)):
        raise RefusedError(_kept(folder, f"lies inside another repository, {other.as_posix()}"))
    if why := _why_not(place, kept, home, own):
        raise RefusedError(_kept(folder, why))
    return place


def _why_not(place: Path, kept: Iterable[Path], home: Path, own: str) -> str:
    """Say why nothing may be written in a folder, as the end of a sentence; empty where it may."""
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
    """Return the repository, other than `home`, in which a folder lies; None where it lies in its
    `build`.
    """
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
    """Say where the semaphores of processes lie, if they cannot be made there: their error names no
    file.
    """
    try:
        yield
    except OSError as error:
        where = "/dev/shm" if sys.platform == "linux" else "shared memory"
        raise OSError(
            error.errno, f"{where} 不可写 (cannot be written: {error.strerror})"
        ) from None


def lies_inside(path: Path, folder: Path) -> bool:
    """Tell whether a path, links followed, is a folder or lies in it."""
    return _inside(Path(os.path.realpath(path)), Path(os.path.realpath(folder)))


def _inside(path: Path, folder: Path) -> bool:
    """Tell whether a path is a folder or lies in it, under whatever name (other case, a second
    mount).
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
