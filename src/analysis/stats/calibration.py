"""Calibrate the weights of a sample to known totals: post-stratification and raking.

Deville and Särndal (1992), J. Am. Stat. Assoc. 87:376; Deming and Stephan (1940), Ann. Math. Stat.
11:427. The returned design records its margins, which standard errors then take into account. Equal
to R's postStratify and rake.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.stats.design import Design, DesignIndex

CALIBRATED = "calibrated_weight"


def poststratify(
    rows: pd.DataFrame, design: Design, by: str, totals: pd.Series
) -> tuple[pd.DataFrame, Design]:
    """Scale the weights so that each class of column `by` has its known total.

    totals: population by class. Returns the rows with the new weights, and the design that uses
    them. Raises ValueError for a class without a total or a total without rows.
    """
    _check(rows, by, totals)
    weight = DesignIndex(rows, design).weight
    scaled = weight * _factor(rows[by], weight, totals)
    calibrated = rows.assign(**{CALIBRATED: scaled, "base_weight": weight})
    return calibrated, replace(design, weights=CALIBRATED, margins=(by,), base="base_weight")


def rake(
    rows: pd.DataFrame,
    design: Design,
    totals: dict[str, pd.Series],
    tolerance: float = 1e-12,
    most: int = 1000,
) -> tuple[pd.DataFrame, Design]:
    """Scale the weights to several margins in turn until all hold; see `poststratify`.

    totals: for each column the population by class. Raises ValueError if the margins do not sum to
    the same population, or if they do not converge in `most` rounds.
    """
    sizes = [known.sum() for known in totals.values()]
    if not np.allclose(sizes, sizes[0], rtol=1e-9):
        raise ValueError(f"the margins add up to different populations: {sizes}")
    for column, known in totals.items():
        _check(rows, column, known)
    base = DesignIndex(rows, design).weight
    weight = base.copy()
    for _ in range(most):
        before = weight
        for column, known in totals.items():
            weight = weight * _factor(rows[column], weight, known)
        if np.abs(weight / before - 1).max() < tolerance:
            break
    else:
        raise ValueError(
            f"raking has not converged after {most} rounds: are classes empty together?"
        )
    calibrated = rows.assign(**{CALIBRATED: weight, "base_weight": base})
    return calibrated, replace(
        design, weights=CALIBRATED, margins=tuple(totals), base="base_weight"
    )


def _factor(classes: pd.Series, weight: np.ndarray, totals: pd.Series) -> np.ndarray:
    now = pd.Series(weight, classes.index).groupby(classes).sum()
    return classes.map(totals / now).to_numpy(float)


def _check(rows: pd.DataFrame, column: str, totals: pd.Series) -> None:
    missing = set(rows[column]) ^ set(totals.index)
    if missing:
        raise ValueError(
            f"{column}: classes without rows or without a known total: {sorted(missing)}"
        )
