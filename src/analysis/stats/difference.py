"""Tests and intervals for differences of counts, or of means with standard errors.

Shares: Pearson's chi-square without correction, exact where an expected count is below 5; intervals
of Newcombe (1998, Stat. Med. 17:873, method 10). Means: Welch (1951, Biometrika 38:330).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.stats.oneway import anova_generic
from statsmodels.stats.proportion import confint_proportions_2indep

from analysis.stats.confidence import CONFIDENCE

SEED = 2020
DRAWS = 9999
RESOLUTION = 1 / (1 + DRAWS)  # the smallest p value that the drawn tables can give
TABLES = 10_000  # exact tests computed at a time
FEW = 5  # smallest expected count for which chi-square is used (Cochran, 1954)


def newcombe(
    k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike, confidence: float = CONFIDENCE
) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of k1/n1 − k2/n2 for independent counts; accepts arrays."""
    counts = (np.asarray(x, float) for x in (k1, n1, k2, n2))
    with np.errstate(invalid="ignore", divide="ignore"):  # shares of zero people are undefined
        return confint_proportions_2indep(
            *counts, method="newcomb", compare="diff", alpha=1 - confidence
        )


def holm(p: ArrayLike) -> np.ndarray:
    """Adjust p values for multiple tests; a missing one counts as 1.

    Holm (1979), Scand. J. Stat. 6:65.
    """
    p = np.nan_to_num(np.asarray(p, float), nan=1.0)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)).clip(max=1)
    adjusted = np.empty_like(p)
    adjusted[order] = stepped
    return adjusted


def equal_two_shares(k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike) -> np.ndarray:
    """Return the p value of p1 = p2 for each pair of counts: chi-square, or Fisher's test."""
    k1, n1, k2, n2 = np.broadcast_arrays(
        *(np.atleast_1d(x).astype(float) for x in (k1, n1, k2, n2))
    )
    pooled = (k1 + k2) / (n1 + n2)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (k1 / n1 - k2 / n2) / np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    p = np.where((pooled == 0) | (pooled == 1), 1.0, stats.chi2.sf(z**2, 1))
    small = np.minimum(n1, n2) * np.minimum(pooled, 1 - pooled) < FEW
    # design effects give fractional counts
    whole = np.isclose(k1, np.rint(k1)) & np.isclose(n1, np.rint(n1))
    few = np.flatnonzero(small & whole)
    counts = np.rint(np.column_stack([k1, n1 - k1, k2, n2 - k2])[few]).astype(int)
    # many pairs have the same counts
    distinct, which = np.unique(counts, axis=0, return_inverse=True)
    if len(few):
        parts = np.array_split(distinct, 1 + len(distinct) // TABLES)
        p[few] = np.concatenate([_exact(*part.T) for part in parts])[which.ravel()]
    return p


def _exact(k1: np.ndarray, rest1: np.ndarray, k2: np.ndarray, rest2: np.ndarray) -> np.ndarray:
    """Return Fisher's two-sided p value of each table.

    It sums the probabilities of all tables that are at most as likely, as R's fisher.test.
    """
    n1, yes, total = k1 + rest1, k1 + k2, k1 + rest1 + k2 + rest2
    least = np.maximum(0, yes - k2 - rest2)
    could = least[:, None] + np.arange(1 + int((np.minimum(yes, n1) - least).max()))
    chance = stats.hypergeom.pmf(could, total[:, None], yes[:, None], n1[:, None])
    own = np.take_along_axis(chance, (k1 - least)[:, None], axis=1)
    return np.where(chance <= own * (1 + 1e-7), chance, 0).sum(axis=1).clip(max=1)


def equal_shares(k: ArrayLike, n: ArrayLike) -> tuple[float, float, str]:
    """Test whether several shares are equal: (chi-square, p, test).

    If an expected count is below 5, p is computed from DRAWS tables with the same margins and a
    fixed seed, as R's chisq.test(simulate.p.value = TRUE).
    """
    k, n = np.asarray(k, float), np.asarray(n, float)
    if k.sum() in (0, n.sum()):
        return 0.0, 1.0, "chi-square"  # all 0 or all 100 %: Pearson's statistic is 0/0
    chi2 = _pearson(k, n)
    least = n.min() * min(k.sum(), (n - k).sum()) / n.sum()
    if least >= FEW or not np.allclose(k, np.rint(k)):
        return float(chi2), float(stats.chi2.sf(chi2, len(k) - 1)), "chi-square"
    generator = np.random.default_rng(SEED)
    drawn = generator.multivariate_hypergeometric(np.rint(n).astype(int), round(k.sum()), DRAWS)
    as_far = _pearson(drawn, n) >= chi2 * (1 - 1e-12)
    return float(chi2), float((1 + as_far.sum()) / (1 + DRAWS)), "exact"


def _pearson(k: np.ndarray, n: np.ndarray) -> np.ndarray:
    pooled = k.sum(axis=-1, keepdims=True) / n.sum()
    return ((k - n * pooled) ** 2 / (n * pooled * (1 - pooled))).sum(axis=-1)


def equal_means(mean: ArrayLike, se: ArrayLike, n: ArrayLike) -> tuple[float, float, str]:
    """Test whether several means are equal, with unequal variances, as R's oneway.test.

    Returns (F, p, test).
    """
    mean, se, n = (np.asarray(x, float) for x in (mean, se, n))
    if np.ptp(mean) == 0 or (se == 0).any():  # equal means, or no variance to test with
        return 0.0, 1.0, "Welch"
    fitted = anova_generic(mean, se**2 * n, n, use_var="unequal")
    return float(fitted.statistic), float(fitted.pvalue), "Welch"


def welch(
    mean1: np.ndarray,
    se1: np.ndarray,
    n1: np.ndarray,
    mean2: np.ndarray,
    se2: np.ndarray,
    n2: np.ndarray,
    confidence: float = CONFIDENCE,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (low, high, p) of mean1 − mean2 with unequal variances; accepts arrays."""
    se = np.hypot(se1, se2)
    with np.errstate(invalid="ignore", divide="ignore"):
        df = se**4 / (se1**4 / (n1 - 1) + se2**4 / (n2 - 1))
        p = 2 * stats.t.sf(np.abs(mean1 - mean2) / se, df)
    half = stats.t.ppf((1 + confidence) / 2, df) * se
    return mean1 - mean2 - half, mean1 - mean2 + half, np.where(se > 0, p, 1.0)
