"""Two samples that share units: the covariance against every pair of samples that there is, and
against the design-based difference of independent ones.
"""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.stats import overlap
from analysis.stats.contrasts import difference
from analysis.stats.formulas import parse
from analysis.stats.sample import COMMUNITIES, STAFF, Sample

HOW = "interview_communities: design-based (by lot) "
MEAN = parse(f"{HOW}mean(y)")
SHARE = parse(f"{HOW}100 × share(y > 2)")
RATIO = parse(f"{HOW}100 × sum(y) / sum(z) [z > 1]")
GROUPS = parse(f"{HOW}mean(y) [z > 3] − mean(y) [z <= 3]")
FIRST, SECOND = np.array([1.0, 4, 2, 8, 5, 7]), np.array([2.0, 3, 5, 9, 4, 9])


def sample(codes, answers, size, stratum="a"):
    rows = pd.DataFrame({"community_code": codes, "y": answers, "z": np.arange(len(codes)) + 2.0})
    return Sample(rows.assign(stratum=stratum, in_frame=size), COMMUNITIES, (), "by lot")


def of_units(units, answers):
    return overlap.fitted(
        MEAN, sample([f"u{i}" for i in units], answers[list(units)], len(answers))
    )


@pytest.mark.parametrize("shared", [2, 3])
def test_over_all_pairs_of_samples_with_so_many_units_in_both_the_covariance_is_right(shared):
    draws = list(combinations(range(6), 3))
    pairs = [(a, b) for a in draws for b in draws if len(set(a) & set(b)) == shared]
    means = np.array([(FIRST[list(a)].mean(), SECOND[list(b)].mean()) for a, b in pairs])
    truth = np.cov(means.T, bias=True)[0, 1]
    found = [overlap.covariance(of_units(a, FIRST), of_units(b, SECOND)) for a, b in pairs]
    assert np.mean(found) == pytest.approx(truth, rel=1e-9) and abs(truth) > 0.1


def test_samples_that_avoid_each_other_are_given_the_widest_interval_that_can_be():
    apart = [((0, 1, 2), (3, 4, 5)), ((0, 2, 4), (1, 3, 5))]
    for a, b in apart:
        first, second = of_units(a, FIRST), of_units(b, SECOND)
        assert overlap.covariance(first, second) < 0
        made = overlap.change(first, second)
        plain = np.sqrt(first.variance + second.variance)
        assert (made.high - made.low) / 2 > plain * 2


def test_a_whole_stratum_taken_both_times_has_no_sampling_error():
    every = range(6)
    first, second = of_units(every, FIRST), of_units(every, SECOND)
    assert first.variance == pytest.approx(0) and overlap.covariance(
        first, second
    ) == pytest.approx(0)


def drawn_by_chance():
    """Two samples of 4 and 5 of ten units, which share two of them as independent draws would."""
    rng = np.random.default_rng(1)
    first = sample([f"u{i}" for i in range(4)], rng.integers(0, 6, 4).astype(float), 10)
    second = sample([f"u{i}" for i in range(2, 7)], rng.integers(0, 6, 5).astype(float), 10)
    return first, second


@pytest.mark.parametrize("formula", [MEAN, SHARE, RATIO, GROUPS], ids=lambda one: one.kind)
def test_independent_samples_are_compared_as_two_strata_of_one(formula):
    first, second = drawn_by_chance()
    made = overlap.change(overlap.fitted(formula, first), overlap.fitted(formula, second))
    parts = [one.rows.assign(wave=wave) for wave, one in enumerate((first, second))]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.assign(
        stratum=rows["wave"], community_code=rows["wave"].astype(str) + rows["community_code"]
    )
    if formula.kind == "groups":
        assert made.now.value - made.before.value == pytest.approx(
            sum(
                sign
                * rows[(rows["wave"] == wave) & (rows["z"] > 3 if upper else rows["z"] <= 3)][
                    "y"
                ].mean()
                for wave, sign in ((1, 1), (0, -1))
                for upper, sign in ((True, sign), (False, -sign))
            )
        )
        return
    inside = formula.where or "z > 0"
    y = "(y > 2) * 1.0" if formula.kind == "share" else "y"
    found = difference(
        rows, COMMUNITIES, y, f"wave == 1 and {inside}", f"wave == 0 and {inside}", formula.under
    )
    assert made.now.value - made.before.value == pytest.approx(formula.scale * found["value"])
    variance = made.before.variance + made.now.variance
    assert variance == pytest.approx((formula.scale * found["se"]) ** 2)
    assert overlap.covariance(made.before, made.now) == pytest.approx(0)


def test_a_panel_is_compared_by_the_differences_of_its_units():
    first, second = of_units((0, 1, 3, 5), FIRST), of_units((0, 1, 3, 5), SECOND)
    made = overlap.change(first, second)
    changes = (SECOND - FIRST)[[0, 1, 3, 5]]
    se = np.sqrt((1 - 4 / 6) * changes.var(ddof=1) / 4)
    assert (made.high - made.low) / 2 == pytest.approx(stats.t.ppf(0.975, 4 - 1 - 1) * se)


def test_the_same_answers_of_the_same_units_are_no_change():
    units = of_units((0, 1, 3, 5), FIRST)
    made = overlap.change(units, units)
    assert (made.low, made.high, made.p) == (0, 0, 1)


def test_the_second_stage_stays_in_the_error_of_a_panel():
    rows = pd.DataFrame(
        {
            "community_code": np.repeat(["a", "b", "c"], 2),
            "respondent": range(6),
            "stratum": "s",
            "in_frame": 3,
            "staff_of_community": 10,
            "y": [1.0, 2, 3, 5, 4, 6],
        }
    )
    staff = overlap.fitted(MEAN, Sample(rows, STAFF, (), "by lot"))
    made = overlap.change(staff, staff)
    assert staff.variance > 0 and made.high > 0.5  # all communities are in it: within them alone
