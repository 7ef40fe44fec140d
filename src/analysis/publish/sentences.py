"""Sentences of a comparison, ready for prose: `{{ said[code].income }}`."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from analysis.publish.markup import linked
from analysis.publish.markup import plain as without_markup
from analysis.publish.prose import render

LANGUAGES = ("zh", "en")
BREAK = "\x1e"  # stands in no sentence


def sentences(statements: pd.DataFrame, names: dict, lang: str) -> dict[str, dict[str, Markup]]:
    """Fill the statements (from `analysis.stats.statements`) with numbers: {district: {indicator:
    sentence}}.

    names: those of the section, to which the result is added as `said`; numbers link to their
    receipts.
    """
    said = {}
    filled = _filled(statements[lang], names)
    for district, indicator, text in zip(
        statements["district"], statements["indicator"], filled, strict=True
    ):
        said.setdefault(district, {})[indicator] = text
    return said


def plain(statements: pd.DataFrame, names: dict[str, dict]) -> pd.DataFrame:
    """Put beside each template its text without markup: columns text_zh, text_en; names by
    language.
    """
    filled = {lang: _filled(statements[lang], names[lang]) for lang in LANGUAGES}
    return statements.assign(
        **{f"text_{lang}": list(map(without_markup, said)) for lang, said in filled.items()}
    )


def _filled(templates: pd.Series, names: dict) -> list[Markup]:
    """Fill templates, as one: each by itself takes twice as long. What is no link to a receipt is
    text.
    """
    texts = render(BREAK.join(templates), names).split(BREAK) if len(templates) else []
    return [linked(text[:1].upper() + text[1:]) for text in texts]
