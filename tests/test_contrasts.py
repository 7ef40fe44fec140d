"""No sentence of the edition contrasts counties beyond its rule; the evidence is recomputed."""

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
    table = pd.read_csv(
        edition / "outputs/2020/tables/statements.csv", dtype=text, encoding="utf-8-sig"
    )
    return table, pd.read_csv(edition / "outputs/2020/tables/estimates.csv", dtype=text)


def test_each_county_has_one_sentence_for_each_indicator_and_the_synthetic_label(said):
    table, estimates = said
    counties = table[table["district"] != CITY]
    compared = int(estimates.set_index("name").loc["indicators_compared", "value"])
    assert (
        len(counties) == 9 * compared and not counties.duplicated(["indicator", "district"]).any()
    )
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
    shares = estimates[
        (estimates["unit"] == "%") & estimates["low"].notna() & (estimates["district"] != CITY)
    ]
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
            test = (
                stats.fisher_exact(square)
                if few
                else stats.chi2_contingency(square, correction=False)
            )
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


@pytest.mark.parametrize(
    ("folder", "end", "alike", "above"),
    [
        ("", "。", "差异无统计学意义", "高于"),
        ("en", ". ", "not statistically significant", "higher"),
    ],
    ids=["zh", "en"],
)
def test_groups_of_those_interviewed_are_contrasted_only_where_they_are_told_apart(
    edition, said, folder, end, alike, above
):
    page = (edition / "outputs/2020/notebooks" / folder / "05_village_turned.html").read_text(
        "utf-8"
    )
    [paragraph] = [part for part in page.split("<p>") if "href=#r-by_line_gap" in part]
    sentences = [part for part in paragraph.split(end) if re.search(r"href=#r-\w+_gap\b", part)]
    gaps = said[1].set_index("name").loc[["by_line_gap", "familiarity_gap"]]
    assert len(sentences) == len(gaps)
    for sentence, gap in zip(sentences, gaps.itertuples(), strict=True):
        unclear = gap.low <= 0 <= gap.high
        assert (alike in sentence, above in sentence) == (unclear, not unclear)


def test_published_share_of_staff_is_weighted_by_both_stages(edition):
    """Recomputed from the clean tables: communities in frame / drawn, staff / interviewed."""
    tables = edition / "data/processed/2020"
    frame, visited, staff = (
        pd.read_parquet(tables / f"{name}.parquet")
        for name in ("interview_frame", "interview_communities", "interview_staff")
    )
    named = pd.read_csv(edition / "data/raw/reference/named_places.csv", dtype=str)["stand_in"]
    by_lot = (
        frame[~frame["community_code"].isin(named)]
        .groupby("county_code")["sampled"]
        .agg(["size", "sum"])
    )
    asked = staff.groupby("community_code")["respondent"].size()
    there = visited.set_index("community_code")["staff"]
    weight = (
        staff["county_code"]
        .map(by_lot["size"] / by_lot["sum"])
        .mask(staff["community_code"].isin(named), 1.0)
    )
    weight = weight * staff["community_code"].map(there / asked)
    share = 100 * weight[staff["desk"] == "分条线办理"].sum() / weight.sum()
    estimates = pd.read_csv(edition / "outputs/2020/tables/estimates.csv").set_index("name")
    assert estimates.loc["by_line", "value"] == pytest.approx(share, abs=1e-6)
    assert estimates.loc["interviewed_by_decision", "value"] == len(named) == 6
    assert estimates.loc["interviewed", "value"] == 6 + estimates.loc["interviewed_by_lot", "value"]
