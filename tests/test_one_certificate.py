"""A change of one worker's certificate in one workbook is shown everywhere."""

import csv
import re
import shutil

import openpyxl
import pytest

from running import run_analysis

COUNTY, WORKBOOK = "331024", "331024_仙居县.xlsx"


def certify_one(path):
    """Give the first worker without a certificate one, as the county would in its form."""
    book = openpyxl.load_workbook(path)
    sheet = book["专职社区工作者花名册"]
    header = next(
        cell
        for row in sheet.iter_rows(max_row=8)
        for cell in row
        if cell.value == "社会工作者职业资格证书"
    )
    cell = next(
        sheet.cell(row, header.column)
        for row in range(header.row + 1, sheet.max_row)
        if sheet.cell(row, header.column).value == "无"
    )
    cell.value = "助理社会工作师"
    book.save(path)


@pytest.fixture(scope="module")
def corrected(edition, tmp_path_factory):
    folder = tmp_path_factory.mktemp("corrected")
    # beside it, so that only what is stale runs
    shutil.copytree(edition, folder, dirs_exist_ok=True)
    certify_one(folder / "data/raw/2020" / WORKBOOK)
    done = run_analysis(folder, "build")
    assert done.returncode == 0, done.stderr
    return folder / "outputs/2020"


@pytest.fixture(scope="module")
def before(edition):
    return edition / "outputs/2020"


def estimate(outputs, name):
    with (outputs / "tables/estimates.csv").open(encoding="utf-8", newline="") as file:
        return float(next(row["value"] for row in csv.DictReader(file) if row["name"] == name))


def claim(outputs, identity):
    with (outputs / "tables/ledger.csv").open(encoding="utf-8-sig", newline="") as file:
        return next(row for row in csv.DictReader(file) if row["id"] == identity)


def text(outputs, page):
    return re.sub(r"<[^>]+>", "", (outputs / page).read_text("utf-8"))


def test_the_city_share_and_the_countys_change(before, corrected):
    assert estimate(before, "certified") == pytest.approx(100 * 724 / 1533, abs=1e-5)
    assert estimate(corrected, "certified") == pytest.approx(100 * 725 / 1533, abs=1e-5)
    assert estimate(corrected, f"certified.{COUNTY}") > estimate(before, f"certified.{COUNTY}")
    assert estimate(corrected, "certified.331002") == estimate(before, "certified.331002")


def test_the_prose_changes(before, corrected):
    assert "资格证书的有724名" in text(before, "report/index.html")
    assert "资格证书的有725名" in text(corrected, "report/index.html")
    assert "持证率47.3%" in text(corrected, "report/index.html")


def test_that_countys_page_changes_and_no_other_countys_number(before, corrected):
    page = f"districts/{COUNTY}/index.html"
    assert text(before, page) != text(corrected, page)
    for code in ("331002", "331022"):
        assert own_rows(before, code) == own_rows(corrected, code) != []


def own_rows(outputs, code):
    """Return the lines of the estimates that are of one county."""
    lines = (outputs / "tables/estimates.csv").read_text("utf-8").splitlines()
    return [line for line in lines if line.partition(",")[0].endswith(f".{code}")]


def test_the_figure_changes_and_another_does_not(before, corrected):
    for ending in ("svg", "png"):
        name = f"figures/certified.{ending}"
        assert (before / name).read_bytes() != (corrected / name).read_bytes()
        name = f"figures/compliance.{ending}"
        assert (before / name).read_bytes() == (corrected / name).read_bytes()


def test_the_ledger_says_that_it_no_longer_agrees(before, corrected):
    assert claim(before, "Q30")["status"] == "by construction"
    assert claim(corrected, "Q30")["status"] == "contradicted"
    assert claim(corrected, "Q30")["recomputed"] == "47.3"
