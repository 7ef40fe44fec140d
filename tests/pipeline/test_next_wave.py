"""A new wave: folder and declaration give an edition with its changes and corrections."""

import csv
import shutil

import openpyxl
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from analysis.pipeline.attack import model_of, narrowed
from analysis.pipeline.harvest import harvest
from analysis.survey.corrections import COLUMNS
from planting import Planting
from running import REPOSITORY, copy_repository, slow
from synthetic.next_wave import synthesise_next

pytestmark = slow

SANMEN, SHEET, TITLE = "331022_三门县.xlsx", "社区基本情况", "户数"


@pytest.fixture(scope="module")
def corrected(tmp_path_factory, analysis):
    """An edition of wave 2021 with one corrected cell, and the name of the cell in receipts."""
    folder = copy_repository(tmp_path_factory.mktemp("next"))
    (folder / "outputs/2020").mkdir(parents=True)  # of the wave before, what git has of its edition
    shutil.copy(REPOSITORY / "outputs/2020/RECORD.jsonl", folder / "outputs/2020")
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
    assert set(told["事项"]) == {"更名", "新设"}  # places alone: no sums of columns


def found(folder, lang=""):
    path = folder / "outputs/2021/tables" / lang / "between_waves.csv"
    return pd.read_csv(path, encoding="utf-8-sig").set_index("indicator")


def test_the_table_of_indicators_is_in_the_report_its_workbook_and_a_file(corrected):
    folder, _ = corrected
    sentence = {"": "text_zh", "en": "text_en"}
    words = {
        "": "两轮都有的361个社区中下降",
        "en": "in the 361 communities of both waves it fell by",
    }
    for lang, column in sentence.items():
        said = found(folder, lang)
        page = (folder / "outputs/2021/report" / lang / "index.html").read_text("utf-8")
        assert "id=tab-between_waves" in page and said.at["weak_linking", column] in page
        assert words[lang] in said.at["weak_linking", column]
        book = openpyxl.load_workbook(folder / "outputs/2021/tables" / lang / "tables.xlsx")
        cells = {cell.value for sheet in book for row in sheet.iter_rows() for cell in row}
        assert said.at["weak_linking", column] in cells
        notebook = folder / "outputs/2021/notebooks" / lang / "15_between_waves.html"
        assert said.at["weak_linking", column] in notebook.read_text("utf-8")
    assert said["reason"].isin(["no_record", "published", "definition"]).sum() == 0


def test_each_number_of_the_table_is_that_of_the_workbooks_of_both_waves(corrected):
    folder, _ = corrected
    said = found(folder)
    tables = [
        pd.read_parquet(folder / f"data/processed/2021/communities{when}.parquet")
        for when in ("_before", "")
    ]
    weak = [rows.set_index("community_code")["agreements"] <= 1 for rows in tables]
    row = said.loc["weak_linking"]
    assert (row["before"], row["now"]) == pytest.approx(
        [100 * one.mean() for one in weak], abs=1e-6
    )
    both = pd.concat(weak, axis=1, join="inner", keys=["was", "is"])
    table = pd.crosstab(both["was"], both["is"])
    assert row["p"] == pytest.approx(mcnemar(table, exact=True).pvalue, abs=1e-6)
    assert (row["form"], row["only_now"]) == ("wave_fell", 1)
    estimates = pd.read_csv(folder / "outputs/2021/tables/estimates.csv", dtype={"district": str})
    city = estimates[estimates["district"] == "331000"].set_index("indicator")["value"]
    shown = said[said["now"].notna()]
    assert shown["now"].to_numpy() == pytest.approx(city[shown.index].to_numpy(), abs=2e-6)
    assert len(shown) > 80 and (said["form"] == "wave_rose").sum() >= 1


def test_a_change_of_few_people_is_withheld_in_all_formats(corrected):
    folder, _ = corrected
    row = found(folder).loc["workers_village_turned"]
    assert row["reason"] == "few_moved" and row[["change", "tested", "low", "p"]].isna().all()
    page = (folder / "outputs/2021/report/index.html").read_text("utf-8")
    assert "增减涉及的人太少，变动不公布" in page


def test_the_later_edition_tells_no_more_of_its_hidden_counts_than_the_first(corrected):
    folder, _ = corrected
    edition = folder / "outputs/2021"
    spans = narrowed(harvest(edition), model_of(edition / "tables/estimates.csv"))
    assert len(spans) > 40 and min(high - low for low, high in spans.values()) >= 10
    few = found(folder)
    people = few.loc[["certified", "income"]]
    assert people["only_now"].isna().all()  # nothing is told of the one community that is new
    assert (people["tested"] - people["change"]).abs().max() < 2e-6


def test_the_record_of_the_wave_before_is_an_input_and_the_landing_page_is_as_ever(
    corrected, analysis
):
    folder, _ = corrected
    inputs = (folder / "outputs/2021/INPUTS").read_text("utf-8")
    assert "  outputs/2020/RECORD.jsonl\n" in inputs
    assert analysis(folder, "status", "--wave", "2021").returncode == 0
    here = str(folder / "outputs/2021")
    assert analysis(folder, "diff", here, here, "--wave", "2021").returncode == 0
    page = (folder / "outputs/index.html").read_text("utf-8")
    assert 'href="2021/report/index.html"' in page and "2020/report" not in page
    record = folder / "outputs/2020/RECORD.jsonl"
    before = record.read_bytes()
    record.write_bytes(before.replace(b'"data":"361.0 [', b'"data":"360.0 ['))
    said = analysis(folder, "status", "--wave", "2021")
    record.write_bytes(before)
    assert (said.returncode, said.stdout) == (1, "changed: outputs/2020/RECORD.jsonl\n")


def test_the_report_of_the_first_wave_says_nothing_of_changes(edition):
    first = (edition / "outputs/2020/report/index.html").read_text("utf-8")
    assert "tab-changes" not in first and "与前次相比" not in first
    assert not list((edition / "outputs/2020").rglob("*between_waves*"))
    assert "15_between_waves" not in (edition / "outputs/2020/index.html").read_text("utf-8")


def test_the_notebook_that_compares_waves_is_refused_in_a_first_wave(analysis, edition):
    done = analysis(edition, "build", "--explain", "--only", "15_between_waves")
    assert done.returncode == 64 and "there is none" in done.stderr


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
