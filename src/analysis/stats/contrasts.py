"""Differences between domains of a design-based sample, which are correlated by shared clusters.

Covariances by linearisation (Särndal, Swensson and Wretman, 1992, section 5.7), the design-based t
test, and the chi-square test of Rao and Scott (1984, Annals of Statistics 12:46), second-order
corrected. Equal to svyby(covmat=TRUE) with svycontrast, svyttest and svychisq of R's survey
package. Differences of independent counts and means are in `analysis.stats.difference`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.stats.confidence import CONFIDENCE
from analysis.stats.design import Design, DesignIndex, mean_of, ratio_of

DIFFERENCE = [
    "value",
    "se",
    "df",
    "low",
    "high",
    "t",
    "p",
    "first",
    "second",
    "n_first",
    "n_second",
]


@dataclass(frozen=True)
class Estimates:
    """Estimates of domains, with their covariances (same labels) and numbers of rows."""

    value: pd.Series
    covariance: pd.DataFrame
    n: pd.Series

    def contrast(self, coefficients: dict[str, float]) -> tuple[float, float]:
        """Return a linear combination of the estimates and its standard error, as svycontrast."""
        c = pd.Series(coefficients).reindex(self.value.index).fillna(0).to_numpy(float)
        variance = c @ self.covariance.to_numpy() @ c
        return float(c @ self.value.to_numpy()), float(np.sqrt(max(variance, 0.0)))


def of_domains(
    rows: pd.DataFrame, design: Design, y: str, domains: dict[str, str], under: str = ""
) -> Estimates:
    """Estimate the mean of `y`, or its ratio to `under`, jointly in several domains.

    y, under: columns or pandas expressions. domains: a pandas expression for each label. Raises
    ValueError for a domain without rows.
    """
    layout = DesignIndex(rows, design)
    fit = ratio_of(rows, y, under) if under else mean_of(rows, y)
    inside = {label: rows.eval(where).to_numpy(bool) for label, where in domains.items()}
    if empty := [label for label, rows_inside in inside.items() if not rows_inside.any()]:
        raise ValueError(f"no rows in the domain: {', '.join(empty)}")
    fitted = [fit(layout, domain) for domain in inside.values()]
    covariance = layout.covariance(np.column_stack([score for _, score, _ in fitted]))
    return Estimates(
        pd.Series([value for value, _, _ in fitted], list(domains)),
        pd.DataFrame(covariance, list(domains), list(domains)),
        pd.Series({label: int(domain.sum()) for label, domain in inside.items()}),
    )


def difference(
    rows: pd.DataFrame,
    design: Design,
    y: str,
    first: str,
    second: str,
    under: str = "",
    confidence: float = CONFIDENCE,
) -> pd.Series:
    """Estimate the difference of a mean or ratio between the domains `first` and `second`.

    y: column of the mean; with `under`, the ratio of the totals. first, second: pandas expressions;
    the domains may share clusters and rows. Returns DIFFERENCE: the value (first less second) with
    its standard error and t interval, the t test of no difference, and both estimates. Degrees of
    freedom: clusters less strata that either domain meets, less 1, as svyttest; if none are left,
    interval and p are missing.
    """
    found = of_domains(rows, design, y, {"first": first, "second": second}, under)
    value, se = found.contrast({"first": 1, "second": -1})
    either = rows.eval(f"({first}) | ({second})").to_numpy(bool)
    df = DesignIndex(rows, design).degrees(either) - 1
    half = stats.t.ppf((1 + confidence) / 2, df) * se if df > 0 else np.nan
    t = value / se if se > 0 else np.nan
    p = 2 * stats.t.sf(abs(t), df) if df > 0 else np.nan
    numbers = (value, se, df, value - half, value + half, t, p, *found.value, *found.n)
    return pd.Series(numbers, DIFFERENCE, dtype=float)


def rao_scott(
    rows: pd.DataFrame, design: Design, row: str, column: str, where: str = "", statistic: str = "F"
) -> pd.Series:
    """Test whether two classifications are independent: Pearson's chi-square under the design.

    row, column: columns of classes. where: a domain. statistic: `F`, with second-order correction
    (the default of svychisq), or `Chisq`, with first-order correction. Returns statistic, df1, df2
    (inf for Chisq) and p. Raises ValueError if either classification has only one class.
    """
    layout = DesignIndex(rows, design)
    inside = rows.eval(where).to_numpy(bool) if where else np.ones(len(rows), bool)
    table = _cells(rows, row, column, inside)
    weight = layout.weight * inside
    share = weight @ table.cells / weight.sum()
    scores = weight[:, None] * (table.cells - share) / weight.sum()
    chi2 = _pearson(share, table.shape, int(inside.sum()))
    effects = _generalised_effects(share, layout.covariance(scores), table.shape, int(inside.sum()))
    return _corrected(chi2, effects, layout.degrees(inside), statistic)


@dataclass(frozen=True)
class _Table:
    """A two-way table: indicators of its cells (rows × cells, column by column), and its shape."""

    cells: np.ndarray
    shape: tuple[int, int]


def _cells(rows: pd.DataFrame, row: str, column: str, inside: np.ndarray) -> _Table:
    of_row = pd.Categorical(rows[row].where(inside))
    of_column = pd.Categorical(rows[column].where(inside))
    r, c = len(of_row.categories), len(of_column.categories)
    if r < 2 or c < 2:
        raise ValueError(f"{row if r < 2 else column} has one class alone: nothing to test")
    if ((of_row.codes < 0) | (of_column.codes < 0))[inside].any():
        raise ValueError(f"{row} or {column} is blank in the domain")
    cell = of_column.codes.astype(int) * r + of_row.codes
    return _Table((cell[:, None] == np.arange(r * c)) & inside[:, None], (r, c))


def _pearson(share: np.ndarray, shape: tuple[int, int], n: int) -> float:
    observed = share.reshape(shape[::-1])
    expected = np.outer(observed.sum(1), observed.sum(0))
    return float(n * ((observed - expected) ** 2 / expected).sum())


def _generalised_effects(
    share: np.ndarray, covariance: np.ndarray, shape: tuple[int, int], n: int
) -> np.ndarray:
    """Return the matrix whose eigenvalues are the generalised design effects of interactions."""
    r, c = shape
    by_row, by_column = np.tile(np.eye(r)[:, 1:], (c, 1)), np.repeat(np.eye(c)[:, 1:], r, axis=0)
    main = np.column_stack([np.ones(r * c), by_row, by_column])
    both = np.column_stack([a * b for a in by_row.T for b in by_column.T])
    contrast = both - main @ np.linalg.lstsq(main, both, rcond=None)[0]
    inverse = np.divide(1, share, out=np.zeros_like(share), where=share > 0)
    plain = contrast.T @ (inverse[:, None] * contrast) / n
    scaled = inverse[:, None] * contrast
    return np.linalg.solve(plain, scaled.T @ covariance @ scaled)


def _corrected(chi2: float, effects: np.ndarray, df: int, statistic: str) -> pd.Series:
    trace = np.trace(effects)
    if statistic == "F":
        df1 = trace**2 / np.trace(effects @ effects)
        numbers = (chi2 / trace, df1, df1 * df, stats.f.sf(chi2 / trace, df1, df1 * df))
    elif statistic == "Chisq":
        numbers = (
            chi2,
            len(effects),
            np.inf,
            stats.chi2.sf(chi2 * len(effects) / trace, len(effects)),
        )
    else:
        raise ValueError(f"statistic is F or Chisq, not {statistic}")
    return pd.Series(numbers, ["statistic", "df1", "df2", "p"], dtype=float)
