"""One cause is one line, and no fault is lost in the line of another."""

import random
import re
import time

import pytest

from analysis.survey.causes import Cause, causes, ranges, rectangles
from analysis.survey.clean import check
from analysis.survey.problems import BLANK, InputError, Problem, findings_of, findings_table
from planting import Planting, find_column, read_form

JIAOJIANG, SANMEN, XIANJU = "331002_椒江区.xlsx", "331022_三门县.xlsx", "331024_仙居县.xlsx"
COMMUNITIES, ROSTER, FUNDS, BURDEN = "社区基本情况", "专职社区工作者花名册", "经费投入", "减负清理"
INTERVIEWS, PROJECTS, CANDIDATES = "interviews.xlsx", "项目与公益创投", "换届人选"
BOTH = re.compile(r"[\u4e00-\u9fff].*\([a-z0-9][^)]*\)", re.S)


@pytest.fixture
def planting(raw):
    return Planting(raw)


@pytest.fixture
def told(raw, frame):
    """Check the copy; returns the lines that a clerk reads, one a cause, and all findings."""

    def lines(planting):
        planting.save()
        done = check(raw, frame)
        folded = causes(done.problems)
        for one in folded:
            assert BOTH.search(one.message) and one.remedy, one
        assert sorted(one for cause in folded for one in cause.findings) == sorted(
            set(done.problems)
        )
        return [str(one) for one in folded], done.problems

    return lines


def unmerge(sheet, first=6):
    """Write merged cells below the header into each of their rows."""
    for area in list(sheet.merged_cells.ranges):
        if area.min_row >= first:
            value = sheet.cell(area.min_row, area.min_col).value
            sheet.unmerge_cells(str(area))
            for row in range(area.min_row, area.max_row + 1):
                sheet.cell(row, area.min_col).value = value


def shift(sheet, first, last, by, start=1):
    """Move the cells of some rows, from column `start` on, `by` columns to the right."""
    unmerge(sheet)
    width = sheet.max_column + abs(by)
    for row in range(first, last + 1):
        values = [sheet.cell(row, column).value for column in range(1, width + 1)]
        for column in range(start, width + 1):
            source = column - by
            sheet.cell(row, column).value = values[source - 1] if start <= source <= width else None


def test_a_half_filled_sheet_is_one_line(planting, told):
    p = planting
    columns = list(p.form(JIAOJIANG, COMMUNITIES)[0])[8:19]
    rows = p.rows(JIAOJIANG, COMMUNITIES)[9:22]
    for row in rows:
        for column in columns:
            p.set(JIAOJIANG, COMMUNITIES, column, row, None)
    lines, found = told(p)
    assert len(found) == 143 and len(lines) == 1
    assert "13行11列共143格 (143 cells: 13 rows, 11 columns)" in lines[0]
    assert lines[0].startswith(f"{JIAOJIANG}!{COMMUNITIES}!建筑面积至共建协议共11列 ")


def test_a_sheet_that_is_filled_in_raggedly_is_a_few_lines(planting, told):
    p, chance = planting, random.Random(3)
    columns = list(p.form(JIAOJIANG, COMMUNITIES)[0])
    for row in p.rows(JIAOJIANG, COMMUNITIES)[5:45]:
        for column in columns[6 + chance.randrange(10) : 24]:
            p.set(JIAOJIANG, COMMUNITIES, column, row, None)
    lines, found = told(p)
    assert len(found) > 300 and len(lines) <= 3


def test_a_half_filled_roster_is_one_line_identifiers_included(planting, told):
    p = planting
    for row in p.rows(SANMEN, ROSTER)[10:40]:
        for column in list(p.form(SANMEN, ROSTER)[0])[4:16]:
            p.set(SANMEN, ROSTER, column, row, None)
    lines, found = told(p)
    assert len(found) == 360 and len(lines) == 1


SHIFTS = [
    (JIAOJIANG, ROSTER, 1, 1),
    (JIAOJIANG, ROSTER, 2, 1),
    (JIAOJIANG, ROSTER, 3, 2),
    (JIAOJIANG, ROSTER, -1, 1),
    (JIAOJIANG, COMMUNITIES, 1, 2),
    (JIAOJIANG, COMMUNITIES, 2, 1),
    (SANMEN, FUNDS, 1, 2),
    (XIANJU, BURDEN, 1, 1),
    (XIANJU, BURDEN, 1, 2),
    (XIANJU, PROJECTS, 1, 2),
    (INTERVIEWS, "人员访谈", 1, 2),
    (INTERVIEWS, "社区访谈", 1, 2),
]


