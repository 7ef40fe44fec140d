"""Typical faults, each planted once, are found at their place in both languages.

Nothing else is reported.
"""

import datetime as dt
import os
import re
import shutil
import struct
import zipfile

import pytest

from analysis.survey.clean import check
from analysis.survey.problems import findings_table
from planting import Planting, find_column, read_form, rewritten

HUANGYAN, LUQIAO, LINHAI = "331003_黄岩区.xlsx", "331004_路桥区.xlsx", "331082_临海市.xlsx"
TIANTAI, XIANJU, SANMEN = "331023_天台县.xlsx", "331024_仙居县.xlsx", "331022_三门县.xlsx"
JIAOJIANG, WENLING, YUHUAN = "331002_椒江区.xlsx", "331081_温岭市.xlsx", "331083_玉环市.xlsx"
INTERVIEWS = "interviews.xlsx"
COMMUNITIES, ROSTER, FUNDS, BURDEN = "社区基本情况", "专职社区工作者花名册", "经费投入", "减负清理"
PROJECTS, BASELINE, CANDIDATES = "项目与公益创投", "2018年初基数", "换届人选"
NUMBER, WHOLE, DATE = "(not a number)", "(a whole number is wanted)", "(not a date"

# 户数 of a community: what stands in the cell, what must be said of it
NUMBERS = (
    ("约47", NUMBER),
    ("2-3", NUMBER),
    ("——", NUMBER),
    ("NA", NUMBER),
    ("nan", NUMBER),
    ("inf", NUMBER),
    ("46.8万", NUMBER),
    ("1 046", NUMBER),
    ("1,04", NUMBER),
    ("三百", NUMBER),
    ("360户人", NUMBER),
    ("500元", NUMBER),
    ("0x1F", NUMBER),
    ("1e3", NUMBER),
    ("+", NUMBER),
    (True, NUMBER),
    (dt.datetime(2020, 1, 2), NUMBER),
    (812.5, WHOLE),
    (1e300, WHOLE),
    (-5, "between 50 and 20000"),
    (0, "between 50 and 20000"),
    (20001, "between 50 and 20000"),
    (None, "(blank)"),
    (" \u200b\u3000", "(blank)"),
    ("=1+1", "(a formula without a result)"),
    ("#DIV/0!", "(an error value)"),
    ("#REF!", "(an error value)"),
    ("#n/a", "(an error value)"),
)
ANSWERS = (
    ("用房性质", "自有(村)", "(not one of the answers)"),
    ("用房性质", "自有、租用", "(not one of the answers)"),
    ("面积达标", "√", "answer 是 or 否"),
    ("面积达标", 1, "answer 是 or 否"),
    ("面积达标", "Yes", "answer 是 or 否"),
    ("每周开放时间", 169, "between 0 and 168"),
    ("建筑面积", "20公顷", NUMBER),
)
ROSTER_FAULTS = (
    ("出生年月", "88年", DATE),
    ("入职日期", 43160, DATE),
    ("入职日期", 2018.1, DATE),
    ("入职日期", "2018-13-01", DATE),
    ("入职日期", "2018-02-30", DATE),
    ("入职日期", "3月1日", DATE),
    ("入职日期", dt.datetime(2018, 3, 1, 8, 30), DATE),
    ("入职日期", "1979-12-31", "a date between 1980-01-01"),
    ("学历", "博士", "(not one of the answers)"),
    ("年收入", 53800, "between 0.5 and 50"),
    ("年收入", "5.38元", "between 0.5 and 50"),
    ("年收入", "面议", NUMBER),
    ("姓名", None, "(blank)"),
    ("身份证号", None, "not a valid ID number"),
    ("联系电话", "1380000", "11-digit"),
    ("身份证号", 331022189901010017, "not a valid ID number"),
    ("身份证号", "331022189901010012", "not a valid ID number"),
)
PERSONAL = ("331022189901010012", "331022189901010017", "1380000", "测试")


@pytest.fixture
def planting(raw):
    return Planting(raw)


@pytest.fixture
def found(raw, frame, request):
    """Check the copy; every finding has both languages and says how to mend it."""

    def findings(planting):
        planting.save()
        table = findings_table(check(raw, frame).findings)
        for one in table.itertuples():
            assert re.search(r"[\u4e00-\u9fff]", one.message) and re.search(
                "[a-z]{2}", one.message
            ), one
            assert one.remedy or "rename" in one.message, one
        return table

    return findings


