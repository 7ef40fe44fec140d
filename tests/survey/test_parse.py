import contextlib
import datetime as dt
import math
import re
import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from this_study import STUDY, TABLES

from analysis.survey import parse

FULL_WIDTH = str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")
FULL_WIDTH_BACK = str.maketrans("０１２３４５６７８９．，－", "0123456789.,-")
DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31))
YES_NO = STUDY.codes["yes_no"]
ROSTER, PLACES = TABLES["workers"].columns, TABLES["communities"].columns
# marks, other digits and compatibility forms that must not be folded into the number beside them
MARKS = [
    *"①⑴⒈❶➀➊⓪⓿㉑㊿¹²³⁴₁₂½¼⅓↉ⅠⅫⅻ㋀㏠㍙㍱🄀🄁🯱٣۳३๓𝟏𝟘𝟭𝟷①〇㈠㊀零一",
    "1\u20e3", "\u20dd", "\u0336", "\u20e0", "\ufe0f", "\u0301", "*", "[1]", "(1)", "（注1）", "注①", "#",
]  # fmt: skip
INVISIBLE = [
    "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u200f", "\u202a", "\u202c",
    "\u202d", "\u202e", "\u2066", "\u2067", "\u2069", "\u061c", "\ufff9", "\u00a0", "\u2009", "\u202f", "\u3000",
    " ", "\t", "\n", "\u06dd", "\u0600", "\U000e0031",
]  # fmt: skip
NOT_NUMBERS = [
    "NA", "——", "-", "2-3", "约47", "46.8万", "350㎡", "√", "inf", "-inf", "nan", "1e3", "0x10", "1_000",
    "1,04,680", "12,34", "1.2.3", ".5", "5.", "2 3", "12\n34", "", " ", "三百", "#DIV/0!",
    True, False, None, math.nan, math.inf, -math.inf, dt.datetime(2020, 1, 1), dt.time(3), dt.timedelta(2),
]  # fmt: skip


@pytest.mark.parametrize("cell", NOT_NUMBERS, ids=repr)
def test_what_is_not_plainly_a_number_is_refused(cell):
    with pytest.raises(parse.UnreadableError, match="不是数字"):
        parse.number(cell)
    with pytest.raises(parse.UnreadableError):
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
    with contextlib.suppress(parse.UnreadableError):
        assert math.isfinite(parse.number(cell))


@pytest.mark.parametrize("cell", [2.5, "2.5", "1,000.01", 1e300, "9" * 30])
def test_a_whole_number_is_neither_a_fraction_nor_beyond_reach(cell):
    with pytest.raises(parse.UnreadableError, match="应为整数"):
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
    dotted = f"{day.year}.{day.month}" if day.month > 1 else f"{day:%Y.%m}"
    for written in (f"{day.year}年{day.month}月", f"{day:%Y-%m}", dotted):
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
    with pytest.raises(parse.UnreadableError, match="不是日期"):
        parse.date(cell)


@pytest.mark.parametrize(("cell", "value"), [("是", True), ("否", False), (" 是\u200b", True)])
def test_yes_and_no(cell, value):
    assert parse.yes_or_no(YES_NO)(cell) is value


@pytest.mark.parametrize("cell", [True, False, 1, 0, "√", "对", "是否", "", None, "yes"], ids=repr)
def test_any_other_answer_to_a_yes_no_question_is_refused(cell):
    with pytest.raises(parse.UnreadableError, match="应填"):
        parse.yes_or_no(YES_NO)(cell)


def test_an_answer_is_read_whatever_its_width_and_returned_as_printed():
    read = parse.one_of({"本县（市、区）": "this county"})
    assert read("本县(市、区)") == read(" 本县（市、 区） ") == "本县（市、区）"


@pytest.mark.parametrize("cell", ["自有(村)", "自", "自有租用", True, 1, ""], ids=repr)
def test_an_answer_that_is_not_listed_is_refused_with_the_list(cell):
    with pytest.raises(parse.UnreadableError, match="应为 自有、租用 之一"):
        parse.one_of({"自有": "owned", "租用": "rented"})(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (331002001901.0, "331002001901"),
        ("331002001901", "331002001901"),
        (" 海门\u200b街道\n", "海门街道"),
    ],
)
def test_text_loses_outer_space_and_what_cannot_be_seen(cell, value):
    assert parse.text(cell) == value


@pytest.mark.parametrize(
    "cell", [True, 2.5, dt.datetime(2020, 1, 1), dt.time(3), math.nan], ids=repr
)
def test_what_is_not_text_is_refused(cell):
    with pytest.raises(parse.UnreadableError, match="不是文字"):
        parse.text(cell)


def test_the_rule_for_each_column_makes_values_of_its_type(wave):
    tables, _ = wave
    kinds = {"b": bool, "i": int, "I": int, "f": float, "d": pd.Timestamp, "s": str, "O": str}
    for name, model in TABLES.items():
        for column, schema in model.columns.items():
            read = parse.reader(schema)
            first = tables[name][column].dropna().iloc[0]
            cell = {True: "是", False: "否"}[bool(first)] if str(schema.dtype) == "bool" else first
            cell = cell.item() if hasattr(cell, "item") else cell
            assert isinstance(read(cell), kinds[str(schema.dtype)[0]]), (name, column)
            assert read(cell) == first


