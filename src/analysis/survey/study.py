"""The study in the current repository: `study.toml` and the tables of `data/raw/reference`.

The package itself knows no place, table or question; it asks `study()`.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.survey.access import check_read
from analysis.survey.codebook import Rule, Table, read_codes, read_rules, read_tables, tabulate
from analysis.survey.folders import FILE_NAME, NOTEBOOK, STUDY, WAVE, root
from analysis.survey.messages import (
    KEY_MISSING,
    NO_DAY,
    NO_STUDY,
    NO_SUCH_KEY,
    NOT_A_DISTRICT_CODE,
    NOT_A_FILE_NAME,
    NOT_A_NOTEBOOK,
    NOT_A_PATTERN,
    NOT_A_WAVE,
    NOT_ONE_OF,
    NOT_OPTIONAL,
    OTHER_FORM,
    TITLE_WITHOUT_PLACE,
    UNREADABLE,
    Fault,
    messages,
)
from analysis.survey.problems import PROBLEM, QUESTION, Problem, StudyError
from analysis.survey.reference import OPTIONAL, reference

LANGUAGES = ("zh", "en")  # languages of the texts of the package
RELEASE = {  # formats of the keys in the table `release` of study.toml
    "release_name": re.compile("[a-z0-9][a-z0-9-]{0,59}"),
    "license": re.compile(r"([A-Za-z0-9.-]{1,40})?"),
}


@dataclass(frozen=True)
class Study:
    """Declaration of one study; codes are text, and patterns must match a whole code.

    wave_of: the wave to whose questions the study is limited, if any (see `of_wave`). languages:
    those of the publications, the main one first. reference: optional reference tables that the
    study has; each must exist. wave: the default wave. city: the code for all districts together.
    district, community: patterns of codes; the code of a community begins with that of its
    district, then of its township, which has `township_length` characters. units: columns of
    townships.csv that count what a township reports on; without any, every township reports.
    form_title, office: texts on forms. report, of_district, between_waves: the notebooks published
    as the report, run for each district, and run if there is a previous wave; empty for none.
    district_title: the title of a district's page by language, with `{}` for its name.
    release_name: prefix of the file name of a release. license: SPDX identifier of the licence of
    the publications; empty if undeclared. release_date: the day of publication; None if undeclared.
    """

    home: Path
    wave_of: str = ""
    languages: tuple[str, ...] = ("zh",)
    reference: tuple[str, ...] = ()
    wave: str = ""
    city: str = ""
    district: str = "[0-9]{6}"
    township_length: int = 9
    community: str = "[0-9]{12}"
    units: tuple[str, ...] = ()
    form_title: str = ""
    office: str = ""
    report: str = ""
    of_district: str = ""
    between_waves: str = ""
    district_title: dict[str, str] = field(default_factory=dict, hash=False)
    release_name: str = "study"
    license: str = ""
    release_date: dt.date | None = None

    @cached_property
    def districts(self) -> dict[str, str]:
        """Names of the districts by code, in the order of `counties.csv`."""
        return names_of(_counties(self), self.city)

    @cached_property
    def tiles(self) -> dict[str, tuple[int, int]]:
        """Approximate position of districts on a tile map: column and row, from the north-west.

        Districts without a position are left out.
        """
        table = _counties(self)
        if "tile_column" not in table:
            return {}
        placed = table[table["tile_column"] != ""]
        return {
            row.gb2260: (int(row.tile_column), int(row.tile_row)) for row in placed.itertuples()
        }

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The tables of the codebook, by name, in the order of `tables.csv`."""
        return read_tables(reference("tables"), reference("columns"), reference("codes"), self)

    @cached_property
    def codes(self) -> dict[str, dict[str, str]]:
        """Lists of answers by name; each maps Chinese, as printed on forms, to English."""
        return read_codes(reference("codes"))

    def codebook(self) -> pd.DataFrame:
        """Table of the columns of all clean tables, one row each."""
        return tabulate(self.tables)

    def rulebook(self) -> pd.DataFrame:
        """Table of the messages of all checks of the package and of `rules.csv`, one row each.

        Columns: code, kind (problem or question), message_zh, message_en, remedy_zh, remedy_en;
        fields of a message are written as …
        """
        own = [rule.message for rule in self.rules if rule.message.zh]
        rows = [
            (
                one.code,
                QUESTION if one.asks else PROBLEM,
                one.zh,
                one.en,
                one.remedy_zh,
                one.remedy_en,
            )
            for one in [*messages().values(), *own]
        ]
        names = ["code", "kind", "message_zh", "message_en", "remedy_zh", "remedy_en"]
        return pd.DataFrame(rows, columns=names).replace(r"\{\w+\}", "…", regex=True)

    @cached_property
    def rules(self) -> list[Rule]:
        """Rules of `rules.csv`; for a wave, those whose columns it asks."""
        if not self.wave_of:
            return read_rules(reference("rules"), self.tables)
        whole = _read(self.home)
        return [rule for rule in whole.rules if self._asks(rule, whole.tables)]

    def _asks(self, rule: Rule, whole: dict[str, Table]) -> bool:
        """Return whether a wave asks all columns that a rule names.

        whole: the tables of all waves.
        """
        if rule.table not in self.tables:
            return False
        words = set(re.findall(r"[a-z_]\w*", rule.argument)) | {rule.column}
        return not words & (
            whole[rule.table].columns.keys() - self.tables[rule.table].columns.keys()
        )

    @property
    def district_tables(self) -> tuple[Table, ...]:
        """The tables that each district reports, in the order of its workbook."""
        return tuple(table for table in self.tables.values() if not table.book)

    @property
    def book_tables(self) -> tuple[Table, ...]:
        """The tables of the workbook that is not a district's."""
        return tuple(table for table in self.tables.values() if table.book)

    @property
    def book(self) -> str:
        """Name of the workbook that is not a district's, without suffix; empty for none."""
        return next((table.book for table in self.book_tables), "")

    @cached_property
    def identifiers(self) -> dict[str, str]:
        """Titles of the columns that identify a person; read for checks, then dropped."""
        return {
            name: one.zh
            for table in self.tables.values()
            for name, one in table.identifiers.items()
        }

    @cached_property
    def frame_table(self) -> str:
        """Name of the table with one row for each community of the frame; empty for none."""
        return next(
            (name for name, table in self.tables.items() if table.rows == "communities"), ""
        )

    @cached_property
    def public(self) -> tuple[str, ...]:
        """Columns of the frame table that the page of a district shows for each community."""
        columns = self.tables[self.frame_table].columns if self.frame_table else {}
        return tuple(name for name, column in columns.items() if column.metadata["public"])

    @cached_property
    def common_prefix(self) -> str:
        """Common prefix of the codes of all districts."""
        return os.path.commonprefix(list(self.districts))  # noqa: RUF071 (of codes, which are no paths)

    def district_of(self, code: str) -> str:
        """Return the code of the district of a community."""
        return code[: len(next(iter(self.districts), ""))]

    def township_of(self, code: str) -> str:
        """Return the code of the township of a community."""
        return code[: self.township_length]


