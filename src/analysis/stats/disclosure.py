"""Statistical disclosure control: which numbers of people may be published.

`people.csv` lists every indicator of people, `disclosure.csv` the rules. Cells are counts of people
by district; counts of the city are always published. Small cells are withheld first. Then as few
further cells as necessary are withheld, so that no withheld cell can be derived by subtraction.
Each withheld cell is tested with a linear programme under the equations that readers know
(districts add up to the city, `equals` within a district), after Kelly, Golden and Assad (1992),
Networks 22:397.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from analysis.stats.record import DECIMALS
from analysis.survey.folders import REFERENCE
from analysis.survey.messages import NOT_IN_PEOPLE, NOT_PROTECTED
from analysis.survey.problems import Problem, StudyError
from analysis.survey.reference import missing_line, reference
from analysis.survey.sealed import opening
from analysis.survey.study import Study, study

FEW, DERIVABLE = "few", "derivable"  # why a cell is withheld
WITHHELD = ("indicator", "district", "reason")
COSTS = {"count": 1.0, "sum": 3.0}  # cost of withholding a cell that is not small, by kind
VALUES = ["value", "low", "high"]
SHARE = "/ count(rows)"  # last part of the formula of a share
WHOLE = {"mean": 0, "reported_mean": 0}  # decimals of a mean if not declared
NEIGHBOURS = 12  # further districts in a linear programme
# With more districts, cells that need not be withheld any more are kept: finding them takes long.
FEW_DISTRICTS = 30
CHANGE = re.compile(
    r"estimates: (?P<growth>100 × \()?(?P<after>\w+) − (?P<before>\w+)(?(growth)\) / (?P=before))"
)


@dataclass(frozen=True)
class Person:
    """Row of `people.csv`: an indicator of people and what is published of it by district.

    kind: count or sum (of rows of `table` that meet `where`, or of its column), derived_count (of
    `equals`), derived (of the cells in `of`), mean, reported_mean (reported by the district),
    sample, named. within: the indicator of which it is a part. by_district: whether it is published
    by district; the districts in `exceptions` are always published, for the reason in `source`.
    decimals: number of decimals for districts, if it is smaller than that of the measure; 0 for
    means if not declared. assessment: whether a count of none or of all discloses the answer of
    each person.
    """

    indicator: str
    kind: str
    table: str = ""
    where: str = ""
    within: str = ""
    equals: str = ""
    of: tuple[str, ...] = ()
    by_district: bool = True
    exceptions: frozenset[str] = frozenset()
    decimals: int | None = None
    assessment: bool = False

    @property
    def is_cell(self) -> bool:
        """Whether the indicator is a count of people by district."""
        return self.kind in ("count", "sum", "derived_count")


@dataclass(frozen=True, eq=False)
class Policy:
    """Content of `people.csv` and `disclosure.csv`: indicators of people, and limits of rules."""

    people: dict[str, Person]
    threshold: int = 10
    width: int = 10
    dominance_2: float = 85.0
    dominance_p: float = 10.0
    mover: float = 10.0

    @cached_property
    def cells(self) -> dict[str, Person]:
        """The indicators that count people."""
        return {name: one for name, one in self.people.items() if one.is_cell}

    def is_small(self, cell: Person, count: float, base: float) -> bool:
        """Return whether a count of people, or the rest of its base, concerns too few people."""
        few = 0 < count < self.threshold or (
            cell.within != "" and 0 < base - count < self.threshold
        )
        alike = (
            cell.within != "" and count in (0, base) and (base < self.threshold or cell.assessment)
        )
        return few or alike

    def dominated(self, values: np.ndarray) -> bool:
        """Return whether the one or two largest values dominate the sum.

        The largest values could then be derived from the sum.
        """
        largest = np.sort(np.abs(values))[::-1]
        total = largest.sum()
        if not total:
            return False
        two = largest[:2].sum()
        return (
            100 * two >= self.dominance_2 * total
            or 100 * (total - two) < self.dominance_p * largest[0]
        )

    def tells_of_movers(self, values: np.ndarray, digits: int) -> bool:
        """Return whether a mean with `digits` decimals discloses the value of a person who leaves.

        That is the case if the means before and after give the value to within the `mover` rule.
        """
        known_to = len(values) * 10.0**-digits  # half a unit of the last digit of both sums
        return 100 * known_to < self.mover * np.abs(values).max(initial=0.0)


def policy() -> Policy:
    """Return the policy of the study; it is empty if the study has no `people.csv`."""
    return _policy(study())


@cache
def _policy(_of: Study) -> Policy:
    limits = {row.rule: float(row.value) for row in reference("disclosure").itertuples()}
    return Policy(
        {row.indicator: _person(row) for row in reference("people").itertuples()}, **limits
    )


def _person(row: Any) -> Person:
    return Person(
        row.indicator,
        row.kind,
        row.table,
        row.where,
        row.within,
        row.equals,
        tuple(row.of.split()),
        row.by_district != "no",
        frozenset(row.exceptions.split()),
        int(row.decimals) if row.decimals else WHOLE.get(row.kind),
        row.assessment == "yes",
    )


def count_cells(tables: dict[str, pd.DataFrame], rules: Policy) -> pd.DataFrame:
    """Return the counts of all cells: one row per indicator, one column per district.

    tables: clean tables with county_code; cells of tables that are missing are left out. Raises
    KeyError for a cell whose `equals` names an unknown indicator.
    """
    codes = list(study().districts)
    found: dict[str, pd.Series] = {}
    for name, cell in rules.cells.items():
        if cell.kind == "derived_count":
            found[name] = sum(sign * found[part] for sign, part in terms(cell.equals))
        elif cell.table in tables:
            rows = tables[cell.table]
            if cell.kind == "count":
                kept = rows.query(cell.where) if cell.where else rows
                counts = kept.groupby("county_code").size()
            else:
                counts = rows.groupby("county_code")[cell.where].sum()
            found[name] = counts.reindex(codes, fill_value=0).astype(float)
    return pd.DataFrame(found, index=codes).T


def terms(equation: str) -> list[tuple[int, str]]:
    """Return the terms (sign, indicator) of a sum such as `workers_total - hired_since_2018`."""
    signs = {"+": 1, "-": -1, "": 1}
    return [(signs[sign], name) for sign, name in re.findall(r"([+-]?)\s*(\w+)", equation)]


def withhold(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the withheld cells among those published by district (columns WITHHELD).

    tables: clean tables. Raises StudyError if a small cell cannot be protected.
    """
    rules = policy()
    counts = count_cells(tables, rules)
    if counts.empty:
        return pd.DataFrame(columns=list(WITHHELD), dtype="str")
    hidden, small = hidden_by_policy(counts, rules), small_cells(counts, rules)
    reasons = {cell: FEW for cell in sorted(small) if cell not in hidden}
    linked = Linked(counts, rules)
    for cell in linked.protect(hidden | small, small | hidden):
        reasons[cell] = DERIVABLE
    rows = [(name, district, reason) for (name, district), reason in sorted(reasons.items())]
    return pd.DataFrame(rows, columns=list(WITHHELD)).astype("str")


