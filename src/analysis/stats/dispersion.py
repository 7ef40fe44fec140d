"""Measures of inequality between districts: coefficient of variation, Theil, Gini.

Theil (1967) with its exact decomposition within and between groups (Shorrocks, 1980); standard
errors by the jackknife over districts (Quenouille-Tukey). With nine districts, the standard errors
are themselves imprecise.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.survey.sealed import opening

DRAWS, SEED = 10_000, 2020
EXACT = 9  # decimals of a share that are the same on every machine and Python


def coefficient_of_variation(value: ArrayLike, weight: ArrayLike) -> float:
    """Return the standard deviation over the mean, both weighted (divisor: sum of weights)."""
    share, ratio = _shares(value, weight)
    return float(np.sqrt((share * (ratio - 1) ** 2).sum()))


@opening
def chance_variation(part: pd.DataFrame, draws: int = DRAWS, seed: int = SEED) -> float:
    """Return the expected coefficient of variation if all districts were equal, by simulation.

    part: from `comparison.districts_of`. The seed is fixed. Shares are drawn from the binomial
    distribution with the common share, means from the normal one with each district's standard
    error; weights are the effective numbers, as drawn.
    """
    n = part["n"].to_numpy(float)
    # its draws are the same in every version of numpy; those of Generator may change
    generator = np.random.RandomState(seed)
    if "k" in part:
        size = np.rint(n).astype(int)
        # rounded, since a different last bit would give different draws
        common = round(part["k"].sum() / n.sum(), EXACT)
        drawn = generator.binomial(size, common, (draws, len(n))) / size
    else:
        centre = (part["value"].to_numpy(float) * n).sum() / n.sum()
        drawn = generator.normal(centre, part["se"].to_numpy(float), (draws, len(n)))
    share = n / n.sum()
    mean = drawn @ share
    return float((np.sqrt((drawn - mean[:, None]) ** 2 @ share) / mean).mean())


def theil(value: ArrayLike, weight: ArrayLike) -> float:
    """Return Theil's T of district means, weighted; 0 is equality. Values must not be negative."""
    share, ratio = _shares(value, weight)
    return float((share * _xlogx(ratio)).sum())


def gini(value: ArrayLike, weight: ArrayLike) -> float:
    """Return the weighted Gini coefficient of district means: half the relative difference."""
    share, ratio = _shares(value, weight)
    order = np.argsort(ratio)
    share, ratio = share[order], ratio[order]
    below = np.cumsum(share) - share
    # shares below less shares above
    return float((share * ratio * (2 * below + share - 1)).sum())


def theil_between(value: ArrayLike, weight: ArrayLike, group: ArrayLike) -> float:
    """Return the part of Theil's T between groups; the rest is within them."""
    _, which = np.unique(np.asarray(group), return_inverse=True)
    weights = np.bincount(which, np.asarray(weight, float))
    sums = np.bincount(which, np.asarray(value, float) * np.asarray(weight, float))
    return theil(sums / weights, weights)


def dispersion(value: ArrayLike, weight: ArrayLike, group: ArrayLike) -> pd.DataFrame:
    """Measure the dispersion of districts by five indices, one row each.

    Measures: cv, gini, theil, theil_between, theil_within. value: district means or shares; weight:
    their denominators; group: a class of each district. Columns measure, value, se (jackknife, one
    district left out at a time).
    """
    value, weight, group = np.asarray(value, float), np.asarray(weight, float), np.asarray(group)
    if (value < 0).any():
        raise ValueError("a value is negative: Theil and Gini have no meaning for it")
    everyone = np.ones(len(value), bool)
    full = _measures(value, weight, group, everyone)
    left_out = pd.DataFrame(
        [
            _measures(value, weight, group, everyone & (np.arange(len(value)) != i))
            for i in range(len(value))
        ]
    )
    spread = ((left_out - left_out.mean()) ** 2).sum() * (len(value) - 1) / len(value)
    return pd.DataFrame(
        {"measure": list(full), "value": list(full.values()), "se": np.sqrt(spread).to_numpy()}
    )


@opening
def dispersion_of(part: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """Measure the dispersion of the districts of one indicator; `group`: a class by district.

    part: from `comparison.districts_of`.
    """
    return dispersion(part["value"], part["n"], part["district"].map(group))


def _measures(
    value: np.ndarray, weight: np.ndarray, group: np.ndarray, kept: np.ndarray
) -> dict[str, float]:
    value, weight, group = value[kept], weight[kept], group[kept]
    total, between = theil(value, weight), theil_between(value, weight, group)
    return {
        "cv": coefficient_of_variation(value, weight),
        "gini": gini(value, weight),
        "theil": total,
        "theil_between": between,
        "theil_within": total - between,
    }


def _shares(value: ArrayLike, weight: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    value, weight = np.asarray(value, float), np.asarray(weight, float)
    share = weight / weight.sum()
    return share, value / (share * value).sum()


def _xlogx(x: np.ndarray) -> np.ndarray:
    return x * np.log(np.where(x > 0, x, 1))
