"""Estimates of stratified and clustered designs equal those of R (reference/survey.R)."""

from pathlib import Path
from statistics import variance

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.stats import design
from analysis.stats.calibration import poststratify, rake
from analysis.stats.design import Design

REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(
    REFERENCE / "survey.csv", comment="#", keep_default_na=False, na_values=["NA", "NaN"]
)
LEVEL = pd.Series({"high": 60.0, "low": 90.0, "mid": 80.0})
PLACE = pd.Series({"rural": 100.0, "town": 130.0})


@pytest.fixture(scope="module")
def schools():
    rows = pd.read_csv(REFERENCE / "schools.csv", dtype={"district": str})
    drawn = rows.groupby("stratum")["district"].transform("nunique")
    size = rows.groupby("stratum")["score"].transform("size")
    return rows.assign(
        fraction=drawn / rows["districts"],
        in_stratum=5 * size,
        all_districts=40,
        code=rows["stratum"] + rows["district"],
    )


BOTH = Design(strata="stratum", clusters="district", fpc="districts")
DESIGNS = {
    "strata": Design(strata="stratum", fpc="in_stratum"),
    "clusters": Design(clusters="code", fpc="all_districts"),
    "both": BOTH,
    "weighted": Design(strata="stratum", clusters="district", weights="weight"),
    "weighted_fpc": Design(strata="stratum", clusters="district", weights="weight", fpc="fraction"),
}


def designed(schools, name):
    if name == "poststratified":
        return poststratify(schools, BOTH, "level", LEVEL)
    if name == "raked":
        return rake(schools, BOTH, {"level": LEVEL, "place": PLACE})
    return schools, DESIGNS[name]


def fitted(schools, name, domain, what):
    rows, drawn = designed(schools, name)
    if what == "ratio":
        return design.ratio(rows, drawn, "score", "score_before", domain).iloc[0]
    if what in ("xlogit", "beta"):
        return design.share(rows, drawn, "meals == 1", domain, method=what.removeprefix("x")).iloc[
            0
        ]
    column = {"mean": "score", "total": "pupils"}[what]
    return getattr(design, what)(rows, drawn, column, domain).iloc[0]


@pytest.mark.parametrize(
    "row", list(R.itertuples()), ids=lambda r: f"{r.design}-{r.domain or 'all'}-{r.what}"
)
def test_estimates_equal_those_of_survey(schools, row):
    found = fitted(schools, row.design, row.domain, row.what)
    assert found["value"] == pytest.approx(row.value, rel=1e-9)
    assert found["se"] == pytest.approx(row.se, rel=1e-9)
    assert found["df"] == row.df
    rows_outside_count = (
        row.what == "beta" and row.domain and row.design in ("poststratified", "raked")
    )
    if not rows_outside_count:  # there nrow() of R's design counts the rows outside the domain too
        assert found[["low", "high"]].tolist() == pytest.approx([row.low, row.high], rel=1e-9)
    assert found["deff"] == pytest.approx(row.deff, rel=1e-9, nan_ok=True)


def test_reference_covers_every_design_in_three_domains():
    assert len(R) == 7 * 3 * 5 and R["value"].notna().all()


def test_domains_side_by_side_are_the_domains_one_by_one(schools):
    together = design.mean(schools, BOTH, "score", by="level").set_index("domain")
    for level in LEVEL.index:
        alone = design.mean(schools, BOTH, "score", f"level == '{level}'").iloc[0]
        assert together.loc[level, ["value", "se"]].tolist() == alone[["value", "se"]].tolist()


def test_domain_keeps_the_clusters_where_nobody_belongs_to_it(schools):
    """Dropping the others first would be a different, wrong design."""
    high = schools[schools["level"] == "high"]
    assert high["code"].nunique() < schools["code"].nunique()
    whole = design.mean(schools, BOTH, "score", "level == 'high'")["se"].iat[0]
    try:
        dropped = design.mean(high, BOTH, "score")["se"].iat[0]
    except ValueError:
        return  # a stratum is left with one cluster: refused, not mended
    assert dropped != pytest.approx(whole, rel=1e-3)


def test_blank_outside_the_domain_counts_nothing(schools):
    expected = design.mean(schools, BOTH, "score", "place == 'town'")
    blank = schools.assign(score=schools["score"].where(schools["place"] == "town"))
    pd.testing.assert_frame_equal(design.mean(blank, BOTH, "score", "place == 'town'"), expected)


def test_blank_inside_the_domain_is_not_passed_over(schools):
    blank = schools.assign(score=schools["score"].where(schools.index > 0))
    assert np.isnan(design.mean(blank, BOTH, "score")["value"].iat[0])


def test_strata_taken_completely_have_no_sampling_error(schools):
    part = schools[schools["stratum"] == "D"]
    found = design.mean(part, BOTH, "score").iloc[0]
    assert (found["value"], found["se"]) == (pytest.approx(part["score"].mean()), 0)


