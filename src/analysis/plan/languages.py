"""Find the cells of a notebook that depend on its language, and repeat only these.

A notebook runs once, in the main language. Then, in the same kernel, the cells that depend on
`lang` run again for each further language; the results of the others are kept. These cells are
found in the source: a cell depends on the language if it uses `lang` or writes text with `section`,
or uses a name that such a cell has bound or changed. A cell whose value has been replaced when it
is needed again runs again too.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import nbformat
from papermill.parameterize import parameterize_notebook

from analysis.publish.cells import Cell, CellError, code_cells

AGAIN = "--"  # separates the id of a cell and the language in which it runs again
SWITCH = "switch-to"
SILENT = frozenset(  # attributes of a section that are the same in all languages
    {
        "computed",
        "district",
        "estimates",
        "facts",
        "keep",
        "notebook",
        "save",
        "synthetic",
        "wave",
        "withheld",
    }
)
KEEPING = frozenset({"keep", "save"})
IN_PLACE = frozenset(  # methods of lists, sets, mappings and tables that change the object
    "add append clear discard extend insert pop popitem remove reverse setdefault sort "
    "update".split()
)
KEPT_AGAIN = (
    "it keeps numbers and depends on the language: give section.keep and section.save cells of "
    "their own, and read no words in them"
)


@dataclass
class Use:
    """Names used by one cell: read from earlier cells, bound, changed in place.

    speaks: whether it uses the language itself. keeps: whether it keeps or saves numbers.
    """

    reads: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    speaks: bool = False
    keeps: bool = False


class Notebook:
    """The code cells of a notebook, with the names that each uses."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.cells = [cell for cell in cells if "parameters" not in cell.tags]
        self.uses = [_use_of(cell) for cell in self.cells]

    def behind(self, name: str, place: int) -> set[int]:
        """Return the cells that bound or changed the value of a name at the cell at `place`."""
        found: set[int] = set()
        for i in range(place - 1, -1, -1):
            if name in self.uses[i].changes:
                found.add(i)
            if name in self.uses[i].binds:
                return found | {i}
        return found

    def altered_later(self, name: str, place: int) -> bool:
        """Return whether a name is bound or changed from the cell at `place` on."""
        return any(name in use.binds | use.changes for use in self.uses[place:])

    @cached_property
    def again(self) -> set[int]:
        """Positions of the cells that run again for a further language."""
        chosen = {i for i, use in enumerate(self.uses) if use.speaks}
        before: set[int] = set()
        while before != chosen:
            before = set(chosen)
            for i, use in enumerate(self.uses):
                for name in use.reads | use.changes:
                    behind = self.behind(name, i)
                    if behind & chosen:
                        chosen |= {i, *behind}
                    elif i in chosen and self.altered_later(name, i):
                        chosen |= behind
        return chosen


def again(notebook: Path) -> list[str]:
    """Return the ids of the cells that run again for a further language, in order.

    Raises CellError naming a cell that would keep numbers twice.
    """
    read = Notebook(code_cells(notebook))
    for i in sorted(read.again):
        if read.uses[i].keeps:
            raise CellError(f"cell {read.cells[i].id}: {KEPT_AGAIN}")
    return [read.cells[i].id for i in sorted(read.again)]


@cache
def _use_of(cell: Cell) -> Use:
    """Return the names used by a cell, to be read only; CellError if it is not Python."""
    use = Use()
    if cell.is_prose:
        use.speaks = True
        return use
    for statement in cell.tree().body:
        reads, binds = _names_in(statement)
        use.reads |= reads - use.binds
        use.changes |= _changed_in(statement) - use.binds
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom):
            use.binds |= binds
        use.changes |= binds - use.binds  # bound in a branch or a loop, which may not run
        for node in ast.walk(statement):
            _note(node, statement, use)
    return use


def _note(node: ast.AST, statement: ast.stmt, use: Use) -> None:
    """Record whether a node uses the language or keeps numbers.

    `lang` as an argument of `Section` does not count.
    """
    if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "section":
        use.speaks |= node.attr not in SILENT
        use.keeps |= node.attr in KEEPING
    elif isinstance(node, ast.Name) and node.id == "lang" and isinstance(node.ctx, ast.Load):
        use.speaks |= node not in _of_section_call(statement)


def _of_section_call(statement: ast.stmt) -> list[ast.expr]:
    value = getattr(statement, "value", None)
    is_call = isinstance(value, ast.Call) and getattr(value.func, "id", "") == "Section"
    return value.args if is_call else []


