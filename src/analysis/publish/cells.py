"""The code cells of a notebook, as syntax trees."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

ALLOWED = "only %load_ext analysis… and %%md are allowed, since any other magic may read files"
MAGIC = re.compile(r"^\s*([%!?].*)$", re.MULTILINE)
EXTENSION = re.compile(r"^%load_ext (analysis(?:\.\w+)*)[ \t]*$", re.MULTILINE)
INLINE = re.compile(r"^%matplotlib inline[ \t]*$", re.MULTILINE)  # the default of the pipeline too
PROSE = "%%md"
TWIN = re.compile(r"[-_]en$")  # in the id of a cell that is the English version of another


class CellError(ValueError):
    """Raised with the reason why a cell is not plain Python."""


@dataclass(frozen=True)
class Cell:
    """One code cell: its id, source and tags."""

    id: str
    source: str
    tags: tuple[str, ...] = ()

    @property
    def is_prose(self) -> bool:
        """Whether the cell holds text of the report (`%%md`), which reads no data."""
        return self.source.startswith(PROSE)

    def tree(self) -> ast.Module:
        """Parse the cell; `%load_ext analysis.x` counts as an import.

        Raises CellError for any other magic and for a syntax error.
        """
        text = INLINE.sub("", EXTENSION.sub(r"import \1", self.source))
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError) as error:
            if found := MAGIC.search(text):
                raise CellError(f"{found[1].strip()}: {ALLOWED}") from None
            raise CellError(f"not Python: {error}") from None


def read_cells(notebook: Path) -> list[dict]:
    """Return the cells of a notebook as in its file.

    Raises CellError if the file is not a notebook, or a cell has no id of its own, or broken
    metadata.
    """
    try:
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
        cells = [
            cell for cell in cells if isinstance("".join(cell["source"]) + cell["cell_type"], str)
        ]
    except (ValueError, TypeError, KeyError) as error:  # a merge may have left conflict marks
        raise CellError(f"not a notebook: {type(error).__name__}: {error}") from None
    seen: set[str] = set()
    for number, cell in enumerate(cells, start=1):
        if fault := _fault(cell, seen):
            raise CellError(f"cell {number}{fault}")
        seen.add(cell["id"])
    return cells


def _fault(cell: dict, seen: set[str]) -> str:
    """Return why a cell cannot be run or published, to follow its number; empty if it can.

    seen: ids of the cells before it.
    """
    name, metadata = cell.get("id"), cell.get("metadata", {})
    if not isinstance(name, str) or not name:
        return (
            " has no id: 请用 JupyterLab 另存为 nbformat 4.5 "
            "(save it as nbformat 4.5, which gives ids)"
        )
    if name in seen:
        return f" has the id of another, {name}: 请改其编号 (give it an id of its own)"
    if not isinstance(metadata, dict):
        return ": its metadata are no object: 应为 {} ({} is wanted)"
    tags = metadata.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        return ": its tags are no list of texts: 应为 [] (a list such as [] is wanted)"
    return ""


def code_cells(notebook: Path) -> list[Cell]:
    """Return the code cells of a notebook in order; CellError as `read_cells`."""
    return [
        Cell(cell["id"], "".join(cell["source"]), tuple(cell.get("metadata", {}).get("tags", ())))
        for cell in read_cells(notebook)
        if cell["cell_type"] == "code"
    ]


def quoted(tree: ast.AST) -> list[str]:
    """Return the plain strings in a syntax tree, except the columns in calls of `read`."""
    skipped = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "read"
        for argument in node.args
    }
    nodes = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in skipped)
    return [node.value for node in nodes if isinstance(node.value, str)]


def content_hash(notebook: Path) -> str:
    """Return the hash of a notebook's cells in order.

    Outputs, execution counts and settings of Jupyter Lab are left out.
    """
    try:
        cells = read_cells(notebook)
    except CellError:  # reported by the plan
        return hashlib.sha256(notebook.read_bytes()).hexdigest()
    parts = [
        {
            key: value
            for key, value in cell.items()
            if key not in ("metadata", "outputs", "execution_count")
        }
        | {"source": "".join(cell["source"])}
        | {key: cell.get("metadata", {}).get(key) for key in ("tags", "raw_mimetype", "format")}
        for cell in cells
    ]
    return hashlib.sha256(
        json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()
    ).hexdigest()
