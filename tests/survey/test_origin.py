"""Which county and wave a file is from is settled first: one line, and nobody else is blamed."""

import datetime as dt
import re
import shutil

import openpyxl
import pandas as pd
import pytest
from this_study import COUNTIES

from analysis.survey import clean
from analysis.survey.reading.names import expected_name
from planting import Planting

JIAOJIANG, HUANGYAN, SANMEN = "331002_椒江区.xlsx", "331003_黄岩区.xlsx", "331022_三门县.xlsx"
INTERVIEWS = "interviews.xlsx"
FUNDS, BURDEN, CANDIDATES, ROSTER = "经费投入", "减负清理", "换届人选", "专职社区工作者花名册"
TABLES = ("社区基本情况", ROSTER, FUNDS, BURDEN, "2018年初基数", "项目与公益创投", CANDIDATES)
FOREIGN, ANOTHER_WAVE = "belongs to another county", "not of this wave"


@pytest.fixture
def found(raw, frame):
    """Check the copy; returns the findings as (kind, file, sheet, column, message)."""

    def findings():
        done = clean.check(raw, frame)
        return [
            (one.kind, one.workbook, one.sheet, one.column, one.message) for one in done.findings
        ]

    return findings


def signed(path, change):
    """Change the cells of a workbook that are text: change(text) gives the new one."""
    book = openpyxl.load_workbook(path)
    for cell in (cell for sheet in book for row in sheet.iter_rows() for cell in row):
        if isinstance(cell.value, str):
            cell.value = change(cell.value)
    book.save(path)


def named(path, old, new):
    signed(path, lambda text: text.replace(f"填报单位：{old}", f"填报单位：{new}"))


def test_another_county_s_file_beside_its_own_is_one_line(raw, found):
    shutil.copyfile(raw / HUANGYAN, raw / JIAOJIANG)
    ((kind, file, sheet, _, message),) = found()
    assert (kind, file, sheet) == ("problem", JIAOJIANG, "")
    assert (
        "文件名是椒江区，内容是黄岩区的（社区代码、街道、填报单位）" in message
        and FOREIGN in message
    )


@pytest.mark.parametrize("unit", ["椒江区民政局", "某局", ""])
def test_another_county_s_rows_under_the_right_name_of_the_office_are_one_line(raw, found, unit):
    shutil.copyfile(raw / HUANGYAN, raw / JIAOJIANG)
    named(raw / JIAOJIANG, "黄岩区民政局", unit)
    ((_, file, sheet, _, message),) = found()
    assert (file, sheet) == (JIAOJIANG, "") and "内容是黄岩区的（社区代码、街道）" in message


def test_a_file_moved_away_from_its_name_is_one_line_and_the_other_is_missing(raw, found):
    shutil.move(raw / HUANGYAN, raw / JIAOJIANG)
    lines = [(file, message.rpartition("(")[2]) for _, file, _, _, message in found()]
    assert sorted(lines) == [(JIAOJIANG, f"{FOREIGN})"), (HUANGYAN, "file is missing from 2020/)")]


def test_two_counties_that_changed_names_are_two_lines(raw, found):
    shutil.move(raw / HUANGYAN, raw / "x")
    shutil.move(raw / JIAOJIANG, raw / HUANGYAN)
    shutil.move(raw / "x", raw / JIAOJIANG)
    assert [(file, sheet) for _, file, sheet, _, _ in found()] == [(JIAOJIANG, ""), (HUANGYAN, "")]


def test_three_counties_in_a_ring_are_three_lines(raw, found):
    for old, new in ((SANMEN, "x"), (HUANGYAN, SANMEN), (JIAOJIANG, HUANGYAN), ("x", JIAOJIANG)):
        shutil.move(raw / old, raw / new)
    lines = found()
    assert [file for _, file, *_ in lines] == [JIAOJIANG, HUANGYAN, SANMEN]
    assert [re.search("内容是(.*)的（", line[-1])[1] for line in lines] == [
        "三门县",
        "椒江区",
        "黄岩区",
    ]


