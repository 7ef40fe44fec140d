"""Random numbers that meet a total exactly, in whole units (persons, 0.01 万元)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def apportion(weights: ArrayLike, total: int, least: int = 0) -> np.ndarray:
    """Split `total` into whole parts in proportion to `weights`, by the largest remainder.

    weights: (n,) numbers >= 0; least: one number or (n,), given to each part beforehand.
    """
    weights = np.asarray(weights, dtype=float)
    least = np.broadcast_to(np.asarray(least, dtype=int), weights.shape)
    rest = int(total - least.sum())
    ideal = weights / weights.sum() * rest
    parts = np.floor(ideal).astype(int)
    largest = np.argsort(parts - ideal, kind="stable")
    parts[largest[: rest - parts.sum()]] += 1
    return parts + least


def pick(rng: np.random.Generator, tendency: ArrayLike, number: int) -> np.ndarray:
    """Choose exactly `number` rows, likelier the higher their `tendency` (log-odds, any constant).

    tendency: (n,) numbers; returns (n,) booleans.
    """
    tendency = np.asarray(tendency, dtype=float)
    order = np.argsort(-(tendency + rng.logistic(size=tendency.size)), kind="stable")
    chosen = np.zeros(tendency.size, dtype=bool)
    chosen[order[:number]] = True
    return chosen


def settle(values: ArrayLike, total: int, low: int, high: int) -> np.ndarray:
    """Move whole `values` by as little as possible, inside low..high, until they sum to `total`."""
    values = np.clip(np.asarray(values, dtype=int), low, high)
    while gap := int(total - values.sum()):
        free = np.flatnonzero(values < high if gap > 0 else values > low)
        even = max(abs(gap) // free.size, 1)
        values[free[: abs(gap)]] += int(np.sign(gap)) * even
        values = np.clip(values, low, high)
    return values


def settle_weighted(values: ArrayLike, weights: ArrayLike, total: int) -> np.ndarray:
    """Move whole `values` by at most 3 each until sum(weights * values) is `total`.

    values, weights: (n,) integers; raises KeyError when no such move exists.
    """
    gap = int(total - np.dot(weights, values))
    moves = {0: ()}
    for weight in weights:
        # Small steps first: the first way to reach a sum is kept.
        moves = {
            reached + step * int(weight): (*way, step)
            for step in (3, -3, 2, -2, 1, -1, 0)
            for reached, way in moves.items()
        }
    return np.asarray(values, dtype=int) + np.array(moves[gap])
