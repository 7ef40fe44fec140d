"""Stages of a sample: units, sampling fractions, and the contribution of each to a variance.

Särndal, Swensson and Wretman (1992, Model Assisted Survey Sampling, section 4.3); computed as by
svyrecvar in R's survey package.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

LONELY = ("fail", "certainty", "adjust", "average")


@dataclass(frozen=True)
class Stage:
    """One stage of the draw; after the first, its strata are the units of the previous stage.

    unit: code of the sampling unit of each row. of_unit: stratum of each unit. drawn, population:
    units of each stratum in the sample and in the population (inf for draws with replacement).
    share: for each stratum, the product of the sampling fractions of previous stages.
    """

    unit: np.ndarray
    of_unit: np.ndarray
    drawn: np.ndarray
    population: np.ndarray
    share: np.ndarray

    @property
    def fraction(self) -> np.ndarray:
        """Units drawn over units in the population, for each stratum."""
        return self.drawn / self.population

    @property
    def lone(self) -> np.ndarray:
        """Mask of strata with one unit of several, whose variance is unknown."""
        return (self.drawn == 1) & (self.fraction < 1)

    def factor(self) -> np.ndarray:
        """Return the weight of each row at this stage: units in the population over units drawn.

        It is 1 if the population is not known.
        """
        known = np.isfinite(self.population)
        return np.where(known, self.population / self.drawn, 1)[self.of_unit][self.unit]

    def covariance(self, scores: np.ndarray, lonely: str = "fail") -> np.ndarray:
        """Return the contribution of this stage to the covariance of the totals of `scores`.

        scores: rows × estimates. Raises ValueError for a stratum with one unit of several, unless
        `lonely` says how it counts.
        """
        lone = self.lone
        unknown = lone.all() if lonely == "average" else lone.any() if lonely == "fail" else False
        if unknown:
            raise ValueError(
                "a stratum has one cluster of several: join it to another, or set lonely"
            )
        totals = sums(self.unit, scores)
        centred = totals - (sums(self.of_unit, totals) / self.drawn[:, None])[self.of_unit]
        if lonely == "adjust":
            centred = np.where(lone[self.of_unit, None], totals, centred)
        scale = self.share * (1 - self.fraction) * self.drawn / np.maximum(self.drawn - 1, 1)
        spread = (centred * scale[self.of_unit, None]).T @ centred
        return spread * len(lone) / (~lone).sum() if lonely == "average" else spread


def stages_of(
    rows: pd.DataFrame, stratum: np.ndarray, clusters: tuple[str, ...], sizes: tuple[str, ...]
) -> list[Stage]:
    """Return the stages of a draw; the units of each are nested within its strata.

    stratum: code of the first stage's stratum of each row. clusters, sizes: columns, one for each
    stage; empty in clusters for the rows themselves, in sizes for a draw with replacement. Raises
    ValueError for impossible sizes.
    """
    if len(clusters) != len(sizes):
        raise ValueError(
            f"{len(clusters)} stages of clusters, but population sizes of {len(sizes)}"
        )
    known = [rows[name].to_numpy(float) if name else np.full(len(rows), np.inf) for name in sizes]
    fractions = _are_fractions(known)
    stages, share = [], np.ones(len(rows))
    for name, size in zip(clusters, known, strict=True):
        stages.append(_stage(_codes_of(rows, name), stratum, size, share, fractions))
        share = share * stages[-1].fraction[stratum]
        stratum = stages[-1].unit
    return stages


def sums(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the sum of each column of `values` by code."""
    return np.column_stack([np.bincount(codes, column) for column in values.T])


def _codes_of(rows: pd.DataFrame, name: str) -> np.ndarray:
    codes = pd.factorize(rows[name])[0] if name else np.arange(len(rows))
    if (codes < 0).any():
        raise ValueError(f"{name} is blank in {(codes < 0).sum()} rows: which cluster are they of?")
    return codes


def _stage(
    own: np.ndarray, stratum: np.ndarray, size: np.ndarray, share: np.ndarray, fractions: bool
) -> Stage:
    unit, seen = pd.factorize(stratum * (own.max() + 1) + own)
    first = np.empty(len(seen), int)
    first[unit[::-1]] = np.arange(len(unit))[::-1]
    drawn = np.bincount(stratum[first])
    before = np.empty(len(drawn))
    before[stratum] = share
    return Stage(unit, stratum[first], drawn, _population(size, stratum, drawn, fractions), before)


def _are_fractions(sizes: list[np.ndarray]) -> bool:
    """Return whether population sizes are fractions drawn: no value is above 1."""
    given = np.concatenate([size[np.isfinite(size)] for size in sizes])
    if ((given > 0) & (given < 1)).any() and (given > 1).any():
        raise ValueError(
            "population sizes are all counts or all fractions: here some are below 1 and some above"
        )
    return len(given) > 0 and not (given > 1).any()


def _population(
    size: np.ndarray, stratum: np.ndarray, drawn: np.ndarray, fractions: bool
) -> np.ndarray:
    """Return the units of each stratum in the population; inf for draws with replacement."""
    known = np.empty(len(drawn))
    known[stratum] = size
    if (known[stratum] != size).any():
        raise ValueError(
            "a stratum has more than one population size, or a blank one: is it known for all rows?"
        )
    if (known <= 0).any():
        raise ValueError("a population size is not above 0")
    population = np.where(np.isfinite(known), drawn / known, np.inf) if fractions else known
    if (drawn > population * (1 + 1e-12)).any():
        raise ValueError(
            "a stratum has more clusters in the sample than are known in the population"
        )
    return population
