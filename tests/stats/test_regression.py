"""The worker-level model: equal to lm and vcovCL of R's sandwich (reference/comparison.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from analysis.stats.regression import worker_model

REFERENCE = Path(__file__).parent / "reference"


@pytest.fixture
def roster():
    return pd.read_csv(REFERENCE / "roster.csv")


def test_equals_r(roster):
    expected = pd.read_csv(REFERENCE / "comparison_model.csv", comment="#").set_index("district")
    table, joint = worker_model(roster, "income", "district", "community", ("years", "post"))
    table = table.set_index("district")
    assert table["value"].to_dict() == pytest.approx(expected["value"].to_dict(), rel=1e-9)
    assert table["se"].to_dict() == pytest.approx(expected["se"].to_dict(), rel=1e-9)
    assert joint["f"] == pytest.approx(expected["f"].iat[0], rel=1e-9)
    assert joint["p"] == pytest.approx(expected["p"].iat[0], rel=1e-6)
    assert (joint["clusters"], joint["df"]) == (54, 5)


def test_many_districts_are_adjusted_for(roster):
    table, _ = worker_model(roster, "income", "district", "community", ("years", "post"))
    assert table["p_holm"].tolist() == pytest.approx(
        multipletests(table["p"], method="holm")[1].tolist()
    )


def test_without_controls_it_is_the_difference_from_the_mean_of_all(roster):
    table, _ = worker_model(roster, "income", "district", "community")
    means = roster.groupby("district")["income"].mean() - roster["income"].mean()
    assert table["value"].tolist() == pytest.approx(means.tolist())


def test_few_clusters_are_refused(roster):
    with pytest.raises(ValueError, match="6 clusters of district are too few"):
        worker_model(roster, "income", "district", "district")


def test_no_difference_is_found_as_seldom_as_promised():
    """Communities differ, counties do not: clustered tests at 5 % reject about 5 times in 100,
    plain ones more.
    """
    generator = np.random.default_rng(12)
    places = pd.DataFrame({"community": np.repeat(np.arange(90), 6)}).assign(
        district=lambda t: t["community"] % 6
    )
    rejected = 0
    for _ in range(400):
        places["y"] = np.repeat(generator.normal(0, 1, 90), 6) + generator.normal(0, 1, 540)
        rejected += worker_model(places, "y", "district", "community")[1]["p"] < 0.05
    assert 0.02 <= rejected / 400 <= 0.11
