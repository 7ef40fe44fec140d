"""Check which outputs of a notebook's cells may be shown on its page."""

from __future__ import annotations

from pathlib import Path

import nbformat

from analysis.edition.failures import NotebookError
from analysis.plan.languages import original

KINDS = frozenset({"figure", "prose", "table", "tiles"})  # shown by methods of a section
RESULT = frozenset({"text/html", "text/plain"})  # output of the last expression of a cell
REFUSED = {
    "stdout": (
        "it prints, and what is printed may tell of people: "
        "打印的内容不能公布，请用 %%md 或 section.table (say it with %%md or section.table)"
    ),
    "display_data": (
        "it shows something past its section: 请用 section.figure 或 section.table "
        "(show it by section.figure or section.table, which label it and pass the gate)"
    ),
    "execute_result": (
        "its last line is neither a table nor text: 请用 section.figure 或 section.table "
        "(end it with a semicolon, or show it by section.figure or section.table)"
    ),
}


def check_outputs(notebook: nbformat.NotebookNode, source: Path, kept: Path) -> None:
    """Raise NotebookError for outputs that a page may not contain, and drop stderr output.

    Dropped are warnings and logs. A page contains what a section shows, and the value of the last
    line of a cell if it is a table or text; sealed tables have no such output (see
    `analysis.survey.sealed`). The error names the cell and the remedy.
    """
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        for output in outputs:
            if reason := _refused(output):
                raise NotebookError(source.stem, original(cell.id), reason, kept)
        if outputs:
            cell.outputs = [one for one in outputs if one.get("name") != "stderr"]


def _refused(output: nbformat.NotebookNode) -> str:
    """Return the reason why an output may not be published; empty if it may be, or is dropped."""
    if output.output_type == "stream":
        return "" if output.name == "stderr" else REFUSED["stdout"]
    if output.get("metadata", {}).get("report", {}).get("kind") in KINDS:
        return ""
    if output.output_type == "execute_result" and output.data.keys() <= RESULT:
        return ""
    return REFUSED[output.output_type]
