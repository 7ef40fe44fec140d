"""Funnel limits: how far a district of a given size may deviate from the city by chance.

Spiegelhalter (2005), Stat. Med. 24:1185. Limits of shares are where the exact binomial tail reaches
the level, so that a district is beyond them only if the probability of a share at least as extreme
is below the level. Interpolated quantiles, as in his appendix A.1.1, would flag half of all equal
districts near 0 and 100 %.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special, stats

LIMITS = {"95": 0.95, "998": 0.998}
HALVINGS = 60


def share_limits(target: float, n: ArrayLike) -> pd.DataFrame:
    """Return the limits of a share (0 to 1) about `target` for each n.

    Columns: low95, high95, low998, high998. n may be fractional (divided by a design effect): the
    tails are incomplete beta functions.
    """
    n = np.asarray(n, float)
    columns = {}
    for name, confidence in LIMITS.items():
        tail = (1 - confidence) / 2
        columns[f"low{name}"] = 1 - _most(1 - target, n, tail) / n
        columns[f"high{name}"] = _most(target, n, tail) / n
    return pd.DataFrame(columns)


def _most(target: float, n: np.ndarray, tail: float) -> np.ndarray:
    """Return the largest real k with P(X ≥ k) of at least `tail`; at most n."""
    if target in (0, 1):
        return n * target

    def likely(k: np.ndarray) -> np.ndarray:
        return special.betainc(k, n - k + 1, target) >= tail

    return np.where(likely(n), n, _last(likely, n * target, n))


def _last(
    holds: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Bisect low to high, where `holds` is true and false, to its last true point."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = np.where(holds(middle), middle, low), np.where(holds(middle), high, middle)
    return low


def mean_limits(target: float, spread: float, n: ArrayLike) -> pd.DataFrame:
    """Return the limits of a mean about `target` for each n; `spread`: the city's deviation."""
    n = np.asarray(n, float)
    columns = {}
    for name, confidence in LIMITS.items():
        half = stats.norm.ppf((1 + confidence) / 2) * spread / np.sqrt(n)
        columns |= {f"low{name}": target - half, f"high{name}": target + half}
    return pd.DataFrame(columns)


def place(value: ArrayLike, limits: pd.DataFrame) -> list[str]:
    """Return the position of each value: `within`, `beyond 95` or `beyond 99.8`."""
    value = np.asarray(value, float)
    slack = 1e-9  # a rounded share may equal a limit
    far = (value < limits["low998"] - slack) | (value > limits["high998"] + slack)
    out = (value < limits["low95"] - slack) | (value > limits["high95"] + slack)
    return np.select([far, out], ["beyond 99.8", "beyond 95"], "within").tolist()
