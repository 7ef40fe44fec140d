"""Linear model of workers that compares counties with equal characteristics of their workers.

Standard errors are clustered on the community (Liang and Zeger, 1986, with the correction G/(G−1) ·
(N−1)/(N−K)), as vcovCL(type = "HC1") of R's sandwich. They are not clustered on the county, since
nine clusters are too few.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse, stats

from analysis.stats.confidence import CONFIDENCE
from analysis.stats.difference import holm
from analysis.survey.sealed import Sealed, opened, sealing

MIN_CLUSTERS = 30  # with fewer, clustered errors are too small (Cameron and Miller, 2015)


@sealing
def with_years(rows: pd.DataFrame, since: str, until: str) -> pd.DataFrame:
    """Return a table with a column `years`, from the date in column `since` to the day `until`."""
    return rows.assign(years=(pd.Timestamp(until) - rows[since]).dt.days / 365.25)


def worker_model(
    rows: pd.DataFrame | Sealed,
    outcome: str,
    district: str,
    cluster: str,
    controls: tuple[str, ...] = (),
) -> tuple[pd.DataFrame | Sealed, dict]:
    """Return a regression of `outcome` on district and controls, with a joint test of districts.

    Controls that are text are treated as categories. Each district is compared with the mean of all
    rows (weighted deviation coding), not with a reference district. The table has one row per
    district: district, value (difference from the mean of all), se, low, high, p, p_holm (over the
    districts); it is sealed if the rows are, until `comparison.as_published` rounds it. The joint
    test has f, df, df_residual, p, clusters, n. Raises ValueError for fewer clusters than
    MIN_CLUSTERS.
    """
    model, joint = _fitted(opened(rows), outcome, district, cluster, controls)
    return Sealed(model, "worker_model") if isinstance(rows, Sealed) else model, joint


def _fitted(
    rows: pd.DataFrame, outcome: str, district: str, cluster: str, controls: tuple[str, ...]
) -> tuple[pd.DataFrame, dict]:
    groups, clusters = _classes(rows[cluster])
    if len(clusters) < MIN_CLUSTERS:
        few = f"{len(clusters)} clusters of {cluster}"
        raise ValueError(f"{few} are too few for clustered errors: {MIN_CLUSTERS} are needed")
    districts, codes = _classes(rows[district])
    x = sparse.hstack([districts, sparse.csr_array(_controls(rows, controls))], format="csr")
    params, covariance = _clustered(rows[outcome].to_numpy(float), x, groups)
    size, own = districts.mean(axis=0), slice(len(codes))
    value, covariance = params[own] - size @ params[own], covariance[own, own]
    across = covariance @ size  # covariance of each district with the mean of all
    covariance = covariance - across - across[:, None] + size @ across
    return _rows(codes, value, covariance, len(clusters)), _joint(
        value, covariance, len(clusters), len(rows)
    )


def _clustered(
    y: np.ndarray, x: sparse.csr_array, groups: sparse.csr_array
) -> tuple[np.ndarray, np.ndarray]:
    """Fit by least squares; returns coefficients and covariance, clustered on `groups`.

    The matrix is sparse; the dense one of statsmodels exceeds a gigabyte for the workers of 900
    counties.
    """
    n, k, clusters = *x.shape, groups.shape[1]
    inverse = np.linalg.pinv((x.T @ x).toarray(), hermitian=True)
    params = inverse @ (x.T @ y)
    scores = groups.T @ x.multiply((y - x @ params)[:, None])
    scale = clusters / (clusters - 1) * (n - 1) / (n - k)
    return params, scale * inverse @ (scores.T @ scores).toarray() @ inverse


def _classes(values: pd.Series) -> tuple[sparse.csr_array, list]:
    """Return an indicator matrix, rows × classes, and the classes in order."""
    which, classes = pd.factorize(values, sort=True)
    ones = np.ones(len(which))
    return sparse.csr_array(
        (ones, (np.arange(len(which)), which)), (len(which), len(classes))
    ), list(classes)


def _controls(rows: pd.DataFrame, controls: Sequence[str]) -> pd.DataFrame:
    """Centre the controls, so that a district's coefficient is its value at the mean of all."""
    if not controls:
        return pd.DataFrame(index=rows.index)
    wide = pd.get_dummies(rows[list(controls)], drop_first=True, dtype=float)
    return wide - wide.mean()


def _rows(
    codes: list[str], value: np.ndarray, covariance: np.ndarray, clusters: int
) -> pd.DataFrame:
    se = np.sqrt(np.diag(covariance))
    half = stats.t.ppf((1 + CONFIDENCE) / 2, clusters - 1) * se
    p = 2 * stats.t.sf(np.abs(value / se), clusters - 1)
    columns = {
        "district": codes,
        "value": value,
        "se": se,
        "low": value - half,
        "high": value + half,
        "p": p,
    }
    return pd.DataFrame(columns).assign(p_holm=holm(p))


def _joint(value: np.ndarray, covariance: np.ndarray, clusters: int, n: int) -> dict:
    free = len(value) - 1  # the deviations sum to zero
    f = float(value[:free] @ np.linalg.solve(covariance[:free, :free], value[:free]) / free)
    p = float(stats.f.sf(f, free, clusters - 1))
    return {
        "f": f,
        "df": free,
        "df_residual": int(clusters - 1),
        "p": p,
        "clusters": int(clusters),
        "n": n,
    }
