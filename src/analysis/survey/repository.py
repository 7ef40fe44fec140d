"""Read the data of the repository: clean tables, reference tables, declaration of the wave."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from analysis.survey.access import reading_table
from analysis.survey.changes import SUFFIX
from analysis.survey.declaration import FILE, read_declaration
from analysis.survey.folders import build, notebook_name, processed, root
from analysis.survey.folders import district as folder_of
from analysis.survey.reference import reference
from analysis.survey.sealed import Sealed
from analysis.survey.study import study

__all__ = ["build", "processed", "reference", "root"]

PLACE = ("county_code", "workbook", "sheet", "row")  # location of a row of a clean table
# clean tables beside the codebook that hold rows or small counts of people
BESIDE = ("accounts", "changes", "corrections", "questions")


NOT_BUILT = (
    "尚未生成，请先运行 make report "
    "(is missing: run `make report` first, for another wave `analysis build`)"
)


class NotBuiltError(FileNotFoundError):
    """Raised if a file of the last build does not exist; Jupyter shows only its message."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def built(path: Path) -> Path:
    """Return the path of a file that a build makes; NotBuiltError if it does not exist."""
    if not path.exists():
        raise NotBuiltError(f"{os.path.relpath(path, root())} {NOT_BUILT}")
    return path


def register(name: str, wave: str) -> pd.DataFrame:
    """Return a reference table as a source of estimates; its basis is *published*."""
    table = reference(name)
    table.attrs.update(table=name, wave=wave, basis="published")
    return table


def named_places() -> pd.Series:
    """Return the placeholder community code of each place named by the published report."""
    return reference("named_places").set_index("real_name")["stand_in"]


def read(table: str, wave: str, *columns: str) -> pd.DataFrame | Sealed:
    """Read one clean table; `attrs` hold its name and wave for the estimates made from it.

    A table with data on people is sealed: only the functions of `analysis.stats` take it. columns:
    if given, only these columns and the position of each row are read; a notebook that names its
    columns runs again only when one of them changes. Raises NotBuiltError if the table has not been
    made yet, KeyError naming a column that it does not have.
    """
    path = built(processed(wave) / f"{table}.parquet")
    with reading_table(table, columns, path), path.open("rb") as file:
        names = pq.read_schema(file).names
        for name in columns:
            if name not in names:
                raise KeyError(f"{table} has no column {name}; it has {', '.join(names)}")
        chosen = [name for name in names if name in {*PLACE, *columns}] if columns else names
        frame = pd.read_parquet(file, columns=chosen)
    frame.attrs.update(table=table, wave=wave)
    return Sealed(frame, table) if tells_of_people(table) else frame


def tells_of_people(table: str) -> bool:
    """Return whether a clean table holds people, interviews or counts before disclosure control.

    These are tables of people, samples, those that `people.csv` counts in, and those BESIDE.
    """
    table = table.removesuffix(SUFFIX)  # those of the previous wave hold the same
    known = study().tables.get(table)
    if known is None:
        return table in BESIDE
    return known.of_people or known.sample or table in set(reference("people")["table"])


def read_estimates(wave: str, *notebooks: str, district: str = "") -> pd.DataFrame | Sealed:
    """Read the estimates that notebooks (those named, or all) have saved, as one table, sealed.

    district: what the page of a district may say instead, not sealed: its own rows and the city's
    as they are printed (see `analysis.publish.districts`).
    """
    if district:
        return _read_parquet(folder_of(wave, district) / "estimates.parquet")
    folder = built(build(wave) / study().languages[0] / "estimates")
    paths = [folder / f"{notebook_name(name)}.parquet" for name in notebooks] or sorted(
        folder.glob("*.parquet")
    )
    saved = pd.concat([_read_parquet(path) for path in paths], ignore_index=True)
    return Sealed(saved, "read_estimates")


def read_statements(wave: str, district: str = "") -> pd.DataFrame:
    """Return the statements that the comparison saved, or those of one district.

    Of one district, only form and words.
    """
    if district:
        return _read_parquet(folder_of(wave, district) / "statements.parquet")
    path = build(wave) / study().languages[0] / "tables/statements.csv"
    if not path.exists():  # no notebook of this study makes comparisons
        return pd.DataFrame(
            columns=["form", "indicator", "district", "zh", "en", "text_zh", "text_en"]
        )
    return pd.read_csv(path, dtype={"district": str}, encoding="utf-8-sig", keep_default_na=False)


def read_places(wave: str, district: str) -> pd.DataFrame:
    """Return the communities of one district with the `public` columns of the study."""
    return _read_parquet(folder_of(wave, district) / "places.parquet")


def _read_parquet(path: Path) -> pd.DataFrame:
    with built(path).open("rb") as file:  # opened by Python, so that the audit hook sees it
        return pd.read_parquet(file)


def wave_facts(wave: str) -> dict:
    """Return the declaration in `wave.toml`: basis, dates, titles.

    No other file says that data are *synthetic*.
    """
    return read_declaration(built(processed(wave) / FILE))
