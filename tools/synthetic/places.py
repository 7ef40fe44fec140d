"""Synthetic communities (社区基本情况) on the real townships, with their number of workers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.survey.study import names_of
from synthetic.exact import apportion, pick

CITY = "331000"
INVENTED = "90"  # no code of a real place begins so
WORKERS = 1533
VILLAGE_TURNED = 105
COMPLIANT_2018 = 236
COMPLIANT = 354
# Together 174: a share of 75 % among the new communities and of 41 % among the others.
NOT_OWNED_NEW, NOT_OWNED_OLD = 57, 117

# What the report says of three named communities; the number is put on their stand-ins.
NAMED_WORKERS = {"北渚社区": 2, "玉湖社区": 3, "管山社区": 2}
# The report names four counties "等" (and others) with village-turned communities short of workers.
SHORT_COUNTIES = ("331004", "331083", "331023", "331024", "331081")
JOINT_COMMITTEES = ("331002", "331004")


def read_counties(reference: Path) -> dict[str, str]:
    """Read the names of the counties of Taizhou; the frame may hold invented ones besides."""
    table = pd.read_csv(reference / "counties.csv", dtype=str)
    return names_of(real(table, "gb2260"), CITY)


def real(table: pd.DataFrame, code: str = "county_code") -> pd.DataFrame:
    """Leave out the rows of invented counties."""
    return table[~table[code].str.startswith(INVENTED)]


def read_frame(reference: Path) -> pd.DataFrame:
    """Read the 361 synthetic communities, with the type of their township."""
    text = {"county_code": str, "township_code": str, "community_code": str}
    communities = real(pd.read_csv(reference / "communities.csv", dtype=text))
    townships = pd.read_csv(reference / "townships.csv", dtype=text)
    types = townships[["township_code", "township_type"]]
    frame = communities.merge(types, on="township_code", how="left", validate="many_to_one")
    return frame.assign(new_since_2016=frame["new_since_2016"].eq(1))


def read_named(reference: Path) -> dict[str, str]:
    """Read which stand-in (community code) carries what the report says of a named community."""
    named = pd.read_csv(reference / "named_places.csv", dtype=str)
    return dict(zip(named["real_name"].str.removesuffix("居委会"), named["stand_in"], strict=True))


def turned(frame: pd.DataFrame, named: dict[str, str], rng: np.random.Generator) -> np.ndarray:
    """Choose the village-turned communities: the stand-ins, most new ones, at least 3 a county."""
    new = frame["new_since_2016"]
    by_county = new.mul(0.7).add(~new * 0.19).groupby(frame["county_code"], sort=False).sum()
    quota = dict(zip(by_county.index, apportion(by_county, VILLAGE_TURNED, least=0), strict=True))
    lacking = sum(max(3 - number, 0) for number in quota.values())
    quota = {code: max(int(number), 3) for code, number in quota.items()}
    quota[max(quota, key=quota.get)] -= lacking
    tendency = np.where(new, 2.3, 0) + np.where(frame["community_code"].isin(named.values()), 99, 0)
    chosen = np.zeros(len(frame), dtype=bool)
    for code, number in quota.items():
        rows = np.flatnonzero(frame["county_code"] == code)
        chosen[rows] = pick(rng, tendency[rows], number)
    return chosen


def households(places: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Draw households: more in subdistricts, few in village-turned communities."""
    size = len(places)
    usual = 400 + 3600 * rng.beta(2.2, np.where(places["township_type"] == "街道", 3.7, 7.1))
    small = rng.triangular(400, 750, 1400, size)
    return np.where(places["village_turned"], small, usual).round().astype(int)


def headcount(places: pd.DataFrame, named: dict[str, str], rng: np.random.Generator) -> np.ndarray:
    """Give each community its full-time workers, 1533 in all, fewer where a village was turned."""
    size = len(places)
    short = rng.choice([1, 2, 3, 4], size, p=[0.12, 0.50, 0.30, 0.08])
    enough = rng.choice([3, 4], size, p=[0.8, 0.2])
    workers = np.where(places["county_code"].isin(SHORT_COUNTIES), short, enough)
    for name, number in NAMED_WORKERS.items():
        workers[places["community_code"] == named[name]] = number
    usual = ~places["village_turned"].to_numpy()
    weights = places["households"] * rng.uniform(0.7, 1.3, size)
    rest = WORKERS - workers[~usual].sum()
    workers[usual] = apportion(weights[usual], rest, least=2)
    return workers


