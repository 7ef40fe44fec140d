import datetime as dt
import random
import zipfile

import openpyxl
import pandas as pd
import pytest
from this_study import TABLES

from analysis.survey.load import load
from analysis.survey.problems import Problem
from analysis.survey.reading.book import Sheet, read_csv
from analysis.survey.reading.header import find_header
from analysis.survey.reading.rows import frame, read_sheet

SANMEN = "331022_三门县.xlsx"
TITLES = {model.zh: name for name, model in TABLES.items()}
KEYS = {
    "funding": "item",
    "burden": "township",
    "county_baseline": "workers_2018",
    "projects": "project",
}
BASELINE = [
    ["附件5", "", "", ""],
    ["序号", "2018年初", "", "备注"],
    ["", "专职社区工作者人数（人）", "人均年收入（万元）", ""],
    [1.0, 34.0, 4.57, ""],
    ["填表人：测试", "", "", ""],
]
BURDEN = [
    ["序号", "街道（乡镇）", "村（社区）数（个）", "清理数量", "", "", "", "备注"],
    [
        "",
        "",
        "",
        "实物牌子（块）",
        "室外服务标识牌（块）",
        "室内功能室指示牌（块）",
        "上墙制度（项）",
        "",
    ],
    [1.0, "甲街道", 3.0, 1.0, 2.0, 3.0, 4.0, "注"],
    [2.0, "", 5.0, 1.0, 2.0, 3.0, 4.0, ""],
    ["", "小计", 8.0, 2.0, 4.0, 6.0, 8.0, ""],
    ["合　计", "", 8.0, 2.0, 4.0, 6.0, 8.0, ""],
    ["", " ", "\u200b", None, "", "", "", ""],
    ["填表人：测试", "", "", "", "", "", "", ""],
]
MERGED = {TABLES["county_baseline"]: [((1, 1), (1, 2))], TABLES["burden"]: [((0, 3), (0, 6))]}


def read(cells, model, **header):
    problems = []
    sheet = Sheet(model.zh, cells, MERGED[model])
    rows, _, account = read_sheet(sheet, model, "a.xlsx", problems)
    told = [str(problem).partition(" → ")[0] for problem in problems]
    return None if rows is None else frame([rows]), account, told


def with_cell(cells, row, column, value):
    """The same form with one cell changed; rows and columns count from 1, as on the form."""
    changed = [list(line) for line in cells]
    for line in changed:
        line.extend([""] * (column - len(line)))
    changed[row - 1][column - 1] = value
    return changed


def row_kind(cells):
    """The kind of a row below the header, by its text and the number in its first column."""
    if all(cell is None for cell in cells):
        return "blank"
    if any(str(cell).startswith(("小计", "合计")) for cell in cells[:2]):
        return "total"
    return "kept" if isinstance(cells[0], int | float) else "form"


def as_printed(value):
    """What a form shows for a clean value, as openpyxl reads it."""
    if value is pd.NA or value is None or (isinstance(value, float) and pd.isna(value)):
        return None
    if isinstance(value, bool):
        return "是" if value else "否"
    return value


def test_every_row_of_every_sheet_is_accounted_for(wave, books):
    expected = {}
    for workbook, book in books.items():
        for place, sheet in enumerate(book, start=1):
            rows = (
                list(sheet.iter_rows(values_only=True))
                if sheet.max_row > 1 or sheet["A1"].value
                else []
            )
            kinds = [
                "form" if sheet.title == "填表说明" and any(row) else row_kind(row) for row in rows
            ]
            counts = {kind: kinds.count(kind) for kind in ("form", "kept", "total", "blank")}
            title = f"未知的表 unknown sheet {place}" if sheet.title == "Sheet2" else sheet.title
            expected[workbook, title] = {"rows": len(rows), **counts, "corrected": 0, "rejected": 0}
    accounts = wave[1].set_index(["workbook", "sheet"])
    assert accounts.to_dict("index") == expected


def test_accounts_add_up_and_what_is_kept_is_in_the_tables(wave):
    tables, accounts = wave
    parts = accounts[["form", "kept", "corrected", "total", "blank", "rejected"]].sum(axis=1)
    assert parts.tolist() == accounts["rows"].tolist()
    origins = pd.concat(table[["workbook", "sheet"]] for table in tables.values()).value_counts()
    kept = accounts.set_index(["workbook", "sheet"])["kept"]
    assert origins.to_dict() == kept[kept > 0].to_dict()


def test_the_wave_has_every_community_and_worker(wave, frame):
    tables, _ = wave
    assert len(tables["communities"]) == len(frame) == 361
    assert len(tables["workers"]) == 1533
    assert set(tables["communities"]["community_code"]) == set(frame["community_code"])


