"""Whether counties differ at all: equal to R's chisq.test and p.adjust (see reference/design.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from analysis.stats.clusters import ClusterEffect
from analysis.stats.comparison import (
    against_rest,
    compare,
    districts_of,
    homogeneity,
    limits,
    p_text,
    pairs,
    shrunk,
)
from analysis.stats.difference import equal_two_shares, newcombe
from analysis.stats.ranks import rank_sets
from analysis.survey.repository import reference

REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(REFERENCE / "homogeneity.csv", comment="#").set_index("indicator")


@pytest.fixture
def estimates():
    """Shares of the counties and of the city, as estimates carry them: % to six decimals."""
    counts = pd.read_csv(REFERENCE / "counts.csv", comment="#", dtype={"district": str})
    city = counts.groupby("indicator")[["k", "n"]].sum().reset_index().assign(district="331000")
    both = pd.concat([city, counts], ignore_index=True)
    low, high = proportion_confint(both["k"], both["n"], method="wilson")
    value = (100 * both["k"] / both["n"]).round(6)
    return both.assign(value=value, low=100 * low, high=100 * high, unit="%").drop(columns="k")


def test_shares_differ_as_chisq_test_and_holm_say(estimates):
    tests = homogeneity(estimates, list(R.index)).set_index("indicator")
    assert tests["statistic"].tolist() == R["chi2"].round(1).tolist()
    assert tests.loc["compliant", "test"] == "exact", "few are not compliant"
    plain = R.index.drop("compliant")
    assert set(tests.loc[plain, "test"]) == {"chi-square"}
    assert tests.loc[plain, "p"].tolist() == pytest.approx(R.loc[plain, "holm"].tolist(), abs=6e-7)
    assert (R["p"] < 0.05).sum() > (R["holm"] < 0.05).sum() > 0, "the adjustment decides something"


def test_verdict_of_one_share_alone_follows_its_own_p(estimates):
    assert 0.049 < R.loc["weak_linking", "p"] < 0.05 < R.loc["joint_committee", "holm"] < 0.051
    assert homogeneity(estimates, ["weak_linking"])["verdict"].iat[0] == "各地不全相同"


@pytest.mark.parametrize("indicator", R.index.drop("compliant"))
def test_one_share_alone_is_not_adjusted(estimates, indicator):
    tests = homogeneity(estimates, [indicator])
    assert tests["p"].iat[0] == pytest.approx(R.loc[indicator, "p"], abs=6e-7)


def test_verdict_says_different_only_below_five_percent_after_adjustment(estimates):
    tests = homogeneity(estimates, list(R.index)).set_index("indicator")
    different = tests.index[tests["verdict"] == "各地不全相同"]
    assert list(different) == list(R.index[R["holm"] < 0.05])
    assert set(tests.drop(different)["verdict"]) == {"差异无统计学意义，不作排名"}


def test_lowest_and_highest_are_of_counties_not_the_city(estimates):
    tests = homogeneity(estimates, ["rented", "compliant"]).set_index("indicator")
    for indicator, row in tests.iterrows():
        own = (estimates["indicator"] == indicator) & (estimates["district"] != "331000")
        shares = estimates.loc[own, "value"]
        assert (row["lowest"], row["highest"]) == (min(shares), max(shares))


def test_titles_are_those_of_the_measures_in_the_order_asked(estimates):
    titles = reference("measures").set_index("indicator")["zh"]
    asked = ["weak_linking", "certified", "rented"]
    assert homogeneity(estimates, asked)["zh"].tolist() == titles[asked].tolist()


@pytest.mark.parametrize("value", [0.0, 100.0])
def test_none_or_all_everywhere_is_no_difference(estimates, value):
    estimates.loc[estimates["indicator"] == "compliant", "value"] = value
    tests = homogeneity(estimates, list(R.index)).set_index("indicator")
    assert tests.loc["compliant", ["statistic", "p"]].tolist() == [0, 1]
    assert tests.loc["compliant", "verdict"] == "差异无统计学意义，不作排名"
    assert tests.loc["rented", "p"] == pytest.approx(5 * R.loc["rented", "p"], abs=6e-7)


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0, "<0.001"), (0.00099, "<0.001"), (0.001, "0.0010"), (0.0499, "0.0499"), (1.0, "1.0000")],
)
def test_small_p_is_printed_as_a_bound(p, text):
    assert p_text(p) == text


COUNTS = pd.read_csv(REFERENCE / "counts.csv", comment="#", dtype={"district": str})


@pytest.fixture
def means():
    """Means of an invented roster by district, as estimates; Student intervals equal R's."""
    roster = pd.read_csv(REFERENCE / "roster.csv")
    grouped = roster.groupby("district")["income"].agg(["mean", "sem", "size"]).reset_index()
    half = stats.t.ppf(0.975, grouped["size"] - 1) * grouped["sem"]
    rows = grouped.rename(columns={"mean": "value", "size": "n"})
    return rows.assign(
        indicator="income", low=rows["value"] - half, high=rows["value"] + half, unit="万元"
    ), roster


