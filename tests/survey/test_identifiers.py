import re
import traceback

import pandas as pd
import pytest
from this_study import COUNTIES, IDENTIFIERS, TABLES

from analysis.survey.clean import clean
from analysis.survey.identifiers import check_digit, identifier_problems, valid_id
from analysis.survey.load import load
from analysis.survey.problems import InputError, Problem

ROSTER = "专职社区工作者花名册"
SANMEN, XIANJU = "331022_三门县.xlsx", "331024_仙居县.xlsx"


def check_character(first17):
    """ISO 7064 MOD 11-2 by its recursion, without a table of weights."""
    rest = 0
    for digit in first17:
        rest = (rest + int(digit)) * 2 % 11
    return "0123456789X"[(12 - rest) % 11]


def roster(*people):
    return pd.DataFrame(
        [
            {
                "name": name,
                "id_number": number,
                "phone": phone,
                "workbook": book,
                "sheet": ROSTER,
                "row": row,
            }
            for name, number, phone, book, row in people
        ],
        columns=["name", "id_number", "phone", "workbook", "sheet", "row"],
    )


def person(serial):
    first17 = f"33102218990101{serial:03d}"
    return first17 + check_character(first17)


@pytest.fixture(scope="module")
def identifiers(books, form):
    """Every name, ID number and phone that stands in a roster, by openpyxl."""
    found = set()
    for book in books.values():
        if ROSTER in book.sheetnames:
            columns, rows = form(book[ROSTER])
            for title in IDENTIFIERS.values():
                cells = (book[ROSTER].cell(row, columns[f"基本信息/{title}"]).value for row in rows)
                found |= {str(cell) for cell in cells}
    assert len(found) == 3 * 1533
    return found


def words(tables):
    """Every cell of the tables as text, and every long number within one."""
    cells = {
        str(cell)
        for table in tables.values()
        for column in table
        for cell in table[column].unique().tolist()
    }
    return cells | set(re.findall(r"\d{8,17}[\dX]", "\n".join(cells)))


# The two examples in GB 11643-1999.
@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_standards_own_examples_are_valid(number):
    assert valid_id(number)


def test_the_check_digit_is_that_of_the_recursion():
    for serial in range(1000):
        first17 = f"33100218990{serial % 9 + 1:03d}{serial:03d}"
        assert check_digit(first17) == check_character(first17)


@pytest.mark.parametrize("place", range(18))
def test_one_wrong_digit_makes_an_id_invalid(place):
    number = "440524188001010014"
    for digit in set("0123456789") - {number[place]}:
        assert not valid_id(number[:place] + digit + number[place + 1 :])


@pytest.mark.parametrize(
    "number", ["", "1", "44052418800101001", "4405241880010100140", "44052418800101001x"]
)
def test_an_id_of_the_wrong_form_is_invalid(number):
    assert not valid_id(number)


def test_sound_identifiers_pass_whatever_their_width_and_spacing():
    wide = person(2).translate(str.maketrans("0123456789X", "０１２３４５６７８９ｘ"))
    people = roster(
        ("甲", person(1), 10000000001.0, SANMEN, 6), ("乙", f" {wide}", "100 0000 0002", SANMEN, 7)
    )
    assert identifier_problems(people) == []


def test_an_empty_roster_has_no_problems():
    assert identifier_problems(roster()) == []


def test_blank_identifiers_are_each_named_at_their_column():
    found = identifier_problems(roster((None, None, None, SANMEN, 6)))
    assert [(p.column, p.row) for p in sorted(found)] == [
        ("姓名", 6),
        ("联系电话", 6),
        ("身份证号", 6),
    ]


def test_an_id_typed_as_a_number_has_lost_digits_even_if_its_check_digit_fits():
    first = 331022189901010000 // 64 * 64  # a float holds every 64th number of this size
    number = next(
        n for n in range(first, first + 64000, 64) if check_character(str(n)[:17]) == str(n)[17]
    )
    assert valid_id(str(number)) and int(float(number)) == number
    found = identifier_problems(roster(("甲", float(number), "10000000001", SANMEN, 6)))
    assert [(p.column, p.row) for p in found] == [("身份证号", 6)]