def test_every_county_under_every_other_name_is_one_line_and_only_that_file_is_named(
    wave_folder, frame, tmp_path
):
    for number, (code, other) in enumerate(
        zip(COUNTIES, [*list(COUNTIES)[3:], *list(COUNTIES)[:3]], strict=True)
    ):
        folder = shutil.copytree(wave_folder, tmp_path / str(number) / "2020")
        shutil.copyfile(folder / expected_name(other), folder / expected_name(code))
        (one,) = clean.check(folder, frame).findings
        assert one.workbook == expected_name(code) and COUNTIES[other] in one.message


def test_a_wrong_name_of_the_office_alone_is_one_line_with_its_sheets(raw, found):
    named(raw / JIAOJIANG, "椒江区", "黄岩区")
    ((kind, file, sheet, column, message),) = found()
    assert (kind, file, sheet, column) == ("problem", JIAOJIANG, TABLES[0], "填报单位")
    assert message == "共7张表：填报单位是黄岩区 (belongs to another county)"


def test_an_unknown_name_of_the_office_is_one_question(raw, found):
    named(raw / JIAOJIANG, "椒江区民政局", "滨海新区管委会")
    ((kind, _, _, column, message),) = found()
    assert (kind, column) == ("question", "填报单位") and message.startswith("共7张表：")


@pytest.mark.parametrize("title", [TABLES[0], BURDEN, CANDIDATES])
def test_one_sheet_of_another_county_is_one_line_at_that_sheet(raw, found, title):
    p = Planting(raw)
    theirs, ours = p.sheet(HUANGYAN, title), p.sheet(JIAOJIANG, title)
    for area in list(ours.merged_cells.ranges):
        ours.unmerge_cells(str(area))
    ours.delete_rows(4, ours.max_row)
    for row in theirs.iter_rows(min_row=4):
        for cell in row:
            if cell.value is not None:
                ours.cell(cell.row, cell.column).value = cell.value
    for area in theirs.merged_cells.ranges:
        if area.min_row >= 4:
            ours.merge_cells(str(area))
    p.save()
    lines = [line for line in found() if line[0] == "problem"]
    assert [(file, sheet) for _, file, sheet, _, _ in lines] == [(JIAOJIANG, title)]
    assert "此表多数行是黄岩区的" in lines[0][-1]


def test_csv_files_of_another_county_are_one_line_each(raw, found):
    book = openpyxl.load_workbook(raw / HUANGYAN)
    (raw / JIAOJIANG).unlink()
    for sheet in (book[title] for title in TABLES):
        rows = [["" if c.value is None else str(c.value) for c in row] for row in sheet.iter_rows()]
        text = "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows)
        (raw / f"331002_椒江区_{sheet.title}.csv").write_text(text, encoding="utf-8")
    lines = found()
    assert len(lines) == 7 and all(
        FOREIGN in message and sheet == "" for *_, sheet, _, message in lines
    )


def a_year_earlier(text):
    return re.sub("2020年", "2019年", text)


