"""Receipts: a correction is named with the numbers whose rows it lies in, and with no other."""

import pandas as pd
import pytest

from analysis.publish.receipts import receipts
from analysis.stats.record import COLUMNS
from analysis.survey.corrections import COLUMNS as PLACES

SANMEN, XIANJU = "331022_三门县.xlsx", "331024_仙居县.xlsx"


@pytest.fixture
def estimates():
    def row(name, sources):
        values = {
            "value": 47.2,
            "low": 40.0,
            "high": 54.0,
            "n": 50,
            "numerator": 23,
            "denominator": 50,
            "unit": "%",
            "basis": "synthetic",
        }
        how = "workers: 100 × count(certificate != '无') / count(rows)"
        told = {
            "uncertainty": "census",
            "how": how,
            "notebook": "03_workforce",
            "cell": "a",
            "wave": "2020",
        }
        indicator, _, district = name.partition(".")
        return (
            {
                "name": name,
                "indicator": indicator,
                "district": district or "331000",
                "sources": sources,
            }
            | values
            | told
        )

    sheets = {"331022": f"{SANMEN}!花名册 6-20", "331024": f"{XIANJU}!花名册 6-30"}
    rows = [
        row("certified", "; ".join(sheets.values())),
        *(row(f"certified.{c}", s) for c, s in sheets.items()),
    ]
    return pd.DataFrame(rows)[COLUMNS]


@pytest.fixture
def correction():
    line = (SANMEN, "花名册", 7, "学历", "本科", "大专", "电话核实", "复核员", "2020-05-12")
    return pd.DataFrame([line], columns=PLACES)


LEDGER = pd.DataFrame({"estimate": pd.Series(dtype=str)})


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "由“本科”改为“大专”"), ("en", "“本科” → “大专”")]
)
def test_a_receipt_names_the_corrections_in_its_rows_and_no_other(
    estimates, correction, lang, words
):
    known = receipts(estimates, LEDGER, lang, correction)
    for name in ("certified", "certified.331022"):
        (line,) = known[name]["corrections"]
        assert words in line
        for part in (f"{SANMEN}!花名册!学历 7", "电话核实", "复核员", "2020-05-12"):
            assert part in line
    assert known["certified.331024"]["corrections"] == []


def test_a_correction_outside_the_rows_is_not_named(estimates, correction):
    known = receipts(estimates, LEDGER, "zh", correction.assign(row=21))
    assert all(receipt["corrections"] == [] for receipt in known.values())


def test_without_corrections_a_receipt_is_as_before(estimates, correction):
    assert receipts(estimates, LEDGER, "zh") == receipts(
        estimates, LEDGER, "zh", correction.iloc[:0]
    )


def test_a_correction_is_named_with_what_was_computed_from_the_number_it_moves(
    estimates, correction
):
    how, cited = (
        "estimates: count(value > 50)",
        "estimates.csv!certified; estimates.csv!certified.331024",
    )
    change = estimates.iloc[[0]].assign(name="leavers", indicator="leavers", how=how, sources=cited)
    known = receipts(pd.concat([estimates, change]), LEDGER, "zh", correction)
    assert len(known["leavers"]["corrections"]) == 1
    other = change.assign(sources="estimates.csv!certified.331024")
    assert (
        receipts(pd.concat([estimates, other]), LEDGER, "zh", correction)["leavers"]["corrections"]
        == []
    )
