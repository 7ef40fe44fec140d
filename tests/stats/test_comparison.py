"""Whether counties differ at all: equal to R's chisq.test and p.adjust (see reference/design.R)."""

from pathlib import Path

import pandas as pd
import pytest

from analysis.stats.comparison import homogeneity, p_text
from analysis.survey.repository import reference

REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(REFERENCE / "homogeneity.csv", comment="#").set_index("indicator")


@pytest.fixture
def estimates():
    """Shares of the counties and of the city, as estimates carry them: % to six decimals."""
    counts = pd.read_csv(REFERENCE / "counts.csv", comment="#", dtype={"district": str})
    city = counts.groupby("indicator")[["k", "n"]].sum().reset_index().assign(district="331000")
    both = pd.concat([city, counts], ignore_index=True)
    return both.assign(value=(100 * both["k"] / both["n"]).round(6))


def test_shares_differ_as_chisq_test_and_holm_say(estimates):
    tests = homogeneity(estimates, list(R.index)).set_index("indicator")
    assert tests["chi2"].tolist() == R["chi2"].round(1).tolist()
    assert tests["p"].tolist() == pytest.approx(R["holm"].tolist(), abs=6e-7)
    assert (R["p"] < 0.05).sum() > (R["holm"] < 0.05).sum() > 0, "the adjustment decides something"


def test_verdict_of_one_share_alone_follows_its_own_p(estimates):
    assert 0.049 < R.loc["weak_linking", "p"] < 0.05 < R.loc["joint_committee", "holm"] < 0.051
    assert homogeneity(estimates, ["weak_linking"])["verdict"].iat[0] == "各地不全相同"


@pytest.mark.parametrize("indicator", R.index)
def test_one_share_alone_is_not_adjusted(estimates, indicator):
    tests = homogeneity(estimates, [indicator])
    assert tests["p"].iat[0] == pytest.approx(R.loc[indicator, "p"], abs=6e-7)


def test_verdict_says_different_only_below_five_percent_after_adjustment(estimates):
    tests = homogeneity(estimates, list(R.index)).set_index("indicator")
    different = tests.index[tests["verdict"] == "各地不全相同"]
    assert list(different) == list(R.index[R["holm"] < 0.05])
    assert set(tests.drop(different)["verdict"]) == {"分不出高低，不排名次"}


def test_lowest_and_highest_are_of_counties_not_the_city(estimates):
    tests = homogeneity(estimates, ["rented", "compliant"]).set_index("indicator")
    for indicator, row in tests.iterrows():
        part = estimates[(estimates["indicator"] == indicator) & (estimates["district"] != "331000")]
        shares = [100 * k / n for k, n in zip(part["k"], part["n"], strict=True)]
        assert (row["lowest"], row["highest"]) == (round(min(shares), 1), round(max(shares), 1))


def test_titles_are_those_of_the_measures_in_the_order_asked(estimates):
    titles = reference("measures").set_index("indicator")["zh"]
    asked = ["weak_linking", "certified", "rented"]
    assert homogeneity(estimates, asked)["zh"].tolist() == titles[asked].tolist()


@pytest.mark.parametrize("value", [0.0, 100.0])
def test_none_or_all_everywhere_is_no_difference(estimates, value):
    estimates.loc[estimates["indicator"] == "compliant", "value"] = value
    tests = homogeneity(estimates, list(R.index)).set_index("indicator")
    assert tests.loc["compliant", ["chi2", "p"]].tolist() == [0, 1]
    assert tests.loc["compliant", "verdict"] == "分不出高低，不排名次"
    assert tests.loc["rented", "p"] == pytest.approx(5 * R.loc["rented", "p"], abs=6e-7)


@pytest.mark.parametrize(
    ("p", "text"), [(0.0, "<0.001"), (0.00099, "<0.001"), (0.001, "0.0010"), (0.0499, "0.0499"), (1.0, "1.0000")]
)
def test_small_p_is_printed_as_a_bound(p, text):
    assert p_text(p) == text
