"""Funnel limits: how far a district of its size may lie from the city by chance alone.

Spiegelhalter (2005), Stat. Med. 24:1185; for shares the interpolated binomial limits of its appendix A.1.1.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

LIMITS = {"95": 0.95, "998": 0.998}


def share_limits(target: float, n) -> pd.DataFrame:
    """Return the limits of a share (0 to 1) about `target` for each n: low95, high95, low998, high998."""
    n = np.asarray(n, float)
    columns = {}
    for name, confidence in LIMITS.items():
        tail = (1 - confidence) / 2
        columns[f"low{name}"] = _binomial(tail, n, target)
        columns[f"high{name}"] = _binomial(1 - tail, n, target)
    return pd.DataFrame(columns)


def _binomial(tail: float, n: np.ndarray, target: float) -> np.ndarray:
    if target in (0, 1):
        return np.full(len(n), float(target))
    k = stats.binom.ppf(tail, n, target)
    at, mass = stats.binom.cdf(k, n, target), stats.binom.pmf(k, n, target)
    return np.clip((k - (at - tail) / mass) / n, 0, 1)


def mean_limits(target: float, spread: float, n) -> pd.DataFrame:
    """Return the limits of a mean about `target` for each n, `spread` being the city's standard deviation."""
    n = np.asarray(n, float)
    columns = {}
    for name, confidence in LIMITS.items():
        half = stats.norm.ppf((1 + confidence) / 2) * spread / np.sqrt(n)
        columns |= {f"low{name}": target - half, f"high{name}": target + half}
    return pd.DataFrame(columns)


def place(value, limits: pd.DataFrame) -> list[str]:
    """Say for each value where it lies: `within`, `beyond 95`, `beyond 99.8`."""
    value = np.asarray(value, float)
    far = (value < limits["low998"]) | (value > limits["high998"])
    out = (value < limits["low95"]) | (value > limits["high95"])
    return np.select([far, out], ["beyond 99.8", "beyond 95"], "within").tolist()
