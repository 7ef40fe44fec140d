"""Dispersion: equal to R (reference/comparison.R), and exact where it can be worked out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.stats.dispersion import (
    chance_variation,
    coefficient_of_variation,
    dispersion,
    gini,
    theil,
)

REFERENCE = Path(__file__).parent / "reference"


def test_equals_r():
    areas = pd.read_csv(REFERENCE / "areas.csv")
    group = np.where(areas["x"] < 5, "low", "high")
    found = dispersion(areas["value"], (100 * areas["variance"]).round(), group).set_index(
        "measure"
    )
    expected = pd.read_csv(REFERENCE / "comparison_dispersion.csv", comment="#").set_index(
        "measure"
    )
    for column in ("value", "se"):
        assert found[column].to_dict() == pytest.approx(expected[column].to_dict(), rel=1e-9)


def test_by_hand():
    assert gini([0, 1], [1, 1]) == pytest.approx(0.5)
    assert gini([1, 3], [3, 1]) == pytest.approx(3 / 4 * 1 / 4 * 2 / 1.5)
    assert coefficient_of_variation([1, 3], [1, 1]) == pytest.approx(0.5)
    assert theil([0, 2], [1, 1]) == pytest.approx(np.log(2))


def test_equal_districts_have_none_and_weights_are_repetitions():
    assert dispersion([4.0] * 5, [1, 2, 3, 4, 5], list("aabbb"))["value"].tolist() == pytest.approx(
        [0] * 5
    )
    value, weight = np.array([2.0, 5.0, 9.0]), np.array([1, 3, 2])
    for measure in (gini, theil, coefficient_of_variation):
        assert measure(value, weight) == pytest.approx(measure(value.repeat(weight), np.ones(6)))


def test_within_and_between_make_the_whole():
    found = dispersion([2.0, 5.0, 9.0, 4.0], [1, 3, 2, 2], list("aabb")).set_index("measure")[
        "value"
    ]
    assert found["theil_between"] + found["theil_within"] == pytest.approx(found["theil"])


def test_chance_alone_gives_what_a_closed_form_says_of_its_square():
    """The mean squared coefficient of variation is about (districts - 1) (1 - p) / (p N)."""
    n = np.array([277, 200, 157, 46, 86, 86, 357, 167, 157.0])
    part = pd.DataFrame({"n": n, "k": 0.472 * n})
    closed = np.sqrt(8 * 0.528 / 0.472 / n.sum())
    assert 0.95 * closed < chance_variation(part) < closed
    assert chance_variation(part) == chance_variation(part)
    mean = pd.DataFrame({"n": n, "value": 6.47, "se": 1.2 / np.sqrt(n)})
    assert chance_variation(mean) == pytest.approx(
        0.97 * np.sqrt(8 / n.sum()) * 1.2 / 6.47, rel=0.02
    )


def test_negative_values_are_refused():
    with pytest.raises(ValueError, match="negative"):
        dispersion([1.0, -1.0], [1, 1], ["a", "b"])
