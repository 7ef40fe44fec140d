"""Counts behind printed figures: found by trying every count, the plain way."""

from decimal import ROUND_HALF_UP, Decimal

import pytest

from analysis.stats.printed import (
    bases_behind,
    counts_behind,
    growth_readings,
    percentages,
    totals_behind,
)
from analysis.survey.repository import reference


def tried(percent, total):
    digits = Decimal(1).scaleb(-len(percent.partition(".")[2]))
    return [
        k for k in range(total + 1)
        if (Decimal(100 * k) / total).quantize(digits, ROUND_HALF_UP) == Decimal(percent)
    ]  # fmt: skip


@pytest.mark.parametrize("percent", ["0", "0.3", "12.5", "47.2", "48", "65.4", "98", "99.9", "100"])
@pytest.mark.parametrize("total", [1, 7, 8, 335, 361, 1533])
def test_counts_are_those_that_trying_all_finds(percent, total):
    assert counts_behind(percent, total) == tried(percent, total)


def test_the_conventions_differ_where_they_should():
    assert counts_behind("12.5", 1000, "half up") == counts_behind("12.5", 1000, "cut off") == [125]
    assert 1 in counts_behind("13", 8) and 1 not in counts_behind("12", 8)
    assert 1 in counts_behind("12", 8, "half even") and 1 in counts_behind("12", 8, "cut off")


def test_calibration_targets_name_the_same_counts():
    targets = reference("calibration_targets").set_index("claim_id")
    assert counts_behind("47.2", 1533) == [723, 724]
    assert targets.loc["Q30", "solutions"].startswith("723, 724 (half-up)")
    assert counts_behind("47.2", 1533, "cut off") == [724, 725]


def test_no_whole_base_gives_the_published_growth():
    assert bases_behind("35.6", 1533) == []
    assert bases_behind("35.6", 1533, "cut off") == [1130]
    assert bases_behind("35.7", 1533) == [1130] and bases_behind("35.5", 1533) == [1131]


def test_readings_of_the_growth():
    table = growth_readings("35.6", 1533, 452).set_index("en")
    assert table["holds"].to_dict() == {
        "headcount, rounded": False,
        "headcount, halves to even": False,
        "headcount, cut off": True,
        "net growth over today's headcount": True,
        "newcomers over the base": True,
        "all newcomers stay and nobody left": False,
    }
    for base in (1268, 1271):
        assert round(100 * 452 / base, 1) == 35.6
    assert table.loc["newcomers over the base", "base"] == "1268–1271"


def test_a_coarse_percentage_admits_nearly_every_total():
    assert len(totals_behind("48", 200)) > 150
    assert 359 not in totals_behind("65.4", 400) and {335, 361} <= set(totals_behind("65.4", 400))


def test_every_printed_percentage_is_listed_once_a_total():
    table = percentages(reference("claims"), {"communities": 361, "workers": 1533})
    assert set(table["claim"]) >= {"Q03", "Q04", "Q25", "Q30"}
    assert not table.duplicated(["claim", "total_name"]).any()
    assert table.set_index(["claim", "total"]).loc[("Q03", 361), "counts"] == "236"
