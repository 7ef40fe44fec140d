"""Fold text to one spelling, so that width, spacing and quotation marks make no difference."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

QUOTES = str.maketrans("“”‘’", "\"\"''")
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}  # categories: control, format, unassigned, private, separators
SELECTORS = frozenset(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # letters and marks that show nothing
WIDE_SPACES = frozenset("\u3000")


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


def is_unseen(character: str) -> bool:
    """Tell whether a character shows nothing by itself: control, direction, zero width, filler, not assigned."""
    if character in SELECTORS or character in FILLERS:
        return True
    return unicodedata.category(character) in UNSEEN or (
        character.isspace() and character not in WIDE_SPACES and character != " "
    )


def visible(text: str) -> str:
    """Return a text with each character that is not seen written as its code point, for messages that echo it."""
    return "".join(f"<U+{ord(one):04X}>" if is_unseen(one) and one != "\n" else one for one in text)


def seen(text: str) -> str:
    """Return a text without the characters that are not seen."""
    return "".join(one for one in text if not is_unseen(one))
