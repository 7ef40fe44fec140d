import datetime as dt
import shutil
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pytest
from this_study import TABLES

from analysis.survey import clean as module
from analysis.survey import ownership
from analysis.survey.clean import clean, write, write_prints
from analysis.survey.ownership import MARKER, UNKNOWN, mark
from analysis.survey.parsed import complete, in_range, parse_table
from analysis.survey.problems import InputError, Problem
from analysis.survey.rules import rule_problems

SANMEN, XIANJU, TIANTAI = "331022_三门县.xlsx", "331024_仙居县.xlsx", "331023_天台县.xlsx"
INTERVIEWS = "interviews.xlsx"
COMMUNITIES, ROSTER = "社区基本情况", "专职社区工作者花名册"


def in_order(faults):
    """The lines of (workbook, sheet, column, row, message), by file, sheet, column and row."""
    lines = []
    for workbook, sheet, column, row, message in sorted(faults):
        place = "!".join(part for part in (workbook, sheet, column) if part)
        lines.append(f"{place} {row}: {message}" if row else f"{place}: {message}")
    return lines


@pytest.fixture
def rows(books, form):
    return lambda workbook, sheet: form(books[workbook][sheet])[1]


@pytest.fixture
def cell(books, form):
    def value(workbook, sheet, title, row):
        sheet = books[workbook][sheet]
        columns = form(sheet)[0]
        number = next(n for text, n in columns.items() if title in (text, text.split("/")[-1]))
        return sheet.cell(row, number).value

    return value


@pytest.fixture
def retotal(edit, books, form, cell):
    """Change cells of one row, as {title: (cell, value)}, and the 小计 and 合计 below it."""

    def change(workbook, sheet, row, changes):
        page = books[workbook][sheet]
        columns, _ = form(page)
        labels = [
            (r, str(page.cell(r, 1).value or page.cell(r, 2).value))
            for r in range(row, page.max_row + 1)
        ]
        below = [
            next(r for r, text in labels if text.startswith(label)) for label in ("小计", "合计")
        ]
        cells = {}
        for title, (shown, value) in changes.items():
            more = value - cell(workbook, sheet, title, row)
            cells |= {(title, r): cell(workbook, sheet, title, r) + more for r in below} | {
                (title, row): shown
            }
        assert columns
        edit(workbook, sheet, cells)

    return change


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != MARKER}