@pytest.mark.parametrize(("book", "title", "by", "start"), SHIFTS)
def test_a_sheet_pasted_some_columns_to_one_side_is_one_line_that_says_so(
    planting, told, book, title, by, start
):
    p = planting
    rows = p.rows(book, title)
    end = max(p.sheet(book, title).max_row - 4, rows[-1]) if title != FUNDS else rows[-1]
    shift(p.sheet(book, title), rows[0], end, by, start)
    (line,), found = told(p)
    side = "right" if by > 0 else "left"
    assert (
        f"错了{abs(by)}列" in line
        and f"cells stand {abs(by)} column" in line
        and f"to the {side} of" in line
    )
    assert len({one.row for one in found if one.row in rows}) == len(rows)


def test_rows_that_lose_their_first_cells_to_the_left_are_one_line_and_their_totals_another(
    planting, told
):
    p = planting
    rows = p.rows(JIAOJIANG, ROSTER)
    shift(p.sheet(JIAOJIANG, ROSTER), rows[0], rows[-1], -2, 2)
    lines, _ = told(p)
    assert len(lines) <= 2 and any("cells stand 2 columns to the left of" in line for line in lines)


@pytest.mark.parametrize("start", [1, 2, 5, 9])
def test_a_block_of_rows_that_is_shifted_is_one_line_with_its_rows(planting, told, start):
    p = planting
    rows = p.rows(JIAOJIANG, ROSTER)
    shift(p.sheet(JIAOJIANG, ROSTER), rows[10], rows[40], 1, start)
    (line,), _ = told(p)
    assert f"{ROSTER} {rows[10]}–{rows[40]}: " in line and "错了1列" in line


def test_a_fault_outside_a_shifted_block_has_its_own_line(planting, told):
    p = planting
    rows = p.rows(JIAOJIANG, ROSTER)
    shift(p.sheet(JIAOJIANG, ROSTER), rows[10], rows[40], 1)
    p.set(JIAOJIANG, ROSTER, "学历", rows[60], "中专")
    p.set(JIAOJIANG, ROSTER, "性别", rows[61], None)
    lines, _ = told(p)
    assert len(lines) == 3 and any(f"学历 {rows[60]}: " in one for one in lines)


@pytest.mark.parametrize(
    "cells",
    [
        {1: "单位负责人（签字）"},
        {1: "单位负责人（签字）", 6: "经办人", 12: "联系电话"},
        {2: "补充名单"},
        {1: "补充名单"},
        {3: "以下为新聘人员"},
        {1: "（签章）", 8: "日期"},
        {1: "分管领导：", 9: "填报单位（盖章）"},
        {5: "楚门镇"},
    ],
)
@pytest.mark.parametrize("place", ["inside", "below"])
def test_a_heading_or_a_signature_among_the_rows_is_one_line(planting, told, cells, place):
    p = planting
    sheet, rows = p.sheet(SANMEN, ROSTER), p.rows(SANMEN, ROSTER)
    unmerge(sheet)
    row = rows[5] if place == "inside" else rows[-1] + 1
    sheet.insert_rows(row)
    for column, value in cells.items():
        sheet.cell(row, column).value = value
    (line,), _ = told(p)
    assert line.startswith(f"{SANMEN}!{ROSTER} {row}: ") and "a heading or a signature" in line


def test_a_heading_is_not_filled_down_into_the_rows_below_it(planting, told):
    p = planting
    sheet, row = p.sheet(SANMEN, ROSTER), p.rows(SANMEN, ROSTER)[5]
    for area in [a for a in sheet.merged_cells.ranges if a.min_row >= 6]:
        sheet.unmerge_cells(str(area))  # the street stands in its first row alone
    sheet.insert_rows(row)
    sheet.cell(row, 2).value = "补充名单"
    (line,), _ = told(p)
    assert f" {row}: " in line


