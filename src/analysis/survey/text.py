"""Fold text to one spelling, so that width, spacing and quotation marks make no difference."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

QUOTES = str.maketrans("“”‘’", "\"\"''")


def normalise(cell) -> str:
    """Fold a header or an answer: NFKC, straight quotes, no white space and no invisible characters."""
    return _normalise(str(cell))


@lru_cache(maxsize=20_000)
def _normalise(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).translate(QUOTES)
    seen = "".join(ch for ch in folded if not ch.isspace() and unicodedata.category(ch) != "Cf")
    return unicodedata.normalize("NFKC", seen)  # what stood on both sides of a space may now combine


def empty(cell) -> bool:
    """Tell whether a cell shows nothing: no value, or only white space and invisible characters."""
    if isinstance(cell, str):
        return not cell or not (cell[0].isalnum() or normalise(cell))
    return cell is None
