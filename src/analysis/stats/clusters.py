"""Tests of districts with clustered rows, such as workers within communities.

Rao and Scott (1981, J. Am. Stat. Assoc. 76:221; 1984, Ann. Stat. 12:46): the usual statistic over
its mean under the design, with communities as clusters and districts as strata, and Satterthwaite's
degrees of freedom. Equal to regTermTest(svyglm(y ~ district), ~district, method = "WorkingWald",
lrt.approximation = "satterthwaite") of R's survey package.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from analysis.survey.sealed import Sealed, opened


@dataclass(frozen=True)
class ClusterEffect:
    """Effect of clustering on a comparison of districts.

    deff: mean design effect of the differences between districts; statistic: F of the test that all
    districts have one value, on df and df_error degrees of freedom, with its p; values: (district,
    mean of its rows), sealed where the rows were.
    """

    deff: float
    statistic: float
    df: float
    df_error: float
    p: float
    values: tuple[tuple[str, float], ...] | Sealed


def cluster_effect(
    rows: pd.DataFrame | Sealed, value: str, district: str, cluster: str
) -> ClusterEffect:
    """Test whether districts have one mean of `value` when rows of one cluster are alike.

    rows: one row for each person, with columns `district` and `cluster` (clusters lie within
    districts). value: a pandas expression, numeric or a condition (1 if true). Raises ValueError
    for a district with one cluster.
    """
    effect = _effect(opened(rows), value, district, cluster)
    sealed = isinstance(rows, Sealed)
    return replace(effect, values=Sealed(effect.values, "values")) if sealed else effect


def _effect(rows: pd.DataFrame, value: str, district: str, cluster: str) -> ClusterEffect:
    means = district_means(rows, value, district, cluster)
    if lone := list(means.index[means["clusters"] < 2]):
        raise ValueError(
            f"one cluster of {cluster} in {', '.join(lone)}: there is no variance between clusters"
        )
    n, mean, variance = (means[name].to_numpy(float) for name in ("n", "mean", "variance"))
    centre = n @ mean / n.sum()
    projected = (np.diag(n) - np.outer(n, n) / n.sum()) * variance
    trace, square = np.trace(projected), np.trace(projected @ projected)
    free, clusters = len(n) - 1, means["clusters"].sum()
    values = tuple(means["mean"].items())
    df_error = float(clusters - len(n) - free)
    if not trace > 0:  # the clusters of each district are equal: no variance to test with
        return ClusterEffect(1.0, 0.0, float(free), df_error, 1.0, values)
    statistic, df = float(n @ (mean - centre) ** 2 / trace), float(trace**2 / square)
    deff = float(trace / free / means.attrs["within"])
    return ClusterEffect(
        deff, statistic, df, df_error, float(stats.f.sf(statistic, df, df_error)), values
    )


def district_means(rows: pd.DataFrame, value: str, district: str, cluster: str) -> pd.DataFrame:
    """Return n, clusters, mean and linearised variance of the mean by district.

    `attrs["within"]` is the variance of one row.
    """
    frame = pd.DataFrame({"district": rows[district], "cluster": rows[cluster]})
    frame["y"] = rows.eval(value).astype(float)
    means = frame.groupby("district")["y"].agg(n="size", mean="mean")
    frame["residual"] = frame["y"] - frame["district"].map(means["mean"])
    totals = frame.groupby(["district", "cluster"])["residual"].sum()
    clusters = totals.groupby(level="district").size()
    squares = (totals**2).groupby(level="district").sum()
    variance = squares * clusters / (clusters - 1).where(clusters > 1) / means["n"] ** 2
    means = means.assign(clusters=clusters, variance=variance)
    means.attrs["within"] = float((frame["residual"] ** 2).sum() / (len(frame) - len(means)))
    return means
