"""What is said follows the evidence: each sentence's form is decided again here, by other means."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint
from this_study import CITY, COUNTIES

from analysis.stats.comparison import homogeneity
from analysis.stats.statements import COLUMNS, pair_statement, statements
from analysis.survey.repository import reference

NAMES = ["certified", "rented", "weak_linking", "joint_committee", "premises_plan"]
CONTRAST = re.compile(
    r"高于|低于|领先|落后|最高|最低|第.名|优于|不如|above|below|higher|lower|highest|lowest|leads"
)


def made(seed, spread):
    """Invent five shares of nine counties: `spread` apart, of sizes from too few to many."""
    generator = np.random.default_rng(seed)
    rows = []
    for i, name in enumerate(NAMES):
        p = np.clip(0.45 + (i + 1) / 5 * spread * generator.normal(0, 1, 9), 0.02, 0.98)
        n = generator.integers(12, 400, 9)
        k = generator.binomial(n, p)
        counts = [(CITY, k.sum(), n.sum()), *zip(COUNTIES, k, n, strict=True)]
        for code, yes, size in counts:
            low, high = proportion_confint(yes, size, method="wilson")
            rows.append((name, code, round(100 * yes / size, 6), 100 * low, 100 * high, size, "%"))
    return pd.DataFrame(
        rows, columns=["indicator", "district", "value", "low", "high", "n", "unit"]
    )


def of(estimates):
    """Say what may be said of the invented shares."""
    return statements(estimates, homogeneity(estimates, NAMES))


def allowed(estimates):
    """Decide again who may be contrasted: chi-square, then each with the rest, Holm both times."""
    counties = estimates[estimates["district"] != CITY]
    tables = {
        i: r.assign(k=(r["value"] * r["n"] / 100).round())
        for i, r in counties.groupby("indicator", sort=False)
    }
    raw = [
        stats.chi2_contingency([t["k"], t["n"] - t["k"]], correction=False).pvalue
        for t in tables.values()
    ]
    differ = dict(zip(tables, multipletests(raw, method="holm")[0], strict=True))
    may = {}
    for name, t in tables.items():
        p, side = [], []
        for row in t.itertuples():
            rest = t["k"].sum() - row.k, t["n"].sum() - row.n
            square = [[row.k, row.n - row.k], [rest[0], rest[1] - rest[0]]]
            small = (
                min(row.n, rest[1]) * min(t["k"].sum(), (t["n"] - t["k"]).sum()) / t["n"].sum() < 5
            )
            test = (
                stats.fisher_exact(square)
                if small
                else stats.chi2_contingency(square, correction=False)
            )
            p.append(test.pvalue)
            side.append("above" if row.k / row.n > rest[0] / rest[1] else "below")
        apart = multipletests(p, method="holm")[0] & differ[name]
        may |= {(name, d): s for d, s, a in zip(t["district"], side, apart, strict=True) if a}
    return differ, may


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_no_sentence_goes_beyond_its_rule(seed):
    estimates = made(seed, spread=0.0 if seed < 3 else 0.12)
    said, (differ, may) = of(estimates), allowed(estimates)
    forms = reference("sentence_forms").set_index("form")
    for row in said.itertuples():
        n = int(row.n)
        if row.district == CITY:
            assert row.form == ("differ" if differ[row.indicator] else "none_differ")
        elif row.form in ("above", "below"):
            assert may[row.indicator, row.district] == row.form and n >= 30
        elif row.form == "alike":
            assert (row.indicator, row.district) not in may
        else:
            wide = np.ptp(proportion_confint(round(row.value * n / 100), n, method="beta")) >= 0.3
            assert row.form == "too_few" and (n < 30 or wide)
        contrasts = bool(CONTRAST.search(row.zh)) or bool(CONTRAST.search(row.en))
        assert not contrasts or forms.loc[row.form, "contrast"] == "yes"


def test_the_trials_contain_every_form():
    forms = {f for seed in range(8) for f in of(made(seed, 0.0 if seed < 3 else 0.12))["form"]}
    assert forms == {"above", "below", "alike", "too_few", "differ", "none_differ"}


def test_city_sentence_names_exactly_those_that_may_be_contrasted():
    for seed in range(3, 9):
        said = of(made(seed, 0.12))
        for row in said[said["district"] == CITY].itertuples():
            own = said[(said["indicator"] == row.indicator) & said["form"].isin(["above", "below"])]
            for words in (row.zh, row.en):
                named = re.findall(r'district_names\["(\d+)"\]', words)
                assert sorted(named) == sorted(own["district"])


def test_places_are_named_in_the_order_of_the_codebook_and_never_by_value():
    said = of(made(5, 0.12))
    order = list(COUNTIES)
    for words in said.loc[said["form"] == "differ", "zh"]:
        for part in words.split("；"):
            places = [order.index(code) for code in re.findall(r'district_names\["(\d+)"\]', part)]
            assert places == sorted(places)


def test_one_row_for_each_district_and_indicator_with_its_evidence():
    said = of(made(4, 0.12))
    assert list(said.columns) == COLUMNS and len(said) == len(NAMES) * 10
    districts = said[said["district"] != CITY]
    assert (
        districts[["test", "p_alike", "p", "value", "against", "n", "zh", "en"]]
        .notna()
        .all(axis=None)
    )
    assert not said.duplicated(["indicator", "district"]).any()


def test_numbers_are_taken_by_name_and_none_is_typed():
    for words in of(made(4, 0.12))[["zh", "en"]].to_numpy().ravel():
        assert not re.search(r"\d", re.sub(r"\{\{.*?\}\}", "", words))


def test_a_pair_is_contrasted_only_where_both_tests_find_something():
    estimates = made(7, 0.12)
    said = of(estimates)
    sure = said[(said["form"] == "differ") & (said["indicator"] == "premises_plan")]["p_alike"].iat[
        0
    ]
    counties = estimates[
        (estimates["indicator"] == "premises_plan") & (estimates["district"] != CITY)
    ]
    big = counties[counties["n"] >= 60].sort_values("value")
    lowest, highest = big["district"].iat[0], big["district"].iat[-1]
    row = pair_statement(estimates, "premises_plan", lowest, highest, sure)
    assert (row["form"], row["district"], row["other"]) == ("pair_above", highest, lowest)
    assert row["value"] > row["against"] and row["p"] < 0.05
    gated = pair_statement(estimates, "premises_plan", lowest, highest, 0.2)
    assert gated["form"] == "pair_alike" and not CONTRAST.search(gated["zh"] + gated["en"])
