"""Prose that takes every number by name.

`%%md zh` and `%%md en` head a cell of Markdown with Jinja2; a cell keeps silent unless its language
is the notebook's. An unknown name stops the notebook.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from html import escape
from typing import Any

import pandas as pd
from jinja2 import StrictUndefined, Undefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from analysis.publish.markup import literal
from analysis.stats.disclosure import published_digits
from analysis.stats.ledger import printed
from analysis.survey.measures import measures
from analysis.survey.study import study

HALF = {
    "zh": {"below": "不足一半", "above": "超过一半", "equal": "恰为一半"},
    "en": {"below": "less than half", "above": "more than half", "equal": "exactly half"},
}

ORDINALS = {
    "zh": ("首", "第二", "第三", "第四", "第五", "第六", "第七", "第八", "第九", "第十"),
    "en": (
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
    ),
}

# What words may take of a number: links to its receipt, words, and values for conditions, which are
# not printed.
SHAPES = (
    "unlinked",
    "ordinal",
    "bare",
    "interval",
    "to",
    "half",
    "name",
    "value",
    "low",
    "high",
    "n",
)
WITHHELD = {"zh": "不公布", "en": "withheld"}  # in place of a number that would tell of people
FEW = 12  # a share of fewer is printed as counts: 3 of 4 is no 75 %, nor 10 of 11 90.9 %
COUNTED = re.compile(r"(\w+): 100 × count\(")  # the formula of a share of rows, and their table
# What the rows of tables are that are not in the codebook, by language: one, and several.
ROWS = {
    "policy_register": {"zh": ("条记录", "条记录"), "en": ("record", "records")},
    "benchmarks": {"zh": ("条记录", "条记录"), "en": ("record", "records")},
    "estimates": {"zh": ("个数", "个数"), "en": ("number", "numbers")},
    "": {"zh": ("行", "行"), "en": ("row", "rows")},
}

# The one conversion between the languages: what 1 万元 is in the English unit, as a power of ten.
POWERS = {("万元", "million yuan"): -2, ("万元", "yuan"): 4}


class ProseError(ValueError):
    """Raised with the notebook, the cell and what is wrong with its words. Jupyter shows this
    message alone.
    """

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass(frozen=True)
class Unit:
    """How a language prints a measure: its unit, the power of ten that leads to it, grouped digits.

    decimals: of the value in the unit of the data, which is the Chinese one; it is rounded there
    first, so that both languages print the same number.
    """

    name: str
    decimals: int
    power: int = 0
    lang: str = "zh"

    @classmethod
    def of(cls, measure: pd.Series | dict[str, str], lang: str) -> Unit:
        """Read the unit from a row of `measures.csv`."""
        name = measure[f"unit_{lang}"]
        power = POWERS.get((measure["unit_zh"], name), 0)
        return cls(name, int(measure["decimals"]), power, lang)

    def print(self, value: float, decimals: int | None = None) -> str:
        """Print a value of the data, without its unit: 16887.2 (万元) is 168.872 (million yuan)."""
        decimals = self.decimals if decimals is None else decimals
        number = Decimal(printed(value, decimals)).scaleb(self.power)
        if self.power < 0 and decimals == 0:  # a whole number of 万元 claims no further digits
            return f"{number.normalize():,f}"
        group = "," if self.lang == "en" else ""
        return f"{number:{group}.{max(decimals - self.power, 0)}f}"

    def tabled(self, value: float) -> str:
        """Print a value as tables do: without its unit, a percentage with one decimal at least."""
        return self.print(value, max(self.decimals, 1 if self.name == "%" else 0))

    @property
    def suffix(self) -> str:
        """The unit as it follows a number: a word of English after a space."""
        return f" {self.name}" if self.lang == "en" and self.name[:1].isalpha() else self.name

    @property
    def factor(self) -> float:
        """What a value of the data is multiplied by in a drawing or a table of this language."""
        return 10.0**self.power


def rows_said(n: int, table: str, lang: str) -> str:
    """Say how many rows of a table: 277人, 277 workers; of an unknown table, rows."""
    unit = counted(table)[lang][n != 1]
    return f"{n}{unit}" if lang == "zh" else f"{n:,} {unit}"


def counted(table: str) -> dict[str, tuple[str, str]]:
    """Return what the rows of a table are, by language: one, and several."""
    known = study().tables.get(table)
    return known.counted if known else ROWS.get(table, ROWS[""])


def money(printed: str, unit: str, name: str = "") -> tuple[str, str]:
    """Say an amount printed in 万元 by the unit `name`: ("6.47", "万元/年") in yuan is ("64,700",
    "yuan/年").

    The digits are those printed. Without a name that money has in English, it is in million yuan.
    """
    if "万元" not in unit:
        return printed, unit
    name = name if ("万元", name) in POWERS else "million yuan"

    def said(number: re.Match) -> str:
        decimals = len(number[0].partition(".")[2])
        return Unit(name, decimals, POWERS["万元", name], "en").print(float(number[0]))

    return re.sub(r"\d+(?:\.\d+)?", said, printed), unit.replace("万元", name)


@dataclass(frozen=True)
class Number:
    """One row of the estimates, ready to be said; `str` gives it with its unit and a link to its
    receipt.

    key: its address, as in `estimates.csv`. name: that of its indicator in `measures.csv`.
    """

    key: str
    name: str
    value: float
    low: float
    high: float
    n: int
    unit: Unit
    basis: str
    uncertainty: str
    counted: int | None = None  # of a share of rows: how many of the n there are
    table: str = ""  # whose rows they are
    linked: bool = True  # to its receipt
    withheld: str = ""  # why the value is not published

    @property
    def few(self) -> bool:
        """Tell whether this is a share of so few that counts are printed."""
        return self.counted is not None and self.n < FEW

    @property
    def text(self) -> str:
        """The rounded value with its unit, without markup; a share of few as counts."""
        if self.withheld:
            return WITHHELD[self.unit.lang]
        if not self.few:
            return self.plain + self.unit.suffix
        said = rows_said(self.n, self.table, self.unit.lang)
        if self.unit.lang == "en":
            return f"{self.counted} of {said}"
        return f"{said}中的{self.counted}{counted(self.table)['zh'][0][0]}"

    @property
    def plain(self) -> str:
        """The rounded value without unit or link; a share of few as `3 of 4`, which no spreadsheet
        alters.
        """
        if self.withheld:
            return WITHHELD[self.unit.lang]
        if not self.few:
            return self.unit.print(self.value)
        return (
            f"{self.counted} of {self.n}" if self.unit.lang == "en" else f"{self.n}中{self.counted}"
        )

    @property
    def tabled(self) -> str:
        """The value as tables print it, under a head that has the unit."""
        if pd.isna(self.value) and not self.withheld:
            return "—"
        return self.plain if self.few or self.withheld else self.unit.tabled(self.value)

    @property
    def unlinked(self) -> Number:
        """The number as it is said where no reader asks for its source again: `{{
        certified.unlinked }}`.
        """
        return replace(self, linked=False)

    @property
    def bare(self) -> Markup:
        """The rounded value linked to its receipt, without unit (where the sentence has its
        own).
        """
        return self._link(self.plain)

    @property
    def ordinal(self) -> Markup:
        """The number as an order, without a link: 首批, the first batch. ValueError beyond the
        tenth.
        """
        if self.value not in range(1, 11):
            raise ValueError(
                f"{self.key}: {self.value} has no ordinal, which are from the first to the tenth"
            )
        return replace(self, linked=False)._link(ORDINALS[self.unit.lang][int(self.value) - 1])

    @property
    def interval(self) -> Markup:
        """The interval linked to the receipt of the value, or a dash where there is none."""
        return Markup("—") if pd.isna(self.low) else self._link(self.interval_text)

    @property
    def interval_text(self) -> str:
        """The 95 % interval without markup, one decimal finer than the value at most, or a dash."""
        if pd.isna(self.low):
            return "—"
        digits = max(self.unit.decimals, 1)
        # no dash after a minus
        to = "–" if self.low >= 0 else {"zh": "至", "en": " to "}[self.unit.lang]
        return (
            f"{self.unit.print(self.low, digits)}{to}"
            f"{self.unit.print(self.high, digits)}{self.unit.suffix}"
        )

    @property
    def half(self) -> str:
        """Say on which side of one half a percentage lies."""
        if self.value == 50:
            return HALF[self.unit.lang]["equal"]
        return HALF[self.unit.lang]["below" if self.value < 50 else "above"]

    def to(self, decimals: int) -> Markup:
        """The value with its unit at another precision; a share of few as counts."""
        if self.few:
            return str(self)
        return self._link(self.unit.print(self.value, decimals) + self.unit.suffix)

    def __str__(self) -> str:
        return self._link(self.text)

    def __html__(self) -> str:
        return str(self)

    def _link(self, text: str) -> Markup:
        if not self.linked:
            return Markup(f'<span class="n" data-r="{escape(self.key)}">{escape(text)}</span>')
        href = escape(f"#r-{self.key}")
        return Markup(
            f'<a class="n" href="{href}" data-basis="{escape(self.basis)}">{escape(text)}</a>'
        )


def numbers(estimates: pd.DataFrame, lang: str) -> dict[str, dict[str, Number]]:
    """Make every number sayable: {district: {indicator: Number}}."""
    measure = measures()
    said = {}
    for row in estimates.itertuples(index=False):
        by_indicator = said.setdefault(row.district, {})
        by_indicator[row.indicator] = number(row, measure[row.indicator], lang)
    return said


def number(row: Any, measure: dict, lang: str) -> Number:
    """Turn a row of the estimates and its row of `measures.csv` into a Number."""
    share = COUNTED.match(row.how)
    return Number(
        key=row.name,
        name=measure[lang],
        value=row.value,
        low=row.low,
        high=row.high,
        n=int(row.n),
        unit=unit_at(row.indicator, row.district, Unit.of(measure, lang)),
        basis=row.basis,
        uncertainty=row.uncertainty,
        counted=int(row.numerator) if share and pd.notna(row.numerator) else None,
        table=share[1] if share else "",
        withheld=_text(getattr(row, "withheld", "")),
    )


def _text(cell: object) -> str:
    """Return a text; of a blank cell of a file, nothing."""
    return cell if isinstance(cell, str) else ""


def unit_at(indicator: str, district: str, unit: Unit) -> Unit:
    """Return how an indicator is printed for a district: means of people with fewer decimals than
    the city's.
    """
    digits = published_digits(indicator)
    return unit if digits is None or district == study().city else replace(unit, decimals=digits)


def _said(value: object) -> object:
    """Return a value as it may stand in words: data is text, whatever signs it holds; numbers have
    receipts.
    """
    if isinstance(value, Undefined) or hasattr(value, "__html__"):
        return value
    if isinstance(value, str):
        return Markup(literal(value))
    raise TypeError(
        f"{value!r} has no receipt: words take a number by its name, as {{{{ certified }}}}"
    )


def _items(values: Iterable) -> Iterable:
    """Return what a template may go through: a list, never the signs of a text nor the codes of a
    mapping.
    """
    if isinstance(values, str | Mapping):
        raise TypeError(
            f"{str(values)[:40]!r}: words go through lists only, a text or a mapping is no list"
        )
    return values


def _joined(values: Iterable, separator: str = "") -> Markup:
    return Markup(_said(separator)).join(_said(value) for value in _items(values))


class _Generator(CodeGenerator):
    """Compile templates whose loops go through `_items`."""

    def visit_Template(  # noqa: N802 (jinja2 names it)
        self, node: nodes.Template, frame: Frame | None = None
    ) -> None:
        for loop in node.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, "items", [], [], None, None, lineno=loop.lineno)
        super().visit_Template(node, frame)


class _Words(ImmutableSandboxedEnvironment):
    """Let templates reach a number in the shapes that link to its receipt, and take no text to
    pieces.
    """

    code_generator_class = _Generator

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Tell whether words may take an attribute; jinja2.sandbox.SecurityError is raised where
        not.
        """
        return super().is_safe_attribute(obj, attr, value) and (
            not isinstance(obj, Number) or attr in SHAPES
        )

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Take an item of a list or mapping, or an attribute; TypeError for a sign of a text."""
        if isinstance(obj, str):
            raise TypeError(f"{obj[:40]!r}: words take a text as a whole")
        return super().getitem(obj, argument)


def _environment() -> _Words:
    """Return the environment of all templates of words, which come from notebooks and from
    reference tables.
    """
    made = _Words(
        undefined=StrictUndefined, autoescape=True, keep_trailing_newline=True, finalize=_said
    )
    # numbers are computed in cells
    made.filters, made.globals = ({"join": _joined, "items": _items}, {})
    return made


ENVIRONMENT = _environment()


def render(template: str, names: dict) -> Markup:
    """Fill a template: text in `names` is shown as it is, numbers as links to their receipts.

    jinja2.UndefinedError names what is not among `names`; TypeError and
    jinja2.sandbox.SecurityError tell of a number without a receipt.
    """
    return Markup(ENVIRONMENT.from_string(template).render(names))
