"""Shrink unsure district values towards the city: the area-level model of Fay and Herriot (1979).

value_i = x_i'b + u_i + e_i, u ~ N(0, A), e ~ N(0, D_i), D known. A by restricted maximum likelihood; the mean
squared error of Datta and Lahiri (2000), Stat. Sinica 10:613: g1 + g2 + 2 g3. As mseFH of R's package sae.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Shrunk:
    """A fitted model: `areas` has shrunk, mse and weight (on the area's own value) per area."""

    areas: pd.DataFrame
    variance: float
    coefficients: np.ndarray


def fay_herriot(value, variance, covariates=None, tolerance=1e-12, most=500) -> Shrunk:
    """Fit the model by Fisher scoring; with no covariates every area shrinks towards one mean.

    value, variance (D): one per area; variance above 0. covariates: areas × columns, the constant among them.
    A found below 0 is 0: then the areas are alike and each gets the common value. Raises ValueError for a
    variance that is not above 0, or when scoring does not converge.
    """
    y, d = np.asarray(value, float), np.asarray(variance, float)
    if not (d > 0).all():
        raise ValueError("an area has no sampling variance: its value needs no shrinking")
    x = np.ones((len(y), 1)) if covariates is None else np.asarray(covariates, float)
    a = _reml(y, d, x, tolerance, most)
    return _predict(y, d, x, a)


def _reml(y, d, x, tolerance, most) -> float:
    a = float(np.median(d))
    for _ in range(most):
        p, py = _projection(y, d, x, a)
        step = (py @ py - np.trace(p)) / (p * p).sum()  # score over information, the halves cancel
        a, before = max(a + step, 0.0), a
        if abs(a - before) <= tolerance * max(d.max(), a):
            return a
    raise ValueError(f"the variance between areas has not converged after {most} rounds")


def _projection(y, d, x, a):
    inverse = np.diag(1 / (a + d))
    p = inverse - inverse @ x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)
    return p, p @ y


def _predict(y, d, x, a) -> Shrunk:
    v = a + d
    spread = np.linalg.inv(x.T @ (x / v[:, None]))
    b = spread @ (x.T @ (y / v))
    weight = a / v
    own = x @ b
    g1 = weight * d
    g2 = (1 - weight) ** 2 * np.einsum("ij,jk,ik->i", x, spread, x)
    g3 = (1 - weight) ** 2 / v * 2 / (1 / v**2).sum()
    areas = pd.DataFrame({"shrunk": weight * y + (1 - weight) * own, "mse": g1 + g2 + 2 * g3, "weight": weight})
    return Shrunk(areas, a, b)