def test_every_faulty_cell_of_every_file_is_one_line_at_its_place(edit, faults, rows, cell):
    a, w, f = rows(SANMEN, COMMUNITIES), rows(SANMEN, ROSTER), rows(XIANJU, "经费投入")
    t, c, p = (
        rows(TIANTAI, COMMUNITIES),
        rows(INTERVIEWS, "社区访谈"),
        rows(XIANJU, "项目与公益创投"),
    )
    expected = []

    def plant(workbook, sheet, planted):
        edit(workbook, sheet, {(title, row): value for title, row, value, _ in planted})
        for title, row, _, message in planted:
            if message:
                expected.append((workbook, sheet, title.split("/")[-1], row, message))

    number, whole = "不是数字 (not a number)", "应为整数 (a whole number is wanted)"
    plant(SANMEN, COMMUNITIES, [
        ("户数", a[0], "约47", f"“约47” {number}"),
        ("常住人口", a[0], None, "空白 (blank)"),
        ("用房性质", a[1], "自有(村)", "“自有(村)” 应为 自有、租用、借用 之一 (not one of the "
                                "answers)"),
        ("共建协议", a[2], 2.5, f"“2.5” {whole}"),
        ("2016年以后新设", a[3], "√", "“√” 应填“是”或“否” (answer 是 or 否)"),
        ("面积达标", a[3], True, "“True” 应填“是”或“否” (answer 是 or 否)"),
        ("户数", a[4], True, f"“True” {number}"),
        ("建筑面积", a[5], 20001, "“20001” 应在 20–20000 平方米之间 (must be between 20 and "
                              "20000)"),
        ("“两委”成员/总数", a[5], 31, "“31” 应在 3–30 人之间 (must be between 3 and 30)"),
        ("其中居民活动面积", a[6], cell(SANMEN, COMMUNITIES, "建筑面积", a[6]) + 1,
         "大于建筑面积 (exceeds the floor area)"),
        ("“两委”成员/其中专职社工", a[7], cell(SANMEN, COMMUNITIES, "总数", a[7]) + 1,
         "大于“两委”总数 (exceeds the seats)"),
        ("每周开放时间", a[8], "168.5", "“168.5” 应在 0–168 小时之间 (must be between 0 and 168)"),
        ("户数", a[9], 1e300, f"“1e+300” {whole}"),
        ("常住人口", a[9], "=1+1", "公式没有结果 (a formula without a result)"),
        ("户数", a[10], " \u200b", "空白 (blank)"),
    ])  # fmt: skip
    plant(TIANTAI, COMMUNITIES, [
        ("常住人口", t[1], "46.8万", f"“46.8万” {number}"),
        ("户数", t[1], "2-3", f"“2-3” {number}"),
        ("户数", t[2], "NA", f"“NA” {number}"),
        ("户数", t[3], "——", f"“——” {number}"),
        ("户数", t[4], "nan", f"“nan” {number}"),
        ("户数", t[5], 49, "“49” 应在 50–20000 户之间 (must be between 50 and 20000)"),
        ("户数", t[6], dt.datetime(2020, 1, 2), f"“2020-01-02” {number}"),
    ])  # fmt: skip
    grade = "不在该岗位的等级范围内 (not a grade of this post)"
    leads = [r for r in w if cell(SANMEN, ROSTER, "岗位", r) == "正职"]
    others = [r for r in w if r not in leads]
    plant(SANMEN, ROSTER, [
        ("等级", leads[0], 6, grade),
        ("出生年月", others[0], "88年", "不是日期，如 2018-03-01 或 2018年3月 (not a date)"),
        ("入职日期", others[1], "2035-12-31 ", ""),  # late, yet a date
        ("入职日期", others[2], dt.datetime(9999, 1, 1), "不是日期，如 2018-03-01 或 2018年3月 "
                                                     "(not a date)"),
        ("入职日期", others[3], "1979.12", "应在 1980-01-01 至 2035-12-31 之间 "
         "(must be a date between 1980-01-01 and 2035-12-31)"),
        ("出生年月", others[4], "1990年1月", ""),
        ("入职日期", others[4], "2005年12月31日", "入职时不满16岁 (younger than 16 on entry)"),
        ("学历", others[5], "博士", "应为 高中及以下、大专、本科、研究生 之一 (not one of the "
                                "answers)"),
        ("年收入", others[6], 53800,
         "应在 0.5–50 万元之间，可能是按元填的 (must be between 0.5 and 50, in 万元)"),
    ])  # fmt: skip
    plant(XIANJU, "经费投入", [
        ("合计", f[2], cell(XIANJU, "经费投入", "合计", f[2]) + 0.01,
         "不等于各级资金之和 (is not the sum of the sources)"),
        ("市级", f[3], "inf", f"“inf” {number}"),
    ])  # fmt: skip
    plant(XIANJU, "项目与公益创投", [
        ("批次", p[0], 1.5, f"“1.5” {whole}"),
        ("领域", p[1], "其他",
         "“其他” 应为 扶老、助残、济困、社区治理、邻里互助 之一 (not one of the answers)"),
        ("年度", p[2], "二〇二〇", f"“二〇二〇” {number}"),
        ("项目名称", p[3], dt.datetime(2020, 5, 4), "“2020-05-04” 不是文字 (not text)"),
    ])  # fmt: skip
    parts = [
        cell(INTERVIEWS, "社区访谈", title, c[0]) for title in ("其中专职社工", "其中原村干部")
    ]
    plant(INTERVIEWS, "社区访谈", [
        ("工作人员总数", c[0], sum(parts) - 1, "小于专职社工与原村干部之和 (is less than its "
                                         "parts)"),
        ("访谈日期", c[1], "4月13日", "“4月13日” 不是日期，如 2018-03-01 或 2018年3月 (not a "
                                "date)"),
    ])  # fmt: skip
    assert faults() == in_order(expected)


def test_a_row_reported_twice_and_workers_of_nowhere_are_named(
    edit, faults, rows, books, form, opened
):
    with opened(XIANJU) as book:
        columns, numbered = form(book[COMMUNITIES])
        sheet, first = book[COMMUNITIES], numbered[0]
        blank = next(
            row
            for row in range(numbered[-1], sheet.max_row + 1)
            if all(cell.value is None for cell in sheet[row])
        )
        for number in columns.values():
            sheet.cell(blank, number).value = sheet.cell(first, number).value
    w, e = rows(SANMEN, ROSTER), rows(SANMEN, "换届人选")
    edit(SANMEN, ROSTER, {("社区代码", w[3]): "331022999901"})
    edit(SANMEN, "换届人选", {("社区代码", e[0]): "331022999901"})
    unknown = "社区代码不在“社区基本情况”中 (not in that table)"
    assert faults() == in_order([
        (XIANJU, COMMUNITIES, "社区代码", blank, "重复填报 (reported twice)"),
        (SANMEN, ROSTER, "社区代码", w[3], unknown),
        (SANMEN, "换届人选", "社区代码", e[0], unknown),
    ])  # fmt: skip