@pytest.mark.parametrize("pair", [(2, 3), (3, 2), (0, 7)])
def test_a_doubled_community_code_is_one_line_that_says_which_it_should_be(planting, told, pair):
    p = planting
    rows = p.rows(SANMEN, COMMUNITIES)
    wrong, other = (rows[place] for place in pair)
    code = p.value(SANMEN, COMMUNITIES, "社区代码", wrong)
    p.set(SANMEN, COMMUNITIES, "社区代码", wrong, p.value(SANMEN, COMMUNITIES, "社区代码", other))
    (line,), _ = told(p)
    assert line.startswith(f"{SANMEN}!{COMMUNITIES}!社区代码 {wrong}: ") and code in line


@pytest.mark.parametrize("code", [None, "3310220019", "331022001988", "331099001904"])
def test_a_wrong_community_code_blames_neither_its_workers_nor_the_frame(planting, told, code):
    p = planting
    row = p.rows(SANMEN, COMMUNITIES)[3]
    p.set(SANMEN, COMMUNITIES, "社区代码", row, code)
    (line,), found = told(p)
    assert f"社区代码 {row}: " in line and len(found) == 1


def test_a_community_that_is_missing_is_one_line_with_what_refers_to_it(planting, told):
    p = planting
    row = p.rows(SANMEN, COMMUNITIES)[1]
    for column in p.form(SANMEN, COMMUNITIES)[0]:
        if column != "街道（乡镇）":
            p.set(SANMEN, COMMUNITIES, column, row, None)
    (line,), found = told(p)
    assert "community of the frame is missing" in line and f"“{ROSTER}”{len(found) - 1}行" in line


def test_a_renamed_column_is_one_line_and_the_rest_of_its_sheet_is_read(planting, told):
    p = planting
    sheet = p.sheet(SANMEN, BURDEN)
    sheet.cell(4, find_column(read_form(sheet)[0], "村（社区）数")).value = "村数（个）"
    (line,), _ = told(p)
    assert "“村(社区)数”" in line and "C列" in line and "maybe renamed" in line
    rows = p.rows(SANMEN, BURDEN)
    sheet = p.sheet(SANMEN, BURDEN)
    p.set(SANMEN, BURDEN, "实物牌子", rows[0], "约3")
    p.set(SANMEN, BURDEN, "街道（乡镇）", rows[1], "无此镇")
    lines, _ = told(p)
    assert len(lines) == 3


def test_a_column_in_another_unit_is_one_line_that_says_so(planting, told):
    p = planting
    for row in p.rows(SANMEN, ROSTER):
        p.set(SANMEN, ROSTER, "年收入", row, round(p.value(SANMEN, ROSTER, "年收入", row) * 10000))
    (line,), _ = told(p)
    assert "年收入 6–" in line and "可能是按元填的" in line and "1万元=10000元" in line


FUND_COLUMNS = ("市级", "县（市、区）级", "资金来源/街道（乡镇）", "合计")


@pytest.mark.parametrize(
    "columns", [FUND_COLUMNS[:1], FUND_COLUMNS[1:3], FUND_COLUMNS[3:], FUND_COLUMNS]
)
def test_amounts_in_another_unit_are_one_line(planting, told, columns):
    p = planting
    for row in p.rows(SANMEN, FUNDS):
        for column in columns:
            p.set(SANMEN, FUNDS, column, row, round(p.value(SANMEN, FUNDS, column, row) * 10000))
    lines, _ = told(p)
    if len(columns) in (1, 4):
        assert len(lines) == 1 and "元" in lines[0].split(" → ")[0]


def test_one_wrong_street_in_forty_rows_is_one_line(planting, told):
    p = planting
    unmerge(p.sheet(JIAOJIANG, ROSTER))
    rows = p.rows(JIAOJIANG, ROSTER)[:40]
    for row in rows:
        p.set(JIAOJIANG, ROSTER, "街道（乡镇）", row, "白云街")
    (line,), found = told(p)
    assert (
        len(found) == 40
        and f"街道（乡镇） {rows[0]}–{rows[-1]}: " in line
        and "共40行 (40 rows)" in line
    )


