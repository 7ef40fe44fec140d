"""The ledger: each claim has one check, each status arises where it should, and only there."""

import re
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from jinja2 import Environment, UndefinedError, meta
from this_study import COUNTIES

from analysis.stats.ledger import (
    LEDGER_COLUMNS,
    REASONS,
    STATUSES,
    fill_notes,
    identities,
    ledger,
    printed,
    summary,
)
from analysis.survey.repository import reference

IDENTITIES = reference("identities")
EXCEPTIONS = {"Q09": "35.7"}
RULES = {"equal", "exactly", "at_least", "range", "majority", "all", "with", "none", "qualitative"}


def published():
    return pd.concat([reference("claims"), reference("claims_qual")], ignore_index=True)


# The real claims and their checks.


def test_every_claim_has_exactly_one_check_and_every_check_a_claim():
    claims, checks = published()["id"], reference("claim_checks")["id"]
    assert claims.is_unique and checks.is_unique
    assert set(checks) == set(claims)


def test_every_estimate_that_a_check_names_is_a_measure():
    measures, checks = set(reference("measures")["indicator"]), reference("claim_checks")
    others = [rule.removeprefix("with:") for rule in checks["rule"] if rule.startswith("with:")]
    for name in [*checks["estimate"], *others]:
        indicator, _, county = name.partition(".")
        assert indicator in measures | {""}, name
        assert county in {*COUNTIES, ""}, name


def test_rules_and_evidence_are_known_and_a_number_is_named_where_one_is_compared():
    for row in reference("claim_checks").itertuples():
        rule, _, bound = row.rule.partition(":")
        assert rule in RULES and row.evidence in REASONS, row.id
        assert bool(bound) == (rule in {"exactly", "at_least", "range", "with"}), row.id
        if rule not in {"none", "qualitative"} or row.evidence in {"calibrated", "structure"}:
            assert row.estimate, row.id


def test_qualitative_claims_and_no_others_have_the_qualitative_rule():
    rules = reference("claim_checks").set_index("id")["rule"]
    assert set(rules.index[rules == "qualitative"]) == set(reference("claims_qual")["id"])


def test_exact_values_print_as_the_published_figures():
    claims = reference("claims").set_index("id")
    checks = reference("claim_checks").query("exact != '' and rule == 'equal'")
    assert len(checks) > 4
    for row in checks.itertuples():
        over, _, under = row.exact.partition("/")
        scale = 100 if claims.loc[row.id, "unit"] == "%" else 1
        value = float(scale * Fraction(over) / Fraction(under or 1))
        assert printed(value, int(claims.loc[row.id, "decimals"])) == claims.loc[row.id, "value"]


def test_ranges_hold_exactly_what_the_two_printed_figures_allow():
    claims = reference("claims").set_index("id")["value"].astype(str)
    bounds = reference("claim_checks").set_index("id")["rule"]

    def ends(id, half):
        return float(claims[id]) - half, float(claims[id]) + half

    (low_before, high_before), (low_now, high_now) = ends("Q03", 0.05), ends("Q04", 0.5)
    rise = [low_now - high_before, high_now - low_before]
    assert [float(x) for x in bounds["Q05"].split(":")[1:]] == pytest.approx(rise, abs=0.005)
    (low_before, high_before), (low_now, high_now) = ends("Q13", 0.005), ends("Q14", 0.005)
    growth = [100 * (low_now / high_before - 1), 100 * (high_now / low_before - 1)]
    assert [float(x) for x in bounds["Q15"].split(":")[1:]] == pytest.approx(growth, abs=0.005)


def test_notes_take_only_names_of_measures():
    measures = set(reference("measures")["indicator"])
    notes = [Environment().parse(note) for note in reference("claim_checks")["note"]]
    names = set().union(*(meta.find_undeclared_variables(note) for note in notes))
    assert names and names <= measures


def test_every_exception_is_a_claim_that_does_not_print_as_expected():
    values = reference("claims").set_index("id")["value"]
    expected = reference("claim_checks").set_index("id")["exception"]
    assert expected[expected != ""].to_dict() == {"Q09": "35.7"} and values["Q09"] != "35.7"


