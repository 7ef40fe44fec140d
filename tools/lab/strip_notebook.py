"""Write a notebook as it is kept in git: without outputs, counts and editor metadata.

JupyterLab does so on each save (`jupyter_server_config.py`). As a filter of git, from standard
input to standard output, it needs only Python: see docs/notebooks.md.
"""

from __future__ import annotations

import json
import re
import sys
from itertools import pairwise
from typing import Any

# The pipeline runs every notebook in this kernel, whatever the file says.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL = ("attachments", "cell_type", "id", "source")  # of a cell, beside its tags
# an id that an editor drew at random
DRAWN = re.compile(r"[0-9a-f]{8}(?:(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})?")


def stripped(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook (nbformat 4) with sources, ids, tags and attachments of its cells alone.

    A new cell of English prose right after its Chinese one gets its id with `_en`: the two belong
    together.
    """
    cells = [_stripped_cell(cell) for cell in notebook["cells"]]
    ids = {cell.get("id") for cell in cells}
    for zh, en in pairwise(cells):
        is_pair = "".join(zh["source"]).startswith("%%md zh") and "".join(en["source"]).startswith(
            "%%md en"
        )
        if is_pair and DRAWN.fullmatch(en.get("id", "")) and f"{zh['id']}_en" not in ids:
            en["id"] = f"{zh['id']}_en"
    formats = {name: notebook[name] for name in ("nbformat", "nbformat_minor")}
    return {"cells": cells, "metadata": METADATA, **formats}


def _stripped_cell(cell: dict[str, Any]) -> dict[str, Any]:
    kept = {name: cell[name] for name in CELL if name in cell}
    tags = cell["metadata"].get("tags")
    kept["metadata"] = {"tags": tags} if tags else {}
    if cell["cell_type"] == "code":
        kept |= {"execution_count": None, "outputs": []}
    return kept


def written(notebook: dict[str, Any]) -> str:
    """Return the text of a notebook in the layout of nbformat, one source line per line."""
    for cell in notebook["cells"]:
        if isinstance(cell["source"], str):
            cell["source"] = cell["source"].splitlines(keepends=True)
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Strip the notebook on standard input; exit 2 if it is none, so that git keeps the file."""
    for stream in (sys.stdin, sys.stdout):
        stream.reconfigure(encoding="utf-8", newline="")
    try:
        text = written(stripped(json.load(sys.stdin)))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        print(f"不是笔记本 (not a notebook): {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(2)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
