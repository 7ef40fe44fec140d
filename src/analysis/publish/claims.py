"""Tables of the ledger for readers, in either language."""

from __future__ import annotations

import pandas as pd

from analysis.publish.prose import money
from analysis.publish.tables import capital, traced
from analysis.stats.ledger import REASONS, STATUSES, fill_notes
from analysis.survey.reference import reference

HEADS = {
    "zh": ["条目", "原报告原句", "发布值", "重算值", "单位", "结果", "说明"],
    "en": [
        "Claim",
        "The published report says",
        "Published",
        "Recomputed",
        "Unit",
        "Outcome",
        "Explanation",
    ],
}


def summary_shown(summary: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return the outcomes of the ledger and their counts, with labels."""
    outcomes = list(STATUSES.values()) if lang == "zh" else [capital(status) for status in STATUSES]
    heads = {"zh": ["结果", "条数"], "en": ["Outcome", "Claims"]}[lang]
    return pd.DataFrame(dict(zip(heads, (outcomes, summary.iloc[:, -1].to_numpy()), strict=True)))


def identities_shown(held: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return the identities of the published report, with their claims and results."""
    shown = held[["zh" if lang == "zh" else "identity", "claims", "holds"]]
    heads = {"zh": ["关系", "涉及的条目", "成立"], "en": ["Identity", "Claims", "Holds"]}[lang]
    shown = shown.set_axis(heads, axis=1)
    return shown.assign(**{heads[0]: shown[heads[0]].map(capital)})


def ledger_shown(book: pd.DataFrame, checks: pd.DataFrame, names: dict, lang: str) -> pd.DataFrame:
    """Return the ledger as a table; each recomputed number refers to its receipt.

    checks: of `claim_checks.csv`, whose `note_en` takes its numbers from `names` (English).
    """
    if lang == "zh":
        shown = book[
            ["id", "quote", "published", "recomputed", "unit_zh", "status_zh", "explanation"]
        ]
        shown = shown.assign(explanation=[_own_words(text) for text in book["explanation"]])
    else:
        shown = book[["id", "english", "published", "recomputed", "unit", "status"]].assign(
            **_in_english(book),
            status=book["status"].map(capital),
            explanation=_explained(checks, book, names),
        )
    receipts = [["", "", "", name, "", "", ""] for name in book["estimate"]]
    return traced(shown.set_axis(HEADS[lang], axis=1), receipts)


def notable(book: pd.DataFrame) -> pd.DataFrame:
    """Return the claims to be read one by one: those that do not agree by construction."""
    return book[~book["status"].isin(["by construction", "qualitative"])]


def _own_words(explanation: str) -> str:
    """Remove from an explanation what its status already says."""
    return "；".join(part for part in explanation.split("；") if part not in REASONS.values())


def _in_english(book: pd.DataFrame) -> dict[str, list[str]]:
    """Return the figures of the claims, with money in the unit of their measure."""
    units = reference("measures").set_index("indicator")["unit_en"]
    names = [units.get(estimate.partition(".")[0], "") for estimate in book["estimate"]]
    said = {}
    for column in ("published", "recomputed"):
        pairs = map(money, book[column], book["unit"], names)
        said[column], said["unit"] = map(list, zip(*pairs, strict=True))
    return said


def _explained(checks: pd.DataFrame, book: pd.DataFrame, names: dict) -> list[str]:
    english = fill_notes(checks.assign(note=checks["note_en"]), names).set_index("id")["note"]
    return [english[claim] for claim in book["id"]]