Cell = tuple[str, str]  # indicator, district


def hidden_by_policy(counts: pd.DataFrame, rules: Policy) -> set[Cell]:
    """Return the cells that are not published by district, whatever their counts."""
    return {
        (name, district)
        for name in counts.index
        for district in counts.columns
        if not rules.cells[name].by_district and district not in rules.cells[name].exceptions
    }


def small_cells(counts: pd.DataFrame, rules: Policy) -> set[Cell]:
    """Return the cells that concern too few people, without exceptions, which are published."""
    found = set()
    for name in counts.index:
        cell = rules.cells[name]
        bases = (
            counts.loc[cell.within]
            if cell.within in counts.index
            else pd.Series(np.nan, counts.columns)
        )
        for district, count in counts.loc[name].items():
            if district not in cell.exceptions and rules.is_small(cell, count, bases[district]):
                found.add((name, district))
    return found


class Linked:
    """Equations between cells that readers know, to compute how closely a cell can be derived.

    Totals of the city are known, `equals` holds in each district, no count is negative and no part
    (`within`) is larger than its whole. Cells are given as (row, column) of `counts`.
    """

    def __init__(self, counts: pd.DataFrame, rules: Policy) -> None:
        self.counts, self.rules = counts.to_numpy(float), rules
        self.names, self.districts = list(counts.index), list(counts.columns)
        cells = [rules.cells[name] for name in self.names]
        self.parts = [
            (i, self.names.index(one.within))
            for i, one in enumerate(cells)
            if one.within in self.names
        ]
        self.costs = np.array([COSTS.get(one.kind, 1.0) for one in cells])
        equations = [[(-1, one.indicator), *terms(one.equals)] for one in cells if one.equals]
        self.equations = np.zeros((len(equations), len(self.names)))
        for row, equation in enumerate(equations):
            for sign, name in equation:
                self.equations[row, self.names.index(name)] = sign
        self.exchanges: dict[tuple[int, bytes], np.ndarray | None] = {}

    def protect(self, hidden: set[Cell], wanted: Iterable[Cell]) -> list[Cell]:
        """Return further cells to withhold, so that every withheld cell has the required width.

        wanted: the cells to protect first. Raises StudyError for a cell that cannot be protected
        even if all cells are withheld.
        """
        mask, waiting, added = self._mask(hidden), [self._at(cell) for cell in sorted(wanted)], []
        for at in waiting:  # the loop appends to it
            if self._width(at, mask) < self.rules.width:
                added += (more := self._partners(at, mask))
                waiting += more
                mask[tuple(np.transpose(more))] = True
        # cells that need not be withheld any more
        for at in [*added] if len(self.districts) <= FEW_DISTRICTS else ():
            mask[at] = False
            if all(
                self._width(one, mask) >= self.rules.width for one in map(tuple, np.argwhere(mask))
            ):
                added.remove(at)
            else:
                mask[at] = True
        return [(self.names[row], self.districts[column]) for row, column in added]

    def width(self, cell: Cell, hidden: set[Cell]) -> float:
        """Return the width of the range that a reader can derive for a withheld cell.

        The result may be a lower bound of the width.
        """
        return self._width(self._at(cell), self._mask(hidden))

    def _at(self, cell: Cell) -> tuple[int, int]:
        return self.names.index(cell[0]), self.districts.index(cell[1])

    def _mask(self, cells: Iterable[Cell]) -> np.ndarray:
        mask = np.zeros(self.counts.shape, bool)
        for cell in cells:
            mask[self._at(cell)] = True
        return mask

    def _width(self, at: tuple[int, int], mask: np.ndarray) -> float:
        """Return the width from exchanges alone if it suffices, else from a linear programme.

        One linear programme for each cell would take long.
        """
        exchanged = self._exchanged(at, mask)
        return exchanged if exchanged >= self.rules.width else self._programmed(at, mask)

    def _exchanged(self, at: tuple[int, int], mask: np.ndarray) -> float:
        """Return how far a cell can change by exchanges of people with other districts.

        All districts exchange people between the same cells.
        """
        row, column = at
        move = self._exchange(row, mask[:, column])
        if move is None:
            return 0.0
        usable = mask[move != 0].all(axis=0)
        gains, losses = (np.where(usable, self._room(sign * move), 0.0) for sign in (1, -1))
        up = min(gains[column], losses.sum() - losses[column])
        return up + min(losses[column], gains.sum() - gains[column])

    def _exchange(self, row: int, free: np.ndarray) -> np.ndarray | None:
        """Return the smallest change of a district's withheld cells that adds one person to `row`.

        The result is None if there is no such change in whole numbers.
        """
        key = (row, free.tobytes())
        if key not in self.exchanges:
            gain = np.eye(len(free))[row]
            equations = np.vstack([np.hstack([self.equations, -self.equations]), [*gain, *-gain]])
            # gains of each cell, then losses
            ends = [(0, None if one else 0) for one in (*free, *free)]
            found = linprog(
                np.ones(2 * len(free)),
                A_eq=equations,
                b_eq=[*[0] * len(self.equations), 1],
                bounds=ends,
            )
            move = None if found.status else found.x[: len(free)] - found.x[len(free) :]
            self.exchanges[key] = (
                move.round() if move is not None and np.allclose(move, move.round()) else None
            )
        return self.exchanges[key]

    def _room(self, move: np.ndarray) -> np.ndarray:
        """Return the number of times that each district can make a change."""
        room = np.full(self.counts.shape[1], self.counts.sum())
        for row in np.flatnonzero(move < 0):
            room = np.minimum(room, self.counts[row] // -move[row])
        for part, whole in self.parts:
            if (closer := move[part] - move[whole]) > 0:
                room = np.minimum(room, (self.counts[whole] - self.counts[part]) // closer)
        return room

    def _programmed(self, at: tuple[int, int], mask: np.ndarray) -> float:
        """Return the width from a linear programme over the selected districts (see `_near`)."""
        free = list(map(tuple, np.argwhere(mask & self._near(at, mask))))
        goal, (equal, unequal, room) = (
            np.array([one == at for one in free], float),
            self._conditions(free),
        )
        ends = []
        for sign in (1, -1):
            found = linprog(
                -sign * goal,
                A_ub=unequal,
                b_ub=room,
                A_eq=equal,
                b_eq=np.zeros(len(equal)),
                bounds=[(-self.counts[one], None) for one in free],
            )
            if found.status == 3:  # unbounded
                return np.inf
            ends.append(-found.fun)
        return float(sum(ends))

    def _partners(self, at: tuple[int, int], mask: np.ndarray) -> list[tuple[int, int]]:
        """Return the cheapest further cells to withhold so that a cell has the required width."""
        free = list(map(tuple, np.argwhere(self._near(at, mask))))
        equal, unequal, room = self._conditions(free)
        goal = [float(one == at) for one in free]
        costs = [1e-6 + (0.0 if mask[one] else self.costs[one[0]]) for one in free]
        found = linprog(
            costs * 2,  # gains of each cell, then losses
            A_ub=np.hstack([unequal, -unequal]),
            b_ub=room,
            A_eq=np.vstack([np.hstack([equal, -equal]), [*goal, *[-one for one in goal]]]),
            b_eq=[*np.zeros(len(equal)), self.rules.width],
            bounds=[(0, None)] * len(free) + [(0, self.counts[one]) for one in free],
        )
        moved = () if found.status else np.abs(found.x[: len(free)] - found.x[len(free) :]) > 1e-6
        more = [one for one, moves in zip(free, moved, strict=False) if moves and not mask[one]]
        if not more:
            cell = {"indicator": self.names[at[0]], "district": self.districts[at[1]]}
            raise StudyError([Problem.of(NOT_PROTECTED.fault(**cell), "people.csv")])
        return more

    def _near(self, at: tuple[int, int], mask: np.ndarray) -> np.ndarray:
        """Return a mask of the cells that a linear programme may change.

        These are the cells of the district itself and of the NEIGHBOURS districts with the largest
        withheld counts in the row. If there are more districts, their cells stay fixed, which can
        only make the range narrower than it is.
        """
        row, column = at
        order = np.argsort(-np.where(mask[row], self.counts[row], 0.0), kind="stable")
        near = np.zeros_like(mask)
        near[:, [column, *order[:NEIGHBOURS]]] = True
        return near

    def _conditions(self, free: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the linear conditions of changes: equalities, inequalities, and upper bounds."""
        place = {cell: i for i, cell in enumerate(free)}

        def moving(column: int, factors: Iterable[tuple[int, float]]) -> dict[int, float]:
            return {place[row, column]: factor for row, factor in factors if (row, column) in place}

        equal = [
            {place[one]: 1.0 for one in free if one[0] == row}
            for row in sorted({row for row, _ in free})
        ]
        unequal, room = [], []
        for column in sorted({column for _, column in free}):
            equal += [moving(column, enumerate(equation)) for equation in self.equations]
            for part, whole in self.parts:
                unequal.append(moving(column, ((part, 1.0), (whole, -1.0))))
                room.append(self.counts[whole, column] - self.counts[part, column])
        return _matrix(equal, len(free)), _matrix(unequal, len(free)), np.array(room)


def _matrix(rows: list[dict[int, float]], width: int) -> np.ndarray:
    matrix = np.zeros((len(rows), width))
    for i, row in enumerate(rows):
        for at, value in row.items():
            matrix[i, at] = value
    return matrix


def protected(estimates: pd.DataFrame, withheld: pd.DataFrame) -> pd.DataFrame:
    """Return the estimates that may be published, with the reason for each withheld value.

    The reason is in the column `withheld`, which is blank for published values. withheld: result of
    `withhold`. Rows that are not published by district are left out; means of districts are
    rounded, and changes computed from them are computed from the rounded values. Raises StudyError
    for an indicator of a table of people that `people.csv` does not list.
    """
    rules = policy()
    rows = estimates.assign(withheld="").reset_index(drop=True)
    if rows.empty:
        return rows
    of_people = _of_people(rows, rules)
    if not of_people.any():
        return rows
    city = rows["district"] == study().city
    rows = rows[~(of_people & ~city & _left_out(rows, rules))].copy()
    reasons = dict(
        zip(
            zip(withheld["indicator"], withheld["district"], strict=True),
            withheld["reason"],
            strict=True,
        )
    )
    _round(rows, rules)
    _hide(rows, rules, reasons)
    return rows


def _of_people(rows: pd.DataFrame, rules: Policy) -> pd.Series:
    """Return a mask of the rows of people.

    Raises StudyError if an indicator computed from a table of people is not listed.
    """
    listed = rows["indicator"].isin(rules.people.keys())
    tables = {name for name, table in study().tables.items() if table.of_people}
    counted = rows["how"].str.partition(":")[0].isin(tables)
    if unlisted := sorted(set(rows.loc[counted & ~listed, "indicator"])):
        raise StudyError([_not_listed(name) for name in unlisted])
    return listed


def _not_listed(indicator: str) -> Problem:
    """Return the problem of an indicator that `people.csv` does not list, with the line to add."""
    table = reference("people")
    fault = NOT_IN_PEOPLE.fault(indicator=indicator, line=missing_line(table, indicator=indicator))
    return Problem.of(fault, (REFERENCE / "people.csv").as_posix(), row=len(table) + 2)


def _left_out(rows: pd.DataFrame, rules: Policy) -> pd.Series:
    """Return a mask of the rows not published by district, without exceptions."""
    kept = {name: one.exceptions for name, one in rules.people.items() if not one.by_district}
    pairs = zip(rows["indicator"], rows["district"], strict=True)
    return pd.Series(
        [name in kept and district not in kept[name] for name, district in pairs], rows.index
    )


def _round(rows: pd.DataFrame, rules: Policy) -> None:
    """Round means, and compute changes of means from the rounded values."""
    decimals = reference("measures").set_index("indicator")["decimals"].astype(int)
    city = rows["district"] == study().city
    rounded = {name: one.decimals for name, one in rules.people.items() if one.decimals is not None}
    for name, of_districts in rounded.items():
        for where, digits in ((city, decimals[name]), (~city, of_districts)):
            part = rows["indicator"].eq(name) & where
            rows.loc[part, VALUES] = rounded_interval(rows.loc[part, VALUES], digits)
            rows.loc[part, ["numerator", "denominator"]] = np.nan
    derived = {name for name, one in rules.people.items() if rounded.keys() & set(one.of)}
    values = rows.set_index(["indicator", "district"])["value"].to_dict()
    for row in rows[rows["indicator"].isin(derived)].itertuples():
        if found := CHANGE.match(row.how):
            after, before = (values[found[part], row.district] for part in ("after", "before"))
            change = 100 * (after - before) / before if found["growth"] else after - before
            rows.at[row.Index, "value"] = round(change, DECIMALS)


def rounded_interval(values: pd.DataFrame, digits: int) -> pd.DataFrame:
    """Return columns value, low and high rounded, with the bounds symmetric about the value.

    Bounds rounded separately would disclose more digits of the value through their midpoint.
    """
    value = values["value"].round(digits)
    half = ((values["high"] - values["low"]) / 2).round(digits)
    return values.assign(
        value=value, low=(value - half).round(digits), high=(value + half).round(digits)
    )


def _hide(rows: pd.DataFrame, rules: Policy, reasons: dict[Cell, str]) -> None:
    """Set withheld values, values derived from them, and means of too few people to missing."""
    rows["withheld"] = [_reason(row, rules, reasons) for row in rows.itertuples()]
    hidden = rows["withheld"] != ""
    rows.loc[hidden, [*VALUES, "numerator", "denominator"]] = np.nan
    rows.loc[hidden, "n"], rows.loc[hidden, "sources"] = 0, ""


def _reason(row: Any, rules: Policy, reasons: dict[Cell, str]) -> str:
    """Return the reason why a row is withheld; empty if it is published."""
    person = rules.people.get(row.indicator)
    if person is None or row.district in person.exceptions:
        return ""
    cells = [(one, row.district) for one in (row.indicator, *person.of)]
    few = _is_average(person, row) and (0 < row.n < rules.threshold or pd.isna(row.value))
    return next((reasons[cell] for cell in cells if cell in reasons), FEW if few else "")


def _is_average(person: Person, row: Any) -> bool:
    """Return whether a row is a mean or a share of people, which needs `threshold` people."""
    return person.kind in ("mean", "sample") or row.how.partition(" [")[0].endswith(SHARE)


def tells_of_one(values: np.ndarray, indicator: str, of_city: bool) -> bool:
    """Return whether one person's value could be inferred from a mean of people.

    One or two of them dominate it, or its digits reveal the value of one who leaves.
    """
    rules, digits = policy(), digits_of(indicator, of_city)
    return rules.dominated(values) or (digits is not None and rules.tells_of_movers(values, digits))


def digits_of(indicator: str, of_city: bool) -> int | None:
    """Return the number of published decimals of a mean of people; None if it is not rounded."""
    if of_city and published_digits(indicator) is not None:
        measures = reference("measures").set_index("indicator")
        return int(measures.at[indicator, "decimals"])
    return published_digits(indicator)


def published_digits(indicator: str) -> int | None:
    """Return the number of published decimals for districts; None if values are not rounded."""
    person = policy().people.get(indicator)
    return person.decimals if person else None


@opening
def quantiles(
    people: pd.DataFrame, column: str, by: str, at: tuple[float, ...] = (0.1, 0.25, 0.5, 0.75, 0.9)
) -> pd.DataFrame:
    """Return the size and quantiles of a column in each group of people, as for a box plot.

    Columns: size and one for each of `at`, indexed by group. A quantile with fewer than ten people
    on either side is missing; so the lowest and the highest value are always missing.
    """
    groups = people.groupby(by)[column]
    found = {"size": groups.size()}
    for share in at:
        enough = found["size"] * min(share, 1 - share) >= policy().threshold
        found[f"q{100 * share:g}"] = groups.quantile(share).where(enough)
    return pd.DataFrame(found)


@opening
def medians(people: pd.DataFrame, column: str, by: str) -> pd.DataFrame:
    """Return the size of each group of people and the median of a column.

    Columns: size and median, indexed by group. Groups of too few people are left out.
    """
    found = quantiles(people, column, by, (0.5,)).rename(columns={"q50": "median"})
    return found[found["median"].notna()]
