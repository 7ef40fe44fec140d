"""Sentences of a comparison, ready for prose: `{{ said["331002"].income }}`."""

from __future__ import annotations

import re

import pandas as pd

from analysis.publish.prose import render
from analysis.survey.folders import build

LANGUAGES = ("zh", "en")


def sentences(statements: pd.DataFrame, names: dict, lang: str) -> dict[str, dict[str, str]]:
    """Fill the statements (from `analysis.stats.statements`) with numbers: {district: {indicator: sentence}}.

    names: those of the section, to which the result is added as `said`; numbers link to their receipts.
    """
    said = {}
    for row in statements.itertuples():
        text = render(getattr(row, lang), names)
        said.setdefault(row.district, {})[row.indicator] = text[:1].upper() + text[1:]
    return said


def plain(statements: pd.DataFrame, names: dict[str, dict]) -> pd.DataFrame:
    """Put beside each template its text without markup: columns text_zh, text_en; names by language."""
    texts = {
        f"text_{lang}": [
            re.sub(r"<[^>]+>", "", sentence[:1].upper() + sentence[1:])
            for sentence in (render(template, names[lang]) for template in statements[lang])
        ]
        for lang in LANGUAGES
    }
    return statements.assign(**texts)


def read_statements(wave: str, district: str = "") -> pd.DataFrame:
    """Read the statements that the comparison saved, or only the form and words of one district's."""
    if district:
        return pd.read_parquet(build(wave) / "districts" / district / "statements.parquet")
    path = build(wave) / LANGUAGES[0] / "tables/statements.csv"
    return pd.read_csv(path, dtype={"district": str}, encoding="utf-8-sig", keep_default_na=False)
