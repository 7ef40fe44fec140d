"""The two commands of this layer, as a user calls them."""

import os
import shutil

import openpyxl
import pytest
from this_study import COUNTIES

from planting import Planting

SANMEN = "331022_三门县.xlsx"


@pytest.fixture
def faulty(copy):
    planting = Planting(copy / "data/raw/2020")
    row = planting.cell(SANMEN, "社区基本情况", "户数", "约47", "")
    planting.save()
    return copy, row


def test_check_names_every_problem_ends_with_a_summary_and_writes_returns(analysis, faulty):
    folder, row = faulty
    (folder / "data/raw/2020/331024_仙居县.xlsx").unlink()
    done = analysis(folder, "check", "--returns", "build/returns")
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert lines[0].startswith("共2个原因，涉及2处 (2 causes, 2 places)")
    assert lines[3] == "先改 (mend first): 331024_仙居县.xlsx"
    assert lines[4].startswith(
        f"{SANMEN}!社区基本情况!户数 {row}: “约47” 不是数字 (not a number) → "
    )
    assert lines[5].startswith("331024_仙居县.xlsx: 缺少此文件 (file is missing")
    assert lines[6] == "2 problem(s) from 2 cause(s)"
    header, *table = done.stdout.splitlines()
    assert header.split()[::2][:3] == ["文件", "行", "表头"]
    counts = {line.split()[0]: line.split()[1:] for line in table}
    assert counts[SANMEN][6:] == ["1", "1", "0"]  # rejected, problems, questions
    assert "Traceback" not in done.stderr
    returned = sorted(path.name for path in (folder / "build/returns").glob("*.xlsx"))
    assert returned == sorted(f"{code}_{name}.xlsx" for code, name in COUNTIES.items())
    assert not (folder / "data/processed/2020").exists()


def test_a_folder_that_is_not_there_is_one_problem_said_as_such(analysis, copy):
    for name in ("NOFOLDER", "data/raw/2021"):
        done = analysis(copy, "check", name, "--returns", "build/returns")
        # nobody is told that all is well
        assert done.returncode == 2 and not (copy / "build/returns").exists()
        first, last = done.stderr.splitlines()
        assert first.startswith(f"{name}: 没有此文件夹 (no such folder) → ") and last.startswith(
            "1 problem(s)"
        )


def test_a_question_does_not_stop_the_check(analysis, copy):
    planting = Planting(copy / "data/raw/2020")
    row = planting.rows(SANMEN, "专职社区工作者花名册")[0]
    planting.set(SANMEN, "专职社区工作者花名册", "入职日期", row, "2020-06-01")
    planting.save()
    done = analysis(copy, "check")
    assert done.returncode == 0
    assert done.stdout.startswith(
        f"? {SANMEN}!专职社区工作者花名册!入职日期 {row}: 晚于 2020-04-30"
    )


def test_neither_forms_nor_returns_are_written_among_what_counties_handed_in(analysis, copy):
    before = {path.name: path.read_bytes() for path in (copy / "data/raw/2020").iterdir()}
    for command in (["check", "--returns", "data/raw/2020"], ["forms", "--out", "data/raw/2020"]):
        done = analysis(copy, *command)
        assert done.returncode == 64 and "choose another folder" in done.stderr
    assert {path.name: path.read_bytes() for path in (copy / "data/raw/2020").iterdir()} == before


@pytest.mark.parametrize(
    "command",
    [("check", "--returns"), ("forms", "--wave", "2021", "--out")],
    ids=["returns", "forms"],
)
def test_what_was_filled_in_or_is_of_somebody_else_is_not_written_over(analysis, copy, command):
    """Returns and blank forms come back answered under the names that they were written under."""
    folder = copy / "build/sent"
    assert analysis(copy, *command, "build/sent").returncode == 0
    assert analysis(copy, *command, "build/sent").returncode == 0, "as they were written"
    book = openpyxl.load_workbook(folder / SANMEN)
    book.worksheets[0]["A30"] = "an answer"
    book.save(folder / SANMEN)
    answered = (folder / SANMEN).read_bytes()
    done = analysis(copy, *command, "build/sent")
    assert done.returncode == 74 and SANMEN in done.stderr and "not written over" in done.stderr
    assert (folder / SANMEN).read_bytes() == answered
    (copy / "theirs").mkdir()
    (copy / "theirs" / SANMEN).write_bytes(b"an original")
    done = analysis(copy, *command, "theirs")
    assert done.returncode == 74 and SANMEN in done.stderr
    assert [path.name for path in (copy / "theirs").iterdir()] == [SANMEN]


@pytest.mark.parametrize(
    "command", [("check", "--returns"), ("forms", "--out")], ids=["returns", "forms"]
)
@pytest.mark.parametrize(
    "name", ["build/2020", "build/2020/zh/forms", "build/2021-pilot", "build/bench", "build/home"]
)
def test_what_people_fill_in_is_not_put_where_a_run_writes(analysis, copy, command, name):
    done = analysis(copy, *command, name)
    assert done.returncode == 64 and "choose another folder" in done.stderr
    assert not (copy / "build").exists()


def test_nothing_is_written_through_a_link(analysis, copy):
    original = copy.with_name("original.xlsx")
    original.write_bytes(b"an original")
    for folder, command in (
        (copy / "build/forms/2021", ("forms", "--wave", "2021")),
        (copy / "data/raw/2020", ("synthesise",)),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SANMEN).unlink(missing_ok=True)
        (folder / SANMEN).symlink_to(original)
        assert analysis(copy, *command).returncode == 74
    assert original.read_bytes() == b"an original"


def test_the_generator_leaves_copies_that_are_hard_links_as_they_are(analysis, copy):
    """People back a folder up so (`cp -al`); its names then lead to the same bytes."""
    backup = copy.with_name("backup")
    shutil.copytree(copy / "data/raw", backup, copy_function=os.link)
    before = {path: path.read_bytes() for path in backup.rglob("*") if path.is_file()}
    assert analysis(copy, "synthesise", "--seed", "7", "--counties", "10").returncode == 0
    assert (copy / "data/raw/2020" / SANMEN).read_bytes() != before[backup / "2020" / SANMEN]
    assert {path: path.read_bytes() for path in before} == before


def test_forms_are_written_for_a_wave_that_has_no_folder_yet(analysis, copy):
    done = analysis(copy, "forms", "--wave", "2021")
    assert done.returncode == 0, done.stderr
    paths = [copy / line for line in done.stdout.splitlines()]
    # and the interviews
    assert [path.parent.name for path in paths] == ["2021"] * (len(COUNTIES) + 1)
    assert "2021" in openpyxl.load_workbook(paths[0])["社区基本情况"]["A2"].value


def test_blank_forms_handed_in_are_one_line_a_workbook_and_a_missing_declaration_is_told(
    analysis, copy
):
    folder = copy / "data/raw/2021"
    done = analysis(copy, "forms", "--wave", "2021")
    assert "data/raw/2021/wave.toml: 缺少此文件" in done.stderr and "reference_date" in done.stderr
    folder.mkdir()
    for line in done.stdout.splitlines():
        (copy / line).rename(folder / (copy / line).name)
    done = analysis(copy, "check", "--wave", "2021")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if " → " in line]
    assert len(lines) == len(COUNTIES) + 2  # and the interviews, and the declaration
    assert sum("not filled in: 5 sheets" in line for line in lines) == len(COUNTIES)
    assert any(
        "the declaration is missing from 2021/" in line and "copy that of" in line for line in lines
    )
