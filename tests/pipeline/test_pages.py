"""The page of a county shows its own numbers and the city's, read from what its notebook kept."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from this_study import COUNTIES

from analysis.pipeline.pages import _assured
from analysis.publish.text import NumberSpan, Text

CODE, OTHER = list(COUNTIES)[:2]
OWN = Text(
    ("持证率", NumberSpan(f"certified.{CODE}", "43%"), NumberSpan("certified", "47%", False))
)


def notebook(*reports):
    cells = [
        new_code_cell(
            "", id=f"a{i}", outputs=[new_output("display_data", metadata={"report": report})]
        )
        for i, report in enumerate(reports)
    ]
    return new_notebook(cells=cells)


def table(name, *receipts, heads=()):
    shown = {"columns": ["甲"], "rows": [["1"]], "heads": heads, "receipts": receipts}
    return {"kind": "table", "id": name, "title": OWN.json, "subtitle": [], "table": shown}


def test_a_page_says_how_many_numbers_and_figures_it_shows_all_its_own_or_the_citys():
    reports = {"kind": "prose", "text": OWN.json}, table(f"rents_{CODE}", ["", "rented"])
    said = _assured(notebook(*reports), CODE, "en")
    assert said.startswith("page of ") and ": 3 different numbers and 1 figures and tables" in said


@pytest.mark.parametrize(
    "report",
    [
        {"kind": "prose", "text": [{"name": f"income.{OTHER}", "text": "1", "linked": True}]},
        {"kind": "prose", "text": [{"name": f"income.{OTHER}", "text": "1", "linked": False}]},
        {"kind": "tiles", "tiles": [{"note": Text((NumberSpan(f"a.{OTHER}", "1"),)).json}]},
        table(f"a_{CODE}", ["", f"income.{OTHER}"]),
        table(f"a_{CODE}", heads=["", f"income.{OTHER}"]),
    ],
)
def test_a_number_of_another_county_stops_the_page_wherever_it_stands(report):
    with pytest.raises(ValueError, match=f"the page of {CODE} shows number of {OTHER}"):
        _assured(notebook({"kind": "prose", "text": OWN.json}, report), CODE, "zh")


def test_a_figure_of_another_county_stops_the_page():
    with pytest.raises(ValueError, match=f"the page of {CODE} shows figure rents_{OTHER}"):
        _assured(notebook(table(f"rents_{OTHER}")), CODE, "zh")
