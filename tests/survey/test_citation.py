"""Citations: rows as ranges, read back as they were written."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.survey.citation import Citation, cite, cite_estimates, parse, rows_behind, spans


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 60), min_size=1))
def test_ranges_hold_the_very_rows_and_are_read_back(rows):
    one = Citation("a.xlsx", "花名册", spans(rows))
    assert [n for first, last in one.spans for n in range(first, last + 1)] == sorted(set(rows))
    assert one.count == len(set(rows))
    assert parse(str(one)) == [one]


def test_what_is_cited_is_read_back_whatever_it_is():
    text = "331002_椒江区.xlsx!附件1. 社区 6-24,26; 331003; 黄岩.csv!花名册 7; counties.csv 2-9; indicators.csv"
    text += "; " + cite_estimates(["compliant", "compliant.331002"])
    parts = parse(text)
    assert "; ".join(map(str, parts)) == text
    assert [part.file for part in parts][1:4] == [
        "331003; 黄岩.csv",
        "counties.csv",
        "indicators.csv",
    ]
    assert parts[0].sheet == "附件1. 社区" and parts[-1].name == "compliant.331002"
    assert parse("") == []


@pytest.mark.parametrize(
    "text", ["communities", "a.xlsx!社区", "a.xlsx!社区 6-", "a.xlsx!社区 6-9; nothing"]
)
def test_what_is_no_citation_is_refused(text):
    with pytest.raises(ValueError, match="no citation"):
        parse(text)


def test_rows_of_several_sheets_are_cited_once_each_in_order():
    frame = pd.DataFrame(
        {"workbook": ["b", "a", "a", "a"], "sheet": list("xyxx"), "row": [9, 8, 7, 7]}
    )
    assert cite(frame) == "a!x 7; a!y 8; b!x 9"


def test_estimates_are_followed_down_to_rows_each_sheet_once():
    sources = {
        "rise": "estimates.csv!now; estimates.csv!then",
        "now": "a!x 6-9",
        "then": "a!x 8-12; b!x 6",
    }
    assert list(map(str, rows_behind("estimates.csv!rise", sources))) == ["a!x 6-12", "b!x 6"]
