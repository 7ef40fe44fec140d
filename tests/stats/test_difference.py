"""Differences between districts: equal to R (reference/comparison.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from analysis.stats import difference
from analysis.stats.difference import (
    equal_means,
    equal_shares,
    equal_two_shares,
    holm,
    newcombe,
    welch,
)

REFERENCE = Path(__file__).parent / "reference"
COUNTS = pd.read_csv(REFERENCE / "counts.csv", comment="#", dtype={"district": str})
PAIRS = pd.read_csv(
    REFERENCE / "comparison_pairs.csv", comment="#", dtype={"district": str, "other": str}
)
WELCH = pd.read_csv(REFERENCE / "comparison_welch.csv", comment="#", keep_default_na=False)


def both(indicator):
    rows = PAIRS[PAIRS["indicator"] == indicator]
    counts = COUNTS[COUNTS["indicator"] == indicator].set_index("district")
    a, b = counts.loc[rows["district"]], counts.loc[rows["other"]]
    return rows, (*(x[c].to_numpy() for x in (a, b) for c in ("k", "n")),)


@pytest.mark.parametrize("indicator", PAIRS["indicator"].unique())
def test_pairs_of_counts_equal_r(indicator):
    rows, counts = both(indicator)
    low, high = newcombe(*counts)
    assert low.tolist() == pytest.approx(rows["low"].tolist(), abs=1e-12)
    assert high.tolist() == pytest.approx(rows["high"].tolist(), abs=1e-12)
    p = equal_two_shares(*counts)
    assert p.tolist() == pytest.approx(rows["p"].tolist(), abs=1e-12)
    assert holm(p).tolist() == pytest.approx(rows["p_holm"].tolist(), abs=1e-12)


def test_reference_has_small_counts_and_adjustments_that_matter():
    rented = PAIRS[PAIRS["indicator"] == "rented"]
    assert (rented["p"] < 0.05).sum() > (rented["p_holm"] < 0.05).sum() > 0
    _, (k1, n1, k2, n2) = both("compliant")
    assert (np.minimum(n1 - k1, n2 - k2) == 0).any()


def test_newcombe_and_holm_equal_statsmodels_too():
    _, counts = both("certified")
    for k1, n1, k2, n2 in zip(*counts, strict=True):
        expected = confint_proportions_2indep(k1, n1, k2, n2, method="newcomb")
        assert newcombe(k1, n1, k2, n2) == pytest.approx(expected, abs=1e-12)
    p = np.random.default_rng(5).uniform(0, 0.1, 40)
    assert holm(p).tolist() == pytest.approx(multipletests(p, method="holm")[1].tolist(), abs=1e-15)
    assert holm([0.01, np.nan, 0.03]).tolist() == pytest.approx([0.03, 1, 0.06])


def test_published_example_of_newcombe():
    """Newcombe (1998), example (a): 56/70 against 48/80, method 10 gives 0.0524 to 0.3339."""
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_small_counts_are_tested_exactly_and_large_ones_by_chi_square():
    part = COUNTS[COUNTS["indicator"] == "compliant"]
    expected = pd.read_csv(REFERENCE / "comparison_simulated.csv", comment="#").iloc[0]
    statistic, p, test = equal_shares(part["k"], part["n"])
    assert (statistic, test) == (pytest.approx(expected["statistic"], abs=1e-12), "exact")
    assert p == pytest.approx(expected["p"], abs=4 * np.sqrt(0.31 * 0.69 / 9999))
    assert equal_shares(part["k"], part["n"])[1] == p, "the same each time"
    big = COUNTS[COUNTS["indicator"] == "rented"]
    chi = stats.chi2_contingency(np.array([big["k"], big["n"] - big["k"]]), correction=False)
    assert equal_shares(big["k"], big["n"]) == (
        pytest.approx(chi.statistic),
        pytest.approx(chi.pvalue),
        "chi-square",
    )


@pytest.mark.parametrize("k", [[0, 0, 0], [10, 20, 30]])
def test_none_or_all_everywhere_is_no_difference(k):
    assert equal_shares(k, [10, 20, 30])[:2] == (0, 1)
    assert equal_two_shares(k[0], 10, k[1], 20) == 1


@pytest.fixture(scope="module")
def summary():
    groups = pd.read_csv(REFERENCE / "roster.csv").groupby("district")["income"]
    return groups.agg(["mean", "sem", "size"])


def test_means_equal_r(summary):
    every = WELCH[WELCH["district"] == "all"].iloc[0]
    statistic, p, _ = equal_means(summary["mean"], summary["sem"], summary["size"])
    assert (statistic, p) == (
        pytest.approx(every["low"], rel=1e-12),
        pytest.approx(every["p"], rel=1e-9),
    )
    rows = WELCH[WELCH["district"] != "all"]
    a, b = summary.loc[rows["district"]].to_numpy().T, summary.loc[rows["other"]].to_numpy().T
    low, high, p = welch(*a, *b)
    assert low.tolist() == pytest.approx(rows["low"].tolist(), abs=1e-12)
    assert high.tolist() == pytest.approx(rows["high"].tolist(), abs=1e-12)
    assert p.tolist() == pytest.approx(rows["p"].tolist(), abs=1e-12)


def test_means_without_spread_say_nothing():
    assert equal_means([1.0, 2.0], [0.0, 0.1], [5, 5])[1] == 1
    assert equal_means([2.0, 2.0], [0.1, 0.1], [5, 5])[1] == 1


def test_newcombe_covers_the_truth():
    generator = np.random.default_rng(8)
    for p1, p2, n1, n2 in [(0.5, 0.4, 61, 300), (0.9, 0.8, 43, 90), (0.2, 0.2, 37, 324)]:
        k1, k2 = generator.binomial(n1, p1, 20000), generator.binomial(n2, p2, 20000)
        low, high = newcombe(k1, n1, k2, n2)
        assert 0.93 <= ((low <= p1 - p2) & (p1 - p2 <= high)).mean() <= 0.97


def test_exact_tests_side_by_side_are_those_of_one_table_at_a_time():
    generator = np.random.default_rng(7)
    n1, n2 = generator.integers(1, 60, 300), generator.integers(1, 200, 300)
    k1, k2 = generator.binomial(n1, 0.1), generator.binomial(n2, generator.uniform(0, 1, 300))
    squares = np.stack([k1, n1 - k1, k2, n2 - k2], axis=1).reshape(-1, 2, 2)
    wanted = [stats.fisher_exact(square).pvalue for square in squares]
    assert difference._exact(k1, n1 - k1, k2, n2 - k2) == pytest.approx(wanted, abs=1e-12)
