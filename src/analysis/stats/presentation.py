"""Presentation standards for proportions of the National Center for Health Statistics.

Parker et al. (2017), National Center for Health Statistics Data Presentation Standards for
Proportions, Vital and Health Statistics 2(175). Shares of a census are treated as if drawn at
random from a process.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from analysis.stats.confidence import LEVEL
from analysis.stats.design import korn_graubard

MIN_DENOMINATOR = 30  # denominator, nominal and effective
NARROW, WIDE, RELATIVE = 0.05, 0.30, 1.30  # widths of the interval, the last relative to the share
FEW_DEGREES = 8
TAIL = LEVEL / 2


def presentable(
    p: ArrayLike, n: ArrayLike, se: ArrayLike | None = None, df: ArrayLike | None = None
) -> pd.DataFrame:
    """Apply the standards to shares (0 to 1): columns low, high (Korn-Graubard), show, note.

    n: denominators. se, df: of the design, missing for simple random sampling. note: why a share is
    not shown, or a caution: few degrees of freedom, 0 or 100 %, or a complement that could not be
    shown.
    """
    p, n = np.atleast_1d(np.asarray(p, float)), np.atleast_1d(np.asarray(n, float))
    se = np.sqrt(p * (1 - p) / n) if se is None else np.atleast_1d(np.asarray(se, float))
    df = n - 1 if df is None else np.atleast_1d(np.asarray(df, float))
    rows = [_judge(*one) for one in zip(p, n, se, df, strict=True)]
    return pd.DataFrame(rows, columns=["low", "high", "show", "note"])


def _judge(p: float, n: float, se: float, df: float) -> tuple[float, float, bool, str]:
    effective = min(p * (1 - p) / se**2, n) if se > 0 else n
    low, high = _interval(p, n, se, df) if n > 0 else (np.nan, np.nan)
    width = high - low
    if n < MIN_DENOMINATOR or effective < MIN_DENOMINATOR:
        return low, high, False, "denominator below 30"
    if width >= WIDE:
        return low, high, False, "interval wider than 0.30"
    if width > NARROW and (p in (0, 1) or width / p > RELATIVE):
        return low, high, False, "interval wide beside the share"
    return low, high, True, _remark(p, width, df)


def _interval(p: float, n: float, se: float, df: float) -> tuple[float, float]:
    """Return Korn and Graubard's interval, with the effective sample size of at most n.

    The effective sample size is adjusted by the ratio of t quantiles.
    """
    if not (se > 0 and df > 0):
        return korn_graubard(p, 0.0, n, df)
    allowed = p * (1 - p) / se**2 * (stats.t.ppf(TAIL, n - 1) / stats.t.ppf(TAIL, df)) ** 2
    return korn_graubard(p, 0.0, min(allowed, n), df)


def _remark(p: float, width: float, df: float) -> str:
    if p in (0, 1):
        return "none or all"
    if df < FEW_DEGREES:
        return "fewer than 8 degrees of freedom"
    return "complement unreliable" if width > NARROW and width / (1 - p) > RELATIVE else ""
