"""Names: of districts, measures and cells, and the estimates that the notebooks saved under them."""

from __future__ import annotations

import json
import re
from functools import cache

import pandas as pd

from analysis.survey.codebook import CITY, COUNTIES
from analysis.survey.folders import build, notebook_name, root
from analysis.survey.folders import district as folder_of
from analysis.survey.repository import reference

READ = re.compile(r"\bread\([^)]*\)")  # it names columns, which may be called like an indicator
LANG = "zh"  # the language whose runs the others read; all compute the same


def measure_of(indicator: str) -> pd.Series:
    """Return the row of `measures.csv` of an indicator."""
    return reference("measures").set_index("indicator").loc[indicator]


def district_names(lang: str) -> dict[str, str]:
    """Map district codes to names: 县（市、区） in Chinese, the romanised name in English."""
    return dict(_district_names(root(), lang))


@cache
def _district_names(_root, lang: str) -> dict[str, str]:
    if lang == "zh":
        return {CITY: "全市", **COUNTIES}
    counties = reference("counties").set_index("gb2260")["name_en"]
    return counties.str.replace(r" (?:\(.*\)|District|County)", "", regex=True).to_dict() | {CITY: "Whole city"}


def named_areas(lang: str) -> dict[str, str]:
    """Map the names of the counties to their codes, to find them in drawings and tables."""
    return {name: code for code, name in district_names(lang).items() if code in COUNTIES}


def cells_of(notebook: str) -> dict[str, str]:
    """Map each indicator to the id of the notebook cell that computes it: the one that quotes its name."""
    source = json.loads((root() / "notebooks" / f"{notebook}.ipynb").read_text("utf-8"))
    places = {}
    for cell in source["cells"]:
        if cell["cell_type"] == "code":
            computed = READ.sub("", "".join(cell["source"]))
            for name in re.findall(r'"([a-z0-9_]+)"', computed):
                places.setdefault(name, cell["id"])
    return places


def read_estimates(wave: str, *notebooks: str, district: str = "") -> pd.DataFrame:
    """Read the estimates that the notebooks (of those named, or all) have saved, as one table.

    district: what the page of a district may say instead, its own rows and the city's as they are printed (see
    `analysis.publish.districts`).
    """
    if district:
        return pd.read_parquet(folder_of(wave, district) / "estimates.parquet")
    folder = build(wave) / LANG / "estimates"
    paths = [folder / f"{notebook_name(name)}.parquet" for name in notebooks] or sorted(folder.glob("*.parquet"))
    return pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
