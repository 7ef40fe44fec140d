"""Blank forms, filled in by a script and read, give the tables of the answers."""

import shutil
import subprocess

import openpyxl
import pandas as pd
import pytest
from this_study import COUNTIES, COUNTY_TABLES, STUDY, TABLES

from analysis.survey.clean import check
from analysis.survey.forms.blank import write_forms
from analysis.survey.forms.columns import columns
from planting import find_column, read_form

FIRST = 6  # row of data


@pytest.fixture(scope="module")
def forms(tmp_path_factory, frame, repository):
    townships = pd.read_csv(repository / "data/raw/reference/townships.csv", dtype=str)
    folder = tmp_path_factory.mktemp("forms")
    return folder, write_forms(folder, "2020", frame, townships)


def places(sheet):
    """Column numbers of a blank form by header text."""
    return read_form(sheet)[0]


def test_there_is_one_form_a_county_with_its_places_filled_in(forms, frame):
    _folder, (*paths, interviews) = forms
    assert [path.name for path in paths] == [
        f"{code}_{name}.xlsx" for code, name in COUNTIES.items()
    ]
    asked = [table.zh for table in STUDY.book_tables]
    assert openpyxl.load_workbook(interviews).sheetnames == [*asked, "填表说明"]
    for code, path in zip(COUNTIES, paths, strict=True):
        book = openpyxl.load_workbook(path)
        titles = [model.zh for model in COUNTY_TABLES]
        assert book.sheetnames == [*titles, "填表说明"]
        sheet = book["社区基本情况"]
        column = find_column(places(sheet), "社区代码")
        codes = [sheet.cell(row, column).value for row in range(FIRST, sheet.max_row + 1)]
        own = frame.loc[frame["county_code"] == code, "community_code"].tolist()
        assert [value for value in codes if value] == own
        assert (
            sum(
                sheet.cell(3, 1).value == f"填报单位：{COUNTIES[code]}民政局"
                for sheet in book
                if sheet.title in titles
            )
            == 7
        )
        explained = {(row[0].value, row[1].value) for row in book["填表说明"].iter_rows(min_row=10)}
        assert len(explained) > 60


def test_every_list_and_range_of_the_codebook_is_in_the_form(forms):
    book = openpyxl.load_workbook(forms[1][0])
    for model in COUNTY_TABLES:
        sheet = book[model.zh]
        rules = {}
        for rule in sheet.data_validations.dataValidation:
            (area,) = rule.sqref.ranges
            rules[area.min_col] = rule
            assert rule.prompt and rule.error and rule.showErrorMessage
        schema = model.columns
        for place, column in enumerate(columns(model), start=1):
            if column.name in schema and schema[column.name].metadata["codes"]:
                assert rules[place].formula1.strip('"').split(",") == list(
                    schema[column.name].metadata["codes"]
                )
            elif column.unit:
                assert rules[place].type in ("whole", "decimal")


def test_the_same_frame_gives_the_same_bytes(forms, frame, repository, tmp_path):
    townships = pd.read_csv(repository / "data/raw/reference/townships.csv", dtype=str)
    again = write_forms(tmp_path, "2020", frame, townships)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in forms[1]]


def test_a_form_that_nobody_filled_in_is_not_taken_for_an_answer(forms, raw, frame):
    shutil.copyfile(forms[1][-2], raw / forms[1][-2].name)
    found = check(raw, frame).problems
    named = {
        (one.sheet, one.row, one.message)
        for one in found
        if one.workbook == forms[1][-2].name and not one.row
    }
    assert ("专职社区工作者花名册", 0, "没有数据行 (no rows of data)") in named
    blank = [
        one for one in found if one.sheet == "2018年初基数" and one.workbook == forms[1][-2].name
    ]
    assert [one.message for one in blank] == ["没有数据行 (no rows of data)"]


def fill(path, source):
    """Fill in a blank form with the answers of a county's workbook, without totals."""
    blank, handed = openpyxl.load_workbook(path), openpyxl.load_workbook(source)
    for model in COUNTY_TABLES if path.stem != STUDY.book else STUDY.book_tables:
        form, answers = blank[model.zh], handed[model.zh]
        (asked, _), (given, rows) = read_form(form), read_form(answers)
        township = None
        for serial, row in enumerate(rows):
            for text, column in asked.items():
                value = answers.cell(row, given[text]).value
                if text == "街道（乡镇）":
                    value = township = value or township
                if text != "备注" and value is not None:
                    form.cell(FIRST + serial, column).value = value
    blank.save(path)


def test_filled_in_and_put_back_the_forms_give_the_same_tables(forms, raw, wave, frame):
    for path in forms[1]:
        filled = shutil.copyfile(path, raw.parent / path.name)
        fill(filled, raw / path.name)
        shutil.move(filled, raw / path.name)
    done = check(raw, frame)
    assert done.findings == []
    for name, before in wave[0].items():
        told = [column for column in before if column != "row"]
        pd.testing.assert_frame_equal(done.tables[name][told], before[told])
    assert set(TABLES) == set(done.tables)


@pytest.mark.skipif(
    not shutil.which("soffice"), reason="LibreOffice is not installed: forms are not opened with it"
)
def test_libreoffice_opens_a_form(forms, tmp_path):
    source = forms[1][-2]
    command = [
        "soffice",
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        "--convert-to",
        "xlsx",
    ]
    done = subprocess.run(
        [*command, "--outdir", str(tmp_path), str(source)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if not (tmp_path / source.name).exists():
        pytest.skip(f"LibreOffice without Calc cannot open it: {done.stderr.strip()[:80]}")
    before, after = openpyxl.load_workbook(source), openpyxl.load_workbook(tmp_path / source.name)
    assert after.sheetnames == before.sheetnames
    for title in before.sheetnames:
        texts = [
            [
                cell.value
                for row in book[title].iter_rows(max_row=12)
                for cell in row
                if cell.value is not None
            ]
            for book in (before, after)
        ]
        assert texts[0] == texts[1]
        assert (
            len(after[title].data_validations.dataValidation)
            >= len(before[title].data_validations.dataValidation) // 2
        )
