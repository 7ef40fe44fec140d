"""Find the inputs that differ between two editions, and where: the causes of the changes.

`INPUTS` has their hashes. If both files can be read, in the repository or in a commit, and have
these hashes, they are compared: rows of definitions, cells of notebooks, cells of workbooks. Cells
that hold, or may hold, an identifier or a name are not printed.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from analysis.edition.git_objects import blob
from analysis.edition.input_record import input_state, place
from analysis.edition.record import EditionRecord
from analysis.publish.cells import CellError, read_cells
from analysis.survey.folders import REFERENCE, WAVE

LONGEST = 60  # printed characters of a cell
UNREAD = (
    "没有与记录相符的两份文件，不能逐项比较 (not both files as recorded are at hand, so no details)"
)
ALIKE = "文件不同，数据相同 (the file differs, its data do not)"


@dataclass(frozen=True)
class InputChange:
    """One difference between inputs.

    kind: workbook, correction, definition, notebook, code or other. old, new: the contents, empty
    if there is none or if it must not be printed. note: why no more is reported.
    """

    kind: str
    place: str
    old: str = ""
    new: str = ""
    note: str = ""


def input_changes(root: Path, old: EditionRecord, new: EditionRecord) -> list[InputChange]:
    """Return the differences between the inputs of two editions, sorted by kind.

    Corrections come first, then workbooks.
    """
    names = dict.fromkeys([*new.inputs, *old.inputs])
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in (name for name in names if old.inputs.get(name) != new.inputs.get(name)):
            was = _Version(root, old, name, Path(folder, "old"))
            now = _Version(root, new, name, Path(folder, "new"))
            found += _changes(name, was, now, wave=new.said_once("wave")[0])
    order = ("correction", "workbook", "definition", "notebook", "code", "other")
    return sorted(_corrections(old, new) + found, key=lambda one: order.index(one.kind))


class _Version:
    """A file as it was for one edition; `path` is None if it is no longer available."""

    def __init__(self, root: Path, edition: EditionRecord, name: str, folder: Path) -> None:
        self.state = edition.inputs.get(name)
        self.path = None
        if self.state:
            with suppress(OSError):
                self.path = self._find(root, edition.commit, name, folder)

    def _find(self, root: Path, commit: str, name: str, folder: Path) -> Path | None:
        here = place(name, root)
        if here.is_file() and input_state(here) == self.state:
            return here
        for one in filter(None, dict.fromkeys((commit, "HEAD"))):
            content = blob(root, one, name)
            if content is not None:
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                if input_state(path) == self.state:
                    return path
        return None


def _changes(name: str, old: _Version, new: _Version, wave: str) -> list[InputChange]:
    """Return the differences of one input; a single one if there are no details."""
    kind = _kind(name)
    if kind in ("code", "other") or not (old.state and new.state):
        what = "changed" if old.state and new.state else "new" if new.state else "gone"
        return [InputChange(kind, name, note=what)]
    if kind == "correction":
        return []  # the record has them line by line
    if not (old.path and new.path):
        return [InputChange(kind, name, note=UNREAD)]
    try:
        if kind == "workbook":
            from analysis.edition.workbook_changes import workbook_changes

            found = [InputChange(kind, *one) for one in workbook_changes(old.path, new.path, wave)]
        else:
            found = list(COMPARED[kind](name, old.path, new.path))
    except (CellError, csv.Error, UnicodeDecodeError):
        return [InputChange(kind, name, note=UNREAD)]
    return found or [InputChange(kind, name, note=ALIKE)]


def _kind(name: str) -> str:
    path = PurePosixPath(name)
    if path.suffix == ".ipynb":
        return "notebook"
    if name.startswith("src/"):
        return "code"
    if path.is_relative_to(REFERENCE) and path.suffix == ".csv":
        return "definition"
    if not WAVE.fullmatch(path.parent.name) or path.suffix == ".toml":
        return "other"
    return "correction" if path.name == "corrections.csv" else "workbook"


def _corrections(old: EditionRecord, new: EditionRecord) -> list[InputChange]:
    """Compare the corrections made, by their cell."""
    before, after = (
        {one.name: one.said[0] for one in edition.facts if one.kind == "correction"}
        for edition in (old, new)
    )
    pairs = {cell: (before.get(cell, ""), after.get(cell, "")) for cell in {**after, **before}}
    return [
        InputChange("correction", cell, *pair) for cell, pair in pairs.items() if pair[0] != pair[1]
    ]


def _definitions(name: str, old: Path, new: Path) -> Iterator[InputChange]:
    """Compare the rows of a reference table, by the first columns that identify its rows."""
    tables = [_rows(path) for path in (old, new)]
    common = [column for column in tables[1][0] if column in tables[0][0]] if all(tables) else []
    widths = range(1, len(common) + 1)
    width = next((i for i in widths if all(_apart(table, common[:i]) for table in tables)), 0)
    keyed = [{" ".join(row[column] for column in common[:width]): row for row in t} for t in tables]
    for key in dict.fromkeys([*keyed[1], *keyed[0]]) if width else ():
        was, now = (rows.get(key) for rows in keyed)
        where = f"{PurePosixPath(name).name} {_short(key)}"
        if was is None or now is None:
            yield InputChange("definition", where, note="gone" if was else "new")
            continue
        for column in (column for column in common if was[column] != now[column]):
            pair = _short(was[column]), _short(now[column])
            yield InputChange("definition", f"{where} {column}", *pair)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, restval=""))


def _apart(rows: list[dict[str, str]], columns: Iterable[str]) -> bool:
    return len({tuple(row[column] for column in columns) for row in rows}) == len(rows)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _notebooks(name: str, old: Path, new: Path) -> Iterator[InputChange]:
    """Yield the cells of a notebook that differ, are new or are gone."""
    before, after = (
        {cell["id"]: _content(cell) for cell in read_cells(path)} for path in (old, new)
    )
    for cell in dict.fromkeys([*after, *before]):
        if before.get(cell) != after.get(cell):
            what = "new" if cell not in before else "gone" if cell not in after else "changed"
            yield InputChange("notebook", f"{name}, cell {cell}", note=what)


def _content(cell: dict[str, Any]) -> tuple[str, str, object]:
    return cell["cell_type"], "".join(cell["source"]), cell.get("metadata", {}).get("tags")


COMPARED = {"definition": _definitions, "notebook": _notebooks}