def test_counts_come_back_from_the_percentages(estimates):
    for indicator, rows in COUNTS.groupby("indicator"):
        part = districts_of(estimates, indicator)
        assert part["k"].tolist() == rows["k"].tolist() and part["n"].tolist() == rows["n"].tolist()


def test_standard_errors_come_back_from_the_intervals(means):
    rows, roster = means
    part = districts_of(rows, "income")
    assert part["se"].tolist() == pytest.approx(
        roster.groupby("district")["income"].sem().tolist(), rel=1e-12
    )
    assert "k" not in part


def effect_on(rows, deff=2.0, p=0.5):
    """Return a cluster effect that belongs to the districts of these estimates."""
    districts = rows[rows["district"] != "331000"]
    scale = 100 if (districts["unit"] == "%").all() else 1
    values = tuple(zip(districts["district"], districts["value"] / scale, strict=True))
    return ClusterEffect(deff, 1.0, 8.0, 344.0, p, values)


def test_a_design_effect_widens_everything(estimates):
    certified = estimates[estimates["indicator"] == "certified"]
    plain, wide = (
        districts_of(estimates, "certified"),
        districts_of(estimates, "certified", effect_on(certified)),
    )
    assert (wide["n"] * 2).tolist() == plain["n"].tolist() and (wide["se"] > plain["se"]).all()
    assert (wide["rows"] == plain["n"]).all() and (wide["value"] == plain["value"]).all()
    assert (wide["low"] < plain["low"]).all() and (wide["high"] > plain["high"]).all()
    rest, wider = against_rest(plain), against_rest(wide)
    spread = rest["difference_high"] - rest["difference_low"]
    assert (wider["difference_high"] - wider["difference_low"] > spread).all()


def test_a_design_effect_widens_means(means):
    rows, _ = means
    plain, wide = districts_of(rows, "income"), districts_of(rows, "income", effect_on(rows, 4.0))
    assert wide["se"].tolist() == pytest.approx((2 * plain["se"]).tolist())
    assert (wide["high"] - wide["low"]).tolist() == pytest.approx(
        (2 * (plain["high"] - plain["low"])).tolist()
    )


def test_test_of_clustered_rows_is_that_of_rao_and_scott(estimates):
    effect = effect_on(estimates[estimates["indicator"] == "rented"], p=0.03)
    tests = homogeneity(estimates, ["rented", "certified"], {"rented": effect}).set_index(
        "indicator"
    )
    assert tests.loc["rented", "test"] == "Rao-Scott" and tests.loc["rented", "statistic"] == 1.0
    assert tests.loc["rented", "p"] == pytest.approx(0.06)
    assert compare(estimates, "rented", effect)["p_alike"].eq(0.03).all()


def test_people_of_communities_are_not_compared_as_if_independent(estimates):
    told = estimates.assign(how="workers: 100 × count(certificate != '无') / count(rows)")
    with pytest.raises(ValueError, match="counts workers, who are alike within a community"):
        homogeneity(told, ["certified"])


def test_effect_of_other_rows_is_refused(estimates):
    effect = effect_on(estimates[estimates["indicator"] == "rented"])
    with pytest.raises(ValueError, match="certified: the cluster_effect is of other rows"):
        districts_of(estimates, "certified", effect)