def test_a_community_that_is_deleted_is_named_and_so_are_its_people(
    edit, faults, rows, cell, books, form
):
    gone = rows(SANMEN, COMMUNITIES)[1]
    code, name = (cell(SANMEN, COMMUNITIES, title, gone) for title in ("社区代码", "社区名称"))
    columns = [title for title in form(books[SANMEN][COMMUNITIES])[0] if title != "街道（乡镇）"]
    edit(SANMEN, COMMUNITIES, {(title, gone): None for title in columns})
    assert cell(SANMEN, COMMUNITIES, "街道（乡镇）", gone) is None  # merged down from the row above
    message = f"缺少 {code} {name} (community of the frame is missing)"
    expected = [(SANMEN, COMMUNITIES, "社区代码", 0, message)]
    for workbook, sheet in ((SANMEN, ROSTER), (SANMEN, "换届人选"), (INTERVIEWS, "抽样框")):
        expected += [
            (workbook, sheet, "社区代码", row, "社区代码不在“社区基本情况”中 (not in that table)")
            for row in rows(workbook, sheet)
            if cell(workbook, sheet, "社区代码", row) == code
        ]
    assert faults() == in_order(expected)


def test_a_code_of_no_county_is_one_line_at_the_code(edit, faults, rows):
    row = rows(INTERVIEWS, "人员访谈")[-1]
    edit(INTERVIEWS, "人员访谈", {("社区代码", row): "330999001901"})
    (line,) = faults()
    assert line.startswith(
        f"{INTERVIEWS}!人员访谈!社区代码 {row}: “330999001901” 不以名录中县（市、区）的代码开头 ("
    )


def test_faults_of_form_are_each_one_line(edit, opened, raw, faults, wave_folder):
    (raw / "331083_玉环市.xlsx").unlink()
    shutil.copyfile(wave_folder / SANMEN, raw / "三门县（新）.xlsx")
    (raw / "331082_临海市.xlsx").write_bytes(b"not a workbook")
    with opened(SANMEN) as book:
        del book[COMMUNITIES]
        book.create_sheet("草稿")["A1"] = "x"
    edit(XIANJU, "减负清理", {"C4": "村数（个）"})
    edit(XIANJU, "2018年初基数", {"F6": 1})
    lines = faults()
    broken = next(line for line in lines if line.startswith("331082_临海市.xlsx: 无法打开"))
    assert lines == in_order([
        ("331083_玉环市.xlsx", "", "", 0, "缺少此文件 (file is missing from 2020/)"),
        ("三门县（新）.xlsx", "", "", 0, "不是本轮文件 (not a file of this wave)"),
        ("331082_临海市.xlsx", "", "", 0, broken.partition(": ")[2]),
        (SANMEN, COMMUNITIES, "", 0, "缺少此表 (sheet is missing)"),
        (SANMEN, "未知的表 unknown sheet 8", "", 0, "第8张表“草稿”不是下发的表 (unknown sheet with "
                                                "content)"),
        (XIANJU, "减负清理", "村(社区)数", 0, "缺少此列 (column is missing from the header)"),
        (XIANJU, "减负清理", "C", 0, "未知的列 (unknown column)"),
        (XIANJU, "2018年初基数", "F", 0, "此列没有标题 (column without a header)"),
    ])  # fmt: skip


def test_two_workbooks_that_have_changed_names_are_noticed(raw, faults):
    (raw / SANMEN).rename(raw / "x")
    (raw / XIANJU).rename(raw / SANMEN)
    (raw / "x").rename(raw / XIANJU)
    assert [line.partition(": ")[0] for line in faults()] == [SANMEN, XIANJU]


def test_a_folder_that_is_not_there_is_one_line(tmp_path, frame):
    with pytest.raises(InputError, match=r"^\S+/1999: 没有此文件夹 \(no such folder\) → "):
        clean(tmp_path / "1999", frame)


def test_a_folder_that_is_empty_is_one_line(tmp_path, frame):
    with pytest.raises(InputError, match=r"^\S+: 文件夹是空的 \(the folder is empty\) → [^\n]+$"):
        clean(tmp_path, frame)


