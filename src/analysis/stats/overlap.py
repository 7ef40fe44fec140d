"""Difference between two samples of one population that may share units of the first stage.

The samples are drawn at different times. Given the number of units of a stratum in both samples,
the covariance of the two totals is (n12 − n1 n2 / N) S12 in units of the first stage (Tam, 1984,
Am. Stat. 38:288): zero for independent samples that share as many units as expected by chance,
positive for a panel, negative for samples that exclude each other. S12 is estimated from the units
in both. Later stages are assumed independent; people interviewed both times make the interval too
wide, not too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.stats.confidence import CONFIDENCE
from analysis.stats.design import DesignIndex, mean_of, ratio_of
from analysis.stats.formulas import GROUPS, Formula
from analysis.stats.sample import Sample

# share of the variance: smaller values are rounding errors or inconsistent covariances
NO_SPREAD = 1e-9


@dataclass(frozen=True)
class Fitted:
    """Estimate from one sample.

    value, variance: as in `analysis.stats.design`. n: rows in the domain. strata, sizes: stratum of
    each unit of the first stage, and number of units in that stratum of the population. totals:
    contribution of each unit of the domain to the estimate. met: units in the domain.
    """

    value: float
    variance: float
    n: int
    strata: pd.Series
    sizes: pd.Series
    totals: pd.Series
    met: frozenset[str]


@dataclass(frozen=True)
class Change:
    """Difference of two estimates (later minus earlier) with its t interval and test."""

    before: Fitted
    now: Fitted
    low: float
    high: float
    p: float


def fitted(formula: Formula, sample: Sample) -> Fitted:
    """Return a design-based estimate from a sample, in the scale of its formula."""
    rows, index = sample.rows, DesignIndex(sample.rows, sample.design)
    domains = formula.groups if formula.kind == GROUPS else (formula.where,)
    masks = [rows.eval(one).to_numpy(bool) if one else np.ones(len(rows), bool) for one in domains]
    estimate = (
        ratio_of(rows, formula.over, formula.under)
        if formula.under
        else mean_of(rows, formula.over)
    )
    parts = [estimate(index, mask) for mask in masks]
    signs = (1, -1)[: len(parts)]
    value = sum(sign * part[0] for sign, part in zip(signs, parts, strict=True))
    score = sum(sign * part[1] for sign, part in zip(signs, parts, strict=True))
    inside = np.logical_or.reduce(masks)
    clusters = sample.design.clusters
    unit = rows[clusters if isinstance(clusters, str) else clusters[0]]
    fpc = sample.design.fpc
    of_unit = rows.set_axis(unit).groupby(level=0).first()
    return Fitted(
        formula.scale * value,
        formula.scale**2 * index.variance(score),
        int(inside.sum()),
        of_unit[sample.design.strata].astype(str),
        of_unit[fpc if isinstance(fpc, str) else fpc[0]].astype(float),
        pd.Series(formula.scale * score, unit.to_numpy()).groupby(level=0).sum(),
        frozenset(unit[inside]),
    )


def change(before: Fitted, now: Fitted, confidence: float = CONFIDENCE) -> Change:
    """Return the difference of two estimates, later minus earlier.

    Degrees of freedom: units of the first stage in the domain of either sample, minus their strata,
    minus 1; if there are none, interval and p are missing. Without variance p is 1.
    """
    variance = before.variance + now.variance
    less = variance - 2 * covariance(before, now)
    same = less < NO_SPREAD * variance and before.totals.equals(now.totals)
    se = 0.0 if same else float(np.sqrt(less if less > NO_SPREAD * variance else variance))
    met = before.met | now.met
    strata = {**before.strata.to_dict(), **now.strata.to_dict()}
    df = len(met) - len({strata[unit] for unit in met}) - 1
    difference = now.value - before.value
    if df < 1:
        return Change(before, now, np.nan, np.nan, np.nan)
    half = stats.t.ppf((1 + confidence) / 2, df) * se
    p = float(2 * stats.t.sf(abs(difference) / se, df)) if se > 0 else 1.0
    return Change(before, now, difference - half, difference + half, p)


def covariance(before: Fitted, now: Fitted) -> float:
    """Return the covariance of two estimates due to shared units of the first stage."""
    return sum(
        _of_stratum(before, now, stratum)
        for stratum in sorted(set(before.strata) & set(now.strata))
    )


def _of_stratum(before: Fitted, now: Fitted, stratum: str) -> float:
    first, second = (
        one.totals.reindex(one.strata.index[one.strata == stratum]) for one in (before, now)
    )
    size = min(one.sizes[one.strata == stratum].min() for one in (before, now))
    both = first.index.intersection(second.index)
    factor = len(both) - len(first) * len(second) / size
    if len(both) > 1:
        return float(factor * np.cov(first[both], second[both])[0, 1])
    # no covariance can be estimated from one shared unit: none is subtracted
    if factor > 0:
        return 0.0
    # upper bound
    return float(factor * np.sqrt(_spread(first) * _spread(second)))


def _spread(totals: pd.Series) -> float:
    return float(totals.var(ddof=1)) if len(totals) > 1 else float((totals**2).sum())
