import re
import zipfile

import openpyxl
import pytest
from this_study import COUNTIES

from analysis.survey.clean import check
from analysis.survey.problems import findings_table
from analysis.survey.returns import LIST, write_returns
from planting import Planting, rewritten

SANMEN, XIANJU, TIANTAI = "331022_三门县.xlsx", "331024_仙居县.xlsx", "331023_天台县.xlsx"
COMMUNITIES, ROSTER, PROJECTS = "社区基本情况", "专职社区工作者花名册", "项目与公益创投"


def texts(path):
    """Everything that a workbook says, comments and hidden parts too, as one text."""
    with zipfile.ZipFile(path) as archive:
        return " ".join(
            archive.read(name).decode("utf-8", "replace") for name in archive.namelist()
        )


@pytest.fixture
def returned(raw, frame, tmp_path):
    def write():
        done = check(raw, frame)
        folder = tmp_path / "returns"
        write_returns(folder, raw, findings_table(done.findings), done.accounts)
        return folder

    return write


def test_a_county_without_findings_hears_so_and_every_county_has_its_rows(returned):
    folder = returned()
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"{c}_{n}.xlsx" for c, n in COUNTIES.items()
    )
    for path in folder.iterdir():
        book = openpyxl.load_workbook(path)
        assert book.sheetnames == [LIST, "收到行数"]
        assert "没有问题" in book[LIST]["A2"].value
        assert {row[0].value for row in book["收到行数"].iter_rows(min_row=2)} == {path.name}


def test_faulty_cells_are_marked_and_commented_where_they_stand(raw, returned):
    p = Planting(raw)
    row = p.cell(SANMEN, COMMUNITIES, "户数", "约47", "")
    column = p.form(SANMEN, COMMUNITIES)[0]["居民情况/户数"]
    hired = p.cell(SANMEN, ROSTER, "入职日期", "88年", "")
    p.save()
    book = openpyxl.load_workbook(returned() / SANMEN)
    marked = book[COMMUNITIES].cell(row, column)
    assert (
        marked.value == "约47"
        and "not a number" in marked.comment.text
        and "digits only" in marked.comment.text
    )
    assert marked.fill.fgColor.rgb == "FFF8CBAD"
    others = [
        c for line in book[COMMUNITIES].iter_rows() for c in line if c.comment and c is not marked
    ]
    assert others == []
    listed = [[cell.value for cell in line] for line in book[LIST].iter_rows(min_row=4)]
    assert [(line[3], line[4], line[5]) for line in listed] == [
        (ROSTER, "入职日期", hired),
        (COMMUNITIES, "户数", row),
    ]
    assert all(line[7] and line[1].startswith("须改正") for line in listed)
    filled = {line[0].row for line in book[ROSTER].iter_rows() if any(cell.value for cell in line)}
    assert filled == {5, hired}  # of the roster only the header and the row in question


def test_no_return_holds_an_identifier_or_anything_of_another_county(raw, returned, books, form):
    p = Planting(raw)
    names = {}
    for workbook, book in books.items():
        if ROSTER in book.sheetnames:
            columns, rows = form(book[ROSTER])
            places = [columns[f"基本信息/{title}"] for title in ("姓名", "身份证号", "联系电话")]
            names[workbook] = {
                str(book[ROSTER].cell(row, place).value) for row in rows for place in places
            }
    everyone = set().union(*names.values())
    rows = p.rows(SANMEN, ROSTER)
    # columns that have slipped: identifiers where answers should be
    for shift, row in enumerate(rows[:6]):
        for column, source in (
            ("学历", "姓名"),
            ("年收入", "身份证号"),
            ("社区名称", "姓名"),
            ("户籍所在地", "联系电话"),
        ):
            if shift % 2:
                p.set(SANMEN, ROSTER, column, row, p.value(SANMEN, ROSTER, source, row))
    p.set(
        SANMEN,
        COMMUNITIES,
        "户数",
        p.rows(SANMEN, COMMUNITIES)[0],
        p.value(SANMEN, ROSTER, "身份证号", rows[0]),
    )
    p.set(SANMEN, COMMUNITIES, "常住人口", p.rows(SANMEN, COMMUNITIES)[1], 10000000001)
    p.set(
        SANMEN,
        ROSTER,
        "身份证号",
        rows[8],
        p.value(XIANJU, ROSTER, "身份证号", p.rows(XIANJU, ROSTER)[0]),
    )
    p.set(XIANJU, PROJECTS, "级别", p.rows(XIANJU, PROJECTS)[0], "国家级")
    p.save()
    folder = returned()
    for path in folder.iterdir():
        said = texts(path)
        words = set(re.findall(r"测试\d{4}|1\d{10}|\d{17}[\dX]", said))
        assert not words & everyone, path.name
        others = [name for code, name in COUNTIES.items() if name not in path.name]
        assert not [name for name in others if name in said], path.name
    book = openpyxl.load_workbook(folder / XIANJU)
    assert "another county" not in texts(folder / XIANJU)
    assert "another county" in texts(folder / SANMEN)
    assert book.sheetnames == [LIST, "收到行数", PROJECTS]


