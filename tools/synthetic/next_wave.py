"""A second synthetic wave, one year later, for tests only; nothing of it is published.

It has small changes: people who leave and join, a renamed township, a new community.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from synthetic import answers, people, places, write_wave

WAVE, YEAR = "2021", pd.DateOffset(years=1)
RENAMED = ("331022", "海游街道", "海游更名街道")  # county, name of 2020, invented name of 2021
FOUNDED_IN = "331002001"  # township of the new community
HIRES, LEAVERS = 40, 25


def synthesise_next(raw: Path, reference: Path, seed: int = 2020) -> Path:
    """Write wave 2021 beside wave 2020 in `raw`, with its declaration; the same bytes for a seed.

    Returns the folder. Raises FileNotFoundError when wave 2020 has no declaration to go by.
    """
    tables = drifted(answers(Path(reference), seed), np.random.default_rng([seed, 2021]))
    folder = Path(raw) / WAVE
    write_wave(folder, tables, places.read_counties(Path(reference)), datetime(2021, 4, 30))
    declared = (Path(raw) / "2020/wave.toml").read_text("utf-8")
    declared = declared.replace('wave = "2020"', f'wave = "{WAVE}"').replace(
        "2020-04-30", "2021-04-30"
    )
    (folder / "wave.toml").write_text(
        declared + places_changed(tables["communities"], reference), encoding="utf-8"
    )
    return folder


def places_changed(communities: pd.DataFrame, reference: Path) -> str:
    """Declare the renamed township and the new community, as `wave.toml` has them."""
    townships = pd.read_csv(Path(reference) / "townships.csv", dtype=str)
    county, before, after = RENAMED
    here = (townships["county_code"] == county) & (townships["township"] == before)
    code = townships.loc[here, "township_code"].iloc[0]
    new = communities.iloc[-1]
    return (
        f'\n[[places]]\nchange = "renamed"\ntownship_code = "{code}"\ntownship = "{after}"\n'
        f'\n[[places]]\nchange = "new"\ncommunity_code = "{new["community_code"]}"\n'
        f'community = "{new["community"]}"\n'
    )


def drifted(tables: dict[str, pd.DataFrame], rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Return every table with the changes of one year."""
    after = {name: _renamed(table) for name, table in tables.items()}
    communities = _founded(_grown(after["communities"], rng))
    after["workers"] = _staffed(after["workers"], communities.iloc[-1], rng)
    after["communities"] = communities
    funds = after["funding"].copy()
    parts = ["city_funds", "county_funds", "township_funds"]
    funds[parts] = (funds[parts] * 1.08).round(2)
    after["funding"] = funds.assign(amount=funds[parts].sum(axis=1).round(2))
    after["projects"] = after["projects"].assign(
        progress=after["projects"]["progress"].replace("在建", "已建成")
    )
    phoned = after["interview_communities"]
    after["interview_communities"] = phoned.assign(date=phoned["date"] + YEAR)
    return after


def _renamed(table: pd.DataFrame) -> pd.DataFrame:
    county, before, after = RENAMED
    if "township" not in table:
        return table.copy()
    here = table["county_code"].eq(county) & table["township"].eq(before)
    return table.assign(township=table["township"].mask(here, after))


def _grown(places: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Change households and residents by a few per cent; facilities now meet the standard."""
    factor = rng.normal(1.01, 0.02, len(places))
    grown = {
        name: (places[name] * factor).round().astype(int) for name in ("households", "population")
    }
    return places.assign(
        **grown, compliant=True, agreements=places["agreements"] + rng.integers(0, 2, len(places))
    )


def _founded(places: pd.DataFrame) -> pd.DataFrame:
    """Add a community to a township, as its next number, at the end of the list."""
    last = places[places["township_code"] == FOUNDED_IN].iloc[-1]
    number = int(last["community_code"][-2:]) + 1
    name = re.sub(r"\d+社区", f"{number:02d}社区", last["community"])
    new = last.to_dict() | {"community_code": f"{FOUNDED_IN}9{number:02d}", "community": name}
    new |= {"new_since_2016": True, "village_turned": False}
    return pd.concat([places, pd.DataFrame([new])], ignore_index=True).astype(
        places.dtypes.to_dict()
    )


def _staffed(roster: pd.DataFrame, new: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    """Return a roster in which some leave and others join, and incomes rise by 4 %.

    Three people join in the new community.
    """
    others = roster.index[roster["post"] == "其他"]
    staying = roster.drop(rng.choice(others, LEAVERS, replace=False))
    hired = roster.loc[rng.choice(others, HIRES + 3, replace=False)].copy()
    fresh = {
        "hired": pd.Timestamp("2020-09-01"),
        "born": pd.Timestamp("1995-05-01"),
        "grade": 1,
        "certificate": "无",
    }
    hired = hired.assign(**fresh, income=5.0)
    place = ["county_code", "township", "township_code", "community", "community_code"]
    hired.iloc[-3:, [hired.columns.get_loc(name) for name in place]] = new[place].to_numpy()
    everyone = pd.concat([staying, hired]).sort_values(
        "community_code", kind="stable", ignore_index=True
    )
    everyone["income"] = (everyone["income"] * 1.04).round(2)
    identified = people.identifiers(everyone, rng)
    return everyone.assign(**{name: identified[name] for name in identified})
