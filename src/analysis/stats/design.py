"""Estimates from a complex sample: strata, stages of clusters, weights, population sizes.

Totals, means, ratios and shares are weighted; their variances are linearised (Särndal, Swensson and
Wretman, 1992, Model Assisted Survey Sampling, sections 4.3 and 5.5 to 5.7). Equal to svytotal,
svymean, svyratio, svyciprop and svyquantile of R's survey package. Not covered: unequal
probabilities without replacement (pps), whose variance needs joint probabilities. The module is
independent of the survey: it takes any frame with such columns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from analysis.stats.confidence import CONFIDENCE
from analysis.stats.stages import LONELY, stages_of

RESULT = ["domain", "value", "se", "df", "low", "high", "deff", "n"]
Columns = str | tuple[str, ...]  # one name, or one for each stage
# function of a layout and a domain; returns the estimate, scores whose total has its variance, and
# the values for the design effect
Fit = Callable[["DesignIndex", np.ndarray], tuple[float, np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Design:
    """Columns that describe how a sample was drawn.

    strata: of the first stage; empty for none. clusters: one column, or one for each stage, as
    ("school", "pupil"); empty for the rows themselves. Codes may be reused in each stratum, and in
    each cluster of the previous stage. fpc: one column for each of clusters: units of the stratum
    (at later stages, of the cluster) in the population, or the fraction of them drawn if no value
    is above 1; empty for a draw with replacement. weights: empty for the product over the stages of
    units in the population over units drawn, or for 1 without fpc. with_replacement: compute the
    variance from the clusters of the first stage only, without correction, whatever the weights:
    the usual approximation. lonely: contribution to the variance of a stratum with one unit of
    several, as R's survey.lonely.psu: `fail` raises, `certainty` adds nothing, `adjust` adds its
    square about zero, `average` the mean of the others. margins, base: set by
    `analysis.stats.calibration`.
    """

    strata: str = ""
    clusters: Columns = ""
    fpc: Columns = ""
    weights: str = ""
    margins: tuple[str, ...] = ()
    base: str = ""
    with_replacement: bool = False
    lonely: str = "fail"


class DesignIndex:
    """Codes and weights of a design, computed once for a frame and used for every domain."""

    def __init__(self, rows: pd.DataFrame, design: Design) -> None:
        if design.lonely not in LONELY:
            raise ValueError(f"lonely is one of {', '.join(LONELY)}, not {design.lonely}")
        self.lonely = design.lonely
        self.stratum = (
            pd.factorize(rows[design.strata])[0] if design.strata else np.zeros(len(rows), int)
        )
        clusters = _names(design.clusters)
        sizes = _names(design.fpc) if design.fpc else ("",) * len(clusters)
        self.stages = stages_of(rows, self.stratum, clusters, sizes)
        self.weight = self._weights(rows, design, sizes)
        self.margins = [pd.factorize(rows[name])[0] for name in design.margins]
        self.base = rows[design.base].to_numpy(float) if design.base else None
        if design.with_replacement:
            first = self.stages[0]
            self.stages = [replace(first, population=np.full(len(first.drawn), np.inf))]

    def _weights(self, rows: pd.DataFrame, design: Design, sizes: tuple[str, ...]) -> np.ndarray:
        if design.weights:
            return rows[design.weights].to_numpy(float)
        if any(sizes) and not all(sizes):
            raise ValueError(
                "without weights, population sizes are needed of every stage or of none"
            )
        return np.prod([stage.factor() for stage in self.stages], axis=0)

    def variance(self, score: np.ndarray) -> float:
        """Return the variance of the total of `score`, one weighted value per row."""
        return float(self.covariance(score[:, None])[0, 0])

    def covariance(self, scores: np.ndarray) -> np.ndarray:
        """Return the covariances of the totals of `scores` (rows × estimates, weighted)."""
        first, *later = self.stages
        if self.lonely == "average" and any(stage.lone.any() for stage in later):
            raise ValueError(
                "lonely: average is for the first stage; a later one has one unit of several"
            )
        residual = np.column_stack([self._residual(score) for score in scores.T])
        return sum(
            (stage.covariance(residual, self.lonely) for stage in later),
            first.covariance(residual, self.lonely),
        )

    def _residual(self, score: np.ndarray) -> np.ndarray:
        """Remove the part of scores that calibration fixes, as svyrecvar does.

        By cells, or margin by margin in ten rounds.
        """
        if not self.margins:
            return score
        x, raking = score / self.weight, len(self.margins) > 1
        for _ in range(10 if raking else 1):
            for codes in self.margins:
                inside = np.ones(len(x)) if raking else self.base
                x = x - (np.bincount(codes, x * inside) / np.bincount(codes, inside))[codes]
        return x * self.weight

    def degrees(self, inside: np.ndarray) -> int:
        """Return the clusters less strata that the domain meets, as R's degf of a subset.

        In simulations, 95 % intervals of a domain in a third of the clusters cover the truth in 95
        % with these degrees of freedom, and in 92 % with those of the whole sample.
        """
        return len(np.unique(self.stages[0].unit[inside])) - len(np.unique(self.stratum[inside]))


def _names(columns: Columns) -> tuple[str, ...]:
    return columns if isinstance(columns, tuple) else (columns,)


def total(
    rows: pd.DataFrame,
    design: Design,
    y: str,
    where: str = "",
    by: str = "",
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Estimate the population total of column `y`.

    where: a pandas expression that selects a domain. by: a column, with one row of the result for
    each value. The variance of a domain uses all strata and clusters. A missing `y` inside the
    domain gives a missing estimate. Returns one row per domain, columns RESULT; the interval is
    Student's, and may go below 0 even if a total cannot. Raises ValueError for a stratum with one
    cluster of several (unless the design says how it counts), of unknown size, or with more
    clusters than its size.
    """
    return _estimates(rows, design, total_of(rows, y), where, by, confidence)