def outcome(table, planting):
    """Compare what was found with what was planted: place by place, and no more."""
    lines = [
        (
            f"{'!'.join(p for p in (one.workbook, one.sheet, one.column) if p)}{f' {one.row}' if one.row else ''}",
            one.message,
        )
        for one in table.itertuples()
    ]
    assert sorted(place for place, _ in lines) == sorted(place for place, _ in planting.expected)
    for place, fragment in planting.expected:
        assert any(where == place and fragment in message for where, message in lines), (
            place,
            fragment,
            lines,
        )


def test_every_faulty_cell_is_found_at_its_place(planting, found):
    p = planting
    for value, fragment in NUMBERS:
        p.cell(HUANGYAN, COMMUNITIES, "户数", value, fragment)
    for column, value, fragment in ANSWERS:
        p.cell(LUQIAO, COMMUNITIES, column, value, fragment)
    for column, value, fragment in ROSTER_FAULTS:
        p.cell(SANMEN, ROSTER, column, value, fragment)
    p.cell(
        SANMEN,
        ROSTER,
        "入职日期",
        lambda row: "1985-01-01",
        "younger than 16",
        lambda row: p.value(SANMEN, ROSTER, "出生年月", row) > "1970",
    )
    p.cell(
        SANMEN,
        ROSTER,
        "等级",
        18,
        "not a grade",
        lambda row: p.value(SANMEN, ROSTER, "岗位", row) == "其他",
    )
    for title in ("批次", "金额"):  # columns that may be blank: an error is no blank
        p.cell(XIANJU, PROJECTS, title, "#N/A", "(an error value)")
    p.cell(XIANJU, PROJECTS, "领域", "=VLOOKUP(1,A:B,2)", "(a formula without a result)")
    p.cell(
        XIANJU,
        FUNDS,
        "合计",
        lambda row: p.value(XIANJU, FUNDS, "合计", row) + 0.01,
        "the sum of the sources",
    )
    p.cell(XIANJU, FUNDS, "市级", -1, "must be at least 0")
    p.cell(
        LINHAI,
        COMMUNITIES,
        "其中居民活动面积",
        lambda row: p.value(LINHAI, COMMUNITIES, "建筑面积", row) + 1,
        "floor area",
    )
    p.cell(LINHAI, COMMUNITIES, "“两委”成员/其中专职社工", 30, "the seats")
    p.cell(LINHAI, COMMUNITIES, "其中近一年有活动", 150, "all organisations")
    p.cell(LINHAI, COMMUNITIES, "社区名称", "某某社区", "not what the frame has")
    p.cell(INTERVIEWS, "社区访谈", "访谈日期", "4月13日", DATE)
    row = p.cell(INTERVIEWS, "社区访谈", "工作人员总数", 1, "less than its parts")
    p.expect(f"{INTERVIEWS}!社区访谈!工作人员总数 {row}", "less than the people interviewed there")
    p.cell(INTERVIEWS, "人员访谈", "与原村民熟悉程度", 6, "between 1 and 5")
    table = found(p)
    outcome(table, p)
    text = " ".join(table["message"])
    assert not any(secret in text for secret in PERSONAL)
    assert len(p.expected) >= 60


def test_rows_that_belong_nowhere_or_stand_twice_are_found(planting, found):
    p = planting
    ids = [p.value(XIANJU, ROSTER, "身份证号", row) for row in p.rows(XIANJU, ROSTER)[:2]]
    p.cell(SANMEN, ROSTER, "身份证号", ids[0], "entered twice")
    p.set(XIANJU, ROSTER, "身份证号", p.rows(XIANJU, ROSTER)[5], ids[1])
    p.expect(f"{XIANJU}!{ROSTER}!身份证号 {p.rows(XIANJU, ROSTER)[5]}", "entered twice")
    p.cell(SANMEN, ROSTER, "社区代码", "331022999901", "(not in that table)")
    p.cell(TIANTAI, BURDEN, "街道（乡镇）", "不存在乡", "(not a township of this county)")
    p.cell(
        TIANTAI,
        FUNDS,
        "项目",
        "队伍建设",
        "(reported twice)",
        lambda row: p.value(TIANTAI, FUNDS, "项目", row) == "工作运转",
    )
    left = next(
        r
        for r in p.rows(INTERVIEWS, "抽样框")
        if p.value(INTERVIEWS, "抽样框", "是否抽中", r) == "否"
    )
    row = p.rows(INTERVIEWS, "社区访谈")[-1]
    old = p.value(INTERVIEWS, "社区访谈", "社区代码", row)
    for column in ("街道（乡镇）", "社区名称", "社区代码"):
        p.set(INTERVIEWS, "社区访谈", column, row, p.value(INTERVIEWS, "抽样框", column, left))
        for other in p.rows(INTERVIEWS, "人员访谈"):
            if p.value(INTERVIEWS, "人员访谈", "社区代码", other) == old and column != "社区代码":
                p.set(
                    INTERVIEWS,
                    "人员访谈",
                    column,
                    other,
                    p.value(INTERVIEWS, "抽样框", column, left),
                )
    for other in p.rows(INTERVIEWS, "人员访谈"):
        if p.value(INTERVIEWS, "人员访谈", "社区代码", other) == old:
            p.set(
                INTERVIEWS,
                "人员访谈",
                "社区代码",
                other,
                p.value(INTERVIEWS, "抽样框", "社区代码", left),
            )
    p.expect(f"{INTERVIEWS}!社区访谈!社区代码 {row}", "(not in the sample)")
    table = found(p)
    questions = table[table["kind"] == "question"]
    assert questions["message"].str.contains("not interviewed").all() and len(questions) == 1
    outcome(table[table["kind"] == "problem"], p)


