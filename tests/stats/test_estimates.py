"""Estimates of a census, recomputed row by row in plain Python on small invented tables."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from statsmodels.stats.proportion import proportion_confint
from this_study import CITY, COUNTIES

from analysis.stats.estimates import (
    change,
    count,
    count_estimates,
    derived,
    distinct,
    mean,
    mean_count,
    ratio,
    share,
    total,
)
from analysis.stats.record import COLUMNS, unit_of
from analysis.survey.problems import StudyError
from analysis.survey.repository import reference

REFERENCE = Path(__file__).parent / "reference"
WILSON = pd.read_csv(REFERENCE / "wilson.csv", comment="#")
STUDENT = pd.read_csv(REFERENCE / "student.csv", comment="#", dtype={"district": str})
# county, kind, rented, people, pay: 331003 has no row of kind "a", seven counties have no row at
# all
ROWS = [
    ("331002", "a", True, 3, 4.21),
    ("331002", "b", False, 1, 6.47),
    ("331002", "a", False, 7, 5.5),
    ("331003", "b", True, 2, 3.3),
    ("331003", "b", True, 5, 8.125),
]


def table(rows=ROWS, basis="official"):
    frame = pd.DataFrame(rows, columns=["county_code", "kind", "rented", "people", "pay"])
    frame.attrs.update(table="communities", wave="2020", basis=basis)
    return frame


def by_district(rows, recompute):
    """Apply `recompute` to the rows of the city and of each county that has some."""
    parts = {CITY: rows} | {code: [row for row in rows if row[0] == code] for code in COUNTIES}
    return {code: round(float(recompute(part)), 6) for code, part in parts.items() if part}


def values(estimates):
    return dict(zip(estimates["district"], estimates["value"], strict=True))


def test_share_is_hits_over_rows():
    expected = by_district(
        ROWS, lambda rows: Fraction(100 * sum(row[2] for row in rows), len(rows))
    )
    assert values(share(table(), "rented", "rented")) == expected
    assert expected == {CITY: 60, "331002": 33.333333, "331003": 100}


@pytest.mark.parametrize(("k", "n"), WILSON[["k", "n"]].to_numpy().tolist())
def test_share_has_the_wilson_interval_of_prop_test(k, n):
    expected = WILSON[(WILSON["k"] == k) & (WILSON["n"] == n)].iloc[0]
    rows = [("331002", "a", i < k, 1, 1.0) for i in range(n)]
    for _, row in share(table(rows), "rented", "rented").iterrows():
        assert row["low"] == pytest.approx(100 * expected["low"], abs=1e-6)
        assert row["high"] == pytest.approx(100 * expected["high"], abs=1e-6)
        assert row["n"] == n


def test_wilson_interval_holds_the_rate_and_not_the_next_share():
    """Why a census interval is so described: it is no range for the result of a recount."""
    generator, rate = np.random.default_rng(4), 0.47
    k = generator.binomial(170, [[rate]] * 20_000)[:, 0]
    low, high = proportion_confint(k, 170, method="wilson")
    again = generator.binomial(170, rate, 20_000) / 170
    assert ((low <= rate) & (rate <= high)).mean() == pytest.approx(0.95, abs=0.01)
    assert ((low <= again) & (again <= high)).mean() == pytest.approx(0.83, abs=0.02)


def test_mean_has_the_student_interval_of_t_test():
    staff = pd.read_csv(REFERENCE / "staff.csv", dtype={"county_code": str})
    staff.attrs.update(table="communities", wave="2020", basis="official")  # people pass a gate
    estimates = mean(staff, "days", "days_on_site").set_index("district")
    expected = STUDENT.set_index("district")
    assert set(estimates.index) == set(expected.index)
    for of_r, ours in [("mean", "value"), ("low", "low"), ("high", "high"), ("n", "n")]:
        assert estimates[ours].to_dict() == pytest.approx(expected[of_r].to_dict(), abs=1e-6)


def test_mean_of_one_row_has_no_interval():
    row = mean(table(ROWS[:1]), "pay", "income").iloc[0]
    assert (row["value"], row["n"]) == (4.21, 1) and row[["low", "high"]].isna().all()


def test_weighted_mean_weighs_heads_and_is_not_the_mean_of_means():
    def weighted(rows):
        return sum(row[3] * row[4] for row in rows) / sum(row[3] for row in rows)

    estimates = mean(table(), "pay", "income_2018", weight="people")
    assert values(estimates) == by_district(ROWS, weighted)
    assert values(estimates) != values(mean(table(), "pay", "income"))
    assert estimates["n"].tolist() == [5, 3, 2], "n counts rows, as everywhere"
    assert estimates["denominator"].tolist() == [18, 11, 7], "the sum of the weights"
    assert estimates[["low", "high"]].isna().all(axis=None)


def test_total_count_and_distinct_recomputed():
    assert values(total(table(), "people", "funding_total")) == zeros(
        {CITY: 18, "331002": 11, "331003": 7}
    )
    assert values(count(table(), "communities_total")) == zeros({CITY: 5, "331002": 3, "331003": 2})
    assert values(distinct(table(), "kind", "posts")) == zeros({CITY: 2, "331002": 2, "331003": 1})
    assert values(total(table(), "pay", "funding_total"))[CITY] == round(
        sum(row[4] for row in ROWS), 6
    )


def zeros(known):
    return dict.fromkeys(COUNTIES, 0) | known


def test_ratio_divides_sums_and_takes_conditions():
    assert values(ratio(table(), "people", "pay", "workers_per_community")) == by_district(
        ROWS, lambda rows: sum(row[3] for row in rows) / sum(row[4] for row in rows)
    )
    assert values(
        ratio(table(), "people * rented", "people", "hardware_share", scale=100)
    ) == by_district(
        ROWS, lambda rows: 100 * sum(row[3] * row[2] for row in rows) / sum(row[3] for row in rows)
    )


def test_ratio_over_nothing_has_no_value():
    nobody = table([(county, kind, rented, 0, pay) for county, kind, rented, _, pay in ROWS])
    assert ratio(nobody, "pay", "people", "workers_per_community")["value"].isna().all()


@pytest.mark.parametrize("function", [share, mean, ratio])
def test_county_without_rows_has_no_share_mean_or_ratio(function):
    column = {share: ["rented"], mean: ["pay"], ratio: ["people", "pay"]}[function]
    assert list(function(table(), *column, "rented")["district"]) == [CITY, "331002", "331003"]
    assert list(function(table(), *column, "rented", where="kind == 'a'")["district"]) == [
        CITY,
        "331002",
    ]
    assert function(table(), *column, "rented", where="kind == 'c'").empty


@pytest.mark.parametrize("function", [total, count, distinct])
def test_county_without_rows_has_a_zero_total_and_count(function):
    column = [] if function is count else ["people"]
    estimates = function(table(), *column, "posts", where="kind == 'c'")
    assert list(estimates["district"]) == [CITY, *COUNTIES], "in reading order"
    assert (estimates["value"] == 0).all() and (estimates["n"] == 0).all()


def test_domain_is_picked_before_anything_is_counted():
    picked = [row for row in ROWS if row[1] == "b"]
    expected = by_district(picked, lambda rows: 100 * sum(row[2] for row in rows) / len(rows))
    estimates = share(table(), "rented", "rented", where="kind == 'b'")
    assert values(estimates) == expected
    assert estimates["n"].tolist() == [3, 1, 2]


def test_table_without_counties_gives_the_city_alone():
    estimates = share(table().drop(columns="county_code"), "rented", "rented")
    assert values(estimates) == {CITY: 60}


def test_bare_name_is_the_city_and_a_county_adds_its_code():
    estimates = share(table(), "rented", "rented")
    assert estimates["name"].tolist() == ["rented", "rented.331002", "rented.331003"]
    assert set(estimates["indicator"]) == {"rented"}


@pytest.mark.parametrize(
    ("estimate", "how"),
    [
        (lambda t: share(t, "rented", "rented"), "100 × count(rented) / count(rows)"),
        (
            lambda t: share(t, "rented", "rented", where="people > 1"),
            "100 × count(rented) / count(rows) [people > 1]",
        ),
        (lambda t: mean(t, "pay", "income"), "mean(pay)"),
        (lambda t: mean(t, "pay", "income", weight="people"), "sum(pay × people) / sum(people)"),
        (lambda t: total(t, "pay", "income"), "sum(pay)"),
        (lambda t: count(t, "posts"), "count(rows)"),
        (lambda t: distinct(t, "kind", "posts"), "count(distinct kind)"),
        (lambda t: ratio(t, "pay", "people", "income"), "sum(pay) / sum(people)"),
        (lambda t: ratio(t, "pay", "people", "rented", scale=100), "100 × sum(pay) / sum(people)"),
    ],
)
def test_how_says_the_formula_its_table_and_its_domain(estimate, how):
    assert set(estimate(table())["how"]) == {f"communities: {how}"}


def test_columns_label_a_census_with_unit_basis_and_wave():
    estimates = share(table(), "rented", "rented")
    assert list(estimates.columns) == COLUMNS
    for column, text in [
        ("uncertainty", "census"),
        ("unit", "%"),
        ("basis", "official"),
        ("wave", "2020"),
    ]:
        assert set(estimates[column]) == {text}
    assert set(share(table(basis="published"), "rented", "rented")["basis"]) == {"published"}


def test_basis_is_that_of_the_wave_unless_the_table_has_its_own(monkeypatch):
    monkeypatch.setattr(
        "analysis.stats.record.wave_facts", lambda wave: {"basis": f"declared {wave}"}
    )
    assert set(count(table(), "posts")["basis"]) == {"official"}
    assert set(count(table(basis=None), "posts")["basis"]) == {"declared 2020"}


def test_unknown_indicator_is_named_in_the_error():
    with pytest.raises(StudyError, match=r"reference/measures\.csv 112: .*bad_name,<zh>"):
        share(table(), "rented", "bad_name")


def test_unit_is_that_of_measures():
    measures = reference("measures")
    for row in measures.itertuples():
        assert unit_of(row.indicator) == row.unit_zh
    assert measures["indicator"].is_unique


def test_sources_cite_the_rows_that_were_counted_by_workbook_and_sheet():
    books, sheets = ["a.xlsx"] * 3 + ["b.xlsx"] * 2, ["社区", "社区", "社工", "社区", "社区"]
    frame = table().assign(workbook=books, sheet=sheets, row=[9, 6, 7, 8, 9])
    city, first, second = share(frame, "rented", "rented")["sources"]
    assert first == "a.xlsx!社区 6,9; a.xlsx!社工 7", "rows 7 and 8 of that sheet were not counted"
    assert second == "b.xlsx!社区 8-9"
    assert city == f"{first}; {second}"


def test_sources_of_a_domain_are_its_own_rows():
    frame = table().assign(workbook="a.xlsx", sheet="社区", row=[6, 7, 8, 9, 10])
    assert count(frame, "posts", where="kind == 'b'")["sources"].iat[0] == "a.xlsx!社区 7,9-10"


def test_a_register_is_cited_by_its_lines():
    frame = table(basis="published")
    frame.attrs["table"] = "policy_register"
    assert (
        count(frame, "posts", where="kind == 'b'")["sources"].iat[0] == "policy_register.csv 3,5-6"
    )


def test_a_share_and_a_ratio_carry_what_was_divided_by_what():
    assert share(table(), "rented", "rented")[["numerator", "denominator"]].to_numpy().tolist() == [
        [3, 5],
        [1, 3],
        [2, 2],
    ]
    first = ratio(table(), "people * (kind == 'a')", "people", "rented", scale=100).iloc[0]
    assert (first["numerator"], first["denominator"], first["value"]) == (10, 18, 55.555556)
    assert mean(table(), "pay", "income")[["numerator", "denominator"]].isna().all(axis=None)


def test_what_is_counted_in_the_phone_sample_is_labelled_so_and_has_no_interval():
    frame = table()
    frame.attrs["table"] = "interview_communities"
    for estimates in (
        share(frame, "rented", "rented"),
        count(frame, "posts"),
        mean(frame, "pay", "income"),
    ):
        assert set(estimates["uncertainty"]) == {"sample"}
        assert estimates[["low", "high"]].isna().all(axis=None)


def test_mean_count_is_the_number_of_members_over_the_number_of_places():
    places = table().assign(code=list("abcde"), workbook="a.xlsx", sheet="社区", row=range(6, 11))
    people = pd.DataFrame({"code": list("aabde"), "county_code": ["331002"] * 3 + ["331003"] * 2})
    people = people.assign(workbook="a.xlsx", sheet="社工", row=range(6, 11))
    people.attrs.update(table="workers", wave="2020", basis="official")
    estimates = mean_count(places, people, "code", "workers_per_community", where="kind == 'a'")
    assert values(estimates) == {CITY: 1, "331002": 1}
    assert estimates["sources"].tolist() == ["a.xlsx!社区 6,8; a.xlsx!社工 *"] * 2
    assert set(estimates["how"]) == {
        "communities: count(workers) / count(communities) [kind == 'a']"
    }
    whole = mean_count(places, people, "code", "workers_per_community")
    by_hand = mean(places.assign(w=[2, 1, 0, 1, 1]), "w", "workers_per_community")
    assert_frame_equal(whole[["value", "low", "high", "n"]], by_hand[["value", "low", "high", "n"]])


def test_estimates_are_counted_across_districts_or_for_each():
    rented = share(table(), "rented", "rented")
    counties = rented[rented["district"] != CITY]
    row = count_estimates(counties, "> 50", "joint_committee_counties").iloc[0]
    assert (row["value"], row["n"], row["uncertainty"]) == (1, 2, "census")
    assert row["sources"] == "estimates.csv!rented.331002; estimates.csv!rented.331003"
    each = count_estimates(
        pd.concat([rented, count(table(), "posts")]), "> 2", "lists_in_use", per="district"
    )
    assert each["value"].tolist()[:3] == [2, 2, 1] and each["district"].tolist()[:3] == [
        CITY,
        "331002",
        "331003",
    ]


def test_what_is_derived_says_what_from():
    with pytest.raises(ValueError, match="posts: no sources for 331000"):
        derived(pd.DataFrame({"value": [1]}, [CITY]), "posts", "x", "2020", "official")


def test_numbers_are_rounded_to_six_decimals():
    estimates = mean(table(), "pay", "income")
    for column in ["value", "low", "high"]:
        for number in estimates[column]:
            assert number == round(number, 6)
    row = share(table(ROWS[:3]), "rented", "rented").iloc[0]
    assert row["value"] == 33.333333


def test_change_subtracts_district_by_district():
    after = total(table(), "people", "workers_total")
    before = total(table(), "pay", "workers_2018")
    expected = {code: round(n - values(before)[code], 6) for code, n in values(after).items()}
    estimates = change(after, before, "hired_since_2018")
    assert values(estimates) == expected
    assert list(estimates.columns) == COLUMNS
    assert estimates["name"].tolist()[:2] == ["hired_since_2018", "hired_since_2018.331002"]
    assert set(estimates["how"]) == {"estimates: workers_total − workers_2018"}
    assert set(estimates["unit"]) == {"人"}
    assert estimates[["low", "high"]].isna().all(axis=None)


def test_relative_change_is_growth_over_the_earlier_value():
    after, before = mean(table(), "people", "income"), mean(table(), "pay", "income_2018")
    expected = {code: 100 * (now / values(before)[code] - 1) for code, now in values(after).items()}
    estimates = change(after, before, "income_growth", relative=True)
    assert values(estimates) == pytest.approx(expected, abs=1e-6)
    assert set(estimates["how"]) == {"estimates: 100 × (income − income_2018) / income_2018"}
    assert set(estimates["unit"]) == {"%"}


def test_change_cites_both_estimates():
    after, before = total(table(), "people", "workers_total"), total(table(), "pay", "workers_2018")
    cited = change(after, before, "growth")["sources"]
    assert cited[0] == "estimates.csv!workers_total; estimates.csv!workers_2018"
    assert cited[1] == "estimates.csv!workers_total.331002; estimates.csv!workers_2018.331002"


def test_change_leaves_out_a_district_that_one_side_lacks():
    after = mean(table(), "pay", "income")
    before = mean(table(), "pay", "income_2018", where="county_code == '331002'")
    assert list(change(after, before, "income_growth")["district"]) == [CITY, "331002"]


TABLES = st.lists(
    st.tuples(
        st.sampled_from(list(COUNTIES)[:3]),
        st.sampled_from("abc"),
        st.booleans(),
        st.integers(1, 9),
        st.integers(0, 10**6),
    ),
    min_size=1,
    max_size=12,
)
QUICK = settings(max_examples=8, deadline=None, derandomize=True)


def all_estimates(rows):
    frame = table(rows)
    parts = [
        share(frame, "rented", "rented"),
        mean(frame, "pay", "income"),
        mean(frame, "pay", "income_2018", weight="people"),
        total(frame, "pay", "funding_total"),
        count(frame, "communities_total"),
        distinct(frame, "kind", "posts"),
        ratio(frame, "pay", "people", "workers_per_community"),
    ]
    return pd.concat(parts, ignore_index=True)


@QUICK
@given(TABLES.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_order_of_rows_changes_nothing(both):
    rows, mixed = both
    # which cite rows by their order
    both = (all_estimates(part).drop(columns="sources") for part in (mixed, rows))
    assert_frame_equal(*both)


@QUICK
@given(TABLES)
def test_city_is_the_sum_of_its_counties(rows):
    for estimates in [count(table(rows), "posts"), total(table(rows), "pay", "income")]:
        city, *counties = estimates["value"]
        assert city == sum(counties)
        assert estimates["n"].iat[0] == sum(estimates["n"][1:]) == len(rows)


@QUICK
@given(TABLES)
def test_city_lies_between_its_counties(rows):
    pooled = [
        share(table(rows), "rented", "rented"),
        mean(table(rows), "pay", "income"),
        mean(table(rows), "pay", "income_2018", weight="people"),
        ratio(table(rows), "pay", "people", "workers_per_community"),
    ]
    for estimates in pooled:
        city, *counties = estimates["value"]
        assert min(counties) - 2e-6 <= city <= max(counties) + 2e-6


@QUICK
@given(TABLES)
def test_share_lies_within_its_interval_and_within_0_and_100(rows):
    for row in share(table(rows), "rented", "rented").itertuples():
        assert 0 <= row.low <= row.value <= row.high <= 100
        assert not np.isclose(row.low, row.high), "even one row leaves room"
