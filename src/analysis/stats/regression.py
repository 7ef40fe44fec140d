"""Is a county different once its workers are compared like with like? A worker-level linear model.

Standard errors are clustered on the community (Liang and Zeger, 1986, with the correction G/(G−1) ·
(N−1)/(N−K)), as vcovCL(type = "HC1") of R's sandwich. Never on the county: nine clusters are too few.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.regression.linear_model import OLS

from analysis.stats.confidence import CONFIDENCE

FEWEST = 30  # clusters below this make clustered errors too small (Cameron and Miller, 2015)


def worker_model(
    rows: pd.DataFrame, outcome: str, district: str, cluster: str, controls: tuple[str, ...] = ()
) -> tuple[pd.DataFrame, dict]:
    """Regress `outcome` on district, with controls (text becomes classes), and test the districts together.

    Districts are set against the mean of all rows (weighted deviation coding), not against one of their own.
    Returns one row per district: district, value (difference from the mean of all), se, low, high, p; and
    the joint test: f, df, df_residual, p, clusters, n. Raises ValueError for fewer clusters than FEWEST.
    """
    groups = pd.factorize(rows[cluster])[0]
    clusters = groups.max() + 1
    if clusters < FEWEST:
        raise ValueError(f"{clusters} clusters of {cluster} are too few for clustered errors: {FEWEST} are needed")
    codes = sorted(rows[district].unique())
    dummies = pd.DataFrame({code: (rows[district] == code).astype(float) for code in codes})
    x = pd.concat([dummies, _controls(rows, controls)], axis=1).to_numpy(float)
    fitted = OLS(rows[outcome].to_numpy(float), x).fit(cov_type="cluster", cov_kwds={"groups": groups})
    size = dummies.mean().to_numpy()
    contrast = np.zeros((len(codes), x.shape[1]))
    contrast[:, : len(codes)] = np.eye(len(codes)) - size
    value, covariance = contrast @ fitted.params, contrast @ fitted.cov_params() @ contrast.T
    return _rows(codes, value, covariance, clusters), _joint(value, covariance, clusters, len(rows))


def _controls(rows, controls) -> pd.DataFrame:
    """Centre the controls, so that each district's coefficient is its value at the mean of all."""
    if not controls:
        return pd.DataFrame(index=rows.index)
    wide = pd.get_dummies(rows[list(controls)], drop_first=True, dtype=float)
    return wide - wide.mean()


def _rows(codes, value, covariance, clusters) -> pd.DataFrame:
    se = np.sqrt(np.diag(covariance))
    half = stats.t.ppf((1 + CONFIDENCE) / 2, clusters - 1) * se
    p = 2 * stats.t.sf(np.abs(value / se), clusters - 1)
    columns = {"district": codes, "value": value, "se": se, "low": value - half, "high": value + half, "p": p}
    return pd.DataFrame(columns)


def _joint(value, covariance, clusters, n) -> dict:
    free = len(value) - 1  # the deviations add up to nought
    f = float(value[:free] @ np.linalg.solve(covariance[:free, :free], value[:free]) / free)
    p = float(stats.f.sf(f, free, clusters - 1))
    return {"f": f, "df": free, "df_residual": int(clusters - 1), "p": p, "clusters": int(clusters), "n": n}
