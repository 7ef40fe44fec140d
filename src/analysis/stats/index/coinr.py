"""Read and write the two tables of COINr: iData and iMeta.

Becker et al. (2022), J. Open Source Softw. 7:4567. iMeta: iCode, iName, Direction, Weight, Level,
Parent, Type, Unit, and further columns of this package, which COINr permits. iData: uCode, uName
and one column for each indicator. Codes there must not begin with a digit.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

REQUIRED = ["iCode", "Parent", "Level", "Direction", "Weight", "Type"]
COINR = {
    "code": "iCode",
    "name_en": "iName",
    "dimension": "Parent",
    "direction": "Direction",
    "weight": "Weight",
    "unit": "Unit",
    "goal_low": "goalpost_lower",
    "goal_high": "goalpost_upper",
}


def to_coinr(
    values: pd.DataFrame, frame: pd.DataFrame, names: dict[str, str], top: str, basis: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tree below `top` as (iData, iMeta); district codes get the prefix u.

    basis: of the data; a column of type Other in both tables.
    """
    kept = frame[[_below(frame, code, top) for code in frame.index]]
    meta = kept.rename(columns=COINR).reset_index(drop=True)
    meta["Parent"] = meta["Parent"].where(meta["iCode"] != top, None)
    meta["Level"] = [_level(frame, code) for code in kept.index]
    meta["Type"] = np.where(kept["numerator"] != "", "Indicator", "Aggregate")
    meta["Direction"] = meta["Direction"].fillna(1).astype(int)
    meta["Weight"] = meta["Weight"].fillna(1.0)
    own = [code for code in values.columns if code in kept.index]
    data = values[own].rename_axis("uCode").reset_index()
    data.insert(1, "uName", data["uCode"].map(names))
    other = pd.DataFrame([{"iCode": "basis", "iName": "basis of the data", "Type": "Other"}])
    data = data.assign(uCode="u" + data["uCode"].astype(str), basis=basis)
    return data, pd.concat([meta, other], ignore_index=True).assign(basis=basis)


def from_coinr(data: pd.DataFrame, meta: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (values, definition) from (iData, iMeta); ValueError for a missing column."""
    missing = [column for column in REQUIRED if column not in meta] + ["uCode"] * (
        "uCode" not in data
    )
    if missing:
        raise ValueError(f"COINr's tables need the columns {', '.join(missing)}")
    inside = meta[meta["Type"].isin(["Indicator", "Aggregate"])]
    frame = inside.rename(columns={theirs: ours for ours, theirs in COINR.items()})
    frame = frame.fillna({"dimension": "", "aggregation": "arithmetic"}).set_index(
        "code", drop=False
    )
    leaf = frame.pop("Type") == "Indicator"
    # its values are in iData, not computed by a formula
    frame["numerator"] = np.where(leaf, "iData", "")
    frame["aggregation"] = frame.get("aggregation", "arithmetic")
    values = data.set_index(data["uCode"].str.replace(r"^u(?=\d)", "", regex=True))[
        list(frame.index[leaf])
    ]
    return values.rename_axis(None).astype(float), frame.drop(columns="Level")


def _below(frame: pd.DataFrame, code: str, top: str) -> bool:
    while code and code != top:
        code = frame.loc[code, "dimension"]
    return code == top


def _level(frame: pd.DataFrame, code: str) -> int:
    children = frame.index[frame["dimension"] == code]
    return 1 + max((_level(frame, child) for child in children), default=0)
