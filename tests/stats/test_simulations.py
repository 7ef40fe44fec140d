"""How often statements are false if the truth is known; results are in docs/statistics.md."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from this_study import COUNTIES

from analysis.stats import funnel
from analysis.stats.clusters import cluster_effect
from analysis.stats.comparison import districts_of, homogeneity, pairs
from analysis.stats.difference import equal_means, equal_shares
from analysis.stats.statements import statements
from running import REPOSITORY, slow

pytestmark = slow

COMMUNITIES = np.array([61, 43, 40, 11, 21, 21, 90, 37, 37])  # of each county
WORKERS, ICC, SHARE = np.arange(1, 9), 0.1, 0.47  # a community has one to eight workers
SHARES = (
    "compliant",
    "rented",
    "open_hours",
    "run_by_organisation",
    "premises_plan",
    "joint_committee",
)
MEANS = ("workers_per_community", "organisations")


def printed(name):
    """Read the figures (%) of one line of the page's table of simulations."""
    page = (REPOSITORY / "docs/statistics.md").read_text("utf-8")
    row = next(line for line in page.splitlines() if line.startswith(f"| {name} |"))
    return [float(figure) for figure in re.findall(r"(\d+\.\d)(?= %)", row)]


def roster(generator):
    """Generate workers: income and certificate with one intraclass correlation.

    All counties are equal.
    """
    size = generator.choice(
        WORKERS, COMMUNITIES.sum(), p=np.array([2, 9, 22, 29, 20, 11, 5, 2]) / 100
    )
    community = np.repeat(np.arange(len(size)), size)
    county = np.repeat(np.repeat(list(COUNTIES), COMMUNITIES), size)
    level = generator.normal(0, np.sqrt(ICC), len(size))[community]
    odds = np.array([SHARE, 1 - SHARE]) * (1 - ICC) / ICC
    chance = generator.beta(*odds, len(size))[community]
    return pd.DataFrame(
        {
            "county_code": county,
            "community_code": community,
            "income": level + generator.normal(0, np.sqrt(1 - ICC), len(county)),
            "certified": generator.random(len(county)) < chance,
        }
    )


def test_tests_of_workers_have_the_size_they_promise():
    generator, rounds, rejected = np.random.default_rng(4), 4000, np.zeros(4)
    for _ in range(rounds):
        rows = roster(generator)
        groups = rows.groupby("county_code")
        sums = groups["certified"].agg(["sum", "size"])
        income = groups["income"].agg(["mean", "sem", "size"])
        p = [
            equal_shares(sums["sum"], sums["size"])[1],
            cluster_effect(rows, "certified", "county_code", "community_code").p,
            equal_means(income["mean"], income["sem"], income["size"])[1],
            cluster_effect(rows, "income", "county_code", "community_code").p,
        ]
        rejected += np.array(p) < 0.05
    found = 100 * rejected / rounds
    print("sizes of tests of workers (%)", found.round(1))
    assert found[[0, 2]].min() > 10, "without clusters"
    assert found[[1, 3]].min() >= 4 and found[[1, 3]].max() <= 6
    assert (
        printed("tests of workers, certificates and income, ICC .1")
        == found[[1, 3]].round(1).tolist()
    )


def of_shares(name, k, n):
    """Make estimates of a share by county."""
    low, high = proportion_confint(k, n, method="wilson")
    columns = {
        "district": list(COUNTIES),
        "value": 100 * k / n,
        "low": 100 * low,
        "high": 100 * high,
        "n": n,
    }
    return pd.DataFrame(columns).round(6).assign(indicator=name, unit="%")


def of_means(name, rows):
    """Make estimates of a mean by county; rows: county_code and y."""
    found = rows.groupby("county_code")["y"].agg(["mean", "sem", "size"]).loc[list(COUNTIES)]
    half = stats.t.ppf(0.975, found["size"] - 1) * found["sem"]
    columns = {"value": found["mean"], "low": found["mean"] - half, "high": found["mean"] + half}
    frame = pd.DataFrame(columns | {"n": found["size"]}).rename_axis("district").reset_index()
    return frame.assign(indicator=name, unit="个")


def report(generator, apart=0.0):
    """Generate the estimates of one report and its cluster effects.

    apart: by how much the counties differ in `rented`.
    """
    workers = roster(generator)
    shares = dict(zip(SHARES, (0.98, 0.48, 0.4, 0.3, 0.9, 0.35), strict=True))
    frames = []
    for name, p in shares.items():
        by_county = p + (name == "rented") * apart * np.where(np.arange(9) % 2, 1, -1)
        frames.append(of_shares(name, generator.binomial(COMMUNITIES, by_county), COMMUNITIES))
    county = np.repeat(list(COUNTIES), COMMUNITIES)
    for name in MEANS:
        rows = pd.DataFrame(
            {"county_code": county, "y": generator.poisson(4, len(county)).astype(float)}
        )
        frames.append(of_means(name, rows))
    frames.append(of_means("income", workers.assign(y=workers["income"])))
    sums = workers.groupby("county_code")["certified"].agg(["sum", "size"]).loc[list(COUNTIES)]
    frames.append(of_shares("certified", sums["sum"].to_numpy(), sums["size"].to_numpy()))
    effects = {
        name: cluster_effect(workers, name, "county_code", "community_code")
        for name in ("income", "certified")
    }
    return pd.concat(frames, ignore_index=True), effects


@pytest.mark.parametrize(
    ("apart", "name"), [(0.0, "all counties alike"), (0.15, "one indicator differs")]
)
def test_reports_seldom_contrast_what_is_alike(apart, name):
    """At most 5 % of reports have a false pair or contrast in indicators without difference."""
    generator, rounds, false = np.random.default_rng(5), 500, np.zeros(2)
    for _ in range(rounds):
        estimates, effects = report(generator, apart)
        indicators = list(estimates["indicator"].unique())
        tests = homogeneity(estimates, indicators, effects)
        opened = tests[tests["p"] < 0.05]
        if apart:
            opened = opened[opened["indicator"] != "rented"]
        told = [
            pairs(districts_of(estimates, row.indicator, effects.get(row.indicator)), row.p)[
                "apart"
            ].any()
            for row in opened.itertuples()
        ]
        said = (
            statements(estimates, opened, effects)["form"] if len(opened) else pd.Series(dtype=str)
        )
        false += any(told), said.isin(["above", "below"]).any()
    found = 100 * false / rounds
    print(name, "false pair, false contrast (% of reports)", found)
    assert found.max() <= 5
    assert printed(f"reports, {name}") == found.round(1).tolist()


def test_funnel_flags_alike_counties_no_more_often_than_promised():
    generator, rounds, beyond = np.random.default_rng(6), 4000, np.zeros(2)
    for _ in range(rounds):
        k = generator.binomial(COMMUNITIES, 0.98)
        limits = funnel.share_limits(k.sum() / COMMUNITIES.sum(), COMMUNITIES)
        place = np.array(funnel.place(k / COMMUNITIES, limits))
        beyond += (place != "within").mean(), (place == "beyond 99.8").mean()
    found = 100 * beyond / rounds
    print("alike counties beyond 95 and 99.8 (%)", found.round(2))
    assert found[0] <= 5 and found[1] <= 0.2
    assert printed("funnel, alike counties at 98 %") == found.round(1).tolist()
