"""Cells that look different from their values become questions; plain cells do not."""

import re
import zipfile

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.formatting.rule import FormulaRule, IconSetRule
from openpyxl.styles import Color, Font, PatternFill

from analysis.survey.clean import check
from analysis.survey.reading.styles import Style, format_looks
from planting import Planting, find_column, rewritten

SANMEN, XIANJU = "331022_三门县.xlsx", "331024_仙居县.xlsx"
COMMUNITIES, ROSTER, FUNDS, BURDEN = "社区基本情况", "专职社区工作者花名册", "经费投入", "减负清理"


@pytest.fixture
def planting(raw):
    return Planting(raw)


@pytest.fixture
def asked(raw, frame):
    """Check that the copy has no problem; returns (sheet, column, row, message) of questions."""

    def questions(planting):
        planting.save()
        done = check(raw, frame)
        assert [str(one) for one in done.problems] == []
        return [(one.sheet, one.column, one.row, one.message) for one in done.questions]

    return questions


def cell_of(planting, sheet, column, nth=0, workbook=SANMEN):
    row = planting.rows(workbook, sheet)[nth]
    place = find_column(planting.form(workbook, sheet)[0], column)
    return planting.sheet(workbook, sheet).cell(row, place)


def rich(text, mark, **font):
    return CellRichText(str(text), TextBlock(InlineFont(**font), mark))


@pytest.mark.parametrize(
    ("font", "said"),
    [
        ({"vertAlign": "superscript"}, "superscript or subscript"),
        ({"vertAlign": "subscript"}, "superscript or subscript"),
        ({"strike": True}, "struck-through text"),
        ({"color": "FFFFFFFF"}, "cannot be seen"),
        ({"sz": 1}, "cannot be seen"),
    ],
    ids=str,
)
def test_a_run_of_rich_text_that_looks_otherwise_is_asked_about(planting, asked, font, said):
    cell = cell_of(planting, BURDEN, "上墙制度")
    written, shown = str(cell.value), cell.row
    cell.value = rich(written[:-1], written[-1], **font)
    ((sheet, column, row, message),) = asked(planting)
    assert (sheet, column, row) == (BURDEN, "上墙制度", shown) and said in message


@pytest.mark.parametrize(
    ("font", "fill", "said"),
    [
        ({"strike": True}, None, "struck-through text"),
        ({"vertAlign": "superscript"}, None, "superscript or subscript"),
        ({"color": "FFFFFFFF"}, None, "cannot be seen"),
        ({"color": "FFFEFEFE"}, "FFFFFFFF", "cannot be seen"),
        ({"color": Color(theme=0)}, None, "cannot be seen"),
        ({"color": Color(indexed=9)}, None, "cannot be seen"),
        ({}, "FF000000", "cannot be seen"),
        ({"color": "FFD9E1F2"}, "FFD9E1F2", "cannot be seen"),
        ({"size": 1}, None, "cannot be seen"),
        ({"color": "FFFFFFFF"}, "FF1F4E78", ""),
        ({"color": "FFFF0000", "bold": True}, "FFFFFF00", ""),
        ({"underline": "single", "italic": True}, None, ""),
    ],
    ids=str,
)
def test_a_cell_whose_font_hides_or_strikes_it_is_asked_about(planting, asked, font, fill, said):
    cell = cell_of(planting, COMMUNITIES, "常住人口")
    cell.font = Font(**font)
    cell.fill = PatternFill("solid", fgColor=fill) if fill else PatternFill()
    questions = asked(planting)
    assert [(column, row) for _, column, row, _ in questions] == [("常住人口", cell.row)] * bool(
        said
    )
    assert all(said in message for *_, message in questions)


