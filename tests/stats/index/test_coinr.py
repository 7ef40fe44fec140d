"""To COINr and back without loss."""

from pathlib import Path

import pandas as pd
import pytest

from analysis.stats.index import definition, scores
from analysis.stats.index.coinr import REQUIRED, from_coinr, to_coinr

REFERENCE = Path(__file__).parent / "reference"


def test_our_definition_goes_to_coinr_and_back(tmp_path):
    frame = definition()
    own = frame[frame["numerator"] != ""]
    values = pd.DataFrame(
        {code: [10.0 + i, 40.0, 70.0 - i] for i, code in enumerate(own.index)},
        ["331002", "331003", "331004"],
    )
    data, meta = to_coinr(
        values,
        frame,
        {"331002": "椒江区", "331003": "黄岩区", "331004": "路桥区"},
        "service_index",
        "synthetic",
    )
    data.to_csv(tmp_path / "idata.csv", index=False)
    meta.to_csv(tmp_path / "imeta.csv", index=False)
    back, again = from_coinr(
        *(pd.read_csv(tmp_path / f"{name}.csv") for name in ("idata", "imeta"))
    )
    expected = scores(values, frame)["service_index"]
    assert scores(back, again)["service_index"].to_dict() == pytest.approx(
        expected.to_dict(), rel=1e-12
    )


def test_the_tables_are_as_coinr_wants_them():
    frame = definition()
    values = pd.DataFrame(1.0, ["331002"], frame.index[frame["numerator"] != ""])
    data, whole = to_coinr(values, frame, {"331002": "椒江区"}, "service_index", "synthetic")
    assert set(data["basis"]) == set(whole["basis"]) == {"synthetic"}
    assert whole.set_index("iCode").loc["basis", "Type"] == "Other"
    meta = whole[whole["Type"] != "Other"]
    assert set(REQUIRED) <= set(meta.columns) and {"uCode", "uName"} <= set(data.columns)
    assert not data["uCode"].str.match(r"\d").any() and not meta["iCode"].str.match(r"\d").any()
    assert set(meta["Direction"]) <= {-1, 1} and set(meta["Type"]) == {"Indicator", "Aggregate"}
    assert meta.loc[meta["Parent"].isna(), "iCode"].tolist() == ["service_index"]
    levels = meta.set_index("iCode")["Level"]
    inner = meta.dropna(subset=["Parent"])
    assert (levels[inner["Parent"]].to_numpy() == inner["Level"].to_numpy() + 1).all()
    assert set(meta.loc[meta["Type"] == "Indicator", "iCode"]) == set(data.columns) - {
        "uCode",
        "uName",
        "basis",
    }
    assert meta["Weight"].notna().all() and "d_village" not in set(meta["iCode"])


def test_a_foreign_index_can_be_read():
    data, meta = (pd.read_csv(REFERENCE / f"{name}.csv") for name in ("idata", "imeta"))
    values, frame = from_coinr(data, meta)
    assert values.shape == (5, 5) and frame.loc["a2", "direction"] == -1
    with pytest.raises(ValueError, match="Parent"):
        from_coinr(data, meta.drop(columns="Parent"))
