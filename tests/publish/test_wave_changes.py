"""What changed since the last wave, for readers."""

import pandas as pd
import pytest

from analysis.publish.wave_changes import since_last_wave
from analysis.survey.changes import CHANGES

LINES = [
    ("new", "communities", "community", "331002", "331002001099", "", "海门街道社区", None),
    ("renamed", "communities", "township", "331022", "331022001", "海游街道", "海游更名街道", None),
    ("total", "workers", "rows", "331000", "", "1533", "1548", 15),
    ("total", "workers", "rows", "331002", "", "284", "290", 6),
    ("total", "communities", "households", "331000", "", "900", "900", 0),
    ("total", "communities", "households", "331022", "", "90", "80", -10),
]


@pytest.fixture
def told():
    return pd.DataFrame(LINES, columns=list(CHANGES)).astype({"change": "Float64"})


def test_places_and_the_totals_of_the_city_that_moved_are_told(told):
    assert since_last_wave(told, "zh").to_numpy().tolist() == [
        ["新设", "椒江区：社区名称", "—", "海门街道社区", "—"],
        ["更名", "三门县：街道（乡镇）", "海游街道", "海游更名街道", "—"],
        ["全市合计", "专职社区工作者花名册：行数", "1533", "1548", "+15"],
    ]
    assert since_last_wave(told, "en").iloc[2].tolist() == [
        "City total",
        "workers: rows",
        "1533",
        "1548",
        "+15",
    ]


def test_a_table_that_was_not_compared_is_told(told):
    line = pd.DataFrame(
        [("not compared", "projects", "rows", "331000", "", "", "", None)], columns=list(CHANGES)
    )
    told = pd.concat([line.astype({"change": "Float64"}), told], ignore_index=True)
    assert since_last_wave(told, "zh").iloc[0].tolist() == [
        "未作比较",
        "项目与公益创投",
        "—",
        "—",
        "—",
    ]
    assert since_last_wave(told, "en").iloc[0].tolist() == [
        "Not compared",
        "projects",
        "—",
        "—",
        "—",
    ]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_first_wave_has_an_empty_table(told, lang):
    assert since_last_wave(told.iloc[:0], lang).shape == (0, 5)