def fully_staffed(places: pd.DataFrame) -> pd.Series:
    """Return which communities have three workers or more, and one for every 500 households."""
    return places["workers"].ge(3) & places["households"].le(500 * places["workers"])


def facilities(places: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the service facilities: floor area always at least 30 m² per 100 households."""
    size, new = len(places), places["new_since_2016"].to_numpy()
    standard = np.ceil(0.3 * places["households"])
    area = (standard + 20 + 240 * rng.lognormal(0, 0.5, size)).astype(int)
    not_owned = np.zeros(size, dtype=bool)
    not_owned[new] = pick(rng, np.zeros(new.sum()), NOT_OWNED_NEW)
    not_owned[~new] = pick(rng, np.zeros((~new).sum()), NOT_OWNED_OLD)
    other = rng.choice(["租用", "借用"], size, p=[0.6, 0.4])
    now = pick(rng, -1.0 * places["village_turned"] - 0.5 * not_owned, COMPLIANT)
    # Who met the standard in 2018 meets it now.
    earlier = pick(rng, np.where(now, -0.8 * new - 0.5 * not_owned, -99), COMPLIANT_2018)
    hours = rng.normal(46, 8, size) - 3 * places["village_turned"]
    return pd.DataFrame(
        {
            "area": area,
            "residents_area": (area * rng.uniform(0.22, 0.62, size)).astype(int),
            "premises": np.where(not_owned, other, "自有"),
            "area_met": True,
            "compliant_2018": earlier,
            "compliant": now,
            "open_hours": np.clip((hours * 2).round() / 2, 35, 84),
            "run_by_organisation": rng.random(size) < 0.11,
            "premises_plan": rng.random(size) < 0.35,
        },
        index=places.index,
    )


def governance(places: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw committees, agreements, social organisations, the three lists and the counter."""
    size, village = len(places), places["village_turned"].to_numpy()
    joint = np.where(places["county_code"].isin(JOINT_COMMITTEES), 0.95, 0.12)
    # Most communities are weak at linking resources: six in ten have no agreement, or one.
    few = pick(rng, 0.8 * village, round(0.6 * size))
    organisations = rng.poisson(np.where(village, 2.5, 5))
    seats = rng.integers(5, 10, size) + 2 * village
    return pd.DataFrame(
        {
            "joint_committee": rng.random(size) < joint,
            "agreements": np.where(few, rng.integers(0, 2, size), 2 + rng.poisson(3, size)),
            "organisations": organisations,
            "active_organisations": rng.binomial(organisations, 0.6),
            "list_autonomy": rng.random(size) < 0.72,
            "list_services": rng.random(size) < 0.91,
            "list_resources": rng.random(size) < 0.43,
            "counter": rng.choice(["综合受理", "分条线办理"], size, p=[0.38, 0.62]),
            "committee_seats": seats,
            "committee_workers": rng.binomial(
                np.minimum(seats, places["workers"]), np.where(village, 0.25, 0.6)
            ),
        },
        index=places.index,
    )


def communities(
    frame: pd.DataFrame, named: dict[str, str], rng: np.random.Generator
) -> pd.DataFrame:
    """Fill in 社区基本情况: one row per community of the frame, and its number of `workers`."""
    places = frame.assign(village_turned=turned(frame, named, rng))
    places["households"] = households(places, rng)
    # Three workers are too few only where there are many households.
    places.loc[places["community_code"] == named["玉湖社区"], "households"] = 1900
    people = places["households"] * rng.normal(2.6, 0.15, len(places))
    places["population"] = people.round().astype(int)
    places["workers"] = headcount(places, named, rng)
    return places.join(facilities(places, rng)).join(governance(places, rng))
