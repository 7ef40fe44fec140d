"""Find the modules that a source imports and the reference tables that they name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from analysis.edition.failures import StoppedError
from analysis.survey.access import Access
from analysis.survey.folders import PACKAGE

# modules that define the functions which read tables
DEFINED_IN = (PACKAGE / "survey/reference.py", PACKAGE / "survey/repository.py")
TABLE_READERS = ("reference", "register")
NAMED = re.compile(rf"\b(?:{'|'.join(TABLE_READERS)})\b")
BELOW_PYTHON = re.compile(
    r"^[ \t]*(?:from|import)[ \t]+"
    r"(?:duckdb|fastparquet|h5py|lxml|netCDF4|polars|pyarrow|python_calamine|tables)\b.*",
    re.MULTILINE,
)
ELSEWHERE = (
    "it opens files that the plan cannot see; read them by a function of analysis.survey.repository"
)
ODD_IMPORT = re.compile(  # an import that the next pattern may not match completely
    r"^[ \t]*from[ \t]*\.|^[ \t]*(?:from|import)\b[^\n]*\\$|[;:][ \t]*(?:from|import)\b",
    re.MULTILINE,
)
IMPORT = re.compile(
    r"^\s*(from analysis[\w.]* import (?:\([^)]*\)|[\w ,]+)|import analysis[\w., ]*)", re.MULTILINE
)


class PlanError(StoppedError):
    """Raised with every part of the sources whose reads cannot be determined, one line each."""


def references(modules: Iterable[Path]) -> set[str]:
    """Return the reference tables that modules name.

    Raises PlanError for a call whose table is not a plain string, except in the modules that define
    the readers.
    """
    found, faults = set(), []
    for path in modules:
        names, odd = _references(path, path.read_text("utf-8"))
        found |= names
        faults += odd
    if faults:
        raise PlanError("\n".join(sorted(faults)))
    return found


@cache
def _references(path: Path, text: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the reference tables that a module names, and the calls that name none."""
    if path in DEFINED_IN:
        return frozenset(re.findall(r'\breference\("(\w+)"\)', text)), ()
    place = path.relative_to(PACKAGE.parent).as_posix()
    names, odd = set(), []
    # parsing all modules would take twenty times as long
    for node in ast.walk(_parsed(text)) if NAMED.search(text) else ():
        if isinstance(node, ast.Call) and _is_table_reader(node.func):
            if name := plain(node.args[0]) if node.args else None:
                names.add(name)
            else:
                odd.append(
                    f"{place}, line {node.lineno}: {ast.unparse(node)}: name the table as a plain "
                    f"string"
                )
    return frozenset(names), tuple(odd)


def readers_below_python(modules: Iterable[Path]) -> list[str]:
    """Return the imports of libraries that open files outside Python.

    Those of the module that defines the readers do not count.
    """
    found = []
    for path in sorted(set(modules) - set(DEFINED_IN)):
        lines = BELOW_PYTHON.findall(path.read_text("utf-8"))
        found += [
            f"{path.relative_to(PACKAGE.parent).as_posix()}: {line.strip()}: {ELSEWHERE}"
            for line in lines
        ]
    return found


def _parsed(text: str) -> ast.Module:
    """Parse a module; one that is not Python is empty, since the cell that imports it fails."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _is_table_reader(node: ast.expr) -> bool:
    """Return whether a call reads a reference table; other libraries have a `register` too."""
    is_ours = isinstance(node, ast.Name) or name_of(getattr(node, "value", node)) in (
        "reference",
        "repository",
    )
    return is_ours and name_of(node) in TABLE_READERS


def name_of(node: ast.expr) -> str:
    """Return the last part of a name: `read` of `repository.read`; empty if it is no name."""
    return getattr(node, "attr", "") or getattr(node, "id", "")


def plain(node: ast.expr) -> str | None:
    """Return the text of a plain string; None for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def modules(*names: str) -> frozenset[Path]:
    """Return the files of modules of this package, by name, and of all that they import."""
    return closure(frozenset().union(*map(package_files, names)))


def module_name(path: Path) -> str:
    """Return the import name of a file of this package."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def closure(files: Iterable[Path]) -> frozenset[Path]:
    """Return files of this package with all files that they import."""
    found, waiting = set(), set(files)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting |= _imports(path, path.read_text("utf-8"))
    return frozenset(found)


@cache
def _imports(path: Path, text: str) -> frozenset[Path]:
    """Return the files of this package that a module imports, with their parent packages."""
    return imported(_import_statements(text), path)


def _import_statements(text: str) -> ast.Module:
    """Parse the import statements of a module only, or all of it if they are not found so.

    Parsing all takes far longer.
    """
    if not ODD_IMPORT.search(text):
        with suppress(SyntaxError):  # a comment between the names, or a line of a docstring
            return ast.parse("\n".join(IMPORT.findall(text)))
    return _parsed(text)


def imported(tree: ast.Module, path: Path = PACKAGE / "none.py") -> frozenset[Path]:
    """Return the files of this package that a syntax tree imports, with their parent packages.

    path: the file of the tree, to which relative imports refer.
    """
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            around = (
                ".".join(path.relative_to(PACKAGE.parent).parts[: -node.level])
                if node.level
                else ""
            )
            module = ".".join(filter(None, (around, node.module)))
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return frozenset().union(
        *(package_files(name) for name in names if name.split(".")[0] == "analysis")
    )


def importing(root: Path) -> Access:
    """Return the access of a process that imports modules before the steps run: modules only."""
    names = (path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
    return Access(
        str(root), reads=frozenset(f"src/analysis/{name}" for name in names), isolated=True
    )


def has_module(name: str) -> bool:
    """Return whether this package has a module of this name."""
    place = PACKAGE.joinpath(*name.split(".")[1:])
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


@cache
def package_files(name: str) -> frozenset[Path]:
    """Return the files of a module and of its parent packages; empty if it does not exist."""
    parts = name.split(".")[1:]
    around = [PACKAGE.joinpath(*parts[:i], "__init__.py") for i in range(len(parts) + 1)]
    own = PACKAGE.joinpath(*parts).with_suffix(".py") if parts else around[0]
    return frozenset(path for path in (*around, own) if path.is_file())
