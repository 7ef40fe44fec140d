"""Disclosure control: small counts, further withheld counts, rounding and refusals."""

import numpy as np
import pandas as pd
import pytest

from analysis.stats import disclosure
from analysis.stats.comparison import as_published
from analysis.stats.disclosure import (
    Linked,
    Person,
    Policy,
    _is_average,
    hidden_by_policy,
    protected,
    small_cells,
    terms,
)
from analysis.stats.estimates import change, count, mean, ratio, share, total
from analysis.survey.problems import StudyError

CITY = "331000"
NOTHING = pd.DataFrame(columns=["indicator", "district", "reason"], dtype="str")


@pytest.mark.parametrize(
    ("count", "base", "assessment", "small"),
    [
        (0, 50, False, False),
        (1, 50, False, True),
        (9, 50, False, True),
        (10, 50, False, False),
        (40, 50, False, False),
        (41, 50, False, True),  # nine are left
        (50, 50, False, False),
        (50, 50, True, True),  # of an assessment all are told
        (0, 50, True, True),
        (0, 9, False, True),
        (9, 9, False, True),
    ],
)
def test_a_count_of_people_is_small_below_ten_on_either_side(count, base, assessment, small):
    cell = Person("a", "count", within="b", assessment=assessment)
    assert Policy({"a": cell}).is_small(cell, count, base) == small


@pytest.mark.parametrize(
    ("values", "dominated"),
    [
        ([5.0] * 10, False),
        ([100.0, 5, 5], True),
        ([50.0, 40, 5, 5], True),
        ([100.0], True),
        ([0.0, 0.0], False),
    ],
)
def test_one_or_two_that_make_up_most_of_a_sum_are_told_from_it(values, dominated):
    assert Policy({}).dominated(np.array(values)) == dominated


def test_a_small_count_takes_another_with_it_and_no_more():
    counts = pd.DataFrame({"x": [8.0], "y": [30.0], "z": [40.0], "w": [50.0]}, index=["a"])
    rules = Policy({"a": Person("a", "count")})
    small = small_cells(counts, rules)
    assert small == {("a", "x")}
    more = Linked(counts, rules).protect(small, small)
    assert len(more) == 1
    assert Linked(counts, rules).width(("a", "x"), small | set(more)) >= 10
    assert Linked(counts, rules).width(("a", "x"), small) == 0


def test_what_follows_from_an_equation_is_hidden_with_its_parts():
    counts = pd.DataFrame(
        {"x": [30.0, 27, 3], "y": [40.0, 20, 20]}, index=["whole", "part", "rest"]
    )
    people = [
        Person("whole", "sum"),
        Person("part", "count"),
        Person("rest", "count", equals="whole - part"),
    ]
    rules = Policy({one.indicator: one for one in people})
    small = small_cells(counts, rules)
    assert small == {("rest", "x")}
    hidden = small | set(Linked(counts, rules).protect(small, small))
    assert {("part", "x"), ("whole", "x")} & hidden
    assert all(Linked(counts, rules).width(cell, hidden) >= 10 for cell in small)


def test_a_total_of_too_few_is_refused():
    counts = pd.DataFrame({"x": [3.0], "y": [2.0]}, index=["a"])
    rules = Policy({"a": Person("a", "count")})
    small = small_cells(counts, rules)
    with pytest.raises(StudyError, match=r"people.csv.*B20"):
        Linked(counts, rules).protect(small, small)


def test_a_column_that_is_not_published_by_county_is_hidden_but_for_its_exceptions():
    counts = pd.DataFrame({"x": [3.0], "y": [12.0]}, index=["a"])
    rules = Policy({"a": Person("a", "count", by_district=False, exceptions=frozenset({"y"}))})
    assert hidden_by_policy(counts, rules) == {("a", "x")}


def test_equations_are_read():
    assert terms("workers_2018 - hired_before_2018") == [
        (1, "workers_2018"),
        (-1, "hired_before_2018"),
    ]


def people(pay=6.0, more=100):
    """Twelve, nine and `more` people of three counties."""
    everyone = 21 + more
    frame = pd.DataFrame(
        {
            "county_code": ["331002"] * 12 + ["331003"] * 9 + ["331004"] * more,
            "income": [pay + i % 21 / 77 for i in range(everyone)],
        }
    )
    frame = frame.assign(workbook="a.xlsx", sheet="花名册", row=range(6, 6 + everyone))
    frame.attrs.update(table="workers", wave="2020", basis="official")
    return frame


def test_a_mean_of_people_is_rounded_and_of_fewer_than_ten_withheld():
    rows = protected(mean(people(), "income", "income"), NOTHING).set_index("district")
    assert rows.at["331002", "value"] == round(rows.at["331002", "value"], 1)
    assert rows.at[CITY, "value"] == round(rows.at[CITY, "value"], 2)
    assert rows.at["331003", "withheld"] == "few" and pd.isna(rows.at["331003", "value"])
    assert rows.at["331003", "n"] == 0 and rows.at["331003", "sources"] == ""