def test_a_merged_answer_says_that_it_is_merged(planting, told):
    p = planting
    sheet, rows = p.sheet(JIAOJIANG, COMMUNITIES), p.rows(JIAOJIANG, COMMUNITIES)
    place = find_column(p.form(JIAOJIANG, COMMUNITIES)[0], "受理方式")
    sheet.merge_cells(start_row=rows[2], end_row=rows[6], start_column=place, end_column=place)
    (line,), _ = told(p)
    assert f"受理方式 {rows[3]}–{rows[6]}: " in line and "merged with the cell above" in line


def test_a_merged_cell_of_an_optional_column_is_not_taken_for_a_blank(planting, told):
    p = planting
    sheet, rows = p.sheet(XIANJU, PROJECTS), p.rows(XIANJU, PROJECTS)
    place = find_column(p.form(XIANJU, PROJECTS)[0], "批次")
    sheet.merge_cells(start_row=rows[0], end_row=rows[1], start_column=place, end_column=place)
    (line,), _ = told(p)
    assert f"批次 {rows[1]}: " in line and "merged with the cell above" in line


def test_the_same_fault_in_many_columns_is_one_line(planting, told):
    p = planting
    for row in p.rows(SANMEN, COMMUNITIES):
        for column in p.form(SANMEN, COMMUNITIES)[0]:
            if p.value(SANMEN, COMMUNITIES, column, row) in ("是", "否"):
                p.set(SANMEN, COMMUNITIES, column, row, "√")
    (line,), found = told(p)
    assert len(found) > 100 and "答" not in line and "answer 是 or 否" in line


def test_single_blanks_in_several_sheets_keep_their_places(planting, told):
    p = planting
    for sheet, column, nth in ((COMMUNITIES, "户数", 4), (ROSTER, "学历", 40), (FUNDS, "市级", 1)):
        p.set(JIAOJIANG, sheet, column, p.rows(JIAOJIANG, sheet)[nth], None)
    lines, _ = told(p)
    assert len(lines) == 3
    assert any(
        f"{COMMUNITIES}!户数 {p.rows(JIAOJIANG, COMMUNITIES)[4]}: " in line for line in lines
    )
    assert any(f"{ROSTER}!学历 {p.rows(JIAOJIANG, ROSTER)[40]}: " in line for line in lines)
    assert any(f"{FUNDS}!市级 {p.rows(JIAOJIANG, FUNDS)[1]}: " in line for line in lines)


def test_a_blank_beside_sheets_that_are_hardly_filled_in_keeps_its_place(planting, told):
    p = planting
    for sheet, title in ((COMMUNITIES, "社区名称"), (BURDEN, "街道（乡镇）"), (FUNDS, "项目")):
        keep = {title, "序号", "街道（乡镇）", "社区代码"}
        for row in p.rows(XIANJU, sheet):
            for column in p.form(XIANJU, sheet)[0]:
                if not keep & {column, column.split("/")[-1]}:
                    p.set(XIANJU, sheet, column, row, None)
    p.set(XIANJU, ROSTER, "学历", p.rows(XIANJU, ROSTER)[3], None)
    lines, _ = told(p)
    assert any("not filled in: 3 sheets" in line and f"{FUNDS}第6–9行" in line for line in lines)
    assert len(lines) == 2 and any(
        f"{ROSTER}!学历 {p.rows(XIANJU, ROSTER)[3]}: " in line for line in lines
    )


def test_a_column_of_ones_own_beside_shifted_rows_keeps_its_place(planting, told):
    p = planting
    sheet, rows = p.sheet(JIAOJIANG, COMMUNITIES), p.rows(JIAOJIANG, COMMUNITIES)
    shift(sheet, rows[4], rows[20], 1)
    sheet.cell(4, 35).value = "自加的列"
    sheet.cell(rows[40], 35).value = "说明"
    lines, _ = told(p)
    assert len(lines) == 2 and any(
        f"{COMMUNITIES}!AI: " in line and "unknown column" in line for line in lines
    )


def test_an_answer_in_a_total_row_beside_shifted_rows_keeps_its_place(planting, told):
    p = planting
    sheet, place = p.sheet(JIAOJIANG, ROSTER), find_column(p.form(JIAOJIANG, ROSTER)[0], "学历")
    shift(sheet, 80, 87, 1)
    sheet.cell(89, place).value = "本科"
    lines, _ = told(p)
    assert len(lines) == 2 and any(f"{ROSTER}!学历 89: " in line for line in lines)


