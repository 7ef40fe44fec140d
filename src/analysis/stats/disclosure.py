"""Which numbers of people may be published: the gate between what is computed and what is read.

`people.csv` lists every indicator of people, `disclosure.csv` the rules. Cells are counts of people by district;
the city's are always published. What is small is withheld, then as few further cells as are needed so that nobody
can narrow a withheld one by subtracting: each is moved by a linear programme along the equations that readers know
(districts add up to the city, `equals` within a district), after Kelly, Golden and Assad (1992), Networks 22:397.
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
from analysis.survey.messages import NOT_IN_PEOPLE, NOT_PROTECTED
from analysis.survey.problems import Problem, StudyError
from analysis.survey.reference import reference
from analysis.survey.study import Study, study

FEW, DERIVABLE = "few", "derivable"  # why a cell is withheld
WITHHELD = ("indicator", "district", "reason")
COSTS = {"count": 1.0, "sum": 3.0}  # of withholding a cell that is not small, by kind
VALUES = ["value", "low", "high"]
NEIGHBOURS = 40  # districts that a programme may move beside the one in question
CHANGE = re.compile(r"estimates: (?P<growth>100 × \()?(?P<after>\w+) − (?P<before>\w+)(?(growth)\) / (?P=before))")


@dataclass(frozen=True)
class Person:
    """A row of `people.csv`: an indicator of people and what may be said of it by district.

    kind: count or sum (of rows of `table` that meet `where`, or of its column), derived_count (of `equals`),
    derived (of the cells in `of`), mean, reported_mean (by the district itself), sample, named. within: the
    indicator of which it is a part. by_district: whether it is published by district; those in `exceptions` are in
    any case, for the reason in `source`. decimals: of districts, where they are fewer than the measure's.
    assessment: none or all tells of each.
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
        """Whether it counts people by district."""
        return self.kind in ("count", "sum", "derived_count")


@dataclass(frozen=True, eq=False)
class Policy:
    """What `people.csv` and `disclosure.csv` say: indicators of people, and the limits of the rules."""

    people: dict[str, Person]
    threshold: int = 10
    width: int = 10
    dominance_2: float = 85.0
    dominance_p: float = 10.0

    @cached_property
    def cells(self) -> dict[str, Person]:
        """The indicators that count people."""
        return {name: one for name, one in self.people.items() if one.is_cell}

    def is_small(self, cell: Person, count: float, base: float) -> bool:
        """Tell whether a count of people, or that of the others in its base, tells of too few."""
        few = 0 < count < self.threshold or (cell.within != "" and 0 < base - count < self.threshold)
        alike = cell.within != "" and count in (0, base) and (base < self.threshold or cell.assessment)
        return few or alike

    def dominated(self, values: np.ndarray) -> bool:
        """Tell whether one or two of some values make up so much of their sum that they can be told from it."""
        largest = np.sort(np.abs(values))[::-1]
        total = largest.sum()
        if not total:
            return False
        two = largest[:2].sum()
        return 100 * two >= self.dominance_2 * total or 100 * (total - two) < self.dominance_p * largest[0]


def policy() -> Policy:
    """Return the policy of the study; without `people.csv` there is nothing of people in it."""
    return _policy(study())


@cache
def _policy(_of: Study) -> Policy:
    limits = {row.rule: float(row.value) for row in reference("disclosure").itertuples()}
    return Policy({row.indicator: _person(row) for row in reference("people").itertuples()}, **limits)


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
        int(row.decimals) if row.decimals else None,
        row.assessment == "yes",
    )


