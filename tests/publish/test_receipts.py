"""Receipts: from a number down to the rows of the workbooks, in both languages."""

import pandas as pd
import pytest

from analysis.publish.naming import district_names
from analysis.publish.receipts import receipts, sources
from analysis.survey.codebook import CITY

BOOKS = "331002_椒江区.xlsx!花名册 6-66; 331003_黄岩区.xlsx!花名册 6-148"


def estimate(district, value, low, high, books, **more):
    return {
        "name": "certified" if district == CITY else f"certified.{district}",
        "indicator": "certified",
        "district": district,
        "value": value,
        "low": low,
        "high": high,
        "n": 277,
        "basis": "synthetic",
        "uncertainty": "census",
        "how": "share of rows",
        "notebook": "03_workforce",
        "cell": "certificate",
        "sources": books,
    } | more


@pytest.fixture
def book():
    of_city = estimate(CITY, 47.2, 44.7, 49.7, BOOKS)
    of_county = estimate("331002", 43.04, 40.0, 46.0, BOOKS.partition("; ")[0])
    claims = {"estimate": ["certified"], "published": ["47.2"], "unit": ["%"], "unit_zh": ["%"]}
    ledger = pd.DataFrame(claims | {"status": ["by construction"], "status_zh": ["由构造一致"]})
    return {lang: receipts(pd.DataFrame([of_city, of_county]), ledger, lang) for lang in ("zh", "en")}


def test_the_city_lists_its_counties_with_value_and_rows(book):
    assert book["zh"]["certified"]["sources"] == [("各县《花名册》", "椒江区 43.0 (6-66), 黄岩区 (6-148)")]
    [(sheet, rows)] = book["en"]["certified"]["sources"]
    assert sheet == "counties’ sheet 花名册" and rows == "Jiaojiang 43.0 (6-66), Huangyan (6-148)"


def test_a_county_tells_its_own_rows_and_nothing_of_the_others(book):
    own = book["zh"]["certified.331002"]
    assert own["sources"] == [("各县《花名册》", "椒江区 (6-66)")]
    assert own["label"].endswith("· 椒江区") and own["value"] == "43.0%"


def test_facts_say_kind_basis_interval_and_what_was_published(book):
    facts = book["zh"]["certified"]["facts"].split("；")
    assert facts == ["普查", "合成", "观测数 277", "区间 44.7–49.7%", "发布稿 47.2 %，由构造一致"]
    assert "published" not in book["en"]["certified.331002"]["facts"], "the ledger speaks of the city"


def test_the_link_leads_to_the_cell(book):
    assert book["en"]["certified"]["cell_href"] == "03_workforce.html#c-certificate"


def test_a_reference_table_and_another_workbook_are_named():
    names = district_names("zh")
    assert sources("counties", {}, names, "zh") == [("data/raw/reference/counties.csv", "")]
    assert sources("电话访谈.xlsx!社工 4-90", {}, names, "zh") == [("电话访谈.xlsx《社工》", "行 4-90")]


def test_published_money_is_said_in_the_unit_of_the_value_above_it():
    income = estimate(CITY, 6.468, 6.4, 6.5, "", indicator="income", name="income", unit="万元")
    claim = {"estimate": ["income"], "published": ["6.47"], "unit": ["万元/year"], "unit_zh": ["万元/年"]}
    ledger = pd.DataFrame(claim | {"status": ["by construction"], "status_zh": ["按构造一致"]})
    said = {lang: receipts(pd.DataFrame([income]), ledger, lang)["income"] for lang in ("zh", "en")}
    assert said["en"]["value"] == "64,700 yuan" and "published: 64,700 yuan/year" in said["en"]["facts"]
    assert said["zh"]["value"] == "6.47万元" and "发布稿 6.47 万元/年" in said["zh"]["facts"]
