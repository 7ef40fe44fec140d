"""Number figures and tables from the sources of the notebooks, before pages are rendered."""

from __future__ import annotations

import ast
import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.publish.cells import CellError, code_cells, reports_of
from analysis.survey.folders import build, root
from analysis.survey.study import study

KINDS = {"figure": "fig", "table": "tab"}
LABELS = Path(__file__).parent / "template/labels.json"
NAME = re.compile(r"f?'((?:\w|\{(?:district|wave)\})+)'")
ELSEWHERE = {"zh": "{}（报告未收）", "en": "{} (not in the report)"}


@dataclass(frozen=True)
class Call:
    """One call of `section.figure`, `section.table` or `section.include`, with its name.

    branch: whether it is in a branch or loop, so that only a run shows whether it has an effect.
    """

    method: str
    name: str
    branch: bool


class Numbering:
    """Numbers of figures and tables on the page that shows them, from the saved notebooks.

    The page is the report; a notebook of a district, and one of a study without a report, has its
    own page. Calls in a branch count if they took effect in the last build. district: the name of a
    figure may contain it.
    """

    def __init__(self, notebook: str, wave: str, lang: str, district: str) -> None:
        self.lang, self.words = lang, json.loads(LABELS.read_text("utf-8"))[lang]
        known = study()
        page = notebook if notebook == known.of_district else known.report or notebook
        run = f"{page}_{district}" if page == known.of_district else page
        last = build(wave) / lang / "notebooks" / f"{run}.ipynb"
        self.numbers = dict(_numbered(page, last, {"wave": wave, "district": district}))

    def label(self, anchor: str) -> str:
        """Return 图 1 or Figure 1 for `fig-compliance`, or a note if it is not on the page."""
        kind = next(kind for kind, prefix in KINDS.items() if anchor.startswith(prefix))
        if anchor in self.numbers:
            return f"{self.words[kind]} {self.numbers[anchor]}"
        return ELSEWHERE[self.lang].format(self.words[kind])


def _numbered(page: str, last: Path, parameters: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Yield the anchor and number of each figure and table of a page, in order.

    last: the executed notebook of its last run.
    """
    folder = root() / "notebooks"
    calls = {path.stem: list(_calls(path, parameters)) for path in sorted(folder.glob("*.ipynb"))}
    kinds = {
        call.name: call.method for made in calls.values() for call in made if call.method in KINDS
    }
    there = _shown(last) if any(call.branch for call in calls[page]) else set()
    count: Counter[str] = Counter()
    for call in calls[page]:
        if call.name in kinds and (call.name in there or not call.branch):
            kind = kinds[call.name]
            count[kind] += 1
            yield f"{KINDS[kind]}-{call.name}", count[kind]


def cells_that_make(notebook: Path, wave: str, district: str) -> dict[str, str]:
    """Map each figure and table that a notebook makes to the id of the cell that does."""
    calls = _calls_by_cell(notebook, {"wave": wave, "district": district})
    return {call.name: cell for cell, call in calls if call.method in KINDS}


def _shown(last: Path) -> set[str]:
    """Return the names of figures and tables in an executed notebook; empty without one."""
    cells = json.loads(last.read_text("utf-8"))["cells"] if last.exists() else []
    return {report["id"] for _, report in reports_of(cells) if "id" in report}


def _calls(notebook: Path, parameters: Mapping[str, str]) -> Iterator[Call]:
    yield from (call for _, call in _calls_by_cell(notebook, parameters))


def _calls_by_cell(notebook: Path, parameters: Mapping[str, str]) -> Iterator[tuple[str, Call]]:
    # not a notebook, or a faulty cell in it; reported when it is run
    with contextlib.suppress(CellError):
        for cell in code_cells(notebook):
            if "section." in cell.source and not cell.is_prose:
                for statement in cell.tree().body:
                    yield from ((cell.id, call) for call in _calls_in(statement, parameters))


def _calls_in(statement: ast.stmt, parameters: Mapping[str, str]) -> Iterator[Call]:
    nodes = [node for node in ast.walk(statement) if isinstance(node, ast.Call) and node.args]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        if method := _method(node.func):
            yield Call(method, _name(node.args[0], parameters), not isinstance(statement, ast.Expr))


def _method(function: ast.expr) -> str:
    """Return figure, table or include for that method of the section; else empty."""
    of_section = (
        isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == "section"
    )
    return function.attr if of_section and function.attr in {*KINDS, "include"} else ""


def _name(argument: ast.expr, parameters: Mapping[str, str]) -> str:
    """Return the name given by a call; empty for one that the pipeline refuses."""
    found = NAME.fullmatch(ast.unparse(argument))
    return found[1].format_map(parameters) if found else ""
