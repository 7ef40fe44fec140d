"""No sentence of the published edition contrasts counties beyond its rule: its evidence is read and redone."""

import re

import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

CITY = "331000"
CONTRAST = re.compile(r"高于|低于|above|below|higher|lower")


@pytest.fixture(scope="module")
def said(edition):
    text = {"district": str, "note": str}
    table = pd.read_csv(edition / "outputs/tables/statements.csv", dtype=text, encoding="utf-8-sig")
    return table, pd.read_csv(edition / "outputs/tables/estimates.csv", dtype=text)


def test_each_county_has_one_sentence_for_each_indicator_and_the_synthetic_label(said):
    table, estimates = said
    counties = table[table["district"] != CITY]
    compared = int(estimates.set_index("name").loc["indicators_compared", "value"])
    assert len(counties) == 9 * compared and not counties.duplicated(["indicator", "district"]).any()
    assert set(table["basis"]) == {"synthetic"}


def test_words_of_contrast_stand_only_in_forms_whose_tests_allow_them(said):
    counties = said[0][said[0]["district"] != CITY]
    assert len(counties[counties["form"].isin(["above", "below"])]) > 0, "else this shows nothing"
    for row in counties.itertuples():
        contrast = bool(CONTRAST.search(row.text_zh)), bool(CONTRAST.search(row.text_en))
        assert contrast == (row.form in ("above", "below"),) * 2
        if row.form in ("above", "below"):
            assert row.p_alike < 0.05 and row.p < 0.05 and row.n >= 10
            assert (row.value > row.against) == (row.form == "above")


def test_evidence_of_the_shares_is_found_again_from_the_estimates(said):
    table, estimates = said
    shares = estimates[(estimates["unit"] == "%") & estimates["low"].notna() & (estimates["district"] != CITY)]
    redone = 0
    for indicator, rows in table[table["district"] != CITY].groupby("indicator"):
        part = shares[shares["indicator"] == indicator].set_index("district")
        if part.empty:
            continue
        k, n, p = (part["value"] * part["n"] / 100).round().astype(int), part["n"].astype(int), {}
        for code in part.index:
            rest = k.sum() - k[code], n.sum() - n[code]
            square = [[k[code], n[code] - k[code]], [rest[0], rest[1] - rest[0]]]
            few = min(n[code], rest[1]) * min(k.sum(), (n - k).sum()) / n.sum() < 5
            trivial = k.sum() in (0, n.sum())
            test = stats.fisher_exact(square) if few else stats.chi2_contingency(square, correction=False)
            p[code] = 1.0 if trivial else test.pvalue
        adjusted = dict(zip(p, multipletests(list(p.values()), method="holm")[1], strict=True))
        found = rows.set_index("district")["p"]
        assert found.to_dict() == pytest.approx({d: adjusted[d] for d in found.index}, abs=2e-6)
        redone += 1
    assert redone >= 5


def test_city_sentences_name_only_those_that_may_be_told_apart(said):
    table, _ = said
    for row in table[table["district"] == CITY].itertuples():
        own = table[(table["indicator"] == row.indicator) & table["form"].isin(["above", "below"])]
        assert (row.form == "differ") == (row.p_alike < 0.05)
        named = set(re.findall(r'district_names\["(\d+)"\]', row.zh))
        assert named == set(own["district"])
