"""The declaration of a wave, `wave.toml`; its basis determines every label of the data."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from analysis.survey.characters import text_fault
from analysis.survey.folders import DECLARATION as FILE
from analysis.survey.folders import RefusedError, printable, wave_name
from analysis.survey.messages import (
    KEY_MISSING,
    NO_DAY,
    NO_DECLARATION,
    NOT_A_WAVE,
    NOT_ONE_OF,
    ONE_LANGUAGE,
    TEXT_TOO_LONG,
    UNREADABLE,
    WAVE_AND_DATE,
    WAVE_AND_FOLDER,
    Fault,
)
from analysis.survey.problems import Problem
from analysis.survey.text import seen

BASES = ("official", "published", "synthetic")
WORDS = ("title", "publisher", "notice", "label")  # each in both languages
LONGEST = {"title": 255, "publisher": 255}  # characters, as properties of a Word file allow
NEEDED = ("wave", "basis", "reference_date", "edition", *WORDS)


def read_declaration(path: Path) -> dict:
    """Read a declaration; tomllib.TOMLDecodeError or OSError if it cannot be read."""
    if path.exists() and not path.is_file():  # reading a pipe would block
        raise OSError("不是普通文件 (not a regular file)")
    with path.open("rb") as file:
        return tomllib.load(file)


def reference_date(folder: Path) -> pd.Timestamp | None:
    """Return the day that the forms of the wave in `folder` describe; None if undeclared."""
    try:
        day = read_declaration(folder / FILE)["reference_date"]
        return pd.Timestamp(day) if _is_day(day) else None
    except (OSError, KeyError, ValueError, TypeError):
        return None


def _is_day(value: object) -> bool:
    """Return whether a value is a date without a time; a time zone could shift the day."""
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


def absent(folder: Path) -> Fault:
    """Return the fault for a missing declaration of the wave in `folder`, with its keys."""
    keys = "、".join(NEEDED)
    return NO_DECLARATION.fault(keys=keys, folder=printable(folder.absolute().name))


def declaration_problems(folder: Path) -> list[Problem]:
    """Check the declaration of the wave in `folder`; nothing is published without a basis."""
    try:
        facts = read_declaration(folder / FILE)
    except FileNotFoundError:
        return [Problem.of(absent(folder), FILE)]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        return [Problem.of(UNREADABLE.fault(f": {error}"), FILE)]
    problems = [
        Problem.of(KEY_MISSING.fault(), FILE, column=key) for key in NEEDED if key not in facts
    ]
    problems += [
        Problem.of(ONE_LANGUAGE.fault(), FILE, column=key)
        for key in WORDS
        if key in facts and not _in_both_languages(facts[key])
    ]
    problems += _value_problems(facts)
    if facts.get("basis", BASES[0]) not in BASES:
        problems.append(Problem.of(NOT_ONE_OF.fault(values="、".join(BASES)), FILE, column="basis"))
    return problems + _wave_problems(facts, folder)


def _wave_problems(facts: dict, folder: Path) -> list[Problem]:
    """Compare the declared wave with its folder and with the year of its reference date."""
    wave, day, problems = str(facts.get("wave", folder.name)), facts.get("reference_date"), []
    try:
        wave_name(facts.get("wave", "0000"))
    except RefusedError:
        problems.append(Problem.of(NOT_A_WAVE.fault(), FILE, column="wave"))
    if wave != folder.name:
        fault = WAVE_AND_FOLDER.fault(wave=wave, folder=folder.name)
        problems.append(Problem.of(fault, FILE, column="wave"))
    if (
        isinstance(day, dt.date)
        and re.fullmatch("[0-9]{4}", wave)
        and abs(day.year - int(wave)) > 1
    ):
        fault = WAVE_AND_DATE.fault(day=f"{day:%Y-%m-%d}", wave=wave)
        problems.append(Problem.of(fault, FILE, column="reference_date"))
    return problems


def _value_problems(facts: dict) -> list[Problem]:
    """Check values: the type of the date, the length of titles, the characters of texts."""
    problems = []
    if not _is_day(facts.get("reference_date", dt.date.min)):
        problems.append(Problem.of(NO_DAY.fault(), FILE, column="reference_date"))
    for key, text in _texts(facts):
        most = LONGEST.get(key.partition(".")[0], len(text))
        if len(text) > most:
            problems.append(Problem.of(TEXT_TOO_LONG.fault(most=most), FILE, column=key))
        if fault := text_fault(text):
            problems.append(Problem.of(fault, FILE, column=key))
    return problems


def _in_both_languages(words: object) -> bool:
    """Return whether a value has a text in both languages."""
    return isinstance(words, dict) and all(
        isinstance(words.get(lang), str) for lang in ("zh", "en")
    )


def _texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a declaration with its key, as `title.zh` or `places[2].community`.

    Keys are texts too.
    """
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for number, one in enumerate(value, start=1):
            yield from _texts(one, f"{key}[{number}]")
    elif isinstance(value, dict):
        for name, one in value.items():
            yield f"{key}.{seen(name)}".lstrip("."), name
            yield from _texts(one, f"{key}.{seen(name)}".lstrip("."))
