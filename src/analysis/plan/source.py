"""Find what a notebook reads and makes, from the syntax tree of its code cells.

Tables, columns, reference tables, figures and notebooks must be named by plain strings in the
calls. Code whose reads cannot be determined is refused with its notebook and cell: a change of its
inputs would go unnoticed, and a stale number would be published. While a step runs,
`analysis.survey.access` compares what it reads with this plan.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from analysis.plan.modules import PlanError, closure, has_module, imported, name_of, plain
from analysis.publish.cells import Cell, CellError, code_cells

FILE_NAME = re.compile(r"\w+")
PARAMETERS = ("wave", "lang", "district")
READERS = ("read", "read_estimates", "read_places", "read_statements", "reference", "register")
MAKERS = ("figure", "table")
SECTION = (*MAKERS, "include", "save")  # methods whose calls are part of the plan
LIBRARIES = frozenset(
    "IPython __future__ analysis collections dataclasses datetime decimal enum fractions functools "
    "itertools math matplotlib numbers numpy operator pandas re scipy seaborn statistics "
    "statsmodels string textwrap typing warnings".split()
)
# built-in functions that can read, or name what is read, without a plain call
DYNAMIC = frozenset(
    "__builtins__ __import__ breakpoint compile delattr dir eval exec get_ipython getattr globals "
    "input locals open setattr vars".split()
)
# attributes of libraries and of paths that read files or test whether they exist
FILES = frozenset(
    "ExcelFile HDFStore environ exists fromfile genfromtxt get_data get_rdataset getenv glob home "
    "imread is_dir is_file iterdir listdir load load_dataset loadtxt memmap open open_memmap popen "
    "read_bytes read_text rglob environb fs get_file_info getmtime getsize isdir isfile lexists "
    "lstat open_input_file open_input_stream scandir stat system walk".split()
)
MODULES = frozenset(  # libraries that read files, however they are imported
    "builtins ctypes glob importlib io mmap os pa pathlib pickle pyarrow shutil socket sqlite3 "
    "subprocess sys tempfile urllib".split()
)
SEALS = frozenset({"Sealed", "opened", "opening", "sealed", "sealing"})  # of analysis.survey.sealed
OPENED = (
    "tables of people stay sealed in a notebook: give them to a function of analysis.stats; "
    "a new one is written there"
)
CLOCK = ("now", "today", "utcnow")
PLAIN = "write names as plain strings, as in {}"
FOREIGN = "files are read by the functions of analysis.survey.repository alone"
STRANGER = (
    "no library that a notebook may import: modules of the project lie in src/analysis; libraries "
    "that read no files are listed in src/analysis/plan/source.py"
)
OUT_OF_SIGHT = "what it reads cannot be told from the source"
EXAMPLES = {
    "read": 'read("communities", wave, "compliant")',
    "read_estimates": 'read_estimates(wave, "02_facilities")',
    "read_places": "read_places(wave, district=district)",
    "read_statements": "read_statements(wave)",
    "reference": 'reference("measures")',
    "register": 'register("benchmarks", wave)',
    "figure": 'section.figure("compliance", …)',
    "table": 'section.table("facilities", …)',
    "include": 'section.include("compliance")',
    "save": "section.save()",
    "section": "section.keep(…)",
    "Section": 'section = Section("02_facilities", wave, lang)',
}


@dataclass
class Source:
    """What the code of a notebook reads and makes.

    tables: clean tables by name, with the columns read; no columns stand for the whole table.
    estimates: the notebooks whose estimates are read; empty for all of them, None for none.
    of_district: what is read of the one district that the notebook is about. made: figures and
    tables by name, which may hold a parameter in braces.
    """

    tables: dict[str, set[str]] = field(default_factory=dict)
    references: set[str] = field(default_factory=set)
    estimates: set[str] | None = None
    statements: bool = False
    of_district: set[str] = field(default_factory=set)
    included: set[str] = field(default_factory=set)
    made: dict[str, str] = field(default_factory=dict)
    saves: bool = False
    modules: frozenset[Path] = frozenset()

    def products(self, parameters: dict[str, str]) -> dict[str, str]:
        """Return the figures and tables made by a run with these parameters, with their kind."""
        return {name.format(**parameters): kind for name, kind in self.made.items()}


def read_source(notebook: Path, notebooks: Sequence[str], tables: Sequence[str] = ()) -> Source:
    """Return what a notebook reads and makes.

    notebooks, tables: the names that may be read, if known. Raises PlanError with notebook, cell,
    code and rule for everything that cannot be determined from the source.
    """
    source, faults, trees = Source(), [], []
    try:
        cells = [cell for cell in code_cells(notebook) if not cell.is_prose]
    except (CellError, OSError) as error:
        raise PlanError(f"notebooks/{notebook.name}: {error}") from None
    for cell in cells:
        try:
            trees.append(cell.tree())
        except CellError as error:
            faults.append(f"cell {cell.id}: {error}")
            continue
        faults += [
            f"cell {cell.id}: {fault}"
            for fault in _Reader(source, notebook.stem, cell).faults(trees[-1])
        ]
    strangers = sorted((source.estimates or set()) - set(notebooks))
    faults += [
        f"read_estimates: no notebook is called {name}; there are {', '.join(notebooks)}"
        for name in strangers
    ]
    unknown = sorted(source.tables.keys() - set(tables)) if tables else []
    faults += [
        f"read: no clean table is called {name}; there are {', '.join(tables)}" for name in unknown
    ]
    if faults:
        raise PlanError("\n".join(f"notebooks/{notebook.name}, {fault}" for fault in faults))
    source.modules = closure(frozenset().union(*map(imported, trees)))
    return source


class _Reader(ast.NodeVisitor):
    """Add to a Source what one cell reads and makes, and collect what cannot be planned."""

    def __init__(self, source: Source, notebook: str, cell: Cell) -> None:
        self.source, self.notebook, self.found = source, notebook, []
        self.sets_parameters = "parameters" in cell.tags
        self.dealt_with: set[int] = set()  # nodes whose call or assignment has been checked

    def faults(self, tree: ast.Module) -> list[str]:
        """Visit a tree and return what cannot be planned, in order, without duplicates."""
        self.visit(tree)
        return list(dict.fromkeys(self.found))

    def refuse(self, node: ast.AST, rule: str) -> None:
        """Record that a piece of code cannot be planned."""
        code = ast.unparse(node)
        self.found.append(f"{code if len(code) < 90 else code[:89] + '…'}: {rule}")

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._import(node, alias.name)
            self._bind(node, alias.asname or "")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level:
            self.refuse(node, "a relative import: modules lie in src/analysis")
            return
        self._import(node, node.module)
        for alias in node.names:
            if rule := _import_rule(alias):
                self.refuse(node, rule)
            elif alias.asname != alias.name:
                self._bind(node, alias.asname or "")

    def _import(self, node: ast.AST, name: str) -> None:
        if name.partition(".")[0] not in LIBRARIES:
            self.refuse(node, STRANGER)
        elif name.partition(".")[0] == "analysis" and not has_module(name):
            self.refuse(node, "there is no such module in src/analysis")

    def visit_Call(self, node: ast.Call) -> None:
        name = name_of(node.func)
        if name in READERS:
            self.dealt_with.add(id(node.func))
            self._read(name, node)
        elif name == "Section" and [plain(a) for a in node.args[:1]] != [self.notebook]:
            self.refuse(
                node,
                f'a section has the name of its notebook: Section("{self.notebook}", wave, lang)',
            )
        elif name == "default_rng" and not node.args:
            self.refuse(node, "give it a seed, else each run gives other numbers")
        elif name in SECTION and _is_section(node):
            self.dealt_with.add(id(node.func))
            self._make(name, node)
        self.generic_visit(node)

    def _read(self, name: str, node: ast.Call) -> None:
        """Add what a call of a reader reads; refuse a call whose arguments are not plain."""
        if not _is_planned(name, node):
            self.refuse(node, PLAIN.format(EXAMPLES[name]))
            return
        source, names = self.source, [plain(argument) for argument in node.args]
        if name == "read":
            _add_columns(source.tables, names[0], set(names[2:]))
        elif name in ("reference", "register"):
            source.references.add(names[0])
        elif node.keywords:
            source.of_district.add(name.removeprefix("read_"))
        elif name == "read_statements":
            source.statements = True
        else:
            before = source.estimates
            source.estimates = (
                set() if before == set() or not names[1:] else (before or set()) | set(names[1:])
            )

    def _make(self, name: str, node: ast.Call) -> None:
        """Add what a call of a method of the section makes or shows."""
        given = _template(node.args[0]) if node.args else None
        if name == "save" and not node.args and not node.keywords:
            self.source.saves = True
        elif name == "save" or given is None:
            self.refuse(node, PLAIN.format(EXAMPLES[name]))
        elif name == "include":
            self.source.included.add(given)
        else:
            self.source.made[given] = name

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._bind(node, node.id)
        elif node.id in DYNAMIC:
            self.refuse(node, OUT_OF_SIGHT)
        elif node.id in (*READERS, "Section", "section") and id(node) not in self.dealt_with:
            self.refuse(node, f"use it as in {EXAMPLES[node.id]}")

    def visit_arg(self, node: ast.arg) -> None:
        self._bind(node, node.arg)

    def _bind(self, node: ast.AST, name: str) -> None:
        """Refuse an assignment to one of the names of the plan."""
        free = self.sets_parameters and name in PARAMETERS
        if (
            name in (*READERS, *PARAMETERS, "Section", "section")
            and id(node) not in self.dealt_with
            and not free
        ):
            self.refuse(node, f"{name} has a meaning in every notebook: give this another name")

    def visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.value, ast.Call) and name_of(node.value.func) == "Section":
            target = node.targets[0]
            if len(node.targets) > 1 or getattr(target, "id", "") != "section":
                self.refuse(node, EXAMPLES["Section"])
            self.dealt_with |= {id(target), id(node.value.func)}
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name, of_section = node.attr, getattr(node.value, "id", "") == "section"
        if of_section:
            self.dealt_with.add(id(node.value))
        if name in FILES | MODULES or _is_library_reader(name):
            self.refuse(node, f'{FOREIGN}; a column of this name is written frame["{name}"]')
        elif name in CLOCK:
            self.refuse(
                node, "what it gives depends on when it runs: take dates from the data or wave.toml"
            )
        elif name in SEALS:
            self.refuse(node, OPENED)
        elif name.startswith("_") or name in DYNAMIC - {"compile", "eval"}:
            self.refuse(node, OUT_OF_SIGHT)
        elif id(node) not in self.dealt_with and (
            name in READERS or (of_section and name in SECTION)
        ):
            self.refuse(node, f"use it as in {EXAMPLES[name]}")
        self.generic_visit(node)


def _import_rule(alias: ast.alias) -> str:
    """Return why a name may not be imported from a module; empty if it may be."""
    if alias.name == "*":
        return "import each name by itself"
    if alias.name in (*READERS, "Section") and alias.asname not in (None, alias.name):
        return f"import {alias.name} under its own name"
    if alias.name in SEALS:
        return OPENED
    reads = alias.name in FILES | DYNAMIC | MODULES or _is_library_reader(alias.name)
    return FOREIGN if reads else OUT_OF_SIGHT if alias.name.startswith("_") else ""


def _is_section(call: ast.Call) -> bool:
    """Return whether a call is of a method of `section`."""
    return isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "section"


def _is_library_reader(name: str) -> bool:
    """Return whether a name is that of a library function that reads a file: `read_csv`."""
    return name.startswith("read_") and name not in READERS


def _template(node: ast.expr) -> str | None:
    """Return a plain string, or an f-string of parameters, which stay in braces; else None."""
    if not isinstance(node, ast.JoinedStr):
        text = plain(node)
        return text if text and FILE_NAME.fullmatch(text) else None
    text = ""
    for part in node.values:
        is_plain_value = (
            isinstance(part, ast.FormattedValue) and part.conversion < 0 and not part.format_spec
        )
        name = getattr(part.value, "id", "") if is_plain_value else ""
        text += f"{{{name}}}" if name in PARAMETERS else plain(part) or "?"
    return text if FILE_NAME.fullmatch(re.sub(r"\{\w+\}", "", text) or "x") else None


def _is_planned(name: str, call: ast.Call) -> bool:
    """Return whether the arguments of a reader can be planned."""
    keywords = {keyword.arg: getattr(keyword.value, "id", None) for keyword in call.keywords}
    if name in ("read_estimates", "read_places", "read_statements") and keywords == {
        "district": "district"
    }:
        return [getattr(argument, "id", None) for argument in call.args] == ["wave"]
    if keywords or name == "read_places":
        return False
    is_wave = [getattr(argument, "id", None) == "wave" for argument in call.args]
    is_text = [bool(re.fullmatch(r"\w+", plain(argument) or "")) for argument in call.args]
    count = len(call.args)
    match name:
        case "read":
            return count > 1 and is_text[0] and is_wave[1] and all(is_text[2:])
        case "reference":
            return count == 1 and is_text[0]
        case "register":
            return count == 2 and is_text[0] and is_wave[1]
        case "read_estimates":
            return count > 0 and is_wave[0] and all(is_text[1:])
        case _:  # read_statements
            return count == 1 and is_wave[0]


def _add_columns(tables: dict[str, set[str]], table: str, columns: set[str]) -> None:
    """Add the columns read of a table; no columns stand for the whole table, permanently."""
    whole = not columns or (table in tables and not tables[table])
    tables[table] = set() if whole else columns | tables.get(table, set())
