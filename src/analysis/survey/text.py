"""Fold text to one spelling, independent of width, spacing and quotation marks.

Only full-width forms are folded. A circled, raised, Roman or otherwise decorated digit is kept,
since it may be a footnote mark: `103①` must never become 1031.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# categories: control, format, unassigned, private, separators
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
SELECTORS = frozenset(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
# letters and marks that are invisible
FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
WIDE_SPACES = frozenset("\u3000")
WIDTHS = dict(zip(range(0xFF01, 0xFF5F), range(0x21, 0x7F), strict=True)) | {0x3000: " "}
SIGNS = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "㎡": "m2"})
FOLDING = WIDTHS | SIGNS
# controls that make a cell show another order, or another text, than it holds
REORDERING = re.compile("[\u061c\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]")
# marks that strike through, overlay or enclose the previous character
OVERLAY = re.compile(
    "[\u0334-\u0338\u0488\u0489\u20d2\u20d3\u20d8-\u20e0\u20e2-\u20e6\u20ea\u20eb]"
)
# categories of Unicode: digits, letters used as numerals, other numerals
NUMERALS = {"Nd", "Nl", "No"}
ZERO = "〇"  # an ideograph, as in 一〇一, although Unicode counts it as a numeral


def fold(text: str) -> str:
    """Replace full-width forms, curly quotes and ㎡ by plain characters; nothing is removed."""
    return text.translate(FOLDING)


def normalise(cell: object) -> str:
    """Fold a header or an answer: `fold`, NFC, no white space, no invisible characters."""
    return _normalise(str(cell))


@lru_cache(maxsize=20_000)
def _normalise(text: str) -> str:
    folded = unicodedata.normalize("NFC", fold(text))
    seen = "".join(ch for ch in folded if not ch.isspace() and unicodedata.category(ch) != "Cf")
    # if one person in so many is entered twice, the sheet is pasted twice
    return unicodedata.normalize("NFC", seen)


def compatible(cell: object) -> str:
    """Return the broadest fold of a cell (NFKC), for searching only, never for values."""
    return unicodedata.normalize("NFKC", _normalise(str(cell)))


def odd_character(text: str) -> str:
    """Return the first numeral that is not a plain or full-width digit, or similar character.

    Numerals include characters that decompose to one. Similar characters strike out or enclose a
    digit, or change the order in which characters are shown. Empty if there is none.
    """
    return "" if text.isascii() else next(filter(_is_odd, fold(text)), "")


@lru_cache(maxsize=4_000)
def _is_odd(ch: str) -> bool:
    if ch.isascii() or ch == ZERO:
        return False
    if REORDERING.match(ch) or OVERLAY.match(ch):
        return True
    return any(
        unicodedata.category(part) in NUMERALS for part in (ch, *unicodedata.normalize("NFKC", ch))
    )


def empty(cell: object) -> bool:
    """Return whether a cell has no value, or only white space and invisible characters."""
    if isinstance(cell, str):
        return not cell or not (cell[0].isalnum() or normalise(cell))
    return cell is None


def is_unseen(character: str) -> bool:
    """Return whether a character is invisible: control, direction, zero width, unassigned."""
    if character in SELECTORS or character in FILLERS:
        return True
    return unicodedata.category(character) in UNSEEN or (
        character.isspace() and character not in WIDE_SPACES and character != " "
    )


def visible(text: str) -> str:
    """Return a text with each invisible character as its code point, for messages."""
    return "".join(f"<U+{ord(one):04X}>" if is_unseen(one) and one != "\n" else one for one in text)


def seen(text: str) -> str:
    """Return a text without invisible characters."""
    return "".join(one for one in text if not is_unseen(one))