@pytest.mark.parametrize("mark", MARKS, ids=ascii)
def test_a_mark_beside_a_number_a_date_or_a_code_is_refused_and_not_read_into_it(mark):
    readers = [
        (parse.reader(PLACES["households"]), ["103", "１０３", "1,046"]),
        (parse.reader(PLACES["open_hours"]), ["7.68", "56"]),
        (parse.reader(ROSTER["income"]), ["7.68", "5万元"]),
        (parse.reader(ROSTER["born"]), ["1997年6月", "1997年", "1997-06-01", "1997.6"]),
        (parse.reader(PLACES["community_code"]), ["331004001901"]),
        (parse.reader(ROSTER["education"]), ["本科"]),
        (parse.reader(PLACES["compliant"]), ["是"]),
    ]
    for read, cells in readers:
        for cell in cells:
            for written in (
                f"{cell}{mark}",
                f"{cell} {mark}",
                f"{mark}{cell}",
                f"{cell[:1]}{mark}{cell[1:]}",
            ):
                with pytest.raises(parse.UnreadableError):
                    read(written)


@pytest.mark.parametrize("between", INVISIBLE, ids=ascii)
def test_nothing_that_is_not_seen_stands_within_a_number(between):
    for cell in (
        f"1{between}03",
        f"1{between},046",
        f"1,{between}046",
        f"7{between}.5",
        f"7.{between}5",
        f"-{between}3",
    ):
        with pytest.raises(parse.UnreadableError):
            parse.number(cell)
    for cell in (f"2018{between}0301", f"20{between}18年3月", f"2018-1{between}2-01"):
        with pytest.raises(parse.UnreadableError):
            parse.date(cell)


@pytest.mark.parametrize(
    "around", ["\u200b", "\ufeff", "\u200e", "\u00a0", "\u3000", "\n", " "], ids=ascii
)
def test_what_is_not_seen_around_a_value_makes_no_difference(around):
    assert (
        parse.number(f"{around}103{around}") == parse.number(f"103{around}户{around}", "户") == 103
    )
    assert parse.date(f"{around}2018年3月{around}") == pd.Timestamp(2018, 3, 1)


@pytest.mark.parametrize("control", ["\u202e", "\u202d", "\u2067", "\u061c", "\u200f"], ids=ascii)
def test_text_that_shows_another_order_than_it_holds_is_refused_with_its_character(control):
    for schema in (
        PLACES["community"],
        PLACES["community_code"],
        ROSTER["born"],
        PLACES["premises"],
    ):
        with pytest.raises(
            parse.UnreadableError, match=rf"U\+{ord(control):04X}.*not a plain digit"
        ):
            parse.reader(schema)(f"{control}331004001901")


@pytest.mark.parametrize("mark", ["①", "¹", "₁", "Ⅱ", "𝟏", "٣", "㏠"])
def test_a_refused_character_is_named_and_so_it_is_in_the_name_of_a_place(mark):
    for schema in (PLACES["households"], PLACES["community"], PLACES["township"], ROSTER["hired"]):
        with pytest.raises(parse.UnreadableError, match=f"含有字符“{mark}”.*not a plain digit"):
            parse.reader(schema)(f"海门{mark}社区")


def test_a_code_in_full_width_digits_is_the_code():
    read = parse.reader(PLACES["community_code"])
    assert read("３３１００４００１９０１") == read(331004001901.0) == "331004001901"


@given(st.text(), st.sampled_from(["", "户", "平方米", "万元"]))
def test_a_text_that_is_read_as_a_number_holds_those_digits_and_no_others(cell, unit):
    _as_seen(cell, unit)


@given(
    st.text(st.sampled_from("0123456789１２.,-万元㎡ ①¹٣𝟏\u200b\u00ad²m")),
    st.sampled_from(["", "平方米", "万元"]),
)
def test_a_text_of_digits_and_marks_is_read_as_it_is_seen_or_refused(cell, unit):
    _as_seen(cell, unit)


def _as_seen(cell, unit):
    """Recompute a number from its plain digits; nothing else in the cell may be a numeral."""
    with contextlib.suppress(parse.UnreadableError):
        value = parse.number(cell, unit)
        plain = cell.translate(FULL_WIDTH_BACK)
        digits, rest = re.match(r"[\s\W]*?(-?[0-9][0-9,.]*)(.*)", plain, re.S).groups()
        assert value == float(digits.replace(",", "")) / (
            10_000 if rest.strip().endswith("元") and "万" not in rest else 1
        )
        for ch in re.sub(r"㎡|m²|m2", "", rest):
            assert not any(
                unicodedata.category(c) in ("Nd", "Nl", "No")
                for c in unicodedata.normalize("NFKC", ch)
            )


def test_a_month_that_may_have_lost_its_zero_is_refused():
    for written in ("1988.1", " 1988.1 ", "１９８８.１"):
        with pytest.raises(parse.UnreadableError, match="not a date"):
            parse.date(written)
    assert parse.date("1988.01") == parse.date("1988-1") == pd.Timestamp("1988-01-01")
