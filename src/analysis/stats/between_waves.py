"""Changes of the indicators between two waves, with tests.

Both waves are computed with the formulas of the later one, from the clean tables of each. In a
census the change is a fact; whether the process changed is tested on the units in both waves: exact
McNemar test for binary answers with one row per unit, otherwise the t test of the difference with
units as clusters (`contrasts.difference`). Numbers of people are tested on all units: a test
without the units of one wave only would disclose their people. Samples are compared by their design
(`overlap`). Counts and sums are facts without a test. All tests are one family (Holm).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace

import numpy as np
import pandas as pd

from analysis.stats import overlap
from analysis.stats.before_after import mcnemar, tango
from analysis.stats.confidence import LEVEL
from analysis.stats.contrasts import difference
from analysis.stats.design import Design
from analysis.stats.difference import holm
from analysis.stats.disclosure import (
    WITHHELD,
    Person,
    Policy,
    count_cells,
    hidden_by_policy,
    policy,
    protected,
    small_cells,
    tells_of_one,
    terms,
)
from analysis.stats.formulas import (
    COUNT,
    DIFFERENCE,
    GROWTH,
    MEAN,
    MEMBERS,
    SHARE,
    SPREAD,
    Formula,
    domain,
    missing,
    parse,
    value,
)
from analysis.stats.presentation import MIN_DENOMINATOR
from analysis.stats.record import DECIMALS
from analysis.stats.sample import Sample
from analysis.survey.changes import UNREAD
from analysis.survey.changes import WAVE as WAVE_BEFORE
from analysis.survey.reference import reference
from analysis.survey.sealed import Sealed, opened, opening
from analysis.survey.study import study

UNIT = "community_code"  # column on which the waves are matched
SAME_ENOUGH = 0.5  # smallest share of the units of either wave that must be in both
MCNEMAR, CLUSTERS, DESIGN = "McNemar", "clusters", "design"
ROSE, FELL, ALIKE = "wave_rose", "wave_fell", "wave_alike"
FACT, NOT_COMPARED = "wave_fact", "wave_not_compared"
# reasons for not comparing an indicator
NO_RECORD, NEW, UNREADABLE, WITHDRAWN = "no_record", "new", "unreadable", "withdrawn"
DEFINITION, PUBLISHED, MODEL = "definition", "published", "model"
PLACES, SMALL, FEW_MOVED = "places", "small", "few_moved"
NOTHING = pd.DataFrame(columns=list(WITHHELD), dtype="str")
TOLERANCE = 1.5e-6  # for two values rounded to six decimals


@dataclass(frozen=True)
class Wave:
    """Clean tables of a wave by name, and samples of the tables that are drawn by design."""

    tables: Mapping[str, pd.DataFrame | Sealed]
    samples: Mapping[str, Sample | Sealed] = field(default_factory=dict)

    def opened(self) -> Wave:
        """Return the wave with its sealed tables opened, for the functions of this module."""
        return Wave(opened(dict(self.tables)), opened(dict(self.samples)))


@dataclass(frozen=True)
class Comparison:
    """Comparison of one indicator of the city in two waves; values are missing if not published.

    before, now, change: as published, in the unit of the indicator (percentage points for changes
    of percentages). test: the test used. n: number of units; for samples, rows of the smaller one.
    tested, low, high: the tested change with its interval: of the units in both waves in a census,
    of all units for people. gained, lost: units that changed, for binary answers. only_before,
    only_now: units of one wave only, for indicators tested on the others. p, p_holm: p value, and p
    value adjusted by Holm. form: form of the sentence. reason: why it is not compared.
    """

    indicator: str
    before: float = np.nan
    now: float = np.nan
    change: float = np.nan
    test: str = ""
    n: float = np.nan
    tested: float = np.nan
    low: float = np.nan
    high: float = np.nan
    gained: float = np.nan
    lost: float = np.nan
    only_before: float = np.nan
    only_now: float = np.nan
    p: float = np.nan
    p_holm: float = np.nan
    form: str = NOT_COMPARED
    reason: str = ""


def compare_waves(
    estimates: pd.DataFrame | Sealed,
    before: Wave,
    now: Wave,
    facts: pd.DataFrame,
    by_township: bool = False,
) -> pd.DataFrame:
    """Compare the city's indicators computed from clean tables with the previous wave.

    estimates: those of this wave, as computed. facts: the table `before` (columns FACTS of
    `survey.changes`): name of the previous wave, its unreadable tables, and what its edition
    published. by_township: townships, not units, are the clusters. Returns one row per indicator
    (fields of Comparison): those tested first, then facts, then those not compared; empty without a
    previous wave. Raises ValueError if a formula does not give the estimate that it describes.
    """
    if facts.empty:
        return _table([])
    estimates, before, now = opened(estimates), before.opened(), now.opened()
    city = estimates[(estimates["district"] == study().city) & (estimates["basis"] != "published")]
    pair = _Pair(city, before, now, facts, by_township)
    found = [pair.compared(name) for name in pair.rows if pair.is_surveyed(name)]
    table = _table([*found, *pair.withdrawn(set(estimates["indicator"]))])
    tested = table["p"].notna() & (table["reason"] == "")
    table.loc[tested, "p_holm"] = holm(table.loc[tested, "p"])
    table.loc[tested, "form"] = [_form(row) for row in table[tested].to_dict("records")]
    order = table["form"].map({FACT: 1, NOT_COMPARED: 2}).fillna(0)
    return table.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


def _table(found: Iterable[Comparison]) -> pd.DataFrame:
    names = [one.name for one in fields(Comparison)]
    frame = pd.DataFrame([asdict(one) for one in found], columns=names)
    numbers = [one.name for one in fields(Comparison) if one.type == "float"]
    return frame.astype(dict.fromkeys(numbers, float)).round(dict.fromkeys(numbers, DECIMALS))


def _form(row: dict) -> str:
    if row["p_holm"] >= LEVEL or row["tested"] == 0:
        return ALIKE
    return ROSE if row["tested"] > 0 else FELL


class _Pair:
    """Two waves, with the values of each indicator in both."""

    def __init__(
        self, city: pd.DataFrame, before: Wave, now: Wave, facts: pd.DataFrame, by_township: bool
    ) -> None:
        self.rows = {row["indicator"]: row for row in city.to_dict("records")}
        self.formulas = {name: parse(row["how"]) for name, row in self.rows.items()}
        self.before, self.now, self.by_township = before, now, by_township
        self.measures = reference("measures").set_index("indicator")
        self.computed: dict[tuple[str, int], float] = {}
        kinds = {kind: rows.set_index("name") for kind, rows in facts.groupby("kind")}
        self.unread = set(kinds[UNREAD].index) if UNREAD in kinds else set()
        self.published = _recorded(kinds)
        self.definitions = kinds.get("definition")
        self.reasons = {name: self._reason(name) for name in self.rows}
        self.values = self._published_values(city)
        for name, reason in self.reasons.items():
            both = [self.values[when].get(name, np.nan) for when in ("before", "now")]
            if not reason and not np.isfinite(both).all():
                self.reasons[name] = SMALL

    def is_surveyed(self, name: str) -> bool:
        """Return whether an indicator is computed from clean tables, directly or through others."""
        formula = self.formulas[name]
        return formula is None or formula.table in ("estimates", *self.now.tables)

    def compared(self, name: str) -> Comparison:
        """Return the comparison of one indicator, with as many of its fields as can be computed."""
        then, this = self.values["before"].get(name, np.nan), self.values["now"][name]
        found = Comparison(name, then, this, this - then, reason=self.reasons[name])
        if found.reason:
            then = then if np.isfinite(then) else (self.published or {}).get(name, np.nan)
            return replace(found, before=then, change=np.nan)
        found = self._tested(found)
        if self._few_moved(name):
            blank = dict.fromkeys(
                ("change", "tested", "low", "high", "gained", "lost", "p"), np.nan
            )
            return replace(found, **blank, test="", form=NOT_COMPARED, reason=FEW_MOVED)
        return _as_published(found)

    def withdrawn(self, known: set[str]) -> list[Comparison]:
        """Return the indicators of the city published for the previous wave and unknown now."""
        published = (self.published or {}).items()
        return [
            Comparison(name, before=then, reason=WITHDRAWN)
            for name, then in published
            if name not in known
        ]

    def _reason(self, name: str) -> str:
        """Return why an indicator cannot be compared, before it is computed; empty if it can."""
        formula = self.formulas.get(name)
        if self.published is None:
            return NO_RECORD
        if formula is None:
            return MODEL
        if formula.kind in (DIFFERENCE, GROWTH):
            parts = [self._reason(part) for part in (formula.over, formula.under)]
            return next(filter(None, parts), self._redefined(name))
        has_sample = not formula.by_design or formula.table in self.now.samples
        if not (has_sample and set(formula.tables) <= self.now.tables.keys()):
            return MODEL
        if self.unread & set(formula.tables):
            return UNREADABLE
        if missing(formula, self.now.tables, self.before.tables):
            return NEW
        return self._redefined(name)

    def _redefined(self, name: str) -> str:
        """Return the reason DEFINITION if a definition differs from that of the previous wave."""
        if self.definitions is None or name not in self.definitions.index:
            return ""
        measure = self.measures.loc[name]
        then = self.definitions.loc[name, ["zh", "en"]]
        words = [measure.get(f"definition_{lang}", "") for lang in study().languages]
        return DEFINITION if list(then[list(study().languages)]) != words else ""

    def _published_values(self, city: pd.DataFrame) -> dict[str, dict[str, float]]:
        """Return the values of both waves, as they may be published.

        Those of the previous wave are compared with its edition.
        """
        rows = city.assign(**dict.fromkeys(("low", "high", "numerator", "denominator"), np.nan))
        then = [
            self._value(name, self.before) if not self.reasons[name] else np.nan
            for name in city["indicator"]
        ]
        this = [self._value(name, self.now) for name in city["indicator"]]
        for row, redone in zip(city.itertuples(), this, strict=True):
            if np.isfinite(redone) and not np.isclose(redone, row.value, atol=TOLERANCE, rtol=0):
                raise ValueError(
                    f"{row.indicator}: its formula gives {redone}, not {row.value}: {row.how}"
                )
        shown = {
            "before": protected(rows.assign(value=then), NOTHING),
            "now": protected(rows, NOTHING),
        }
        values = {
            when: dict(zip(part["indicator"], part["value"], strict=True))
            for when, part in shown.items()
        }
        for name, found in values["before"].items():
            said = (self.published or {}).get(name, np.nan)
            if not self.reasons[name] and np.isfinite(said) and abs(said - found) > TOLERANCE:
                self.reasons[name] = PUBLISHED
        return values

    def _value(self, name: str, wave: Wave) -> float:
        """Return an indicator computed from the tables of a wave, rounded as estimates are.

        It is missing if its formula cannot be applied.
        """
        key = name, id(wave)
        if key not in self.computed:
            self.computed[key] = round(self._exact(name, wave), DECIMALS)
        return self.computed[key]

    def _exact(self, name: str, wave: Wave) -> float:
        formula = self.formulas.get(name)
        if formula is None:
            return np.nan
        if formula.kind in (DIFFERENCE, GROWTH):
            after, first = (self._value(part, wave) for part in (formula.over, formula.under))
            return 100 * (after - first) / first if formula.kind == GROWTH else after - first
        if not set(formula.tables) <= wave.tables.keys():
            return np.nan
        if formula.by_design:
            return overlap.fitted(formula, wave.samples[formula.table]).value
        if formula.kind == MEAN and _counts_people(formula):
            values = domain(formula, wave.tables, UNIT)["top"].to_numpy()
            if tells_of_one(values, name, of_city=True):
                return np.nan
        return value(formula, wave.tables, UNIT)

    def _tested(self, found: Comparison) -> Comparison:
        formula = self.formulas[found.indicator]
        if formula.by_design:
            return self._by_design(found, formula)
        table = study().tables.get(formula.table)
        if formula.kind not in SPREAD or table.sample or UNIT not in self.now.tables[formula.table]:
            return replace(found, form=FACT)
        old, new = (domain(formula, wave.tables, UNIT) for wave in (self.before, self.now))
        units = [set(rows[UNIT]) for rows in (old, new)]
        both = units[0] & units[1]
        if len(both) < SAME_ENOUGH * max(map(len, units)):
            return replace(found, n=len(both), reason=PLACES)
        if len(both) < MIN_DENOMINATOR:
            return replace(found, n=len(both), reason=SMALL)
        if _counts_people(formula):
            found = replace(found, n=len(units[0] | units[1]), test=CLUSTERS)
            return replace(found, **self._clustered(old, new, formula.scale))
        alone = {"only_before": len(units[0] - both), "only_now": len(units[1] - both)}
        found = replace(found, n=len(both), **alone)
        old, new = (rows[rows[UNIT].isin(both)] for rows in (old, new))
        is_answer = formula.kind == SHARE and old[UNIT].is_unique and new[UNIT].is_unique
        if is_answer and not self.by_township:
            return replace(found, test=MCNEMAR, **_paired(old, new, formula.scale))
        return replace(found, test=CLUSTERS, **self._clustered(old, new, formula.scale))

    def _by_design(self, found: Comparison, formula: Formula) -> Comparison:
        """Return the design-based comparison of two samples."""
        both = (
            overlap.fitted(formula, wave.samples[formula.table]) for wave in (self.before, self.now)
        )
        made = overlap.change(*both)
        found = replace(found, n=min(made.before.n, made.now.n))
        if found.n < MIN_DENOMINATOR or not np.isfinite(made.p):
            return replace(found, reason=SMALL)
        tested = made.now.value - made.before.value
        return replace(found, test=DESIGN, tested=tested, low=made.low, high=made.high, p=made.p)

    def _clustered(self, old: pd.DataFrame, new: pd.DataFrame, scale: float) -> dict[str, float]:
        """Test the difference of two means or ratios; clusters are units or their townships."""
        stacked = pd.concat([old.assign(is_now=False), new.assign(is_now=True)], ignore_index=True)
        cluster = stacked[UNIT].map(study().township_of) if self.by_township else stacked[UNIT]
        stacked = stacked[["top", "bottom", "is_now"]].assign(cluster=cluster)
        found = difference(
            stacked, Design(clusters="cluster"), "top", "is_now", "not is_now", "bottom"
        )
        p = found["p"] if np.isfinite(found["p"]) else 1.0  # without variance nothing is found
        return {
            "tested": scale * found["value"],
            "low": scale * found["low"],
            "high": scale * found["high"],
            "p": p,
        }

    def _few_moved(self, name: str) -> bool:
        """Return whether the counts of people behind an indicator changed by too few to publish."""
        then, this = (self._people(name, wave) for wave in (self.before, self.now))
        return any(0 < abs(a - b) < policy().threshold for a, b in zip(then, this, strict=True))

    def _people(self, name: str, wave: Wave) -> list[float]:
        """Return the counts of people from which an indicator is computed."""
        person, formula = policy().people.get(name), self.formulas.get(name)
        counts = [self._value(name, wave)] if person and person.is_cell else []
        for part in person.of if person else ():
            counts += self._people(part, wave)
        if formula is None or formula.by_design or not _counts_people(formula):
            return counts
        rows = domain(formula, wave.tables, UNIT)
        counts += [] if formula.kind == MEMBERS else [float(len(rows))]
        return counts + [float(rows["top"].sum())] * (formula.kind in (SHARE, MEMBERS, COUNT))


def _recorded(kinds: Mapping[str, pd.DataFrame]) -> dict[str, float] | None:
    """Return the city's indicators in the edition of the previous wave.

    None if there is no such edition, or if it is one of another wave.
    """
    if "number" not in kinds or kinds["edition"].at["wave", "zh"] != kinds[WAVE_BEFORE].index[0]:
        return None
    texts = kinds["number"]["data"].str.partition(" ")[0]
    return {name: float(text) for name, text in texts.items() if "." not in name}


def _counts_people(formula: Formula) -> bool:
    tables = (study().tables.get(name) for name in formula.tables)
    return any(table is not None and table.of_people for table in tables)


def _paired(old: pd.DataFrame, new: pd.DataFrame, scale: float) -> dict[str, float]:
    """Test binary answers of the same units by McNemar, with Tango's interval."""
    was = old.set_index(UNIT)["top"].gt(0)
    is_ = new.set_index(UNIT)["top"].gt(0).loc[was.index]
    gained, lost, n = int((is_ & ~was).sum()), int((was & ~is_).sum()), len(was)
    low, high = tango(gained, lost, n)
    tested = scale * (gained - lost) / n
    interval = {"low": scale * low, "high": scale * high}
    return {"tested": tested, "gained": gained, "lost": lost, "p": mcnemar(gained, lost)} | interval


