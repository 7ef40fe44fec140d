import csv

import pandas as pd
import pytest

from analysis.survey.citation import parse
from analysis.survey.clean import check, clean
from analysis.survey.corrections import COLUMNS, corrections_of, read_corrections
from analysis.survey.problems import InputError

SANMEN, XIANJU = "331022_三门县.xlsx", "331024_仙居县.xlsx"
COMMUNITIES, ROSTER = "社区基本情况", "专职社区工作者花名册"
WHY = ("电话核实", "复核员", "2020-05-12")


@pytest.fixture
def write(raw):
    def write(*lines, header=COLUMNS, encoding="utf-8"):
        with (raw / "corrections.csv").open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows([header, *[(*line, *WHY)[:9] for line in lines]])

    return write


def households(wave, nth=0):
    """The place and value of 户数 in a clean row of 三门."""
    row = wave[0]["communities"].query("workbook == @SANMEN").iloc[nth]
    return int(row["row"]), int(row["households"])


def test_a_correction_changes_its_cell_and_is_listed_and_counted(raw, frame, wave, write):
    row, value = households(wave)
    write((SANMEN, COMMUNITIES, row, "户数", value, value + 7), encoding="utf-8-sig")
    tables, accounts = clean(raw, frame)
    changed = tables["communities"]["households"] != wave[0]["communities"]["households"]
    assert changed.sum() == 1
    assert tables["communities"].loc[changed, "households"].tolist() == [value + 7]
    for name in wave[0].keys() - {"communities"}:
        pd.testing.assert_frame_equal(tables[name], wave[0][name])
    (line,) = tables["corrections"].to_dict("records")
    assert line == {
        "file": SANMEN,
        "sheet": COMMUNITIES,
        "row": row,
        "column": "户数",
        "expected": str(value),
        "new": str(value + 7),
        "reason": WHY[0],
        "who": WHY[1],
        "date": WHY[2],
        "table": "communities",
        "field": "households",
    }
    here = accounts.query("workbook == @SANMEN and sheet == @COMMUNITIES").iloc[0]
    before = wave[1].query("workbook == @SANMEN and sheet == @COMMUNITIES").iloc[0]
    assert (
        here["corrected"] == 1
        and here["kept"] == before["kept"] - 1
        and here["rows"] == before["rows"]
    )


def test_a_correction_mends_a_faulty_cell_and_the_total_may_be_of_either(
    raw, frame, wave, write, edit
):
    row, value = households(wave)
    edit(SANMEN, COMMUNITIES, {("户数", row): "约47"})
    assert len(check(raw, frame).problems) == 1
    write((SANMEN, COMMUNITIES, row, "居民情况/户数", "约47", value))
    assert check(raw, frame).problems == []


def test_a_correction_that_does_not_find_what_it_expects_stops_the_run(raw, frame, wave, write):
    row, value = households(wave)
    write((SANMEN, COMMUNITIES, row, "户数", value + 1, value + 7))
    with pytest.raises(InputError) as error:
        clean(raw, frame)
    (problem,) = error.value.problems
    assert (problem.workbook, problem.column, problem.row) == ("corrections.csv", "expected", 2)
    assert (
        "the expected value is not there" in problem.message and f"现为“{value}”" in problem.message
    )


def test_lines_that_cannot_be_meant_are_each_named(raw, frame, wave, write):
    row, value = households(wave)
    good = (SANMEN, COMMUNITIES, row, "户数", value, value + 7)
    write(
        good,
        good,
        (SANMEN, COMMUNITIES, "x", "户数", 1, 2),
        (SANMEN, COMMUNITIES, 9999, "户数", 1, 2),
        ("没有.xlsx", COMMUNITIES, row, "户数", 1, 2),
        (SANMEN, COMMUNITIES, row, "没有", 1, 2),
        (SANMEN, COMMUNITIES, row, "常住人口", 5, "５"),
        (SANMEN, ROSTER, 6, "身份证号", "x", "y"),
        (SANMEN, ROSTER, 6, "学历", "331022189901010017", "本科"),
        (SANMEN, COMMUNITIES, row, "建筑面积", 1, 2, "", "复核员", "2020-05-12"),
    )
    found = check(raw, frame).problems
    assert all(one.remedy for one in found)
    said = {
        3: "corrected twice",
        4: "a whole number",
        5: "no such row",
        6: "no such file",
        7: "no such column",
        8: "changes nothing",
        9: "identifiers are not corrected",
        10: "identifiers are not corrected",
        11: "blank",
    }
    assert {one.workbook for one in found} == {"corrections.csv"}
    assert sorted(one.row for one in found) == sorted(said)
    for one in found:
        assert said[one.row] in one.message
        assert "填 0" not in one.remedy and "填表说明" not in one.remedy
        assert "331022189901010017" not in str(one)


