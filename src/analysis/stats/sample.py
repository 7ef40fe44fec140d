"""Estimates from the phone sample of village-turned communities: counties are strata, communities clusters."""

from __future__ import annotations

import pandas as pd

from analysis.stats import design
from analysis.stats.design import Design
from analysis.stats.record import as_estimates, record
from analysis.survey.citation import cite
from analysis.survey.codebook import CITY

PHONE = Design(strata="county_code", clusters="community_code", fpc="in_frame")


def sample_mean(
    rows: pd.DataFrame, column: str, indicator: str, frame: pd.DataFrame, where: str = ""
) -> pd.DataFrame:
    """Estimate a mean of the city's village-turned communities from the phone sample, with a t interval.

    rows hold county_code (stratum) and community_code (cluster); frame lists every community that could be
    drawn; where picks the domain. One row: the counties' samples are too small to publish.
    """
    fitted = design.mean(_with_size(rows, frame), PHONE, column, where).iloc[0]
    return _row(rows, frame, indicator, fitted, 1, f"mean({column})", where)


def sample_share(
    rows: pd.DataFrame, condition: str, indicator: str, frame: pd.DataFrame, where: str = ""
) -> pd.DataFrame:
    """Estimate a percentage from the phone sample; the t interval is taken on the logit scale.

    As sample_mean. A share of 0 or 100 % has no interval here.
    """
    fitted = design.share(_with_size(rows, frame), PHONE, condition, where).iloc[0]
    return _row(rows, frame, indicator, fitted, 100, f"100 × share({condition})", where)


def _with_size(rows: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    size = frame.groupby("county_code")["community_code"].nunique()
    return rows.assign(in_frame=rows["county_code"].map(size))


def _row(rows, frame, indicator, fitted, scale, what, where) -> pd.DataFrame:
    """Describe what was fitted; the rows of the domain are cited, and the frame, whose sizes give the weights."""
    numbers = (scale * fitted["value"], scale * fitted["low"], scale * fitted["high"], int(fitted["n"]))
    how = f"design-based {what} [{where}]" if where else f"design-based {what}"
    domain = rows.query(where) if where else rows
    cited = "; ".join(cite(part) for part in (domain, frame) if "workbook" in part)
    return as_estimates([record(indicator, CITY, rows, numbers, how, "sample", cited)])
