"""Funnel limits: equal to R's binomial quantiles (reference/comparison.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.stats.funnel import mean_limits, place, share_limits

R = pd.read_csv(Path(__file__).parent / "reference/comparison_funnel.csv", comment="#")


def test_limits_of_a_share_equal_r():
    found = share_limits(0.47, R["n"])
    for column in found:
        assert found[column].tolist() == pytest.approx(R[column].tolist(), rel=1e-12)


def test_limits_of_a_mean_by_hand():
    found = mean_limits(10, 6, [9, 36])
    assert found["high95"].tolist() == pytest.approx([10 + 1.959964 * 2, 10 + 1.959964], abs=1e-6)
    assert found["low998"].tolist() == pytest.approx([10 - 3.090232 * 2, 10 - 3.090232], abs=1e-6)


def test_place_among_the_limits():
    limits = mean_limits(0, 1, [1] * 5)
    assert place([0, 1.9, -2.5, 3.2, -3.2], limits) == ["within", "within", "beyond 95", *["beyond 99.8"] * 2]


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_none_or_all_has_no_width(target):
    assert (share_limits(target, [5, 50]) == target).all(axis=None)


def test_chance_alone_stays_within():
    k = np.random.default_rng(9).binomial(90, 0.47, 40000)
    places = pd.Series(place(k / 90, share_limits(0.47, np.full(40000, 90))))
    assert (places != "within").mean() == pytest.approx(0.05, abs=0.015)
    assert (places == "beyond 99.8").mean() == pytest.approx(0.002, abs=0.002)
