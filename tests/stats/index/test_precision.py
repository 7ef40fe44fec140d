"""The jackknife error of a score: right for a mean, whose error is known."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.stats.index.definition import definition
from analysis.stats.index.precision import intervals, standard_errors


@pytest.fixture
def frame():
    top = {"code": "top", "dimension": "", "aggregation": "arithmetic", "numerator": ""}
    row = {
        "code": "x",
        "dimension": "top",
        "direction": "1",
        "goal_low": "0",
        "goal_high": "99",
        "weight": "1",
    }
    row |= {"factor": "1", "numerator": "communities: y", "denominator": "communities: 1"}
    return definition(pd.DataFrame([top, row]).fillna(""))


def test_error_of_a_mean_is_that_of_the_textbook_on_average(frame):
    generator = np.random.default_rng(3)
    counties = [f"c{i:03}" for i in range(300)]
    communities = pd.DataFrame({"county_code": np.repeat(counties, 40)})
    communities["community_code"] = [f"u{i}" for i in range(len(communities))]
    communities["y"] = generator.normal(50, 8, len(communities))
    error = standard_errors({"communities": communities}, frame, "county_code", "community_code")
    assert (error["x"] ** 2).mean() == pytest.approx(8**2 / 40, rel=0.06)
    assert error["top"].tolist() == pytest.approx(error["x"].tolist())


def test_all_alike_is_sure(frame):
    communities = pd.DataFrame(
        {"county_code": "a", "community_code": [f"u{i}" for i in range(20)], "y": 7.0}
    )
    error = standard_errors({"communities": communities}, frame, "county_code", "community_code")
    assert error.loc["a", "x"] == pytest.approx(0, abs=1e-9)


def test_a_table_that_cannot_be_dealt_is_no_matter_of_chance(frame):
    communities = pd.DataFrame(
        {"county_code": "a", "community_code": [f"u{i}" for i in range(20)], "y": 7.0}
    )
    workers = pd.DataFrame({"county_code": ["a"]})
    with pytest.raises(KeyError, match="community_code"):
        standard_errors(
            {"communities": communities, "workers": workers}, frame, "county_code", "community_code"
        )


def test_intervals_are_students_on_the_groups_and_stay_within_the_scale():
    found = intervals(pd.Series([50.0, 99.0, 100.0]), pd.Series([2.0, 1.0, 0.0]))
    assert found["high"].iat[0] - 50 == pytest.approx(2 * stats.t.ppf(0.975, 9))
    assert found[["low", "high"]].iloc[1:].max(axis=None) == 100
    assert found["cut"].tolist() == [False, True, False]