def test_totals_that_are_not_the_sum_of_their_rows_are_found(planting, found):
    p = planting

    def totals(workbook, title, label):
        sheet = p.sheet(workbook, title)
        return [
            r
            for r in range(6, sheet.max_row + 1)
            if label in (sheet.cell(r, 1).value, sheet.cell(r, 2).value)
        ]

    def plant(workbook, title, column, label, value, fragment, nth=0):
        row = totals(workbook, title, label)[nth]
        p.set(
            workbook,
            title,
            column,
            row,
            value(p.value(workbook, title, column, row)) if callable(value) else value,
        )
        p.expect(f"{workbook}!{title}!{column} {row}", fragment)

    plant(SANMEN, COMMUNITIES, "户数", "小计", lambda value: value + 1, "the sum of rows")
    plant(SANMEN, COMMUNITIES, "常住人口", "合计", lambda value: value - 10, "the sum of rows")
    plant(SANMEN, ROSTER, "姓名", "小计", "99人", "the count of rows")
    plant(SANMEN, CANDIDATES, "身份", "合计", "99人", "the count of rows")
    plant(XIANJU, FUNDS, "市级", "合计", "约100", NUMBER)
    plant(XIANJU, BURDEN, "实物牌子", "合计", "=SUM(E6:E7)", "(a formula without a result)")
    plant(XIANJU, BURDEN, "上墙制度", "小计", "#VALUE!", "(an error value)")
    plant(INTERVIEWS, "抽样框", "是否抽中", "合计", "抽中46个", "the count of rows")
    row = p.rows(TIANTAI, COMMUNITIES)[2]
    p.sheet(TIANTAI, COMMUNITIES).unmerge_cells(
        str(
            next(
                area
                for area in p.sheet(TIANTAI, COMMUNITIES).merged_cells.ranges
                if (row, 2) in area.cells
            )
        )
    )
    p.sheet(TIANTAI, COMMUNITIES).cell(
        row, 2
    ).value = "小计"  # a row of data that would be lost as a total
    p.expect(f"{TIANTAI}!{COMMUNITIES}!社区代码 {row}", "(a total row holds an answer")
    table = found(p)
    # by rows that refer to the lost one
    missed = table["message"].str.contains("not in that table")
    outcome(table[~missed], p)


