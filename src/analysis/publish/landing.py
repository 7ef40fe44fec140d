"""The landing page: one short page in all languages that links to everything published."""

from __future__ import annotations

import json
from pathlib import Path

from analysis.publish.cells import read_cells
from analysis.publish.page import FONT_FIRST, TEMPLATE, policy, style, with_font
from analysis.publish.templates import page_template

DATASET_HERE = "@dataset@"  # placeholder; its characters need no font


def render(sites: dict[str, dict], parts: dict[str, dict], described: str = "{}") -> str:
    """Return the landing page.

    sites: data shared by all pages, by language. parts: report, downloads, counties, notebooks.
    described: the data set as JSON-LD. Browsers do not run it, so no content policy need allow it.
    """
    labels = json.loads((TEMPLATE / "labels.json").read_text(encoding="utf-8"))
    first = next(iter(sites.values()))
    around = {"style": style(), "font_first": FONT_FIRST, "policy": policy(FONT_FIRST)}
    page = with_font(
        page_template("landing.html.j2").render(
            sites=sites,
            parts=parts,
            labels=labels,
            synthetic=first["basis"] != "official",
            **around,
        )
    )
    return page.replace(DATASET_HERE, described, 1)


def title(notebook: Path, lang: str) -> str:
    """Return the title of a notebook in one language.

    It is the first line of the cell `title-<lang>` or `title`, else of the first text cell, else
    the name of the file.
    """
    cells = [cell for cell in read_cells(notebook) if cell["cell_type"] == "markdown"]
    texts = {cell["id"]: "".join(cell["source"]).strip() for cell in cells}
    said = [texts.get(f"title-{lang}"), texts.get("title"), *texts.values(), notebook.stem]
    return next(filter(None, said)).splitlines()[0].lstrip("# ")
