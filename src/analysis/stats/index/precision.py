"""Precision of the index: intervals of scores for the process that generates the communities.

Communities are assigned at random to groups within each county; each group is left out in turn
(delete-a-group jackknife, Kott, 2001, J. Off. Stat. 17:521). Census values have no sampling error;
the intervals are those of the process.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from analysis.stats.confidence import CONFIDENCE
from analysis.stats.index.definition import parts
from analysis.stats.index.scores import HIGH, LOW, scores
from analysis.survey.sealed import opening
from analysis.survey.study import study

GROUPS, SEED = 10, 2020
DEGREES = GROUPS - 1  # degrees of freedom


def intervals(score: pd.Series, error: pd.Series) -> pd.DataFrame:
    """Return value, low, high of a score, and whether the scale truncates the interval (cut).

    Student's interval with the DEGREES of freedom of the jackknife, truncated to the scale of
    scores.
    """
    half = stats.t.ppf((1 + CONFIDENCE) / 2, DEGREES) * error
    low, high = score - half, score + half
    bounds = {"low": low.clip(LOW, HIGH), "high": high.clip(LOW, HIGH)}
    return pd.DataFrame({"value": score, **bounds, "cut": (low < LOW) | (high > HIGH)})


@opening
def standard_errors(tables: dict, frame: pd.DataFrame, district: str, unit: str) -> pd.DataFrame:
    """Return the jackknife standard error of every score: districts × codes.

    tables: clean tables, assigned to groups by their column `unit` (the community). Raises KeyError
    if a table lacks it.
    """
    units = tables[study().frame_table][[district, unit]].drop_duplicates()
    order = np.random.default_rng(SEED).permutation(len(units))
    dealt = units.iloc[order].assign(group=lambda t: t.groupby(district).cumcount() % GROUPS)
    group = dealt.set_index(unit)["group"]
    marked = {name: table.assign(group=table[unit].map(group)) for name, table in tables.items()}
    sums = parts(marked, frame, [district, "group"])
    factor = frame["factor"].dropna()
    left_out = [_values(sums, factor, left, district) for left in range(GROUPS)]
    # with fixed goalposts, scores of rows are independent
    scored = scores(pd.concat(left_out, keys=range(GROUPS)), frame)
    spread = scored.groupby(level=district).var(ddof=0)
    return np.sqrt((GROUPS - 1) * spread)


def _values(
    sums: dict[str, pd.DataFrame], factor: pd.Series, left: str, district: pd.Series
) -> pd.DataFrame:
    top, bottom = (
        sums[part][sums[part].index.get_level_values("group") != left].groupby(district).sum()
        for part in ("numerator", "denominator")
    )
    return (top / bottom.where(bottom > 0)).mul(factor, axis=1)[list(top.columns)]