FORMATS = [
    (";;;", ("unseen", "")),
    ('"已核"', ("unseen", "")),
    ("[White]0", ("unseen", "")),
    ('[=1]"是";[=0]"否"', ("unseen", "")),
    ("0%", ("percent", "")),
    ("0.00%", ("percent", "")),
    ("0.0,", ("scaled", "")),
    ("#,##0,,", ("scaled", "")),
    ("0\\.0,", ("scaled", "")),
    ("0,.0", ("scaled", "")),
    ('0"元"', ("added", "元")),
    ('"¥"#,##0.00', ("added", "¥")),
    ("[$¥-804]#,##0.00", ("added", "¥")),
    ('0"1"', ("added", "1")),
    ("0\\1", ("added", "1")),
    ("0!.0", ("added", ".")),
    ("0\\.00", ("added", ".")),
    ('0"."0', ("added", ".")),
    ('0","0', ("added", ",")),
    ('0"/"0', ("added", "/")),
    ("# ?/?", ("added", "/")),
    ('"-"0', ("added", "-")),
    ("\\-0", ("added", "-")),
    ("(0)", ("added", "(")),
    ("10", ("added", "1")),
    ("[<1000]0;0,", ("scaled", "")),
    ('[>=10000]0!.0,"万";0', ("scaled", "")),
    ("[Red][<0]0;0", None),
    ("0.00;-0.00", None),
    ('0;"-"0', None),
    ("General;-General", None),
    ("# ##0", None),
    ("#,##0;[Red](#,##0)", None),
    ("#,##0.00_ ", None),
    ("0.00;-0.00;;@", None),
    ('_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-', None),
    ("0.00_);[Red]\\(0.00\\)", None),
    ("General", None),
    ("0.00E+00", None),
    ("@", None),
]


@pytest.mark.parametrize(("code", "look"), FORMATS, ids=str)
def test_a_number_format_that_shows_another_number_is_known(code, look):
    text, sections = format_looks(code)
    assert Style(None, text, sections).look("45.6", is_text=False) == look


def test_number_formats_are_asked_about_but_not_the_unit_of_the_column(planting, asked):
    said = {
        "市级": ("0%", "percentage"),
        "县（市、区）级": ("0.0,", "thousands"),
        "街道（乡镇）": ('0"元"', "adds “元”"),
    }
    cells = {
        column: cell_of(planting, FUNDS, column, workbook=XIANJU) for column in [*said, "合计"]
    }
    for column, (code, _) in said.items():
        cells[column].number_format = code
    cells["合计"].number_format = '0.00"万元"'
    cell_of(planting, FUNDS, "市级", 1, XIANJU).number_format = ";;;"
    cell_of(planting, FUNDS, "市级", 2, XIANJU).number_format = "0%"
    questions = asked(planting)
    assert sorted(column for _, column, *_ in questions) == sorted([*said, "市级"])
    for column, (_, words) in said.items():
        assert any(column == asked and words in message for _, asked, _, message in questions)
    assert any("cannot be seen" in message for *_, message in questions)


def test_a_date_is_a_date_in_any_format_of_dates():
    for code in (
        "yyyy-mm-dd",
        'yyyy"年"m"月"d"日"',
        "[$-804]yyyy/m/d;@",
        "m/d/yy h:mm",
        "[h]:mm:ss",
    ):
        assert format_looks(code)[1][0] is None


def test_a_format_of_dates_that_prints_its_own_digits_is_a_look():
    for code in ('yyyy"-01-01"', '"2019年"m"月"', '"二〇一九年"m"月"', r"yyyy\-\1\-\1", "yyyy-1-1"):
        assert format_looks(code)[1][0] is not None


def test_struck_rows_hidden_columns_and_covered_cells_are_one_question_each(planting, asked):
    sheet, rows = planting.sheet(SANMEN, ROSTER), planting.rows(SANMEN, ROSTER)
    for row in (*rows[3:5], rows[8]):
        for cell in sheet[row]:
            if not isinstance(cell, openpyxl.cell.cell.MergedCell):
                cell.font = Font(strike=True)
    burden = planting.sheet(SANMEN, BURDEN)
    burden.column_dimensions["D"].hidden = True
    burden.column_dimensions["E"].width = 0.1
    income = cell_of(planting, ROSTER, "年收入", nth=10)
    income.font = Font(strike=True)
    questions = asked(planting)
    assert sorted((sheet, column, row) for sheet, column, row, _ in questions) == sorted(
        [
            (ROSTER, "", rows[3]),
            (ROSTER, "", rows[8]),
            (ROSTER, "年收入", income.row),
            (BURDEN, "实物牌子", 0),
            (BURDEN, "室外服务标识牌", 0),
        ]
    )
    assert any(f"第{rows[3]}–{rows[4]}行：加了删除线的行" in message for *_, message in questions)