def test_smallest_p_of_drawn_tables_is_a_bound():
    """If no drawn table deviates as much, p is only known to be at most the resolution."""
    k, n = np.array([10, 40, 10, 300]), np.array([20, 50, 20, 300])
    low, high = proportion_confint(k, n, method="wilson")
    columns = {
        "value": 100 * k / n,
        "low": 100 * low,
        "high": 100 * high,
        "n": n,
        "district": list("abcd"),
    }
    rows = pd.DataFrame(columns).assign(indicator="compliant", unit="%")
    tests = homogeneity(pd.concat([rows, rows.assign(indicator="rented")]), ["compliant", "rented"])
    assert tests["test"].eq("exact").all() and tests["at_most"].all()
    assert p_text(0.0013, at_most=True) == "≤0.0013" and p_text(0.0002, at_most=True) == "<0.001"


def test_no_pair_is_apart_where_the_districts_do_not_differ(estimates):
    part = districts_of(estimates, "rented")
    assert pairs(part, 0.01)["apart"].any()
    assert not pairs(part, 0.06)["apart"].any()


def test_totals_are_refused(estimates):
    with pytest.raises(ValueError, match="certified has no intervals"):
        districts_of(estimates.assign(low=np.nan, high=np.nan), "certified")


def test_each_against_the_rest_by_hand(estimates):
    part = districts_of(estimates, "rented")
    found = against_rest(part)
    counts = COUNTS[COUNTS["indicator"] == "rented"]
    for row, (k, n) in zip(found.itertuples(), counts[["k", "n"]].to_numpy(), strict=True):
        others = counts["k"].sum() - k, counts["n"].sum() - n
        assert row.rest == pytest.approx(100 * others[0] / others[1])
        assert row.p_rest == pytest.approx(equal_two_shares(k, n, *others)[0])
        low, high = newcombe(k, n, *others)
        assert (row.difference_low, row.difference_high) == pytest.approx((100 * low, 100 * high))


def test_means_against_the_rest_are_welchs_test_of_the_rows(means):
    rows, roster = means
    found = against_rest(districts_of(rows, "income")).set_index("district")
    for district in found.index:
        own = roster["district"] == district
        expected = stats.ttest_ind(
            roster.loc[own, "income"], roster.loc[~own, "income"], equal_var=False
        )
        assert found.loc[district, "p_rest"] == pytest.approx(expected.pvalue, rel=1e-9)
        assert found.loc[district, "rest"] == pytest.approx(roster.loc[~own, "income"].mean())


def test_every_pair_is_there_once(estimates):
    table = pairs(districts_of(estimates, "rented"), 0.01)
    assert (
        len(table) == 36
        and len({frozenset(p) for p in table[["district", "other"]].itertuples(index=False)}) == 36
    )
    expected = pd.read_csv(REFERENCE / "comparison_pairs.csv", comment="#").query(
        "indicator == 'rented'"
    )
    assert table["p_holm"].tolist() == pytest.approx(expected["p_holm"].tolist(), abs=1e-12)


def test_funnel_of_means_has_the_spread_of_all_rows(means):
    rows, roster = means
    found = limits(districts_of(rows, "income"))
    half = 1.959964 * roster["income"].std(ddof=1) / np.sqrt(rows["n"])
    assert found["high95"].tolist() == pytest.approx(
        (roster["income"].mean() + half).tolist(), rel=1e-6
    )


def test_shrinking_lies_between_the_district_and_the_city(estimates):
    part = districts_of(estimates, "rented")
    found, city = shrunk(part), 100 * part["k"].sum() / part["n"].sum()
    middle = found["shrunk"].mean()
    assert middle == pytest.approx(city, abs=3)
    assert ((found["shrunk"] - part["value"]) * (part["value"] - middle) <= 1e-9).all()


def test_one_call_gives_one_tidy_table(estimates, means):
    for rows, indicator in ((estimates, "rented"), (means[0], "income")):
        table = compare(rows, indicator)
        part = districts_of(rows, indicator)
        assert table["district"].tolist() == part["district"].tolist()
        wanted = {
            "value",
            "n",
            "p_rest_holm",
            "low998",
            "place",
            "shrunk",
            "show",
            "rank_low",
            "rank_high_all",
            "p_alike",
        }
        assert wanted <= set(table.columns) and table.notna().all(axis=None)
        sets = rank_sets(part["value"], part["se"])
        assert table["rank_low"].tolist() == sets["low"].tolist()