@pytest.fixture
def income(books, form):
    """The place and value of 年收入 in the first row of the roster of 三门."""
    columns, rows = form(books[SANMEN][ROSTER])
    return rows[0], books[SANMEN][ROSTER].cell(rows[0], columns["任职情况/年收入"]).value


@pytest.mark.parametrize(
    "said",
    [
        "年收入（万元）",
        "年收入(万元)",
        "任职情况/年收入（万元）",
        "任职情况／年收入",
        " 年收入 ",
        "年收入",
        "income",
    ],
)
def test_a_column_is_named_as_the_form_prints_it(raw, frame, write, income, said):
    row, value = income
    write((SANMEN, ROSTER, row, said, value, value + 1))
    done = check(raw, frame)
    assert done.problems == [] and done.corrections["field"].tolist() == ["income"]


@pytest.mark.parametrize("blank", [False, True])
def test_an_amount_is_corrected_in_the_unit_of_its_header(raw, frame, write, opened, form, blank):
    with opened(XIANJU) as book:
        sheet = book["项目与公益创投"]
        columns, rows = form(sheet)
        place = columns["金额"]
        (head,) = (
            cell
            for line in sheet.iter_rows(max_row=rows[0] - 1)
            for cell in line
            if cell.value == "金额（万元）"
        )
        head.value = "金额（元）"
        for cell in (cell for line in sheet.iter_rows(max_row=head.row - 1) for cell in line):
            if isinstance(cell.value, str) and "单位：" in cell.value:
                cell.value = "单位：元"
        sheet.cell(rows[0], place).value = None if blank else 3000
    write(
        (
            XIANJU,
            "项目与公益创投",
            rows[0],
            "金额（元）" if blank else "金额",
            "" if blank else 3000,
            4000,
        )
    )
    done = check(raw, frame)
    assert [one for one in done.problems if one.workbook == "corrections.csv"] == []
    table = done.tables["projects"]
    assert table[(table["workbook"] == XIANJU) & (table["row"] == rows[0])]["amount"].tolist() == [
        0.4
    ]


@pytest.mark.parametrize(
    "said", ["姓名", " 身份证号", "基本信息/联系电话", "基本信息／姓名", "id_number"]
)
def test_no_identifier_is_corrected_however_its_column_is_named(raw, frame, write, income, said):
    write((SANMEN, ROSTER, income[0], said, "x", "y"))
    (problem,) = check(raw, frame).problems
    assert "identifiers are not corrected here" in problem.message


def test_a_place_that_is_not_there_says_which_part_is_wrong_and_what_there_is(
    raw, frame, write, income
):
    row, value = income
    lines = {
        ("三门县.xlsx", ROSTER, row, "年收入"): ("file", "no such file"),
        (SANMEN, "花名册", row, "年收入"): ("sheet", f"读到的有 {COMMUNITIES}、{ROSTER}、"),
        (SANMEN, ROSTER, row, "收入"): ("column", "街道（乡镇）、社区名称、社区代码、性别、"),
        (SANMEN, ROSTER, row, "年收入（人）"): ("column", "no such column"),
        (SANMEN, ROSTER, row, "备注"): ("column", "no such column"),
        (SANMEN, ROSTER, row, "行号"): ("column", "no such column"),
        (SANMEN, ROSTER, 2, "年收入"): ("row", "no such row"),
    }
    write(*((*line, value, value + 1) for line in lines))
    found = check(raw, frame).problems
    said = {one.row: one for one in found}
    assert len(found) == len(lines)
    for number, (part, fragment) in enumerate(lines.values(), start=2):
        assert (
            said[number].column == part and fragment in said[number].message and said[number].remedy
        )


