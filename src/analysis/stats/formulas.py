"""Parse the formulas of estimates and apply them to other rows of the same tables.

Formulas are read from the column `how` (see `analysis.stats.record`); the other rows may be those
of another wave.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.stats.disclosure import CHANGE

SHARE, RATIO, MEAN, MEMBERS = "share", "ratio", "mean", "members"
COUNT, SUM, DISTINCT = "count", "sum", "distinct"
DIFFERENCE, GROWTH, GROUPS = "difference", "growth", "groups"
SPREAD = (SHARE, RATIO, MEAN, MEMBERS)  # kinds with a variance between rows
WHERE = r"(?: \[(?P<where>.+)\])?"
FORMS = {  # the first pattern that matches the whole formula is used
    SHARE: rf"100 × (?:count\((?P<over>.+)\) / count\(rows\)|share\((?P<asked>.+)\)){WHERE}",
    COUNT: rf"count\(rows\){WHERE}",
    DISTINCT: rf"count\(distinct (?P<over>\w+)\){WHERE}",
    MEMBERS: rf"count\((?P<over>\w+)\) / count\((?P<under>\w+)\){WHERE}",
    RATIO: rf"(?P<scale>100 × )?sum\((?P<over>.+)\) / sum\((?P<under>.+?)\){WHERE}",
    GROUPS: r"mean\((?P<over>.+)\) \[(?P<first>.+)\] − mean\((?P=over)\) \[(?P<second>.+)\]",
    MEAN: rf"mean\((?P<over>.+?)\){WHERE}",
    SUM: rf"sum\((?P<over>\w+)\){WHERE}",
}
PATTERNS = {kind: re.compile(form) for kind, form in FORMS.items()}
DESIGN = re.compile(r"design-based \([^()]*\) (.+)")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True)
class Formula:
    """Formula of an estimate.

    table: a clean table; `estimates` for a difference or growth of two other estimates. kind: one
    of the names above. over, under: columns, pandas expressions or (for members) tables; for a
    difference or growth, the indicators after and before. where: the domain. scale: 100 for
    percentages. by_design: whether rows are weighted by a sampling design. groups: the two domains
    that are compared.
    """

    table: str
    kind: str
    over: str = ""
    under: str = ""
    where: str = ""
    scale: float = 1.0
    by_design: bool = False
    groups: tuple[str, str] = ("", "")

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables whose rows the formula uses."""
        return (self.table, self.over) if self.kind == MEMBERS else (self.table,)

    @property
    def names(self) -> frozenset[str]:
        """Names in the expressions of the formula, including the columns."""
        other = () if self.kind == MEMBERS else (self.over, self.under)
        texts = (QUOTED.sub("", text) for text in (*other, self.where, *self.groups))
        return frozenset(re.findall(r"[A-Za-z_]\w*", " ".join(texts)))


def parse(how: str) -> Formula | None:
    """Return a parsed formula; None if it is one of a model.

    Formulas of rows and of two other estimates are parsed.
    """
    table, _, body = how.partition(": ")
    if found := CHANGE.fullmatch(how):
        kind = GROWTH if found["growth"] else DIFFERENCE
        return Formula(
            table, kind, found["after"], found["before"], scale=100 if found["growth"] else 1
        )
    design = DESIGN.fullmatch(body)
    body = design[1] if design else body
    for kind, pattern in PATTERNS.items():
        if found := pattern.fullmatch(body):
            return _formula(table, kind, found.groupdict(default=""), bool(design))
    return None


def _formula(table: str, kind: str, part: Mapping[str, str], by_design: bool) -> Formula:
    over = (part.get("over") or part.get("asked", "")).replace(" × ", " * ")
    scale = 100.0 if kind == SHARE or part.get("scale") else 1.0
    groups = (part.get("first", ""), part.get("second", ""))
    where, under = part.get("where", ""), part.get("under", "")
    return Formula(table, kind, over, under, where, scale, by_design, groups)


def domain(formula: Formula, tables: Mapping[str, pd.DataFrame], by: str = "") -> pd.DataFrame:
    """Return the rows in the domain of a formula, with numeric columns `top` and `bottom`.

    top, bottom: numerator and denominator of each row. by: the column on which members are matched.
    """
    rows = tables[formula.table]
    rows = rows.query(formula.where) if formula.where else rows
    if formula.kind == MEMBERS:
        sizes = tables[formula.over][by].value_counts()
        return rows.assign(top=rows[by].map(sizes).fillna(0).astype(float), bottom=1.0)
    top = rows.eval(formula.over) if formula.kind in SPREAD else pd.Series(1.0, rows.index)
    bottom = rows.eval(formula.under) if formula.under else pd.Series(1.0, rows.index)
    return rows.assign(top=top.astype(float), bottom=bottom.astype(float))


def value(formula: Formula, tables: Mapping[str, pd.DataFrame], by: str = "") -> float:
    """Return the value of a formula of rows; missing if its denominator is zero."""
    rows = domain(formula, tables, by)
    if formula.kind in SPREAD:
        bottom = rows["bottom"].sum()
        return float(formula.scale * rows["top"].sum() / bottom) if bottom else np.nan
    if formula.kind == COUNT:
        return float(len(rows))
    found = rows[formula.over]
    return float(found.nunique() if formula.kind == DISTINCT else found.sum())


def missing(
    formula: Formula, now: Mapping[str, Iterable[str]], then: Mapping[str, Iterable[str]]
) -> set[str]:
    """Return the columns that a formula uses and that are new in its tables."""
    new = (set(now[name]) - set(then[name]) for name in formula.tables)
    return formula.names & set().union(*new)
