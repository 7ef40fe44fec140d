"""Find the county of each file by an alias table, and sheets by title, both by exact match."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from analysis.survey.characters import text_fault
from analysis.survey.declaration import FILE
from analysis.survey.folders import printable
from analysis.survey.identifiers import looks_personal
from analysis.survey.messages import (
    EMPTY_FOLDER,
    FILE_MISSING,
    FILE_NAME_ODD,
    FILE_TWICE,
    FOLDER_IN_WAVE,
    NAME_AND_CODE,
    NO_FOLDER,
    OTHER_FORMAT,
    UNKNOWN_FILE,
)
from analysis.survey.problems import Problem
from analysis.survey.reference import reference
from analysis.survey.study import Study, study
from analysis.survey.text import normalise, visible

# data files that are read, or that may have been handed in to be read: other tables, data sets,
# archives
DATA = re.compile(
    r"\.(xl[st].?|csv|tsv|tab|psv|ett?|f?ods|ots|uos|numbers|html?|mht(ml)?|xml|json|dbf|dif|slk|prn|wk[1-9sqr]|wb[1-3]"
    r"|mdb|accdb|db|sqlite3?|sav|zsav|dta|sas7bdat|rds|rda|rdata|parquet|feather|arrow|zip|rar|7z|tar|t?gz|bz2|xz)"
)
# 附件1. 表二、 ① ㈠
PREFIX = re.compile(
    r"(附件|附表|表)?[0-9一二三四五六七八九十]+[.、:_-]|[\u2460-\u249b\u3220-\u3229][.、:_-]?"
)
OURS = {"corrections.csv"}
NOT_SHOWN = "（文件名像是个人信息，不显示 a name that looks personal is not shown）"


@dataclass(frozen=True)
class File:
    """A file of the wave; county: its code, or "" for interviews; title: sheet of a CSV file."""

    path: Path
    county: str
    title: str = ""

    @property
    def models(self) -> Any:
        return study().district_tables if self.county else study().book_tables


def aliases() -> dict[str, str]:
    """Return a map of the folded names, codes and aliases of counties to county codes.

    The aliases are in `county_aliases.csv`.
    """
    return _aliases(study())


@cache
def _aliases(of: Study) -> dict[str, str]:
    table = reference("county_aliases")
    own = {normalise(alias): code for code, name in of.districts.items() for alias in (code, name)}
    return own | {
        normalise(alias): code
        for alias, code in zip(table["alias"], table["county_code"], strict=True)
    }


def sheet_title(title: str) -> str:
    """Return a folded title without its number: 附件1.社区基本情况 gives 社区基本情况."""
    folded = normalise(title)
    return PREFIX.sub("", folded, count=1) if PREFIX.match(folded) else folded


def owners() -> list[str]:
    """Return who hands in files: the county codes, and "" for the workbook of no county."""
    return [*study().districts, *[""] * bool(study().book)]


def expected_name(county: str) -> str:
    """Return the name of the workbook of a county, or of the one that belongs to no county."""
    return f"{county}_{study().districts[county]}.xlsx" if county else f"{study().book}.xlsx"


def refuse_raw_folder(folder: Path, raw: Path) -> None:
    """Raise FileExistsError if files of the counties' names would be written among theirs."""
    folder, raw = folder.resolve(), raw.resolve()
    if folder == raw or raw in folder.parents or (folder / FILE).exists():
        raise FileExistsError(
            f"{folder.name}/ 是上报文件夹，请另选 (holds what counties handed in: choose another "
            f"folder)"
        )


def without_files(raw: Path) -> Problem | None:
    """Return one problem for a missing or empty folder of a wave, instead of one per county."""
    if not raw.is_dir():
        return Problem.of(NO_FOLDER.fault(), printable(raw.as_posix()))
    if not any(raw.iterdir()):
        return Problem.of(EMPTY_FOLDER.fault(), printable(raw.as_posix()))
    return None


def files_of(raw: Path, problems: list[Problem]) -> list[File]:
    """Return the files of a wave by county; notes missing, double and unknown files."""
    if nothing := without_files(raw):
        problems.append(nothing)
        return []
    found: dict[str, list[File]] = {}
    for path in sorted(raw.iterdir()):
        _look_at(path, found, problems)
    for county in owners():
        if county not in found:
            fault = FILE_MISSING.fault(folder=printable(raw.name))
            problems.append(Problem.of(fault, expected_name(county)))
    return [file for county in owners() for file in _once(found.get(county, []), problems)]


def _look_at(path: Path, found: dict[str, list[File]], problems: list[Problem]) -> None:
    """Assign one entry of a wave's folder to its county; other entries are left out."""
    if printable(path.name) != path.name:
        problems.append(Problem.of(FILE_NAME_ODD.fault(), printable(path.name)))
        # the file exists, but its name is not valid
        found.setdefault(study().district_of(path.name), [])
    elif path.name.startswith((".", "~$")) or path.name in OURS:
        return
    elif path.is_dir():
        problems.append(Problem.of(FOLDER_IN_WAVE.fault(), path.name))
    elif DATA.fullmatch(path.suffix.lower()):
        _place(path, found, problems)


def _place(path: Path, found: dict, problems: list[Problem]) -> None:
    """Assign a file to its county, or add the reason why it has none."""
    if fault := text_fault(path.name):
        problems.append(Problem.of(fault, visible(path.name), quote="文件名"))
    counties, title = _owners(path)
    if not counties or None in counties:
        name = NOT_SHOWN if looks_personal(path.stem) else path.name
        problems.append(Problem.of(UNKNOWN_FILE.fault(), name))
        return
    county = counties[0]
    if len(set(counties)) > 1:
        found.setdefault(county, [])
        problems.append(Problem.of(NAME_AND_CODE.fault(), path.name))
    elif path.suffix.lower() not in (".xlsx", ".csv"):
        found.setdefault(county, [])
        problems.append(Problem.of(OTHER_FORMAT.fault(suffix=path.suffix), path.name))
    else:
        found.setdefault(county, []).append(File(path, county, title))


def _owners(path: Path) -> tuple[list[str | None], str]:
    """Return the county of each part of a file's name, and the sheet of a CSV file.

    The county is None for a name of no county.
    """
    stem, title = normalise(path.stem), ""
    if path.suffix.lower() == ".csv":
        stem, _, title = stem.rpartition("_")
        known = {normalise(model.zh) for model in study().tables.values()}
        if sheet_title(title) not in known:
            return [], ""
    if study().book and stem == study().book:
        return [""], title
    code, name = re.fullmatch(rf"({study().district})?[_-]*(.*)", stem).groups()
    return [aliases().get(part) for part in (code, name) if part], title


def _once(files: list[File], problems: list[Problem]) -> list[File]:
    """Return one file for each sheet of a county; adds problems for the others."""
    kept: list[File] = []
    for file in files:
        if any(
            sheet_title(file.title) == sheet_title(other.title) or not other.title for other in kept
        ):
            fault = FILE_TWICE.fault(file=kept[0].path.name)
            problems.append(Problem.of(fault, file.path.name))
        else:
            kept.append(file)
    return kept