_WAVE: ContextVar[str] = ContextVar("wave", default="")


def study() -> Study:
    """Return the current study, limited by `of_wave`; StudyError if it cannot be read."""
    return _of_wave(root(), _WAVE.get())


@contextmanager
def of_wave(wave: str) -> Iterator[None]:
    """Limit the study to what a wave asks, for the time of the context.

    A name that is not that of a wave does not limit it.
    """
    token = _WAVE.set(wave if WAVE.fullmatch(wave) else "")
    try:
        yield
    finally:
        _WAVE.reset(token)


@cache
def _of_wave(home: Path, wave: str) -> Study:
    return replace(_read(home), wave_of=wave) if wave else _read(home)


@cache
def _read(home: Path) -> Study:
    path = home / STUDY
    check_read(path)
    try:
        with path.open("rb") as file:
            facts = tomllib.load(file)
    except FileNotFoundError:
        raise _refused("", NO_STUDY.fault()) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise _refused("", UNREADABLE.fault(f": {error}")) from None
    return _checked(home, facts)


def _checked(home: Path, facts: dict) -> Study:
    """Return the study of a declaration; every key must be known and of its type."""
    places, forms, notebooks = (
        dict(facts.pop(name, {})) for name in ("places", "forms", "notebooks")
    )
    titles, release = dict(facts.pop("district_title", {})), dict(facts.pop("release", {}))
    given = {
        "languages": tuple(facts.pop("languages", ())),
        "reference": tuple(facts.pop("reference", ())),
        "wave": facts.pop("wave", ""),
        "city": places.pop("city", ""),
        "district": places.pop("district", Study.district),
        "township_length": places.pop("township_length", Study.township_length),
        "community": places.pop("community", Study.community),
        "units": tuple(places.pop("units", ())),
        "form_title": forms.pop("title", ""),
        "office": forms.pop("office", ""),
        "report": notebooks.pop("report", ""),
        "of_district": notebooks.pop("of_district", ""),
        "between_waves": notebooks.pop("between_waves", ""),
        "district_title": {lang: titles.pop(lang, "{}") for lang in LANGUAGES},
        "release_name": release.pop("name", Study.release_name),
        "license": release.pop("license", Study.license),
        "release_date": release.pop("date", Study.release_date),
    }
    for key in (*facts, *places, *forms, *notebooks, *titles, *release):
        raise _refused(key, NO_SUCH_KEY.fault())
    _check(given)
    return Study(home, **given)


