"""Confidence sets for ranks: the ranks of each district that the data do not exclude.

Mogstad, Romano, Shaikh and Wilhelm (2024), Inference for Ranks with Applications to Mobility across
Neighbourhoods and Academic Achievement across Countries, Rev. Econ. Stud. 91:476. As R's csranks.
Bootstrap intervals of the ranks themselves have far too low coverage; intervals of all differences
do not.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from analysis.stats.confidence import CONFIDENCE

SEED = 2020
MIN_DRAWS, MAX_DRAWS, VALUES_DRAWN = 2_000, 10_000, 900_000  # fewer draws for many districts
# the sets include the error of the simulation, so that their coverage is not too low
CHARGE = stats.norm.ppf(0.99)
BLOCK = 32  # districts whose draws are computed at a time; they fit into a processor's cache


def rank_sets(
    value: ArrayLike,
    se: ArrayLike,
    confidence: float = CONFIDENCE,
    draws: int | None = None,
    seed: int = SEED,
    df: float | None = None,
) -> pd.DataFrame:
    """Return the rank sets of independent estimates; rank 1 is the highest value.

    Columns rank (of the estimates, ties share the best rank), low, high (each district alone,
    marginal) and low_all, high_all (all districts together, simultaneous). Critical values are
    those of the largest studentised difference over ordered pairs, drawn from the normal
    distribution, with step-down: a pair that is significant leaves the family in the direction
    found, and stays in the other. draws: None for as many as time allows. df: degrees of freedom of
    the standard errors, which are then drawn too; None if they are taken as known.
    """
    value, se = np.asarray(value, float), np.asarray(se, float)
    draws = draws or min(MAX_DRAWS, max(MIN_DRAWS, VALUES_DRAWN // len(value)))
    error = np.hypot(se[:, None], se)
    # if both are known without error, any difference is significant
    error[error == 0] = np.finfo(float).tiny
    statistic = (value[:, None] - value) / error
    generator = np.random.default_rng(seed)
    noise, variance = generator.standard_normal((len(value), draws)) * se[:, None], se[:, None] ** 2
    if df:
        variance = variance * generator.chisquare(df, noise.shape) / df
    columns = {"rank": 1 + (value[None, :] > value[:, None]).sum(axis=1)}
    found = {
        "": _alone(statistic, noise, variance, confidence),
        "_all": _together(statistic, noise, variance, confidence),
    }
    for name, (above, below) in found.items():
        columns |= {f"low{name}": 1 + below, f"high{name}": len(value) - above}
    return pd.DataFrame(columns)


def _alone(
    statistic: np.ndarray, noise: np.ndarray, variance: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of districts significantly below and above each district, marginally."""
    counts = []
    for j in range(len(noise)):
        above, below = np.zeros(len(noise), bool), np.zeros(len(noise), bool)
        while True:
            most = np.maximum(
                _largest(noise, variance, j, np.flatnonzero(~above)),
                _largest(noise, variance, j, np.flatnonzero(~below), -1),
            )
            critical = _critical(most, confidence)
            over, under = ~above & (statistic[j] > critical), ~below & (-statistic[j] > critical)
            if not (over.any() or under.any()):
                break
            above, below = above | over, below | under
        counts.append((above.sum(), below.sum()))
    above, below = np.array(counts).T
    return above, below


def _together(
    statistic: np.ndarray, noise: np.ndarray, variance: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of districts significantly below and above each, simultaneously.

    All pairs are one family. Few differences are held at a time: memory is proportional to
    districts times draws, not to pairs times draws.
    """
    above, largest = np.zeros(statistic.shape, bool), np.empty_like(noise)
    changed = np.arange(len(noise))
    while len(changed):
        for j in changed:
            largest[j] = _largest(noise, variance, j, np.flatnonzero(~above[j]))
        over = ~above & (statistic > _critical(largest.max(axis=0), confidence))
        above |= over
        changed = np.flatnonzero(over.any(axis=1))
    return above.sum(axis=1), above.sum(axis=0)


def _largest(
    noise: np.ndarray, variance: np.ndarray, j: int, others: np.ndarray, sign: int = 1
) -> np.ndarray:
    """Return the largest studentised difference between a district and others in each draw.

    sign: whether it is the district less others, or the reverse. variance: of each district,
    districts × 1, or × draws if each draw has its own.
    """
    most = np.zeros(noise.shape[1])
    for start in range(0, len(others), BLOCK):
        rows = others[start : start + BLOCK]
        part = noise[j] - noise[rows] if sign > 0 else noise[rows] - noise[j]
        part /= np.sqrt(variance[j] + variance[rows]).clip(min=np.finfo(float).tiny)
        np.maximum(most, part.max(axis=0), out=most)
    return most


def _critical(largest: np.ndarray, confidence: float) -> float:
    """Return the order statistic that exceeds the quantile in 99 of 100 sets of draws."""
    spread = np.sqrt(confidence * (1 - confidence) / len(largest))
    return np.quantile(largest, min(1, confidence + CHARGE * spread), method="higher")