def test_problems_are_listed_once_and_in_order():
    some = [
        Problem("b", "s", "c", 10, "m"),
        Problem("b", "s", "c", 9, "m"),
        Problem("a"),
        Problem("b", "s"),
    ]
    error = InputError(some + some)
    assert error.problems == [some[2], some[3], some[1], some[0]]
    assert str(error).splitlines()[-3:] == ["a: ", "b!s: ", "b!s!c 9–10: m，共2行 (2 rows)"]


def test_a_correction_changes_its_own_row_and_nothing_else(retotal, raw, frame, rows, wave):
    row = rows(SANMEN, COMMUNITIES)[4]
    retotal(SANMEN, COMMUNITIES, row, {"户数": ("１，２３４", 1234), "常住人口": ("4,321", 4321)})
    tables, accounts = clean(raw, frame)
    pd.testing.assert_frame_equal(accounts, wave[1])
    for name, before in wave[0].items():
        changed = (tables[name] != before) & ~(tables[name].isna() & before.isna())
        if name != "communities":
            assert not changed.any().any(), name
            continue
        (label,) = before.index[(before["workbook"] == SANMEN) & (before["row"] == row)]
        assert tables[name].loc[label, ["households", "population"]].tolist() == [1234, 4321]
        changed.loc[label, ["households", "population"]] = False
        assert not changed.any().any()


def test_clean_tables_fit_their_models(wave):
    for name, table in wave[0].items():
        pa.DataFrameSchema(TABLES[name].columns, strict=True).validate(table)
        assert table.index.tolist() == list(range(len(table)))


def test_rows_with_a_fault_are_counted_as_rejected(raw, edit, rows, frame):
    r = rows(SANMEN, COMMUNITIES)
    edit(SANMEN, COMMUNITIES, {("户数", r[0]): "x", ("常住人口", r[0]): "x", ("户数", r[5]): None})
    done = module.check(raw, frame)
    faults, counted = done.problems, done.accounts
    here = counted.query("workbook == @SANMEN and sheet == @COMMUNITIES").iloc[0]
    assert len(faults) == 3 and here["rejected"] == 2 and here["kept"] == len(r) - 2
    assert counted["rejected"].sum() == 2
    parts = counted[["form", "kept", "corrected", "total", "blank", "rejected"]].sum(axis=1)
    assert parts.tolist() == counted["rows"].tolist()


def test_a_table_of_which_no_row_is_sound_is_still_a_table(wave):
    raws = pd.DataFrame({column: [None] for column in TABLES["projects"].columns}, dtype=object)
    raws = raws.assign(workbook="a.xlsx", sheet="项目与公益创投", row=6, county_code="331022")
    cells, faults = parse_table(raws, TABLES["projects"])
    table = complete(cells, faults, TABLES["projects"])
    assert (
        table.empty
        and table.dtypes.astype(str).to_dict() == wave[0]["projects"].dtypes.astype(str).to_dict()
    )
    assert {fault.message for fault in faults} == {"空白 (blank)"}
    assert in_range(table, TABLES["projects"])[1] == []


def test_no_county_need_have_candidates(wave, frame):
    raws = pd.DataFrame(columns=list(TABLES["election_candidates"].columns), dtype=object)
    table, faults = parse_table(raws, TABLES["election_candidates"])
    before = wave[0]["election_candidates"]
    assert faults == [] == in_range(table, TABLES["election_candidates"])[1]
    assert table.empty and table.dtypes.astype(str).to_dict() == before.dtypes.astype(str).to_dict()
    assert rule_problems({**wave[0], "election_candidates": table}) == []


def test_what_is_written_reads_back_the_same(wave, wave_folder, tmp_path):
    tables, accounts = wave
    write(tables, accounts, wave_folder, tmp_path / "2020")
    names = {f"{name}.parquet" for name in (*tables, "accounts")} | {"wave.toml"}
    assert set(files(tmp_path / "2020")) == names
    for name, table in {**tables, "accounts": accounts}.items():
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "2020" / f"{name}.parquet"), table)
    assert (tmp_path / "2020/wave.toml").read_bytes() == (wave_folder / "wave.toml").read_bytes()


def test_what_is_written_replaces_the_whole_folder_and_leaves_nothing_beside_it(
    wave, wave_folder, tmp_path
):
    folder = tmp_path / "2020"
    folder.mkdir()
    mark(folder, {"stale.parquet": UNKNOWN})
    (folder / "stale.parquet").write_bytes(b"old")
    write(*wave, wave_folder, folder)
    first = files(folder)
    assert "stale.parquet" not in first
    write(*wave, wave_folder, folder)
    assert files(folder) == first
    assert [path.name for path in tmp_path.iterdir()] == ["2020"]


