"""A column that only a later or earlier wave asks leaves the other waves unchanged."""

import shutil

import openpyxl
import pandas as pd
import pytest

from analysis.survey.study import of_wave, study
from running import REPOSITORY, run_analysis

LATER = "stations,lift,服务,有电梯,has a lift,yes_no,,,,,,,,,,2024,,\n"
FORMER = "stations,operator,服务,运营方,run by,choice,,operator,,,,,,,,,{},12\n"
RULE = "S9,stations,lift,holds,lift | (beds >= 0),没有电梯,no lift,核对,check\n"


@pytest.fixture
def other(tmp_path):
    """The other study, whose codebook asks one column more since 2024."""
    folder = tmp_path / "study"
    shutil.copytree(REPOSITORY / "tests/other_study", folder)
    for name, line in (("columns", LATER), ("rules", RULE)):
        with (folder / f"data/raw/reference/{name}.csv").open("a", encoding="utf-8") as file:
            file.write(line)
    return folder


def next_wave(folder):
    """Write wave 2024: the same workbooks with the new column filled in."""
    later = shutil.copytree(folder / "data/raw/2023", folder / "data/raw/2024")
    declaration = later / "wave.toml"
    declaration.write_text(declaration.read_text("utf-8").replace("2023", "2024"), encoding="utf-8")
    for path in later.glob("*.xlsx"):
        book = openpyxl.load_workbook(path)
        sheet = book["服务站"]
        place = next(c for c in range(1, 20) if str(sheet.cell(5, c).value).startswith("运营方"))
        sheet.insert_cols(place)
        sheet.cell(4, place).value, sheet.cell(5, place).value = None, "有电梯"
        for row in range(6, sheet.max_row + 1):
            if sheet.cell(row, 2).value:
                sheet.cell(row, place).value = "有"
            for cell in sheet[row]:
                if isinstance(cell.value, str) and cell.value.startswith("填报日期"):
                    cell.value = "填报日期：2024年6月30日"
        for cell in [cell for row in book["走访记录"].iter_rows(min_row=6) for cell in row]:
            if isinstance(cell.value, str) and cell.value.startswith("填报日期"):
                cell.value = "填报日期：2024年6月30日"
        book.save(path)
    return later


def test_an_earlier_wave_is_read_as_before_and_a_later_one_must_have_the_column(other, monkeypatch):
    assert run_analysis(other, "check").returncode == 0
    next_wave(other)
    done = run_analysis(other, "check", "--wave", "2024")
    assert "有电梯" not in done.stderr, done.stderr
    for path in (other / "data/raw/2024").glob("X*.xlsx"):
        shutil.copyfile(other / "data/raw/2023" / path.name, path)
    lacking = run_analysis(other, "check", "--wave", "2024")
    assert (
        lacking.returncode == 2
        and "有电梯" in lacking.stderr
        and "missing from the header" in lacking.stderr
    )
    monkeypatch.chdir(other)
    for wave, asked in (("2023", False), ("2024", True), ("", True)):
        with of_wave(wave):
            assert ("lift" in study().tables["stations"].columns) == asked
            assert ("S9" in {rule.code for rule in study().rules}) == asked


def test_forms_ask_what_their_wave_asks(other):
    for wave, asked in (("2023", False), ("2024", True)):
        assert run_analysis(other, "forms", "--wave", wave).returncode == 0
        path = next((other / "build/forms" / wave).glob("XA*.xlsx"))
        cells = pd.read_excel(path, sheet_name="服务站", header=None, engine="openpyxl").astype(str)
        assert (cells == "有电梯").any().any() == asked


VISIT = "interview_communities,lift,设施,有电梯,has a lift,yes_no,,,,,,,,,,2021,,\n"


def test_the_form_of_the_interviews_asks_what_its_wave_asks_and_the_older_wave_stays_valid(copy):
    with (copy / "data/raw/reference/columns.csv").open("a", encoding="utf-8") as file:
        file.write(VISIT)
    for wave, asked in (("2020", False), ("2021", True)):
        done = run_analysis(copy, "forms", "--wave", wave)
        assert done.returncode == 0 and f"build/forms/{wave}/interviews.xlsx" in done.stdout
        book = openpyxl.load_workbook(copy / f"build/forms/{wave}/interviews.xlsx")
        heads = {cell.value for row in book["社区访谈"].iter_rows() for cell in row}
        assert ("有电梯" in heads) == asked
    done = run_analysis(copy, "check")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_both_waves_are_built_side_by_side(other):
    next_wave(other)
    for wave in ("2024", "2023"):
        done = run_analysis(other, "build", "--wave", wave)
        assert done.returncode == 0, done.stderr
    columns = {
        wave: set(pd.read_parquet(other / f"data/processed/{wave}/stations.parquet"))
        for wave in ("2023", "2024")
    }
    assert columns["2024"] - columns["2023"] == {"lift"}
    page = (other / "outputs/index.html").read_text("utf-8")
    assert page.index('href="2024/report/index.html"') < page.index('href="2023/report/index.html"')


@pytest.mark.parametrize(
    ("since", "until", "said"), [("24", "", "not a wave"), ("2024", "2023", "before since")]
)
def test_waves_that_cannot_be_are_refused(other, since, until, said):
    path = other / "data/raw/reference/columns.csv"
    path.write_text(
        path.read_text("utf-8").replace(",2024,,\n", f",{since},{until},\n"), encoding="utf-8"
    )
    done = run_analysis(other, "check")
    assert done.returncode == 2 and said in done.stderr and "columns.csv" in done.stderr
