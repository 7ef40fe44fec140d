"""Estimates from the phone sample: equal to those of R's survey package (see reference/design.R)."""

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from analysis.stats.sample import sample_mean, sample_share

REFERENCE = Path(__file__).parent / "reference"
CODES = {"county_code": str, "community_code": str}
R = pd.read_csv(REFERENCE / "design.csv", comment="#").set_index(["domain", "column", "method"])
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
    rows.attrs.update(table="interview_staff", wave="2020", basis="official")
    return rows


@pytest.fixture
def frame(staff):
    """List every community that could have been drawn: N in each county."""
    size = staff.groupby("county_code")["N"].first()
    pairs = [(county, f"{i:02}") for county, n in size.items() for i in range(1, n + 1)]
    return pd.DataFrame(pairs, columns=["county_code", "community_code"])


def test_reference_covers_the_hard_cases(staff):
    clusters = staff.groupby(["county_code", "community_code"]).size()
    drawn, size = clusters.groupby("county_code").size(), staff.groupby("county_code")["N"].first()
    assert clusters.nunique() > 3, "unequal numbers of staff"
    assert (drawn == size).any() and ((drawn == 1) & (size == 1)).any(), "taken completely"
    assert staff["community_code"].nunique() < len(clusters), "codes begin anew in each county"
    seconded = staff[staff["identity"] == "seconded"]
    assert seconded["county_code"].nunique() < len(drawn), "a domain that misses a stratum"


def test_stratum_of_unknown_size_is_refused(staff, frame):
    with pytest.raises(ValueError, match="known for all rows"):
        sample_mean(staff, "days", "days_on_site", frame[frame["county_code"] != "331004"])


@pytest.mark.parametrize("domain", DOMAINS)
def test_sample_mean_has_the_t_interval_of_confint(staff, frame, domain):
    expected = R.loc[(domain, "days", "t")]
    row = sample_mean(staff, "days", "days_on_site", frame, DOMAINS[domain]).iloc[0]
    for name, of_r in [("value", "mean"), ("low", "low"), ("high", "high")]:
        assert row[name] == pytest.approx(expected[of_r], abs=1e-6)
    assert row["n"] == (staff.eval(DOMAINS[domain]).sum() if DOMAINS[domain] else len(staff))


@pytest.mark.parametrize("method", ["logit", "xlogit"])
@pytest.mark.parametrize("domain", [domain for domain in DOMAINS if domain != "taken_completely"])
def test_sample_share_has_the_logit_interval_of_svyciprop(staff, frame, domain, method):
    expected = R.loc[(domain, "by_line", method)]
    row = sample_share(staff, "by_line == 1", "by_line", frame, DOMAINS[domain]).iloc[0]
    for name, of_r in [("value", "mean"), ("low", "low"), ("high", "high")]:
        assert row[name] == pytest.approx(100 * expected[of_r], abs=2e-6)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("condition", "value"), [("by_line >= 0", 100), ("by_line > 1", 0)])
def test_share_of_none_or_all_has_no_interval(staff, frame, condition, value):
    row = sample_share(staff, condition, "by_line", frame).iloc[0]
    assert row["value"] == value and row[["low", "high"]].isna().all()


def test_domain_in_one_cluster_a_stratum_has_no_interval(staff, frame):
    where = "community_code == '01'"
    assert sample_mean(staff, "days", "days_on_site", frame, where)[["low", "high"]].isna().all(axis=None)
    assert sample_share(staff, "by_line == 1", "by_line", frame, where)[["low", "high"]].isna().all(axis=None)


def test_interval_stays_within_0_and_100_and_around_the_share(staff, frame):
    staff["rare"] = range(len(staff))
    for bound in (0, 1, 31):
        row = sample_share(staff, f"rare <= {bound}", "by_line", frame).iloc[0]
        assert all(a < b for a, b in pairwise([0, *row[["low", "value", "high"]], 100]))


def test_one_row_for_the_city_labelled_as_a_sample(staff, frame):
    rows = sample_share(staff, "by_line == 1", "not_known", frame, "identity == 'worker'")
    row = rows.iloc[0]
    assert len(rows) == 1
    assert (row["name"], row["district"]) == ("not_known", "331000")
    assert (row["uncertainty"], row["basis"], row["wave"], row["unit"]) == ("sample", "official", "2020", "%")
    assert row["how"] == ("interview_staff: design-based 100 × share(by_line == 1) [identity == 'worker']")
    plain = sample_mean(staff, "days", "days_on_site", frame).iloc[0]
    assert (plain["how"], plain["unit"]) == ("interview_staff: design-based mean(days)", "天")
    assert (plain["uncertainty"], plain["name"]) == ("sample", "days_on_site")
