"""Scores of an invented index: equal to base R's (reference/index.R), and to hand results."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.stats.index.coinr import from_coinr
from analysis.stats.index.scores import aggregate, normalise, scores

REFERENCE = Path(__file__).parent / "reference"
R = pd.read_csv(REFERENCE / "index.csv", comment="#")


@pytest.fixture
def invented():
    data, meta = (
        pd.read_csv(REFERENCE / f"{name}.csv", keep_default_na=True) for name in ("idata", "imeta")
    )
    return from_coinr(data, meta.fillna({"Parent": "", "aggregation": ""}))


@pytest.mark.parametrize("method", R["method"].unique())
def test_scores_equal_those_of_r(invented, method):
    values, frame = invented
    found, expected = scores(values, frame, method), R[R["method"] == method].set_index("unit")
    for code in ("a1", "a2", "a3", "b1", "b2", "a", "b", "top"):
        assert found[code].tolist() == pytest.approx(expected[code].tolist(), rel=1e-9), code


def test_goalposts_by_hand(invented):
    values, frame = invented
    found = normalise(values, frame)
    assert found.loc["uA", "a1"] == pytest.approx(1 + 99 * (10 - 5) / 20)
    assert found.loc["uA", "a2"] == pytest.approx(1 + 99 * (1 - 0.8)), (
        "a low value of a bad thing is good"
    )
    assert found.loc["uE", "a3"] == 100, "beyond the goalpost counts as at it"


def test_a_score_moves_only_with_its_own_district(invented):
    values, frame = invented
    changed = values.copy()
    changed.loc["uB"] *= 1.3
    before, after = scores(values, frame), scores(changed, frame)
    pd.testing.assert_frame_equal(before.drop(index="uB"), after.drop(index="uB"))
    assert (before.loc["uB"] != after.loc["uB"]).any()


def test_a_blank_is_carried_and_not_imputed(invented):
    values, frame = invented
    values.loc["uC", "a2"] = np.nan
    found = scores(values, frame)
    assert found.loc["uC", ["a2", "a", "top"]].isna().all()
    assert found.loc["uC", "b"] > 0 and found.drop(index="uC").notna().all(axis=None)


def test_means_are_ordered_and_equal_where_all_is_equal():
    frame = pd.DataFrame({"x": [10.0, 40.0], "y": [90.0, 40.0]}, index=["far", "same"])
    weights = pd.Series({"x": 1.0, "y": 3.0})
    a, g, h = (aggregate(frame, weights, how) for how in ("arithmetic", "geometric", "harmonic"))
    assert a["far"] > g["far"] > h["far"]
    assert [m["same"] for m in (a, g, h)] == pytest.approx([40, 40, 40])
    assert (a["far"], g["far"], h["far"]) == pytest.approx(
        (70, 10**0.25 * 90**0.75, 4 / (1 / 10 + 3 / 90))
    )


def test_districts_all_alike_are_in_the_middle(invented):
    values, frame = invented
    values["b1"] = 50.0
    for method in ("minmax", "ranks"):
        assert normalise(values, frame, method)["b1"].between(50, 51).all()


def test_a_deeper_tree_and_two_tops(invented):
    values, frame = invented
    deep = frame.copy()
    deep.loc["mid"] = deep.loc["a"]
    deep.loc["mid", ["code", "dimension", "aggregation"]] = ["mid", "top", "geometric"]
    deep.loc["a", "dimension"] = "mid"
    deep.loc["b", "dimension"] = ""
    found = scores(values, deep)
    assert found["top"].tolist() == pytest.approx(found["a"].tolist())
    assert found["b"].tolist() == pytest.approx(scores(values, frame)["b"].tolist())