def _names_in(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """Return the names of the notebook that a statement reads and binds.

    Statements inside functions and loops count too.
    """
    names = _Names()
    names.visit(statement)
    return names.reads, names.binds


class _Names(ast.NodeVisitor):
    """Collect names read and bound, except names local to an expression or function."""

    def __init__(self) -> None:
        self.reads: set[str] = set()
        self.binds: set[str] = set()
        self.own: list[set[str]] = []  # local names of the enclosing expressions, innermost last

    def visit_Name(self, node: ast.Name) -> None:
        if not any(node.id in names for names in self.own):
            (self.reads if isinstance(node.ctx, ast.Load) else self.binds).add(node.id)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.binds |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}

    visit_ImportFrom = visit_Import

    def _visit_loop(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        self.visit(node.generators[0].iter)  # evaluated before the loop's names are bound
        targets = (part for loop in node.generators for part in ast.walk(loop.target))
        self._inside({part.id for part in targets if isinstance(part, ast.Name)}, node)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_loop

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._inside({part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)}, node)

    def _inside(self, names: set[str], node: ast.AST) -> None:
        self.own.append(names)
        self.generic_visit(node)
        self.own.pop()


def _changed_in(statement: ast.stmt) -> set[str]:
    """Return the names whose values a statement changes in place.

    As `x[…] = …`, `x += …` or `x.insert(…)`.
    """
    found = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.AugAssign):
            found.add(_base(node.target))
        elif isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            found.add(_base(node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            in_place = any(keyword.arg == "inplace" for keyword in node.keywords)
            found |= {_base(node.func)} if node.func.attr in IN_PLACE or in_place else set()
    return found - {"", "section"}


def _base(node: ast.expr) -> str:
    """Return the name at the root of `x.y[…].z`; empty if there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return getattr(node, "id", "")


def with_repeats(source: Path, languages: Sequence[str]) -> nbformat.NotebookNode:
    """Return a notebook in which the cells that depend on the language are repeated.

    They are repeated once for each further language.
    """
    notebook, repeated = nbformat.read(source, as_version=4), again(source)
    by_id = {cell["id"]: cell for cell in notebook.cells}
    for lang in languages:
        switch = f'lang = "{lang}"\nif "section" in globals():\n    section.switch(lang)'
        notebook.cells.append(nbformat.v4.new_code_cell(switch, id=f"{SWITCH}-{lang}"))
        for name in repeated:
            if not by_id[name].source.startswith("%%md") or by_id[name].source.startswith(
                f"%%md {lang}\n"
            ):
                notebook.cells.append(
                    nbformat.v4.new_code_cell(by_id[name].source, id=f"{name}{AGAIN}{lang}")
                )
    return notebook


def apart(
    executed: nbformat.NotebookNode, parameters: dict, languages: Sequence[str]
) -> list[nbformat.NotebookNode]:
    """Split an executed notebook into one for each language, as if each had run by itself."""
    ends = {f"{AGAIN}{lang}" for lang in languages}
    found = [copy.deepcopy(executed)]
    found[0].cells = [one for one in executed.cells if not _is_repeat(one["id"], ends)]
    repeats = {cell["id"]: cell for cell in executed.cells}
    for lang in languages:
        said = copy.deepcopy(found[0])
        injected = [
            one for one in said.cells if "injected-parameters" in one.metadata.get("tags", [])
        ]
        for cell in injected:
            cell.source = _parameters_cell(said, parameters | {"lang": lang})
        for cell in said.cells:
            if cell.cell_type != "code":
                continue
            if (twin := repeats.get(f"{cell['id']}{AGAIN}{lang}")) is not None:
                cell.outputs, cell.execution_count = (
                    copy.deepcopy(twin.outputs),
                    twin.execution_count,
                )
            elif cell.source.startswith("%%md"):
                cell.outputs = []  # in the main language
        found.append(said)
    return found


def _is_repeat(name: str, ends: set[str]) -> bool:
    return name.startswith(SWITCH) or any(name.endswith(end) for end in ends)


def _parameters_cell(notebook: nbformat.NotebookNode, parameters: dict) -> str:
    """Return the source of the parameters cell as papermill writes it."""
    plain = copy.deepcopy(notebook)
    plain.cells = [
        cell for cell in plain.cells if "injected-parameters" not in cell.metadata.get("tags", [])
    ]
    given = parameterize_notebook(plain, parameters, kernel_name="python3", language="python")
    return next(
        cell for cell in given.cells if "injected-parameters" in cell.metadata.get("tags", [])
    ).source


def original(name: str) -> str:
    """Return the id of the cell that a repeated cell repeats."""
    return name.rpartition(AGAIN)[0] or name


def language_of(name: str, notebook: Path, main: str) -> str:
    """Return the language that a cell of a run used; empty if it computes for all languages.

    main: the language that the notebook runs in first.
    """
    _, between, lang = name.rpartition(AGAIN)
    with suppress(CellError):  # a cell that is not Python has no language
        return lang if between else main * (name in again(notebook))
    return ""