def paste_again(sheet, first=6):
    """Write all rows below the header once more below the last one."""
    unmerge(sheet)
    last = sheet.max_row
    for row in range(first, last + 1):
        for column in range(1, sheet.max_column + 1):
            sheet.cell(last + 1 + row - first, column).value = sheet.cell(row, column).value


@pytest.mark.parametrize("total", [True, False])
@pytest.mark.parametrize("title", [PROJECTS, CANDIDATES, COMMUNITIES, BURDEN, FUNDS])
def test_a_sheet_that_is_pasted_twice_is_one_line(planting, told, title, total):
    sheet = planting.sheet(JIAOJIANG, title)
    paste_again(sheet)
    for row in range(1, sheet.max_row + 1):
        if not total and sheet.cell(row, 1).value == "合计":
            last = row
    if not total:
        for column in range(1, sheet.max_column + 1):
            sheet.cell(last, column).value = None
    lines, _ = told(planting)
    assert len(lines) == 1 and "reported twice" in lines[0]


def test_a_project_copied_over_its_neighbour_is_told(planting, told):
    p = planting
    rows = p.rows(JIAOJIANG, PROJECTS)
    for column in p.form(JIAOJIANG, PROJECTS)[0]:
        if column != "序号":
            p.set(
                JIAOJIANG, PROJECTS, column, rows[3], p.value(JIAOJIANG, PROJECTS, column, rows[2])
            )
    lines, _ = told(p)
    assert any(f"{PROJECTS}!项目名称 {rows[3]}: 重复填报" in line for line in lines)


def test_a_column_that_slid_down_by_one_row_is_one_line_that_says_so(planting, told):
    sheet, place = (
        planting.sheet(JIAOJIANG, ROSTER),
        find_column(planting.form(JIAOJIANG, ROSTER)[0], "年收入"),
    )
    unmerge(sheet)
    for row in range(289, 6, -1):
        sheet.cell(row, place).value = sheet.cell(row - 1, place).value
    sheet.cell(6, place).value = None
    (line,), _ = told(planting)
    assert (
        line.startswith(f"{JIAOJIANG}!{ROSTER}!年收入 6、")
        and "a row too low" in line
        and "up by one row" in line
    )


def test_a_measured_number_in_a_total_row_is_an_answer(planting, told):
    sheet, place = (
        planting.sheet(JIAOJIANG, ROSTER),
        find_column(planting.form(JIAOJIANG, ROSTER)[0], "年收入"),
    )
    sheet.cell(89, place).value = 5.55
    (line,), _ = told(planting)
    assert f"{ROSTER}!年收入 89: " in line and "a total row holds an answer" in line


def test_a_street_that_does_not_exist_is_told_beside_a_bad_code(planting, told):
    p = planting
    unmerge(p.sheet(JIAOJIANG, COMMUNITIES))
    unmerge(p.sheet(JIAOJIANG, ROSTER))
    for sheet, code in ((COMMUNITIES, "33100200190"), (ROSTER, "331002999901")):
        row = p.rows(JIAOJIANG, sheet)[4]
        p.set(JIAOJIANG, sheet, "社区代码", row, code)
        p.set(JIAOJIANG, sheet, "街道（乡镇）", row, "某某街道")
    lines, _ = told(p)
    for sheet in (COMMUNITIES, ROSTER):
        row = p.rows(JIAOJIANG, sheet)[4]
        assert any(f"{sheet}!街道（乡镇） {row}: " in line for line in lines)
        assert any(f"{sheet}!社区代码 {row}: " in line for line in lines)


def test_a_roster_that_is_pasted_twice_is_one_line(planting, told):
    paste_again(planting.sheet(JIAOJIANG, ROSTER))
    (line,), _ = told(planting)
    assert "entered twice" in line


def lines_of(sheet, first=6):
    """Read the rows below the header; the signatures too."""
    unmerge(sheet)
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=first)]


def rewrite(sheet, rows, first=6):
    """Write rows below the header."""
    for row, cells in enumerate(rows, start=first):
        for column, value in enumerate(cells, start=1):
            sheet.cell(row, column).value = value