# Statuses, on invented claims.


def book(value, rule="equal", number=None, *, id="X1", unit="%", decimals="1", **facts):
    """Make the ledger of one claim against one number."""
    facts = {
        "basis": "synthetic",
        "exact": "",
        "evidence": "calibrated",
        "note": "",
        "exception": EXCEPTIONS.get(id, ""),
    } | facts
    claims = claim_table(id=id, value=value, unit=unit, decimals=decimals)
    estimate = "certified" if number is not None else ""
    check = {"id": id, "estimate": estimate, "rule": rule}
    checks = pd.DataFrame(
        [check | {name: facts[name] for name in ("exact", "evidence", "note", "exception")}]
    )
    estimates = pd.DataFrame(
        {"value": [number, 18.0], "basis": facts["basis"]}, index=["certified", "grades"]
    )
    return ledger(estimates, claims, claims.iloc[:0], checks).iloc[0]


def claim_table(**facts):
    return pd.DataFrame([{"section": "1.1", "quote": "原文", "english": "words"} | facts])


def share_of(k, n):
    return round(100 * k / n, 6)


def test_official_number_that_agrees_is_reproduced():
    row = book("47.2", number=share_of(724, 1533), exact="724/1533", basis="official")
    assert (row["status"], row["status_zh"], row["recomputed"]) == (
        "reproduced",
        "复核一致",
        "47.2",
    )


def test_official_number_is_reproduced_whatever_the_synthetic_count_was():
    row = book("47.2", number=share_of(723, 1533), exact="724/1533", basis="official")
    assert row["status"] == "reproduced"


@pytest.mark.parametrize("evidence", ["calibrated", "structure"])
def test_synthetic_number_that_was_made_to_agree_is_by_construction(evidence):
    row = book("47.2", number=share_of(724, 1533), exact="724/1533", evidence=evidence)
    assert row["status"] == "by construction"
    assert row["explanation"] == REASONS[evidence]


def test_transcribed_register_is_by_construction_even_when_published():
    row = book(
        "9", number=9.0, decimals="0", unit="counties", evidence="transcribed", basis="published"
    )
    assert row["status"] == "by construction"


def test_neighbouring_count_with_the_same_printed_figure_is_within_the_printed_range():
    row = book("47.2", number=share_of(723, 1533), exact="724/1533")
    assert (row["status"], row["recomputed"]) == ("within the printed range", "47.2")


def test_count_with_another_printed_figure_is_contradicted():
    row = book("47.2", number=share_of(725, 1533), exact="724/1533", note="说明")
    assert (row["status"], row["recomputed"]) == ("contradicted", "47.3")
    assert row["explanation"] == "重算值与发布值不符；说明"


def test_exact_mean_is_compared_in_its_own_unit():
    facts = {"unit": "万元/person/year", "decimals": "2", "exact": "9918.51/1533"}
    assert book("6.47", number=round(9918.51 / 1533, 6), **facts)["status"] == "by construction"
    assert (
        book("6.47", number=round(9918.60 / 1533, 6), **facts)["status"]
        == "within the printed range"
    )


@pytest.mark.parametrize("basis", ["synthetic", "official"])
def test_value_derived_from_two_printed_ones_is_only_within_their_range(basis):
    facts = {"evidence": "derived", "basis": basis, "rule": "range:32.05:33.15"}
    assert book("32.6", number=32.7, **facts)["status"] == "within the printed range"
    assert book("32.6", number=33.2, **facts)["status"] == "contradicted"


def test_identity_between_published_figures_is_reproduced_even_with_synthetic_data():
    row = book("13", number=13.0, decimals="0", unit="persons", evidence="identity")
    assert row["status"] == "reproduced"


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (share_of(403, 1130), "named exception"),  # 35.66, prints 35.7
        (share_of(402, 1131), "contradicted"),  # 35.54, prints 35.5
        (35.9, "contradicted"),
        (35.6, "by construction"),
    ],
)
def test_named_exception_is_the_expected_value_and_no_other(value, status):
    assert book("35.6", number=value, id="Q09")["status"] == status


def test_expected_value_of_an_exception_excuses_no_other_claim():
    assert book("35.6", number=35.7, id="Q30")["status"] == "contradicted"