def test_clean_tables_are_named_as_a_wave_and_replace_nothing_that_was_put_there_by_hand(
    wave, wave_folder, tmp_path
):
    for name in ("processed", "２０２０", "2020 ", "2020\n"):
        with pytest.raises(ValueError, match="a wave is"):
            write(*wave, wave_folder, tmp_path / name)
    folder = tmp_path / "2020"
    folder.mkdir()
    (folder / "interviews.xlsx").write_bytes(b"an original")
    with pytest.raises(ValueError, match=r"not made by this program.*interviews\.xlsx"):
        write(*wave, wave_folder, folder)
    assert files(folder) == {"interviews.xlsx": b"an original"}


def test_what_is_added_to_the_clean_tables_by_hand_is_kept(wave, wave_folder, tmp_path):
    folder = tmp_path / "2020"
    write(*wave, wave_folder, folder)
    (folder / "notes.txt").write_text("mine")
    (folder / "link").symlink_to("nowhere")
    write(*wave, wave_folder, folder)
    assert (folder / "notes.txt").read_text() == "mine" and (folder / "link").is_symlink()
    assert [path.name for path in tmp_path.iterdir()] == ["2020"]


@pytest.fixture
def earlier(tmp_path):
    folder = tmp_path / "processed/2020"
    folder.mkdir(parents=True)
    (folder / "communities.parquet").write_bytes(b"earlier")
    return folder


def test_a_failure_midway_leaves_the_earlier_tables(wave, wave_folder, earlier, monkeypatch):
    real, calls = pd.DataFrame.to_parquet, []

    def second_fails(table, *arguments, **options):
        calls.append(table)
        if len(calls) == 2:
            raise OSError("disk full")
        return real(table, *arguments, **options)

    monkeypatch.setattr(pd.DataFrame, "to_parquet", second_fails)
    with pytest.raises(OSError, match="disk full"):
        write(*wave, wave_folder, earlier)
    assert len(calls) == 2 and files(earlier) == {"communities.parquet": b"earlier"}


def test_a_failure_at_the_last_step_leaves_the_earlier_tables(
    wave, wave_folder, earlier, monkeypatch
):
    real = Path.rename

    def fails_for_the_new(path, target):
        if path.name.endswith(".new"):
            raise OSError("no")
        return real(path, target)

    monkeypatch.setattr(ownership, "_exchange", lambda one, other: False)
    monkeypatch.setattr(Path, "rename", fails_for_the_new)
    with pytest.raises(OSError, match="no"):
        write(*wave, wave_folder, earlier)
    assert files(earlier) == {"communities.parquet": b"earlier"}


def test_a_wave_without_its_declaration_leaves_the_earlier_tables(wave, earlier, tmp_path):
    (tmp_path / "raw").mkdir()
    with pytest.raises(FileNotFoundError):
        write(*wave, tmp_path / "raw", earlier)
    assert files(earlier) == {"communities.parquet": b"earlier"}


def test_the_print_of_a_column_tells_a_change_of_a_value_of_the_rows_and_of_the_type(tmp_path):
    def prints(table):
        write_prints({"t": table}, tmp_path)
        return {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}

    table = pd.DataFrame(
        {"name": ["甲", "乙", None], "n": [1, 2, 3], "day": pd.to_datetime(["2020-01-01"] * 3)}
    )
    before = prints(table)
    assert set(before) == {"t.name", "t.n", "t.day"} and len(set(before.values())) == 3
    assert prints(table.copy()) == before
    for change, changed in (
        (table.assign(name=["甲", "丙", None]), {"t.name"}),
        (table.assign(name=["甲", "乙", ""]), {"t.name"}),
        (table.assign(n=[1, 3, 2]), {"t.n"}),
        (table.assign(n=table["n"].astype("Int64")), {"t.n"}),
        (table.iloc[:2], {"t.name", "t.n", "t.day"}),
    ):
        after = prints(change)
        assert {name for name in before if after[name] != before[name]} == changed


@pytest.mark.parametrize(
    ("answer", "code"), [("𠮷庆项目", "U+20BB7"), ("项目\U0001f600", "U+1F600")]
)
def test_the_name_of_a_project_that_no_font_draws_is_named_at_its_cell(
    edit, faults, rows, answer, code
):
    row = rows(SANMEN, "项目与公益创投")[0]
    edit(SANMEN, "项目与公益创投", {("项目名称", row): answer})
    (line,) = faults()
    assert line.startswith(f"{SANMEN}!项目与公益创投!项目名称 {row}: ") and code in line
