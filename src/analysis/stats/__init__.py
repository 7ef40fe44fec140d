"""Estimates: clean tables in, one row per number out."""

from analysis.stats.estimates import change, count, distinct, mean, ratio, share, total
from analysis.stats.sample import sample_mean, sample_share

__all__ = [
    "change",
    "count",
    "distinct",
    "mean",
    "ratio",
    "sample_mean",
    "sample_share",
    "share",
    "total",
]
