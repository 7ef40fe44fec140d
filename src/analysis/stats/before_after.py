"""Comparisons over time: the same communities asked twice, or two independent counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar as exact_mcnemar

from analysis.stats.confidence import CONFIDENCE
from analysis.stats.difference import equal_two_shares, holm, newcombe


def mcnemar(gained: int, lost: int, mid: bool = False) -> float:
    """Return the p value of no change, from the units that changed; exact or mid-p.

    McNemar (1947); mid-p of Fagerland, Lydersen and Laake (2013), BMC Med. Res. Methodol. 13:91.
    """
    changed, fewer = gained + lost, min(gained, lost)
    if mid:
        return float(
            2 * stats.binom.cdf(fewer, changed, 0.5) - stats.binom.pmf(fewer, changed, 0.5)
        )
    return float(exact_mcnemar([[0, gained], [lost, 0]], exact=True).pvalue)


def tango(gained: int, lost: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the score interval of the difference of two paired shares, (gained − lost) / n.

    Tango (1998), Stat. Med. 17:891: the differences that the score test does not reject.
    """
    z = stats.norm.ppf((1 + confidence) / 2)
    edge, seen = 1 - 1e-12, (gained - lost) / n

    def bound(sign: int, end: float) -> float:
        def over(d: float) -> float:
            return _score(d, gained, lost, n) - sign * z

        if over(end) * over(seen) > 0:  # the score does not reach z within the scale
            return float(np.sign(end))
        return float(optimize.brentq(over, *sorted((seen, end)), xtol=1e-14, rtol=1e-14))

    return bound(1, -edge), bound(-1, edge)


def _score(d: float, gained: int, lost: int, n: int) -> float:
    """Return the score statistic of the difference d, maximised over the share lost."""
    b = (2 * n - gained + lost) * d - gained - lost
    q = (np.sqrt(max(b * b + 8 * n * lost * d * (1 - d), 0.0)) - b) / (4 * n)
    variance = n * (2 * q + d * (1 - d))
    distance = gained - lost - n * d
    return (
        distance / np.sqrt(variance)
        if variance > 1e-18
        else np.sign(distance) * np.inf
        if distance
        else 0.0
    )


def same_units(rows: pd.DataFrame, before: str, after: str, by: str) -> pd.DataFrame:
    """Compare two answers of the same units; one row for each value of column `by`.

    before, after: boolean columns. Columns: by, n, before, after, change (shares), low, high
    (Tango), gained, lost, p (exact McNemar), p_holm over the rows.
    """
    records = []
    for name, part in rows.groupby(by):
        was, is_ = part[before].to_numpy(bool), part[after].to_numpy(bool)
        gained, lost, n = int((is_ & ~was).sum()), int((was & ~is_).sum()), len(part)
        shares = (was.mean(), is_.mean(), (gained - lost) / n)
        records.append(
            (name, n, *shares, *tango(gained, lost, n), gained, lost, mcnemar(gained, lost))
        )
    columns = [by, "n", "before", "after", "change", "low", "high", "gained", "lost", "p"]
    frame = pd.DataFrame(records, columns=columns)
    return frame.assign(p_holm=holm(frame["p"]))


def independent(
    k_before: ArrayLike, n_before: ArrayLike, k_after: ArrayLike, n_after: ArrayLike
) -> pd.DataFrame:
    """Compare shares of two independent counts; one row for each pair.

    Columns: before, after, change, low, high (Newcombe's interval), p, p_holm. p is from chi-square
    without correction, or from Fisher's test for small counts.
    """
    low, high = newcombe(k_after, n_after, k_before, n_before)
    was, is_ = (
        np.asarray(k_before) / np.asarray(n_before),
        np.asarray(k_after) / np.asarray(n_after),
    )
    p = equal_two_shares(k_after, n_after, k_before, n_before)
    columns = {"before": was, "after": is_, "change": is_ - was, "low": low, "high": high, "p": p}
    return pd.DataFrame(columns).assign(p_holm=holm(p))
