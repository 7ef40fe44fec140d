"""Formulas of estimates are read back and give the same numbers again."""

import pandas as pd
import pytest
from this_study import CITY, TABLES

from analysis.stats.estimates import change, count, distinct, mean, mean_count, ratio, share, total
from analysis.stats.formulas import Formula, missing, parse, value

DRAWN = "interview_staff: design-based (9 communities by lot within counties, 2 by decision) "
ROWS = [
    ("331002", "331002001001", "租用", True, 3, 40.5),
    ("331002", "331002001002", "自有", False, 1, 30.0),
    ("331003", "331003001001", "借用", True, 7, 20.25),
    ("331003", "331003001002", "自有", False, 2, 10.0),
]


def table(name="communities", rows=ROWS):
    columns = ["county_code", "community_code", "premises", "compliant", "agreements", "open_hours"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.attrs.update(table=name, wave="2020", basis="official")
    return frame


COMMUNITIES = table()
WORKERS = table("workers", [ROWS[0], ROWS[0], ROWS[2]])
MADE = [
    share(COMMUNITIES, "compliant", "compliant"),
    share(COMMUNITIES, "premises in ['租用', '借用']", "rented_new", where="agreements > 1"),
    mean(COMMUNITIES, "open_hours", "open_hours"),
    mean(COMMUNITIES, "open_hours", "open_hours", weight="agreements"),
    total(COMMUNITIES, "agreements", "plates"),
    count(
        COMMUNITIES, "communities_total", where="premises in ['租用', '借用'] and (agreements > 2)"
    ),
    distinct(COMMUNITIES, "county_code", "counties_reporting"),
    ratio(
        COMMUNITIES, "agreements * (premises == '租用')", "agreements", "hardware_share", scale=100
    ),
    mean_count(COMMUNITIES, WORKERS, "community_code", "workers_other", where="compliant"),
]


@pytest.mark.parametrize("made", MADE, ids=lambda made: made["how"].iat[0])
def test_a_formula_that_estimates_write_gives_their_value_again(made):
    row = made.set_index("district").loc[CITY]
    tables = {"communities": COMMUNITIES, "workers": WORKERS}
    assert value(parse(row["how"]), tables, "community_code") == pytest.approx(
        row["value"], abs=1e-6
    )


def test_a_formula_of_two_estimates_names_both():
    now, then = (share(COMMUNITIES, name, name) for name in ("compliant", "compliant"))
    then = then.assign(indicator="compliant_2018")
    how = change(now, then, "compliant_rise")["how"].iat[0]
    assert parse(how) == Formula("estimates", "difference", "compliant", "compliant_2018", scale=1)
    how = change(now, then, "growth", relative=True)["how"].iat[0]
    assert (parse(how).kind, parse(how).under) == ("growth", "compliant_2018")


@pytest.mark.parametrize(
    ("body", "formula"),
    [
        (
            "100 × share(desk == '分条线办理 (一)') [identity in ('a', 'b')]",
            Formula(
                "interview_staff",
                "share",
                "desk == '分条线办理 (一)'",
                "",
                "identity in ('a', 'b')",
                100.0,
                True,
            ),
        ),
        (
            "100 × sum(former_cadres) / sum(staff)",
            Formula("interview_staff", "ratio", "former_cadres", "staff", "", 100.0, True),
        ),
        (
            "mean(100 * (desk == 'x')) [identity == 'a'] − mean(100 * (desk == 'x')) [identity == 'b']",
            Formula(
                "interview_staff",
                "groups",
                "100 * (desk == 'x')",
                "",
                "",
                1.0,
                True,
                ("identity == 'a'", "identity == 'b'"),
            ),
        ),
    ],
)
def test_a_formula_of_a_sample_says_that_it_is_by_design(body, formula):
    assert parse(DRAWN + body) == formula


@pytest.mark.parametrize(
    "how",
    ["model: indicators.csv d_village", "estimates: count(value > 50)", "published: least k", ""],
)
def test_what_is_no_formula_of_rows_is_not_taken_for_one(how):
    found = parse(how)
    assert found is None or found.table not in TABLES


def test_a_question_that_is_new_is_found_in_its_formula_but_not_in_its_answers():
    formula = parse(
        "communities: 100 × count(lift and premises == 'open_hours') / count(rows) [compliant]"
    )
    now = {"communities": ["lift", "premises", "compliant", "open_hours"]}
    then = {"communities": ["premises", "compliant"]}
    assert missing(formula, now, then) == {"lift"}
