"""Confidence sets for ranks: which places the data leave open to each district.

Mogstad, Romano, Shaikh and Wilhelm (2024), Inference for Ranks with Applications to Mobility across
Neighbourhoods and Academic Achievement across Countries, Rev. Econ. Stud. 91:476. As R's csranks. Bootstrapping
the ranks themselves covers the truth far too seldom; intervals of all differences do not fail so.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from analysis.stats.confidence import CONFIDENCE

SEED = 2020
FEWEST_DRAWS, MOST_DRAWS, VALUES_DRAWN = 2_000, 10_000, 900_000  # many districts take fewer draws each
CHARGE = stats.norm.ppf(0.99)  # the draws' own error is charged to the sets, so that they never promise too much
BLOCK = 32  # districts whose draws are held at a time: as many as a processor's cache holds


def rank_sets(value, se, confidence=CONFIDENCE, draws=None, seed=SEED) -> pd.DataFrame:
    """Return the rank sets of independent estimates; rank 1 is the highest value.

    Columns rank (of the estimates, ties share the best place), low, high (each district alone, marginal) and
    low_all, high_all (all districts together, simultaneous). Critical values are those of the largest
    studentised difference, drawn from the normal distribution, with step-down; of as many draws as time allows
    where `draws` is None.
    """
    value, se = np.asarray(value, float), np.asarray(se, float)
    draws = draws or min(MOST_DRAWS, max(FEWEST_DRAWS, VALUES_DRAWN // len(value)))
    error = np.hypot(se[:, None], se)
    error[error == 0] = np.finfo(float).tiny  # both known without error: any difference decides
    statistic = (value[:, None] - value) / error
    noise = np.random.default_rng(seed).standard_normal((len(value), draws)) * se[:, None]
    alone, together = _apart(statistic, noise, error, confidence)
    (low, high), (low_all, high_all) = _places(alone, statistic), _places(together, statistic)
    rank = 1 + (value[None, :] > value[:, None]).sum(axis=1)
    return pd.DataFrame({"rank": rank, "low": low, "high": high, "low_all": low_all, "high_all": high_all})


def _apart(statistic, noise, error, confidence) -> tuple[np.ndarray, np.ndarray]:
    """Tell which differences are not nought, each district's by themselves and all together.

    Returns two boolean matrices; each family steps down until no more fall. Only few differences are held at a
    time: memory grows with districts times draws, not with pairs times draws.
    """
    alone, together = np.zeros(statistic.shape, bool), np.zeros(statistic.shape, bool)
    everyone, largest = np.arange(len(noise)), np.empty_like(noise)
    for j in everyone:
        largest[j] = most = _largest(noise, error[j], j, everyone)
        while (fallen := ~alone[j] & (np.abs(statistic[j]) > _critical(most, confidence))).any():
            alone[j] |= fallen
            most = _largest(noise, error[j], j, np.flatnonzero(~alone[j]))
    while (fallen := ~together & (np.abs(statistic) > _critical(largest.max(axis=0), confidence))).any():
        together |= fallen
        for j in np.flatnonzero(fallen.any(axis=1)):
            largest[j] = _largest(noise, error[j], j, np.flatnonzero(~together[j]))
    return alone, together


def _largest(noise, error, j, others) -> np.ndarray:
    """Return the largest studentised difference of a district from others in each draw."""
    most = np.zeros(noise.shape[1])
    for start in range(0, len(others), BLOCK):
        rows = others[start : start + BLOCK]
        part = np.abs(noise[j] - noise[rows])
        part /= error[rows][:, None]
        np.maximum(most, part.max(axis=0), out=most)
    return most


def _critical(largest: np.ndarray, confidence: float) -> float:
    """Take the order statistic that lies above the wanted quantile in 99 of 100 sets of draws."""
    spread = np.sqrt(confidence * (1 - confidence) / len(largest))
    return np.quantile(largest, min(1, confidence + CHARGE * spread), method="higher")


def _places(apart, statistic) -> tuple[np.ndarray, np.ndarray]:
    """Count who is surely above and surely below each district."""
    return 1 + (apart & (statistic < 0)).sum(axis=1), len(apart) - (apart & (statistic > 0)).sum(axis=1)
