"""Names of districts, measures and cells."""

from __future__ import annotations

import contextlib
from functools import cache
from pathlib import Path

from analysis.publish.cells import CellError, code_cells, quoted
from analysis.survey.folders import root
from analysis.survey.reference import reference
from analysis.survey.study import study


def district_names(lang: str) -> dict[str, str]:
    """Return the names of districts by code: 县（市、区） in Chinese, romanised in English."""
    return dict(_district_names(root(), lang))


@cache
def _district_names(_root: Path, lang: str) -> dict[str, str]:
    if lang == "zh":
        return {study().city: "全市", **study().districts}
    counties = reference("counties").set_index("gb2260")["name_en"]
    return counties.str.replace(r" (?:\(.*\)|District|County)", "", regex=True).to_dict() | {
        study().city: "City"
    }


def named_areas(lang: str) -> dict[str, str]:
    """Return the codes of counties by name, to find them in drawings and tables."""
    return {name: code for code, name in district_names(lang).items() if code in study().districts}


def cells_of(notebook: str) -> dict[str, str]:
    """Return the id of the first cell that names each indicator, which computes it."""
    places = {}
    for cell in code_cells(root() / "notebooks" / f"{notebook}.ipynb"):
        if not cell.is_prose:
            with contextlib.suppress(CellError):  # reported when it is run
                for name in quoted(cell.tree()):
                    places.setdefault(name, cell.id)
    return places