def test_subtotals_that_are_doubled_have_no_rows_above_them(planting, told):
    sheet = planting.sheet(JIAOJIANG, ROSTER)
    rewrite(sheet, [row for row in lines_of(sheet) for _ in range(1 + ("小计" in row))])
    (line,), _ = told(planting)
    assert (
        "a subtotal without rows of its own" in line and "之和" not in line and "delete it" in line
    )


@pytest.mark.parametrize(("title", "place"), [(ROSTER, 15), (COMMUNITIES, 6)])
def test_a_sheet_that_was_sorted_is_one_line_that_says_so(planting, told, title, place):
    sheet = planting.sheet(JIAOJIANG, title)
    rows = lines_of(sheet)
    last = max(i for i, row in enumerate(rows) if "合计" in row)
    body = sorted(
        rows[:last], key=lambda row: row[place] if isinstance(row[place], int | float) else 1e9
    )
    rewrite(sheet, [*body, *rows[last:]])
    (line,), _ = told(planting)
    assert "perhaps sorted" in line and "undo the sorting" in line


# ---- nothing is lost


def faults(p):
    """Independent faults: name, how to plant it in a row of a sheet, and its expected text."""
    unmerge(p.sheet(JIAOJIANG, ROSTER))
    unmerge(p.sheet(JIAOJIANG, COMMUNITIES))
    roster, places = p.rows(JIAOJIANG, ROSTER), p.rows(JIAOJIANG, COMMUNITIES)

    def put(sheet, column, value, fragment):
        def plant(row):
            p.set(JIAOJIANG, sheet, column, row, value)
            return f"{JIAOJIANG}!{sheet}!{column.split('/')[-1]}", row, fragment

        return plant

    in_roster = {
        "education": put(ROSTER, "学历", "中专", "not one of the answers"),
        "street": put(ROSTER, "街道（乡镇）", "无此街道", "not"),
        "code": put(ROSTER, "社区代码", "331022999901", "not in that table"),
        "born": put(ROSTER, "出生年月", "88年", "not a date"),
        "income": put(ROSTER, "年收入", "面议", "not a number"),
        "id": put(ROSTER, "身份证号", "33102218990101001", "not a valid ID"),
        "phone": put(ROSTER, "联系电话", "138", "11-digit"),
        "grade": put(ROSTER, "等级", 99, "between 1 and 18"),
        "sex": put(ROSTER, "性别", None, "blank"),
    }
    in_places = {
        "households": put(COMMUNITIES, "户数", "约47", "not a number"),
        "population": put(COMMUNITIES, "常住人口", 5, "between 100"),
        "part": put(COMMUNITIES, "其中居民活动面积", 19999, "exceeds the floor area"),
        "organisations": put(COMMUNITIES, "其中近一年有活动", 199, "exceeds all organisations"),
        "seats": put(COMMUNITIES, "“两委”成员/其中专职社工", 30, "exceeds the seats"),
        "name": put(COMMUNITIES, "社区名称", "某某社区", "not what the frame has"),
        "street": put(COMMUNITIES, "街道（乡镇）", "无此街道", "not what the frame has"),
        "met": put(COMMUNITIES, "面积达标", "√", "answer 是 or 否"),
        "hours": put(COMMUNITIES, "每周开放时间", None, "blank"),
    }
    return (in_roster, roster), (in_places, places)


def named(cause: Cause, place: str, row: int) -> bool:
    """Tell whether the line of a cause names a cell: its sheet, its column and its row."""
    book, sheet, column = place.split("!")
    said = cause.row.replace("等", "、").split("、")
    spans = [
        tuple(map(int, part.split("–"))) for part in said if part[:1].isdigit() and "段" not in part
    ]
    return (
        (cause.workbook, cause.sheet) == (book, sheet)
        and column in cause.columns
        and (any(span[0] <= row <= span[-1] for span in spans))
    )


def pairs(names):
    names = sorted(names)
    return [(one, other) for i, one in enumerate(names) for other in names[i + 1 :]]


