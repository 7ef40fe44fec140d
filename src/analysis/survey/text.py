"""Fold text to one spelling, so that width, spacing and quotation marks make no difference."""

from __future__ import annotations

import unicodedata

QUOTES = str.maketrans("“”‘’", "\"\"''")


def normalise(cell) -> str:
    """Fold a header or an answer: NFKC, straight quotes, no white space and no invisible characters."""
    folded = unicodedata.normalize("NFKC", str(cell)).translate(QUOTES)
    seen = "".join(ch for ch in folded if not ch.isspace() and unicodedata.category(ch) != "Cf")
    return unicodedata.normalize("NFKC", seen)  # what stood on both sides of a space may now combine