def test_totals_blanks_and_signatures_are_not_data(wave, books):
    for table in wave[0].values():
        for place in table[["workbook", "sheet", "row"]].itertuples(index=False):
            cells = [cell.value for cell in books[place.workbook][place.sheet][place.row]]
            assert row_kind(cells) == "kept", place


def test_no_row_is_read_twice(wave):
    for table in wave[0].values():
        assert not table.duplicated(["workbook", "sheet", "row"]).any()


@pytest.mark.parametrize("name", TABLES)
def test_a_clean_row_says_what_stands_in_the_row_it_points_at(wave, books, form, name):
    table, model = wave[0][name], TABLES[name]
    headers = {
        column: f"{schema.metadata['group']}/{schema.title}".strip("/")
        for column, schema in model.columns.items()
        if column not in ("county_code", "workbook", "sheet", "row")
    }
    for label in random.Random(7).sample(range(len(table)), min(30, len(table))):
        clean = {column: table[column].iloc[label] for column in table}
        sheet = books[clean["workbook"]][clean["sheet"]]
        columns, _ = form(sheet)
        key = "community_code" if "community_code" in clean else KEYS[name]
        assert sheet.cell(clean["row"], columns[headers[key]]).value == clean[key]
        for column, text in headers.items():
            value = clean[column].item() if hasattr(clean[column], "item") else clean[column]
            cell = sheet.cell(clean["row"], columns[text]).value
            if column == "born":
                # the year alone is kept
                cell = dt.datetime.strptime(cell, "%Y年%m月").replace(month=1)
            # merged down from the first row of the street
            if column == "township" and cell is None:
                area = next(a for a in sheet.merged_cells.ranges if (clean["row"], 2) in a.cells)
                cell = sheet.cell(area.min_row, 2).value
            assert cell == as_printed(value), (name, column, clean["workbook"], clean["row"])


def test_the_county_of_a_row_is_that_of_its_file_or_of_its_community(wave):
    for name, table in wave[0].items():
        source = table["community_code"] if name.startswith("interview") else table["workbook"]
        assert (table["county_code"] == source.str[:6]).all(), name


def test_a_header_of_two_rows_is_joined_and_units_and_identifiers_go():
    frame, account, problems = read(BASELINE, TABLES["county_baseline"])
    assert problems == []
    assert frame.to_dict("records") == [
        {
            "workers_2018": 34.0,
            "income_2018": 4.57,
            "workbook": "a.xlsx",
            "sheet": "2018年初基数",
            "row": 4,
        }
    ]
    assert account == {
        "workbook": "a.xlsx", "sheet": "2018年初基数", "rows": 5, "form": 4, "kept": 1, "total": 0, "blank": 0
    }  # fmt: skip


def test_a_form_may_be_empty_where_a_county_may_have_nothing_to_report():
    header = ["序号", "街道（乡镇）", "社区名称", "社区代码", "身份", "评价", "备注"]
    problems = []
    sheet = Sheet("换届人选", [header, ["填表人：测试"]])
    rows, _, account = read_sheet(sheet, TABLES["election_candidates"], "a.xlsx", problems)
    assert problems == [] and frame([rows]).empty and (account["form"], account["kept"]) == (2, 0)


def test_streets_are_filled_down_without_totals_and_space_alone_is_blank():
    frame, account, problems = read(BURDEN, TABLES["burden"])
    assert problems == []
    assert frame["township"].tolist() == ["甲街道", "甲街道"] and frame["row"].tolist() == [3, 4]
    assert [account[kind] for kind in ("rows", "form", "kept", "total", "blank")] == [8, 3, 2, 2, 1]


def test_a_header_is_found_only_near_the_top():
    _, _, problems = read([[""] * 4] * 15 + BASELINE, TABLES["county_baseline"])
    assert problems == ["a.xlsx!2018年初基数: 找不到表头 (no header found)"]
    assert find_header(Sheet("经费投入", []), TABLES["funding"]).names == {}


@pytest.mark.parametrize("cells", [[], [[]], [["", ""]], [["附件5"]]], ids=repr)
def test_a_sheet_without_a_header_is_one_problem(cells):
    assert read(cells, TABLES["county_baseline"]) == (
        None,
        None,
        ["a.xlsx!2018年初基数: 找不到表头 (no header found)"],
    )


def test_a_form_without_data_is_a_problem_where_every_county_must_answer():
    _, account, problems = read(BASELINE[:3] + BASELINE[4:], TABLES["county_baseline"])
    assert problems == ["a.xlsx!2018年初基数: 没有数据行 (no rows of data)"]
    assert account["kept"] == 0


