"""The presentation standards of the NCHS, rule by rule."""

import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from analysis.stats.presentation import presentable


@pytest.mark.parametrize(
    ("p", "n", "show", "note"),
    [
        (0.5, 29, False, "denominator below 30"),
        (0.5, 40, False, "interval wider than 0.30"),
        (0.5, 60, True, ""),
        (0.05, 90, False, "interval wide beside the share"),
        (0.05, 1500, True, ""),
        (0.002, 4000, True, ""),
        (0.96, 60, True, "complement unreliable"),
        (0.0, 40, False, "interval wide beside the share"),
        (0.0, 400, True, "none or all"),
        (1.0, 400, True, "none or all"),
        (1.0, 40, False, "interval wide beside the share"),
    ],
)
def test_rules(p, n, show, note):
    row = presentable(p, n).iloc[0]
    assert (row["show"], row["note"]) == (show, note)


def test_without_a_design_the_interval_is_clopper_pearsons():
    row = presentable(0.25, 120).iloc[0]
    assert row[["low", "high"]].tolist() == pytest.approx(
        proportion_confint(30, 120, method="beta")
    )


def test_a_design_effect_shrinks_the_sample_and_never_enlarges_it():
    plain = (0.25 * 0.75 / 120) ** 0.5
    assert presentable(0.25, 120, 3 * plain, 119)["note"].iat[0] == "denominator below 30"
    small = presentable(0.25, 120, plain / 3, 119)
    assert small[["low", "high"]].iloc[0].tolist() == pytest.approx(
        presentable(0.25, 120)[["low", "high"]].iloc[0].tolist()
    )
    assert presentable(0.25, 400, 0.022, 5)["note"].iat[0] == "fewer than 8 degrees of freedom"


def test_sample_is_capped_at_its_size_after_the_degrees_of_freedom():
    """Parker et al. (2017): the ratio of t quantiles is applied first, then the limit n."""
    p, n, df = 0.4, 200, 12
    half = (p * (1 - p) / n) ** 0.5 / 2  # a design effect of a quarter
    low, high = presentable(p, n, half, df)[["low", "high"]].iloc[0]
    assert (low, high) == pytest.approx(proportion_confint(80, 200, method="beta"))
    mild = (p * (1 - p) / n) ** 0.5
    allowed = n * (stats.t.ppf(0.025, n - 1) / stats.t.ppf(0.025, df)) ** 2
    low, high = presentable(p, n, mild, df)[["low", "high"]].iloc[0]
    assert (low, high) == pytest.approx(proportion_confint(p * allowed, allowed, method="beta"))