def mean(
    rows: pd.DataFrame,
    design: Design,
    y: str,
    where: str = "",
    by: str = "",
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Estimate the population mean of column `y`; see `total`."""
    return _estimates(rows, design, mean_of(rows, y), where, by, confidence)


def ratio(
    rows: pd.DataFrame,
    design: Design,
    over: str,
    under: str,
    where: str = "",
    by: str = "",
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Estimate the total of column `over` divided by that of `under`; see `total`."""
    return _estimates(rows, design, ratio_of(rows, over, under), where, by, confidence)


def _values(rows: pd.DataFrame, y: str) -> np.ndarray:
    return (rows[y] if y in rows else rows.eval(y)).to_numpy(float)


def total_of(rows: pd.DataFrame, y: str) -> Fit:
    """Return a function that estimates the total of `y`, a column or expression, in a domain."""
    every = _values(rows, y)

    def fit(layout: DesignIndex, inside: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        weight, values = layout.weight * inside, np.where(inside, every, 0)
        return float((weight * values).sum()), weight * values, values * weight.sum()

    return fit


def mean_of(rows: pd.DataFrame, y: str) -> Fit:
    """Return a function that estimates the mean of `y`, a column or expression, in a domain."""
    every = _values(rows, y)

    def fit(layout: DesignIndex, inside: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        weight, values = layout.weight * inside, np.where(inside, every, 0)
        average = float((weight * values).sum() / weight.sum())
        return average, weight * (values - average) / weight.sum(), values

    return fit


def ratio_of(rows: pd.DataFrame, over: str, under: str) -> Fit:
    """Return a function that estimates the ratio of two totals in a domain.

    over, under: columns or expressions.
    """
    both = [_values(rows, name) for name in (over, under)]

    def fit(layout: DesignIndex, inside: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        weight = layout.weight * inside
        top, bottom = (np.where(inside, values, 0) for values in both)
        quotient = float((weight * top).sum() / (weight * bottom).sum())
        residual = (top - quotient * bottom) / (weight * bottom).sum()
        return quotient, weight * residual, residual * weight.sum()

    return fit


def share(
    rows: pd.DataFrame,
    design: Design,
    condition: str,
    where: str = "",
    by: str = "",
    confidence: float = CONFIDENCE,
    method: str = "logit",
) -> pd.DataFrame:
    """Estimate the proportion (0 to 1) of rows for which `condition` holds; see `total`.

    method: `logit` takes the t interval on the logit scale (none at 0 and 1); `beta` is Korn and
    Graubard's (1998, Survey Methodology 24:193), which is defined there too.
    """
    fitted = mean(rows.assign(_share=rows.eval(condition)), design, "_share", where, by, confidence)
    bounds = [_bounds(row, method, confidence) for row in fitted.itertuples(index=False)]
    return fitted.assign(low=[low for low, _ in bounds], high=[high for _, high in bounds])


def _bounds(row: Any, method: str, confidence: float) -> tuple[float, float]:
    if method == "beta":
        return korn_graubard(row.value, row.se, row.n, row.df, confidence)
    if not 0 < row.value < 1:
        return np.nan, np.nan
    middle = np.log(row.value / (1 - row.value))
    half = stats.t.ppf((1 + confidence) / 2, row.df) * row.se / (row.value * (1 - row.value))
    return 1 / (1 + np.exp(half - middle)), 1 / (1 + np.exp(-half - middle))


def korn_graubard(
    p: float, se: float, n: float, df: float, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the Clopper-Pearson interval at the effective sample size, adjusted for df.

    As svyciprop(method="beta"). If se is 0, the sample size is n.
    """
    tail = (1 - confidence) / 2
    effective = float(n)
    if se > 0 and df > 0:
        effective = p * (1 - p) / se**2 * (stats.t.ppf(tail, n - 1) / stats.t.ppf(tail, df)) ** 2
    k, rest = effective * p, effective * (1 - p)
    low = stats.beta.ppf(tail, k, rest + 1) if k > 0 else 0.0
    high = stats.beta.ppf(1 - tail, k + 1, rest) if rest > 0 else 1.0
    return float(low), float(high)


def quantile(
    rows: pd.DataFrame,
    design: Design,
    y: str,
    p: float,
    where: str = "",
    confidence: float = CONFIDENCE,
) -> pd.Series:
    """Estimate the quantile of column `y` at p: the least value with weight share p up to it.

    As svyquantile(qrule="math"). The interval is Woodruff's (1952, J. Am. Stat. Assoc. 47:635): the
    t interval of the share at or below the quantile, converted to quantiles; a bound is missing if
    that share is outside 0 to 1. Returns value, low, high and n.
    """
    inside = rows.eval(where).to_numpy(bool) if where else np.ones(len(rows), bool)
    layout = DesignIndex(rows, design)
    values, weight = _values(rows, y)[inside], layout.weight[inside]
    value = _at(values, weight, p)
    below = rows.assign(_below=_values(rows, y) <= value)
    share_below = _estimates(below, design, mean_of(below, "_below"), where, "", confidence).iloc[0]
    bounds = [_at(values, weight, share_below[side]) for side in ("low", "high")]
    return pd.Series(
        [value, *bounds, int(inside.sum())], ["value", "low", "high", "n"], dtype=float
    )


def _at(values: np.ndarray, weight: np.ndarray, p: float) -> float:
    if not 0 <= p <= 1:
        return np.nan
    order = np.argsort(values, kind="stable")
    # sums of weights have rounding errors
    reached = np.cumsum(weight[order]) >= p * weight.sum() * (1 - 1e-12)
    return float(values[order][np.argmax(reached)])


def _estimates(
    rows: pd.DataFrame, design: Design, fit: Fit, where: str, by: str, confidence: float
) -> pd.DataFrame:
    """Estimate each domain with `fit`; returns one row per domain, columns RESULT.

    fit: returns the value, the scores, and the values for the design effect.
    """
    layout = DesignIndex(rows, design)
    inside = rows.eval(where).to_numpy(bool) if where else np.ones(len(rows), bool)
    groups = (
        {name: inside & (rows[by] == name).to_numpy() for name in sorted(rows[by].unique())}
        if by
        else {}
    )
    fitted = [
        (name, *_row(layout, domain, fit, confidence))
        for name, domain in (groups or {where: inside}).items()
    ]
    return pd.DataFrame(fitted, columns=RESULT)


def _row(
    layout: DesignIndex, inside: np.ndarray, fit: Fit, confidence: float
) -> tuple[float, float, int, float, float, float, int]:
    value, score, plain = fit(layout, inside)
    variance, df, n = layout.variance(score), layout.degrees(inside), int(inside.sum())
    se = np.sqrt(variance)
    half = stats.t.ppf((1 + confidence) / 2, df) * se if df > 0 else np.nan
    return (
        value,
        se,
        df,
        value - half,
        value + half,
        _design_effect(variance, plain, layout, inside),
        n,
    )


def _design_effect(
    variance: float, plain: np.ndarray, layout: DesignIndex, inside: np.ndarray
) -> float:
    """Divide the variance by that of a simple random sample of the same size (Kish, 1965)."""
    weight, n = layout.weight[inside], int(inside.sum())
    size = weight.sum()
    if n < 2 or size < n:
        return np.nan
    y = plain[inside]
    spread = (weight * (y - (weight * y).sum() / size) ** 2).sum() / size * n / (n - 1)
    plainly = spread * (size - n) / (size * n) if size > n else 0.0
    return variance / plainly if plainly else np.nan
