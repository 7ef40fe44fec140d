"""How often two waves are said to differ where the truth is known; the figures stand in
docs/statistics.md.
"""

import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from this_study import CITY
from two_waves import codes, facts, named

from analysis.stats import overlap
from analysis.stats.between_waves import Wave, compare_waves
from analysis.stats.estimates import mean, share
from analysis.stats.formulas import parse
from analysis.stats.sample import STAFF, Sample
from running import REPOSITORY, slow

pytestmark = slow

PLACES, STUDIES, DRAWS = 361, 400, 500
ANSWERS = (
    *("compliant", "rented", "area_met", "run_by_organisation", "premises_plan"),
    *("joint_committee", "list_autonomy", "list_services", "list_resources"),
)
PLANTED, SHIFT = "compliant", 0.12
IN_FRAME, BY_LOT = (21, 10, 15, 3, 7, 7, 24, 8, 10), (7, 5, 6, 3, 4, 4, 8, 4, 4)


def printed(name):
    """Read the figures (%) of one line of the page's table of two waves."""
    page = (REPOSITORY / "docs/statistics.md").read_text("utf-8")
    row = next(line for line in page.splitlines() if line.startswith(f"| {name} |"))
    return [float(figure) for figure in re.findall(r"(\d+\.\d)(?= %)", row)]


def near(share_found, name, draws, at=0):
    """Tell whether a share found agrees with the figure of the page, within chance of the draws."""
    told = printed(name)[at] / 100
    return abs(share_found - told) <= 3 * np.sqrt(max(told * (1 - told), 0.01) / draws) + 0.0005


def two_waves(seed, shift):
    """Draw both waves from the chances of each community, which stay; only PLANTED may shift.

    Workers of one community are alike in both waves.
    """
    rng = np.random.default_rng([seed, 7])
    level = rng.beta(2, 2, (PLACES, len(ANSWERS)))
    hours, size = rng.normal(45, 4, PLACES), rng.integers(1, 9, PLACES)
    skill = rng.beta(4.2, 4.8, PLACES)
    for moved in (0, shift):
        chance = level + moved * (np.array(ANSWERS) == PLANTED) * np.minimum(1, 4 * (1 - level))
        places = pd.DataFrame({"community_code": codes(PLACES)})
        places[list(ANSWERS)] = rng.random(level.shape) < chance
        places["open_hours"] = hours + rng.normal(0, 3, PLACES)
        staff = places.loc[places.index.repeat(size), ["community_code"]].reset_index(drop=True)
        has = rng.random(len(staff)) < np.repeat(skill, size)
        staff["certificate"] = np.where(has, "助理社会工作师", "无")
        yield {"communities": named(places, "communities"), "workers": named(staff, "workers")}


def estimated(tables):
    places, people = (rows.drop(columns="county_code") for rows in tables.values())
    made = [share(places, name, name) for name in ANSWERS]
    made += [mean(places, "open_hours", "open_hours")]
    return pd.concat([*made, share(people, "certificate != '无'", "certified")], ignore_index=True)


@cache
def studies(shift):
    """What is found in many studies: one row an indicator and study."""
    found = []
    for seed in range(STUDIES):
        before, now = two_waves(seed, shift)
        then = estimated(before).set_index("indicator")["value"]
        table = compare_waves(estimated(now), Wave(before), Wave(now), facts(then.to_dict()))
        found.append(table.assign(seed=seed))
    return pd.concat(found, ignore_index=True)


@pytest.mark.parametrize("shift", [0, SHIFT])
def test_indicators_that_did_not_change_are_seldom_said_to_have(shift):
    found = studies(shift)
    still = found[(found["indicator"] != PLANTED) | (shift == 0)]
    said = still["form"].isin(["wave_rose", "wave_fell"]).groupby(still["seed"]).any()
    assert stats.binomtest(int(said.sum()), STUDIES, 0.05, "greater").pvalue > 0.01
    line = "a false change in any of eleven indicators"
    assert near(said.mean(), line, STUDIES, at=int(shift > 0))


def test_the_one_that_changed_is_found_and_its_direction_is_right():
    found = studies(SHIFT)
    planted = found[found["indicator"] == PLANTED]["form"].value_counts(normalize=True)
    assert planted["wave_rose"] > 0.6 and "wave_fell" not in planted
    assert near(planted["wave_rose"], "the indicator that changed is found", STUDIES)


@pytest.mark.parametrize(
    ("test", "line"), [("McNemar", "exact McNemar"), ("clusters", "communities as clusters")]
)
def test_each_test_has_its_level_and_each_interval_its_confidence(test, line):
    found = studies(0)
    part = found[found["test"] == test]
    size = (part["p"] < 0.05).mean()
    holds = ((part["low"] <= 0) & (part["high"] >= 0)).mean()
    assert size < 0.06 and 0.935 < holds < 0.975
    assert near(size, line, len(part)) and near(holds, line, len(part), at=1)


def staff_of(rng):
    """Make up communities, their staff, and the answers of both years, alike within communities."""
    counties = np.repeat(np.arange(9), IN_FRAME)
    places = pd.DataFrame(
        {"stratum": counties.astype(str), "in_frame": np.repeat(IN_FRAME, IN_FRAME)}
    )
    places["community_code"] = [f"c{i}" for i in range(len(places))]
    places["staff_of_community"] = rng.integers(6, 25, len(places))
    lift = rng.normal(0, 0.9, len(places))
    years = [places.assign(lift=lift + rng.normal(gap, 0.4, len(places))) for gap in (0, 0.3)]
    for year in years:
        people = year.loc[year.index.repeat(year["staff_of_community"])].reset_index(drop=True)
        people["respondent"] = people.groupby("community_code").cumcount()
        yield people.assign(
            y=(rng.random(len(people)) < 1 / (1 + np.exp(-people["lift"]))).astype(float)
        )


def drawn(rng, places, again):
    """Draw communities of each county twice: the same, anew, or others than the first as far as
    there are any.
    """
    first, second = [], []
    for start, size, n in zip(np.cumsum((0, *IN_FRAME)), IN_FRAME, BY_LOT, strict=False):
        units = start + rng.permutation(size)
        first += list(units[:n])
        if again == "same":
            second += list(units[:n])
        elif again == "anew":
            second += list(rng.permutation(units)[:n])
        else:
            second += list(units[::-1][:n])
    return places[first], places[second]


@pytest.mark.parametrize("again", ["same", "anew", "others"])
def test_the_interval_of_the_difference_of_two_samples_holds_the_truth(again):
    rng = np.random.default_rng([31, len(again)])
    years = list(staff_of(rng))
    truth = 100 * (years[1]["y"].mean() - years[0]["y"].mean())
    formula = parse("interview_staff: design-based (by lot) 100 × share(y > 0)")
    places, holds = years[0]["community_code"].unique(), 0
    for _ in range(DRAWS):
        fits = []
        for people, chosen in zip(years, drawn(rng, places, again), strict=True):
            asked = people[people["community_code"].isin(chosen)]
            asked = asked.groupby("community_code").sample(3, random_state=rng)
            fits.append(overlap.fitted(formula, Sample(asked, STAFF, (), "by lot")))
        made = overlap.change(*fits)
        holds += made.low <= truth <= made.high
    assert holds / DRAWS > 0.93
    order = ("same", "anew", "others").index(again)
    assert near(
        holds / DRAWS, "two samples of communities: the same, anew, others", DRAWS, at=order
    )


def test_the_city_is_what_is_compared():
    before, _ = two_waves(0, 0)
    assert set(estimated(before)["district"]) == {CITY}
