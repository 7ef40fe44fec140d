"""The grid of variants: weights equal to R's, shares of variance equal to another ANOVA."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.stats.index import scores
from analysis.stats.index.coinr import from_coinr
from analysis.stats.index.variants import (
    GRID,
    correlations,
    drop_one,
    grid,
    loadings,
    rank_frequencies,
    ranks,
    variance_shares,
    weights_within,
)

REFERENCE = Path(__file__).parent / "reference"
CHOICES = {**GRID, "doubled": ("none", "1", "2")}


@pytest.fixture(scope="module")
def invented():
    data, meta = (pd.read_csv(REFERENCE / f"{name}.csv") for name in ("idata", "imeta"))
    return from_coinr(data, meta.fillna({"Parent": "", "aggregation": ""}))


@pytest.fixture(scope="module")
def variants(invented):
    return grid(*invented, "top", CHOICES)


def test_entropy_loadings_and_spread_equal_those_of_r(invented):
    expected = pd.read_csv(REFERENCE / "weights.csv", comment="#").set_index("code")
    scored = scores(*invented)[["a1", "a2", "a3"]]
    assert weights_within(scored, "entropy").to_dict() == pytest.approx(
        expected["entropy"].to_dict(), rel=1e-9
    )
    assert weights_within(scored, "spread").to_dict() == pytest.approx(
        expected["spread"].to_dict(), rel=1e-9
    )
    assert loadings(scored).to_dict() == pytest.approx(expected["loading"].to_dict(), rel=1e-9)
    assert weights_within(scored, "pca").to_dict() == pytest.approx(
        (expected["loading"] ** 2).to_dict(), rel=1e-9
    )


def test_every_combination_is_there_once(variants):
    wanted = set(product(*CHOICES.values()))
    assert set(variants[list(CHOICES)].itertuples(index=False, name=None)) == wanted
    assert len(variants) == len(wanted)


def test_the_full_grid_of_four_dimensions_has_400_variants():
    assert np.prod([len(levels) for levels in GRID.values()]) == 400


def test_one_variant_recomputed_by_hand(invented, variants):
    row = variants.query(
        "normalisation == 'minmax' and inner_weights == 'equal' and inner_mean == 'geometric'"
        " and outer_mean == 'arithmetic' and doubled == '2'"
    ).iloc[0]
    z = scores(*invented, "minmax")
    a, b = (z["a1"] * z["a2"] * z["a3"]) ** (1 / 3), (z["b1"] * z["b2"]) ** 0.5
    assert row[z.index].astype(float).tolist() == pytest.approx(
        ((a + 2 * b) / 3).tolist(), rel=1e-12
    )


def test_shares_of_variance_equal_sums_of_squares(variants):
    """First order: sum of squares between the levels, by district, from group means."""
    places, shares = (
        ranks(variants, CHOICES),
        variance_shares(variants, CHOICES).set_index("choice"),
    )
    everything = sum(((places[d] - places[d].mean()) ** 2).sum() for d in places)
    for choice in CHOICES:
        between = within = 0.0
        others = [c for c in CHOICES if c != choice]
        for d in places:
            means = places[d].groupby(variants[choice]).transform("mean")
            between += ((means - places[d].mean()) ** 2).sum()
            cells = places[d].groupby([variants[c] for c in others]).transform("mean")
            within += ((places[d] - cells) ** 2).sum()
        assert shares.loc[choice, "first"] == pytest.approx(100 * between / everything, rel=1e-9)
        assert shares.loc[choice, "total"] == pytest.approx(100 * within / everything, rel=1e-9)
    assert shares["first"].sum() <= 100 <= shares["total"].sum()


def test_an_additive_table_has_no_interaction():
    choices = {"p": ("x", "y"), "q": ("x", "y", "z")}
    rows = [(p, q, 10 * (p == "x") + 0.0, 5.0, 1.0) for p, q in product(*choices.values())]
    shares = variance_shares(
        pd.DataFrame(rows, columns=["p", "q", "A", "B", "C"]), choices
    ).set_index("choice")
    assert shares.loc["p"].tolist() == pytest.approx([100, 100])
    assert shares.loc["q"].tolist() == pytest.approx([0, 0])


def test_a_missing_variant_is_refused(variants):
    with pytest.raises(ValueError, match="full factorial"):
        variance_shares(variants.iloc[1:], CHOICES)


def test_rank_frequencies_add_up(variants):
    frequencies = rank_frequencies(variants, CHOICES)
    assert frequencies.sum(axis=1).tolist() == pytest.approx([100] * 5)
    first = (ranks(variants, CHOICES)["uD"] == 1).mean()
    assert frequencies.loc["uD", 1] == pytest.approx(100 * first)


def test_many_places_are_counted_by_ranges(variants):
    wide = pd.concat(
        [variants[list(CHOICES)]] + [variants["uD"].rename(f"d{i:02}") + i for i in range(30)],
        axis=1,
    )
    frequencies = rank_frequencies(wide, CHOICES)
    assert list(frequencies.columns) == ["1–3", *(f"{i}–{i + 2}" for i in range(4, 29, 3))]
    assert (frequencies.sum(axis=1) == 100).all()
    assert frequencies.loc["d29", "1–3"] == 100 and frequencies.loc["d26", "4–6"] == 100


def test_leaving_one_out_moves_what_it_should(invented):
    values, frame = invented
    table = drop_one(values, frame, "top").set_index("code")
    assert list(table.index) == ["a1", "a2", "a3", "b1", "b2"]
    left = scores(values.drop(columns="b2"), frame.drop(index="b2"))["top"]
    assert table.loc["b2", "largest_change"] == pytest.approx(
        (left - scores(values, frame)["top"]).abs().max()
    )


def test_correlation_with_the_dimension(invented):
    values, frame = invented
    scored = scores(values, frame)
    table = correlations(scored, frame).set_index("code")
    assert table.loc["a1", "r"] == pytest.approx(np.corrcoef(scored["a1"], scored["a"])[0, 1])
    flat = correlations(scored.assign(a1=50.0), frame).set_index("code")
    assert np.isnan(flat.loc["a1", "r"])
