"""Check all prose of the notebooks without running them, for faults that a build would refuse.

Prose is a `%%md` cell, and a text with `{{ }}` in a code cell (titles and subtitles of figures and
tables).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from jinja2 import TemplateSyntaxError

from analysis.publish.cells import Cell, CellError, read_cells
from analysis.publish.faults import name_faults
from analysis.publish.hard_coded import hard_coded_numbers, numbers_in_braces
from analysis.publish.numbering import KINDS
from analysis.survey.reference import reference
from analysis.survey.study import study

# suffix of the id of a prose cell if there are two languages
ENDINGS = {"zh": "", "en": "_en"}
# names defined in every section
GIVEN = frozenset({"city", "county", "district_names", "confidence", "figure", "table"})
ANNEX = "annex"
CITED = re.compile(r"\{\{ *(figure|table)\.(\w+) *\}\}")
DISTRICT = re.compile(r"[A-Z][a-z]+ District")  # the name of a district elsewhere


@dataclass(frozen=True)
class Finding:
    """Fault in one cell of a notebook, with the remedy.

    lang: the language of the text; empty if it is of no language, or of all. stops: whether the
    notebook could not be run or shown like this.
    """

    notebook: str
    cell: str
    message: str
    lang: str = ""
    stops: bool = True

    def __str__(self) -> str:
        place = f"notebooks/{self.notebook}.ipynb!{self.cell}" + f" ({self.lang})" * bool(self.lang)
        return f"{place}: {self.message}"


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


def study_facts() -> Facts:
    """Return what the prose of the study that one works in is held against."""
    indicators = frozenset(reference("measures")["indicator"])
    tables = reference("refused_terms"), reference("points")
    return Facts(indicators, *tables, study().report, study().languages)


def lint(folder: Path, facts: Facts, names: Collection[str] | None = None) -> list[Finding]:
    """List what is wrong with the prose of all notebooks in a folder, in reading order.

    names: those to read, without ending; without them, all.
    """
    paths = sorted(folder.glob("*.ipynb"))
    read = [path for path in paths if names is None or path.stem in names]
    return [found for path in read for found in _notebook(path, facts)]


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
            for message, stops in _template(text, known, facts, lang, cell.is_prose):
                yield Finding(name, cell.id, message, lang, stops)
    yield from _twins(name, cells, facts.endings)
    if name == facts.report:
        yield from _references(name, cells, facts.languages)
        yield from _points(name, cells, facts)


def _texts(cell: Cell) -> Iterator[tuple[str, str]]:
    """Yield the prose of a cell with its language.

    The prose is all of a `%%md` cell; of other cells it is the texts with braces, whose language is
    that of the enclosing argument: `zh=…`.
    """
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
    languages = {
        part: node.arg
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg in ENDINGS
        for part in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in pieces:
            continue  # part of a text that is composed while the notebook runs
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "{{" in node.value:
            yield languages.get(node, ""), node.value


def _language(cell: Cell) -> str:
    """Return the language that a prose cell names in its first line."""
    return cell.source.partition("\n")[0].removeprefix("%%md").strip()


def _template(
    text: str, known: frozenset[str], facts: Facts, lang: str, is_prose: bool
) -> Iterator[tuple[str, bool]]:
    """Yield the faults of one text, and whether each stops a run.

    Checked are syntax and names; in prose also numbers and terms.
    """
    try:
        yield from ((fault, True) for fault in name_faults(text, known, facts.indicators))
    except TemplateSyntaxError as error:
        yield f"not a template, line {error.lineno}: {error.message}", True
        return
    if not is_prose:
        return
    for typed in [*hard_coded_numbers(text), *numbers_in_braces(text)]:
        yield f"a number is typed: {typed}; take it by name, as {{{{ certified }}}}", True
    text = DISTRICT.sub("", text)
    for row in facts.refused[facts.refused["lang"] == lang].itertuples():
        if re.search(
            rf"(?<![A-Za-z]){re.escape(row.refused)}", text, re.IGNORECASE * (lang == "en")
        ):
            yield f"refused term: {row.refused}; write {row.use}", False


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


def _twins(name: str, cells: list[Cell], endings: dict[str, str]) -> Iterator[Finding]:
    """Yield the cells of prose that lack another language."""
    langs = {cell.id: _language(cell) for cell in cells if cell.is_prose}
    for cell, lang in langs.items():
        twin = cell.removesuffix("_en")
        if lang not in endings:
            said = f"%%md {lang}: languages are {', '.join(endings)}, as study.toml has them"
            yield Finding(name, cell, said)
        elif len(endings) == 1:
            continue
        elif lang == "zh" and langs.get(f"{cell}_en") != "en":
            said = f"no English: add a cell {cell}_en that begins with %%md en"
            yield Finding(name, cell, said, "en", stops=False)
        elif lang == "en" and langs.get(twin) != "zh":
            said = f"no Chinese: add a cell {twin} that begins with %%md zh"
            yield Finding(name, cell, said, "zh", stops=False)


def _references(name: str, cells: list[Cell], languages: tuple[str, ...]) -> Iterator[Finding]:
    """Yield references to what is not shown, and figures or tables without a reference.

    Every figure and table of the parts must be cited in each language.
    """
    shown = {
        cell.id: figure
        for cell in cells
        for figure in re.findall(r'section\.include\("(\w+)"\)', cell.source)
    }
    made = {
        figure
        for cell in cells
        for figure in re.findall(r'section\.(?:figure|table)\(\s*"(\w+)"', cell.source)
    }
    cited = {lang: _cited(cells, lang) for lang in languages}
    known = {*shown.values(), *made}
    places = [(lang, *item) for lang, found in cited.items() for item in found.items()]
    for lang, anchor, cell in places:
        if anchor[4:] not in known:
            remedy = f"add section.include({anchor[4:]!r})"
            said = f"cites {anchor}, which the report does not show; {remedy}"
            yield Finding(name, cell, said, lang)
    order = [cell.id for cell in cells]
    last = next((i for i, cell in enumerate(order) if cell.startswith(ANNEX)), len(order))
    for cell, lang in (
        (cell, lang) for cell in order[:last] if cell in shown for lang in languages
    ):
        if not {f"fig-{shown[cell]}", f"tab-{shown[cell]}"} & cited[lang].keys():
            said = f"{shown[cell]} is cited in no text of language {lang}"
            yield Finding(name, cell, said, lang, stops=False)


def _cited(cells: list[Cell], lang: str) -> dict[str, str]:
    """Return the figures and tables cited in a language, with the first cell that cites each."""
    found: dict[str, str] = {}
    for cell in (cell for cell in cells if cell.is_prose and _language(cell) == lang):
        for kind, name in CITED.findall(cell.source):
            found.setdefault(f"{KINDS[kind]}-{name}", cell.id)
    return found


def _points(name: str, cells: list[Cell], facts: Facts) -> Iterator[Finding]:
    """Yield the points of points.csv that name a missing cell."""
    source = {cell.id: cell.source for cell in cells}
    for row in facts.points.itertuples():
        for lang, ending in facts.endings.items():
            if f"{row.cell}{ending}" not in source:
                cell = f"{row.cell}{ending}"
                said = f"points.csv: point {row.id} names the cell {cell}, which is not there"
                yield Finding(name, row.cell, said, lang, stops=False)
