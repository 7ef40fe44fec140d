"""Files as Excel, WPS, LibreOffice and people write them give the same tables."""

import csv
import datetime as dt
import re

import openpyxl
import pandas as pd
import pytest
from this_study import TABLES

from analysis.survey.clean import check
from planting import Planting, find_column, rewritten

TIANTAI, XIANJU, SANMEN = "331023_天台县.xlsx", "331024_仙居县.xlsx", "331022_三门县.xlsx"
COMMUNITIES, ROSTER, FUNDS, BURDEN = "社区基本情况", "专职社区工作者花名册", "经费投入", "减负清理"
BASELINE, PROJECTS = "2018年初基数", "项目与公益创投"
ORIGIN = ["workbook", "sheet", "row"]


@pytest.fixture
def planting(raw):
    return Planting(raw)


@pytest.fixture
def same(raw, frame, wave):
    """Check that the copy has no problem and gives the same tables; returns the questions.

    The row numbers may differ.
    """

    def compare(origin=True):
        done = check(raw, frame)
        assert [str(one) for one in done.problems] == []
        gone = ORIGIN if origin else ["row"]
        for name, before in wave[0].items():
            now = done.tables[name]
            columns = [c for c in before if c not in gone]
            pd.testing.assert_frame_equal(now[columns].reset_index(drop=True), before[columns])
        parts = done.accounts[["form", "kept", "corrected", "total", "blank", "rejected"]].sum(
            axis=1
        )
        assert (parts == done.accounts["rows"]).all()
        return done.questions

    return compare


def test_values_written_otherwise_mean_the_same(planting, same):
    p = planting
    writings = (
        ("户数", str),
        ("户数", lambda v: f"{v:,}"),
        ("户数", lambda v: f"{v}户"),
        ("户数", lambda v: f" {v}　"),
        ("户数", lambda v: str(v).translate(str.maketrans("0123456789", "０１２３４５６７８９"))),
        ("建筑面积", lambda v: f"{v}㎡"),
        ("建筑面积", lambda v: f"{v}.0"),
        ("用房性质", lambda v: f" {v}\n"),
        ("面积达标", lambda v: f"{v}\u200b"),
        ("社区代码", float),
        ("受理方式", lambda v: v[:2] + " " + v[2:]),
        ("备注", lambda v: "随便写"),
    )
    for row, (column, write) in zip(p.rows(TIANTAI, COMMUNITIES), writings, strict=False):
        p.set(TIANTAI, COMMUNITIES, column, row, write(p.value(TIANTAI, COMMUNITIES, column, row)))
    dates = (
        lambda d: f"{d:%Y-%m-%d}",
        lambda d: f"{d.year}年{d.month}月{d.day}日",
        lambda d: f"{d.year}.{d.month}.{d.day}",
        lambda d: f"{d:%Y/%m/%d}",
        lambda d: f"{d:%Y-%m-%d} 00:00:00",
        lambda d: d.date(),
    )
    for row, write in zip(p.rows(SANMEN, ROSTER), dates, strict=False):
        p.set(SANMEN, ROSTER, "入职日期", row, write(p.value(SANMEN, ROSTER, "入职日期", row)))
    for row in p.rows(XIANJU, FUNDS)[:2]:
        amount = p.value(XIANJU, FUNDS, "合计", row)
        p.set(XIANJU, FUNDS, "合计", row, f"{round(amount * 10000)}元")
        p.set(XIANJU, FUNDS, "市级", row, f"{p.value(XIANJU, FUNDS, '市级', row)}万元")
    p.save()
    assert same(False) == []


def test_amounts_in_yuan_are_converted_where_the_header_says_so(planting, same):
    p = planting
    sheet, columns = p.sheet(XIANJU, BASELINE), p.form(XIANJU, BASELINE)[0]
    place = find_column(columns, "人均年收入")
    top = next(r for r in range(1, 9) if sheet.cell(r, 1).value == "序号")
    sheet.cell(top + 1, place).value = "人均年收入（元）"
    next(
        c for row in sheet.iter_rows(max_row=3) for c in row if str(c.value).startswith("单位")
    ).value = "单位：人"
    for row in p.rows(XIANJU, BASELINE):
        sheet.cell(row, place).value = round(sheet.cell(row, place).value * 10000)
    funds = p.sheet(SANMEN, FUNDS)
    next(
        c for row in funds.iter_rows(max_row=3) for c in row if str(c.value).startswith("单位")
    ).value = "单位：元"
    for row in funds.iter_rows(min_row=4, max_row=5):
        for cell in row:
            if isinstance(cell.value, str):
                cell.value = cell.value.replace("（万元）", "")
    for row in funds.iter_rows(min_row=6):
        for cell in row[2:6]:
            if isinstance(cell.value, int | float):
                cell.value = round(cell.value * 10000)
    p.save()
    assert same(False) == []


