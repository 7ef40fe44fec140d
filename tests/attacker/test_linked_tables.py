"""Linked tables drawn at random: what is withheld of them cannot be worked out again."""

import numpy as np
import pandas as pd
import pytest

from analysis.pipeline.attack import Model, narrowed, signed, told
from analysis.pipeline.harvest import Known
from analysis.stats.disclosure import Linked, Person, Policy, hidden_by_policy, small_cells
from analysis.survey.problems import StudyError

CITY = "331000"
CODES = [f"3310{n:02d}" for n in range(1, 10)]


def policy(by_district):
    """The cells of the study; of some the numbers by county are not published."""
    shown = {"by_district": by_district}
    people = [
        Person("workers_total", "count"),
        Person("workers_2018", "sum"),
        Person("hired_since_2018", "count", within="workers_total", **shown),
        Person("hired_2020", "count", within="hired_since_2018", **shown),
        Person(
            "hired_before_2018",
            "count",
            within="workers_total",
            equals="workers_total - hired_since_2018",
            **shown,
        ),
        Person(
            "leavers",
            "derived_count",
            within="workers_2018",
            equals="workers_2018 - hired_before_2018",
            **shown,
        ),
        Person("certified_workers", "count", within="workers_total"),
        Person("candidates", "count"),
        Person("able_workers", "count", within="candidates", assessment=True, **shown),
        Person("respondents", "count"),
    ]
    return Policy({one.indicator: one for one in people})


def model(rules):
    """What everybody knows of these counts."""
    cells = rules.people
    return Model(
        tuple(cells),
        tuple(((-1, name), *signed(one.equals)) for name, one in cells.items() if one.equals),
        {name: one.within for name, one in cells.items() if one.within},
        assessed=frozenset(name for name, one in cells.items() if one.assessment),
    )


def drawn(seed):
    """Draw counts of nine counties that fit together."""
    rng = np.random.default_rng(seed)
    total = rng.integers(15, 300, 9)
    since = rng.binomial(total, rng.uniform(0.1, 0.5))
    before = total - since
    gone = rng.integers(0, 15, 9)
    candidates = rng.integers(5, 60, 9)
    counts = {
        "workers_total": total,
        "workers_2018": before + gone,
        "hired_since_2018": since,
        "hired_2020": rng.binomial(since, 0.4),
        "hired_before_2018": before,
        "leavers": gone,
        "certified_workers": rng.binomial(total, rng.uniform(0.2, 0.6)),
        "candidates": candidates,
        "able_workers": rng.binomial(candidates, 0.15),
        "respondents": rng.integers(4, 30, 9),
    }
    return pd.DataFrame(counts, index=CODES).astype(float).T


def published(counts, hidden):
    """What an attacker knows: every cell that is not hidden, and the totals of the city."""
    none = frozenset()
    known = Known(none, none, none, places={code: code for code in CODES})
    for name, row in counts.iterrows():
        known.facts[name, CITY] = (row.sum(), row.sum())
        for code, count in row.items():
            if (name, code) not in hidden:
                known.facts[name, code] = (count, count)
    return known


@pytest.mark.parametrize("seed", range(200))
def test_what_is_withheld_of_linked_tables_is_hidden_by_ten(seed):
    counts, rules = drawn(seed), policy(by_district=seed % 2 == 0)
    by_policy, small = hidden_by_policy(counts, rules), small_cells(counts, rules)
    try:
        more = set(Linked(counts, rules).protect(by_policy | small, by_policy | small))
    except StudyError:
        pytest.skip(
            "a total of so few that nothing of it can be published by county: it is refused"
        )
    hidden = by_policy | small | more
    order = np.random.default_rng(seed).permutation(sorted(hidden))
    tried = {*small, *map(tuple, order[:8])}  # the small ones, and some of those that protect them
    spans = narrowed(published(counts, hidden), model(rules), tried)
    narrow = {cell: span for cell, span in spans.items() if span[1] - span[0] < rules.width}
    assert narrow == {}
    assert all(low <= counts.at[cell] <= high for cell, (low, high) in spans.items())
    assert not told(published(counts, hidden), model(rules))


def test_without_further_cells_the_small_ones_are_worked_out():
    """So that the test above can fail."""
    worked_out = 0
    for seed in range(0, 20, 2):
        counts, rules = drawn(seed), policy(by_district=True)
        spans = narrowed(published(counts, small_cells(counts, rules)), model(rules))
        worked_out += any(low == high for low, high in spans.values())
    assert worked_out > 5
