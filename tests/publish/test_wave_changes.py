"""What changed since the last wave, for readers: places, and indicators with what may be said."""

import pandas as pd
import pytest

from analysis.publish.tables import to_html, to_json
from analysis.publish.wave_changes import REASONS, between_waves_table, since_last_wave
from analysis.stats.between_waves import Comparison
from analysis.survey.changes import CHANGES, FACTS

LINES = [
    ("new", "communities", "community", "331002", "331002001099", "", "海门街道社区"),
    ("renamed", "communities", "township", "331022", "331022001", "海游街道", "海游更名街道"),
]


@pytest.fixture
def told():
    return pd.DataFrame(LINES, columns=list(CHANGES))


def test_places_that_are_new_or_renamed_are_told(told):
    assert since_last_wave(told, "zh").to_numpy().tolist() == [
        ["新设", "椒江区：社区名称", "—", "海门街道社区"],
        ["更名", "三门县：街道（乡镇）", "海游街道", "海游更名街道"],
    ]
    assert since_last_wave(told, "en").iloc[0].tolist() == [
        "New",
        "Jiaojiang: community",
        "—",
        "海门街道社区",
    ]


def test_a_table_that_was_not_compared_is_told(told):
    line = pd.DataFrame(
        [("not compared", "projects", "rows", "331000", "", "", "")], columns=list(CHANGES)
    )
    told = pd.concat([line, told], ignore_index=True)
    assert since_last_wave(told, "zh").iloc[0].tolist() == [
        "未作比较",
        "项目与公益创投",
        "—",
        "—",
    ]
    assert since_last_wave(told, "en").iloc[0].tolist() == [
        "Not compared",
        "projects",
        "—",
        "—",
    ]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_first_wave_has_an_empty_table(told, lang):
    assert since_last_wave(told.iloc[:0], lang).shape == (0, 4)


TESTED = {"n": 361, "only_before": 2, "only_now": 1, "p": 0.00001, "p_holm": 0.0003}
FOUND = [
    Comparison(
        "rented",
        48.2,
        44.1,
        -4.1,
        "McNemar",
        **TESTED,
        tested=-3.96,
        low=-7.04,
        high=-1.2,
        form="wave_fell",
    ),
    Comparison(
        "income",
        6.47,
        6.7,
        0.23,
        "clusters",
        n=363,
        tested=0.23,
        low=0.22,
        high=0.24,
        p=1e-9,
        p_holm=2e-8,
        form="wave_rose",
    ),
    Comparison(
        "understaffed",
        35.2,
        37.0,
        1.8,
        "design",
        n=45,
        tested=1.8,
        low=-9.9,
        high=13.5,
        p=0.75,
        p_holm=1.0,
        form="wave_alike",
    ),
    Comparison("communities_total", 361, 362, 1, form="wave_fact"),
    Comparison("funding_total", 16887.2, 16000, -887.2, form="wave_fact"),
    Comparison("compliant_rise", 32.7, 34.5, 1.8, form="wave_fact"),
    Comparison("workers_total", 1533, 1530, reason="few_moved"),
    Comparison("lift", before=12.0, reason="withdrawn"),
]
WITHDRAWN = [
    ("wave", "2020", "", "", ""),
    ("title", "lift", "有电梯的社区", "communities with a lift", ""),
    ("number", "lift", "12个", "12", "12.0 [nan, nan] n 361"),
]


def shown(lang, found=FOUND):
    facts = pd.DataFrame(WITHDRAWN, columns=list(FACTS))
    return between_waves_table(pd.DataFrame(found), facts, "2021", lang)


def test_each_indicator_has_both_waves_its_change_and_its_wording():
    table, _ = shown("zh")
    assert list(table) == ["指标", "2020", "2021", "变动", "不能配对", "p值", "可用表述"]
    assert table.iloc[0].tolist() == [
        "租用、借用用房占比",
        "48.2%",
        "44.1%",
        "−4.1个百分点",
        "撤出2，新增1",
        "<0.001",
        "租用、借用用房占比由48.2%变为44.1%；两轮都有的361个社区中下降4.0个百分点"
        "（95%区间−7.0至−1.2），具有统计学意义。",
    ]
    english, _ = shown("en")
    assert english["Usable wording"].iloc[1] == (
        "Mean annual income went from 64,700 yuan to 67,000 yuan; with 363 communities as clusters "
        "it rose by 2,300 yuan (95% interval +2,200 to +2,400), which is statistically significant."
    )
    assert "据抽样推断变动+1.8个百分点" in table["可用表述"].iloc[2]
    assert "无统计学意义" in table["可用表述"].iloc[2]


def test_percentages_change_by_points_and_counts_also_by_per_cent():
    changes = shown("en")[0]["Change"].tolist()
    assert changes[3:6] == ["+1 (+0.3%)", "−8.872 million yuan (−5.3%)", "+1.8 percentage points"]
    assert changes[0] == "−4.1 percentage points" and changes[6:] == ["—", "—"]


def test_what_is_not_compared_says_why_and_what_was_withdrawn_keeps_its_name():
    table, _ = shown("zh")
    assert table["可用表述"].iloc[6] == "专职社区工作者两轮不作比较：增减涉及的人太少，变动不公布。"
    withdrawn = table.iloc[7].tolist()
    assert withdrawn[:3] == ["有电梯的社区", "12个", "—"] and "本轮不再有" in withdrawn[6]
    assert REASONS["zh"].keys() == REASONS["en"].keys()


def test_the_file_has_the_evidence_and_the_sentences_of_all_languages():
    table, kept = shown("en")
    assert {"p_holm", "gained", "text_zh", "text_en"} <= set(kept) and len(kept) == len(FOUND)
    assert kept["text_en"].tolist() == table["Usable wording"].tolist()
    page = to_html(to_json(table), '<a href="#r-{}">{}</a>'.format)
    assert 'href="#r-rented">44.1%' in page
    assert page.count("#r-") == len(FOUND) - 1  # a receipt for each number of this wave


def test_a_first_wave_has_no_rows():
    none = pd.DataFrame(FOUND).iloc[:0]
    table, kept = between_waves_table(none, pd.DataFrame(columns=list(FACTS)), "2020", "zh")
    assert table.shape == (0, 7) and len(kept) == 0
