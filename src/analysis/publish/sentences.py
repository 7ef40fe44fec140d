"""Sentences of a comparison, ready for prose: `{{ said["331002"].income }}`."""

from __future__ import annotations

import re

import pandas as pd

from analysis.publish.prose import render
from analysis.survey.folders import build
from analysis.survey.folders import district as folder_of

LANGUAGES = ("zh", "en")
BREAK = "\x1e"  # stands in no sentence


def sentences(statements: pd.DataFrame, names: dict, lang: str) -> dict[str, dict[str, str]]:
    """Fill the statements (from `analysis.stats.statements`) with numbers: {district: {indicator: sentence}}.

    names: those of the section, to which the result is added as `said`; numbers link to their receipts.
    """
    said = {}
    filled = _filled(statements[lang], names)
    for district, indicator, text in zip(statements["district"], statements["indicator"], filled, strict=True):
        said.setdefault(district, {})[indicator] = text
    return said


def plain(statements: pd.DataFrame, names: dict[str, dict]) -> pd.DataFrame:
    """Put beside each template its text without markup: columns text_zh, text_en; names by language."""
    filled = {lang: _filled(statements[lang], names[lang]) for lang in LANGUAGES}
    return statements.assign(
        **{f"text_{lang}": [re.sub(r"<[^>]+>", "", text) for text in said] for lang, said in filled.items()}
    )


def _filled(templates: pd.Series, names: dict) -> list[str]:
    """Fill templates, as one: each by itself takes twice as long."""
    texts = render(BREAK.join(templates), names).split(BREAK) if len(templates) else []
    return [text[:1].upper() + text[1:] for text in texts]


def read_statements(wave: str, district: str = "") -> pd.DataFrame:
    """Read the statements that the comparison saved, or only the form and words of one district's."""
    if district:
        return pd.read_parquet(folder_of(wave, district) / "statements.parquet")
    path = build(wave) / LANGUAGES[0] / "tables/statements.csv"
    return pd.read_csv(path, dtype={"district": str}, encoding="utf-8-sig", keep_default_na=False)