def reordered(sheet, order):
    """Put the columns of a form into another order, headers and merged cells with them."""
    for area in list(sheet.merged_cells.ranges):
        value = sheet.cell(area.min_row, area.min_col).value
        sheet.unmerge_cells(str(area))
        for row in sheet.iter_rows(area.min_row, area.max_row, area.min_col, area.max_col):
            for cell in row:
                cell.value = value if area.min_row > 3 else cell.value
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    for i, row in enumerate(cells, start=1):
        for j, place in enumerate(order, start=1):
            sheet.cell(i, j).value = row[place] if place < len(row) else None


def shift_merges(sheet, rows):
    """Move merged cells with their rows, as openpyxl does not."""
    for area in list(sheet.merged_cells.ranges):
        sheet.merged_cells.remove(area)
        if area.min_row + rows > 0:
            area.shift(0, rows)
            sheet.merged_cells.add(area)


def test_headers_and_layout_otherwise_mean_the_same(planting, same):
    p = planting
    burden = p.sheet(TIANTAI, BURDEN)
    burden.delete_rows(1, 2)  # no title
    shift_merges(burden, -2)
    for row in burden.iter_rows(max_row=3):
        for cell in row:
            if isinstance(cell.value, str) and "（" in cell.value:
                cell.value = cell.value.replace("（", "\n(").replace("）", ")")
    reordered(p.sheet(XIANJU, BURDEN), [7, 3, 1, 0, 2, 6, 4, 5])
    communities = p.sheet(XIANJU, COMMUNITIES)
    communities.insert_rows(1, 3)  # more title lines
    shift_merges(communities, 3)
    projects = p.sheet(SANMEN, PROJECTS)
    at = p.rows(SANMEN, PROJECTS)[3]
    projects.insert_rows(at, 2)  # blank rows inside
    projects.row_dimensions[at + 2].hidden = True
    funds = p.sheet(SANMEN, FUNDS)
    for row in range(4, 6):  # the header again, as at the top of a printed page
        for column in range(1, funds.max_column + 1):
            funds.cell(40 + row, column).value = getattr(funds.cell(row, column), "value", None)
    p.books[SANMEN][FUNDS].title = f"附件3.{FUNDS} "
    p.books[SANMEN]["换届人选"].sheet_state = "hidden"
    p.books[SANMEN].move_sheet(f"附件3.{FUNDS} ", -2)
    p.save()
    row, sheet = sorted(same(True), key=lambda one: -one.row)
    assert row.row == at + 2 and "a hidden row" in row.message
    assert sheet.sheet == "换届人选" and "a hidden sheet" in sheet.message


def test_other_programs_parts_mean_the_same(raw, same, wave_folder):
    def dimension(name, data):
        return (
            re.sub(rb'<dimension ref="[^"]*"/>', b'<dimension ref="A1:B2"/>', data)
            if "sheet1.xml" in name
            else data
        )

    def namespaced(name, data):
        if "worksheets/sheet" not in name:
            return data
        data = re.sub(rb"<(/?)(?=[a-zA-Z])(?!\?)", rb"<\1x:", data)
        return data.replace(b"xmlns=", b"xmlns:x=", 1)

    def blanks(name, data):
        rows = b"".join(
            b'<row r="%d" s="1"><c r="A%d" s="1"/></row>' % (i, i) for i in range(900, 21000)
        )
        return (
            data.replace(b"</sheetData>", rows + b"</sheetData>")
            if name.endswith("sheet1.xml")
            else data
        )

    rewritten(raw / SANMEN, dimension)
    rewritten(raw / XIANJU, namespaced)
    rewritten(raw / TIANTAI, blanks)
    assert same(False) == []


def test_days_counted_from_1904_are_the_same_days(raw, same):
    book = openpyxl.load_workbook(raw / SANMEN)
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.save(raw / SANMEN)
    assert openpyxl.load_workbook(raw / SANMEN).epoch == dt.datetime(1904, 1, 1)
    assert same(False) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_csv_in_any_of_its_encodings_means_the_same(raw, same, encoding, delimiter):
    book = openpyxl.load_workbook(raw / SANMEN)
    (raw / SANMEN).unlink()
    for sheet in book:
        if sheet.title in {model.zh for model in TABLES.values()}:
            with (raw / f"331022_三门县_{sheet.title}.csv").open(
                "w", encoding=encoding, newline=""
            ) as file:
                csv.writer(file, delimiter=delimiter).writerows(filled(sheet))
    assert same(True) == []


