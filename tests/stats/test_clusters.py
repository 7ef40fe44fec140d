"""Tests of districts with clusters: equal to R's survey package (reference/clusters.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.stats.clusters import cluster_effect, district_means

REFERENCE = Path(__file__).parent / "reference"
VALUES = {"long": "years >= 8", "income": "income"}


@pytest.fixture
def roster():
    return pd.read_csv(REFERENCE / "roster.csv")


@pytest.mark.parametrize("name", VALUES)
def test_means_and_errors_equal_those_of_svyby(roster, name):
    expected = pd.read_csv(REFERENCE / "clusters.csv", comment="#")
    found = district_means(roster, VALUES[name], "district", "community")
    assert found["mean"].tolist() == pytest.approx(expected[name].tolist(), rel=1e-12)
    assert np.sqrt(found["variance"]).tolist() == pytest.approx(
        expected[f"{name}_se"].tolist(), rel=1e-9
    )


@pytest.mark.parametrize("name", VALUES)
def test_test_equals_that_of_regtermtest(roster, name):
    expected = (
        pd.read_csv(REFERENCE / "clusters_tests.csv", comment="#").set_index("value").loc[name]
    )
    found = cluster_effect(roster, VALUES[name], "district", "community")
    for field in ("deff", "statistic", "df", "df_error", "p"):
        assert getattr(found, field) == pytest.approx(expected[field], rel=1e-9), field
    if name == "long":
        assert found.p == pytest.approx(expected["svychisq"], abs=0.02), (
            "svychisq says much the same"
        )


def test_without_clusters_the_test_is_that_of_one_way_analysis(roster):
    alone = roster.assign(community=range(len(roster)))
    found = cluster_effect(alone, "income", "district", "community")
    assert found.deff == pytest.approx(1, abs=0.02)


def test_a_district_with_one_cluster_is_refused(roster):
    with pytest.raises(ValueError, match="one cluster of district in d0"):
        cluster_effect(roster, "income", "district", "district")


def test_clusters_without_any_spread_decide_nothing(roster):
    flat = roster.assign(income=roster["district"].str[1:].astype(float))
    assert cluster_effect(flat, "income", "district", "community").p == 1
