"""Shrink imprecise district values towards the city: area-level model of Fay and Herriot (1979).

value_i = x_i'b + u_i + e_i, u ~ N(0, A), e ~ N(0, D_i), D known. A by restricted maximum
likelihood; the mean squared error of Datta and Lahiri (2000), Stat. Sinica 10:613: g1 + g2 + 2 g3.
As mseFH of R's package sae.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize

GRID = 60  # steps of the grid on which the slope of the likelihood is evaluated


@dataclass(frozen=True)
class Shrunk:
    """A fitted model: `areas` has shrunk, mse and weight (of the area's own value) per area."""

    areas: pd.DataFrame
    variance: float
    coefficients: np.ndarray


def fay_herriot(
    value: ArrayLike, variance: ArrayLike, covariates: ArrayLike | None = None
) -> Shrunk:
    """Fit the model by restricted maximum likelihood.

    value, variance (D): one per area; variance above 0. covariates: areas × columns, including the
    constant; without any, every area shrinks towards one mean. If the best A is 0 the areas are
    equal and each gets the common value. Raises ValueError for a variance that is not above 0.
    """
    y, d = np.asarray(value, float), np.asarray(variance, float)
    if not (d > 0).all():
        raise ValueError("an area has no sampling variance: its value needs no shrinking")
    x = np.ones((len(y), 1)) if covariates is None else np.asarray(covariates, float)
    return _predict(y, d, x, _reml(y, d, x))


def _reml(y: np.ndarray, d: np.ndarray, x: np.ndarray) -> float:
    """Return the best A: 0, or the best of the maxima of the restricted likelihood.

    Scoring may not converge and there may be several maxima, so all sign changes of the slope are
    tried on a grid, up to a value above which the slope is negative.
    """
    free = len(y) - x.shape[1]
    if free < 1:
        return 0.0
    squares = ((y - x @ np.linalg.lstsq(x, y, rcond=None)[0]) ** 2).sum()
    top = 2 * squares / free + d.max()
    grid = np.concatenate([[0.0], np.geomspace(min(d.min(), top) * 1e-6, top, GRID)])
    slopes = np.array([_likelihood(a, y, d, x)[1] for a in grid])
    turns = np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0))
    tops = [
        optimize.brentq(
            lambda a: _likelihood(a, y, d, x)[1], grid[i], grid[i + 1], xtol=1e-300, rtol=1e-13
        )
        for i in turns
    ]
    return float(max([0.0, *tops], key=lambda a: _likelihood(a, y, d, x)[0]))


def _likelihood(a: float, y: np.ndarray, d: np.ndarray, x: np.ndarray) -> tuple[float, float]:
    """Return twice the restricted log likelihood at A, without its constant, and its slope."""
    weight = 1 / (a + d)
    weighted = x * weight[:, None]
    inner = x.T @ weighted
    residual = y - x @ np.linalg.solve(inner, weighted.T @ y)
    value = np.log(weight).sum() - np.linalg.slogdet(inner)[1] - (weight * residual**2).sum()
    slope = ((weight * residual) ** 2).sum() - weight.sum()
    return value, slope + np.trace(np.linalg.solve(inner, weighted.T @ weighted))


def _predict(y: np.ndarray, d: np.ndarray, x: np.ndarray, a: float) -> Shrunk:
    v = a + d
    spread = np.linalg.inv(x.T @ (x / v[:, None]))
    b = spread @ (x.T @ (y / v))
    weight = a / v
    own = x @ b
    g1 = weight * d
    g2 = (1 - weight) ** 2 * np.einsum("ij,jk,ik->i", x, spread, x)
    g3 = (1 - weight) ** 2 / v * 2 / (1 / v**2).sum()
    areas = pd.DataFrame(
        {"shrunk": weight * y + (1 - weight) * own, "mse": g1 + g2 + 2 * g3, "weight": weight}
    )
    return Shrunk(areas, a, b)