@pytest.mark.parametrize(
    ("row", "column", "value", "problem"),
    [
        (
            3,
            3,
            "年收入（万元）",
            "2018年初/人均年收入: 缺少此列 (column is missing from the header)",
        ),
        (
            3,
            3,
            "人均年收入（人）",
            "2018年初/人均年收入: “人” 单位应为 万元 (the unit is not that of the form)",
        ),
        (3, 3, "人均年收入", "2018年初/人均年收入: 没有注明元或万元 (no unit given)"),
        (
            3,
            2,
            "人均年收入（万元）",
            "2018年初/专职社区工作者人数: 缺少此列 (column is missing from the header)",
        ),
        (2, 5, "备注", "备注: 此列重复 (column is there twice)"),
        (4, 5, "多余", "E: 此列没有标题 (column without a header)"),
        (4, 30, 7, "AD: 此列没有标题 (column without a header)"),
    ],
)
def test_a_header_that_does_not_fit_is_named(row, column, value, problem):
    _, _, problems = read(with_cell(BASELINE, row, column, value), TABLES["county_baseline"])
    assert f"a.xlsx!2018年初基数!{problem}" in problems


def test_a_column_of_the_county_s_own_is_named_once_it_holds_something():
    headed = with_cell(BASELINE, 2, 5, "电子邮箱")
    assert read(headed, TABLES["county_baseline"])[2] == []
    problem = "a.xlsx!2018年初基数!E: 未知的列 (unknown column)"
    assert read(with_cell(headed, 4, 5, "x"), TABLES["county_baseline"])[2] == [problem]


def test_the_untouched_copy_of_a_workbook_saved_anew_reads_the_same(wave_folder, raw, edit):
    edit(SANMEN, "经费投入", {})
    before, accounts, problems, _ = load(wave_folder)
    again, accounts_again, problems_again, _ = load(raw)
    assert problems == problems_again == []
    pd.testing.assert_frame_equal(accounts, accounts_again)
    for name, table in before.items():
        pd.testing.assert_frame_equal(table, again[name])


