"""Check all prose of the notebooks without running them, for faults that a build would refuse.

Prose is a `%%md` cell, and a text with `{{ }}` in a code cell (titles and subtitles of figures and
tables).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from jinja2 import TemplateSyntaxError

from analysis.publish.cells import Cell, CellError, read_cells
from analysis.publish.faults import name_faults
from analysis.publish.hard_coded import hard_coded_numbers, numbers_in_braces

# suffix of the id of a prose cell if there are two languages
ENDINGS = {"zh": "", "en": "_en"}
# names defined in every section
GIVEN = frozenset({"city", "county", "district_names", "confidence"})
ANNEX = "annex"
CITED = re.compile(r'href="#((?:fig|tab)-\w+)"')
DISTRICT = re.compile(r"[A-Z][a-z]+ District")  # the name of a district elsewhere


@dataclass(frozen=True)
class Finding:
    """A fault in one cell of a notebook, with its remedy."""

    notebook: str
    cell: str
    message: str

    def __str__(self) -> str:
        return f"notebooks/{self.notebook}.ipynb!{self.cell}: {self.message}"


@dataclass(frozen=True)
class Facts:
    """Data of the reference tables with which prose is compared."""

    indicators: frozenset[str]
    refused: pd.DataFrame
    points: pd.DataFrame
    report: str  # the notebook of the report
    languages: tuple[str, ...]  # languages of the publications

    @property
    def endings(self) -> dict[str, str]:
        """Suffix of the id of a prose cell, by language."""
        return {lang: ENDINGS[lang] * (len(self.languages) > 1) for lang in self.languages}


def lint(folder: Path, facts: Facts) -> list[Finding]:
    """Return the faults in the prose of all notebooks in a folder, in reading order."""
    return [found for path in sorted(folder.glob("*.ipynb")) for found in _notebook(path, facts)]


def _notebook(path: Path, facts: Facts) -> Iterator[Finding]:
    name = path.stem
    try:
        cells = [
            Cell(cell["id"], "".join(cell["source"]))
            for cell in read_cells(path)
            if cell["cell_type"] == "code"
        ]
    except CellError as error:
        yield Finding(name, "-", str(error))
        return
    known = facts.indicators | GIVEN | _assigned(cells)
    for cell in cells:
        for lang, text in _texts(cell):
            for message in _template(text, known, facts, lang):
                yield Finding(name, cell.id, message)
    yield from (Finding(name, cell, message) for cell, message in _twins(cells, facts.endings))
    if name == facts.report:
        yield from (
            Finding(name, cell, message) for cell, message in _references(cells, facts.languages)
        )
        yield from (Finding(name, cell, message) for cell, message in _points(cells, facts))


def _texts(cell: Cell) -> Iterator[tuple[str, str]]:
    """Yield the prose of a cell with its language: a `%%md` cell, else its texts with braces."""
    if cell.is_prose:
        yield _language(cell), cell.source.partition("\n")[2]
        return
    try:
        tree = cell.tree()
    except CellError:
        return  # refused by the plan, with its reason
    pieces = {
        part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
    }
    for node in ast.walk(tree):
        if node in pieces:
            continue  # part of a text that is composed while the notebook runs
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "{{" in node.value:
            yield "", node.value


def _language(cell: Cell) -> str:
    """Return the language that a prose cell names in its first line."""
    return cell.source.partition("\n")[0].removeprefix("%%md").strip()


def _template(text: str, known: frozenset[str], facts: Facts, lang: str) -> Iterator[str]:
    """Yield the faults of one text: syntax, names, numbers, terms."""
    try:
        yield from name_faults(text, known, facts.indicators)
    except TemplateSyntaxError as error:
        yield f"not a template, line {error.lineno}: {error.message}"
        return
    if lang:
        for typed in [*hard_coded_numbers(text), *numbers_in_braces(text)]:
            yield f"a number is typed: {typed}; take it by name, as {{{{ certified }}}}"
    text = DISTRICT.sub("", text)
    for row in facts.refused[facts.refused["lang"] == lang].itertuples():
        if re.search(
            rf"(?<![A-Za-z]){re.escape(row.refused)}", text, re.IGNORECASE * (lang == "en")
        ):
            yield f"refused term: {row.refused}; write {row.use}"


def _assigned(cells: list[Cell]) -> frozenset[str]:
    """Return the names that a notebook adds to `section.names`.

    By `section.names["x"] = …` or `section.names.update(x=…)`.
    """
    found: set[str] = set()
    for cell in cells:
        try:
            tree = ast.Module([], []) if cell.is_prose else cell.tree()
        except CellError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "section.names":
                found |= {node.slice.value} if isinstance(node.slice, ast.Constant) else set()
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "section.names.update":
                found |= {keyword.arg for keyword in node.keywords if keyword.arg}
                texts = (part for argument in node.args for part in ast.walk(argument))
                found |= {part.value for part in texts if isinstance(part, ast.Constant)}
    return frozenset(name for name in found if isinstance(name, str))


def _twins(cells: list[Cell], endings: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the prose cells that lack the other language."""
    langs = {cell.id: _language(cell) for cell in cells if cell.is_prose}
    for cell, lang in langs.items():
        if lang not in endings:
            yield cell, f"%%md {lang}: languages are {', '.join(endings)}, as study.toml has them"
        elif len(endings) == 1:
            continue
        elif lang == "zh" and langs.get(f"{cell}_en") != "en":
            yield cell, f"no English: add a cell {cell}_en that begins with %%md en"
        elif lang == "en" and langs.get(cell.removesuffix("_en")) != "zh":
            yield (
                cell,
                f"no Chinese: add a cell {cell.removesuffix('_en')} that begins with %%md zh",
            )


