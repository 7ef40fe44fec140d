"""What indicators did between two waves: tests by hand and by statsmodels, and each reason not to
compare.
"""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from this_study import CITY
from two_waves import (
    GAINED,
    LOST,
    PLACES,
    codes,
    communities,
    estimates,
    facts,
    later,
    named,
    workers,
)

from analysis.stats import sample as phone
from analysis.stats.before_after import tango
from analysis.stats.between_waves import Wave, compare_waves, few_movers
from analysis.stats.contrasts import difference
from analysis.stats.design import Design
from analysis.stats.estimates import derived
from analysis.survey.changes import FACTS


@pytest.fixture
def waves():
    first = communities()
    second = later(first)
    before = {"communities": first, "workers": workers(first, 3)}
    now = {"communities": second, "workers": workers(second, 4, certified=0.7, seed=4)}
    published = (
        estimates(before).query("district == @CITY").set_index("indicator")["value"].round(6)
    )
    published["income"] = round(published["income"], 2)  # as people's means are published
    return before, now, published.to_dict()


def compared(before, now, published, **options):
    made = options.pop("estimates", None)
    made = estimates(now) if made is None else made
    told = options.pop("facts", None)
    told = facts(published) if told is None else told
    return compare_waves(made, Wave(before), Wave(now), told, **options).set_index("indicator")


def test_yes_and_no_of_the_same_communities_is_tested_by_mcnemar_with_the_others_apart(waves):
    row = compared(*waves).loc["compliant"]
    before, now, _ = waves
    table = np.array([[0, GAINED], [LOST, 0]])
    assert row["p"] == pytest.approx(mcnemar(table, exact=True).pvalue, abs=1e-6)
    assert row["p"] == pytest.approx(0.001514, abs=1e-6)  # 2 × P(B(27, ½) ≤ 5)
    assert (row["gained"], row["lost"], row["n"]) == (GAINED, LOST, PLACES - 1)
    assert (row["only_before"], row["only_now"]) == (1, 2)
    assert row["tested"] == pytest.approx(100 * (GAINED - LOST) / (PLACES - 1), abs=1e-6)
    low, high = tango(GAINED, LOST, PLACES - 1)
    assert (row["low"], row["high"]) == pytest.approx((100 * low, 100 * high), abs=1e-6)
    whole = [100 * tables["communities"]["compliant"].mean() for tables in (before, now)]
    assert (row["before"], row["now"]) == pytest.approx(tuple(whole), abs=1e-6)
    assert row["change"] == pytest.approx(whole[1] - whole[0], abs=2e-6)
    assert (row["test"], row["form"]) == ("McNemar", "wave_rose")


def test_all_tests_are_one_family_and_only_what_passes_it_is_said_to_have_moved(waves):
    found = compared(*waves)
    tested = found[found["p"].notna()]
    assert len(tested) == 7
    redone = multipletests(tested["p"], method="holm")[1]
    assert tested["p_holm"].to_numpy() == pytest.approx(redone, abs=1e-5)
    moved = tested["form"].isin(["wave_rose", "wave_fell"])
    assert (moved == (redone < 0.05)).all() and moved["compliant"] and not moved["rented"]


def test_a_fall_is_a_fall(waves):
    before, now, _ = waves
    turned = compared(
        now,
        before,
        estimates(now).query("district == @CITY").set_index("indicator")["value"].to_dict()
        | {"income": 6.0},
    )
    assert turned.at["compliant", "form"] == "wave_fell" and turned.at["compliant", "tested"] < 0


def test_means_and_ratios_of_communities_are_tested_by_their_differences(waves):
    before, now, published = waves
    now["communities"] = named(
        now["communities"].assign(
            open_hours=now["communities"]["open_hours"] + np.tile([0.0, 1.0], 61)[:121]
        ),
        "communities",
    )
    row = compared(before, now, published).loc["open_hours"]
    both = before["communities"].merge(now["communities"], on="community_code")
    gaps = both["open_hours_y"] - both["open_hours_x"]
    se = gaps.std(ddof=1) / np.sqrt(len(gaps))
    assert row["tested"] == pytest.approx(gaps.mean(), abs=1e-6)
    assert (row["tested"] - row["low"]) / se == pytest.approx(1.98045, abs=2e-5)  # t of 117
    assert row["test"] == "clusters" and row["form"] == "wave_rose"


