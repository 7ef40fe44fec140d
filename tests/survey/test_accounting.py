"""No row is lost or doubled: any order gives the same tables, k faults give k messages."""

import functools
import shutil

import openpyxl
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from this_study import COUNTY_TABLES, TABLES

from analysis.survey.clean import check
from analysis.survey.parsed import complete, parse_table
from analysis.survey.reading.book import Sheet, open_book
from analysis.survey.reading.rows import KINDS, frame, read_sheet
from running import REPOSITORY

RAW = REPOSITORY / "data/raw/2020"
SANMEN = "331022_三门县.xlsx"
FIRST = 5  # row of data, from 0
SLOW = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))


@functools.cache
def sheets() -> dict[str, Sheet]:
    """The forms of the smallest county, as read, without merged cells."""
    return {sheet.title: spread(sheet) for sheet in open_book(RAW / SANMEN)}


def spread(sheet):
    """Copy merged headers and streets into each of their cells, before rows are moved."""
    cells = [list(row) for row in sheet.cells]
    for (top, left), (bottom, right) in sheet.merged:
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                if top >= 3 and (top >= FIRST or top == bottom):  # streets downwards, groups across
                    cells[row][column] = cells[top][left]
    return Sheet(sheet.title, cells)


def read(sheet, model):
    problems = []
    rows, totals, account = read_sheet(sheet, model, SANMEN, problems)
    assert [one for one in problems if one.kind == "problem"] == []
    read = frame([rows]).assign(county_code="331022")
    if model is TABLES["workers"]:
        read = read.drop(columns=["name", "id_number", "phone"])
    return read, frame([totals]), account


def content(frame, model):
    """The clean rows of a raw frame in an order of their own, without their place."""
    table, faults = parse_table(frame, model)
    assert faults == []
    columns = [name for name in table if name != "row"]
    return table[columns].sort_values(columns, ignore_index=True)


@SLOW
@given(st.data())
def test_any_order_of_rows_and_columns_gives_the_same_rows(data):
    model = data.draw(st.sampled_from(COUNTY_TABLES))
    sheet = sheets()[model.zh]
    before, _, account = read(sheet, model)
    kinds = [row for row in sheet.cells[FIRST:] if isinstance(row[0], float)]
    rows = data.draw(st.permutations(kinds))
    blanks = data.draw(st.lists(st.integers(0, len(rows)), max_size=3))
    for place in blanks:
        rows = [*rows[:place], [""] * len(sheet.cells[0]), *rows[place:]]
    order = data.draw(st.permutations(range(len(sheet.cells[3]))))
    cells = [[row[place] for place in order] for row in [*sheet.cells[3:FIRST], *rows]]
    # the second header row, where all is merged down
    below = sum(not any(row) for row in sheet.cells[3:FIRST])
    moved = Sheet(sheet.title, [*sheet.cells[: data.draw(st.integers(0, 3))], *cells])
    after, _, counted = read(moved, model)
    pd.testing.assert_frame_equal(content(after, model), content(before, model))
    assert (
        counted["kept"] == account["kept"] == len(kinds) and counted["blank"] == len(blanks) + below
    )
    assert counted["rows"] == sum(counted[kind] for kind in KINDS)


@SLOW
@given(st.data())
def test_k_faulty_cells_give_k_messages_at_their_places(data):
    model, sheet = TABLES["communities"], sheets()["社区基本情况"]
    frame, *_ = read(sheet, model)
    places = st.tuples(
        st.integers(0, len(frame) - 1),
        st.sampled_from(["households", "population", "area", "open_hours", "premises"]),
    )
    planted = data.draw(
        st.dictionaries(
            places, st.sampled_from(["约47", "——", "NA", None, True, "2-3"]), max_size=12
        )
    )
    for (label, column), value in planted.items():
        frame.at[label, column] = value
    cells, faults = parse_table(frame, model)
    table = complete(cells, faults, model)
    schema = model.columns
    wanted = {(int(frame.at[label, "row"]), schema[column].title) for label, column in planted}
    assert {(one.row, one.column) for one in faults} == wanted and len(faults) == len(planted)
    assert len(table) == len(frame) - len({row for row, _ in wanted})


@SLOW
@given(st.lists(st.sampled_from(["data", "sum", "blank", "note"]), max_size=30))
def test_every_row_is_one_of_the_kinds_whatever_their_order(kinds):
    lines = {
        "data": [1.0, "甲街道", 3.0, 1.0, 2.0, 3.0, 4.0, ""],
        "sum": ["", "小计", 3.0, 1.0, 2.0, 3.0, 4.0, ""],
        "blank": ["", " ", "", None, "", "", "", "\u200b"],
        "note": ["备注：以上为初步数字", "", "", "", "", "", "", ""],
    }
    header = sheets()["减负清理"].cells[3:FIRST]
    problems = []
    _, totals, account = read_sheet(
        Sheet("减负清理", [*header, *(lines[k] for k in kinds)]), TABLES["burden"], "a", problems
    )
    expected = {"form": 2 + kinds.count("note"), "kept": kinds.count("data")}
    expected |= {"total": kinds.count("sum"), "blank": kinds.count("blank"), "rows": 2 + len(kinds)}
    assert {name: account[name] for name in expected} == expected
    assert len(totals["row"]) == kinds.count("sum")
    assert [str(one.message) for one in problems] == ["没有数据行 (no rows of data)"] * (
        "data" not in kinds
    )


def test_any_order_of_sheets_and_files_gives_the_same_tables(raw, frame, wave):
    book = openpyxl.load_workbook(raw / SANMEN)
    book._sheets.reverse()
    book.save(raw / SANMEN)
    # written anew in the other order: the folder lists them otherwise
    for path in sorted(raw.glob("33*.xlsx")):
        shutil.move(path, raw / f"x{path.name}")
    for path in sorted(raw.glob("x33*.xlsx"), reverse=True):
        shutil.move(path, raw / path.name[1:])
    done = check(raw, frame)
    assert done.findings == []
    for name, before in wave[0].items():
        pd.testing.assert_frame_equal(done.tables[name], before)
