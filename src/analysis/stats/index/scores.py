"""Compute scores from indicators: normalise, weight and aggregate up a tree.

OECD and JRC (2008), Handbook on Constructing Composite Indicators. Scores are from 1 to 100; 0
would make every geometric mean 0. Goalposts are fixed, so that a score changes only with its own
district.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.stats.index.definition import leaves

LOW, HIGH = 1.0, 100.0


def normalise(values: pd.DataFrame, frame: pd.DataFrame, method: str = "goalposts") -> pd.DataFrame:
    """Normalise indicators to 1…100, where more is better.

    values: districts × codes. method: `goalposts` (values beyond them are cut off), `wide`
    (goalposts a tenth of their distance further apart), `minmax`, `zscore` (50 ± 15 for a standard
    deviation, cut off) or `ranks`; the last three depend on the other districts.
    """
    goals = frame.loc[values.columns]
    signed = values * goals["direction"]
    ends = (goals[["goal_low", "goal_high"]].mul(goals["direction"], axis=0)).agg(
        ["min", "max"], axis=1
    )
    if method in ("goalposts", "wide"):
        margin = (ends["max"] - ends["min"]) / 20 * (method == "wide")
        return _scale(signed, ends["min"] - margin, ends["max"] + margin)
    if method == "minmax":
        return _scale(signed, signed.min(), signed.max())
    if method == "zscore":
        spread = signed.std(ddof=1).replace(0, np.inf)
        return (50 + 15 * (signed - signed.mean()) / spread).clip(LOW, HIGH)
    places = signed.rank(method="average")
    return _scale(places, pd.Series(1.0, places.columns), places.count())


def _scale(values: pd.DataFrame, low: pd.Series, high: pd.Series) -> pd.DataFrame:
    width = (high - low).replace(0, np.nan)  # all values equal: the score is the middle
    scaled = LOW + (HIGH - LOW) * ((values - low) / width).clip(0, 1)
    for code in width.index[width.isna()]:
        scaled[code] = (LOW + HIGH) / 2
    return scaled.where(values.notna())


def cut_off(values: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Return which values lie beyond their goalposts and are cut off: districts × codes."""
    goals = frame.loc[values.columns]
    return values.lt(goals["goal_low"], axis=1) | values.gt(goals["goal_high"], axis=1)


def aggregate(scored: pd.DataFrame, weights: pd.Series, how: str = "arithmetic") -> pd.Series:
    """Return the weighted mean of columns, by `how`; missing values propagate.

    how: `arithmetic`, `geometric` or `harmonic`.
    """
    weight, x = weights.reindex(scored.columns).to_numpy(float), scored.to_numpy(float)
    share = weight / weight.sum()
    with np.errstate(divide="ignore"):
        mean = {
            "arithmetic": lambda: x @ share,
            "geometric": lambda: np.exp(np.log(x) @ share),
            "harmonic": lambda: 1 / ((1 / x) @ share),
        }[how]()
    return pd.Series(mean, scored.index)


def scores(values: pd.DataFrame, frame: pd.DataFrame, method: str = "goalposts") -> pd.DataFrame:
    """Return the scores of districts for the whole tree: districts × codes.

    Codes are in the order of the definition. Each aggregate applies its own `aggregation` to the
    rows whose `dimension` it is, with their weights; an aggregate may be at any depth, and there
    may be several tops.
    """
    scored = normalise(values, frame, method)
    waiting = [code for code in frame.index if code not in leaves(frame).index]
    while waiting:
        ready = [
            c
            for c in waiting
            if not set(frame.index[frame["dimension"] == c]) - set(scored.columns)
        ]
        for code in ready:
            below = list(frame.index[frame["dimension"] == code])
            scored[code] = aggregate(scored[below], frame["weight"], frame.loc[code, "aggregation"])
        waiting = [code for code in waiting if code not in ready]
    return scored[list(frame.index)]
