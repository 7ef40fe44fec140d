"""Fold text to one spelling, so that width, spacing and quotation marks make no difference.

Only full-width forms are folded. A circled, raised, Roman or otherwise decorated digit stays what
it is: it may be the mark of a footnote, so that `103①` must never become 1031.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# categories: control, format, unassigned, private, separators
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
SELECTORS = frozenset(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
# letters and marks that show nothing
FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
WIDE_SPACES = frozenset("\u3000")
WIDTHS = dict(zip(range(0xFF01, 0xFF5F), range(0x21, 0x7F), strict=True)) | {0x3000: " "}
SIGNS = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "㎡": "m2"})
FOLDING = WIDTHS | SIGNS
# controls that let a cell show another order, or another text, than it holds
REORDERING = re.compile("[\u061c\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]")
# marks that strike through, overlay or enclose the character before
OVERLAY = re.compile(
    "[\u0334-\u0338\u0488\u0489\u20d2\u20d3\u20d8-\u20e0\u20e2-\u20e6\u20ea\u20eb]"
)
# categories of Unicode: digits, letters used as numerals, other numerals
NUMERALS = {"Nd", "Nl", "No"}
ZERO = "〇"  # an ideograph, as in 一〇一, though Unicode counts it among the numerals


def fold(text: str) -> str:
    """Replace full-width forms, curly quotes and ㎡ by their plain spelling; nothing is left
    out.
    """
    return text.translate(FOLDING)


def normalise(cell: object) -> str:
    """Fold a header or an answer: `fold`, canonical composition, no white space and no invisible
    characters.
    """
    return _normalise(str(cell))


@lru_cache(maxsize=20_000)
def _normalise(text: str) -> str:
    folded = unicodedata.normalize("NFC", fold(text))
    seen = "".join(ch for ch in folded if not ch.isspace() and unicodedata.category(ch) != "Cf")
    return unicodedata.normalize("NFC", seen)  # what stood on both sides of a space may now combine


def compatible(cell: object) -> str:
    """Return the broadest fold of a cell (NFKC), to find what is written in disguise; never to read
    a value.
    """
    return unicodedata.normalize("NFKC", _normalise(str(cell)))


def odd_character(text: str) -> str:
    """Return the first character that is, or decomposes to, a numeral other than a plain or
    full-width digit.

    Also the first that strikes out or encloses a digit, or changes the order in which characters
    are shown. Empty where there is none.
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
    """Tell whether a cell shows nothing: no value, or only white space and invisible characters."""
    if isinstance(cell, str):
        return not cell or not (cell[0].isalnum() or normalise(cell))
    return cell is None


def is_unseen(character: str) -> bool:
    """Tell whether a character shows nothing by itself: control, direction, zero width, filler, not
    assigned.
    """
    if character in SELECTORS or character in FILLERS:
        return True
    return unicodedata.category(character) in UNSEEN or (
        character.isspace() and character not in WIDE_SPACES and character != " "
    )


def visible(text: str) -> str:
    """Return a text with each character that is not seen written as its code point, for messages
    that echo it.
    """
    return "".join(f"<U+{ord(one):04X}>" if is_unseen(one) and one != "\n" else one for one in text)


def seen(text: str) -> str:
    """Return a text without the characters that are not seen."""
    return "".join(one for one in text if not is_unseen(one))
