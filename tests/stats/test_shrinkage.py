"""Fay-Herriot: equal to R (reference/comparison.R); its error equals that of simulations."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.stats.shrinkage import fay_herriot
from running import slow

REFERENCE = Path(__file__).parent / "reference"


def test_equals_r():
    areas = pd.read_csv(REFERENCE / "areas.csv")
    expected = pd.read_csv(REFERENCE / "comparison_shrunk.csv", comment="#")
    found = fay_herriot(
        areas["value"], areas["variance"], np.column_stack([np.ones(15), areas["x"]])
    )
    assert found.variance == pytest.approx(expected["variance"].iat[0], rel=1e-6)
    assert found.areas["shrunk"].tolist() == pytest.approx(expected["shrunk"].tolist(), rel=1e-6)
    assert found.areas["mse"].tolist() == pytest.approx(expected["mse"].tolist(), rel=1e-6)


def test_equal_variances_have_a_closed_form():
    """With one D for all, REML gives A = s² − D."""
    y = np.array([3.0, 7.0, 12.0, 5.0, 9.0, 1.0])
    found = fay_herriot(y, np.full(6, 2.0))
    a = y.var(ddof=1) - 2
    assert found.variance == pytest.approx(a, rel=1e-9)
    assert found.areas["shrunk"].tolist() == pytest.approx(
        (y.mean() + a / (a + 2) * (y - y.mean())).tolist()
    )


def test_alike_areas_get_the_common_value():
    found = fay_herriot([5.0, 5.1, 4.9, 5.0], np.array([1.0, 2.0, 4.0, 1.0]))
    assert found.variance == 0
    assert found.areas["shrunk"].tolist() == pytest.approx(
        [np.average([5, 5.1, 4.9, 5], weights=[4, 2, 1, 4])] * 4
    )


def test_a_sure_area_keeps_its_value():
    found = fay_herriot([0.0, 10.0, 20.0, 30.0], [1e-9, 4, 4, 4])
    assert found.areas["shrunk"].iat[0] == pytest.approx(0, abs=1e-6)
    assert found.areas["weight"].is_monotonic_decreasing


def test_without_sampling_variance_there_is_nothing_to_shrink():
    with pytest.raises(ValueError, match="no sampling variance"):
        fay_herriot([1.0, 2.0], [0.0, 1.0])


def test_scoring_that_would_go_round_in_circles_still_ends():
    value = [
        0.521175,
        0.486956,
        0.477867,
        0.447922,
        0.506706,
        0.461055,
        0.442302,
        0.493201,
        0.490638,
    ]
    size = np.array([277, 200, 157, 46, 86, 86, 357, 167, 157])
    assert fay_herriot(value, 0.47 * 0.53 / size).variance == pytest.approx(1.256e-5, rel=1e-3)


def restricted(grid, y, d):
    """Return twice the restricted log likelihood of one common mean at each A of a grid.

    Computed from its definition.
    """
    weight = 1 / (np.asarray(grid)[:, None] + d)
    total = weight.sum(axis=1)
    mean = (weight * y).sum(axis=1) / total
    squares = (weight * (y - mean[:, None]) ** 2).sum(axis=1)
    return np.log(weight).sum(axis=1) - np.log(total) - squares


@pytest.mark.parametrize("cases", [200, pytest.param(1800, marks=slow)])
def test_any_areas_get_the_best_variance(cases):
    generator = np.random.default_rng(cases)
    grid = np.concatenate([[0], np.geomspace(1e-9, 1e5, 3000)])
    for _ in range(cases):
        count = generator.integers(2, 25)
        d = 10.0 ** generator.uniform(-6, 2, count)
        y = generator.normal(0, np.sqrt(d + generator.choice([0, 1e-4, 1, 100])))
        found = fay_herriot(y, d)
        assert np.isfinite(found.areas.to_numpy()).all() and np.isfinite(found.variance)
        assert restricted([found.variance], y, d)[0] >= restricted(grid, y, d).max() - 1e-8


@pytest.mark.slow
def test_mean_squared_error_is_what_simulation_finds():
    generator = np.random.default_rng(4)
    d, a = np.linspace(0.5, 3, 15), 2.0
    squared, promised, own = np.zeros(15), np.zeros(15), np.zeros(15)
    for _ in range(1500):
        truth = 10 + generator.normal(0, np.sqrt(a), 15)
        value = truth + generator.normal(0, np.sqrt(d))
        areas = fay_herriot(value, d).areas
        squared += (areas["shrunk"] - truth) ** 2
        promised += areas["mse"]
        own += (value - truth) ** 2
    assert (promised / squared).tolist() == pytest.approx([1] * 15, abs=0.2)
    assert squared.sum() < own.sum(), "shrinking helps"