def test_a_file_that_cannot_be_opened_is_returned_as_a_list(raw, returned):
    (raw / TIANTAI).write_bytes(b"x")
    (raw / SANMEN).unlink()
    folder = returned()
    for name, message in ((TIANTAI, "cannot be opened"), (SANMEN, "file is missing")):
        book = openpyxl.load_workbook(folder / name)
        assert book.sheetnames == [LIST, "收到行数"]
        assert message in book[LIST]["G4"].value


def test_questions_are_returned_too_and_the_bytes_are_the_same_again(raw, returned, edit):
    row = Planting(raw).rows(SANMEN, ROSTER)[0]
    edit(SANMEN, ROSTER, {("入职日期", row): "2020-06-01"})
    folder = returned()
    book = openpyxl.load_workbook(folder / SANMEN)
    assert (
        book[LIST]["B4"].value == "请核实 (to confirm)"
        and "after the reference date" in book[LIST]["G4"].value
    )
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    again = returned()
    assert {path.name: path.read_bytes() for path in again.iterdir()} == first


def test_a_file_of_another_county_does_not_go_back_to_the_wrong_one(raw, returned):
    (raw / SANMEN).rename(raw / "x")
    (raw / XIANJU).rename(raw / SANMEN)
    (raw / "x").rename(raw / XIANJU)
    folder = returned()
    for name, other in ((SANMEN, "仙居"), (XIANJU, "三门")):
        assert openpyxl.load_workbook(folder / name).sheetnames == [LIST, "收到行数"]
        assert "belongs to another county" in texts(folder / name) and other not in texts(
            folder / name
        )


def test_a_row_of_another_county_shows_no_more_than_its_code(raw, returned, books, form):
    p = Planting(raw)
    row, other = p.rows(SANMEN, COMMUNITIES)[0], p.rows(XIANJU, COMMUNITIES)[0]
    for title in p.form(SANMEN, COMMUNITIES)[0]:
        p.set(SANMEN, COMMUNITIES, title, row, p.value(XIANJU, COMMUNITIES, title, other))
    p.save()
    page = openpyxl.load_workbook(returned() / SANMEN)[COMMUNITIES]
    columns = form(books[SANMEN][COMMUNITIES])[0]
    shown = {page.cell(row, place).value for title, place in columns.items() if title != "社区代码"}
    assert shown == {"（略）"}
    assert page.cell(row, columns["社区代码"]).value.startswith("331024")


@pytest.mark.parametrize("written", ["NaN", "INF", "-INF", "1E400"])
def test_a_cell_that_is_no_finite_number_goes_back_as_text(raw, returned, written):
    p = Planting(raw)
    row = p.rows(SANMEN, COMMUNITIES)[1]
    place = p.form(SANMEN, COMMUNITIES)[0]["居民情况/户数"]
    address = p.sheet(SANMEN, COMMUNITIES).cell(row, place).coordinate
    cell = re.compile(rf'(<c r="{address}"[^>]*>)<v>[^<]*</v>'.encode())

    def plant(name, data):
        return (
            cell.sub(rb"\1<v>" + written.encode() + b"</v>", data)
            if name.endswith("sheet1.xml")
            else data
        )

    rewritten(raw / SANMEN, plant)
    marked = openpyxl.load_workbook(returned() / SANMEN)[COMMUNITIES].cell(row, place)
    assert marked.data_type == "s" and re.fullmatch("-?(nan|inf)", marked.value)
    assert "not a number" in marked.comment.text


@pytest.mark.parametrize(
    "answer", ["{=1+1}", '{=HYPERLINK("http://a.cn","x")}', "=1+1", "http://a.cn", "@SUM(A1)"]
)
def test_what_a_county_wrote_goes_back_as_text_and_never_as_a_formula(raw, returned, answer):
    p = Planting(raw)
    row = p.cell(SANMEN, COMMUNITIES, "户数", answer, "")
    p.sheet(SANMEN, COMMUNITIES).cell(
        row, p.form(SANMEN, COMMUNITIES)[0]["居民情况/户数"]
    ).data_type = "s"
    p.save()
    book = openpyxl.load_workbook(returned() / SANMEN)
    cells = [
        cell
        for sheet in book
        for line in sheet.iter_rows()
        for cell in line
        if cell.value is not None
    ]
    assert answer in {cell.value for cell in cells}
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]


def test_a_column_of_ones_own_is_marked_at_its_place(raw, returned):
    p = Planting(raw)
    p.sheet(SANMEN, COMMUNITIES)["AI4"], p.sheet(SANMEN, COMMUNITIES)["AI9"] = "自加的列", "说明"
    p.save()
    page = openpyxl.load_workbook(returned() / SANMEN)[COMMUNITIES]
    marked = [cell.coordinate for line in page.iter_rows() for cell in line if cell.comment]
    assert marked == ["AI5"]