def test_people_are_tested_with_all_communities_as_clusters(waves):
    before, now, _published = waves
    row = compared(*waves).loc["certified"]
    rows = pd.concat([before["workers"].assign(now=False), now["workers"].assign(now=True)])
    rows = rows.assign(yes=rows["certificate"] != "无").reset_index(drop=True)
    found = difference(rows, Design(clusters="community_code"), "yes", "now", "not now")
    assert row["p"] == pytest.approx(found["p"], abs=1e-6)
    assert (row["low"], row["high"]) == pytest.approx(
        (100 * found["low"], 100 * found["high"]), abs=1e-5
    )
    assert row["tested"] == pytest.approx(row["change"], abs=1e-5)  # nothing that is not published
    assert np.isnan(row["only_now"]) and np.isnan(row["gained"])


def test_what_is_alike_within_townships_is_tested_with_townships_as_clusters(waves):
    before, now, _published = waves
    row = compared(*waves, by_township=True).loc["compliant"]
    both = before["communities"].merge(now["communities"], on="community_code")
    assert row["test"] == "clusters" and row["n"] == len(both)
    gaps = 100.0 * (both["compliant_y"].astype(int) - both["compliant_x"].astype(int))
    sums = (gaps - gaps.mean()).groupby(both["community_code"].str[:9]).sum()
    se = np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum()) / len(gaps)
    # t of townships − 2
    assert (row["high"] - row["low"]) / 2 / se == pytest.approx(2.06, abs=0.05)


def test_counts_sums_and_what_is_made_of_estimates_are_facts_without_a_test(waves):
    before, now, _published = waves
    found = compared(*waves)
    for name in ("communities_total", "plates", "compliant_rise"):
        row = found.loc[name]
        assert (row["form"], row["test"]) == ("wave_fact", "") and np.isnan(row["p"])
    assert found.at["communities_total", "change"] == 1
    assert (
        found.at["plates", "change"]
        == now["communities"]["agreements"].sum() - before["communities"]["agreements"].sum()
    )


def test_a_change_of_too_few_people_is_withheld_with_all_that_is_made_of_it(waves):
    before, now, published = waves
    now["workers"] = workers(now["communities"], 3)  # three more: those of one community more
    found = compared(before, now, published)
    for name in ("workers_total", "income", "certified", "workers_per_community"):
        row = found.loc[name]
        assert (row["reason"], row["form"]) == ("few_moved", "wave_not_compared")
        numbers = row[["change", "tested", "low", "high", "gained", "p"]].astype(float)
        assert np.isnan(numbers).all() and row["now"] > 0
    assert found.at["compliant", "reason"] == ""  # of communities, which are public bodies


def test_counts_of_people_that_both_waves_publish_and_that_differ_by_few_are_listed(waves):
    before, now, _published = waves
    now["workers"] = workers(now["communities"], 3)
    moved = few_movers(before, now)
    sizes = [tables["workers"].groupby("county_code").size() for tables in (before, now)]
    gaps = (sizes[1] - sizes[0])[lambda gap: gap.abs().between(1, 9)]
    own = moved[moved["indicator"] == "workers_total"].set_index("district")["change"]
    assert own.to_dict() == gaps.to_dict() and len(own) > 0
    assert few_movers(before, before).empty
    assert few_movers({name: rows.iloc[:0] for name, rows in before.items()}, now).empty
    assert "hired_2020" not in set(moved["indicator"])  # not published by county


def test_counts_that_rest_on_a_new_question_are_left_out_of_that_list(waves):
    before, now, _published = waves
    now["workers"] = workers(now["communities"], 3)
    before["workers"] = before["workers"].drop(columns="certificate")
    listed = set(few_movers(before, now)["indicator"])
    assert "workers_total" in listed and "certified_workers" not in listed


def reason(waves, name="compliant", **options):
    row = compared(*waves, **options).loc[name]
    assert (
        row["form"] == "wave_not_compared" and np.isnan(row["p_holm"]) and np.isnan(row["change"])
    )
    return row["reason"]


def test_without_the_edition_of_the_wave_before_nothing_is_compared(waves):
    only = facts({}).query("kind == 'wave'")
    assert set(compared(*waves, facts=only)["reason"]) == {"no_record"}
    assert set(compared(*waves, facts=facts(waves[2], wave="2019"))["reason"]) == {"no_record"}


def test_a_first_wave_has_nothing_to_compare(waves):
    assert compared(*waves, facts=facts({}).iloc[:0]).empty


