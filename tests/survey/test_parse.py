import contextlib
import datetime as dt
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.survey import parse
from analysis.survey.codebook import TABLES

FULL_WIDTH = str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")
DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31))
NOT_NUMBERS = [
    "NA", "——", "-", "2-3", "约47", "46.8万", "350㎡", "√", "inf", "-inf", "nan", "1e3", "0x10", "1_000",
    "1,04,680", "12,34", "1.2.3", ".5", "5.", "2 3", "12\n34", "", " ", "三百", "#DIV/0!",
    True, False, None, math.nan, math.inf, -math.inf, dt.datetime(2020, 1, 1), dt.time(3), dt.timedelta(2),
]  # fmt: skip


@pytest.mark.parametrize("cell", NOT_NUMBERS, ids=repr)
def test_what_is_not_plainly_a_number_is_refused(cell):
    with pytest.raises(parse.Unreadable, match="不是数字"):
        parse.number(cell)
    with pytest.raises(parse.Unreadable):
        parse.whole(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("３６０", 360),
        ("1,046.80", 1046.8),
        ("１，０４６．８０", 1046.8),
        (" 7 ", 7),
        ("-3", -3),
        (4.5, 4.5),
        (0, 0),
    ],
)
def test_full_width_digits_and_thousands_commas_are_numbers(cell, value):
    assert parse.number(cell) == value


@given(st.integers(-(10**12), 10**12))
def test_a_whole_number_survives_every_way_of_writing_it(value):
    for written in (value, float(value), str(value), f"{value:,}", f" {value:,.2f}\u3000"):
        assert parse.whole(written) == value
        assert parse.whole(str(written).translate(FULL_WIDTH)) == value
        assert type(parse.whole(written)) is int


@given(st.decimals(-(10**9), 10**9, places=2))
def test_an_amount_survives_every_way_of_writing_it(value):
    for written in (f"{value}", f"{value:,}", f"{value:,}".translate(FULL_WIDTH), float(value)):
        assert parse.number(written) == float(value)


@given(st.text() | st.floats() | st.booleans())
def test_whatever_stands_in_a_cell_a_number_is_finite_or_refused(cell):
    with contextlib.suppress(parse.Unreadable):
        assert math.isfinite(parse.number(cell))


@pytest.mark.parametrize("cell", [2.5, "2.5", "1,000.01", 1e300, "9" * 30])
def test_a_whole_number_is_neither_a_fraction_nor_beyond_reach(cell):
    with pytest.raises(parse.Unreadable, match="应为整数"):
        parse.whole(cell)


@given(DAYS)
def test_a_day_survives_every_way_of_writing_it(day):
    y, m, d = day.year, day.month, day.day
    for written in (
        day,
        dt.datetime(y, m, d),
        day.isoformat(),
        f"{y}年{m}月{d}日",
        f"{y} 年 {m} 月 {d} 日",
        f"{y}.{m}.{d}",
        f"{y}/{m:02}/{d:02}",
        f"{y}年{m}月{d}日".translate(FULL_WIDTH),
    ):
        assert parse.date(written) == pd.Timestamp(y, m, d)


@given(DAYS)
def test_a_month_without_a_day_is_its_first(day):
    for written in (f"{day.year}年{day.month}月", f"{day:%Y-%m}", f"{day.year}.{day.month}"):
        assert parse.date(written) == pd.Timestamp(day.year, day.month, 1)


@pytest.mark.parametrize(
    "cell",
    [
        "88年", "1988", 1988, 2018.1, 43412.0, "2018-13-01", "2018-02-30", "2018-00-10", "2018年3月至5月",
        "2018-1 1", "2018-3-", "去年", "", None, True, dt.time(3), dt.datetime(9999, 12, 31), "9999-12-31",
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_not_a_date_is_refused(cell):
    with pytest.raises(parse.Unreadable, match="不是日期"):
        parse.date(cell)


@pytest.mark.parametrize(("cell", "value"), [("是", True), ("否", False), (" 是\u200b", True)])
def test_yes_and_no(cell, value):
    assert parse.yes_no(cell) is value


@pytest.mark.parametrize("cell", [True, False, 1, 0, "√", "对", "是否", "", None, "yes"], ids=repr)
def test_any_other_answer_to_a_yes_no_question_is_refused(cell):
    with pytest.raises(parse.Unreadable, match="应填"):
        parse.yes_no(cell)


def test_an_answer_is_read_whatever_its_width_and_returned_as_printed():
    read = parse.one_of({"本县（市、区）": "this county"})
    assert read("本县(市、区)") == read(" 本县（市、 区） ") == "本县（市、区）"


@pytest.mark.parametrize("cell", ["自有(村)", "自", "自有租用", True, 1, ""], ids=repr)
def test_an_answer_that_is_not_listed_is_refused_with_the_list(cell):
    with pytest.raises(parse.Unreadable, match="应为 自有、租用 之一"):
        parse.one_of({"自有": "owned", "租用": "rented"})(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [(331002001901.0, "331002001901"), ("331002001901", "331002001901"), (" 海门\u200b街道\n", "海门街道")],
)
def test_text_loses_outer_space_and_what_cannot_be_seen(cell, value):
    assert parse.text(cell) == value


@pytest.mark.parametrize("cell", [True, 2.5, dt.datetime(2020, 1, 1), dt.time(3), math.nan], ids=repr)
def test_what_is_not_text_is_refused(cell):
    with pytest.raises(parse.Unreadable, match="不是文字"):
        parse.text(cell)


def test_the_rule_for_each_column_makes_values_of_its_type(wave):
    tables, _ = wave
    kinds = {"b": bool, "i": int, "I": int, "f": float, "d": pd.Timestamp, "s": str, "O": str}
    for name, model in TABLES.items():
        for column, schema in model.to_schema().columns.items():
            read = parse.reader(schema)
            first = tables[name][column].dropna().iloc[0]
            cell = {True: "是", False: "否"}[bool(first)] if str(schema.dtype) == "bool" else first
            cell = cell.item() if hasattr(cell, "item") else cell
            assert isinstance(read(cell), kinds[str(schema.dtype)[0]]), (name, column)
            assert read(cell) == first
