"""Confidence sets for ranks: which places the data leave open to each district.

Mogstad, Romano, Shaikh and Wilhelm (2024), Inference for Ranks with Applications to Mobility across
Neighbourhoods and Academic Achievement across Countries, Rev. Econ. Stud. 91:476. As R's csranks. Bootstrapping
the ranks themselves covers the truth far too seldom; intervals of all differences do not fail so.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.stats.design import CONFIDENCE

SEED = 2020
DRAWS = 2000


def rank_sets(value, se, confidence=CONFIDENCE, draws=DRAWS, seed=SEED) -> pd.DataFrame:
    """Return the rank sets of independent estimates; rank 1 is the highest value.

    Columns rank (of the estimates, ties share the best place), low, high (each district alone, marginal) and
    low_all, high_all (all districts together, simultaneous). Critical values are those of the largest
    studentised difference, drawn from the normal distribution, with step-down.
    """
    value, se = np.asarray(value, float), np.asarray(se, float)
    count = len(value)
    first, second = np.triu_indices(count, 1)
    error = np.hypot(se[first], se[second])
    error[error == 0] = np.finfo(float).tiny  # both known without error: any difference decides
    statistic = (value[first] - value[second]) / error
    noise = np.random.default_rng(seed).standard_normal((count, draws)) * se[:, None]
    largest = np.abs(noise[first] - noise[second]) / error[:, None]
    apart = _apart(statistic, largest, np.ones(len(first), bool), confidence)
    low_all, high_all = _places(apart, statistic, first, second, count)
    low, high = low_all.copy(), high_all.copy()
    for j in range(count):
        own = _apart(statistic, largest, (first == j) | (second == j), confidence)
        low[j], high[j] = (places[j] for places in _places(own, statistic, first, second, count))
    rank = 1 + (value[None, :] > value[:, None]).sum(axis=1)
    return pd.DataFrame({"rank": rank, "low": low, "high": high, "low_all": low_all, "high_all": high_all})


def _apart(statistic, largest, family, confidence) -> np.ndarray:
    """Tell which differences of the family are not nought, stepping down until no more fall."""
    apart = np.zeros_like(family)
    draws = largest.shape[1]  # the order statistic that holds with exactly the confidence, for draws of any number
    while (left := family & ~apart).any():
        critical = np.quantile(largest[left].max(axis=0), min(1, confidence * (1 + 1 / draws)), method="higher")
        fallen = left & (np.abs(statistic) > critical)
        if not fallen.any():
            break
        apart |= fallen
    return apart


def _places(apart, statistic, first, second, count) -> tuple[np.ndarray, np.ndarray]:
    """Count who is surely above and surely below each district."""
    lower = np.where(statistic < 0, first, second)[apart]
    higher = np.where(statistic < 0, second, first)[apart]
    return 1 + np.bincount(lower, minlength=count), count - np.bincount(higher, minlength=count)
