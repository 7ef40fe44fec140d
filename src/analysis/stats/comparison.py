"""Compare districts: first whether they differ at all."""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_chisquare

from analysis.survey.codebook import CITY
from analysis.survey.repository import reference

VERDICTS = {True: "各地不全相同", False: "分不出高低，不排名次"}


def homogeneity(estimates: pd.DataFrame, shares: list[str]) -> pd.DataFrame:
    """Test for each share whether the counties could have one common value.

    estimates: rows of the counties with value (%) and n. Returns one row a share: indicator, zh, lowest,
    highest, chi2, p (adjusted by Holm, 1979, over the shares), verdict.
    Pearson's chi-square; a difference says that not all are alike, never who leads.
    """
    titles = reference("measures").set_index("indicator")["zh"]
    counties = estimates[estimates["district"] != CITY]
    rows = []
    for indicator in shares:
        part = counties[counties["indicator"] == indicator]
        n = part["n"].to_numpy(float)
        k = np.rint(part["value"].to_numpy() * n / 100)
        alike = k.sum() in (0, n.sum())  # 0 or 100 % everywhere: Pearson's 0/0
        chi2, p = (0.0, 1.0) if alike else proportions_chisquare(k, n)[:2]
        low, high = part["value"].min().round(1), part["value"].max().round(1)
        rows.append((indicator, titles[indicator], low, high, round(chi2, 1), p))
    frame = pd.DataFrame(rows, columns=["indicator", "zh", "lowest", "highest", "chi2", "p"])
    frame["p"] = multipletests(frame["p"], method="holm")[1].round(6)
    return frame.assign(verdict=[VERDICTS[bool(p < 0.05)] for p in frame["p"]])


def p_text(p: float) -> str:
    """Print a p value with four decimals, and a small one as `<0.001`."""
    return "<0.001" if p < 0.001 else f"{p:.4f}"