def test_last_year_s_file_is_refused_in_one_line(raw, found):
    path = raw / SANMEN
    book = openpyxl.load_workbook(path)
    for cell in (cell for sheet in book for row in sheet.iter_rows() for cell in row):
        if isinstance(cell.value, dt.datetime):
            cell.value = cell.value - dt.timedelta(days=366)
        elif isinstance(cell.value, str):
            cell.value = a_year_earlier(cell.value)
        elif cell.value in (2019, 2020):
            cell.value -= 1
    book.save(path)
    lines = found()
    problems = [line for line in lines if line[0] == "problem"]
    assert [(file, column) for _, file, _, column, _ in problems] == [(SANMEN, "填报日期")]
    assert (
        problems[0][-1].startswith("共7张表：填报日期 2019-04-30，基准日 2020-04-30")
        and ANOTHER_WAVE in problems[0][-1]
    )
    (question,) = [line for line in lines if line[0] == "question"]
    assert (question[2], question[3]) == (
        ROSTER,
        "入职日期",
    ) and "no date in the 12 months before" in question[-1]


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2020年4月30日", None),
        ("2020-04-20", None),
        ("２０２０．５．８", None),
        ("2020年9月1日", None),
        ("2020年1月5日", "question"),
        ("2019年12月30日", "question"),
        ("2021年1月20日", "question"),
        ("2019年4月30日", "problem"),
        ("2021年4月30日", "problem"),
        ("2002年4月30日", "problem"),
        ("2019年4月30日（盖章）", "problem"),
        ("二〇二〇年四月三十日", None),
        ("二○一九年四月三十日", "problem"),
        ("4月30日", "question"),
        ("2020年4月3①日后补", None),
        ("", None),
        ("    年   月   日", None),
    ],
)
def test_the_day_of_filling_in_is_held_against_the_reference_date(raw, found, day, kind):
    signed(raw / SANMEN, lambda text: text.replace("填报日期：2020年4月30日", f"填报日期：{day}"))
    assert [(line[0], line[1], line[3]) for line in found()] == [(kind, SANMEN, "填报日期")] * bool(
        kind
    )


@pytest.mark.parametrize(
    "label", ["填表日期：", "上报时间：", "填表人：测试　填报日期：", "填报日期（必填）："]
)
def test_the_day_is_found_under_other_labels(raw, found, label):
    signed(
        raw / SANMEN, lambda text: text.replace("填报日期：2020年4月30日", f"{label}2019年4月30日")
    )
    assert [(line[0], line[3]) for line in found()] == [("problem", "填报日期")]


def test_a_title_that_names_another_county_is_one_question(raw, found):
    signed(raw / SANMEN, lambda text: text.replace("台州市城市社区治理", "仙居县城市社区治理"))
    ((kind, _, _, _, message),) = found()
    assert kind == "question" and "共7张表：标题写的是仙居县" in message


def test_no_correction_of_a_file_that_is_not_read_is_named_beside_it(raw, found):
    shutil.copyfile(raw / HUANGYAN, raw / JIAOJIANG)
    line = f"{JIAOJIANG},经费投入,6,市级,55.65,56,核对,经办,2020-05-08\n"
    (raw / "corrections.csv").write_text(
        "file,sheet,row,column,expected,new,reason,who,date\n" + line, "utf-8"
    )
    assert len(found()) == 1


def test_one_sheet_with_another_day_is_a_question_and_so_are_interviews(raw, found):
    p = Planting(raw)
    for file, title in ((SANMEN, FUNDS), (INTERVIEWS, "社区访谈")):
        for row in p.sheet(file, title).iter_rows():
            for cell in row:
                if str(cell.value).startswith("填报日期"):
                    cell.value = "填报日期：2019年4月30日"
    p.save()
    assert [(kind, file, sheet, column) for kind, file, sheet, column, _ in found()] == [
        ("question", SANMEN, FUNDS, "填报日期"),
        ("question", INTERVIEWS, "社区访谈", "填报日期"),
    ]


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("调查表（2019）之", 1),
        ("2019年度调查表之", 1),
        ("调查表（2020）之", 0),
        ("2018—2020年调查表之", 0),
        ("调查表之", 0),
    ],
)
def test_the_year_of_a_title_is_held_against_the_wave(raw, found, title, asked):
    signed(raw / SANMEN, lambda text: text.replace("调查表之", title))
    lines = found()
    assert [line[0] for line in lines] == ["question"] * asked
    assert all("another year in the title" in line[-1] and "2019" in line[-1] for line in lines)


def test_a_project_of_a_later_year_is_asked_about(raw, found):
    p = Planting(raw)
    row = p.rows(SANMEN, "项目与公益创投")[0]
    p.set(SANMEN, "项目与公益创投", "年度", row, 2021)
    p.save()
    ((kind, _, _, column, message),) = found()
    assert (kind, column) == ("question", "年度") and "after the reference date" in message


