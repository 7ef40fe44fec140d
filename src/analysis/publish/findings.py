"""Corrections and questions as published; for sheets of people only their numbers."""

from __future__ import annotations

import pandas as pd

from analysis.survey.identifiers import MASK, looks_personal
from analysis.survey.sealed import opening
from analysis.survey.study import study

CORRECTIONS = ["file", "sheet", "row", "column", "expected", "new", "reason", "who", "date"]
QUESTIONS = ["workbook", "sheet", "column", "row", "message", "code"]
ACCOUNTS = ["form", "kept", "corrected", "total", "blank", "rejected"]  # of the rows of a sheet
COUNTED = {"zh": "{}处，涉及个人，不列出", "en": "{} of them, about people, not listed"}


@opening
def published_corrections(corrections: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return the columns CORRECTIONS as text; those of people are counted by sheet and column."""
    return _published(corrections[CORRECTIONS], "reason", lang)


@opening
def published_questions(questions: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return the columns QUESTIONS as text; those of people are counted by sheet and column."""
    return _published(questions[QUESTIONS], "message", lang)


@opening
def published_accounts(accounts: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers of rows of each sheet by outcome, summed over all workbooks.

    By workbook they would disclose how many people a county reported. Raises ValueError for a row
    that is not accounted for.
    """
    if (accounts["rows"] != accounts[ACCOUNTS].sum(axis=1)).any():
        raise ValueError("the rows of a sheet are not all accounted for")
    return accounts.groupby("sheet", sort=False)[["rows", *ACCOUNTS]].sum().reset_index()


def of_people(sheets: pd.Series) -> pd.Series:
    """Return which sheets have a person in each row, or are unknown."""
    others = {table.zh for table in study().tables.values() if not table.of_people} | {""}
    return ~sheets.isin(others)


def unnamed(text: str) -> str:
    """Return a text that somebody typed; of one that may hold an ID or telephone number nothing."""
    return MASK if looks_personal(text) else text


def _published(rows: pd.DataFrame, words: str, lang: str) -> pd.DataFrame:
    people = of_people(rows["sheet"])
    listed = rows[~people].astype(str).map(unnamed)
    counts = rows[people].groupby(["sheet", "column"], sort=False).size()
    said = [(sheet, column, COUNTED[lang].format(n)) for (sheet, column), n in counts.items()]
    counted = (
        pd.DataFrame(said, columns=["sheet", "column", words])
        .reindex(columns=rows.columns)
        .fillna("")
    )
    return pd.concat([listed, counted], ignore_index=True)
