"""Estimates from the phone sample equal those of R's survey package (reference/design.R)."""

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from analysis.stats import design
from analysis.stats.sample import (
    compare_groups,
    group_estimates,
    group_statements,
    sample_mean,
    sample_of_communities,
    sample_of_staff,
    sample_ratio,
    sample_share,
)

REFERENCE = Path(__file__).parent / "reference"
CODES = {"county_code": str, "community_code": str}
R = pd.read_csv(REFERENCE / "design.csv", comment="#").set_index(["domain", "column", "method"])
PLACES = pd.read_csv(REFERENCE / "places.csv", comment="#").set_index("what")
DOMAINS = {
    "everyone": "",
    "workers": "identity == 'worker'",
    "cadres": "identity == 'cadre'",
    "seconded": "identity == 'seconded'",
    "one_county": "county_code == '331002'",
    "taken_completely": "county_code in ['331003', '331022']",
}


@pytest.fixture
def staff():
    rows = pd.read_csv(REFERENCE / "staff.csv", dtype=CODES)
    rows["community_code"] = rows["county_code"] + rows["community_code"]
    rows.attrs.update(table="interview_staff", wave="2020", basis="official")
    return rows


@pytest.fixture
def visited(staff):
    rows = staff[staff["respondent"] == 1].drop(columns="respondent").assign(staff=lambda t: t["M"])
    rows.attrs.update(table="interview_communities", wave="2020", basis="official")
    return rows


@pytest.fixture
def frame(staff):
    """List every community that could have been drawn: N in each county."""
    size = staff.groupby("county_code")["N"].first()
    pairs = [(county, f"{county}{i:02}") for county, n in size.items() for i in range(1, n + 1)]
    rows = pd.DataFrame(pairs, columns=["county_code", "community_code"])
    return rows.assign(sampled=rows["community_code"].isin(staff["community_code"]))


@pytest.fixture
def decided(staff):
    return pd.Series(["331999999", *staff.loc[staff["decided"] == 1, "community_code"].unique()])


@pytest.fixture
def asked(staff, visited, frame, decided):
    return sample_of_staff(staff, visited, frame, decided)


def test_reference_covers_the_hard_cases(staff):
    clusters = staff.groupby(["county_code", "community_code"]).size()
    drawn, size = clusters.groupby("county_code").size(), staff.groupby("county_code")["N"].first()
    assert clusters.nunique() > 3, "unequal numbers of staff"
    assert (drawn == size).any() and ((drawn == 1) & (size == 1)).any(), "taken completely"
    people = staff.groupby("community_code")["M"].first()
    asked = staff.groupby("community_code").size()
    assert (
        ((asked == 1) & (people > 1)).any() and (asked == people).any() and (asked < people).any()
    )
    assert 0 < staff.groupby("community_code")["decided"].first().sum() < len(clusters)
    seconded = staff[staff["identity"] == "seconded"]
    assert seconded["county_code"].nunique() < len(drawn), "a domain that misses a stratum"


def test_stratum_of_unknown_size_is_refused(staff, visited, frame, decided):
    short = sample_of_staff(staff, visited, frame[frame["county_code"] != "331022"], decided)
    with pytest.raises(ValueError, match="known for all rows"):
        sample_mean(short, "days", "days_on_site")


def test_county_without_any_interview_is_refused(staff, frame, decided):
    with pytest.raises(ValueError, match="331022没有任何访谈"):
        sample_of_communities(staff[staff["county_code"] != "331022"], frame, decided)


def test_communities_by_decision_stand_for_themselves_alone(asked, visited, frame, decided):
    rows = asked.rows[asked.rows["decided"] == 1]
    assert (rows["stratum"] == "by decision").all() and rows["in_frame"].unique().tolist() == [3]
    assert not (asked.rows.loc[asked.rows["decided"] == 0, "stratum"] == "by decision").any()
    places = sample_of_communities(visited, frame, decided)
    weight = design.DesignIndex(places.rows, places.design).weight
    assert set(weight[places.rows["decided"] == 1]) == {1}
    assert weight.sum() == pytest.approx(len(frame)), "together they stand for the frame"


def test_named_community_that_was_not_sampled_is_like_any_other(staff, visited, frame, decided):
    chosen = pd.concat([decided, frame.loc[~frame["sampled"], "community_code"].head(1)])
    again = sample_of_staff(staff, visited, frame, chosen)
    assert (
        again.rows["in_frame"].tolist()
        == sample_of_staff(staff, visited, frame, decided).rows["in_frame"].tolist()
    )


@pytest.mark.parametrize("what", PLACES.index)
def test_estimates_of_communities_equal_r(visited, frame, decided, what):
    places = sample_of_communities(visited, frame, decided)
    if what == "share":
        row = sample_share(places, "by_line == 1", "by_line").iloc[0]
    else:
        row = sample_ratio(places, "days", "M", "by_line").iloc[0]
    for name in ("value", "low", "high"):
        assert row[name] == pytest.approx(100 * PLACES.loc[what, name], abs=2e-6)