def test_one_row_a_cluster_and_one_stratum_is_the_textbook_formula():
    y, n, size = [3.0, 5.5, 1.0, 4.0, 4.5], 5, 12
    found = design.mean(pd.DataFrame({"y": y, "size": size}), Design(fpc="size"), "y").iloc[0]
    assert (found["value"], found["df"]) == (pytest.approx(sum(y) / n), n - 1)
    assert found["se"] ** 2 == pytest.approx(variance(y) / n * (1 - n / size), rel=1e-12)
    assert found["deff"] == pytest.approx(1)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.permutations(range(61)))
def test_order_of_rows_changes_nothing(order):
    rows = pd.read_csv(REFERENCE / "schools.csv", dtype={"district": str})
    expected = design.mean(rows, BOTH, "score")[["value", "se", "low", "deff"]].iloc[0].tolist()
    found = (
        design.mean(rows.iloc[order], BOTH, "score")[["value", "se", "low", "deff"]]
        .iloc[0]
        .tolist()
    )
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[(t["stratum"] != "A") | (t["district"] == "01")], "one cluster of several"),
        (lambda t: t.assign(districts=2), "more clusters"),
        (
            lambda t: t.assign(districts=t["districts"].where(t.index > 0)),
            "is it known for all rows",
        ),
        (
            lambda t: t.assign(districts=t["districts"] + (t.index == 0)),
            "more than one population size",
        ),
        (lambda t: t.assign(districts=0), "not above 0"),
    ],
)
def test_designs_that_cannot_be_are_refused(schools, change, message):
    with pytest.raises(ValueError, match=message):
        design.mean(change(schools), BOTH, "score")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("condition", "value", "bound"), [("meals >= 0", 1, "low"), ("meals > 1", 0, "high")]
)
def test_none_or_all_has_korn_and_graubards_interval_only(schools, condition, value, bound):
    logit = design.share(schools, BOTH, condition).iloc[0]
    assert logit["value"] == value and logit[["low", "high"]].isna().all()
    beta = design.share(schools, BOTH, condition, method="beta").iloc[0]
    assert beta[bound] == pytest.approx(abs(value - (1 - 0.025 ** (1 / 61))), rel=1e-9)


def test_calibrated_weights_add_up_to_the_known_totals(schools):
    for rows, _ in (designed(schools, "poststratified"), designed(schools, "raked")):
        assert rows.groupby("level")["calibrated_weight"].sum().to_dict() == pytest.approx(
            LEVEL.to_dict()
        )
    raked = designed(schools, "raked")[0]
    assert raked.groupby("place")["calibrated_weight"].sum().to_dict() == pytest.approx(
        PLACE.to_dict()
    )


def test_margins_that_cannot_be_met_are_refused(schools):
    with pytest.raises(ValueError, match="without rows or without a known total"):
        poststratify(schools, BOTH, "level", LEVEL.drop("mid"))
    with pytest.raises(ValueError, match="different populations"):
        rake(schools, BOTH, {"level": LEVEL, "place": 2 * PLACE})


@pytest.mark.slow
def test_intervals_cover_the_truth():
    """Clusters drawn 800 times from a known population: 95 % intervals hold the truth 93 to 97
    times in 100.
    """
    generator = np.random.default_rng(11)
    clusters = pd.DataFrame({"stratum": np.repeat(["a", "b", "c"], [40, 60, 80])})
    clusters["size"] = clusters.groupby("stratum")["stratum"].transform("size")
    lift = generator.normal(0, 1, len(clusters))
    people = clusters.loc[clusters.index.repeat(6)].assign(cluster=np.repeat(clusters.index, 6))
    people["y"] = np.repeat(lift, 6) + generator.normal(0, 2, len(people))
    people["yes"] = people["y"] > 0
    truth = people["y"].mean(), people["yes"].mean()
    drawn = Design(strata="stratum", clusters="cluster", fpc="size")
    held = np.zeros(3)
    for _ in range(800):
        taken = [
            generator.choice(c.index, 12, replace=False) for _, c in clusters.groupby("stratum")
        ]
        sample = people[people["cluster"].isin(np.concatenate(taken))]
        found = design.mean(sample, drawn, "y").iloc[0]
        logit = design.share(sample, drawn, "yes").iloc[0]
        low, high = design.korn_graubard(logit["value"], logit["se"], logit["n"], logit["df"])
        held += [
            found["low"] <= truth[0] <= found["high"],
            logit["low"] <= truth[1] <= logit["high"],
            low <= truth[1] <= high,
        ]
    mean, logit, beta = held / 800
    assert 0.93 <= mean <= 0.97 and 0.93 <= logit <= 0.97
    assert beta >= 0.93, "Korn and Graubard's is conservative by construction"
