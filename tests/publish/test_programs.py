"""The list of programs has every figure, table and number of a published report, with its cell."""

import json
import re

import pandas as pd
import pytest

from analysis.publish.programs import Program, programs

ESTIMATES = pd.DataFrame(
    [("certified", "03_workforce", "certificate"), ("certified.331022", "03_workforce", "county")],
    columns=["name", "notebook", "cell"],
)
FIGURE = (
    '<figure id=fig-x><figcaption id=fig-x-t><span class="title"><span class="no">Figure 1</span> '
    "Certified, <span class=n data-r=certified>47.2%</span></span></figcaption>"
    '<a href="../notebooks/03_workforce.html#c-drawn">Code</a></figure>'
)


def test_a_figure_leads_to_its_cell_and_a_number_to_that_of_its_estimate():
    page = (
        "<p data-r=certified>before</p><main><p>In all <a href=#r-certified>47.2%</a>, in Sanmen "
        f"<span data-r=certified.331022>50%</span>; <b data-r=unknown>1</b>.</p>{FIGURE}</main>"
    )
    assert list(programs(page, ESTIMATES)) == [
        Program("figure", "Figure 1", "Certified, 47.2%", "03_workforce", "drawn"),
        Program("number", "certified", "47.2%", "03_workforce", "certificate"),
        Program("number", "certified.331022", "50%", "03_workforce", "county"),
    ]


@pytest.mark.parametrize("folder", ["", "en/"])
def test_the_report_has_no_figure_table_or_number_without_its_program(edition, folder):
    page = (edition / f"outputs/2020/report/{folder}index.html").read_text("utf-8")
    estimates = pd.read_csv(edition / "outputs/2020/tables/estimates.csv", dtype=str)
    listed = list(programs(page, estimates))
    shown = [one for one in listed if one.kind != "number"]
    assert len(shown) == len(re.findall("<figure", page)) > 20
    named = set(re.findall(r"data-r=([^\s>]+)", page)) | set(re.findall(r"href=#r-([^\s>]+)", page))
    assert {one.label for one in listed if one.kind == "number"} == named
    for one in listed:
        notebook = json.loads((edition / f"notebooks/{one.notebook}.ipynb").read_text("utf-8"))
        (cell,) = (cell for cell in notebook["cells"] if cell["id"] == one.cell)
        wanted = one.label.partition(".")[0] if one.kind == "number" else "section."
        assert wanted in "".join(cell["source"]), one
