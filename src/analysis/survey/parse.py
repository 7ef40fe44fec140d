"""Turn cells into values by rule. What no rule covers is a fault, never a guess."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable
from functools import partial

import pandas as pd
import pandera.pandas as pa

from analysis.survey.messages import (
    ERROR_VALUE,
    JANUARY_OR_OCTOBER,
    NOT_A_DATE,
    NOT_A_NUMBER,
    NOT_A_PLACE,
    NOT_AN_ANSWER,
    NOT_PLAIN_DIGIT,
    NOT_SO_MANY_DIGITS,
    NOT_TEXT,
    NOT_THE_PATTERN,
    NOT_WHOLE,
    NOT_YES_OR_NO,
    TIME_OF_DAY,
    Fault,
)
from analysis.survey.text import REORDERING, fold, normalise, odd_character

NUMBER = re.compile(
    r"(-?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?)(?![0-9.,])\s*([^0-9.,\s].*)?", re.S
)
DATE = re.compile(r"([0-9]{4})[年./-]([0-9]{1,2})(?:月|[月./-]([0-9]{1,2})日?)?")
OCTOBER = re.compile(r"[0-9]{4}\.1")  # what becomes of 1988.10 where it is taken for a number
CODE = re.compile(r"[0-9A-Za-z-]+")
DIGITS = re.compile(r"\^?\[0-9\]\{([0-9]+)\}\$?")  # the pattern of a code that is so many digits
INVISIBLE = (
    "\u00ad\u180e\u200b-\u200e\u2060-\u2064\ufeff"  # dropped around a value, never within one
)
AROUND = re.compile(rf"^[\s{INVISIBLE}]+|[\s{INVISIBLE}]+$")
# two numbers in one cell: folding would join them into a third
APART = re.compile(r"[0-9]\s+[0-9]")
MIDNIGHT = re.compile(r"\s+0?0:00(:00)?\s*$")
ERROR = re.compile(r"#(DIV/0!|N/A|REF!|NAME\?|VALUE!|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA)")
LARGEST = 2**53  # beyond it a float no longer holds every whole number
YUAN = 10_000  # 元 in one 万元
# how a unit may be written, folded, and what the number is then divided by
SPELLINGS = {"万元": {"万元": 1, "元": YUAN}, "平方米": {"平方米": 1, "m2": 1, "m²": 1, "平米": 1}}


class UnreadableError(ValueError):
    """Raised with what is wrong with a cell and what is wanted instead."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


class Broken(str):
    """A cell that shows an error value, or a formula that nobody has calculated, instead of a
    value.
    """

    fault: Fault

    def __new__(cls, fault: Fault | None = None) -> Broken:
        """Make a cell that reads as its fault; without one, what is wrong is named elsewhere."""
        cell = super().__new__(cls, fault.text if fault else "")
        if fault:
            cell.fault = fault
        return cell


# each cell of a column that the header lacks, or whose unit is unknown: named at the header
ABSENT = Broken()


def spellings(unit: str) -> dict[str, int]:
    """Map each way to write a unit to its divisor: 元 counts for 万元, by ten thousand."""
    return SPELLINGS.get(unit, {unit: 1} if unit else {})


def number(cell: object, unit: str = "") -> float:
    """Read a finite number; text may have full-width digits, thousands commas and the column's
    unit.

    Spaces and invisible characters may stand around the number and its unit, not within the number.
    """
    value = math.nan
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        value = float(cell)
    elif isinstance(cell, str) and (found := NUMBER.fullmatch(AROUND.sub("", fold(cell)))):
        divisor = spellings(unit).get(normalise(found[2]), math.nan) if found[2] else 1
        value = float(found[1].replace(",", "")) / divisor
    if not math.isfinite(value):
        raise UnreadableError(NOT_A_NUMBER.fault())
    return value


def whole(cell: object, unit: str = "") -> int:
    """Read a whole number."""
    value = number(cell, unit)
    if not value.is_integer() or abs(value) > LARGEST:
        raise UnreadableError(NOT_WHOLE.fault())
    return int(value)


def yes_or_no(codes: dict[str, str]) -> Callable[[object], bool]:
    """Return a rule that reads the two answers in `codes`, of which the first is yes."""
    yes, no = codes

    def read(cell: object) -> bool:
        answer = normalise(cell)
        if answer not in (yes, no):
            raise UnreadableError(NOT_YES_OR_NO.fault(yes=yes, no=no))
        return answer == yes

    return read


