"""What is missing, counted and bounded."""

import pandas as pd
import pytest

from analysis.stats.missing import bounds, missingness


@pytest.fixture
def rows():
    return pd.DataFrame(
        {"d": list("aaabb"), "yes": [True, None, False, True, None], "n": [1.0, 2, None, 4, 5]}
    )


def test_blanks_are_counted(rows):
    table = missingness({"t": rows}).set_index("column")
    assert table["missing"].to_dict() == {"d": 0, "yes": 2, "n": 1}
    assert table.loc["yes", "share"] == 40
    by = missingness({"t": rows}, by="d").set_index(["d", "column"])
    assert by.loc[("b", "yes"), ["rows", "missing"]].tolist() == [2, 1]


def test_bounds_hold_whatever_the_blanks_are(rows):
    table = bounds(rows, "yes", by="d").set_index("d")
    assert table.loc["a", ["n", "missing", "known"]].tolist() == [3, 1, 50]
    assert table.loc["a", ["worst", "best"]].tolist() == pytest.approx([100 / 3, 200 / 3])
    for fill in (True, False):
        share = (
            100
            * rows["yes"].where(rows["yes"].notna(), fill).astype(bool).groupby(rows["d"]).mean()
        )
        assert (table["worst"] <= share + 1e-9).all() and (share <= table["best"] + 1e-9).all()


def test_nobody_answered():
    table = bounds(pd.DataFrame({"yes": [None, None]}), "yes").iloc[0]
    assert pd.isna(table["known"]) and (table["worst"], table["best"]) == (0, 100)
