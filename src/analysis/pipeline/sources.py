"""What a notebook reads and makes, as its own source and that of the modules it imports say.

Names of tables, references, figures and tables stand in the source as plain strings, so that nothing has to be
declared twice; what is written so that it cannot be found is refused. A test runs every notebook on nothing but
what is found here.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
REFERENCE = re.compile(r'\b(?:reference|register)\(\s*"(\w+)"')
READ = re.compile(r'(?<!\w)read\(\s*("?)(\w+)(?:",\s*wave((?:,\s*"\w+")*)\s*,?\s*\))?')
READ_ESTIMATES = re.compile(r'\bread_estimates\(\s*wave((?:,\s*"\w+")*)\s*,?\s*\)')
READ_DISTRICT = re.compile(r"\bread_(estimates|statements)\(\s*wave,\s*district=district\s*\)")
READ_STATEMENTS = re.compile(r"\bread_statements\(\s*wave\s*\)")
INCLUDE = re.compile(r'\bsection\.include\(\s*"(\w+)"')
MADE = re.compile(r'\bsection\.(figure|table)\(\s*f?"([^"]+)"')
CALL = re.compile(r"(?<![\w.])(?:read_estimates|read_statements|reference|register)\([^()]*\)?")
FOUND = re.compile(
    r"read_(?:estimates|statements)\(\s*wave,\s*district=district\s*\)|read_statements\(\s*wave\s*\)"
    r'|read_estimates\(\s*wave(?:,\s*"\w+")*\s*,?\s*\)|reference\(\s*"\w+"\s*\)|register\(\s*"\w+",\s*wave\s*\)'
)
NAMED = re.compile(r"^\s*(?:from|import)\s+(\w+)", re.MULTILINE)
IMPORT = re.compile(
    r"^\s*(from analysis[\w.]* import (?:\([^)]*\)|[\w ,]+)|import analysis[\w., ]*|%load_ext analysis[\w.]*)",
    re.MULTILINE,
)


def code(notebook: Path) -> str:
    """Return the source of a notebook's cells of code."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def content_hash(notebook: Path) -> str:
    """Hash what a notebook says and does: its cells in order, not their outputs, counts or Lab's settings."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    parts = [
        (cell["cell_type"], cell.get("id"), "".join(cell["source"]), cell["metadata"].get("tags"))
        for cell in cells
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def unseen(text: str, root: Path) -> list[str]:
    """Quote what a source reads in a way that is not found here: a change of it would go unnoticed.

    Calls whose names are no plain strings, and imports of modules that lie in the repository outside src/analysis.
    """
    beside = [n for n in NAMED.findall(text) if (root / f"{n}.py").is_file() or (root / n).is_dir()]
    return [f"import {name}" for name in beside] + [call for call in CALL.findall(text) if not FOUND.match(call)]


def references(text: str) -> set[str]:
    """Return the reference tables that a source names."""
    return set(REFERENCE.findall(text))


def tables(text: str, known: list[str]) -> dict[str, set[str]]:
    """Map the clean tables that a source reads to the columns that it names; to none where it reads them all.

    All that are known where the name of a table is a variable.
    """
    reads = [(quoted, table, set(re.findall(r"\w+", columns))) for quoted, table, columns in READ.findall(text)]
    if any(not quoted for quoted, _, _ in reads):
        return {table: set() for table in known}
    found: dict[str, set[str]] = {}
    for _, table, columns in reads:
        whole = not columns or (table in found and not found[table])
        found[table] = set() if whole else columns | found.get(table, set())
    return found


def estimates_of(text: str) -> list[str] | None:
    """Tell whose estimates a source reads: of the notebooks named, [] of all, None of none."""
    reads = [re.findall(r"\w+", names) for names in READ_ESTIMATES.findall(text)]
    if not reads:
        return None
    return [] if [] in reads else sorted(set().union(*reads))


def reads_statements(text: str) -> bool:
    """Tell whether a source reads the sentences that the comparison saved."""
    return READ_STATEMENTS.search(text) is not None


def of_district(text: str) -> set[str]:
    """Return what a source reads of the one district it is about: estimates, statements."""
    return set(READ_DISTRICT.findall(text))


def saves_estimates(text: str) -> bool:
    """Tell whether a source saves estimates of its own."""
    return "section.save()" in text


def included(text: str) -> set[str]:
    """Return the figures and tables of other notebooks that a source shows."""
    return set(INCLUDE.findall(text))


def made(text: str, parameters: dict) -> dict[str, str]:
    """Map the figures and tables that a source makes, run with these parameters, to their kind."""
    return {name.format(**parameters): kind for kind, name in MADE.findall(text)}


def modules(text: str) -> set[Path]:
    """Return the files of this package that a source imports, and those that they import in turn."""
    found, waiting = set(), set(_imports(text))
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting |= _imports(path.read_text("utf-8"))
    return found


def module_names(text: str) -> list[str]:
    """Name the modules behind a source as one imports them."""
    parts = [path.relative_to(PACKAGE.parent).with_suffix("").parts for path in sorted(modules(text))]
    return [".".join(part[:-1] if part[-1] == "__init__" else part) for part in parts]


@cache
def _imports(source: str) -> frozenset[Path]:
    """Return the files that a source imports from this package, with the packages around them."""
    names = set()
    lines = "\n".join(IMPORT.findall(source)).replace("%load_ext", "import")
    for node in ast.parse(lines).body:  # no more than these lines: all of a source takes twenty times as long
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        else:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset().union(*(_files(name) for name in names if name.split(".")[0] == "analysis"))


@cache
def _files(name: str) -> frozenset[Path]:
    parts = name.split(".")[1:]
    around = [PACKAGE.joinpath(*parts[:i], "__init__.py") for i in range(len(parts) + 1)]
    own = PACKAGE.joinpath(*parts).with_suffix(".py") if parts else around[0]
    return frozenset(path for path in (*around, own) if path.is_file())
