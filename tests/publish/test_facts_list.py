"""A line of llms.txt has all that is needed to quote a number rightly."""

import pandas as pd
import pytest

from analysis.publish.facts_list import facts_list
from analysis.survey.study import study

COUNTY = "331002"
STATED = "椒江区的持证率与全市差异无统计学意义。"


@pytest.fixture
def estimates():
    of_city = {
        "name": "certified",
        "indicator": "certified",
        "district": study().city,
        "value": 47.2,
        "low": 44.7,
        "high": 49.7,
        "n": 1533,
        "numerator": 724,
        "denominator": 1533,
        "basis": "synthetic",
        "uncertainty": "census",
        "how": "workers: 100 × count(certified) / count(rows)",
        "notebook": "03_workforce",
        "cell": "certified",
    }
    of_county = {"name": f"certified.{COUNTY}", "district": COUNTY, "low": None, "high": None}
    other = {"name": "workers_total.331003", "indicator": "workers_total", "district": "331003"}
    return pd.DataFrame([of_city, of_city | of_county, of_city | other])


@pytest.fixture
def statements():
    row = {
        "indicator": "certified",
        "district": COUNTY,
        "text_zh": STATED,
        "text_en": "no difference",
    }
    return pd.DataFrame([row])


def facts(data, estimates, statements, lang="zh"):
    text = facts_list(
        data, estimates, statements, lang, lambda row: f"notebooks/x.html#c-{row.cell}"
    )
    return [line for line in text.splitlines() if line]


def test_it_begins_with_title_label_and_rule(a_dataset, estimates, statements):
    title, summary, rule, *_ = facts(a_dataset, estimates, statements)
    assert title == "# 报告 (合成)" and summary.startswith("> 合成: 不得引用")
    assert rule.endswith("合成")


def test_a_line_has_value_unit_interval_basis_wording_and_link(a_dataset, estimates, statements):
    city, county, _ = (
        line for line in facts(a_dataset, estimates, statements) if line.startswith("- ")
    )
    assert city.startswith("- [certified](notebooks/x.html#c-certified): ")
    for said in (
        "（全市）：47.2%",
        "95%区间 44.7–49.7%",
        "依据：合成",
        "普查",
        "可作为全市数值陈述",
    ):
        assert said in city
    assert "无区间" in county and county.endswith(STATED)


def test_what_was_not_compared_is_not_to_be_compared(a_dataset, estimates, statements):
    last = facts(a_dataset, estimates, statements, "en")[-1]
    assert last.endswith("wording: state it for this place only, compare it with no other")


def test_each_notebook_has_one_section(a_dataset, estimates, statements):
    lines = facts(a_dataset, estimates, statements)
    assert [line for line in lines if line.startswith("## ")] == ["## 03_workforce"]