def _check(given: dict[str, Any]) -> None:
    """Raise StudyError for the first invalid value of a declaration."""
    if not given["languages"] or not set(given["languages"]) <= set(LANGUAGES):
        raise _refused("languages", NOT_ONE_OF.fault(values="、".join(LANGUAGES)))
    if odd := sorted(set(given["reference"]) - OPTIONAL.keys()):
        raise _refused("reference", NOT_OPTIONAL.fault(name=odd[0], known="、".join(OPTIONAL)))
    if not WAVE.fullmatch(str(given["wave"])):
        raise _refused("wave", NOT_A_WAVE.fault())
    for key in ("district", "community"):
        try:
            re.compile(given[key])
        except (re.error, TypeError) as error:
            raise _refused(key, NOT_A_PATTERN.fault(f": {error}")) from None
    _check_notebooks(given)
    _check_release(given)


def _check_notebooks(given: dict[str, Any]) -> None:
    """Check the names of notebooks, and the titles of the pages made from one of them."""
    for key in ("report", "of_district", "between_waves"):
        if given[key] and not NOTEBOOK.fullmatch(given[key]):
            raise _refused(key, NOT_A_NOTEBOOK.fault())
    for lang, title in given["district_title"].items():
        if (
            not isinstance(title, str)
            or title.count("{}") != 1
            or len(re.findall("[{}]", title)) > 2
        ):
            raise _refused(f"district_title.{lang}", TITLE_WITHOUT_PLACE.fault())


def _check_release(given: dict[str, Any]) -> None:
    """Check the name, licence and date of a release."""
    for key, form in RELEASE.items():
        if not isinstance(given[key], str) or not form.fullmatch(given[key]):
            name = f"release.{key.removeprefix('release_')}"
            raise _refused(name, OTHER_FORM.fault(form=form.pattern))
    if type(given["release_date"]) not in (dt.date, type(None)):
        raise _refused("release.date", NO_DAY.fault())


def _refused(key: str, fault: Fault) -> StudyError:
    return StudyError([Problem.of(fault, STUDY, column=key)])


def _counties(study: Study) -> pd.DataFrame:
    """Return counties.csv; StudyError for codes or names that cannot be part of a file name."""
    forms = (  # codes and names become parts of file names
        ("gb2260", re.compile(study.district), NOT_A_DISTRICT_CODE),
        ("name_zh", FILE_NAME, NOT_A_FILE_NAME),
    )
    table = reference("counties")
    missing = [column for column in ("gb2260", "name_zh", "name_en") if column not in table]
    if missing:
        raise StudyError(
            [Problem.of(KEY_MISSING.fault(), "counties.csv", column=name) for name in missing]
        )
    problems = [
        Problem.of(
            message.fault(value=repr(cell), pattern=pattern.pattern),
            "counties.csv",
            column=column,
            row=row,
        )
        for column, pattern, message in forms
        for row, (cell, code) in enumerate(
            zip(table[column], table["gb2260"], strict=True), start=2
        )
        if not pattern.fullmatch(cell) and code != study.city
    ]
    if problems:
        raise StudyError(problems)
    return table


def names_of(table: pd.DataFrame, city: str) -> dict[str, str]:
    """Return the names of the districts in `counties.csv` by code, without the city."""
    rows = table[table["gb2260"] != city]
    return dict(zip(rows["gb2260"], rows["name_zh"], strict=True))
