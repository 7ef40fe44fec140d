"""Before and after: McNemar and Tango equal R's (reference/comparison.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import mcnemar as of_statsmodels

from analysis.stats.before_after import independent, mcnemar, same_units, tango

REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(REFERENCE / "comparison_paired.csv", comment="#")


@pytest.mark.parametrize("row", list(R.itertuples()), ids=lambda r: f"{r.gained}-{r.lost}-{r.n}")
def test_equals_r(row):
    assert mcnemar(row.gained, row.lost) == pytest.approx(row.p, abs=1e-12)
    assert tango(row.gained, row.lost, row.n) == pytest.approx((row.low, row.high), abs=1e-6)
    table = [[5, row.gained], [row.lost, 5]]
    assert mcnemar(row.gained, row.lost) == pytest.approx(of_statsmodels(table, exact=True).pvalue)


def test_mid_p_by_hand():
    assert mcnemar(4, 1, mid=True) == pytest.approx(2 * (1 + 5) / 32 - 5 / 32)
    assert mcnemar(0, 0) == mcnemar(0, 0, mid=True) == 1


def test_turning_the_question_round_turns_the_interval_round():
    low, high = tango(12, 2, 45)
    assert tango(2, 12, 45) == pytest.approx((-high, -low), abs=1e-12)
    low, high = tango(0, 0, 30)
    assert low == pytest.approx(-high) and high == pytest.approx(
        1.959964**2 / (30 + 1.959964**2), rel=1e-6
    )


@pytest.mark.parametrize(("gained", "lost", "n"), [(10, 0, 10), (0, 10, 10), (1, 0, 1)])
def test_interval_at_the_edge_of_the_scale(gained, lost, n):
    low, high = tango(gained, lost, n)
    assert -1 <= low < high <= 1
    assert low <= (gained - lost) / n <= high


def test_interval_covers_the_truth():
    generator = np.random.default_rng(6)
    draws = generator.multinomial(60, [0.3, 0.1, 0.6], 2000)
    spans = {(g, o): tango(g, o, 60) for g, o, _ in draws.tolist()}
    held = np.mean([spans[g, o][0] <= 0.2 <= spans[g, o][1] for g, o, _ in draws.tolist()])
    assert 0.93 <= held <= 0.97


def test_same_units_by_district():
    rows = pd.DataFrame({"d": ["a"] * 6 + ["b"] * 4})
    rows["was"] = [1, 0, 0, 0, 0, 1, 1, 1, 0, 0]
    rows["is"] = [1, 1, 1, 1, 1, 0, 1, 1, 0, 0]
    found = same_units(rows, "was", "is", "d").set_index("d")
    assert found.loc["a", ["n", "gained", "lost", "change"]].tolist() == [6, 4, 1, 0.5]
    assert found.loc["b", ["p", "p_holm", "change"]].tolist() == [1, 1, 0]
    assert found.loc["a", "p"] == pytest.approx(12 / 32) and found.loc[
        "a", "p_holm"
    ] == pytest.approx(24 / 32)


def test_independent_counts():
    found = independent([20, 5], [50, 40], [30, 8], [50, 40])
    assert found["change"].tolist() == pytest.approx([0.2, 0.075])
    assert (found["low"] < found["change"]).all() and (found["change"] < found["high"]).all()
    assert (found["p_holm"] >= found["p"]).all()