def as_csv(raw, write):
    """Hand in the sheets of a county as CSV files: `write` makes the text of one from its rows."""
    book = openpyxl.load_workbook(raw / SANMEN)
    (raw / SANMEN).unlink()
    for sheet in book:
        if sheet.title in {model.zh for model in TABLES.values()}:
            text = write(
                [["" if cell is None else str(cell) for cell in row] for row in filled(sheet)]
            )
            (raw / f"331022_三门县_{sheet.title}.csv").write_text(
                text, encoding="utf-8", newline=""
            )


def quoted(rows, delimiter=",", quote=lambda cell: True):
    return "".join(
        delimiter.join(
            '"{}"'.format(cell.replace('"', '""')) if quote(cell) else cell for cell in row
        )
        + "\r\n"
        for row in rows
    )


def is_text(cell):
    return not re.fullmatch(r"-?[0-9.]*", cell)


def with_remarks(rows, remark):
    """Write a remark into every row of data whose sheet has a column for it."""
    place = next((row.index("备注") for row in rows if "备注" in row), None)
    numbered = [row for row in rows if re.fullmatch("[0-9]+", row[0]) and place is not None]
    for row in numbered:
        row[place] = remark
    return rows


CSV_WAYS = {
    "every field quoted, as R": quoted,
    "text quoted, as LibreOffice": lambda rows: quoted(rows, quote=is_text),
    "every field quoted, semicolons": lambda rows: quoted(rows, ";"),
    "every field quoted, tabs": lambda rows: quoted(rows, "\t"),
    "semicolons in remarks": lambda rows: quoted(with_remarks(rows, "a;b;c;" * 20), ",", lambda cell: "," in cell),
    "tabs in remarks": lambda rows: quoted(with_remarks(rows, "\t" * 60), quote=lambda cell: "," in cell),
    "commas in remarks": lambda rows: quoted(with_remarks(rows, "甲,乙," * 20), ";", lambda cell: ";" in cell),
    "quotes and lines in remarks": lambda rows: quoted(with_remarks(rows, '他说"好";\n又说"行"')),
    "codes protected": lambda rows: quoted(
        [[f'="{c}"' if re.fullmatch("331022[0-9]{6}", c) else c for c in row] for row in rows],
        quote=lambda cell: '"' in cell or "," in cell,
    ),
    "codes protected, not quoted": lambda rows: "".join(
        ",".join(f'="{c}"' if re.fullmatch("331022[0-9]{6}", c) else c for c in row) + "\n" for row in rows
    ),
    "row names, as R": lambda rows: quoted(
        [["", *rows[0]], *([str(number), *row] for number, row in enumerate(rows[1:], start=1))]
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", CSV_WAYS)
def test_csv_as_other_programs_quote_it_means_the_same(raw, same, way):
    as_csv(raw, CSV_WAYS[way])
    assert same(True) == []


def test_csv_whose_quotes_do_not_close_is_refused_and_no_exception_is_named(raw, frame):
    as_csv(raw, lambda rows: quoted(rows) + '"没有结束')
    problems = [one for one in check(raw, frame).problems if "cannot be opened" in one.message]
    assert len(problems) == 7 and all("unbalanced quotes" in one.message for one in problems)


STRANGERS = [
    "html",
    "htm",
    "xml",
    "dbf",
    "fods",
    "ods",
    "et",
    "json",
    "sav",
    "rds",
    "mdb",
    "xlsb",
    "xltx",
    "mht",
    "slk",
]


def test_tables_in_other_formats_are_named_like_other_strangers(raw, frame):
    for suffix in STRANGERS:
        (raw / f"表.{suffix}").write_bytes(b"x")
    (raw / SANMEN).rename(raw / "三门县.fods")
    told = {one.workbook: one.message for one in check(raw, frame).problems}
    assert told.pop("三门县.fods") == "不能读取 .fods (save as .xlsx)"
    assert told.keys() == {f"表.{suffix}" for suffix in STRANGERS}
    assert all("not a file of this wave" in message for message in told.values())


def filled(sheet):
    """The rows of a sheet as in an exported CSV: merged headers only in their first cell."""
    for row in sheet.iter_rows():
        yield [f"{c.value:%Y-%m-%d}" if isinstance(c.value, dt.datetime) else c.value for c in row]


def test_files_under_another_name_of_their_county_mean_the_same(raw, same):
    (raw / SANMEN).rename(raw / "三门.xlsx")
    (raw / XIANJU).rename(raw / "331024.xlsx")
    (raw / TIANTAI).rename(raw / "天台县民政局.xlsx")
    (raw / "331083_玉环市.xlsx").rename(raw / "331021-玉环县.xlsx")
    (raw / "~$三门.xlsx").write_bytes(b"")
    (raw / "说明.txt").write_text("…", encoding="utf-8")
    assert same(True) == []
