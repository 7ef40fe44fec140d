"""Funnel limits: equal to R's exact binomial tails (reference/comparison.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.stats.funnel import mean_limits, place, share_limits

R = pd.read_csv(Path(__file__).parent / "reference/comparison_funnel.csv", comment="#")


def test_limits_of_a_share_equal_r():
    for target, expected in R.groupby("target"):
        found = share_limits(target, expected["n"])
        for column in found:
            assert found[column].tolist() == pytest.approx(expected[column].tolist(), rel=1e-12)


def test_limits_of_a_mean_by_hand():
    found = mean_limits(10, 6, [9, 36])
    assert found["high95"].tolist() == pytest.approx([10 + 1.959964 * 2, 10 + 1.959964], abs=1e-6)
    assert found["low998"].tolist() == pytest.approx([10 - 3.090232 * 2, 10 - 3.090232], abs=1e-6)


def test_place_among_the_limits():
    limits = mean_limits(0, 1, [1] * 5)
    assert place([0, 1.9, -2.5, 3.2, -3.2], limits) == [
        "within",
        "within",
        "beyond 95",
        *["beyond 99.8"] * 2,
    ]


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_none_or_all_has_no_width(target):
    assert (share_limits(target, [5, 50]) == target).all(axis=None)


@pytest.mark.slow
def test_chance_alone_stays_within():
    for target in (0.005, 0.47, 0.98):
        k = np.random.default_rng(9).binomial(90, target, 40000)
        places = pd.Series(place(k / 90, share_limits(target, np.full(40000, 90))))
        assert (places != "within").mean() <= 0.05
        assert (places == "beyond 99.8").mean() <= 0.003


@pytest.mark.parametrize("n", [11, 37, 361])
@pytest.mark.parametrize("target", [0.001, 0.47, 0.98, 0.999])
def test_flagged_if_and_only_if_the_exact_tail_is_below_the_level(n, target):
    k = np.arange(n + 1)
    above, below = stats.binom.sf(k - 1, n, target), stats.binom.cdf(k, n, target)
    least = np.minimum(above, below)
    expected = np.select([least < 0.001, least < 0.025], ["beyond 99.8", "beyond 95"], "within")
    assert place(k / n, share_limits(target, np.full(n + 1, n))) == expected.tolist()


def test_counts_divided_by_a_design_effect_have_limits_too():
    whole, between = share_limits(0.98, [60.0]), share_limits(0.98, [60.5])
    assert (between["low95"] > whole["low95"]).all() and between.notna().all(axis=None)
