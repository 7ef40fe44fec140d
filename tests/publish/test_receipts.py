"""Receipts: from a number down to the rows of the workbooks, in both languages."""

import re
from decimal import Decimal

import pandas as pd
import pytest
from this_study import CITY

from analysis.publish.naming import district_names
from analysis.publish.prose import numbers
from analysis.publish.receipts import receipts
from analysis.stats.record import COLUMNS

ROSTER = "专职社区工作者花名册"
BOOKS = f"331002_椒江区.xlsx!{ROSTER} 6-24,26-41,43-66; 331003_黄岩区.xlsx!{ROSTER} 6-148"
NO_CLAIMS = pd.DataFrame({"estimate": pd.Series(dtype=str)})


def estimate(
    indicator,
    district,
    value,
    sources,
    how="workers: 100 × count(certificate != '无') / count(rows)",
    **more,
):
    return {
        "name": indicator if district == CITY else f"{indicator}.{district}",
        "indicator": indicator,
        "district": district,
        "wave": "2020",
        "value": value,
        "low": None,
        "high": None,
        "n": 202,
        "numerator": 95,
        "denominator": 202,
        "unit": "%",
        "basis": "synthetic",
        "uncertainty": "census",
        "how": how,
        "notebook": "03_workforce",
        "cell": "certificate",
        "sources": sources,
    } | more


def table(*rows):
    return pd.DataFrame(list(rows), columns=COLUMNS).astype({"low": float, "high": float})


def of(*rows, lang="zh", ledger=NO_CLAIMS):
    return receipts(table(*rows), ledger, lang)


@pytest.fixture
def book():
    of_city = estimate("certified", CITY, 47.2, BOOKS, low=44.7, high=49.7)
    county = {"n": 59, "numerator": 25, "denominator": 59, "low": 40, "high": 46}
    of_county = estimate("certified", "331002", 43.04, BOOKS.partition("; ")[0], **county)
    claims = {"estimate": ["certified"], "published": ["47.2"], "unit": ["%"], "unit_zh": ["%"]}
    ledger = pd.DataFrame(
        claims | {"status": ["by construction"], "status_zh": ["校准所致，不作验证"]}
    )
    return {lang: of(of_city, of_county, lang=lang, ledger=ledger) for lang in ("zh", "en")}


def test_words_say_what_was_divided_by_what_and_the_formula_is_apart(book):
    assert book["zh"]["certified"]["words"] == "持证95人 ÷ 花名册202人"
    assert book["en"]["certified"]["words"] == "certified: 95 ÷ 202 workers on the rosters"
    assert book["zh"]["certified"]["how"].endswith("count(rows)")


def test_the_city_lists_its_counties_and_says_that_subtotals_are_no_data(book):
    [(sheet, rows)] = book["zh"]["certified"]["sources"]
    assert sheet == f"各县《{ROSTER}》的全部数据行（不含小计行）"
    assert rows == "椒江区 43.0, 黄岩区 (6–148)"
    [(sheet, rows)] = book["en"]["certified"]["sources"]
    assert sheet == f"all rows of the counties’ sheet {ROSTER}, without subtotals:"
    assert rows == "Jiaojiang 43.0, Huangyan (6–148)"


def test_a_county_tells_its_own_rows_and_nothing_of_the_others(book):
    own = book["zh"]["certified.331002"]
    assert own["sources"] == [(f"《{ROSTER}》第6–66行（不含小计行，共59人）", "")]
    assert own["label"].endswith("· 椒江区") and own["value"] == "43.0%"
    english = book["en"]["certified.331002"]["sources"]
    assert english == [(f"sheet {ROSTER}, rows 6–66 (without subtotals, 59 workers)", "")]


def test_a_domain_tells_how_many_of_the_rows_or_which():
    how = "workers: count(rows) [hired >= '2018-01-01']"
    many = estimate(
        "hired_since_2018", "331002", 4, f"331002_椒江区.xlsx!{ROSTER} 6,9,12-13", how, n=4
    )
    two = estimate("hired_since_2018", "331003", 3, f"331003_黄岩区.xlsx!{ROSTER} 6,9-10", how, n=3)
    known = of(many, two)
    assert known["hired_since_2018.331002"]["sources"] == [(f"《{ROSTER}》第6–13行中的4人", "")]
    assert known["hired_since_2018.331003"]["sources"] == [
        (f"《{ROSTER}》第6、9–10行（共3人）", "")
    ]


