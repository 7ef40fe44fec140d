"""Data of the page of a county: its own rows unchanged, the city's values as printed."""

import docx
import numpy as np
import pandas as pd
import pytest
from this_study import CITY, COUNTIES

from analysis.publish import districts
from analysis.publish.prose import number
from analysis.publish.section import Section
from analysis.stats.ledger import printed
from analysis.survey.folders import build
from analysis.survey.repository import read_estimates, reference
from analysis.survey.sealed import opened


@pytest.fixture
def here(edition, monkeypatch):
    monkeypatch.chdir(edition)


def test_a_county_has_its_own_rows_whole_and_the_citys_print_the_same(here):
    whole = districts.published_estimates("2020")
    measures = reference("measures").set_index("indicator").to_dict("index")
    own = read_estimates("2020", district="331023")
    assert set(own["district"]) == {CITY, "331023"}
    wanted = whole[whole["district"] == "331023"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own[own["district"] == "331023"].reset_index(drop=True), wanted)
    city, rounded = (rows[rows["district"] == CITY] for rows in (whole, own))
    assert {"certified", "income", "growth", "compliant_rise", "service_index"} <= set(
        rounded["indicator"]
    )
    assert not {"workers_total", "funding_total", "certified_workers", "leavers"} & set(
        rounded["indicator"]
    )
    assert set(rounded["indicator"]) <= set(wanted["indicator"]), (
        "no number that has none beside it"
    )
    city = city[city["indicator"].isin(rounded["indicator"])].reset_index(drop=True)
    rounded = rounded.reset_index(drop=True)
    assert (city["value"] != rounded["value"]).any()
    for lang in ("zh", "en"):
        said = [
            [number(row, measures[row.indicator], lang) for row in rows.itertuples()]
            for rows in (city, rounded)
        ]
        assert [n.text for n in said[0]] == [n.text for n in said[1]]
        assert {n.interval for n in said[1]} == {"—"} != {n.interval for n in said[0]}


def test_a_county_is_not_told_how_many_counties_there_are_or_of_places_elsewhere(here):
    measures = reference("measures").set_index("indicator")
    estimates = read_estimates("2020", district="331002")
    table = Section("08_district_profile", "2020", "zh", estimates, district="331002").beside_city()
    named = set(table["指标"])
    assert {
        measures.loc[name, "zh"] for name in ("workers_total", "certified", "funding_total")
    } <= named
    counting = measures["zh"].str.contains("的县（市、区）|^其中|两社区")
    assert counting.sum() == 8 and not named & set(measures.loc[counting, "zh"])


def test_every_county_has_a_folder(here):
    assert {p.name for p in (build("2020") / "districts").iterdir()} == set(COUNTIES)


def test_rounding_twice_would_print_another_number():
    values = [97.46, 97.44, 0.05, 2.449, -1.4501, 97.5]
    assert [districts.round_stably(v, 0) for v in values] == [97.4, 97.4, 0.1, 2.4, -1.4, 97.5]
    generator = np.random.default_rng(5)
    for value, decimals in zip(
        generator.uniform(-200, 200, 2000).tolist(),
        generator.integers(0, 3, 2000).tolist(),
        strict=True,
    ):
        rounded = districts.round_stably(value, decimals)
        assert printed(rounded, decimals) == printed(value, decimals)
        assert rounded == round(rounded, max(decimals, 1))


def places(*rows):
    columns = ["township", "community", "village_turned", "premises", "compliant", "premises_plan"]
    return pd.DataFrame(rows, columns=columns)


def test_communities_are_counted_and_named_by_township():
    rows = places(
        ("甲街道", "甲街道01社区", True, "租用", True, False),
        ("甲街道", "甲街道02社区", False, "自有", False, True),
        ("乙镇", "乙镇01社区", False, "借用", True, True),
    )
    conditions = {
        "达标": rows["compliant"],
        "租用": rows["premises"] == "租用",
        "村改": rows["village_turned"],
    }
    counted = districts.count_by_township(rows, "zh", conditions)
    assert list(counted) == ["街道（乡镇）", "社区", "达标", "租用", "村改"]
    assert counted.to_numpy().tolist() == [["甲街道", 2, 1, 1, 1], ["乙镇", 1, 1, 0, 0]]
    listed = districts.names_by_township(
        rows, "en", {"None": ~rows["premises_plan"], "All": rows["compliant"] | True}
    )
    assert list(listed) == ["Township", "None", "All"]
    assert listed.to_numpy().tolist() == [
        ["甲街道", "01社区", "01社区, 02社区"],
        ["乙镇", "—", "01社区"],
    ]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_the_published_report_says_of_places_stands_on_the_page_of_their_county_alone(
    here, lang
):
    named = reference("named_places")
    said = {code: districts.quotes(named, code, lang) for code in COUNTIES}
    assert sum(map(len, said.values())) == len(named) == 6
    assert len(said["331023"]) == 2 and said["331002"] == []


def test_every_indicator_of_counties_has_a_row_with_the_city_last(here):
    table = districts.by_county(opened(read_estimates("2020")), "en")["table"]
    assert table["columns"][:2] == ["Indicator", "Unit"] and table["columns"][-1] == "City"
    rows = {row[0]: row for row in table["rows"]}
    assert (
        len(rows) > 40
        and rows["certified share"][-1] == "47.2"
        and all(len(r) == 12 for r in rows.values())
    )


def test_the_main_table_of_a_county_is_short_and_its_sheet_of_word_one_page(edition):
    for code in ("331002", "331022"):
        document = docx.Document(edition / f"outputs/2020/districts/{code}/brief.docx")
        assert len(document.tables) == 1 and 10 < len(document.tables[0].rows) <= 16
        assert "下一步工作" in [paragraph.text for paragraph in document.paragraphs]