def test_a_new_question_and_what_is_made_of_it_are_not_compared(waves):
    before, _now, _published = waves
    before["communities"] = before["communities"].drop(columns="rented")
    assert reason(waves, "rented") == reason(waves, "compliant_rise") == "new"


def test_a_changed_definition_is_not_compared(waves):
    told = facts(waves[2], compliant=("另一种达标", "met another standard"))
    assert reason(waves, facts=told) == "definition"


def test_a_value_that_is_not_the_one_published_then_is_not_compared(waves):
    _before, _now, published = waves
    told = facts(published | {"compliant": published["compliant"] + 0.1})
    assert reason(waves, facts=told) == "published"


def test_a_table_that_cannot_be_read_is_not_compared(waves):
    before, _now, published = waves
    told = pd.concat(
        [
            facts(published),
            pd.DataFrame([("unread", "communities", "", "", "")], columns=list(FACTS)),
        ]
    )
    before["communities"] = before["communities"].iloc[:0]
    assert reason(waves, facts=told) == "unreadable"


def test_an_indicator_that_this_wave_lacks_is_listed_as_withdrawn(waves):
    row = compared(*waves, facts=facts(waves[2] | {"area_met": 88.5})).loc["area_met"]
    assert (row["reason"], row["before"]) == ("withdrawn", 88.5) and np.isnan(row["now"])


def test_few_places_and_changed_places_are_not_compared(waves):
    before, now, published = waves
    few = {
        name: named(rows[rows["community_code"].isin(codes(25))], name)
        for name, rows in before.items()
    }
    own = (
        estimates(few).query("district == @CITY").set_index("indicator")["value"].round(6).to_dict()
    )
    row = compared(few, few, own | {"income": round(own["income"], 2)}).loc["compliant"]
    assert row["reason"] == "small"
    moved = before["communities"].assign(community_code=codes(PLACES, first=70))
    now["communities"] = named(moved, "communities")
    assert compared(before, now, published).at["compliant", "reason"] == "places"


def test_a_model_is_not_computed_again_and_its_value_then_is_the_published_one(waves):
    values = pd.DataFrame({"value": [51.0], "n": [9]}, [CITY])
    made = derived(
        values, "service_index", "indicators.csv", "2021", basis="synthetic", sources="x.csv"
    )
    made = pd.concat([estimates(waves[1]), made])
    row = compared(*waves, estimates=made, facts=facts(waves[2] | {"service_index": 48.0})).loc[
        "service_index"
    ]
    assert (row["reason"], row["before"], row["now"]) == ("model", 48.0, 51.0)


def test_a_formula_that_does_not_give_its_estimate_stops(waves):
    made = estimates(waves[1])
    made.loc[(made["indicator"] == "compliant") & (made["district"] == CITY), "value"] += 0.5
    with pytest.raises(ValueError, match="compliant: its formula gives"):
        compared(*waves, estimates=made)


def test_samples_are_compared_by_their_design():
    rng = np.random.default_rng(5)
    frame = named(pd.DataFrame({"community_code": codes(72)}), "interview_frame").assign(
        sampled=True
    )
    waves, made = [], None
    for rate in (0.2, 0.7):
        visited = frame.groupby("county_code").sample(5, random_state=rng)
        visited = named(
            visited.assign(fully_staffed=rng.random(len(visited)) > rate), "interview_communities"
        )
        listed = frame.assign(sampled=frame["community_code"].isin(visited["community_code"]))
        drawn = phone.sample_of_communities(visited, listed, pd.Series([], dtype=str))
        tables = {"interview_communities": visited, "interview_frame": listed}
        waves.append(Wave(tables, {"interview_communities": drawn}))
        before, made = made, phone.sample_share(drawn, "not fully_staffed", "understaffed")
    told = facts({"understaffed": before["value"].iat[0]})
    row = compare_waves(made, *waves, told).iloc[0]
    assert (row["test"], row["form"], row["n"]) == ("design", "wave_rose", 45)
    assert row["tested"] == pytest.approx(row["now"] - row["before"], abs=1e-5)
    assert row["low"] < row["tested"] < row["high"]


def test_a_mean_that_would_tell_of_one_person_is_not_compared_in_either_wave(waves):
    """A mean with digits fine enough to give the pay of one who leaves is missing as an estimate."""
    before, now, published = waves
    few = {name: named(rows.head(25), name) for name, rows in before.items()}
    row = compared(few, now, published | {"income": np.nan}).loc["income"]
    assert row["reason"] and np.isnan(row["before"])
    assert row[["change", "tested", "low", "high", "p"]].isna().all()
