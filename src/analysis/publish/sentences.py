"""Sentences of a comparison, for prose: `{{ said[code].income }}`."""

from __future__ import annotations

from html import unescape

import pandas as pd

from analysis.publish.prose import render
from analysis.publish.text import Text, literal

LANGUAGES = ("zh", "en")


def sentences(statements: pd.DataFrame, names: dict, lang: str) -> dict[str, dict[str, Text]]:
    """Return the statements filled with numbers: {district: {indicator: sentence}}.

    statements: from `analysis.stats.statements`. names: those of the section, to which the result
    is added as `said`; numbers are linked to their receipts.
    """
    said: dict[str, dict[str, Text]] = {}
    for row in statements.to_dict("records"):
        text = _sentence(row[lang], names)
        said.setdefault(row["district"], {})[row["indicator"]] = text
    return said


def plain(statements: pd.DataFrame, names: dict[str, dict]) -> pd.DataFrame:
    """Return the statements with the text of each template without markup: text_zh and text_en.

    names: by language.
    """
    said = {
        f"text_{lang}": [_sentence(template, names[lang]).plain for template in statements[lang]]
        for lang in LANGUAGES
    }
    return statements.assign(**said)


def _sentence(template: str, names: dict) -> Text:
    """Return a template filled and beginning with a capital letter; Markdown is not interpreted."""
    pieces = [unescape(p) if isinstance(p, str) else p for p in render(template, names).pieces]
    if pieces and isinstance(pieces[0], str):
        pieces[0] = pieces[0][:1].upper() + pieces[0][1:]
    return Text.of(literal(p) if isinstance(p, str) else p for p in pieces)