def test_headers_that_do_not_fit_are_found(planting, found):
    p = planting

    def head(workbook, title, column, text):
        sheet = p.sheet(workbook, title)
        place = find_column(read_form(sheet)[0], column)
        top = next(r for r in range(1, 9) if sheet.cell(r, 1).value == "序号")
        row = top + 1 if sheet.cell(top + 1, place).value else top
        sheet.cell(row, place).value = text
        return place

    head(SANMEN, BURDEN, "村（社区）数", "村数（个）")
    p.expect(f"{SANMEN}!{BURDEN}!村(社区)数", "(column is missing from the header)")
    p.expect(f"{SANMEN}!{BURDEN}!C", "(unknown column)")
    head(SANMEN, BASELINE, "人均年收入", "专职社区工作者人数（人）")
    p.expect(f"{SANMEN}!{BASELINE}!2018年初/人均年收入", "(column is missing from the header)")
    p.expect(f"{SANMEN}!{BASELINE}!2018年初/专职社区工作者人数", "(column is there twice)")
    head(SANMEN, FUNDS, "市级", "市级（人）")
    p.expect(f"{SANMEN}!{FUNDS}!资金来源/市级", "(the unit is not that of the form)")
    head(XIANJU, FUNDS, "合计", "合计（元）")  # while the line above says 万元
    p.expect(f"{XIANJU}!{FUNDS}!合计", "(two units)")
    head(XIANJU, BASELINE, "人均年收入", "人均年收入")
    sheet = p.sheet(XIANJU, BASELINE)
    unit_line = next(
        cell
        for row in sheet.iter_rows(max_row=5)
        for cell in row
        if str(cell.value).startswith("单位")
    )
    unit_line.value = "单位：人"
    p.expect(f"{XIANJU}!{BASELINE}!2018年初/人均年收入", "(no unit given)")
    p.sheet(XIANJU, BURDEN).cell(6, 20).value = 7
    p.expect(f"{XIANJU}!{BURDEN}!T", "(column without a header)")
    p.sheet(TIANTAI, BURDEN).cell(5, 20).value = "电子邮箱"
    p.sheet(TIANTAI, BURDEN).cell(7, 20).value = "x"
    p.expect(f"{TIANTAI}!{BURDEN}!T", "(unknown column)")
    for row in p.sheet(TIANTAI, FUNDS).iter_rows(max_row=5):
        for cell in row:
            if type(cell).__name__ == "Cell":
                cell.value = None
    p.expect(f"{TIANTAI}!{FUNDS}", "(no header found)")
    for row in p.rows(LINHAI, BASELINE):
        for column in ("序号", "专职社区工作者人数", "人均年收入"):
            p.set(LINHAI, BASELINE, column, row, None)
    p.expect(f"{LINHAI}!{BASELINE}", "(no rows of data)")
    p.sheet(LINHAI, FUNDS).cell(3, 1).value = "填报单位：温岭市民政局"
    p.expect(f"{LINHAI}!{FUNDS}!填报单位 3", "(belongs to another county)")
    del p.books[SANMEN][CANDIDATES]
    p.expect(f"{SANMEN}!{CANDIDATES}", "(sheet is missing)")
    p.books[SANMEN].create_sheet("草稿")["C7"] = "改"
    p.expect(f"{SANMEN}!未知的表 unknown sheet 8", "(unknown sheet with content)")
    hidden = p.books[XIANJU].create_sheet("旧数")
    hidden["A1"], hidden.sheet_state = 1, "hidden"
    p.expect(f"{XIANJU}!未知的表 unknown sheet 9", "(unknown sheet with content)")
    again = p.books[TIANTAI].copy_worksheet(p.books[TIANTAI][BASELINE])
    again.title = f"附件5、{BASELINE}"
    p.expect(f"{TIANTAI}!{BASELINE}", "(sheet is there twice)")
    p.expect(f"{TIANTAI}!附件5、{BASELINE}", "(sheet is there twice)")
    table = found(p)
    repeated = table["message"].str.contains("reported twice")  # the doubled sheet's rows
    outcome(table[~repeated], p)