@pytest.mark.parametrize("number", [None, 12.0])
def test_claim_without_rule_is_not_recomputable_though_a_number_may_be_shown(number):
    row = book("40", "none", number, decimals="0", evidence="target", note="目标")
    assert (row["status"], row["explanation"]) == ("not recomputable", "目标")
    assert row["recomputed"] == ("" if number is None else "12")


def test_qualitative_claim_is_qualitative_and_has_no_published_value():
    claims = claim_table(id="P1.1")
    checks = pd.DataFrame(
        [
            {
                "id": "P1.1",
                "estimate": "rented",
                "rule": "qualitative",
                "exact": "",
                "evidence": "",
                "note": "",
                "exception": "",
            }
        ]
    )
    estimates = pd.DataFrame({"value": [48.2], "basis": "synthetic"}, index=["rented"])
    absent = claim_table(id="", value="", unit="", decimals="").iloc[:0]
    row = ledger(estimates, absent, claims, checks).iloc[0]
    assert (row["status"], row["published"], row["recomputed"]) == ("qualitative", "", "48.2")


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("exactly:2", 2.0, 1.0),
        ("at_least:4", 4.0, 3.0),
        ("majority", 50.000001, 50.0),
        ("all", 100.0, 99.999999),
        ("range:2:3", 2.0, 1.999999),
        ("range:2:3", 3.0, 3.000001),
    ],
)
def test_rules_hold_up_to_their_bounds_and_not_beyond(rule, good, bad):
    assert book("n/a", rule, good, evidence="structure", basis="official")["status"] == "reproduced"
    assert (
        book("n/a", rule, bad, evidence="structure", basis="official")["status"] == "contradicted"
    )


def test_two_numbers_are_compared_together():
    facts = {"decimals": "0", "unit": "posts, grades", "basis": "official", "evidence": "structure"}
    row = book("3 x 18", "with:grades", 3.0, **facts)
    assert (row["status"], row["recomputed"]) == ("reproduced", "3 x 18")
    assert book("3 x 18", "with:grades", 4.0, **facts)["status"] == "contradicted"


@pytest.mark.parametrize("evidence", ["calibrated", "structure"])
def test_official_numbers_are_not_said_to_be_made_to_agree(evidence):
    row = book("47.2", number=47.2, basis="official", evidence=evidence, note="说明")
    assert (row["status"], row["explanation"]) == ("reproduced", "说明")


def test_seven_statuses_and_no_more_arise():
    rows = [
        book("1.0", number=1.0, basis="official"),
        book("1.0", number=1.0),
        book("1.0", number=1.01, exact="1", unit=""),
        book("35.6", number=35.7, id="Q09"),
        book("1.0", number=2.0),
        book("1.0", "none", evidence="none"),
        book("", "qualitative", 1.0, evidence=""),
    ]
    frame = pd.DataFrame(rows, columns=LEDGER_COLUMNS)
    assert frame["status"].tolist() == list(STATUSES)
    assert summary(frame)["条数"].tolist() == [1] * 7
    assert summary(frame.iloc[:1])["条数"].tolist() == [1, 0, 0, 0, 0, 0, 0]
    assert summary(frame)["结果"].tolist() == list(STATUSES.values())


# The ledger of the real claims, with invented numbers.


@pytest.fixture
def estimates():
    """Give every name that a check uses a value, all 50."""
    checks = reference("claim_checks")
    names = {*checks["estimate"], "grades"} - {""}
    return pd.DataFrame({"value": 50.0, "basis": "synthetic"}, index=sorted(names))


def test_ledger_has_every_claim_once_in_published_order(estimates):
    rows = ledger(
        estimates, reference("claims"), reference("claims_qual"), reference("claim_checks")
    )
    assert list(rows.columns) == LEDGER_COLUMNS
    assert rows["id"].tolist() == published()["id"].tolist()
    assert set(rows["status"]) <= set(STATUSES)
    assert summary(rows)["条数"].sum() == len(rows)
    by_id = rows.set_index("id")
    assert by_id.loc["Q08", ["status", "recomputed", "exact_value"]].tolist() == [
        "contradicted",
        "50",
        50,
    ]


