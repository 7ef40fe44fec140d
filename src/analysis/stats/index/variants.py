"""Sensitivity of the index to its choices: all variants, and the variance due to each choice.

Saisana, Saltelli and Tarantola (2005), J. R. Stat. Soc. A 168:307; as the grid is a full factorial,
the shares of variance (Sobol, 1993) need no sampling. They apply to this set of choices only.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pandas as pd

from analysis.stats.index.definition import leaves
from analysis.stats.index.scores import aggregate, normalise, scores

WIDEST = 12  # columns of ranks
GRID = {
    "normalisation": ("goalposts", "wide", "minmax", "zscore", "ranks"),
    "inner_weights": ("equal", "entropy", "pca", "spread"),
    "inner_mean": ("arithmetic", "geometric"),
    "outer_mean": ("geometric", "arithmetic"),
    "doubled": ("none", *"1234"),  # the dimension with double weight
}


def weights_within(scored: pd.DataFrame, method: str) -> pd.Series:
    """Return weights of the indicators of one dimension.

    method: `equal`; `spread` (standard deviations); `entropy` (Shannon, 1948: dispersion of the
    shares, which changes if a share is written as its complement); `pca` (squared loadings of the
    first component, which measures correlation and not importance). The last two are for variants
    only.
    """
    x = scored.to_numpy(float)
    if method == "equal" or len(scored.columns) == 1:
        return pd.Series(1.0, scored.columns)
    if method == "pca":
        return loadings(scored) ** 2
    if method == "spread":
        weight = x.std(axis=0, ddof=1)
    else:
        p = x / x.sum(axis=0)
        weight = 1 + (p * np.log(p)).sum(axis=0) / np.log(len(x))
    return pd.Series(weight if weight.sum() > 0 else np.ones_like(weight), scored.columns)


def loadings(scored: pd.DataFrame) -> pd.Series:
    """Return the loadings of the first principal component (of correlations); sum positive."""
    spread = scored.std(ddof=1)
    moving = scored.loc[:, spread > 0]
    standard = (moving - moving.mean()) / moving.std(ddof=1)
    first = np.linalg.eigh(standard.to_numpy().T @ standard.to_numpy() / (len(scored) - 1))[1][
        :, -1
    ]
    signed = first * (1 if first.sum() >= 0 else -1)
    return pd.Series(signed, moving.columns).reindex(scored.columns).fillna(0.0)


def grid(values: pd.DataFrame, frame: pd.DataFrame, top: str, choices: dict = GRID) -> pd.DataFrame:
    """Compute the top score in every combination of choices, one row for each variant.

    Columns: the choices and the districts. values: districts × codes. frame: the definition, with
    two levels below `top`.
    """
    dimensions = list(frame.index[frame["dimension"] == top])
    below = {d: list(frame.index[frame["dimension"] == d]) for d in dimensions}
    outers = list(product(choices["outer_mean"], choices["doubled"]))
    blocks = []
    for method in choices["normalisation"]:
        scored = normalise(
            values[[code for codes in below.values() for code in codes]], frame, method
        )
        for inner, mean in product(choices["inner_weights"], choices["inner_mean"]):
            by = pd.DataFrame(
                {
                    d: aggregate(scored[c], weights_within(scored[c], inner), mean)
                    for d, c in below.items()
                }
            )
            blocks += [(method, inner, mean, *outer, *_top(by, *outer)) for outer in outers]
    return pd.DataFrame(blocks, columns=[*choices, *values.index])


def _top(by: pd.DataFrame, how: str, doubled: str) -> pd.Series:
    weight = pd.Series(1.0, by.columns)
    if doubled != "none":
        weight.iloc[int(doubled) - 1] = 2.0
    return aggregate(by, weight, how)


def ranks(variants: pd.DataFrame, choices: dict = GRID) -> pd.DataFrame:
    """Rank the districts in each variant; 1 is the highest, and ties share the best rank."""
    return (
        variants.drop(columns=list(choices)).rank(axis=1, ascending=False, method="min").astype(int)
    )


def rank_frequencies(variants: pd.DataFrame, choices: dict = GRID) -> pd.DataFrame:
    """Return the percentage of variants in which each district has each rank.

    Districts × ranks. More ranks than WIDEST are counted by ranges, `1–75`: with a column each, 900
    districts would give nearly a million cells.
    """
    places = ranks(variants, choices)
    last = places.shape[1]
    width = math.ceil(last / WIDEST)
    firsts = range(1, last + 1, width)
    counts = {
        district: ((own - 1) // width).value_counts(normalize=True)
        for district, own in places.items()
    }
    names = [first if width == 1 else f"{first}–{min(first + width - 1, last)}" for first in firsts]
    found = pd.DataFrame(counts).T.reindex(columns=range(len(names))).fillna(0.0)
    return 100 * found.set_axis(names, axis=1)


def variance_shares(variants: pd.DataFrame, choices: dict = GRID) -> pd.DataFrame:
    """Return the share of the variance of ranks that each choice explains.

    One row for each choice: `first` (alone, first order) and `total` (with all interactions) in %,
    over the ranks of all districts; 100 less the sum of `first` is interaction. All options count
    as equally likely. Raises ValueError if a variant is missing.
    """
    shape = [len(levels) for levels in choices.values()]
    places = ranks(variants, choices).to_numpy(float)
    if len(places) != np.prod(shape):
        raise ValueError(
            f"the grid has {len(places)} variants, not the {np.prod(shape)} of a full factorial"
        )
    cube = places.reshape(*shape, -1)
    axes = tuple(range(len(shape)))
    variance = cube.var(axis=axes).sum()
    rows = []
    for axis, choice in enumerate(choices):
        others = tuple(a for a in axes if a != axis)
        first = cube.mean(axis=others).var(axis=0).sum()
        without = cube.mean(axis=axis).var(axis=tuple(range(len(shape) - 1))).sum()
        rows.append((choice, *(100 * np.array([first, variance - without]) / (variance or 1))))
    return pd.DataFrame(rows, columns=["choice", "first", "total"])


def drop_one(values: pd.DataFrame, frame: pd.DataFrame, top: str) -> pd.DataFrame:
    """Leave out one indicator at a time: code, largest change of a rank and of a score."""
    scored = scores(values, frame)
    full, dimensions = scored[top], list(frame.index[frame["dimension"] == top])
    rows = []
    for code in _under(frame, top):
        above = frame.loc[code, "dimension"]
        others = [c for c in frame.index[frame["dimension"] == above] if c != code]
        without = aggregate(scored[others], frame["weight"], frame.loc[above, "aggregation"])
        changed = scored[dimensions].assign(**{above: without})
        left = aggregate(changed, frame["weight"], frame.loc[top, "aggregation"])
        moved = (full.rank(ascending=False) - left.rank(ascending=False)).abs().max()
        rows.append((code, float(moved), float((left - full).abs().max())))
    return pd.DataFrame(rows, columns=["code", "largest_move", "largest_change"])


def _under(frame: pd.DataFrame, top: str) -> list[str]:
    """Return the indicators two levels below `top` whose dimension has other indicators."""
    inside = frame.index[frame["dimension"] == top]
    own = leaves(frame)
    own = own[own["dimension"].isin(inside)]
    return list(own.index[own.groupby("dimension")["code"].transform("size") > 1])


def correlations(scored: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Correlate each indicator with its dimension: code, dimension, r; missing if constant.

    A negative r means that the indicator counteracts the average of which it is part.
    """
    own = leaves(frame)
    moving = scored.std(ddof=1) > 1e-9
    rows = [
        (
            code,
            above,
            scored[code].corr(scored[above]) if moving[code] and moving[above] else np.nan,
        )
        for code, above in own["dimension"].items()
    ]
    return pd.DataFrame(rows, columns=["code", "dimension", "r"])
