"""Sentences of a comparison, ready for prose: `{{ said[code].income }}`."""

from __future__ import annotations

from html import unescape

import pandas as pd

from analysis.publish.prose import render
from analysis.publish.text import Text, literal

LANGUAGES = ("zh", "en")


def sentences(statements: pd.DataFrame, names: dict, lang: str) -> dict[str, dict[str, Text]]:
    """Fill the statements (from `analysis.stats.statements`) with numbers: {district: {indicator:
    sentence}}.

    names: those of the section, to which the result is added as `said`; numbers lead to their
    receipts.
    """
    said: dict[str, dict[str, Text]] = {}
    for row in statements.to_dict("records"):
        text = _sentence(row[lang], names)
        said.setdefault(row["district"], {})[row["indicator"]] = text
    return said


def plain(statements: pd.DataFrame, names: dict[str, dict]) -> pd.DataFrame:
    """Put beside each template its text without markup: columns text_zh, text_en; names by
    language.
    """
    said = {
        f"text_{lang}": [_sentence(template, names[lang]).plain for template in statements[lang]]
        for lang in LANGUAGES
    }
    return statements.assign(**said)


def _sentence(template: str, names: dict) -> Text:
    """Fill a template, in which nothing is Markdown, and begin it with a capital letter."""
    pieces = [unescape(p) if isinstance(p, str) else p for p in render(template, names).pieces]
    if pieces and isinstance(pieces[0], str):
        pieces[0] = pieces[0][:1].upper() + pieces[0][1:]
    return Text.of(literal(p) if isinstance(p, str) else p for p in pieces)
