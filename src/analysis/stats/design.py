"""Estimates from a sample drawn by design: strata, clusters, weights and finite population correction.

The ratio mean sum(w·y) / sum(w) with its linearised variance, as in Särndal, Swensson and Wretman (1992),
Model Assisted Survey Sampling, sections 5.5 to 5.7; equal to svymean of R's survey package.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from analysis.stats.estimates import CONFIDENCE, as_estimates, record
from analysis.survey.codebook import CITY


def design_mean(
    y: np.ndarray,
    stratum: np.ndarray,
    cluster: np.ndarray,
    size: pd.Series,
    domain: np.ndarray | None = None,
) -> tuple[float, float, int]:
    """Estimate a mean from one-stage clusters drawn at random within strata.

    y, stratum, cluster: arrays of one value per respondent; every respondent of a drawn cluster counts alike.
    size: clusters in the population by stratum, for the weights N/n and the correction 1 − n/N.
    domain: booleans; respondents outside it count nothing (a blank y neither), but all strata and clusters
    stay in the variance. The degrees of freedom, clusters − strata, count only those with somebody in the
    domain, as in R's degf: counting all, simulated 95 % intervals of a domain met in a third of the clusters
    cover the truth in 92 %; counting these, in 95 %.
    Returns (mean, standard error, degrees of freedom).
    Raises ValueError for a stratum with one cluster of several (its variance cannot be estimated), of
    unknown size, or with more clusters than its size.
    """
    frame = pd.DataFrame({"y": np.asarray(y, float), "stratum": stratum, "cluster": cluster})
    inside = np.ones(len(frame), bool) if domain is None else np.asarray(domain, bool)
    frame["y"] = frame["y"].where(inside, 0)
    drawn = frame.groupby("stratum")["cluster"].nunique()
    population = size.reindex(drawn.index)
    if not (drawn <= population).all():
        raise ValueError("a stratum has more clusters in the sample than are known in the population")
    if ((drawn == 1) & (population > 1)).any():
        raise ValueError("a stratum has one cluster of several: join it to another")
    weight = frame["stratum"].map(population / drawn) * inside
    average = float(np.average(frame["y"], weights=weight))
    score = weight * (frame["y"] - average) / weight.sum()
    totals = score.groupby([frame["stratum"], frame["cluster"]]).sum()
    spread = totals.groupby("stratum").var(ddof=1).fillna(0)
    variance = (drawn * (1 - drawn / population) * spread).sum()
    met = frame[inside].groupby("stratum")["cluster"].nunique()
    return average, float(np.sqrt(variance)), int(met.sum() - len(met))


def sample_mean(
    rows: pd.DataFrame, column: str, indicator: str, frame: pd.DataFrame, where: str = ""
) -> pd.DataFrame:
    """Estimate a mean of the city's village-turned communities from the phone sample, with a t interval.

    rows hold county_code (stratum) and community_code (cluster); frame lists every community that could be
    drawn; where picks the domain. One row: the counties' samples are too small to publish.
    """
    average, error, df, n = _fit(rows, rows[column], frame, where)
    half = stats.t.ppf((1 + CONFIDENCE) / 2, df) * error
    numbers = (average, average - half, average + half, n)
    how = _how(f"mean({column})", where)
    return as_estimates([record(indicator, CITY, rows, numbers, how, "sample")])


def sample_share(
    rows: pd.DataFrame, condition: str, indicator: str, frame: pd.DataFrame, where: str = ""
) -> pd.DataFrame:
    """Estimate a percentage from the phone sample; the t interval is taken on the logit scale.

    As sample_mean. A share of 0 or 100 % has no interval here.
    """
    p, error, df, n = _fit(rows, rows.eval(condition), frame, where)
    low = high = np.nan
    if 0 < p < 1:
        half = stats.t.ppf((1 + CONFIDENCE) / 2, df) * error / (p * (1 - p))
        low, high = 100 / (1 + np.exp(-(np.log(p / (1 - p)) + np.array([-half, half]))))
    numbers = (100 * p, low, high, n)
    how = _how(f"100 × share({condition})", where)
    return as_estimates([record(indicator, CITY, rows, numbers, how, "sample")])


def _how(what: str, where: str) -> str:
    return f"design-based {what} [{where}]" if where else f"design-based {what}"


def _fit(rows, y, frame, where):
    inside = rows.eval(where).to_numpy() if where else np.ones(len(rows), bool)
    size = frame.groupby("county_code")["community_code"].nunique()
    strata, clusters = rows["county_code"].to_numpy(), rows["community_code"].to_numpy()
    fitted = design_mean(y.to_numpy(float), strata, clusters, size, inside)
    return *fitted, int(inside.sum())
