"""Convert cells to values by rules; a cell to which no rule applies is a fault."""

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
OCTOBER = re.compile(r"[0-9]{4}\.1")  # how 1988.10 is stored if it is entered as a number
CODE = re.compile(r"[0-9A-Za-z-]+")
DIGITS = re.compile(r"\^?\[0-9\]\{([0-9]+)\}\$?")  # pattern of a code of fixed length
# removed around a value, never within it
INVISIBLE = "\u00ad\u180e\u200b-\u200e\u2060-\u2064\ufeff"
AROUND = re.compile(rf"^[\s{INVISIBLE}]+|[\s{INVISIBLE}]+$")
# two numbers in one cell, which folding would join into one
APART = re.compile(r"[0-9]\s+[0-9]")
MIDNIGHT = re.compile(r"\s+0?0:00(:00)?\s*$")
ERROR = re.compile(r"#(DIV/0!|N/A|REF!|NAME\?|VALUE!|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA)")
LARGEST = 2**53  # from here on a float does not hold every whole number
YUAN = 10_000  # 元 in one 万元
# accepted spellings of units, folded, with the divisor of the number
SPELLINGS = {"万元": {"万元": 1, "元": YUAN}, "平方米": {"平方米": 1, "m2": 1, "m²": 1, "平米": 1}}


class UnreadableError(ValueError):
    """Raised with what is wrong with a cell and what is expected instead."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


class Broken(str):
    """A cell that holds an error value, or a formula without a result, instead of a value."""

    fault: Fault

    def __new__(cls, fault: Fault | None = None) -> Broken:
        """Return a cell whose text is its fault; without one, the header has the fault."""
        cell = super().__new__(cls, fault.text if fault else "")
        if fault:
            cell.fault = fault
        return cell


# cells of a column that is missing or has an unknown unit: reported at the header
ABSENT = Broken()


def spellings(unit: str) -> dict[str, int]:
    """Return the spellings of a unit with their divisors: 元 is accepted for 万元, by 10,000."""
    return SPELLINGS.get(unit, {unit: 1} if unit else {})


def number(cell: object, unit: str = "") -> float:
    """Parse a finite number; text may have full-width digits, thousands commas and the unit.

    Spaces and invisible characters may surround the number and its unit, not divide the number.
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
    """Parse a whole number."""
    value = number(cell, unit)
    if not value.is_integer() or abs(value) > LARGEST:
        raise UnreadableError(NOT_WHOLE.fault())
    return int(value)


def yes_or_no(codes: dict[str, str]) -> Callable[[object], bool]:
    """Return a parser for the two answers in `codes`, of which the first is yes."""
    yes, no = codes

    def read(cell: object) -> bool:
        answer = normalise(cell)
        if answer not in (yes, no):
            raise UnreadableError(NOT_YES_OR_NO.fault(yes=yes, no=no))
        return answer == yes

    return read


def date(cell: object) -> pd.Timestamp:
    """Parse a date cell, or text such as 1988年3月, 1988-03-05 or 1988.3.

    Without a day, the first is meant. A time of day other than midnight is refused.
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
    """Parse text; a whole number stored as a number becomes its digits.

    White space around it and invisible characters are removed.
    """
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, bool) or not isinstance(cell, str | int):
        raise UnreadableError(NOT_TEXT.fault())
    return "".join(ch for ch in str(cell) if unicodedata.category(ch) != "Cf").strip()


def one_of(codes: dict[str, str]) -> Callable[[object], str]:
    """Return a parser for one of the answers in `codes`, in any width or spacing."""
    by_spelling = {normalise(answer): answer for answer in codes}

    def read(cell: object) -> str:
        answer = by_spelling.get(normalise(cell))
        if answer is None:
            raise UnreadableError(NOT_AN_ANSWER.fault(answers="、".join(codes)))
        return answer

    return read


def not_a_code(pattern: str) -> Fault:
    """Return the fault of a code that does not match its pattern."""
    if digits := DIGITS.fullmatch(pattern):
        return NOT_SO_MANY_DIGITS.fault(digits=digits[1])
    return NOT_THE_PATTERN.fault(pattern=pattern)


def code(cell: object, pattern: str) -> str:
    """Parse a code, plain or full-width, as text; its pattern is checked later."""
    read = fold(text(cell))
    if not CODE.fullmatch(read):
        raise UnreadableError(not_a_code(pattern))
    return read


def place(cell: object) -> str:
    """Parse the name of a place: text without a numeral that could be a footnote mark."""
    if isinstance(cell, str) and odd_character(cell):
        raise UnreadableError(NOT_A_PLACE.fault())
    return text(cell)


def reader(schema: pa.Column) -> Callable[[object], object]:
    """Return the parser for a column of the codebook.

    It refuses broken cells and texts with characters that change the reading order.
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
    """Return the fault for a character that is not a plain digit, by its code if invisible."""
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