def bomb(path, megabytes=1024):
    """Write a workbook with a sheet of so many MB of blanks, deflated to about a thousandth."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(megabytes):
                part.write(b" " * 2**20)


def test_files_that_must_not_be_opened_are_found(raw, wave_folder, frame, tmp_path):
    whole = (wave_folder / SANMEN).read_bytes()
    expected = {}

    def plant(name, fragment, write):
        (raw / name).unlink(missing_ok=True)
        write(raw / name)
        expected[name] = fragment

    def zipped(change):
        def write(path):
            path.write_bytes((wave_folder / SANMEN).read_bytes())
            change(path)

        return write

    def lying(path):
        """A bomb that declares a harmless size."""
        bomb(path, 300)
        data = bytearray(path.read_bytes())
        for mark, offset in ((b"PK\x01\x02", 24),):
            start = data.rindex(mark)
            data[start + offset : start + offset + 4] = struct.pack("<I", 1000)
        path.write_bytes(bytes(data))

    def many(path):
        with zipfile.ZipFile(path, "a") as archive:
            for i in range(2001):
                archive.writestr(f"xl/media/{i}.bin", b"")

    def damaged(path):
        data = bytearray(path.read_bytes())
        with zipfile.ZipFile(path) as archive:
            start = archive.getinfo("xl/worksheets/sheet1.xml").header_offset
        data[start + 200] ^= 0xFF
        path.write_bytes(bytes(data))

    def added(name, data=b"<x/>"):
        def add(path):
            with zipfile.ZipFile(path, "a") as archive:
                archive.writestr(name, data)

        return zipped(add)

    plant(JIAOJIANG, "(too large", lambda path: bomb(path, 256))
    plant(HUANGYAN, "(cannot be opened: ", lying)
    plant(LUQIAO, "(too large", zipped(many))
    plant(LINHAI, "(cannot be opened: ", zipped(damaged))
    plant(WENLING, "(links to other files)", added("xl/externalLinks/externalLink1.xml"))
    plant(YUHUAN, "(not a regular file)", lambda path: os.symlink(wave_folder / SANMEN, path))
    plant(
        TIANTAI,
        "(encrypted",
        lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096)),
    )
    plant(XIANJU, "(cannot be opened: ", lambda path: path.write_bytes(whole[: len(whole) // 2]))
    plant(SANMEN, "(cannot be opened: ", lambda path: path.write_bytes(b""))
    plant(
        INTERVIEWS,
        "(cannot be opened: ",
        added("xl/styles2.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'),
    )
    plant("330100_杭州市.xlsx", "(not a file of this wave)", lambda path: path.write_bytes(whole))
    plant("三门县（新）.xlsx", "(not a file of this wave)", lambda path: path.write_bytes(whole))
    plant(
        "331022_仙居县.xlsx", "(code and name do not agree)", lambda path: path.write_bytes(whole)
    )
    plant("三门.xls", "(save as .xlsx)", lambda path: path.write_bytes(b""))
    plant("玉环县民政局.xlsx", "(handed in twice)", lambda path: path.write_bytes(whole))
    plant("旧文件", "(folders are not read)", lambda path: path.mkdir())
    findings = findings_table(check(raw, frame).findings).set_index("workbook")["message"].to_dict()
    assert findings.keys() == expected.keys()
    for name, fragment in expected.items():
        assert fragment in findings[name], (name, findings[name])


def test_parts_that_are_there_twice_or_no_workbook_are_refused(raw, frame, wave_folder):
    with (
        pytest.warns(UserWarning, match="Duplicate"),
        zipfile.ZipFile(raw / SANMEN, "a") as archive,
    ):
        archive.writestr("xl/worksheets/sheet1.xml", "<x/>")
    with zipfile.ZipFile(raw / XIANJU, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    rewritten(
        raw / TIANTAI,
        lambda name, data: b"<workbook><broken" if name == "xl/workbook.xml" else data,
    )
    (raw / LINHAI).unlink()
    (raw / "331082_临海市_经费投入.csv").write_bytes(
        "序号,项目\n1,\xff\xfe坏".encode("utf-16-le")[:-1]
    )
    (raw / "wave.toml").write_text("wave = ", encoding="utf-8")
    findings = (
        findings_table(check(raw, frame).findings).groupby("workbook")["message"].agg(" ".join)
    )
    for name in (SANMEN, XIANJU, TIANTAI):
        assert "(cannot be opened: " in findings[name]
    assert "(the text encoding is not" in findings["331082_临海市_经费投入.csv"]
    assert "(sheet is missing)" in findings["331082_临海市.csv"]
    assert "(cannot be read)" in findings["wave.toml"]


def test_a_sheet_that_goes_on_far_below_its_form_is_refused_and_styled_blanks_are_not(raw, frame):
    def far(name, data):
        last = b'<row r="1000001"><c r="A1000001" t="inlineStr"><is><t xml:space="preserve"> </t></is></c></row>'
        return (
            data.replace(b"</sheetData>", last + b"</sheetData>")
            if name.endswith("sheet1.xml")
            else data
        )

    rewritten(raw / SANMEN, far)
    (problem,) = check(raw, frame).problems
    assert problem.workbook == SANMEN and "第1000001行" in problem.message
    assert "clear the rows below the form" in problem.message


def test_two_counties_that_changed_names_are_found_everywhere(raw, frame):
    shutil.move(raw / SANMEN, raw / "x")
    shutil.move(raw / XIANJU, raw / SANMEN)
    shutil.move(raw / "x", raw / XIANJU)
    table = findings_table(check(raw, frame).findings)
    named = table[table["message"].str.contains("belongs to another county")]
    assert len(table) == len(named) == 2 and set(named["workbook"]) == {SANMEN, XIANJU}
