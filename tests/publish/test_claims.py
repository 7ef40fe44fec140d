"""The ledger as it is shown: whole in both languages, each number with its receipt."""

import pandas as pd
import pytest

from analysis.publish.claims import HEADS, identities_shown, ledger_shown, notable, summary_shown
from analysis.stats.ledger import REASONS, STATUSES


@pytest.fixture
def book():
    reason = next(iter(REASONS.values()))
    return pd.DataFrame(
        {
            "id": ["Q01", "Q02"],
            "quote": ["甲", "乙"],
            "english": ["A", "B"],
            "published": ["47.2", "6.47"],
            "recomputed": ["47.2", "6.47"],
            "unit": ["%", "万元"],
            "unit_zh": ["%", "万元"],
            "status": ["by construction", next(s for s in STATUSES if s != "by construction")],
            "status_zh": ["校准所致，不作验证", "其他"],
            "explanation": [f"{reason}；四舍五入", "另有说明"],
            "estimate": ["certified", "income"],
        }
    )


def test_a_recomputed_number_leads_to_its_receipt_and_words_do_not(book):
    shown = ledger_shown(book, pd.DataFrame(), {}, "zh")
    assert list(shown.columns) == HEADS["zh"]
    assert shown.attrs["receipts"] == [
        ["", "", "", name, "", "", ""] for name in ("certified", "income")
    ]
    assert list(shown["说明"]) == ["四舍五入", "另有说明"], "the status says the reason already"


def test_english_says_money_and_outcome_in_english(book):
    checks = pd.DataFrame({"id": ["Q01", "Q02"], "note": ["", ""], "note_en": ["Rounded", ""]})
    shown = ledger_shown(book, checks, {}, "en")
    assert list(shown["Unit"]) == ["%", "yuan"] and shown["Outcome"][0] == "By construction"
    assert list(shown["Published"]) == list(shown["Recomputed"]) == ["47.2", "64,700"]
    assert "Rounded" in shown["Explanation"][0]
    assert not shown.map(str).apply(lambda c: c.str.contains("[\u4e00-\u9fff]")).any(axis=None)


def test_only_what_does_not_agree_by_construction_is_notable(book):
    assert list(notable(book)["id"]) == ["Q02"]


def test_identities_and_outcomes_are_named_in_both_languages():
    held = pd.DataFrame(
        {"identity": ["a whole"], "zh": ["整数"], "claims": ["Q01"], "holds": [True]}
    )
    assert identities_shown(held, "en").to_numpy().tolist() == [["A whole", "Q01", True]]
    assert identities_shown(held, "zh").to_numpy().tolist() == [["整数", "Q01", True]]
    counted = pd.DataFrame({"status": list(STATUSES), "claims": range(len(STATUSES))})
    assert list(summary_shown(counted, "zh")["结果"]) == list(STATUSES.values())
    assert list(summary_shown(counted, "en")["Claims"]) == list(range(len(STATUSES)))
