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

    Returns two boolean matrices. Only the differences of one district are held at a time: memory grows with
    districts times draws, not with pairs times draws.
    """
    alone = np.zeros(statistic.shape, bool)
    largest = np.zeros_like(noise)  # of the differences of each district that still stand, in each draw
    studentised = np.empty_like(noise)  # one buffer: to ask for memory anew costs more than the arithmetic
    for j in range(len(noise)):
        np.abs(np.subtract(noise[j], noise, out=studentised), out=studentised)
        studentised /= error[j][:, None]
        largest[j] = studentised.max(axis=0)
        alone[j] = _stepped_down(statistic[j], studentised, largest[j], confidence)
    together = np.zeros_like(alone)
    while True:
        fallen = ~together & (np.abs(statistic) > _critical(largest.max(axis=0), confidence))
        if not fallen.any():
            return alone, together
        together |= fallen
        for j in np.flatnonzero(fallen.any(axis=1)):
            left = ~together[j]
            largest[j] = (np.abs(noise[j] - noise[left]) / error[j, left][:, None]).max(axis=0)


def _stepped_down(statistic, studentised, largest, confidence) -> np.ndarray:
    """Tell which differences of one district are not nought, stepping down until no more fall."""
    apart = np.zeros(len(statistic), bool)
    while True:
        fallen = ~apart & (np.abs(statistic) > _critical(largest, confidence))
        if not fallen.any():
            return apart
        apart |= fallen
        largest = studentised[~apart].max(axis=0)  # a district's difference from itself, nought, always stands


def _critical(largest: np.ndarray, confidence: float) -> float:
    """Take the order statistic that holds with exactly the confidence, for draws of any number."""
    return np.quantile(largest, min(1, confidence * (1 + 1 / len(largest))), method="higher")


def _places(apart, statistic) -> tuple[np.ndarray, np.ndarray]:
    """Count who is surely above and surely below each district."""
    return 1 + (apart & (statistic < 0)).sum(axis=1), len(apart) - (apart & (statistic > 0)).sum(axis=1)
