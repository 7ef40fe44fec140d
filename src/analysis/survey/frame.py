"""The frame of a wave: the places that must report, after the changes declared in `wave.toml`.

    [[places]]                          # a township or a community has a new name
    change = "renamed"                  # renamed | new | closed
    township_code = "999901100"
    township = "…"

A new community gives community_code and community; the first nine digits of its code are the code
of its township.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd

from analysis.survey.declaration import FILE, read_declaration
from analysis.survey.folders import waves_until
from analysis.survey.messages import PLACE_CHANGE
from analysis.survey.problems import Problem
from analysis.survey.study import study

CHANGES = {"renamed", "new", "closed"}


def earlier_wave(raw: Path) -> Path | None:
    """Return the folder of the previous wave; None if there is none."""
    before = [folder for folder in waves_until(raw) if folder.name != raw.name]
    return before[-1] if before else None


def places_changed(folder: Path) -> list[dict]:
    """Return the changes of places that a wave declares; empty if it cannot be read."""
    try:
        return list(read_declaration(folder / FILE).get("places", []))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return []


def wave_frame(
    raw: Path, frame: pd.DataFrame, townships: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, list]:
    """Apply the changes of every wave up to `raw` to the communities and townships.

    frame, townships: reference tables. Returns (communities, townships, problems). A change of a
    place that does not exist is a problem.
    """
    problems = []
    for folder in waves_until(raw):
        for number, change in enumerate(places_changed(folder), start=1):
            try:
                frame, townships = _apply(frame, townships, change)
            except (KeyError, TypeError, AttributeError) as error:
                fault = PLACE_CHANGE.fault(f": {error}", number=number)
                problems.append(Problem.of(fault, FILE, column="places"))
    return frame, townships, problems


def _apply(
    frame: pd.DataFrame, townships: pd.DataFrame, change: dict
) -> tuple[pd.DataFrame, pd.DataFrame]:
    if change["change"] not in CHANGES:
        raise KeyError(change["change"])
    if change["change"] == "new":
        return pd.concat([frame, _new(townships, change)], ignore_index=True), townships
    level = "community" if "community_code" in change else "township"
    code = change[f"{level}_code"]
    known = frame if level == "community" else townships
    if code not in set(known[f"{level}_code"]):
        raise KeyError(code)
    if change["change"] == "closed":
        rest = townships if level == "community" else townships[townships[f"{level}_code"] != code]
        return frame[frame[f"{level}_code"] != code], rest
    return (
        _renamed(frame, level, code, change[level]),
        _renamed(townships, level, code, change[level]),
    )


def _renamed(rows: pd.DataFrame, level: str, code: str, name: str) -> pd.DataFrame:
    if level not in rows:
        return rows
    return rows.assign(**{level: rows[level].where(rows[f"{level}_code"] != code, name)})


def _new(townships: pd.DataFrame, change: dict) -> pd.DataFrame:
    """Return the row of a new community; KeyError if its township is unknown."""
    code = change["community_code"]
    township = townships.set_index("township_code").loc[study().township_of(code)]
    district = study().district_of(code)
    county = {"county_code": district, "county": study().districts[district]}
    place = {"township_code": study().township_of(code), "township": township["township"]}
    return pd.DataFrame(
        [
            county
            | place
            | {"community_code": code, "community": change["community"], "new_since_2016": "1"}
        ]
    )


def reporting(townships: pd.DataFrame) -> pd.DataFrame:
    """Return the townships that must report: those with a unit, if units are named."""
    units = list(study().units)
    return townships[townships[units].astype(int).sum(axis=1) > 0] if units else townships
