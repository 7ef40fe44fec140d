"""The numbers of figures and tables before there is a page, from the sources of the notebooks."""

from __future__ import annotations

import ast
import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis.publish.cells import CellError, code_cells
from analysis.survey.folders import root
from analysis.survey.study import study

KINDS = {"figure": "fig", "table": "tab"}
LABELS = Path(__file__).parent / "template/labels.json"
ELSEWHERE = {"zh": "{}（报告未收）", "en": "{} (not in the report)"}


@dataclass(frozen=True)
class Call:
    """One call of `section.figure`, `section.table` or `section.include`, with the name that it gives."""

    method: str
    name: str


class Numbering:
    """Numbers on the page where readers meet what a notebook shows.

    That is the report; a notebook of a district, and one of a study without a report, is a page of its own.
    """

    def __init__(self, notebook: str, lang: str, district: str) -> None:
        own = not study().report or notebook == study().of_district
        self.lang, self.words = lang, json.loads(LABELS.read_text("utf-8"))[lang]
        self.numbers = dict(_numbered(notebook if own else study().report, district))

    def label(self, anchor: str) -> str:
        """Return 图 1 or Figure 1 for `fig-compliance`; what the page does not show is said to be elsewhere."""
        kind = next(kind for kind, prefix in KINDS.items() if anchor.startswith(prefix))
        if anchor in self.numbers:
            return f"{self.words[kind]} {self.numbers[anchor]}"
        return ELSEWHERE[self.lang].format(self.words[kind])


def _numbered(page: str, district: str) -> Iterator[tuple[str, int]]:
    """Yield the anchor and number of each figure and table of a page, in its order."""
    folder = root() / "notebooks"
    calls = {path.stem: list(_calls(path, district)) for path in sorted(folder.glob("*.ipynb"))}
    kinds = {call.name: call.method for made in calls.values() for call in made if call.method in KINDS}
    count: Counter[str] = Counter()
    for name in dict.fromkeys(call.name for call in calls[page] if call.name in kinds):
        count[kinds[name]] += 1
        yield f"{KINDS[kinds[name]]}-{name}", count[kinds[name]]


def _calls(notebook: Path, district: str) -> Iterator[Call]:
    with contextlib.suppress(CellError):  # of a notebook, or from one of its cells on; running it will tell
        for cell in code_cells(notebook):
            if "section." in cell.source and not cell.is_prose:
                nodes = [node for node in ast.walk(cell.tree()) if isinstance(node, ast.Call) and node.args]
                for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
                    if method := _method(node.func):
                        yield Call(method, _name(node.args[0], district))


def _method(function: ast.expr) -> str:
    """Return figure, table or include where a function is that method of the section, else nothing."""
    of_section = isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == "section"
    return function.attr if of_section and function.attr in {*KINDS, "include"} else ""


def _name(argument: ast.expr, district: str) -> str:
    """Return a name that is a plain string, or one with `{district}` in it; nothing for any other."""
    if isinstance(argument, ast.JoinedStr):
        parts = [part.value for part in argument.values]
        return "".join(district if getattr(part, "id", "") == "district" else str(part) for part in parts)
    return argument.value if isinstance(argument, ast.Constant) else ""
