"""Run the command line on a copy of the repository, and check that it writes only there."""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.edition.stage import damaged, write_sums
from analysis.survey.ownership import MARKER

REPOSITORY = Path(__file__).parents[1]
# What takes many minutes, and is run before a release: SLOW=1 make test-slow.
slow = pytest.mark.skipif(not os.environ.get("SLOW"), reason="takes minutes: SLOW=1 make test-slow")
NEEDED = (
    *("data/raw", "notebooks", "study.toml", "pyproject.toml", "requirements.txt"),
    *("CITATION.cff", "LICENSE", ".zenodo.json"),
)


def copy_repository(target: Path) -> Path:
    """Copy what a build needs, so that tests do not touch the user's tables and outputs."""
    for name in NEEDED:
        source = REPOSITORY / name
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        copy(source, target / name)
    return target


def command_line(*arguments: str) -> list[str]:
    """Return the words that start a command: the generator is a script beside the package."""
    if arguments[:1] == ("synthesise",):
        return [sys.executable, str(REPOSITORY / "tools/synthesise.py"), *arguments[1:]]
    return [sys.executable, "-m", "analysis", *arguments]


def run_analysis(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run the command line in a folder; it must change only the files that it reports."""
    before = [contents(folder, TOOLS), originals(), beside(folder)]
    done = subprocess.run(
        command_line(*arguments),
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        errors="backslashreplace",
    )
    after = [contents(folder, TOOLS), originals(), beside(folder)]
    mine = SCRATCH if done.returncode == USAGE else written_by(folder, arguments)
    touched = {name for name, _ in before[0].items() ^ after[0].items() if not within(name, mine)}
    assert (touched, after[1:]) == (set(), before[1:]), arguments
    return done


def originals() -> list[dict[str, str]]:
    """Hash what lies in the repository itself and is never written; its code may be edited while
    the tests run.
    """
    return [contents(REPOSITORY / name, {"processed"}) for name in ("data", "notebooks")]


USAGE = 64
SCRATCH = {"build", "data/processed"}
TOOLS = {".git", ".venv", ".pytest_cache", ".ruff_cache", ".hypothesis", ".import_linter_cache"}
# never written, whatever an option says
ORIGINALS = {"data", "src", "notebooks", "tests", "docs", "."}
WRITING = {
    "build": SCRATCH | {"outputs"},
    "diff": {"outputs"},
    "check": set(),
    "forms": {"build/forms"},
    "synthesise": {"data/raw"},
    "new": {"study"},
    "preview": SCRATCH,
    "release": {"build/release"},
    "site": {"build/site"},
}
OPTIONS = ("--outputs", "--returns", "--out")


def written_by(folder: Path, arguments: tuple) -> set[str]:
    """Return the folders, relative to that of the run, which a command may write to."""
    words = [os.fsdecode(argument) for argument in arguments]
    named = [os.path.normpath(words[i + 1]) for i, word in enumerate(words[:-1]) if word in OPTIONS]
    named = [os.path.relpath(name, folder) if os.path.isabs(name) else name for name in named]
    allowed = {name for name in named if name.split("/")[0] not in {*ORIGINALS, ".."}}
    return allowed | WRITING.get(words[0] if words else "", set())


def within(name: str, folders: set[str]) -> bool:
    """Return whether a path lies in one of these folders, or in one exchanged with it."""
    parts = name.split("/")
    return any("/".join(parts[:end]) in folders for end in range(1, len(parts) + 1))


def contents(folder: Path, skipped: set[str]) -> dict[str, str]:
    """Map every file and link below a folder to its hash, but those in the folders skipped."""
    found = {}
    for top, folders, files in os.walk(folder):
        inside = os.path.relpath(top, folder)
        links = [name for name in folders if os.path.islink(os.path.join(top, name))]
        for name in (*files, *links):
            path = os.path.normpath(os.path.join(inside, name))
            if not within(path, skipped):
                found[path] = state_of(os.path.join(top, name))
        kept = [
            name
            for name in folders
            if not within(os.path.normpath(os.path.join(inside, name)), skipped)
        ]
        folders[:] = [name for name in kept if name != "__pycache__"]
    return found


def state_of(path: str) -> str:
    """Return the hash of a file, where a link leads, or what else it is."""
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return os.readlink(path)
    return hashlib.sha256(Path(path).read_bytes()).hexdigest() if stat.S_ISREG(mode) else str(mode)


def beside(folder: Path) -> set[str]:
    """List what lies beside a folder."""
    return set(os.listdir(folder.parent)) - {"__pycache__"}


OUTPUT = "the previous edition\n"


def publish(folder: Path) -> Path:
    """Give a copy of the repository an edition of one page."""
    (folder / "outputs/2020").mkdir(parents=True)
    (folder / "outputs/2020/page.html").write_text(OUTPUT)
    (folder / "outputs/2020/INPUTS").write_text("2020  wave\n")
    write_sums(folder / "outputs/2020")
    return folder


def is_whole(folder: Path) -> bool:
    """Tell whether that edition is as it was."""
    names = sorted(path.name for path in (folder / "outputs/2020").iterdir() if path.name != MARKER)
    whole = names == ["INPUTS", "SHA256SUMS", "page.html"] and not damaged(folder / "outputs/2020")
    return whole and (folder / "outputs/2020/page.html").read_text() == OUTPUT