def test_a_value_under_a_merged_cell_is_asked_about(planting, asked, raw):
    row = planting.rows(SANMEN, COMMUNITIES)[0]
    columns = planting.form(SANMEN, COMMUNITIES)[0]
    left, right = (find_column(columns, title) for title in ("户数", "常住人口"))
    letters = [openpyxl.utils.get_column_letter(place) for place in (left, right)]

    def merge(name, data):
        area = f'<mergeCell ref="{letters[0]}{row}:{letters[1]}{row}"/>'.encode()
        data = re.sub(rb'<mergeCells count="\d+">', b"<mergeCells>" + area, data)
        return data

    planting.save()
    rewritten(
        raw / SANMEN, lambda name, data: merge(name, data) if name.endswith("sheet1.xml") else data
    )
    ((sheet, column, place, message),) = asked(planting)
    assert (sheet, column, place) == (
        COMMUNITIES,
        "常住人口",
        row,
    ) and "covered by a merged cell" in message


@pytest.mark.parametrize(
    ("font", "asked_about"),
    [({"strike": True}, True), ({"color": "FFFFFFFF"}, True), ({"b": True}, False)],
    ids=str,
)
def test_conditional_formatting_that_strikes_out_or_hides_is_one_question(
    planting, asked, font, asked_about
):
    rule = FormulaRule(formula=["$A7>1"], font=Font(**font))
    planting.sheet(SANMEN, COMMUNITIES).conditional_formatting.add("A6:Z40", rule)
    assert [(sheet, column, row) for sheet, column, row, _ in asked(planting)] == [
        (COMMUNITIES, "", 0)
    ] * asked_about


def test_inline_rich_text_is_seen_as_that_of_shared_strings_is(planting, asked, raw):
    cell = cell_of(planting, BURDEN, "上墙制度")
    value, address = str(cell.value), cell.coordinate
    run = (
        f'<c r="{address}" t="inlineStr"><is><r><t>{value[:-1]}</t></r><r>'
        f'<rPr><vertAlign val="superscript"/></rPr><t>{value[-1]}</t></r></is></c>'
    )

    def inline(name, data):
        if not name.endswith("sheet4.xml"):
            return data
        return re.sub(rf'<c r="{address}"[^>]*>.*?</c>'.encode(), run.encode(), data, count=1)

    planting.save()
    rewritten(raw / SANMEN, inline)
    ((_, column, row, message),) = asked(planting)
    assert (column, row) == ("上墙制度", cell.row) and "superscript" in message


def test_a_narrow_column_a_low_row_and_icons_without_their_number_are_asked_about(planting, asked):
    burden, row = planting.sheet(SANMEN, BURDEN), planting.rows(SANMEN, ROSTER)[3]
    burden.column_dimensions["D"].width = 1.5
    planting.sheet(SANMEN, ROSTER).row_dimensions[row].height = 1.5
    icons = IconSetRule("3Arrows", "percent", [0, 33, 67], showValue=False)
    planting.sheet(SANMEN, FUNDS).conditional_formatting.add("C6:F9", icons)
    questions = asked(planting)
    assert sorted((sheet, column, row) for sheet, column, row, _ in questions) == sorted(
        [(ROSTER, "", row), (FUNDS, "", 0), (BURDEN, "实物牌子", 0)]
    )


@pytest.mark.parametrize(("calculation", "there"), [("1", True), ("0", False)])
def test_a_formula_saved_as_0_that_nobody_may_have_calculated_is_asked_about(
    planting, asked, raw, calculation, there
):
    cell = cell_of(planting, BURDEN, "上墙制度")
    number, sums = cell.value, [cell.row]
    cell.value = f"={number}*0"
    sheet = planting.sheet(SANMEN, BURDEN)
    planting.books[SANMEN].calculation.fullCalcOnLoad = calculation == "1"
    for row in range(cell.row + 1, sheet.max_row + 1):
        total = sheet.cell(row, cell.column)
        if {"小计", "合计"} & {sheet.cell(row, 1).value, sheet.cell(row, 2).value} and (
            len(sums) == 1 or sheet.cell(row, 1).value == "合计"
        ):
            total.value -= number
            sums.append(row)
    address = cell.coordinate
    planting.save()
    value = f'<c r="{address}"><f>{number}*0</f><v>0</v></c>'.encode()

    def stored(name, data):
        if not name.endswith("sheet4.xml"):
            return data
        return re.sub(rf'<c r="{address}"[^>]*>.*?</c>'.encode(), value, data, count=1)

    rewritten(raw / SANMEN, stored)
    questions = asked(planting)
    assert [(column, row) for _, column, row, _ in questions] == [("上墙制度", sums[0])] * there


def test_an_untouched_workbook_is_asked_nothing(wave_folder, frame):
    assert check(wave_folder, frame).questions == []
    with zipfile.ZipFile(wave_folder / SANMEN) as archive:
        assert b"strike" not in archive.read("xl/styles.xml")