def test_files_that_are_missing_foreign_or_broken_are_named_and_locks_are_not(raw, wave_folder):
    (raw / "331002_椒江区.xlsx").unlink()
    (raw / "331003_黄岩区.xlsx").write_bytes(b"this is not a zip archive")
    whole = (wave_folder / "331004_路桥区.xlsx").read_bytes()
    (raw / "331004_路桥区.xlsx").write_bytes(whole[: len(whole) // 2])
    (raw / "330100_杭州市.xlsx").write_bytes(whole)
    (raw / "旧表.xls").write_bytes(b"")
    (raw / f"~${SANMEN}").write_bytes(b"")
    (raw / "说明.txt").write_text("...", encoding="utf-8")
    with (
        zipfile.ZipFile(wave_folder / SANMEN) as archive,
        zipfile.ZipFile(raw / SANMEN, "w") as damaged,
    ):
        for name in archive.namelist():
            data = archive.read(name)
            damaged.writestr(name, data[: len(data) // 2] if name.endswith("sheet1.xml") else data)
    tables, _, problems, _ = load(raw)
    found = {problem.workbook: problem.message for problem in problems}
    assert len(found) == len(problems) == 6
    assert found["331002_椒江区.xlsx"] == "缺少此文件 (file is missing from 2020/)"
    for name in ("331003_黄岩区.xlsx", "331004_路桥区.xlsx", SANMEN):
        assert found[name].startswith("无法打开：")
    for name in ("330100_杭州市.xlsx", "旧表.xls"):
        assert found[name] == "不是本轮文件 (not a file of this wave)"
    assert tables["communities"]["county_code"].nunique() == 5


def test_a_folder_that_is_not_there_is_one_problem(tmp_path):
    tables, accounts, problems, _ = load(tmp_path / "1999")
    assert problems == [
        Problem(f"{tmp_path.as_posix()}/1999", message="没有此文件夹 (no such folder)")
    ]
    assert tables == {} and accounts.empty


def test_sheets_that_are_missing_unknown_or_empty_are_named(raw, opened):
    with opened(SANMEN) as book:
        del book["换届人选"]
        book.create_sheet("草稿")["C7"] = "改"
        book.create_sheet("Sheet9")
        book.create_sheet("Sheet10")["A1"] = " "
        book.create_chartsheet("图")
    with opened("331024_仙居县.xlsx") as book:
        del book["减负清理"]
        book.create_sheet("减负清理")
    _, accounts, problems, _ = load(raw)
    assert sorted(f"{p.place}: {p.message}" for p in problems) == [
        f"{SANMEN}!换届人选: 缺少此表 (sheet is missing)",
        f"{SANMEN}!未知的表 unknown sheet 8: 第8张表“草稿”不是下发的表 (unknown sheet with "
        f"content)",
        "331024_仙居县.xlsx!减负清理: 找不到表头 (no header found)",
    ]
    draft = accounts.query("workbook == @SANMEN and sheet == '未知的表 unknown sheet 8'").iloc[0]
    assert draft[["rows", "form", "kept", "total", "blank"]].tolist() == [7, 1, 0, 0, 6]


def test_a_sheet_that_is_there_twice_is_named(raw, wave_folder):
    with (
        zipfile.ZipFile(wave_folder / SANMEN) as archive,
        zipfile.ZipFile(raw / SANMEN, "w") as twice,
    ):
        for name in archive.namelist():
            data = archive.read(name)
            if name == "xl/workbook.xml":
                data = data.replace("填表说明".encode(), "经费投入".encode())
            twice.writestr(name, data)
    problems = load(raw)[2]
    assert f"{SANMEN}!经费投入: 此表重复 (sheet is there twice)" in [
        f"{p.place}: {p.message}" for p in problems
    ]
    assert {(p.workbook, p.sheet) for p in problems} == {(SANMEN, "经费投入")}


def test_an_interview_s_county_is_taken_from_its_community(wave, raw, edit, form, books):
    _, rows = form(books["interviews.xlsx"]["抽样框"])
    edit(
        "interviews.xlsx",
        "抽样框",
        {("社区代码", rows[0]): None, ("社区代码", rows[1]): 331002001902},
    )
    frame = load(raw)[0]["interview_frame"]
    assert frame["community_code"].iloc[0] is None and frame["county_code"].iloc[1] == "331002"


def test_the_workbooks_are_read_only(wave_folder, wave):
    before = {path.name: path.read_bytes() for path in wave_folder.iterdir()}
    load(wave_folder)
    assert {path.name: path.read_bytes() for path in wave_folder.iterdir()} == before
    assert all(openpyxl.load_workbook(path, read_only=True) for path in wave_folder.glob("*.xlsx"))


PERSON = "张伟 330102199001011234"


@pytest.mark.parametrize(
    "title", [PERSON, "电话 138 0013 8000", "555666", "名单\u202e旧", "1-3-8-0-0-1"]
)
def test_a_title_that_the_codebook_does_not_know_is_not_echoed(raw, opened, title):
    with opened(SANMEN) as book:
        book.create_sheet(title)["A9"] = "填报单位：某处"
    _, accounts, problems, _ = load(raw)
    said = "\n".join([*map(str, problems), *accounts["sheet"]])
    assert "未知的表 unknown sheet 9" in set(accounts["sheet"])
    assert "第9张表" in said, "the county must find it"
    assert "张伟" not in said and title not in said and "\u202e" not in said
    assert {problem.sheet for problem in problems} == {"未知的表 unknown sheet 9"}


def test_an_empty_sheet_of_any_name_is_counted_without_its_name(raw, opened):
    with opened(SANMEN) as book:
        book.create_sheet("张伟")
    _, accounts, problems, _ = load(raw)
    assert problems == [] and not accounts["sheet"].str.contains("张伟").any()


def test_a_known_title_is_published_without_what_is_not_seen_in_it(raw, opened):
    with opened(SANMEN) as book:
        book["减负清理"].title = "减负\u200b清理\u202e"
    loaded = load(raw)
    assert loaded.problems == []
    assert set(loaded.tables["burden"]["sheet"]) == {"减负清理"}


def test_a_file_name_with_what_is_not_seen_is_a_problem(raw):
    (raw / SANMEN).rename(raw / "331022_三门县\u202e.xlsx")
    said = [str(problem) for problem in load(raw).problems]
    assert len(said) == 1 and "\\u202e" in said[0] and "\u202e" not in said[0]


@pytest.mark.parametrize("begins", ["注：新增", "备注：", "说明：", "填表人："])
def test_a_row_of_data_that_begins_as_a_note_is_read_and_asked_about(begins):
    rows, account, told = read(with_cell(BURDEN, 3, 1, begins), TABLES["burden"])
    assert len(rows) == account["kept"] == 2
    assert [line for line in told if "a row that begins as a note is read as data" in line] == told[
        -1:
    ]


@pytest.mark.parametrize(
    "line",
    [
        [
            "填表人：测试",
            "",
            "审核人：",
            "测试",
            "联系电话：",
            13800000000.0,
            "填报日期：",
            "2020-04-30",
        ],
        ["填表人：", "测试", "", "审核人：测试", "", dt.datetime(2020, 4, 30), "", ""],
        ["备注：以上为2019年数", "", "", "", "", "", "", "1"],
        ["说明：", "12", "", "", "", "", "", ""],
    ],
    ids=str,
)
def test_a_signature_or_a_note_is_form_with_whatever_its_labels_hold(line):
    rows, account, told = read([*BURDEN[:-1], line], TABLES["burden"])
    assert len(rows) == 2 and account["form"] == 3 and told == []


@pytest.mark.parametrize(
    "line",
    [
        "单位：千元",
        "（单位：元）",
        "计量单位：元",
        "单位：人民币元",
        "单位（元）",
        "单位：元（人民币）",
        "单位:亿元",
        "金额单位：千元",
        "单位：人、元",
        "2018年初基数（单位：元）",
        "2018年初基数（元）",
        "本表金额以元为单位",
        "单位元",
    ],
)
def test_another_unit_of_money_above_the_table_than_in_its_header_is_two_units(line):
    _, _, told = read(with_cell(BASELINE, 1, 3, line), TABLES["county_baseline"])
    assert [one.endswith("不一致 (two units)") for one in told] == [True]


@pytest.mark.parametrize(
    "line",
    [
        "单位：人、万元",
        "（单位：万元）",
        "填报单位：元阳县民政局",
        "单位：元阳县民政局",
        "填报单位：万元镇政府",
    ],
)
def test_the_same_unit_above_the_table_or_none_is_no_fault(line):
    assert read(with_cell(BASELINE, 1, 3, line), TABLES["county_baseline"])[2] == []


def test_a_note_that_names_another_unit_of_money_is_asked_about():
    notes = {
        "注：以上金额单位均为元": True,
        "注：金额单位为万元": False,
        "注：按每户补助100元": False,
    }
    for note, asked in notes.items():
        _, _, told = read([*BASELINE, [note]], TABLES["county_baseline"])
        assert [("another unit of money" in one) for one in told] == [True] * asked


def test_a_unit_of_money_that_is_neither_is_refused_where_the_header_names_none():
    cells = with_cell(with_cell(BASELINE, 1, 3, "单位：千元"), 3, 3, "人均年收入")
    _, _, told = read(cells, TABLES["county_baseline"])
    assert len(told) == 1 and "the unit is not that of the form" in told[0]


def test_a_header_printed_again_loses_no_row_above_it():
    first = with_cell(BURDEN, 1, 8, "")
    cells = [*first[:3], *BURDEN[:2], *first[3:]]
    sheet = Sheet("减负清理", cells, [((0, 3), (0, 6)), ((3, 3), (3, 6))])
    problems = []
    rows, _, account = read_sheet(sheet, TABLES["burden"], "a.xlsx", problems)
    assert rows["row"] == [3, 6] and account["total"] == 2


@pytest.mark.parametrize("title", ["编号", "", "No."])
def test_a_counter_under_another_title_is_the_serial_number(title):
    rows, account, told = read(with_cell(BURDEN, 1, 1, title), TABLES["burden"])
    assert len(rows) == account["total"] == 2 and told == []


def test_a_total_is_known_in_the_first_cell_of_a_row_whatever_the_title_of_its_column():
    cells = with_cell(with_cell(BURDEN, 1, 1, "备考"), 3, 1, "甲")
    rows, account, told = read(cells, TABLES["burden"])
    assert len(rows) == account["total"] == 2
    assert [line for line in told if "unknown column" in line] == told


def test_a_row_of_data_below_the_signatures_is_asked_about_once():
    row = [3.0, "乙街道", 3.0, 1.0, 2.0, 3.0, 4.0, ""]
    rows, _, told = read([*BURDEN, row, row], TABLES["burden"])
    assert (
        len(rows) == 4
        and len(told) == 1
        and "a row below the signatures is read as data" in told[0]
    )


def test_a_new_page_below_the_signatures_is_asked_nothing():
    row = [3.0, "乙街道", 3.0, 1.0, 2.0, 3.0, 4.0, ""]
    _, _, told = read([*BURDEN, *BURDEN[:2], row], TABLES["burden"])
    assert told == []


def test_protected_text_is_read_around_the_header_too(tmp_path):
    lines = [["序号", "街道（乡镇）", "村（社区）数（个）"], ["1", "甲街道", "3"]]
    path = tmp_path / "a.csv"
    rows = [",".join(f'"=""{cell}"""' for cell in line) for line in lines]
    path.write_text("\n".join(rows), encoding="utf-8")
    assert read_csv(path) == lines
