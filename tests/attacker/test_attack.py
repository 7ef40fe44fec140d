"""Nothing of people can be told from what is published, and the attack finds each leak that is planted."""

import sys
from copy import deepcopy
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import attacker

SANMEN, YUHUAN = "331022", "331083"


@pytest.fixture(scope="module")
def published(edition):
    return edition / "outputs/2020"


@pytest.fixture(scope="module")
def workers(edition):
    return pd.read_parquet(edition / "data/processed/2020/workers.parquet")


def test_nothing_can_be_told_from_what_is_published(published):
    known = attacker.harvest(published)
    assert known.read > 2500  # it has read what there is
    assert attacker.report(published) == []


def test_what_the_report_needs_is_published(published):
    known = attacker.harvest(published)
    city = {"workers_total": 1533, "workers_2018": 1130, "hired_since_2018": 452, "certified_workers": 724}
    assert {name: known.facts[name, "331000"][0] for name in city} == city
    codes = {code for code in known.places.values() if code != "331000"}
    assert len(codes) == 9
    for name in ("workers_total", "workers_2018", "certified_workers", "growth"):
        assert all((name, code) in known.facts for code in codes), name


def every_count_that_is_hidden_is_wide(published):
    return attacker.narrowed(attacker.harvest(published))


def test_every_count_that_is_hidden_is_hidden_by_ten(published):
    spans = every_count_that_is_hidden_is_wide(published)
    widths = sorted(high - low for low, high in spans.values())
    print(f"\n{len(spans)} hidden counts, the narrowest {widths[0]:g} wide")
    assert len(spans) > 40 and widths[0] >= 10


def with_one_leaver_each(known, workers, decimals):
    """Return what two editions would tell, the second without one worker of each county, with so many decimals."""
    ends = []
    gone = workers.groupby("county_code").sample(1, random_state=7)
    for rows in (workers, workers.drop(gone.index)):
        one = deepcopy(known)
        parts = {**dict(list(rows.groupby("county_code"))), "331000": rows}
        for code, people in parts.items():
            digits = max(decimals, 2) if code == "331000" else decimals
            mean, half = round(people["income"].mean(), digits), 0.5 * 10**-digits
            one.facts["workers_total", code] = (len(people), len(people))
            one.facts["income", code] = (mean - half, mean + half)
        ends.append(one)
    return ends, gone.set_index("county_code")["income"]


def test_no_pay_of_who_left_is_known_better_than_a_tenth(published, workers):
    editions, pay = with_one_leaver_each(attacker.harvest(published), workers, 1)
    spans = attacker.movers(*editions)
    known = {code: (high - low) / 2 / pay[code] for code, (low, high) in spans.items()}
    print(f"\n{len(spans)} left, the best known to ±{100 * min(known.values()):.0f} %")
    assert len(spans) == 9 and min(known.values()) > 0.1
    assert all(low - 1e-6 <= pay[code] <= high + 1e-6 for code, (low, high) in spans.items())


def test_with_six_decimals_the_pay_of_who_left_would_be_known(published, workers):
    """As it was published once: so that the test above can fail."""
    editions, pay = with_one_leaver_each(attacker.harvest(published), workers, 6)
    for code, (low, high) in attacker.movers(*editions).items():
        assert low - 1e-6 <= pay[code] <= high + 1e-6 and high - low < 0.001
