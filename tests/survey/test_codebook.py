import re

import pandas as pd
import pyarrow.parquet as pq
import pytest
from this_study import CITY, COUNTIES, IDENTIFIERS, STUDY, TABLES

from analysis.survey.clean import write
from analysis.survey.reading.header import printed
from analysis.survey.text import normalise

HAN = re.compile(r"[\u4e00-\u9fff]")
ORIGIN = ["county_code", "workbook", "sheet", "row"]
UNIT = re.compile(r"（([^（）]+)）$")


def columns():
    """Every (table, column, schema) of the codebook."""
    return [
        (name, column, schema)
        for name, model in TABLES.items()
        for column, schema in model.columns.items()
    ]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return STUDY.codebook()


def test_every_column_has_a_chinese_and_an_english_title():
    for name, column, schema in columns():
        assert HAN.search(schema.title), (name, column)
        assert schema.description.isascii() and schema.description.strip(), (name, column)


def test_every_table_has_a_chinese_and_an_english_title_of_its_own():
    assert len({model.zh for model in TABLES.values()}) == len(TABLES)
    assert len({model.en for model in TABLES.values()}) == len(TABLES)
    for name, model in TABLES.items():
        assert name.isidentifier() and HAN.search(model.zh) and model.en.isascii()


def test_every_code_has_an_english_name_of_its_own():
    for name, column, schema in columns():
        codes = schema.metadata["codes"]
        assert all(HAN.search(zh) and en.isascii() and en.strip() for zh, en in codes.items()), (
            name,
            column,
        )
        assert len(set(codes.values())) == len({normalise(zh) for zh in codes}) == len(codes), (
            name,
            column,
        )


def test_answers_of_the_clean_tables_are_the_codes_and_nothing_else(wave):
    for name, column, schema in columns():
        if schema.metadata["codes"] and str(schema.dtype) != "bool":
            assert set(wave[0][name][column].dropna()) <= set(schema.metadata["codes"]), (
                name,
                column,
            )


def test_the_fields_of_every_model_are_the_columns_of_its_clean_table_and_parquet(
    wave, wave_folder, tmp_path
):
    tables, accounts = wave
    assert set(tables) == set(TABLES)
    write(tables, accounts, wave_folder, tmp_path / "2020")
    for name, model in TABLES.items():
        fields = list(model.columns)
        assert fields == list(tables[name].columns)
        assert fields == pq.read_schema(tmp_path / "2020" / f"{name}.parquet").names


def test_every_column_says_where_its_row_comes_from():
    for model in TABLES.values():
        assert list(model.columns)[:4] == ORIGIN


def test_header_texts_are_unique_within_a_sheet():
    for name, model in TABLES.items():
        asked = [c for c in model.columns if c not in ORIGIN]
        extra = ["serial", "remark", *(IDENTIFIERS if name == "workers" else ())]
        assert sorted(printed(model)) == sorted([*asked, *extra])


def test_the_workbooks_print_the_headers_of_the_codebook(books, form):
    for workbook, book in books.items():
        models = STUDY.book_tables if workbook == "interviews.xlsx" else STUDY.district_tables
        assert {model.zh for model in models} | {"填表说明"} <= set(book.sheetnames)
        for model in models:
            asked = {
                f"{schema.metadata['group']}/{schema.title}".strip("/"): column
                for column, schema in model.columns.items()
                if column not in ORIGIN
            }
            printed = [text for text in form(book[model.zh])[0] if text]
            assert printed[0] == "序号" and printed[-1] == "备注", workbook
            personal = (
                [f"基本信息/{zh}" for zh in IDENTIFIERS.values()] if model.identifiers else []
            )
            assert [t for t in printed[1:-1] if t in personal] == personal
            assert [t for t in printed[1:-1] if t not in personal] == list(asked), (workbook, model)


def test_the_workbooks_print_the_units_of_the_codebook(books):
    for workbook, book in books.items():
        models = STUDY.book_tables if workbook == "interviews.xlsx" else STUDY.district_tables
        for model in models:
            cells = {
                str(cell)
                for row in book[model.zh].iter_rows(max_row=6, values_only=True)
                for cell in row
            }
            for column, schema in model.columns.items():
                if unit := schema.metadata["unit"]:
                    assert f"{schema.title}（{unit}）" in cells, (workbook, column)


def test_the_codebook_lists_every_column_once_with_its_codes_and_range(table):
    assert list(zip(table["table"], table["column"], strict=True)) == [c[:2] for c in columns()]
    for row, (name, column, schema) in zip(table.itertuples(), columns(), strict=True):
        assert (row.table_zh, row.zh, row.en) == (TABLES[name].zh, schema.title, schema.description)
        assert (row.unit, row.group) == (schema.metadata["unit"], schema.metadata["group"])
        for zh, en in schema.metadata["codes"].items():
            assert f"{zh} = {en}" in row.codes, column
    income = table.query("table == 'workers' and column == 'income'").iloc[0]
    assert (
        income["range"] == "in_range(0.5, 50)"
        and income["unit"] == "万元"
        and not income["nullable"]
    )
    assert table.query("nullable")["column"].tolist() == ["batch", "field", "amount"]


def test_every_number_has_a_range(table):
    for row in table[table["type"].str.lower().str.match("int|float")].itertuples():
        assert re.search(r"in_range|greater_than_or_equal_to", row.range), (row.table, row.column)


def test_no_identifier_is_a_column(table):
    assert not set(IDENTIFIERS) & set(table["column"])
    assert not set(IDENTIFIERS.values()) & set(table["zh"])


def test_the_counties_are_those_of_the_frame_and_of_the_files(frame, books):
    assert frame.set_index("county_code")["county"].to_dict() == COUNTIES
    assert set(books) == {f"{code}_{name}.xlsx" for code, name in COUNTIES.items()} | {
        "interviews.xlsx"
    }
    assert all(code.startswith(CITY[:4]) for code in COUNTIES)


@pytest.mark.parametrize(
    ("pattern", "right", "wrong"),
    [(f"^{STUDY.community}$", "331002001901", ["33100200190", "3310020019011", "331002001901.0"])],
)
def test_codes_of_places_have_their_length(pattern, right, wrong):
    assert re.match(pattern, right)
    assert not [code for code in wrong if re.match(pattern, code)]