def test_the_columns_are_fixed_and_no_file_is_no_correction(raw, frame, write):
    (raw / "corrections.csv").unlink(missing_ok=True)
    assert len(check(raw, frame).corrections) == 0
    write(header=("file", "sheet"))
    (problem,) = check(raw, frame).problems
    assert problem.workbook == "corrections.csv" and "cannot be read" in problem.message


def test_a_receipt_finds_the_corrections_within_its_rows():
    lines = [
        (SANMEN, COMMUNITIES, 7),
        (SANMEN, COMMUNITIES, 20),
        (SANMEN, ROSTER, 7),
        (XIANJU, COMMUNITIES, 7),
    ]
    table = pd.DataFrame(lines, columns=["file", "sheet", "row"])
    found = corrections_of(parse(f"{SANMEN}!{COMMUNITIES} 6-12,19; {XIANJU}!{ROSTER} 1-99"), table)
    assert found.index.tolist() == [0]
    assert corrections_of(parse(f"{SANMEN}!{COMMUNITIES} 6-8,10-20"), table).index.tolist() == [
        0,
        1,
    ]
    assert len(corrections_of(parse("policy_register.csv 2-9"), table)) == 0


TYPED = [
    "\u202e",
    "\u200b",
    "\u2066",
    "\u061c",
    "\ufeff",
    "\U000e0041",
    "\x07",
    "\x9b",
    "\n",
    "\r",
    "\u2028",
    "𠮷",
    "\U0001f600",
]


@pytest.mark.parametrize("sign", TYPED, ids=[f"{ord(sign):X}" for sign in TYPED])
@pytest.mark.parametrize("column", ["expected", "new", "reason", "who"])
def test_a_text_that_cannot_be_published_is_named_with_line_and_column(raw, write, column, sign):
    line = dict(zip(COLUMNS, (SANMEN, COMMUNITIES, 8, "户数", "1", "2", *WHY), strict=True))
    write(line.values(), [*(line | {column: f"前{sign}后", "row": 9}).values()])
    _, faults = read_corrections(raw)
    (fault,) = [one for one in faults if f"U+{ord(sign):04X}" in one.message]
    assert (fault.column, fault.row) == (column, 3)
    assert sign not in str(fault) or sign.isprintable()


def test_the_line_is_that_of_the_file_after_blank_lines_and_line_breaks(raw, write):
    place = (SANMEN, COMMUNITIES, 8, "户数", "1")
    write((*place, "2", "一\n二", *WHY[1:]), (*place[:2], 9, *place[3:], "2", "\u202e", *WHY[1:]))
    path = raw / "corrections.csv"
    path.write_text(
        path.read_text("utf-8").replace("\r\n", "\n").replace("date\n", "date\n\n", 1), "utf-8"
    )
    assert [(one.row, one.column) for one in read_corrections(raw)[1]] == [
        (3, "reason"),
        (5, "reason"),
    ]


@pytest.mark.parametrize("count", [8, 10])
def test_a_line_with_too_few_or_too_many_fields_is_named(raw, write, count):
    write((SANMEN, COMMUNITIES, 8, "户数", "1", "2"))
    path = raw / "corrections.csv"
    path.write_text(path.read_text("utf-8") + ",".join("x" * count) + "\n", "utf-8")
    assert [(one.row, "9 fields" in one.message) for one in read_corrections(raw)[1]] == [(3, True)]


@pytest.mark.parametrize("column", ["reason", "who"])
def test_a_number_of_a_person_stands_nowhere_in_a_correction(raw, write, column):
    line = dict(zip(COLUMNS, (SANMEN, COMMUNITIES, 8, "户数", "1", "2", *WHY), strict=True))
    write((line | {column: "按13800000000核实"}).values())
    assert any("identifiers" in one.message for one in read_corrections(raw)[1])


def test_corrections_in_another_encoding_are_told_so_in_both_languages(raw, frame):
    (raw / "corrections.csv").write_bytes("file,sheet,原因".encode("gb18030"))
    (problem,) = check(raw, frame).problems
    assert problem.message == "编码不是 UTF-8 (cannot be read: the text encoding is not UTF-8)"
    assert "CSV UTF-8" in problem.remedy
