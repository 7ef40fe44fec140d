"""Turn cells into values by rule. What no rule covers is a fault, never a guess."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata

import pandas as pd

from analysis.survey.codebook import YES_NO
from analysis.survey.text import normalise

NUMBER = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")
DATE = re.compile(r"(\d{4})[年./-](\d{1,2})(?:月|[月./-](\d{1,2})日?)?")
APART = re.compile(r"\d\s+\d")  # two numbers in one cell: folding would join them into a third
LARGEST = 2**53  # beyond it a float no longer holds every whole number


class Unreadable(ValueError):
    """Raised with what is wrong with a cell and what is wanted instead."""


def number(cell) -> float:
    """Read a finite number; text may have full-width digits and thousands commas, nothing else."""
    value = math.nan
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        value = float(cell)
    elif isinstance(cell, str) and not APART.search(cell) and NUMBER.fullmatch(normalise(cell)):
        value = float(normalise(cell).replace(",", ""))
    if not math.isfinite(value):
        raise Unreadable("不是数字 (not a number)")
    return value


def whole(cell) -> int:
    """Read a whole number."""
    value = number(cell)
    if not value.is_integer() or abs(value) > LARGEST:
        raise Unreadable("应为整数 (a whole number is wanted)")
    return int(value)


def yes_no(cell) -> bool:
    """Read 是 or 否."""
    text = normalise(cell)
    if text not in YES_NO:
        raise Unreadable("应填“是”或“否” (answer 是 or 否)")
    return text == "是"


def date(cell) -> pd.Timestamp:
    """Read a date cell, or text such as 1988年3月, 1988-03-05 or 1988.3; without a day, the first."""
    match = None
    if isinstance(cell, str) and not APART.search(cell):
        match = DATE.fullmatch(normalise(cell))
    try:
        if isinstance(cell, dt.date):
            return pd.Timestamp(cell).as_unit("ns")
        year, month, day = (int(part or 1) for part in match.groups())
        return pd.Timestamp(year, month, day).as_unit("ns")
    except (AttributeError, ValueError):
        raise Unreadable("不是日期，如 2018-03-01 或 2018年3月 (not a date)") from None


def text(cell) -> str:
    """Read text: a whole number typed as a number becomes its digits; outer space and the invisible go."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, bool) or not isinstance(cell, str | int):
        raise Unreadable("不是文字 (not text)")
    return "".join(ch for ch in str(cell) if unicodedata.category(ch) != "Cf").strip()


def one_of(codes: dict[str, str]):
    """Return a rule that reads one of the answers in `codes`, whatever its width or spacing."""
    by_spelling = {normalise(answer): answer for answer in codes}

    def read(cell) -> str:
        answer = by_spelling.get(normalise(cell))
        if answer is None:
            raise Unreadable(f"应为 {'、'.join(codes)} 之一 (not one of the answers)")
        return answer

    return read


def reader(schema):
    """Return the rule for a column of the codebook, by its answers and its type."""
    codes, kind = schema.metadata["codes"], str(schema.dtype)
    if kind == "bool":
        return yes_no
    if codes:
        return one_of(codes)
    if kind.lower().startswith("int"):
        return whole
    if kind.startswith("float"):
        return number
    if kind.startswith("datetime"):
        return date
    return text