def count_cells(tables: dict[str, pd.DataFrame], rules: Policy) -> pd.DataFrame:
    """Count every cell: one row an indicator, one column a district; without those of tables that are not there.

    tables: clean tables with county_code. Raises KeyError for a cell whose `equals` names none.
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
    """Read a sum such as `workers_total - hired_since_2018`: (sign, indicator)."""
    signs = {"+": 1, "-": -1, "": 1}
    return [(signs[sign], name) for sign, name in re.findall(r"([+-]?)\s*(\w+)", equation)]


def withhold(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Decide which cells are withheld, of those that are published by district (columns WITHHELD).

    tables: clean tables. Raises StudyError where a small cell cannot be protected.
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
    """Return the cells that are not published by district whatever they are."""
    return {
        (name, district)
        for name in counts.index
        for district in counts.columns
        if not rules.cells[name].by_district and district not in rules.cells[name].exceptions
    }


def small_cells(counts: pd.DataFrame, rules: Policy) -> set[Cell]:
    """Return the cells that tell of too few people; exceptions are published elsewhere."""
    found = set()
    for name in counts.index:
        cell = rules.cells[name]
        bases = counts.loc[cell.within] if cell.within in counts.index else pd.Series(np.nan, counts.columns)
        for district, count in counts.loc[name].items():
            if district not in cell.exceptions and rules.is_small(cell, count, bases[district]):
                found.add((name, district))
    return found


class Linked:
    """The equations that tie cells together, as a reader knows them, and how far a hidden cell can be narrowed."""

    def __init__(self, counts: pd.DataFrame, rules: Policy) -> None:
        self.counts, self.rules = counts, rules
        self.names, self.districts = list(counts.index), list(counts.columns)

    def protect(self, hidden: set[Cell], wanted: Iterable[Cell]) -> list[Cell]:
        """Return further cells to hide, so that none of `wanted` is narrowed below the width of the policy.

        Raises StudyError for one that cannot be protected even where all is hidden.
        """
        hidden, added = set(hidden), []
        for cell in sorted(wanted):
            if self.width(cell, hidden) < self.rules.width:
                more = self.partners(cell, hidden)
                hidden |= more
                added += sorted(more)
        for cell in [*added]:  # what later ones have made superfluous
            rest = hidden - {cell}
            if all(self.width(one, rest) >= self.rules.width for one in sorted(rest)):
                hidden, added = rest, [one for one in added if one != cell]
        return added

    def width(self, cell: Cell, hidden: set[Cell]) -> float:
        """Return how wide the range is to which a hidden cell can be narrowed."""
        ends = []
        for sign in (1, -1):
            free = self._free(cell, hidden)
            found = linprog(
                [-sign * (one == cell) for one in free], **self._equations(free), bounds=self._bounds(free)
            )
            if found.status == 3:
                return np.inf
            ends.append(-sign * found.fun)
        return float(ends[0] - ends[1])

    def partners(self, cell: Cell, hidden: set[Cell]) -> set[Cell]:
        """Return the cells that cost least among those whose hiding lets `cell` move by the width."""
        every = {(name, one) for name in self.names for one in self.districts}
        free = self._free(cell, every)
        low = [-self.counts.at[name, one] for name, one in free]
        costs = [0.0 if one in hidden else COSTS.get(self.rules.cells[one[0]].kind, 1.0) for one in free]
        # each move is the difference of two that are not negative, so that its size can be paid for
        equations = self._equations(free)
        doubled = np.hstack([equations["A_eq"], -equations["A_eq"]])
        target = np.zeros(2 * len(free))
        at = free.index(cell)
        target[at], target[len(free) + at] = 1, -1
        found = linprog(
            [cost + 1e-6 for cost in costs] * 2,
            A_eq=np.vstack([doubled, target]),
            b_eq=[*np.zeros(len(doubled)), self.rules.width],
            bounds=[(0, None)] * len(free) + [(0, -one) for one in low],
        )
        if found.status:
            raise StudyError([Problem.of(NOT_PROTECTED.fault(indicator=cell[0], district=cell[1]), "people.csv")])
        moved = np.abs(found.x[: len(free)] - found.x[len(free) :]) > 1e-6
        return {one for one, moves in zip(free, moved, strict=True) if moves and one not in hidden}

    def _free(self, cell: Cell, hidden: set[Cell]) -> list[Cell]:
        """List the hidden cells that may move: of the district and of those where most are hidden.

        Of many districts the others stay as they are, which can only make a range narrower than it is.
        """
        sizes = self.counts.loc[cell[0]].drop(cell[1]).sort_values(kind="stable", ascending=False)
        near = {cell[1], *[one for one in sizes.index if (cell[0], one) in hidden][:NEIGHBOURS]}
        return sorted(one for one in hidden if one[1] in near)

    def _equations(self, free: list[Cell]) -> dict[str, np.ndarray]:
        """Return what the moves of cells must meet: city totals stay, and so does `equals` in each district."""
        place = {cell: i for i, cell in enumerate(free)}
        rows = []
        for name in dict.fromkeys(name for name, _ in free):
            rows.append({place[cell]: 1.0 for cell in free if cell[0] == name})
        for district in dict.fromkeys(district for _, district in free):
            for name in self.names:
                if equation := self.rules.cells[name].equals:
                    parts = [(-1, name), *terms(equation)]
                    rows.append(
                        {place[part, district]: float(s) for s, part in parts if (part, district) in place}
                    )
        matrix = np.zeros((len(rows), len(free)))
        for i, row in enumerate(rows):
            for at, sign in row.items():
                matrix[i, at] = sign
        return {"A_eq": matrix, "b_eq": np.zeros(len(rows))}

    def _bounds(self, free: list[Cell]) -> list[tuple[float, float | None]]:
        """Return how far each cell can move: no count is negative, none larger than a published whole."""
        bounds: list[tuple[float, float | None]] = []
        for name, district in free:
            count, whole = self.counts.at[name, district], self.rules.cells[name].within
            known = whole in self.names and (whole, district) not in free
            bounds.append((-count, self.counts.at[whole, district] - count if known else None))
        return bounds


def protected(estimates: pd.DataFrame, withheld: pd.DataFrame) -> pd.DataFrame:
    """Return estimates as they may be published, with a column `withheld`: why a value is not there, else blank.

    withheld: as `withhold` returns it. Rows that are not published by district are left out; means of districts
    are rounded, and what is derived from them is derived again. Raises StudyError for an indicator of a table of
    people that `people.csv` does not list.
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
        zip(zip(withheld["indicator"], withheld["district"], strict=True), withheld["reason"], strict=True)
    )
    _round(rows, rules)
    _hide(rows, rules, reasons)
    return rows