def test_a_mean_that_one_person_dominates_is_withheld():
    frame = people()
    frame.loc[3, "income"] = 5000.0
    rows = protected(mean(frame, "income", "income"), NOTHING).set_index("district")
    assert rows.at["331002", "withheld"] == rows.at[CITY, "withheld"] == "few"


def test_a_mean_whose_digits_tell_of_one_who_leaves_is_withheld():
    """Of 21 people with two decimals: 21 × 0.01 is no tenth of a pay of 6."""
    rows = protected(mean(people(more=0), "income", "income"), NOTHING).set_index("district")
    assert rows.at[CITY, "withheld"] == "few" and pd.isna(rows.at[CITY, "value"])
    assert rows.at["331002", "withheld"] == ""  # 12 × 0.1 is


@pytest.mark.parametrize(
    ("n", "largest", "digits", "tells"),
    [(50, 6.0, 1, False), (50, 51.0, 1, True), (50, 6.0, 2, True), (1500, 50.0, 2, False)],
)
def test_digits_tell_of_one_who_leaves_where_few_have_a_mean_or_one_pay_is_large(
    n, largest, digits, tells
):
    assert Policy({}).tells_of_movers(np.array([5.0] * (n - 1) + [largest]), digits) == tells


def test_bounds_lie_about_the_rounded_mean():
    """Else the middle of the two bounds would be a second rounding of the same mean."""
    rows = protected(mean(people(), "income", "income"), NOTHING)
    shown = rows[rows["value"].notna()]
    middle = (shown["low"] + shown["high"]) / 2
    assert np.allclose(middle, shown["value"])


@pytest.mark.parametrize(
    ("p", "shown"),
    [(0.671767, 0.7), (0.000168, 0.0002), (0.0132, 0.01), (0.048, 0.049), (0.051, 0.05)],
)
def test_p_values_of_means_of_people_have_one_digit_on_their_side_of_five_per_cent(p, shown):
    table = pd.DataFrame({"p_rest_holm": [p], "value": [6.123], "rows": [50]})
    published = as_published(table, "income").iloc[0]
    assert (published["p_rest_holm"], published["value"]) == (shown, 6.1)
    assert as_published(table, "compliant").equals(table)


def test_what_is_derived_from_a_rounded_mean_is_derived_again():
    now, then = mean(people(), "income", "income"), mean(people(4.0), "income", "income_2018")
    rows = protected(
        pd.concat([now, then, change(now, then, "income_growth", relative=True)]), NOTHING
    )
    values = rows.set_index("name")["value"]
    after, before = values["income.331002"], values["income_2018.331002"]
    assert values["income_growth.331002"] == round(100 * (after - before) / before, 6)


def test_counts_that_are_not_published_by_county_are_left_out():
    frame = people().assign(hired=pd.Timestamp("2020-02-01"))
    rows = protected(count(frame, "hired_2020"), NOTHING)
    assert list(rows["district"]) == [CITY] and rows["value"].iat[0] == 121


def test_a_count_of_people_that_is_not_listed_is_refused():
    with pytest.raises(StudyError, match="rented 统计的是个人"):
        protected(count(people(), "rented"), NOTHING)


def test_people_are_cited_without_their_rows():
    # of counties without any
    assert set(count(people(), "workers_total")["sources"]) == {"a.xlsx!花名册 *", ""}


def test_groups_of_fewer_than_twenty_have_no_median():
    frame = pd.DataFrame({"post": ["a"] * 20 + ["b"] * 19, "grade": range(39)})
    assert list(disclosure.medians(frame, "grade", "post").index) == ["a"]


def test_quantiles_leave_ten_people_on_each_side():
    frame = pd.DataFrame({"post": ["a"] * 40 + ["b"] * 39 + ["c"] * 100, "pay": range(179)})
    found = disclosure.quantiles(frame, "pay", "post", (0.0, 0.1, 0.25, 0.5, 1.0))
    assert found["size"].tolist() == [40, 39, 100]
    assert found[["q0", "q100"]].isna().all(axis=None), "lowest and highest of people"
    assert found["q25"].notna().tolist() == [True, False, True]
    assert found["q10"].notna().tolist() == [False, False, True]
    assert found["q50"].notna().all()


def test_a_share_of_fewer_than_ten_people_is_withheld():
    """Also where no cell of its base is withheld, as where `people.csv` names none."""
    rows = share(people().assign(certificate="无"), "certificate != '无'", "by_line")
    shown = protected(rows, NOTHING).set_index("district")
    assert shown.at["331003", "withheld"] == "few" and pd.isna(shown.at["331003", "value"])
    rules = disclosure.policy()
    bare = Person("certified", "derived")
    few = _is_average(bare, next(rows.itertuples()))
    assert few and rules.threshold == 10


def test_sums_of_values_of_people_are_refused():
    for adds in (
        lambda: total(people(), "income", "income"),
        lambda: ratio(people(), "income", "income", "income"),
    ):
        with pytest.raises(StudyError, match="合计的是个人的数值"):
            adds()


def test_a_mean_without_declared_decimals_has_none():
    row = disclosure.reference("people").set_index("indicator", drop=False).loc["income"].copy()
    row["decimals"] = ""
    assert disclosure._person(row).decimals == 0
