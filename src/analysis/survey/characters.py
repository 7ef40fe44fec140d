"""Characters that published texts may contain: visible ones for which the font has a glyph.

Texts that people write (corrections, `wave.toml`, reference tables, notebooks, names of files) are
checked before anything runs: a direction override or a zero-width character would change what a
reader sees, and the PDF cannot be made if the font lacks a glyph.
"""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import uharfbuzz as hb

from analysis.survey.folders import REFERENCE, STUDY
from analysis.survey.messages import (
    BARE_MARK,
    NOT_DRAWN_BY_FONT,
    NOT_FILLED,
    NOT_SEEN,
    OTHER_LENGTH,
    UNREADABLE,
    Fault,
)
from analysis.survey.problems import Problem
from analysis.survey.study import study
from analysis.survey.text import is_unseen, seen

FONT = "NotoSansSC-Regular.ttf"
LAYOUT = "\n\t"  # allowed in the source of a notebook


@cache
def font_path() -> Path:
    """Return the path of the font Noto Sans SC Regular (OFL), which zhplot ships.

    The package is located without importing it, since its import changes matplotlib's settings.
    """
    package = find_spec("zhplot")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError("the package zhplot, which carries the font, is not installed")
    path = Path(package.submodule_search_locations[0]) / "fonts" / FONT
    if not path.is_file():
        raise FileNotFoundError(f"zhplot holds no {path.name}")
    return path


@cache
def covered() -> frozenset[str]:
    """Return every character for which the font has a glyph (about 30,900); takes 10 ms once."""
    return frozenset(map(chr, hb.Face(hb.Blob.from_file_path(str(font_path()))).unicodes))


@cache
def _fit() -> frozenset[str]:
    """Return the characters that need no further check: in the font, visible, not combining."""
    return frozenset(
        one
        for one in covered()
        if not is_unseen(one) and not unicodedata.category(one).startswith("M")
    )


def text_fault(text: str, allowed: str = "") -> Fault | None:
    """Return the fault of the first character that cannot be published, or None.

    allowed: control characters for white space that are accepted.
    """
    odd = set(text) - _fit() - set(allowed)
    if not odd:
        return None
    for place, one in enumerate(text):
        if one not in odd:
            continue
        code = f"U+{ord(one):04X}"
        if is_unseen(one):
            return NOT_SEEN.fault(code=code)
        if unicodedata.category(one).startswith("M") and not text[:place].strip():
            return BARE_MARK.fault(code=code)
        if one not in covered():
            return NOT_DRAWN_BY_FONT.fault(character=one, code=code)
    return None


def typed_problems(root: Path) -> list[Problem]:
    """Check the published texts of the repository `root`: study, reference tables, notebooks.

    Texts of a wave (corrections, `wave.toml`, workbooks) are checked where they are read.
    """
    tables, notebooks = root / REFERENCE, root / "notebooks"
    return study_problems() + reference_problems(tables) + notebook_problems(notebooks)


def study_problems() -> list[Problem]:
    """Check the titles that `study.toml` declares, of forms and of the pages of districts."""
    texts = {"forms.title": study().form_title, "forms.office": study().office}
    texts |= {f"district_title.{lang}": text for lang, text in study().district_title.items()}
    faults = {key: text_fault(str(text)) for key, text in texts.items()}
    return [Problem.of(fault, STUDY, column=key) for key, fault in faults.items() if fault]


def reference_problems(folder: Path) -> list[Problem]:
    """Return a problem for each cell of the reference tables that cannot be published.

    The problem gives file, line and column.
    """
    problems = []
    for path in sorted(folder.glob("*.csv")):
        try:
            problems += list(_table_faults(path))
        except (UnicodeDecodeError, csv.Error) as error:
            problems.append(Problem.of(UNREADABLE.fault(f": {error}"), path.name))
    return problems


def _table_faults(path: Path) -> Iterator[Problem]:
    records = read_records(path)
    _, head = next(records, (1, []))
    for line, cells in [(1, head), *records]:
        if len(cells) != len(head):
            fault = OTHER_LENGTH.fault(count=len(cells), fields=len(head))
            yield Problem.of(fault, path.name, row=line)
            continue
        for title, cell in zip(head, cells, strict=True):
            if fault := _cell_fault(cell, title):
                yield Problem.of(fault, path.name, "", seen(title), line)


def _cell_fault(cell: str, title: str) -> Fault | None:
    """Return the fault of a cell: an unreplaced placeholder, or a character."""
    return NOT_FILLED.fault(value=cell) if cell == f"<{title}>" else text_fault(cell)


def read_records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each record of a CSV file (UTF-8) with its first line number, without blank lines.

    Raises UnicodeDecodeError, csv.Error or OSError.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader, begun = csv.reader(file, strict=True), 1
        for cells in reader:
            if cells:
                yield begun, cells
            begun = reader.line_num + 1


def notebook_problems(folder: Path) -> list[Problem]:
    """Return a problem for each cell of the notebooks whose source cannot be published.

    The problem gives notebook and cell.
    """
    problems = []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            cells = json.loads(path.read_text("utf-8"))["cells"]
        except (ValueError, KeyError, TypeError):  # not a notebook: reported by the plan of the run
            continue
        for cell in cells:
            if fault := text_fault("".join(cell["source"]), LAYOUT):
                problems.append(Problem.of(fault, path.name, cell.get("id", "")))
    return problems
