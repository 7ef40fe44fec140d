"""Synthetic phone interviews: the sampling frame, the sample, and the answers."""

from __future__ import annotations

from itertools import count

import numpy as np
import pandas as pd

from synthetic.exact import apportion, pick
from synthetic.places import SHORT_COUNTIES, fully_staffed

SAMPLE = 45
LEAST_PER_COUNTY = 3
WORKDAYS = [20, 21, 22, 23, 24, 27, 28, 29, 30]  # of April 2020
SEPARATE_DESKS = 0.6


def allocate(frame: pd.DataFrame) -> pd.Series:
    """Allot the 45 communities to the counties: three each, the rest in proportion to size."""
    beyond = frame.groupby("county_code", sort=False).size() - LEAST_PER_COUNTY
    rest = apportion(beyond, SAMPLE - LEAST_PER_COUNTY * len(beyond))
    return pd.Series(rest + LEAST_PER_COUNTY, beyond.index)


def draw(strata: list[np.ndarray], sizes: pd.Series, rng: np.random.Generator) -> np.ndarray:
    """Draw rows at random and without replacement, so many from each stratum (row numbers)."""
    parts = zip(strata, sizes, strict=True)
    return np.sort(np.concatenate([rng.choice(rows, size, replace=False) for rows, size in parts]))


def sampling_frame(places: pd.DataFrame, stand_ins: list[str], seed: int) -> pd.DataFrame:
    """Fill in 抽样框: every village-turned community, and whether it was drawn, by county.

    Counties are strata. Samples are drawn with offsets 0, 1, 2 … to the seed until the first that
    could have led to the report: it holds the six stand-ins, and understaffed communities in the
    counties meant to have them. Within their strata the six are thus certain: named places are
    forced in, not drawn.
    """
    frame = places[places["village_turned"]].reset_index(drop=True)
    sizes, county = allocate(frame), frame["county_code"].to_numpy()
    strata = [np.flatnonzero(county == code) for code in sizes.index]
    named = np.flatnonzero(frame["community_code"].isin(stand_ins))
    short = ~fully_staffed(frame).to_numpy()
    for offset in count():
        rows = draw(strata, sizes, np.random.default_rng([seed, 99, offset]))
        understaffed = np.unique(county[rows][short[rows]])
        if np.isin(named, rows).all() and set(understaffed) == set(SHORT_COUNTIES):
            return frame.assign(sampled=np.isin(np.arange(len(frame)), rows))


def staffing(sample: pd.DataFrame, named: dict[str, str], rng: np.random.Generator) -> pd.DataFrame:
    """Count all staff: full-time workers as in the roster, former village cadres, and others."""
    cadres = rng.integers(2, 9, len(sample))
    others = rng.integers(0, 3, len(sample))
    guanshan = sample["community_code"] == named["管山社区"]
    cadres, others = np.where(guanshan, 13, cadres), np.where(guanshan, 0, others)
    return sample.assign(
        full_time=sample["workers"],
        former_cadres=cadres,
        others=others,
        staff=sample["workers"] + cadres + others,
        fully_staffed=fully_staffed(sample),
    )


def pay(sample: pd.DataFrame, named: dict[str, str], rng: np.random.Generator) -> pd.DataFrame:
    """Answer on pay: in 天台 nowhere by the standard, elsewhere in four of five communities."""
    size = len(sample)
    tiantai = sample["county_code"].eq("331023").to_numpy()
    kept = ~tiantai
    kept[~tiantai] = pick(rng, np.zeros((~tiantai).sum()), round(0.8 * (~tiantai).sum()))
    secretary = np.where(kept, rng.normal(7.6, 0.8, size), rng.normal(4.0, 0.7, size))
    payer = rng.choice(["财政", "原村经联社", "其他"], size, p=[0.25, 0.6, 0.15])
    jinpan = sample["community_code"] == named["金盘社区"]
    return sample.assign(
        secretary_pay=np.where(jinpan, 2.0, np.clip(secretary.round(1), 2.5, 11)),
        director_payer=np.where(jinpan, "原村经联社", np.where(kept, "财政", payer)),
        pay_by_standard=kept,
    )


def communities(
    frame: pd.DataFrame, named: dict[str, str], rng: np.random.Generator
) -> pd.DataFrame:
    """Fill in 社区访谈: one row per sampled community, phoned in late April 2020."""
    sample = frame[frame["sampled"]].reset_index(drop=True)
    days = rng.choice(WORKDAYS, len(sample))
    sample["date"] = pd.to_datetime([f"2020-04-{day}" for day in days])
    sample = pay(staffing(sample, named, rng), named, rng)
    as_before = rng.random(len(sample)) < 0.3
    as_before |= sample["community_code"].isin([named["迎宾社区"], named["马铺社区"]])
    return sample.assign(decision=np.where(as_before, "原村“两委”", "居民会议协商"))


def staff(sample: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Fill in 人员访谈: two to four of the staff of each sampled community."""
    rows = []
    identities = ["专职社工", "原村干部", "街道干部"]
    for place in sample.to_dict("records"):
        present = np.repeat(
            identities, [place["full_time"], place["former_cadres"], place["others"]]
        )
        asked = rng.choice(present, min(rng.integers(2, 5), present.size), replace=False)
        for number, identity in enumerate(asked, start=1):
            rows.append(place | {"respondent": number, "identity": str(identity)})
    people = pd.DataFrame(rows)
    cadre = people["identity"].eq("街道干部")
    known = people["identity"].map({"专职社工": 2.5, "原村干部": 4.6, "街道干部": 2.0})
    days = np.where(cadre, rng.normal(2.2, 0.7, len(people)), rng.normal(5.1, 0.5, len(people)))
    separate = pick(rng, np.zeros(len(people)), round(SEPARATE_DESKS * len(people)))
    return people.assign(
        desk=np.where(separate, "分条线办理", "综合受理"),
        days_on_site=np.clip((days * 2).round() / 2, 0.5, 7),
        knows_villagers=np.clip((known + rng.normal(0, 0.8, len(people))).round(), 1, 5).astype(
            int
        ),
    )