def test_number_that_is_not_there_stops_the_ledger(estimates):
    for name in ["certified", "zone_haimen.331002", "grades"]:
        with pytest.raises(KeyError, match=name):
            ledger(
                estimates.drop(index=name),
                reference("claims"),
                reference("claims_qual"),
                reference("claim_checks"),
            )


def test_claim_without_a_check_stops_the_ledger(estimates):
    checks = reference("claim_checks").query("id != 'Q30'")
    with pytest.raises(KeyError, match="Q30"):
        ledger(estimates, reference("claims"), reference("claims_qual"), checks)


# Notes.


class Shown:
    text = "1,130人"


def test_notes_take_numbers_by_name_as_plain_text():
    checks = pd.DataFrame({"note": ["基数为{{ workers_2018.text }}。", "", "无数值"]})
    filled = fill_notes(checks, {"workers_2018": Shown()})
    assert filled["note"].tolist() == ["基数为1,130人。", "", "无数值"]
    assert "{{" in checks["note"].iat[0], "the table that was given is left alone"


@pytest.mark.parametrize(
    "note", ["{{ no_such_name }}", "{{ no_such_name.text }}", "{{ workers_2018.bad }}"]
)
def test_note_with_an_unknown_name_stops(note):
    with pytest.raises(UndefinedError):
        fill_notes(pd.DataFrame({"note": [note]}), {"workers_2018": Shown()})


# Printing.


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.5, 0, "1"),
        (1.5, 0, "2"),
        (2.5, 0, "3"),
        (0.49, 0, "0"),
        (2.675, 2, "2.68"),
        (47.25, 1, "47.3"),
        (47.249999, 1, "47.2"),
        (98.0, 1, "98.0"),
        (16887.2, 1, "16887.2"),
        (1533, 0, "1533"),
        (-0.5, 0, "-1"),
        (-2.675, 2, "-2.68"),
        (-47.25, 1, "-47.3"),
        (-0.04, 1, "0.0"),
        (-0.0, 0, "0"),
        (99.96, 1, "100.0"),
        (1e-7, 2, "0.00"),
    ],
)
def test_halves_are_printed_away_from_zero(value, decimals, text):
    assert printed(value, decimals) == text
    assert printed(np.float64(value), decimals) == text


# What the published figures say of themselves.


def test_published_figures_agree_among_themselves_but_for_the_growth():
    found = identities(reference("claims"), IDENTITIES).set_index("identity")["holds"]
    assert found.drop("growth has a whole base").all()
    assert not found["growth has a whole base"]
    assert len(found) == 6


def test_identities_name_claims_that_exist_and_are_numbers():
    claims = reference("claims").set_index("id")["value"]
    for used in identities(reference("claims"), IDENTITIES)["claims"]:
        for claim in used.split():
            assert re.fullmatch(r"\d+(\.\d+)?", claims[claim]), claim


@pytest.mark.parametrize(
    ("identity", "changed"),
    [
        ("hardware within total", {"Q11": "16887.3", "Q12": "0"}),
        ("hardware and workforce within total", {"Q12": "13156.6"}),
        ("recruits below headcount", {"Q07": "1533"}),
        ("Guanshan staff", {"Q38": "12"}),
        ("certified count exists", {"Q08": "7", "Q07": "1"}),
        ("certified count exists", {"Q30": "100.1"}),
    ],
)
def test_each_identity_can_fail(identity, changed):
    claims = reference("claims").set_index("id")
    for claim, value in changed.items():
        claims.loc[claim, "value"] = value
    found = identities(claims.reset_index(), IDENTITIES).set_index("identity")["holds"]
    assert not found[identity]


@pytest.mark.parametrize(("growth", "base"), [("35.7", 1130), ("35.5", 1131)])
def test_growth_would_hold_with_a_neighbouring_printed_figure(growth, base):
    assert printed(100 * (1533 - base) / base, 1) == growth
    claims = reference("claims")
    claims.loc[claims["id"] == "Q09", "value"] = growth
    assert identities(claims, IDENTITIES).set_index("identity")["holds"].all()
