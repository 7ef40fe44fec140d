"""Prose in which every number is taken by name from the estimates.

A cell of Markdown with Jinja2 begins with `%%md zh` or `%%md en`; it shows nothing unless this is
the language of the notebook. An unknown name raises an error, which stops the notebook.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pandas as pd
from jinja2 import StrictUndefined, Undefined, nodes
from jinja2.compiler import Frame
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.sandbox import ImmutableSandboxedEnvironment

from analysis.publish.text import NumberSpan, Reference, Structured, Text, literal
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

# Attributes of a number that templates may use: links to its receipt, words, and values for
# conditions, which are not printed.
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
WITHHELD = {"zh": "不公布", "en": "withheld"}  # in place of a number that is withheld
FEW = 12  # a share of fewer rows is printed as counts: 3 of 4, not 75 %; 10 of 11, not 90.9 %
COUNTED = re.compile(r"(\w+): 100 × count\(")  # formula of a share of rows, with their table
# Names of the rows of tables that are not in the codebook, by language: singular and plural.
ROWS = {
    "policy_register": {"zh": ("条记录", "条记录"), "en": ("record", "records")},
    "benchmarks": {"zh": ("条记录", "条记录"), "en": ("record", "records")},
    "estimates": {"zh": ("个数", "个数"), "en": ("number", "numbers")},
    "": {"zh": ("行", "行"), "en": ("row", "rows")},
}

# The only conversion of units between languages: 1 万元 in the English unit, as a power of ten.
POWERS = {("万元", "million yuan"): -2, ("万元", "yuan"): 4}


class ProseError(ValueError):
    """Raised with the notebook, the cell and the error in its text.

    Jupyter shows this message alone.
    """

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass(frozen=True)
class Unit:
    """Format of a measure in one language: unit, power of ten for conversion, grouping of digits.

    decimals: of the value in the unit of the data, which is the Chinese unit; the value is rounded
    in this unit first, so that both languages print the same number.
    """

    name: str
    decimals: int
    power: int = 0
    lang: str = "zh"

    @classmethod
    def of(cls, measure: pd.Series | dict[str, str], lang: str) -> Unit:
        """Return the unit given by a row of `measures.csv`."""
        name = measure[f"unit_{lang}"]
        power = POWERS.get((measure["unit_zh"], name), 0)
        return cls(name, int(measure["decimals"]), power, lang)

    def print(self, value: float, decimals: int | None = None) -> str:
        """Return a value as text, without unit: 16887.2 (万元) gives 168.872 (million yuan)."""
        decimals = self.decimals if decimals is None else decimals
        number = Decimal(printed(value, decimals)).scaleb(self.power)
        if self.power < 0 and decimals == 0:  # a whole number of 万元 has no further digits
            return f"{number.normalize():,f}"
        group = "," if self.lang == "en" else ""
        return f"{number:{group}.{max(decimals - self.power, 0)}f}"

    def tabled(self, value: float) -> str:
        """Return a value as text for a table, without unit.

        Percentages have at least one decimal.
        """
        return self.print(value, max(self.decimals, 1 if self.name == "%" else 0))

    @property
    def suffix(self) -> str:
        """Unit as it follows a number: an English word is preceded by a space."""
        return f" {self.name}" if self.lang == "en" and self.name[:1].isalpha() else self.name

    @property
    def factor(self) -> float:
        """Factor for values of the data in drawings and tables of this language."""
        return 10.0**self.power


def rows_said(n: int, table: str, lang: str) -> str:
    """Return a number of rows with the name of the rows: 277人, 277 workers.

    The rows of an unknown table are called rows.
    """
    unit = counted(table)[lang][n != 1]
    return f"{n}{unit}" if lang == "zh" else f"{n:,} {unit}"


def counted(table: str) -> dict[str, tuple[str, str]]:
    """Return the names of the rows of a table by language, each as (singular, plural)."""
    known = study().tables.get(table)
    return known.counted if known else ROWS.get(table, ROWS[""])


def money(printed: str, unit: str, name: str = "") -> tuple[str, str]:
    """Return an amount printed in 万元, and its unit, in the unit `name`.

    ("6.47", "万元/年") in yuan gives ("64,700", "yuan/年"). No digits are added to the significant
    digits printed. If `name` is not an English unit of money, the unit is million yuan.
    """
    if "万元" not in unit:
        return printed, unit
    name = name if ("万元", name) in POWERS else "million yuan"

    def said(number: re.Match) -> str:
        decimals = len(number[0].partition(".")[2])
        return Unit(name, decimals, POWERS["万元", name], "en").print(float(number[0]))

    return re.sub(r"\d+(?:\.\d+)?", said, printed), unit.replace("万元", name)


@dataclass(frozen=True)
class Number(Structured):
    """One row of the estimates, to be used in prose with its unit and a link to its receipt.

    key: its name in `estimates.csv`. name: the name of its indicator in `measures.csv`.
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
    counted: int | None = None  # for a share of rows: how many of the n rows
    table: str = ""  # table of these rows
    linked: bool = True  # whether it is linked to its receipt
    withheld: str = ""  # why the value is not published

    @property
    def few(self) -> bool:
        """Return whether this is a share of so few rows that counts are printed."""
        return self.counted is not None and self.n < FEW

    @property
    def text(self) -> str:
        """Rounded value with its unit, without markup; for a share of few rows the counts."""
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
        """Rounded value without unit or link, for spreadsheets.

        A share of few rows is given as `3 of 4`, which no spreadsheet converts.
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
        """Value as printed in tables whose column head has the unit."""
        if pd.isna(self.value) and not self.withheld:
            return "—"
        return self.plain if self.few or self.withheld else self.unit.tabled(self.value)

    @property
    def unlinked(self) -> Number:
        """The number without a link to its receipt: `{{ certified.unlinked }}`.

        It is used where the source of the number is linked already.
        """
        return replace(self, linked=False)

    @property
    def span(self) -> NumberSpan:
        """The number as printed in prose: the rounded value with its unit."""
        return self._span(self.text)

    @property
    def bare(self) -> NumberSpan:
        """Rounded value without unit (for sentences that have the unit)."""
        return self._span(self.plain)

    @property
    def ordinal(self) -> NumberSpan:
        """The number as an ordinal, without a link: 首批, the first batch.

        Raises ValueError above ten.
        """
        if self.value not in range(1, 11):
            raise ValueError(
                f"{self.key}: {self.value} has no ordinal, which are from the first to the tenth"
            )
        return self.unlinked._span(ORDINALS[self.unit.lang][int(self.value) - 1])

    @property
    def interval(self) -> NumberSpan | str:
        """Interval, linked to the receipt of the value; a dash if there is none."""
        return "—" if pd.isna(self.low) else self._span(self.interval_text)

    @property
    def interval_text(self) -> str:
        """95 % interval without markup, or a dash if there is none.

        It has at most one decimal more than the value.
        """
        if pd.isna(self.low):
            return "—"
        digits = max(self.unit.decimals, 1)
        # a dash is not used with a minus sign
        to = "–" if self.low >= 0 else {"zh": "至", "en": " to "}[self.unit.lang]
        return (
            f"{self.unit.print(self.low, digits)}{to}"
            f"{self.unit.print(self.high, digits)}{self.unit.suffix}"
        )

    @property
    def half(self) -> str:
        """Return on which side of one half a percentage lies, in words."""
        if self.value == 50:
            return HALF[self.unit.lang]["equal"]
        return HALF[self.unit.lang]["below" if self.value < 50 else "above"]

    def to(self, decimals: int) -> NumberSpan:
        """Return the value with its unit and another number of decimals.

        For a share of few rows the counts are returned.
        """
        if self.few:
            return self.span
        return self._span(self.unit.print(self.value, decimals) + self.unit.suffix)

    def _span(self, text: str) -> NumberSpan:
        return NumberSpan(self.key, text, self.linked)


def numbers(estimates: pd.DataFrame, lang: str) -> dict[str, dict[str, Number]]:
    """Return the numbers of some estimates: {district: {indicator: Number}}."""
    measure = measures()
    said = {}
    for row in estimates.itertuples(index=False):
        by_indicator = said.setdefault(row.district, {})
        by_indicator[row.indicator] = number(row, measure[row.indicator], lang)
    return said


def number(row: Any, measure: dict, lang: str) -> Number:
    """Return the Number of a row of the estimates and its row of `measures.csv`."""
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
    """Return a text; the empty text for a blank cell of a file."""
    return cell if isinstance(cell, str) else ""


def unit_at(indicator: str, district: str, unit: Unit) -> Unit:
    """Return the unit of an indicator for a district.

    Means of people have fewer decimals for districts than for the city.
    """
    digits = published_digits(indicator)
    return unit if digits is None or district == study().city else replace(unit, decimals=digits)


def _said(value: object) -> str | NumberSpan | Reference | Text:
    """Return a value as a piece of a text; data are literal, whatever characters they contain."""
    if isinstance(value, Number):
        return value.span
    if isinstance(value, Undefined):
        return str(value)  # raises jinja2.UndefinedError or SecurityError
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, NumberSpan | Reference | Text):
        return value
    raise TypeError(
        f"{value!r} has no receipt: words take a number by its name, as {{{{ certified }}}}"
    )


def _items(values: Iterable) -> Iterable:
    """Return the values if a template may loop over them: lists, but no texts and no mappings.

    Loops over characters of a text or keys of a mapping raise TypeError.
    """
    if isinstance(values, str | Mapping | Structured):
        raise TypeError(
            f"{values!r:.40}: words go through lists only, a text or a mapping is no list"
        )
    return values


def _joined(values: Iterable, separator: str = "") -> Text:
    between = _said(separator)
    pieces = [piece for value in _items(values) for piece in (between, _said(value))]
    return Text.of(pieces[1:])


class _Generator(NativeCodeGenerator):
    """Compile templates that keep the types of their pieces and loop through `_items`."""

    def visit_Template(  # noqa: N802 (jinja2 names it)
        self, node: nodes.Template, frame: Frame | None = None
    ) -> None:
        for loop in node.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, "items", [], [], None, None, lineno=loop.lineno)
        super().visit_Template(node, frame)


class _Words(ImmutableSandboxedEnvironment):
    """Environment that renders templates to a Text.

    Numbers can be used only in forms that have a receipt, strings only as a whole.
    """

    code_generator_class = _Generator
    concat = staticmethod(Text.of)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Return whether a template may use an attribute.

        Otherwise jinja2 raises jinja2.sandbox.SecurityError.
        """
        allowed = SHAPES if isinstance(obj, Number) else ()
        return super().is_safe_attribute(obj, attr, value) and (
            not isinstance(obj, Structured) or attr in allowed
        )

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an item of a list or mapping, or an attribute.

        Raises TypeError for a character of a text.
        """
        if isinstance(obj, str | NumberSpan | Text):
            raise TypeError(f"{obj!r:.40}: words take a text as a whole")
        return super().getitem(obj, argument)


def _environment() -> _Words:
    """Return the environment of all templates, from notebooks and from reference tables."""
    made = _Words(undefined=StrictUndefined, keep_trailing_newline=True, finalize=_said)
    # numbers are computed in cells
    made.filters, made.globals = {"join": _joined, "items": _items}, {}
    return made


ENVIRONMENT = _environment()


def render(template: str, names: dict) -> Text:
    """Return a filled template: strings are literal, numbers are linked to their receipts.

    Raises jinja2.UndefinedError for a name that is not among `names`, and TypeError or
    jinja2.sandbox.SecurityError for a number without a receipt.
    """
    return ENVIRONMENT.from_string(template).render(names)
