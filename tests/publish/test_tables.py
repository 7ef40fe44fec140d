import csv
import io
import json

import pandas as pd
import pytest

from analysis.publish.tables import capital, cells, to_csv, to_html, to_json, traced


def html_of(data, *areas, **options):
    """A table with the links that a page gives it."""
    link = '<a href="#r-{}">{}</a>'.format
    return to_html(json.loads(json.dumps(to_json(data, *areas, **options))), link)


def test_cells_are_escaped_and_headers_scoped():
    html = html_of(pd.DataFrame({"<县>": ["<script>"], "n": [1]}))
    assert "<script>" not in html
    assert '<th scope="col">&lt;县&gt;</th>' in html
    assert '<th scope="row">&lt;script&gt;</th>' in html


def test_columns_of_numbers_are_marked_and_others_are_not():
    html = html_of(pd.DataFrame({"县": ["甲", "乙"], "率": ["47.2", "—"], "说明": ["好", "3"]}))
    assert html.count('<td class="num">') == 2
    assert '<table class="r">' in html_of(pd.DataFrame({"县": ["甲"], "率": ["47.2"]})), (
        "said once of the table"
    )
    assert '<th class="num" scope="col">' in html or '<th scope="col" class="num">率' in html


def test_missing_is_a_dash_and_numbers_lose_needless_zeros():
    assert cells(pd.DataFrame({"a": [1.0, None, 16887.2], "b": [True, False, True]})) == [
        ["1", "✓"],
        ["—", "—"],
        ["16887.2", "✓"],
    ]


def test_a_csv_opens_in_a_spreadsheet_and_runs_nothing():
    text = to_csv(pd.DataFrame({"a": ["=1+1", "@x", "ok"], "b": [1, 2, 3]}), "synthetic")
    assert text.startswith("\ufeff")
    back = pd.read_csv(io.StringIO(text[1:]))
    assert list(back["a"]) == ["'=1+1", "'@x", "ok"]
    assert set(back["basis"]) == {"synthetic"}


def test_a_table_that_has_its_own_basis_keeps_it():
    text = to_csv(pd.DataFrame({"a": [1], "basis": ["published"]}), "synthetic")
    assert list(pd.read_csv(io.StringIO(text[1:]))["basis"]) == ["published"]


def test_a_traced_number_leads_to_its_receipt_and_a_county_row_carries_its_code():
    data = traced(
        pd.DataFrame({"县": ["椒江区", "全市"], "率": ["43.0", "47.2"]}), [["", "certified"]] * 2
    )
    html = html_of(data, {"椒江区": "331002"})
    assert (
        '<tr data-area="331002"><th scope="row">椒江区</th><td><a '
        'href="#r-certified">43.0</a></td></tr>' in html
    )
    assert html.count("data-area") == 1
    by_column = html_of(data, by_column=True)
    assert '<a href="#r-certified">率</a></th>' in by_column and by_column.count("#r-") == 1


def test_a_dash_leads_to_no_receipt():
    data = traced(pd.DataFrame({"县": ["椒江区"], "率": ["—"]}), [["", "certified"]])
    assert to_json(data)["receipts"] == [["", ""]] and "#r-" not in html_of(data)


def test_titles_begin_with_a_capital():
    assert (capital("certified share"), capital("持证率"), capital("")) == (
        "Certified share",
        "持证率",
        "",
    )


@pytest.mark.parametrize("number", ["+7862", "-12", "+0.5", "-1,046.80", "-3.2%"])
def test_a_number_with_its_sign_stays_a_number(number):
    text = to_csv(pd.DataFrame({"a": [number]}), "synthetic")
    assert [row[0] for row in csv.reader(io.StringIO(text))][1] == number


@pytest.mark.parametrize("cell", ["=1", "+1+1", "-a", "@a", "\ta", "＝1", "-1-1"])
def test_text_that_a_spreadsheet_would_run_has_an_apostrophe_in_cells_and_heads(cell):
    text = to_csv(pd.DataFrame({cell: [cell]}), "synthetic").removeprefix("\ufeff")
    assert [row[0] for row in csv.reader(io.StringIO(text, newline=""))] == [f"'{cell}"] * 2
