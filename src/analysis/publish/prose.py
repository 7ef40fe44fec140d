"""Prose that takes every number by name.

`%%md zh` and `%%md en` head a cell of Markdown with Jinja2; a cell keeps silent unless its language is the
notebook's. An unknown name stops the notebook.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import pandas as pd
from jinja2 import Environment, StrictUndefined

from analysis.stats.ledger import printed
from analysis.survey.repository import reference

ENVIRONMENT = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)

HALF = {
    "zh": {"below": "不足一半", "above": "超过一半", "equal": "恰为一半"},
    "en": {"below": "less than half", "above": "more than half", "equal": "exactly half"},
}


@dataclass(frozen=True)
class Number:
    """One row of the estimates, ready to be said; `str` gives it with its unit and a link to its receipt."""

    name: str
    title: str
    value: float
    low: float
    high: float
    n: int
    decimals: int
    unit: str
    basis: str
    uncertainty: str
    lang: str = "zh"

    @property
    def text(self) -> str:
        """The rounded value with its unit, without markup."""
        return printed(self.value, self.decimals) + self.unit

    @property
    def bare(self) -> str:
        """The rounded value linked to its receipt, without unit (where the sentence has its own)."""
        return self._link(printed(self.value, self.decimals))

    @property
    def interval(self) -> str:
        """The 95 % interval, one decimal finer than the value at most, or a dash where there is none."""
        if pd.isna(self.low):
            return "—"
        digits = max(self.decimals, 1)
        return f"{printed(self.low, digits)}–{printed(self.high, digits)}{self.unit}"

    @property
    def half(self) -> str:
        """Say on which side of one half a percentage lies."""
        if self.value == 50:
            return HALF[self.lang]["equal"]
        return HALF[self.lang]["below" if self.value < 50 else "above"]

    def to(self, decimals: int) -> str:
        """The value with its unit at another precision."""
        return self._link(printed(self.value, decimals) + self.unit)

    def __str__(self) -> str:
        return self._link(self.text)

    def _link(self, text: str) -> str:
        href = escape(f"#r-{self.name}")
        return f'<a class="n" href="{href}" data-basis="{self.basis}">{escape(text)}</a>'


def numbers(estimates: pd.DataFrame, lang: str) -> dict[str, dict[str, Number]]:
    """Make every number sayable: {district: {indicator: Number}}."""
    measures = reference("measures").set_index("indicator").to_dict("index")
    said = {}
    for row in estimates.itertuples(index=False):
        by_indicator = said.setdefault(row.district, {})
        by_indicator[row.indicator] = number(row, measures[row.indicator], lang)
    return said


def number(row, measure: dict, lang: str) -> Number:
    """Turn a row of the estimates and its row of `measures.csv` into a Number."""
    return Number(
        name=row.name,
        title=measure[lang],
        value=row.value,
        low=row.low,
        high=row.high,
        n=int(row.n),
        decimals=int(measure["decimals"]),
        unit=measure[f"unit_{lang}"],
        basis=row.basis,
        uncertainty=row.uncertainty,
        lang=lang,
    )


def render(template: str, names: dict) -> str:
    """Fill a template; jinja2.UndefinedError names what is not among `names`."""
    return ENVIRONMENT.from_string(template).render(names)
