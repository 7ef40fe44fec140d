"""A new wave: folder and declaration give an edition with its changes and corrections."""

import csv

import pandas as pd
import pytest

from analysis.survey.corrections import COLUMNS
from planting import Planting
from running import copy_repository, slow
from synthetic.next_wave import synthesise_next

pytestmark = slow

SANMEN, SHEET, TITLE = "331022_三门县.xlsx", "社区基本情况", "户数"


@pytest.fixture(scope="module")
def corrected(tmp_path_factory, analysis):
    """An edition of wave 2021 with one corrected cell, and the name of the cell in receipts."""
    folder = copy_repository(tmp_path_factory.mktemp("next"))
    raw = synthesise_next(folder / "data/raw", folder / "data/raw/reference")
    planting = Planting(raw)
    row = planting.rows(SANMEN, SHEET)[0]
    value = planting.value(SANMEN, SHEET, TITLE, row)
    line = (SANMEN, SHEET, row, TITLE, value, value + 1, "电话核实", "复核员", "2021-05-12")
    with (raw / "corrections.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, line])
    done = analysis(folder, "build", "--wave", "2021")
    assert done.returncode == 0, done.stderr
    return folder, f"{SANMEN}!{SHEET}!{TITLE} {row}"


def test_the_report_of_the_next_wave_tells_what_changed(corrected):
    folder, _ = corrected
    for page in (
        "report/index.html",
        "report/en/index.html",
        "districts/331022/index.html",
        "index.html",
    ):
        assert (folder / "outputs/2021" / page).is_file(), page
    said = (folder / "outputs/2021/report/index.html").read_text("utf-8")
    assert "id=tab-changes" in said and "与前次相比" in said and "海游更名街道" in said
    assert "id=tab-changes" in (folder / "outputs/2021/report/en/index.html").read_text("utf-8")
    told = pd.read_csv(folder / "outputs/2021/tables/changes.csv")
    assert (told["事项"] == "更名").any() and (told["事项"] == "新设").any()


def test_the_report_of_the_first_wave_says_nothing_of_changes(edition):
    first = (edition / "outputs/2020/report/index.html").read_text("utf-8")
    assert "tab-changes" not in first and "与前次相比" not in first


def test_a_correction_stands_in_the_receipts_that_rest_on_its_row_alone(corrected, analysis):
    folder, cell = corrected
    page = (folder / "outputs/2021/notebooks/02_facilities.html").read_text("utf-8")
    receipts = {
        text.partition(">")[0]: text.partition("</article>")[0]
        for text in page.split("<article id=r-")[1:]
    }
    touched = {name for name, text in receipts.items() if cell in text}
    estimates = (
        pd.read_csv(folder / "outputs/2021/tables/estimates.csv", dtype=str)
        .fillna("")
        .set_index("name")
    )
    resting = estimates["sources"].str.contains(f"{SANMEN}!{SHEET} ", regex=False)
    cited = estimates["sources"].str.findall(r"estimates\.csv!([\w.]+)")
    resting |= cited.map(lambda names: any(resting.get(name, False) for name in names))
    assert touched == {name for name in receipts if resting[name]} != set()
    said = analysis(folder, "explain", "compliant.331022", "--wave", "2021").stdout
    assert cell in said and "电话核实" in said
    assert cell not in analysis(folder, "explain", "compliant.331023", "--wave", "2021").stdout