@pytest.mark.parametrize("which", [0, 1], ids=["roster", "communities"])
def test_of_two_independent_faults_in_one_row_both_are_told(raw, frame, which):
    p = Planting(raw)
    plants, rows = faults(p)[which]
    expected = []
    for row, (one, other) in zip(rows, pairs(plants), strict=False):
        expected += [plants[one](row), plants[other](row)]
    p.save()
    folded = causes(check(raw, frame).problems)
    for place, row, fragment in expected:
        assert any(named(c, place, row) and fragment in c.message for c in folded), (
            place,
            row,
            fragment,
        )
    assert len(expected) >= 70


def delete_community(p):
    row = p.rows(SANMEN, COMMUNITIES)[1]
    for column in p.form(SANMEN, COMMUNITIES)[0]:
        p.set(SANMEN, COMMUNITIES, column, row, None)
    return "community of the frame is missing"


def total_row(p, label):
    sheet = p.sheet(SANMEN, COMMUNITIES)
    labels = [
        (row, sheet.cell(row, place).value)
        for row in range(6, sheet.max_row + 1)
        for place in (1, 2)
    ]
    return [row for row, text in labels if text == label]


def wrong_total(label, more):
    def plant(p):
        row = total_row(p, label)[-1]
        value = p.value(SANMEN, COMMUNITIES, "户数", row) + more
        p.set(SANMEN, COMMUNITIES, "户数", row, value)
        return f"填 {value}，"

    return plant


def unnamed_community(p):
    row = p.rows(SANMEN, COMMUNITIES)[3]
    for column in ("社区代码", "社区名称"):
        p.set(SANMEN, COMMUNITIES, column, row, None)
    return f"社区名称、社区代码 {row}: 空白"


def worker_of_nowhere(p):
    p.set(SANMEN, ROSTER, "社区代码", p.rows(SANMEN, ROSTER)[0], "331022999901")
    return "(not in that table)"


def misspelt_township(p):
    p.set(SANMEN, BURDEN, "街道（乡镇）", p.rows(SANMEN, BURDEN)[0], "无此镇")
    return "not a township of this county"


def missing_townships(p):
    for row in p.rows(SANMEN, BURDEN)[1:3]:
        for column in p.form(SANMEN, BURDEN)[0]:
            p.set(SANMEN, BURDEN, column, row, None)
    return "township of the frame is missing"


def missing_column(p):
    sheet = p.sheet(SANMEN, COMMUNITIES)
    place = find_column(read_form(sheet)[0], "受理方式")
    top = next(row for row in range(1, 9) if sheet.cell(row, 1).value == "序号")
    sheet.cell(top, place).value = "受理"
    return "maybe renamed"


def wrong_answer(p):
    p.set(SANMEN, COMMUNITIES, "面积达标", p.rows(SANMEN, COMMUNITIES)[5], "√")
    return "answer 是 or 否"


@pytest.mark.parametrize(
    "together",
    [
        (delete_community, wrong_total("小计", 3)),
        (wrong_total("小计", 3), wrong_total("合计", 7)),
        (unnamed_community, worker_of_nowhere, wrong_answer),
        (misspelt_township, missing_townships),
        (missing_column, wrong_answer, wrong_total("小计", 3), delete_community),
    ],
    ids=lambda plants: "-".join(plant.__name__ for plant in plants),
)
def test_faults_that_might_hide_one_another_are_all_told(planting, told, together):
    unmerge(planting.sheet(SANMEN, COMMUNITIES))
    fragments = [plant(planting) for plant in reversed(together)]
    lines, _ = told(planting)
    for fragment in fragments:
        assert any(fragment in line for line in lines), (fragment, lines)


def test_faults_of_every_kind_in_one_workbook_are_all_told(raw, frame):
    p = Planting(raw)
    expected = []
    for plants, rows in faults(p):
        expected += [plant(row) for plant, row in zip(plants.values(), rows[1:], strict=False)]
    p.save()
    folded = causes(check(raw, frame).problems)
    for place, row, fragment in expected:
        assert any(named(c, place, row) and fragment in c.message for c in folded), (place, row)


# ---- the folding itself


def blanks(cells):
    return [
        Problem("a.xlsx", "s", column, row, "空白 (blank)", rule=BLANK) for row, column in cells
    ]


