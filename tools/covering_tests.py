"""List the tests that cover files: `make covering FILES="src/analysis/stats/funnel.py …"`.

One line a file of tests, the nearest first, with why it is listed: it imports the module, imports a
module that imports it, or names the notebook or table. Whatever is changed, the whole of
`make test` has the last word.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src"


def main(names: Iterable[str]) -> None:
    """Print the tests that cover each file; exit 64 for one that is not here."""
    names = list(names)
    if absent := [name for name in names if not (ROOT / name).is_file()] or not names:
        why = f"name files of this repository, seen from its top: {absent or 'none given'}"
        print(why, file=sys.stderr)
        sys.exit(64)
    found: dict[str, str] = {}
    for name in names:
        found |= {test: why for test, why in covering(name).items() if test not in found}
    print("\n".join(f"{test}  {why}" for test, why in found.items()) or "none names it: make test")


def covering(name: str) -> dict[str, str]:
    """Map the files of tests that cover a file to why they do, the nearest first."""
    tests = sorted((ROOT / "tests").rglob("test_*.py"))
    path = ROOT / name
    if not path.is_relative_to(PACKAGE) or path.suffix != ".py":
        named = re.compile(rf"\b{re.escape(path.name)}|[\"'/]{re.escape(path.stem)}\b")
        said = {relative(t): "names it" for t in tests if named.search(t.read_text("utf-8"))}
        return {name: "is one"} if path in tests else said
    module = module_name(path)
    graph = grimp.build_graph("analysis", cache_dir=None)
    using = graph.find_modules_that_directly_import(module)
    imported = {test: imports(test) for test in tests}
    near = {relative(t): f"imports {module}" for t in tests if module in imported[t]}
    for test in tests:
        if through := sorted(using & imported[test]):
            near.setdefault(relative(test), f"imports {through[0]}, which imports it")
    return near


def module_name(path: Path) -> str:
    """Return the name by which a file of the package is imported."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(test: Path) -> set[str]:
    """Return the names that a file of tests imports, modules and what is in them."""
    found = set()
    for node in ast.walk(ast.parse(test.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def relative(path: Path) -> str:
    """Name a file from the top of the repository."""
    return path.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    main(sys.argv[1:])
