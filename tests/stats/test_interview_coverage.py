"""Intervals from the interviews hold the truth as often as they say, on this very design, whose
truth is known.
"""

import numpy as np
import pandas as pd
import pytest

from analysis.stats import design
from analysis.stats.contrasts import difference
from analysis.stats.design import Design
from analysis.stats.sample import STAFF
from running import slow

DRAWS = 1500
# By county: village-turned communities in the frame, interviewed by lot, and interviewed by
# decision besides.
COUNTIES = [
    (21, 7, 0),
    (10, 5, 0),
    (15, 4, 2),
    (3, 3, 0),
    (7, 2, 2),
    (7, 3, 1),
    (24, 8, 0),
    (8, 4, 0),
    (10, 3, 1),
]
ONE_STAGE = Design(strata="county", clusters="community_code", fpc="in_county")


def population(by_size: float, seed: int) -> pd.DataFrame:
    """Generate the staff of every community: 6 to 24 people, correlated (ICC about .15).

    by_size: increase of the log odds of the answer for five more people in the community.
    """
    generator = np.random.default_rng(seed)
    places = pd.DataFrame(
        [(c, i >= n - d) for c, (n, _, d) in enumerate(COUNTIES) for i in range(n)],
        columns=["county", "decided"],
    )
    places["community_code"] = [f"c{i}" for i in range(len(places))]
    places["staff_of_community"] = generator.integers(6, 25, len(places))
    places["lift"] = by_size * (places["staff_of_community"] - 15) / 5 + generator.normal(
        0, 0.8, len(places)
    )
    people = places.loc[places.index.repeat(places["staff_of_community"])].reset_index(drop=True)
    people["respondent"] = people.groupby("community_code").cumcount()
    people["cadre"] = generator.random(len(people)) < 0.5
    people["yes"] = generator.random(len(people)) < 1 / (
        1 + np.exp(-people["lift"] - 0.4 * people["cadre"])
    )
    people["days"] = (
        4 + people["lift"] + 0.5 * people["cadre"] + generator.normal(0, 1.5, len(people))
    )
    people["stratum"] = people["county"].astype(str).mask(people["decided"], "by decision")
    size = people.groupby("stratum")["community_code"].nunique()
    in_county = people.groupby("county")["community_code"].nunique()
    return people.assign(
        in_frame=people["stratum"].map(size), in_county=people["county"].map(in_county)
    )


def draw(people: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """Draw communities at random within counties, others by decision, and 2 to 4 staff each."""
    places = people.drop_duplicates("community_code")
    chosen = [places.loc[places["decided"], "community_code"]]
    for county, (_, by_lot, _) in enumerate(COUNTIES):
        codes = places.loc[(places["county"] == county) & ~places["decided"], "community_code"]
        chosen.append(generator.choice(codes, by_lot, replace=False))
    there = people[people["community_code"].isin(np.concatenate(chosen))]
    shuffled = there.iloc[generator.permutation(len(there))]
    most = shuffled["community_code"].map(
        {code: generator.integers(2, 5) for code in there["community_code"].unique()}
    )
    return shuffled[shuffled.groupby("community_code").cumcount() < most].sort_values(
        "community_code"
    )


ESTIMATES = {
    "share": lambda rows: design.share(rows, STAFF, "yes").iloc[0],
    "mean": lambda rows: design.mean(rows, STAFF, "days").iloc[0],
    "share of a group": lambda rows: design.share(rows, STAFF, "yes", "cadre").iloc[0],
    "difference": lambda rows: difference(rows, STAFF, "days", "cadre", "not cadre"),
    "share, one stage": lambda rows: design.share(rows, ONE_STAGE, "yes").iloc[0],
    "mean, one stage": lambda rows: design.mean(rows, ONE_STAGE, "days").iloc[0],
}


def truths(people: pd.DataFrame) -> dict[str, float]:
    share, mean, by_group = (
        people["yes"].mean(),
        people["days"].mean(),
        people.groupby("cadre")["days"].mean(),
    )
    group = people.loc[people["cadre"], "yes"].mean()
    return dict(
        zip(
            ESTIMATES,
            (share, mean, group, by_group[True] - by_group[False], share, mean),
            strict=True,
        )
    )


def coverage(by_size: float) -> pd.DataFrame:
    """Return how often intervals hold the truth (in %), and the mean estimate beside it."""
    people, generator = population(by_size, 5), np.random.default_rng(7)
    draws = [draw(people, generator) for _ in range(DRAWS)]
    table = []
    for name, truth in truths(people).items():
        found = pd.DataFrame([ESTIMATES[name](rows) for rows in draws])
        held = (found["low"] <= truth) & (truth <= found["high"])
        table.append((name, 100 * held.mean(), truth, found["value"].mean()))
    return pd.DataFrame(table, columns=["estimate", "held", "truth", "mean"]).set_index("estimate")


@slow
@pytest.mark.parametrize("by_size", [0.0, 0.4, 1.0])
def test_intervals_of_the_interviews_cover_the_truth(by_size):
    table = coverage(by_size)
    print(f"\nby size {by_size}\n{table.round(3).to_string()}")
    two_stage = table.iloc[:4]
    assert two_stage["held"].between(93, 97).all()
    assert (two_stage["mean"] - two_stage["truth"]).abs().max() < 0.02