@pytest.mark.parametrize("domain", DOMAINS)
def test_sample_mean_has_the_t_interval_of_confint(asked, staff, domain):
    expected = R.loc[(domain, "days", "t")]
    row = sample_mean(asked, "days", "days_on_site", DOMAINS[domain]).iloc[0]
    for name, of_r in [("value", "mean"), ("low", "low"), ("high", "high")]:
        assert row[name] == pytest.approx(expected[of_r], abs=1e-6)
    assert row["n"] == (staff.eval(DOMAINS[domain]).sum() if DOMAINS[domain] else len(staff))


@pytest.mark.parametrize(
    ("domain", "method"), [(d, m) for d, column, m in R.index if column == "by_line"]
)
def test_sample_share_has_the_logit_interval_of_svyciprop(asked, domain, method):
    expected = R.loc[(domain, "by_line", method)]
    row = sample_share(asked, "by_line == 1", "by_line", DOMAINS[domain]).iloc[0]
    for name, of_r in [("value", "mean"), ("low", "low"), ("high", "high")]:
        assert row[name] == pytest.approx(100 * expected[of_r], abs=2e-6)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("condition", "value"), [("by_line >= 0", 100), ("by_line > 1", 0)])
def test_share_of_none_or_all_has_no_interval(asked, condition, value):
    row = sample_share(asked, condition, "by_line").iloc[0]
    assert row["value"] == value and row[["low", "high"]].isna().all()


def test_domain_in_one_cluster_a_stratum_has_no_interval(asked):
    where = "community_code in ['33100201', '33102301']"
    assert sample_mean(asked, "days", "days_on_site", where)[["low", "high"]].isna().all(axis=None)
    assert (
        sample_share(asked, "by_line == 1", "by_line", where)[["low", "high"]].isna().all(axis=None)
    )


def test_interval_stays_within_0_and_100_and_around_the_share(staff, visited, frame, decided):
    asked = sample_of_staff(staff.assign(rare=range(len(staff))), visited, frame, decided)
    for bound in (0, 1, 31):
        row = sample_share(asked, f"rare <= {bound}", "by_line").iloc[0]
        assert all(a < b for a, b in pairwise([0, *row[["low", "value", "high"]], 100]))


def test_one_row_for_the_city_labelled_as_a_sample(asked):
    rows = sample_share(asked, "by_line == 1", "not_known", "identity == 'worker'")
    row = rows.iloc[0]
    drawn = "10 communities by lot within counties, 3 by decision, staff drawn within communities"
    assert len(rows) == 1
    assert (row["name"], row["district"]) == ("not_known", "331000")
    assert (row["uncertainty"], row["basis"], row["wave"], row["unit"]) == (
        "sample",
        "official",
        "2020",
        "%",
    )
    assert (
        row["how"]
        == f"interview_staff: design-based ({drawn}) 100 × share(by_line == 1) [identity == "
        f"'worker']"
    )
    plain = sample_mean(asked, "days", "days_on_site").iloc[0]
    assert (plain["how"], plain["unit"]) == (
        f"interview_staff: design-based ({drawn}) mean(days)",
        "天",
    )
    assert (plain["uncertainty"], plain["name"]) == ("sample", "days_on_site")


GROUPS = {"zh": ("社工", "原村干部"), "en": ("workers", "former cadres")}
ASKED = {"by_line_gap": "100 * (by_line == 1)", "familiarity_gap": "days"}


def test_groups_are_compared_as_two_means_with_holm_over_the_questions(asked):
    compared = compare_groups(asked, ASKED, DOMAINS["workers"], DOMAINS["cadres"])
    rows = group_estimates(asked, compared).set_index("name")
    for name, column in (("by_line_gap", "by_line"), ("familiarity_gap", "days")):
        first, second = (
            R.loc[(group, column, "xlogit" if column == "by_line" else "t")]
            for group in ("workers", "cadres")
        )
        scale = 100 if column == "by_line" else 1
        assert rows.loc[name, "value"] == pytest.approx(
            scale * (first["mean"] - second["mean"]), abs=1e-6
        )
        assert rows.loc[name, "low"] < rows.loc[name, "value"] < rows.loc[name, "high"]
        assert rows.loc[name, "n"] == asked.rows["identity"].isin(["worker", "cadre"]).sum()
    assert (compared["p_holm"] >= compared["p"]).all() and compared["p_holm"].min() == 2 * compared[
        "p"
    ].min()


def test_groups_are_contrasted_only_where_they_are_told_apart(asked):
    compared = compare_groups(asked, ASKED, DOMAINS["workers"], DOMAINS["cadres"])
    said = group_statements(compared.assign(p_holm=[0.2, 0.04]), GROUPS).set_index("indicator")
    assert said["form"].tolist() == ["group_alike", "group_above"]
    alike, above = said.loc["by_line_gap"], said.loc["familiarity_gap"]
    assert (
        "差异无统计学意义" in alike["zh"]
        and "高于" not in alike["zh"]
        and "higher" not in alike["en"]
    )
    assert compared.loc["familiarity_gap", "value"] < 0
    assert (
        "原村干部高于社工" in above["zh"]
        and "higher among former cadres than among workers" in above["en"]
    )
