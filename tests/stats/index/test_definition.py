"""The definition is a table: read, checked, and evaluated on the clean tables."""

import pandas as pd
import pytest
from this_study import TABLES

from analysis.stats.index.definition import cited, definition, leaves, measure
from analysis.survey.problems import StudyError
from analysis.survey.repository import reference


@pytest.fixture
def table():
    return reference("indicators")


def test_five_dimensions_and_the_village_turned_one_stands_apart(table):
    frame = definition(table)
    assert list(frame.index[frame["dimension"] == "service_index"]) == [
        "d_facilities", "d_workforce", "d_linkage", "d_elections",
    ]  # fmt: skip
    assert (
        frame.loc["d_village", "dimension"] == "" and (frame["dimension"] == "d_village").sum() > 1
    )


def test_each_indicator_is_complete_and_in_terms_of_the_clean_tables(table):
    own = leaves(definition(table))
    assert own[["name_zh", "name_en", "unit", "source", "dimension"]].ne("").all(axis=None)
    assert own[["direction", "goal_low", "goal_high", "weight", "factor"]].notna().all(axis=None)
    names = {part.partition(": ")[0] for part in [*own["numerator"], *own["denominator"]]}
    assert names <= set(TABLES)


def test_formulas_are_evaluated_by_district():
    communities = pd.DataFrame(
        {"county_code": ["a", "a", "b"], "yes": [True, False, True], "area": [10, 30, 5]}
    )
    row = {
        "name_zh": "",
        "name_en": "",
        "dimension": "",
        "direction": "1",
        "goal_low": "0",
        "goal_high": "100",
    }
    row |= {
        "weight": "1",
        "factor": "100",
        "numerator": "communities: yes and area < 20",
        "denominator": "communities: area",
    }
    frame = definition(pd.DataFrame([row | {"code": "x"}]))
    found = measure({"communities": communities}, frame, ["county_code"])
    assert found["x"].to_dict() == pytest.approx({"a": 100 / 40, "b": 100 / 5})


def test_a_column_that_a_table_was_not_read_with_is_named():
    row = {
        "code": "x",
        "dimension": "",
        "direction": "1",
        "goal_low": "0",
        "goal_high": "1",
        "weight": "1",
    }
    row |= {"factor": "1", "numerator": "workers: income", "denominator": "workers: 1"}
    workers = pd.DataFrame({"county_code": ["a"], "post": ["b"]})
    with pytest.raises(
        ValueError, match=r"workers: income: .*'income'.*read with county_code, post"
    ):
        measure({"workers": workers}, definition(pd.DataFrame([row])), ["county_code"])


def test_nothing_to_divide_by_is_blank_and_never_a_guess():
    communities = pd.DataFrame({"county_code": ["a", "b"], "turned": [True, False]})
    row = {
        "code": "x",
        "dimension": "",
        "direction": "1",
        "goal_low": "0",
        "goal_high": "1",
        "weight": "1",
    }
    row |= {
        "factor": "1",
        "numerator": "communities: turned",
        "denominator": "communities: 1 * turned",
    }
    found = measure({"communities": communities}, definition(pd.DataFrame([row])), ["county_code"])
    assert found.loc["a", "x"] == 1 and pd.isna(found.loc["b", "x"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: pd.concat([t, t.tail(1)]), "v_seats is there twice"),
        (
            lambda t: t.assign(dimension=t["dimension"].replace("d_linkage", "d_link")),
            r"indicators\.csv 25: .*d_link,<name_zh>",
        ),
        (
            lambda t: t.assign(goal_high=t["goal_high"].replace("18", "0")),
            "i_workers has goalposts out of order",
        ),
        (
            lambda t: t.assign(direction=t["direction"].replace("-1", "2")),
            "i_weak_linking has a direction",
        ),
        (
            lambda t: t.assign(
                dimension=t["dimension"].mask(t["code"] == "service_index", "d_linkage")
            ),
            "below itself",
        ),
    ],
)
def test_faults_of_the_definition_are_named(table, change, message):
    with pytest.raises((ValueError, StudyError), match=message):
        definition(change(table))


def test_an_aggregate_cites_the_rows_that_its_formulas_take_in_or_the_aggregates_below_it():
    places = pd.DataFrame(
        {"county_code": ["331002", "331002", "331003"], "old": [True, False, True], "k": [1, 2, 0]}
    )
    places = places.assign(workbook=["a.xlsx", "a.xlsx", "b.xlsx"], sheet="社区", row=[6, 7, 6])
    people = pd.DataFrame(
        {"county_code": ["331002"], "workbook": ["a.xlsx"], "sheet": ["社工"], "row": [9]}
    )
    lines = [
        ("top", "", "", ""),
        ("village", "top", "", ""),
        ("all", "top", "", ""),
        ("v", "village", "communities: old and k > 0", "communities: old"),
        ("w", "all", "workers: 1", "communities: k"),
    ]
    frame = pd.DataFrame(
        lines, columns=["code", "dimension", "numerator", "denominator"]
    ).set_index("code")
    tables = {"communities": places, "workers": people}
    assert cited(tables, frame, "village") == {
        "331000": "indicators.csv; a.xlsx!社区 6; b.xlsx!社区 6",
        "331002": "indicators.csv; a.xlsx!社区 6",
        "331003": "indicators.csv; b.xlsx!社区 6",
    }
    assert cited(tables, frame, "all")["331000"] == "indicators.csv; a.xlsx!社区 6-7; a.xlsx!社工 9"
    assert (
        cited(tables, frame, "top")["331003"]
        == "estimates.csv!village.331003; estimates.csv!all.331003"
    )