def test_folding_neither_loses_nor_doubles_a_finding():
    chance = random.Random(1)
    rules = ["空白 (blank)", "“1” 不是数字 (not a number)", "应为整数 (a whole number is wanted)"]
    for _ in range(200):
        found = {
            Problem(
                f"{chance.randrange(2)}.xlsx",
                f"s{chance.randrange(2)}",
                f"c{chance.randrange(5)}",
                chance.randrange(9),
                message := chance.choice(rules),
                rule=BLANK if "blank" in message else "",
            )
            for _ in range(chance.randrange(60))
        }
        folded = causes(found)
        assert sorted(one for cause in folded for one in cause.findings) == sorted(found)
        assert causes(sorted(found, reverse=True)) == folded
        assert causes(findings_of(findings_table(found))) == folded


def test_rows_are_told_as_ranges():
    assert ranges([6, 7, 8, 24, 30, 31]) == ["6–8", "24", "30–31"] and ranges([]) == []


def test_a_rectangle_is_one_and_scattered_cells_are_not_made_one():
    assert rectangles([(r, c) for r in range(15, 28) for c in "abc"]) == [
        (tuple(range(15, 28)), ("a", "b", "c"))
    ]
    scattered = [(6, "a"), (9, "b"), (12, "c"), (15, "d"), (18, "e")]
    assert sorted(rectangles(scattered)) == [((row,), (column,)) for row, column in scattered]
    lines = [str(one) for one in causes(blanks(scattered))]
    assert len(lines) == 5 and all(
        f"!{column} {row}: " in "\n".join(lines) for row, column in scattered
    )


def test_a_single_finding_reads_as_before():
    one = Problem("a.xlsx", "s", "户数", 6, "“约47” 不是数字 (not a number)", value="“约47”")
    assert [str(cause) for cause in causes([one])] == [str(one)] == [str(InputError([one]))]


def test_values_that_differ_are_named_once_and_many_are_counted():
    found = [
        Problem("a.xlsx", "s", "户数", row, f"“{row}x” 不是数字 (not a number)", value=f"“{row}x”")
        for row in range(6, 16)
    ]
    (line,) = causes(found)
    assert line.message.startswith(
        "“6x”、“7x”、“8x”等10个 不是数字 (not a number)，共10行 (10 rows)"
    )


def test_several_causes_begin_with_a_summary_and_what_to_mend_first():
    found = [
        *blanks([(6, "a"), (7, "a")]),
        Problem("b.xlsx", message="缺少此文件 (file is missing from 2020/)"),
    ]
    lines = str(InputError(found)).splitlines()
    assert lines[0] == "共2个原因，涉及3处 (2 causes, 3 places)："
    assert lines[1:4] == [
        "  a.xlsx 1个：s 1",
        "  b.xlsx 1个：整个文件 (the file) 1",
        "先改 (mend first): b.xlsx",
    ]
    assert len(lines) == 6


def test_folding_many_findings_takes_time_in_proportion():
    def seconds(rows):
        found = blanks(
            [
                (row, f"c{column}")
                for row in range(rows)
                for column in range(8)
                if (row * column) % 7
            ]
        )
        found += [
            Problem(
                "a.xlsx",
                "t",
                "社区代码",
                row,
                f"缺少 {row} (community of the frame is missing)",
                value=str(row),
            )
            for row in range(rows)
        ]
        start = time.process_time()
        causes(found)
        return time.process_time() - start

    seconds(500)
    assert seconds(10_000) < 30 * seconds(1000)


def test_a_wrong_total_is_not_what_to_mend_first():
    sums = [
        Problem("a.xlsx", "s", "户数", row, f"填 {row}，之和为 9 (is not the sum of rows)")
        for row in (8, 9)
    ]
    lines = str(InputError([*sums, *blanks([(7, "户数")])])).splitlines()
    assert "先改 (mend first): a.xlsx!s!户数 7" in lines


def test_scattered_cells_that_are_one_line_are_named_column_by_column():
    cells = [(row, f"c{(row + 3 * i) % 11}") for row in range(6, 12) for i in range(4)]
    (line,) = causes(blanks(cells))
    for column in {column for _, column in cells}:
        rows = "、".join(ranges(sorted(row for row, other in cells if other == column)))
        assert f"{column} {rows}" in str(line)