def date(cell: object) -> pd.Timestamp:
    """Read a date cell, or text such as 1988年3月, 1988-03-05 or 1988.3; without a day, the first.

    A time of day is not asked for: it is refused, unless it is midnight.
    """
    match = None
    if isinstance(cell, str):
        cell = MIDNIGHT.sub("", AROUND.sub("", fold(cell)))
        match = None if APART.search(cell) else DATE.fullmatch("".join(cell.split()))
    if match and OCTOBER.fullmatch(match[0]):
        raise UnreadableError(JANUARY_OR_OCTOBER.fault())
    try:
        if isinstance(cell, dt.date):
            day = pd.Timestamp(cell).as_unit("ns")
        else:
            day = pd.Timestamp(*(int(part or 1) for part in match.groups())).as_unit("ns")
    except (AttributeError, ValueError):
        raise UnreadableError(NOT_A_DATE.fault()) from None
    if day != day.normalize():
        raise UnreadableError(TIME_OF_DAY.fault())
    return day


def text(cell: object) -> str:
    """Read text: a whole number typed as a number becomes its digits; outer space and the invisible
    go.
    """
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, bool) or not isinstance(cell, str | int):
        raise UnreadableError(NOT_TEXT.fault())
    return "".join(ch for ch in str(cell) if unicodedata.category(ch) != "Cf").strip()


def one_of(codes: dict[str, str]) -> Callable[[object], str]:
    """Return a rule that reads one of the answers in `codes`, whatever its width or spacing."""
    by_spelling = {normalise(answer): answer for answer in codes}

    def read(cell: object) -> str:
        answer = by_spelling.get(normalise(cell))
        if answer is None:
            raise UnreadableError(NOT_AN_ANSWER.fault(answers="、".join(codes)))
        return answer

    return read


def not_a_code(pattern: str) -> Fault:
    """Say what a code that does not match its pattern should be."""
    if digits := DIGITS.fullmatch(pattern):
        return NOT_SO_MANY_DIGITS.fault(digits=digits[1])
    return NOT_THE_PATTERN.fault(pattern=pattern)


def code(cell: object, pattern: str) -> str:
    """Read a code, plain or full-width, kept as text; whether it matches the pattern is checked
    later.
    """
    read = fold(text(cell))
    if not CODE.fullmatch(read):
        raise UnreadableError(not_a_code(pattern))
    return read


def place(cell: object) -> str:
    """Read the name of a place: text without a numeral that could be the mark of a footnote."""
    if isinstance(cell, str) and odd_character(cell):
        raise UnreadableError(NOT_A_PLACE.fault())
    return text(cell)


def reader(schema: pa.Column) -> Callable[[object], object]:
    """Return the rule for a column of the codebook; none reads a broken cell, or one that shows
    another order.
    """
    read = _by_type(schema)

    def unbroken(cell: object) -> object:
        if isinstance(cell, Broken):
            raise UnreadableError(cell.fault)
        if isinstance(cell, str) and ERROR.fullmatch(normalise(cell).upper()):
            raise UnreadableError(ERROR_VALUE.fault(value=""))
        if isinstance(cell, str) and REORDERING.search(cell):
            raise UnreadableError(odd_fault(cell))
        try:
            return read(cell)
        except UnreadableError:
            if isinstance(cell, str) and odd_character(cell):
                raise UnreadableError(odd_fault(cell)) from None
            raise

    return unbroken


def odd_fault(cell: str) -> Fault:
    """Name the character that is no plain digit, by its code where it cannot be seen."""
    odd = odd_character(cell)
    shown = (
        f"“{odd}”" if odd.isprintable() and not unicodedata.combining(odd) else f"U+{ord(odd):04X}"
    )
    return NOT_PLAIN_DIGIT.fault(shown=shown)


def _by_type(schema: pa.Column) -> Callable[[object], object]:
    facts = schema.metadata
    match facts["type"]:
        case "yes_no":
            return yes_or_no(facts["codes"])
        case "choice":
            return one_of(facts["codes"])
        case "integer":
            return partial(whole, unit=facts["unit"])
        case "decimal":
            return partial(number, unit=facts["unit"])
        case "date" | "month":
            return date
        case "code":
            return partial(code, pattern=schema.checks[0].statistics["pattern"])
        case "place":
            return place
    return text