def test_facts_say_kind_basis_interval_and_what_was_published(book):
    facts = book["zh"]["certified"]["facts"].split("；")
    assert facts == ["普查", "合成", "区间 44.7–49.7%", "原报告 47.2 %，校准所致，不作验证"]
    assert "published" not in book["en"]["certified.331002"]["facts"], (
        "the ledger speaks of the city"
    )


def test_what_n_counts_is_said_in_the_unit_of_the_table():
    books = "; ".join(
        f"{code}_{name}.xlsx!经费投入 6-9" for code, name in list(district_names("zh").items())[1:]
    )
    funds = estimate("funding_total", CITY, 16887.2, books, "funding: sum(amount)", n=36)
    assert of(funds)["funding_total"]["facts"] == "普查；合成；9县×4项"
    assert (
        of(funds, lang="en")["funding_total"]["facts"] == "census; synthetic; 9 counties × 4 items"
    )
    assert of(funds)["funding_total"]["words"] == "9县×4项合计"
    spread = estimate("income", CITY, 6.47, BOOKS, "workers: mean(income)", n=1533, unit="万元")
    assert of(spread)["income"]["words"] == "1533人的平均"
    assert of(spread, lang="en")["income"]["words"] == "mean over 1,533 workers"


def test_a_share_of_few_is_said_as_counts():
    how = "interview_communities: 100 × count(not pay_by_standard) / count(rows) [county_code == '331023']"
    few = {"n": 4, "numerator": 3, "denominator": 4, "uncertainty": "sample"}
    row = estimate(
        "tiantai_pay_not_standard", "331023", 75, "interviews.xlsx!社区访谈 27-30", how, **few
    )
    name = "tiantai_pay_not_standard.331023"
    assert of(row)[name]["value"] == "4个社区中的3个"
    assert of(row, lang="en")[name]["value"] == "3 of 4 communities"
    assert of(row)[name]["words"] == "未按标准落实3个 ÷ 天台县受访社区4个"
    assert of(row)[name]["facts"] == "抽样；合成"
    assert of(row)[name]["sources"] == [("interviews.xlsx《社区访谈》第27–30行（共4个社区）", "")]


def test_the_link_leads_to_the_cell(book):
    assert book["en"]["certified"]["cell_href"] == "03_workforce.html#c-certificate"


def test_a_reference_table_is_named_with_its_lines():
    quoted = {"basis": "published", "uncertainty": "", "n": 1, "unit": "万元"}
    row = estimate(
        "sijiqing_venture", CITY, 100, "benchmarks.csv 3", "benchmarks: sum(value)", **quoted
    )
    assert of(row)["sijiqing_venture"]["sources"] == [
        ("data/raw/reference/benchmarks.csv第3行", "")
    ]
    assert of(row, lang="en")["sijiqing_venture"]["sources"] == [
        ("data/raw/reference/benchmarks.csv, lines 3", "")
    ]


def test_a_stand_in_is_said_to_be_one():
    how = "workers: count(rows) [community_code == '331083102901']"
    row = estimate("beizhu_workers", "331083", 2, f"331083_玉环市.xlsx!{ROSTER} 154-155", how, n=2)
    [note] = of(row)["beizhu_workers.331083"]["notes"]
    assert note.startswith("“北渚社区”由替身“楚门镇01社区”（331083102901）代替")
    [note] = of(row, lang="en")["beizhu_workers.331083"]["notes"]
    assert note.startswith(
        "The rows are those of a stand-in for 北渚社区, 楚门镇01社区 (331083102901)"
    )


def test_a_number_that_leaves_stand_ins_out_is_not_said_to_be_about_them():
    how = "interview_communities: count(rows) [community_code not in ['331083102901', '331023002901']]"
    row = estimate("interviewed_by_lot", CITY, 39, "interviews.xlsx!社区访谈 6-17", how)
    assert of(row)["interviewed_by_lot"]["notes"] == []
    among = estimate(
        "interviewed_by_lot", CITY, 2, "interviews.xlsx!社区访谈 6-7", how.replace("not in", "in")
    )
    assert len(of(among)["interviewed_by_lot"]["notes"]) == 2


def rise(after, before, change, relative=False):
    how = "estimates: compliant − compliant_2018"
    cited = "estimates.csv!compliant; estimates.csv!compliant_2018"
    if relative:
        how = "estimates: 100 × (compliant − compliant_2018) / compliant_2018"
    rows = (
        estimate("compliant", CITY, after, BOOKS),
        estimate("compliant_2018", CITY, before, BOOKS),
    )
    return of(*rows, estimate("compliant_rise", CITY, change, cited, how))["compliant_rise"]


