"""Rank confidence sets: equal to R's (reference/comparison.R), with the stated coverage."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.stats import ranks
from analysis.stats.ranks import rank_sets

REFERENCE = Path(__file__).parent / "reference"


@pytest.fixture
def areas():
    return pd.read_csv(REFERENCE / "areas.csv")


def test_sets_equal_those_of_r(areas, monkeypatch):
    """Equal without the error of the draws; with it, no narrower, and wider by one at most."""
    expected = pd.read_csv(REFERENCE / "comparison_ranks.csv", comment="#")
    charged = rank_sets(areas["value"], np.sqrt(areas["variance"]))
    monkeypatch.setattr(ranks, "CHARGE", 0)
    found = rank_sets(areas["value"], np.sqrt(areas["variance"]), draws=200_000)
    for column in ("rank", "low", "high", "low_all", "high_all"):
        assert found[column].tolist() == expected[column].tolist(), column
        assert (charged[column] - expected[column]).abs().max() <= 1, column
    for low, high in (("low", "high"), ("low_all", "high_all")):
        assert (charged[low] <= expected[low]).all() and (charged[high] >= expected[high]).all()
    assert (expected["high"] - expected["low"] < 14).any(), "the sets say something"


def test_all_together_is_no_narrower_than_each_alone_on_a_grid_of_precisions(areas):
    for scale in (0.05, 0.3, 1, 5):
        found = rank_sets(areas["value"], scale * np.sqrt(areas["variance"]))
        width, together = found["high"] - found["low"], found["high_all"] - found["low_all"]
        assert together.sum() >= width.sum()
        assert ((found["low"] <= found["rank"]) & (found["rank"] <= found["high"])).all()


def test_sure_values_have_one_rank_and_unsure_ones_all(areas):
    value = areas["value"]
    sure = rank_sets(value, np.full(15, 1e-9))
    assert (sure[["low", "high", "low_all", "high_all"]].sub(sure["rank"], axis=0) == 0).all(
        axis=None
    )
    unsure = rank_sets(value, np.full(15, 1e3))
    assert unsure["low"].eq(1).all() and unsure["high"].eq(15).all()


def test_ties_without_error_share_their_places():
    found = rank_sets([3.0, 5.0, 3.0], np.zeros(3))
    assert found[["low", "high"]].to_numpy().tolist() == [[2, 3], [1, 1], [2, 3]]


def test_the_same_each_time_whatever_the_state_of_numpy(areas):
    first = rank_sets(areas["value"], np.sqrt(areas["variance"]))
    np.random.default_rng().normal(size=10)
    pd.testing.assert_frame_equal(first, rank_sets(areas["value"], np.sqrt(areas["variance"])))


@pytest.mark.parametrize(
    "truth", [np.linspace(0, 8, 9), np.repeat([0.0, 2.0, 4.0], 3), np.zeros(9)]
)
def test_sets_hold_the_true_ranks_as_often_as_promised(truth):
    """Simultaneous: all nine in at least 95 of 100; marginal: each in at least 95 of 100."""
    generator = np.random.default_rng(21)
    se = np.linspace(0.3, 1.2, 9)
    best = 1 + (truth[None, :] > truth[:, None]).sum(axis=1)
    worst = 9 - (truth[None, :] < truth[:, None]).sum(axis=1)
    rounds, together, alone = 400, 0, np.zeros(9)
    for seed in range(rounds):
        found = rank_sets(truth + generator.normal(0, se), se, draws=400, seed=seed)
        together += bool(((found["low_all"] <= best) & (worst <= found["high_all"])).all())
        alone += ((found["low"] <= best) & (worst <= found["high"])).to_numpy()
    slack = 2 * np.sqrt(0.05 * 0.95 / rounds)
    assert together / rounds >= 0.95 - slack
    assert (alone / rounds).min() >= 0.95 - 1.5 * slack


@pytest.mark.parametrize(("count", "draws"), [(9, 10_000), (9, 2_000), (40, 2_000)])
def test_the_draws_promise_no_more_than_they_hold(count, draws):
    """Equal districts are the hardest case: critical values hold in 95 of 100 fresh draws."""
    se = np.linspace(0.3, 1.2, count)

    def largest(seed, rounds):
        noise = np.random.default_rng(seed).standard_normal((count, rounds)) * se[:, None]
        first, second = np.triu_indices(count, 1)
        error = np.hypot(se[first], se[second])
        every = (abs(noise[a] - noise[b]) / e for a, b, e in zip(first, second, error, strict=True))
        return np.max(list(every), axis=0)

    fresh = largest(99, 40_000)
    held = [
        np.mean(fresh <= ranks._critical(largest(seed, draws), 0.95))
        for seed in (2020, 1, 2, 3, 4, 5)
    ]
    assert min(held) >= 0.95 and max(held) < 0.975


def by_all_pairs(value, se, confidence=0.95, draws=10_000, seed=2020):
    """The same sets with every ordered pair in memory; pairs leave in the direction found."""
    first, second = np.nonzero(~np.eye(len(value), dtype=bool))
    error = np.hypot(se[first], se[second])
    noise = np.random.default_rng(seed).standard_normal((len(value), draws)) * se[:, None]
    largest = (noise[first] - noise[second]) / error[:, None]
    statistic = (value[first] - value[second]) / error

    def sets(family, j):
        above = np.zeros(len(first), bool)
        while (left := family & ~above).any():
            place = confidence + 2.3263478740408408 * np.sqrt(confidence * (1 - confidence) / draws)
            critical = np.quantile(largest[left].max(axis=0).clip(0), place, method="higher")
            if not (fallen := left & (statistic > critical)).any():
                break
            above |= fallen
        return 1 + (above & (second == j)).sum(), len(value) - (above & (first == j)).sum()

    every = np.ones(len(first), bool)
    return [(*sets((first == j) | (second == j), j), *sets(every, j)) for j in range(len(value))]


@pytest.mark.parametrize("count", [2, 9, 25])
def test_district_by_district_gives_what_all_pairs_at_once_give(count):
    generator = np.random.default_rng(count)
    value, se = generator.normal(0, 2, count), generator.uniform(0.1, 0.8, count)
    found = rank_sets(value, se)[["low", "high", "low_all", "high_all"]]
    assert list(map(tuple, found.to_numpy().tolist())) == by_all_pairs(value, se)


def test_unsure_standard_errors_widen_the_sets():
    """With two districts the critical value is Welch's: between those of t on df and on 2 df."""
    value, draws = np.array([1.0, 0.0]), 40_000
    for df, apart in ((9, 0.0), (9, 1.0)):
        edge = stats.t.ppf(0.975, df) if not apart else stats.t.ppf(0.975, 2 * df)
        se = np.full(2, 1 / np.sqrt(2) / edge / (0.97 if apart else 1.06))
        found = rank_sets(value, se, draws=draws, df=df)
        assert found["high"].iat[0] == (2 if apart else 1)
    se = np.full(2, 1 / np.sqrt(2) / 2.0)
    assert rank_sets(value, se, draws=draws)["high"].iat[0] == 1, "known errors"
    assert rank_sets(value, se, draws=draws, df=9)["high"].iat[0] == 2