def _as_published(found: Comparison) -> Comparison:
    """Round the values of an indicator of people to the published digits."""
    person = policy().people.get(found.indicator)
    if person is None or person.decimals is None:
        return found
    digits = int(reference("measures").set_index("indicator").at[found.indicator, "decimals"])
    rounded = {
        name: round(getattr(found, name), digits) for name in ("change", "tested", "low", "high")
    }
    return replace(found, **rounded)


@opening
def few_movers(before: Mapping[str, pd.DataFrame], now: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return counts of people by district that both editions publish and that hardly differ.

    They differ by fewer than the threshold, and readers can subtract them. Cells that are withheld
    only to protect others are included. The columns are indicator, district and change (net number
    of people).
    """
    rules = _askable(policy(), before, now)
    counts = [count_cells(dict(tables), rules) for tables in (before, now)]
    if any(one.empty or not one.to_numpy().any() for one in counts):  # no people, or no wave
        return pd.DataFrame(columns=["indicator", "district", "change"])
    hidden = set().union(
        *(hidden_by_policy(one, rules) | small_cells(one, rules) for one in counts)
    )
    moved = (counts[1] - counts[0]).stack().rename("change").rename_axis(["indicator", "district"])
    few = moved[moved.abs().between(1, rules.threshold - 1) & ~moved.index.isin(hidden)]
    return few.reset_index()


def _askable(
    rules: Policy, before: Mapping[str, pd.DataFrame], now: Mapping[str, pd.DataFrame]
) -> Policy:
    """Return a policy without the cells that need a question new in this wave."""
    kept: dict[str, Person] = {}
    for name, cell in rules.cells.items():
        if cell.kind == "derived_count":
            asked = all(part in kept for _, part in terms(cell.equals))
        else:
            formula = Formula(cell.table, COUNT, where=cell.where)
            asked = {cell.table} <= now.keys() & before.keys() and not missing(formula, now, before)
        kept |= {name: cell} if asked else {}
    return replace(rules, people=kept)