def _of_people(rows: pd.DataFrame, rules: Policy) -> pd.Series:
    """Tell which rows are of people; what was counted of a table of people must be listed."""
    listed = rows["indicator"].isin(rules.people.keys())
    tables = {name for name, table in study().tables.items() if table.of_people}
    counted = rows["how"].str.partition(":")[0].isin(tables)
    if unlisted := sorted(set(rows.loc[counted & ~listed, "indicator"])):
        raise StudyError([Problem.of(NOT_IN_PEOPLE.fault(indicator=name), "people.csv") for name in unlisted])
    return listed


def _left_out(rows: pd.DataFrame, rules: Policy) -> pd.Series:
    """Tell which rows are of indicators that are not published by district, exceptions apart."""
    kept = {name: one.exceptions for name, one in rules.people.items() if not one.by_district}
    pairs = zip(rows["indicator"], rows["district"], strict=True)
    return pd.Series([name in kept and district not in kept[name] for name, district in pairs], rows.index)


def _round(rows: pd.DataFrame, rules: Policy) -> None:
    """Round means, and derive again what was derived from them."""
    decimals = reference("measures").set_index("indicator")["decimals"].astype(int)
    city = rows["district"] == study().city
    rounded = {name: one.decimals for name, one in rules.people.items() if one.decimals is not None}
    for name, of_districts in rounded.items():
        for where, digits in ((city, decimals[name]), (~city, of_districts)):
            part = rows["indicator"].eq(name) & where
            rows.loc[part, VALUES] = rows.loc[part, VALUES].round(digits)
            rows.loc[part, ["numerator", "denominator"]] = np.nan
    derived = {name for name, one in rules.people.items() if rounded.keys() & set(one.of)}
    values = rows.set_index(["indicator", "district"])["value"].to_dict()
    for row in rows[rows["indicator"].isin(derived)].itertuples():
        if found := CHANGE.match(row.how):
            after, before = (values[found[part], row.district] for part in ("after", "before"))
            change = 100 * (after - before) / before if found["growth"] else after - before
            rows.at[row.Index, "value"] = round(change, DECIMALS)


def _hide(rows: pd.DataFrame, rules: Policy, reasons: dict[Cell, str]) -> None:
    """Blank the values that are withheld, what follows from them, and means of too few."""
    rows["withheld"] = [_reason(row, rules, reasons) for row in rows.itertuples()]
    hidden = rows["withheld"] != ""
    rows.loc[hidden, [*VALUES, "numerator", "denominator"]] = np.nan
    rows.loc[hidden, "n"], rows.loc[hidden, "sources"] = 0, ""


def _reason(row: Any, rules: Policy, reasons: dict[Cell, str]) -> str:
    """Say why a row is withheld; empty where it is published."""
    person = rules.people.get(row.indicator)
    if person is None or row.district in person.exceptions:
        return ""
    cells = [(one, row.district) for one in (row.indicator, *person.of)]
    few = person.kind in ("mean", "sample") and (0 < row.n < rules.threshold or pd.isna(row.value))
    return next((reasons[cell] for cell in cells if cell in reasons), FEW if few else "")


def published_digits(indicator: str) -> int | None:
    """Return to how many decimals the districts' values of an indicator of people are published; None if any."""
    person = policy().people.get(indicator)
    return person.decimals if person else None


def medians(people: pd.DataFrame, column: str, by: str) -> pd.DataFrame:
    """Return how many people each group has and the median of a column; groups of too few are left out.

    Columns size and median, indexed by group; a quantile takes ten people or more on each side.
    """
    found = people.groupby(by)[column].agg(["size", "median"])
    return found[found["size"] >= 2 * policy().threshold]
