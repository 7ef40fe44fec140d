"""Follow a page of the documentation: apply its edits to a copy of the repository and run its
commands.

A page is Markdown. What a fenced block does follows from its language, and what it does it to
stands in code spans in the paragraph before it, the file first:

    sh          commands; the folder and the path that they leave are those of the next
    text        what the commands before it print: these lines, in this order, among others; an
                ellipsis stands for anything
    csv, toml   lines to add at the end of the file
    diff        lines of a file, of some cell of a notebook: `-` goes, `+` comes, others stay
    python      a new cell of code of a notebook, after the last cell that has the second span
    markdown    the same, a cell of words
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from running import REPOSITORY
from strip_notebook import stripped, written

DOCS = REPOSITORY / "docs"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
ELLIPSIS = "…"
STATE = "\0"  # between what commands print, and the path and the folder that they leave
PUBLISHED = ("build", "data", "notebooks", "outputs", "tests/other_study")
FILES = ("study.toml", "pyproject.toml", "requirements.txt", "CITATION.cff", "LICENSE")


@dataclass(frozen=True)
class Step:
    """A block of a page: its language, its text, and the code spans of the paragraph before it."""

    kind: str
    text: str
    spans: tuple[str, ...]


def read_steps(page: str) -> list[Step]:
    """List the blocks of a page in order."""
    steps, end = [], 0
    for block in FENCE.finditer(page):
        before = page[end : block.start()].strip().rpartition("\n\n")[2]
        steps.append(Step(block[1], block[2], tuple(SPAN.findall(before))))
        end = block.end()
    return steps


def of_page(name: str) -> tuple[list[Step], list[str]]:
    """Return the blocks of a page of `docs/guide`, and the messages that its last section quotes."""
    main, _, last = (DOCS / "guide" / name).read_text("utf-8").rpartition("\n## ")
    return read_steps(main), [step.text for step in read_steps(last)]


def headings(page: str) -> list[int]:
    """List the levels of the headings of a page, without what stands in its blocks."""
    return [len(one) for one in re.findall(r"^(#+) ", FENCE.sub("", page), re.MULTILINE)]


def copy_edition(edition: Path, folder: Path) -> Path:
    """Copy a repository with a finished edition, and lead its `.venv` to the one that runs."""
    for name in PUBLISHED:
        source = edition if (edition / name).exists() else REPOSITORY
        if (source / name).exists():
            shutil.copytree(source / name, folder / name)
    for name in (*FILES, ".zenodo.json", ".gitignore"):
        shutil.copyfile(REPOSITORY / name, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


class Follower:
    """Does what a page says, in the copy at `folder`.

    output, code: what the last commands printed, and their exit code.
    """

    def __init__(self, folder: Path):
        self.folder, self.path = folder, os.environ["PATH"]
        self.output, self.code = "", 0

    def follow(self, steps: list[Step]) -> None:
        """Do some blocks of a page, one after another."""
        for step in steps:
            self.do(step)

    def do(self, step: Step) -> None:
        """Do one block."""
        match step.kind:
            case "sh":
                self.run(step.text)
            case "text":
                self.printed(step.text)
            case "csv" | "toml":
                self.append(step.spans[0], step.text)
            case "diff":
                self.change(step.spans[0], step.text)
            case "python" | "markdown":
                self.add_cell(*step.spans[:2], step.text)
            case _:
                raise AssertionError(f"a block of an unknown language: {step.kind!r}")

    def run(self, commands: str) -> None:
        """Run commands as a user would; only what the page calls may be called."""
        assert not re.search(r"\b(make|sudo|pip|git)\b", commands), commands
        kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f'{commands}\nprintf \'\\0%s\' "$PATH" "$PWD"'],
            cwd=self.folder,
            env=kept | {"PATH": self.path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.output, *state = done.stdout.split(STATE)
        self.code = done.returncode
        if state:  # where all commands have come to their end
            self.path, self.folder = state[0], Path(state[1])

    def printed(self, text: str) -> None:
        """Check that the last commands printed these lines in this order."""
        rest = self.output
        for line in filter(str.strip, text.splitlines()):
            pattern = ".*".join(re.escape(part) for part in line.strip().split(ELLIPSIS))
            found = re.search(pattern, rest)
            assert found, f"not printed: {line}\n\n{self.output}"
            rest = rest[found.end() :]

    def append(self, name: str, text: str) -> None:
        """Add lines at the end of a file."""
        path = self.folder / name
        before = path.read_text("utf-8")
        assert before.endswith("\n"), name
        path.write_text(before + text, "utf-8")

    def change(self, name: str, diff: str) -> None:
        """Change lines of a file, or of the cell of a notebook that has them."""
        old, new = (
            "\n".join(line[1:] for line in diff.splitlines() if not line.startswith(other))
            for other in "+-"
        )
        if not name.endswith(".ipynb"):
            path = self.folder / name
            path.write_text(replaced(path.read_text("utf-8"), old, new, name), "utf-8")
            return
        notebook = self.notebook(name)
        (cell,) = (one for one in notebook["cells"] if old in "".join(one["source"]))
        cell["source"] = replaced("".join(cell["source"]), old, new, name)
        self.save(name, notebook)

    def add_cell(self, name: str, after: str, source: str) -> None:
        """Add a cell to a notebook after the last one that has a text, as an editor would."""
        notebook = self.notebook(name)
        cells = notebook["cells"]
        place = max(i for i, one in enumerate(cells) if after in "".join(one["source"])) + 1
        drawn = f"{len(cells):08x}"
        new = {"cell_type": "code", "id": drawn, "metadata": {}, "source": source.rstrip("\n")}
        cells.insert(place, new | {"execution_count": 1, "outputs": []})
        self.save(name, notebook)

    def notebook(self, name: str) -> dict:
        return json.loads((self.folder / name).read_text("utf-8"))

    def save(self, name: str, notebook: dict) -> None:
        """Save a notebook as JupyterLab does here."""
        (self.folder / name).write_text(written(stripped(notebook)), "utf-8")

    def read(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")


def replaced(text: str, old: str, new: str, name: str) -> str:
    """Put lines in the place of others, which must be there once."""
    assert text.count(old) == 1, (name, old, text.count(old))
    return text.replace(old, new)