def test_interviews_of_long_ago_are_asked_about_once():
    dates = pd.to_datetime(["2020-04-20", "2020-04-25"])
    table = pd.DataFrame(
        {"workbook": INTERVIEWS, "sheet": "社区访谈", "row": [6, 7], "date": dates}
    )
    (question,) = clean.stale_questions(
        {"interview_communities": table}, pd.Timestamp("2021-04-30")
    )
    assert "no date in the 6 months before the reference date" in question.message
    assert clean.stale_questions({"interview_communities": table}, pd.Timestamp("2020-04-30")) == []
    assert clean.stale_questions({"interview_communities": table}, None) == []


def rows_copied(raw, title, last):
    """Copy the rows of a sheet of Huangyan from the sixth on over those of Jiaojiang's."""
    p = Planting(raw)
    theirs, ours = p.sheet(HUANGYAN, title), p.sheet(JIAOJIANG, title)
    for area in [one for one in ours.merged_cells.ranges if one.min_row > 5]:
        ours.unmerge_cells(str(area))
    ours.delete_rows(6, ours.max_row)
    for row in theirs.iter_rows(min_row=6, max_row=last or theirs.max_row):
        for cell in row:
            if cell.value is not None:
                ours.cell(cell.row, cell.column).value = cell.value
    p.save()


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("项目与公益创投", "most rows name another county"),
        (FUNDS, "the same rows"),
        ("2018年初基数", "the same rows"),
    ],
)
def test_rows_of_another_county_without_a_code_are_asked_about(raw, found, title, said):
    rows_copied(raw, title, None)
    lines = found()
    assert {kind for kind, *_ in lines} == {"question"}
    assert (JIAOJIANG, title) in {
        (file, sheet) for _, file, sheet, _, message in lines if said in message
    }
    assert {sheet for _, _, sheet, *_ in lines} == {title} and len(lines) == 2


def test_rows_that_are_the_same_because_nothing_was_spent_are_not_asked_about(raw, frame):
    p = Planting(raw)
    for workbook in (JIAOJIANG, HUANGYAN):
        for row in range(6, 11):
            for column in range(3, 7):
                p.sheet(workbook, FUNDS).cell(row, column).value = 0
    p.save()
    assert [one for one in clean.check(raw, frame).findings if "the same rows" in one.message] == []


@pytest.mark.parametrize(
    "line", ["填报日期2019年4月30日", "日期：2019年4月30日", "日    期：2019-04-30"]
)
def test_a_date_of_another_wave_is_found_however_it_is_labelled(raw, found, line):
    signed(raw / JIAOJIANG, lambda text: re.sub("填报日期：.*", line, text))
    lines = found()
    assert [(kind, file, column) for kind, file, _, column, _ in lines] == [
        ("problem", JIAOJIANG, "填报日期")
    ]


@pytest.mark.parametrize("line", ["填报单位：台州市黄岩区民政局", "单位：黄岩区民政局"])
def test_another_county_s_office_is_known_however_it_is_written(raw, found, line):
    signed(raw / JIAOJIANG, lambda text: re.sub("填报单位：椒江区民政局.*", line, text))
    ((kind, file, _, column, message),) = found()
    assert (kind, file, column) == (
        "problem",
        JIAOJIANG,
        "填报单位",
    ) and "填报单位是黄岩区" in message


@pytest.mark.parametrize("year", ["二〇一九年", "19年度"])
def test_another_year_in_a_title_is_asked_about_however_it_is_written(raw, found, year):
    signed(raw / JIAOJIANG, lambda text: re.sub("^台州市城市", f"台州市{year}城市", text))
    ((kind, file, *_, message),) = found()
    assert (kind, file) == ("question", JIAOJIANG) and "another year in the title" in message
