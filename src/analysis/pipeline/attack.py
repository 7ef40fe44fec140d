"""Disclosure attack: derive unpublished numbers of people from a published edition.

The range of every unpublished count of people is computed by integer programming from all that is
published (`narrowed`). Counts that are published outright and means with too many digits are
listed. From two editions, the pay of people who joined or left in between is bounded (`movers`).
Like a reader, the attack knows from `people.csv` which numbers concern people and how they are
computed. It uses nothing of the disclosure control (`stats.disclosure`), so that it finds faults
there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from analysis.pipeline.harvest import Cell, Known, harvest
from analysis.survey.reference import reference
from analysis.survey.study import study

FEW, WIDTH, MOVER = 10, 10, 0.1  # people; width of the range of a count; share of a pay
LARGEST = 20_000  # upper bound of a count by district
PAY = (0.5, 50.0)  # range of the question, 万元 per year
OFF = 0.02  # tolerated distance of a mark from the printed value, in units of the value
MANY = 300  # unpublished cells that are tried; if there are more, a sample of this size
SHARE = re.compile(r"\w+: 100 × count\(.+\) / count\(rows\)$")
GROWTH = re.compile(r"estimates: 100 × \((\w+) − (\w+)\) / \2$")
TERM = re.compile(r"([+-]?)\s*(\w+)")
MARK = re.compile(r'<path d="M[\d.]+ [\d.]+H([\d.]+)"[^>]*data-area="(\w+)"')


class ContradictionError(ValueError):
    """Raised if no counts agree with all that is published, so that no range can be computed."""


@dataclass(frozen=True)
class Model:
    """What every reader knows of the counts by district: sums, parts and ratios.

    identities: terms (sign, indicator) that add up to zero; parts: (part, whole); shares: by
    indicator 100 × part / whole; growths: by indicator 100 × (after − before) / before; assessed:
    counts for which none or all discloses the answer of each person.
    """

    counts: tuple[str, ...]
    identities: tuple[tuple[tuple[int, str], ...], ...] = ()
    parts: dict[str, str] = field(default_factory=dict)
    shares: dict[str, tuple[str, str]] = field(default_factory=dict)
    growths: dict[str, tuple[str, str]] = field(default_factory=dict)
    assessed: frozenset[str] = frozenset()
    shown: frozenset[Cell] = frozenset()  # exceptions, which are published on purpose
    means: dict[str, str] = field(default_factory=dict)  # count of people behind each mean


def model_of(estimates: Path) -> Model:
    """Return the model of a study, from `people.csv` and the formulas in an edition's estimates."""
    people = reference("people").set_index("indicator")
    of_city = pd.read_csv(estimates, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    how = of_city[of_city["district"] == study().city].set_index("indicator")["how"]
    cells = people[people["kind"].isin(["count", "sum", "derived_count"])]
    derived = people[(people["kind"] == "derived") & people.index.isin(how.index)]
    pairs = {name: (*of.split(), "", "")[:2] for name, of in derived["of"].items()}
    growths = {name: found.group(1, 2) for name in pairs if (found := GROWTH.match(how[name]))}
    equations = cells.loc[cells["equals"] != "", "equals"]
    exceptions = cells["exceptions"].str.split().explode().dropna()
    return Model(
        tuple(cells.index),
        tuple(((-1, name), *signed(equation)) for name, equation in equations.items()),
        cells.loc[cells["within"].isin(cells.index), "within"].to_dict(),
        {name: pair for name, pair in pairs.items() if pair[1] and SHARE.match(how[name])},
        {name: pair for name, pair in growths.items() if set(pair) <= set(cells.index)},
        frozenset(cells.index[cells["assessment"] == "yes"]),
        frozenset(exceptions.items()),
        people.loc[people["kind"] == "mean", "of"].to_dict(),
    )


def signed(equation: str) -> tuple[tuple[int, str], ...]:
    """Return the terms (sign, indicator) of a sum such as `workers_total - hired_since_2018`."""
    return tuple((-1 if sign == "-" else 1, name) for sign, name in TERM.findall(equation))


class System:
    """Integer counts by district, with all that is known of them as linear conditions."""

    def __init__(self, known: Known, model: Model) -> None:
        self.codes = sorted(code for code in set(known.places.values()) if code != study().city)
        cells = [(name, code) for name in model.counts for code in self.codes]
        self.at = {cell: i for i, cell in enumerate(cells)}
        self.low, self.high = np.zeros(len(cells)), np.full(len(cells), float(LARGEST))
        self.rows: list[dict[int, float]] = []
        self.lows: list[float] = []
        self.highs: list[float] = []
        for cell, i in self.at.items():
            if cell in known.facts:
                low, high = known.facts[cell]
                self.low[i], self.high[i] = max(np.ceil(low - 1e-6), 0), np.floor(high + 1e-6)
        for name in model.counts:
            if (name, study().city) in known.facts:
                low, high = known.facts[name, study().city]
                self.add({(name, code): 1.0 for code in self.codes}, low, high)
        for code in self.codes:
            self._add_district(code, known, model)

    def _add_district(self, code: str, known: Known, model: Model) -> None:
        for identity in model.identities:
            self.add({(name, code): float(sign) for sign, name in identity}, 0, 0)
        for part, whole in model.parts.items():
            self.add({(whole, code): 1.0, (part, code): -1.0}, 0, np.inf)
        for share, (part, whole) in model.shares.items():
            self._add_ratio(known.facts.get((share, code)), (part, code), (whole, code), 0)
        for growth, (after, before) in model.growths.items():
            self._add_ratio(known.facts.get((growth, code)), (after, code), (before, code), 100)

    def _add_ratio(
        self, span: tuple[float, float] | None, part: Cell, whole: Cell, base: float
    ) -> None:
        """Add the condition that 100 × part / whole − base lies in an interval."""
        if span:
            self.add({part: 100.0, whole: -(base + span[0])}, 0, np.inf)
            self.add({part: 100.0, whole: -(base + span[1])}, -np.inf, 0)

    def add(self, terms: dict[Cell, float], low: float, high: float) -> None:
        """Add the condition that a linear combination of cells lies in an interval.

        terms: factors by cell.
        """
        self.rows.append({self.at[cell]: factor for cell, factor in terms.items()})
        self.lows.append(low - 1e-6)
        self.highs.append(high + 1e-6)

    @property
    def hidden(self) -> list[Cell]:
        """Return the counts by district that are not published."""
        return [cell for cell, i in self.at.items() if self.low[i] < self.high[i]]

    @cached_property
    def conditions(self) -> LinearConstraint:
        """Return all conditions as a matrix."""
        matrix = np.zeros((len(self.rows), len(self.at)))
        for i, row in enumerate(self.rows):
            matrix[i, list(row)] = list(row.values())
        return LinearConstraint(matrix, self.lows, self.highs)

    def ends(self, cell: Cell) -> tuple[float, float]:
        """Return the smallest and the largest possible value of a cell.

        Raises ContradictionError if the published numbers contradict each other.
        """
        found = []
        for sign in (1, -1):
            cost = np.zeros(len(self.at))
            cost[self.at[cell]] = sign
            within = Bounds(self.low, self.high)
            done = milp(cost, constraints=self.conditions, bounds=within, integrality=1)
            if not done.success:
                raise ContradictionError(f"what is published contradicts itself: {done.message}")
            found.append(sign * done.fun)
        return found[0], found[1]


def narrowed(
    known: Known, model: Model, cells: Collection[Cell] | None = None, most: int | None = None
) -> dict[Cell, tuple[float, float]]:
    """Return the range of possible values of each unpublished count, or of those among `cells`.

    most: if there are more counts, a fixed random sample of this size is tried. Raises
    ContradictionError if the published numbers contradict each other.
    """
    system = System(known, model)
    wanted = [cell for cell in system.hidden if cells is None or cell in cells]
    if most is not None and len(wanted) > most:
        picked = np.random.default_rng(len(wanted)).choice(len(wanted), most, replace=False)
        wanted = [wanted[i] for i in sorted(picked)]
    return {cell: system.ends(cell) for cell in wanted}


def told(known: Known, model: Model) -> dict[Cell, tuple[float, float]]:
    """Return the small counts by district that are published outright."""
    return {
        cell: span
        for cell, span in known.facts.items()
        if cell[0] in model.counts
        and cell[1] != study().city
        and cell not in model.shown
        and span[0] == span[1]
        and is_small(known, model, cell, span[0])
    }


def is_small(known: Known, model: Model, cell: Cell, count: float) -> bool:
    """Return whether a count, or the rest of its whole, concerns fewer than ten people."""
    name, code = cell
    whole = known.facts.get((model.parts.get(name, ""), code))
    rest = whole[0] - count if whole and whole[0] == whole[1] else FEW
    return 0 < count < FEW or 0 < rest < FEW or (name in model.assessed and 0 in (count, rest))


def movers(
    before: Known, after: Known, mean: str, count: str, same: bool = False
) -> dict[str, tuple[float, float]]:
    """Return bounds of the pay of a person who joined or left, by district with one such person.

    Districts whose headcount changed by one are taken. The sum of pay in a district lies within the
    bounds given by its mean and headcount, and the sums add up to that of the city; where the
    headcount did not change, the people are assumed to be the same. same: return, for each district
    whose headcount did not change, bounds of the difference in pay if one person replaced another.
    """
    both = (before, after)
    every = sorted(code for code in set(before.places.values()) if code != study().city)
    codes = [c for c in every if all((count, c) in known.facts for known in both)]
    counts = [{c: known.facts[count, c][0] for c in codes} for known in both]
    moved = [c for c in codes if abs(counts[0][c] - counts[1][c]) == (0 if same else 1)]
    bounds, rows, lows, highs = [], [], [], []
    for known, n in zip(both, counts, strict=True):
        for c in codes:
            low, high = known.facts.get((mean, c), PAY)
            bounds.append((n[c] * low, n[c] * high))
        low, high = known.facts.get((mean, study().city), PAY)
        if codes == every:
            rows.append([float(k is known) for k in both for _ in codes])
            lows.append(sum(n.values()) * low)
            highs.append(sum(n.values()) * high)
    for i, c in enumerate(codes):
        if c not in moved:
            rows.append([float(k == i) - float(k == len(codes) + i) for k in range(2 * len(codes))])
            lows.append(0)
            highs.append(0)
    found = {}
    for c in moved:
        sign = 1 if same else counts[0][c] - counts[1][c]
        cost = np.zeros(2 * len(codes))
        cost[[codes.index(c), len(codes) + codes.index(c)]] = sign, -sign
        ends = [_least(way * cost, rows, lows, highs, bounds) * way for way in (1, -1)]
        found[c] = (ends[0], ends[1]) if same else (max(ends[0], PAY[0]), min(ends[1], PAY[1]))
    return found


def _least(cost: np.ndarray, rows: list, lows: list, highs: list, bounds: list) -> float:
    matrix = np.array(rows).reshape(-1, len(cost))
    limits = [*highs, *(-low for low in lows)]
    done = linprog(cost, np.vstack([matrix, -matrix]), limits, bounds=bounds)
    return float(done.fun) if done.success else np.nan


def precision(svg: str, known: Known, indicator: str) -> float:
    """Return the largest distance of the marks of a drawing from the printed values.

    The distance is in units of the value. It is large for marks drawn from more digits than are
    printed. Marks are the ends of paths of one district each; the scale is fitted to them.
    """
    points = defaultdict(list)
    for end, area in MARK.findall(svg):
        points[area].append(float(end))
    facts = {code: known.facts.get((indicator, code)) for code in points}
    values = {code: float(np.mean(span)) for code, span in facts.items() if span}
    if len(values) < 4:
        return 0.0
    x = np.array([values[code] for code in values])
    y = np.array([points[code][0] for code in values])
    slope, base = np.polyfit(x, y, 1)
    return float(np.max(np.abs(y - base - slope * x)) / abs(slope))


@dataclass(frozen=True)
class Attack:
    """Result of an attack: leaks found, numbers read, and width of the narrowest range.

    leaks: one line for each leak. read: number of numbers of people read. skipped: files that could
    not be read. hidden: number of unpublished counts that were tried. narrowest: smallest width of
    their ranges.
    """

    leaks: tuple[str, ...]
    read: int
    skipped: tuple[str, ...]
    hidden: int
    narrowest: float

    def notes(self) -> list[str]:
        """Return lines on what was read and tried, and on files that could not be read."""
        known = f"{self.read} numbers of people read, {self.hidden} hidden counts tried"
        width = f", the narrowest {self.narrowest:g} wide" if self.hidden else ""
        return [*(f"not read: {name}" for name in self.skipped), known + width]


def attack(
    folder: Path, before: Path | None = None, titles: dict[str, str] | None = None
) -> Attack:
    """Attack the edition in a folder; with `before`, also the pair of both editions.

    before: folder of the previous edition. titles: indicators by further titles that tables use.
    """
    known, model = harvest(folder, titles), model_of(folder / "tables/estimates.csv")
    leaks = [*_outright(known, model), *_fine(known, model, folder)]
    try:
        spans = narrowed(known, model, most=MANY)
    except ContradictionError as error:  # what cannot be checked is not released
        spans = {}
        leaks.append(f"no hidden count could be checked: {error}")
    leaks += _narrow(spans)
    if before:
        leaks += _moved(harvest(before, titles), known, model)
    narrowest = min((high - low for low, high in spans.values()), default=np.inf)
    return Attack(tuple(leaks), known.read, tuple(known.skipped), len(spans), narrowest)


def _outright(known: Known, model: Model) -> Iterable[str]:
    for (name, code), span in told(known, model).items():
        yield f"{name}.{code} is published: {span[0]:g} ({known.where[name, code]})"


def _narrow(spans: dict[Cell, tuple[float, float]]) -> Iterable[str]:
    for (name, code), (low, high) in spans.items():
        if high - low < WIDTH:
            yield f"{name}.{code} lies between {low:g} and {high:g}"


def _fine(known: Known, model: Model, folder: Path) -> Iterable[str]:
    """Yield the means by district published with enough digits to disclose a single person."""
    for (name, code), (low, high) in known.facts.items():
        if name in model.means and code != study().city:
            people = known.facts.get((model.means[name], code), (0.0, 0.0))[0]
            if (high - low) * people < MOVER * high:
                digits = f"is known to {high - low:.2g}"
                yield f"{name}.{code} {digits} ({known.where[name, code]})"
    for name in model.means:
        for path in sorted(folder.rglob(f"figures/{name}.svg")):
            if (off := precision(path.read_text("utf-8"), known, name)) > OFF:
                yield f"{path.name}: marks stand {off:.3f} from the printed values"


def _moved(before: Known, after: Known, model: Model) -> Iterable[str]:
    for mean, count in model.means.items():
        for code, (low, high) in movers(before, after, mean, count).items():
            if high - low < 2 * MOVER * (low + high) / 2:
                span = f"lies between {low:.3g} and {high:.3g}"
                yield f"{mean} of one who came or went in {code} {span}"