def test_a_person_twice_within_a_county_and_across_counties_is_found_at_the_later_row():
    people = roster(
        ("甲", person(1), "10000000001", SANMEN, 6),
        ("乙", person(2), "10000000002", SANMEN, 7),
        ("甲", person(1).lower(), "10000000003", SANMEN, 9),
        ("丙", person(2), "10000000004", XIANJU, 8),
    )
    message = "同一人已在 {} 第{}行 (this person is entered twice{})"
    assert sorted(identifier_problems(people)) == [
        Problem(SANMEN, ROSTER, "身份证号", 9, message.format(SANMEN, 6, "")),
        Problem(
            XIANJU, ROSTER, "身份证号", 8, message.format(SANMEN, 7, ": in another county too")
        ),
    ]


def test_an_invalid_number_that_stands_twice_is_only_invalid():
    people = roster(("甲", "无", "10000000001", SANMEN, 6), ("乙", "无", "10000000002", SANMEN, 7))
    assert {p.message for p in identifier_problems(people)} == {
        "不是有效的身份证号 (not a valid ID number)"
    }


def test_no_clean_table_holds_an_identifier(wave, identifiers):
    tables, accounts = wave
    assert words({**tables, "accounts": accounts}).isdisjoint(identifiers)
    for table in tables.values():
        assert not set(IDENTIFIERS) & set(table.columns)
        assert not table.attrs


def test_what_load_returns_holds_no_identifier(wave_folder, identifiers):
    tables, accounts, problems, _ = load(wave_folder)
    assert problems == [] and set(tables) == set(TABLES)
    assert words({**tables, "accounts": accounts}).isdisjoint(identifiers)
    assert not set(IDENTIFIERS) & set(tables["workers"].columns)
    assert not any(table.attrs for table in tables.values())


def test_planted_identifiers_are_located_and_never_shown(
    edit, raw, frame, books, form, identifiers
):
    here, there = books[SANMEN][ROSTER], books[XIANJU][ROSTER]
    columns, rows = form(here)
    others = form(there)[1]
    number = {row: here.cell(row, columns["基本信息/身份证号"]).value for row in rows}
    wrong, short = person(1)[:17] + "?", "1380013800"
    edit(SANMEN, ROSTER, {
        ("身份证号", rows[0]): wrong,
        ("联系电话", rows[1]): short,
        ("身份证号", rows[3]): number[rows[2]],
        ("性别", rows[4]): number[rows[4]],  # columns that have slipped
        ("年收入", rows[5]): "13900139000",
        ("年收入", rows[6]): 13900139000,
        ("社区代码", rows[7]): number[rows[7]],
        ("姓名", rows[8]): None,
    })  # fmt: skip
    edit(XIANJU, ROSTER, {("身份证号", others[0]): number[rows[9]]})
    later = {SANMEN: rows[9], XIANJU: others[0]}
    second = max(later, key=lambda workbook: list(COUNTIES).index(workbook[:6]))
    with pytest.raises(InputError) as raised:
        clean(raw, frame)
    found = [(p.workbook, p.sheet, p.column, p.row) for p in raised.value.problems]
    assert found == sorted([
        (SANMEN, ROSTER, "身份证号", rows[0]),
        (SANMEN, ROSTER, "联系电话", rows[1]),
        (SANMEN, ROSTER, "身份证号", rows[3]),
        (SANMEN, ROSTER, "性别", rows[4]),
        (SANMEN, ROSTER, "年收入", rows[5]),
        (SANMEN, ROSTER, "年收入", rows[6]),
        (SANMEN, ROSTER, "社区代码", rows[7]),
        (SANMEN, ROSTER, "姓名", rows[8]),
        (second, ROSTER, "身份证号", later[second]),
    ])  # fmt: skip
    error = raised.value
    said = (
        "".join(traceback.format_exception(error))
        + repr(error)
        + repr(error.args)
        + repr(error.problems)
    )
    said += repr(error.__context__) + repr(error.__cause__)
    for secret in identifiers | {wrong, wrong[:17], short, "13900139000"}:
        assert secret not in said
