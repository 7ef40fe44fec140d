"""Synthetic figures of counties and townships: funds, burden, the baseline of 2018, projects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.survey.study import study
from synthetic.exact import apportion, settle_weighted
from synthetic.places import real

# Funds of 2019 in 0.01 万元; the report gives the total and two of the items.
FUNDS = {"硬件设施提升改造": 373_061, "队伍建设": 580_340, "工作运转": 441_192, "服务项目": 294_127}
# Of each item about this share from the city, the county, and subdistrict or township.
SOURCES = (0.10, 0.55, 0.35)
BURDEN = {"plates": 669, "outdoor_signs": 7436, "indoor_signs": 7500, "wall_rules": 14098}
WORKERS_2018 = 1130
PAYROLL_2018 = 475_730  # 0.01 万元
ZONES = 14
PUBLIC_SPACES = 26
VENTURES = 110


def read_townships(reference: Path) -> pd.DataFrame:
    """Read the real townships and their counts of villages and communities."""
    text = {"county_code": str, "township_code": str}
    return real(pd.read_csv(reference / "townships.csv", dtype=text))


def funding(places: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Fill in 经费投入: one row per county and item, 万元; larger counties have more."""
    workers = places.groupby("county_code", sort=False)["workers"].sum()
    rows = []
    for item in study().codes["fund_item"]:
        amounts = apportion(workers * rng.uniform(0.75, 1.25, len(workers)), FUNDS[item])
        for code, amount in zip(workers.index, amounts, strict=True):
            parts = apportion(SOURCES * rng.uniform(0.7, 1.3, 3), amount)
            rows.append([code, item, *(parts / 100), amount / 100])
    names = ["county_code", "item", "city_funds", "county_funds", "township_funds", "amount"]
    return pd.DataFrame(rows, columns=names)


def burden(townships: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Fill in 减负清理: one row per township that has villages or communities (`units`)."""
    units = townships["juweihui_2019"] + townships["cunweihui_2019"]
    rows = townships.assign(units=units)[units > 0].reset_index(drop=True)
    for name, total in BURDEN.items():
        rows[name] = apportion(rows["units"] * rng.gamma(4, 0.25, len(rows)), total)
    return rows


def baseline(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Fill in 2018年初基数: who was there before 2018 and 49 who left since, and their mean income.

    people: the roster; the headcounts sum to 1130 and their weighted mean income is 4.21 万元.
    """
    stayed = people[people["hired"] < "2018-01-01"].groupby("county_code", sort=False).size()
    workers = stayed.to_numpy() + apportion(stayed, WORKERS_2018 - stayed.sum())
    now = people.groupby("county_code", sort=False)["income"].mean().to_numpy()
    means = now * rng.uniform(0.96, 1.04, len(now))
    means = np.round(means * PAYROLL_2018 / np.dot(workers, means)).astype(int)
    means = settle_weighted(means, workers, PAYROLL_2018)
    return pd.DataFrame(
        {"county_code": stayed.index, "workers_2018": workers, "income_2018": means / 100}
    )


def published_zones() -> pd.DataFrame:
    """State the two provincial experiment zones that the report names, as it names them."""
    # The report gives no year for either: the year is that of the form.
    return pd.DataFrame(
        {
            "county_code": ["331002", "331022"],
            "project": ["城乡社区治理和服务创新实验区", "村民代表履职规范化"],
            "kind": "实验区",
            "level": "省级",
            "batch": [1, 2],
            "unit": ["海门街道", "三门县"],
            "year": 2020,
            "progress": ["已获评", "实验区创建中期评估通过"],
        }
    )


def complexes(counties: dict[str, str], rng: np.random.Generator) -> pd.DataFrame:
    """Make up the county community service complexes, one in each county (code to name)."""
    amounts = 10 * rng.integers(30, 90, len(counties))
    rows = pd.DataFrame({"county_code": list(counties), "amount": amounts})
    names = rows["county_code"].map(counties)
    return rows.assign(
        project=names + "社区服务综合体",
        kind="县域社区服务综合体",
        level="县级",
        unit=names + "民政局",
        year=rng.integers(2018, 2021, len(rows)),
        progress="已建成",
    )


def at_communities(
    places: pd.DataFrame, number: int, rng: np.random.Generator, **facts: object
) -> pd.DataFrame:
    """Draw `number` communities, at least one in each county, to carry out a project each."""
    size = places.groupby("county_code", sort=False).size()
    drawn = []
    for code, count in zip(size.index, apportion(size, number, least=1), strict=True):
        names = places.loc[places["county_code"] == code, "community"].to_numpy()
        for name in rng.choice(names, count, replace=False):
            drawn.append({"county_code": code, "unit": name} | facts)
    return pd.DataFrame(drawn)


def ventures(places: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Make up projects of venture philanthropy (万元); most money goes to three old fields."""
    facts = {"kind": "公益创投", "level": "县级", "year": 2019}
    rows = at_communities(places, VENTURES, rng, **facts)
    numbers = apportion([0.36, 0.21, 0.17, 0.14, 0.12], VENTURES)
    fields = ["扶老", "助残", "济困", "社区治理", "邻里互助"]
    rows["field"] = rng.permutation(np.repeat(fields, numbers))
    rows["amount"] = np.round(np.clip(4.2 * rng.lognormal(0, 0.35, VENTURES), 1, 12), 1)
    rows["project"] = rows["unit"] + rows["field"] + "项目"
    return rows.assign(progress=rng.choice(["已结项", "实施中"], VENTURES, p=[0.7, 0.3]))


def projects(
    places: pd.DataFrame, counties: dict[str, str], rng: np.random.Generator
) -> pd.DataFrame:
    """Fill in 项目与公益创投: the nine complexes, experiment zones, public spaces and ventures.

    places: the communities in which an invented project may lie; counties: code to name.
    """
    zones = at_communities(places, ZONES, rng, kind="实验区", level="市级", batch=1, year=2019)
    zones = zones.assign(project=zones["unit"] + "治理创新实验区", progress="创建中")
    spaces = at_communities(places, PUBLIC_SPACES, rng, kind="示范公共空间", level="县级")
    spaces["project"] = spaces["unit"] + "公共空间"
    building = rng.permutation(np.arange(PUBLIC_SPACES) < 9)
    spaces["progress"] = np.where(building, "在建", "已建成")
    spaces["year"] = np.where(building, 2020, 2019)
    spaces["amount"] = rng.integers(15, 80, PUBLIC_SPACES)
    tables = [complexes(counties, rng), published_zones(), zones, spaces, ventures(places, rng)]
    return pd.concat(tables, ignore_index=True).astype({"amount": float, "batch": "Int64"})