def test_a_change_names_both_numbers_and_says_where_they_do_not_give_it_as_printed():
    assert rise(98.06, 65.37, 32.69)["words"] == "设施达标率 98.1% − 设施达标率（2018年初） 65.4%"
    assert rise(98.06, 65.34, 32.72)["words"].endswith("65.3%（按未取整的数计算）"), (
        "98.1 − 65.3 is 32.8, not 32.7"
    )
    assert rise(60.0, 40.0, 50.0, relative=True)["words"].startswith("(设施达标率 60.0% − ")


def test_published_money_is_said_in_the_unit_of_the_value_above_it():
    income = estimate(
        "income", CITY, 6.468, "", "workers: mean(income)", low=6.4, high=6.5, unit="万元"
    )
    claim = {
        "estimate": ["income"],
        "published": ["6.47"],
        "unit": ["万元/year"],
        "unit_zh": ["万元/年"],
    }
    ledger = pd.DataFrame(
        claim | {"status": ["by construction"], "status_zh": ["校准所致，不作验证"]}
    )
    said = {lang: of(income, lang=lang, ledger=ledger)["income"] for lang in ("zh", "en")}
    assert (
        said["en"]["value"] == "64,700 yuan"
        and "published: 64,700 yuan/year" in said["en"]["facts"]
    )
    assert said["zh"]["value"] == "6.47万元" and "原报告 6.47 万元/年" in said["zh"]["facts"]


TEXT = {"district": str, "wave": str, "uncertainty": str, "sources": str}


@pytest.fixture(scope="module")
def published(edition):
    estimates = pd.read_csv(edition / "outputs/2020/tables/estimates.csv", dtype=TEXT)
    return estimates.fillna(dict.fromkeys(TEXT, ""))


def test_printed_parts_give_the_printed_change_or_the_receipt_says_that_it_was_computed_before(
    published,
):
    said = numbers(published, "zh")
    known, changes, unequal = receipts(published, NO_CLAIMS, "zh"), 0, 0
    for row in published.itertuples():
        found = re.fullmatch(r"estimates: (100 × \()?(\w+) − (\w+)(\) / \3)?", row.how)
        changes += bool(found)
        # which print as counts
        if found and not any(said[row.district][found[i]].few for i in (2, 3)):
            after, before = (Decimal(said[row.district][found[i]].plain) for i in (2, 3))
            step = Decimal(1).scaleb(-said[row.district][row.indicator].unit.decimals)
            shown = Decimal(said[row.district][row.indicator].plain)
            value = 100 * (after - before) / before if found[1] else after - before
            words = known[row.name]["words"]
            gives = abs(value - shown) <= step / 2
            unequal += not gives
            assert gives == (not words.endswith("（按未取整的数计算）")), (row.name, words, shown)
    print(f"\nchanges {changes}, computed before rounding and said so {unequal}")
    assert changes == 31  # of those between the counties' numbers, some are not published
    assert known["compliant_rise"]["words"] == "设施达标率 98.1% − 设施达标率（2018年初） 65.4%"


def test_every_share_of_fewer_than_ten_is_printed_as_counts(published):
    said = {one.name: one for by in numbers(published, "zh").values() for one in by.values()}
    shares = published[published["how"].str.contains(r"100 × count\(") & (published["n"] < 10)]
    assert len(shares) > 10
    for name in shares["name"]:
        assert re.fullmatch(r"\d个社区中的\d个", said[name].text), said[name].text


def test_every_receipt_is_in_words_and_no_formula_or_column_is(published):
    columns = r"count\(|sum\(|mean\(|[a-z]+_[a-z]+(?!\.csv)|观测数"
    for lang in ("zh", "en"):
        for name, receipt in receipts(published, NO_CLAIMS, lang).items():
            told = " ".join([receipt["words"], receipt["facts"], *receipt["notes"]])
            assert not re.search(columns, told), (name, told)
            assert all(place for place, rows in receipt["sources"] if not rows), name


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("figure", ["n/a", ""])
def test_a_statement_without_a_figure_is_compared_with_nothing(lang, figure):
    claims = {"estimate": ["certified"], "published": [figure], "unit": [""], "unit_zh": [""]}
    ledger = pd.DataFrame(
        claims | {"status": ["by construction"], "status_zh": ["校准所致，不作验证"]}
    )
    facts = of(estimate("certified", CITY, 47.2, BOOKS), lang=lang, ledger=ledger)["certified"][
        "facts"
    ]
    assert not re.search("发布稿|原报告|published|—|construction|构造", facts)