def _references(cells: list[Cell], languages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield anchors that are cited and not shown, and figures or tables that are not cited.

    A figure or table of the parts must be cited in each language.
    """
    shown = {
        cell.id: name
        for cell in cells
        for name in re.findall(r'section\.include\("(\w+)"\)', cell.source)
    }
    made = {
        name
        for cell in cells
        for name in re.findall(r'section\.(?:figure|table)\(\s*"(\w+)"', cell.source)
    }
    cited = {lang: _cited(cells, lang) for lang in languages}
    names = {*shown.values(), *made}
    for anchor, cell in (item for anchors in cited.values() for item in anchors.items()):
        if anchor[4:] not in names:
            yield (
                cell,
                f"cites {anchor}, which the report does not show; add "
                f"section.include({anchor[4:]!r})",
            )
    order = [cell.id for cell in cells]
    last = next((i for i, name in enumerate(order) if name.startswith(ANNEX)), len(order))
    for cell, lang in (
        (cell, lang) for cell in order[:last] if cell in shown for lang in languages
    ):
        if not {f"fig-{shown[cell]}", f"tab-{shown[cell]}"} & cited[lang].keys():
            yield cell, f"{shown[cell]} is cited in no text of language {lang}"


def _cited(cells: list[Cell], lang: str) -> dict[str, str]:
    """Return the figures and tables cited in a language, with the first cell that cites each."""
    found: dict[str, str] = {}
    for cell in (cell for cell in cells if cell.is_prose and _language(cell) == lang):
        for anchor in CITED.findall(cell.source):
            found.setdefault(anchor, cell.id)
    return found


def _points(cells: list[Cell], facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield the points of points.csv that name a cell which does not exist."""
    source = {cell.id: cell.source for cell in cells}
    for row in facts.points.itertuples():
        for ending in facts.endings.values():
            if f"{row.cell}{ending}" not in source:
                yield (
                    row.cell,
                    f"points.csv: point {row.id} names the cell {row.cell}{ending}, which is not "
                    f"there",
                )
