import re

import pandas as pd
import pandera.pandas as pa
import pytest
from this_study import TABLES

from analysis.survey import parse
from analysis.survey.parsed import PLACE, in_range, parse_table, wanted

COLUMNS = [
    (name, column, schema)
    for name, model in TABLES.items()
    for column, schema in model.columns.items()
    if column not in PLACE
]
BOTH = re.compile(r"[^()]*[\u4e00-\u9fff][^()]* \([a-z][\x20-\x7e]+\)")


@pytest.mark.parametrize(
    ("table", "column", "schema"), COLUMNS, ids=lambda one: one if isinstance(one, str) else ""
)
def test_every_check_of_the_codebook_has_words_in_both_languages_and_a_way_to_mend(
    table, column, schema
):
    for check in schema.checks:
        fault = wanted(check, schema)
        said = fault.text
        assert BOTH.fullmatch(said.replace("（市、区）", "")) and fault.message.remedy, said
        assert not re.search(r"_|\^|00:00|None|\[", said), said
        if check.name == "in_range" and schema.metadata["unit"]:
            assert f" {schema.metadata['unit']}之间" in said


def test_a_new_kind_of_check_cannot_come_without_words():
    schema = TABLES["workers"].columns["income"]
    with pytest.raises(KeyError, match="less_than"):
        wanted(pa.Check.less_than(3), schema)


@pytest.mark.parametrize(
    ("table", "column", "schema"), COLUMNS, ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_blank_cell_is_to_be_filled_with_what_its_column_takes(table, column, schema):
    row = dict.fromkeys(TABLES[table].columns) | {"workbook": "a.xlsx", "sheet": "s", "row": 6}
    _, faults = parse_table(pd.DataFrame([row], dtype=object), TABLES[table])
    said = {one.remedy for one in faults if one.column == schema.title and "(blank" in one.message}
    assert len(said) == (not schema.nullable)
    read = parse.reader(schema)
    for how in said:
        for nothing, words in (("0", "填 0"), ("无", "“无”")):
            if words in how:
                value = read(nothing)
                assert all(check(pd.Series([value])).check_passed for check in schema.checks)


@pytest.mark.parametrize(
    ("column", "way"),
    [
        ("agreements", "填 0 "),
        ("certificate", "“无”"),
        ("income", "填表说明"),
        ("sex", "填表说明"),
        ("area_met", "填表说明"),
    ],
)
def test_nothing_is_offered_as_an_answer_only_where_it_is_one(column, way):
    table, _, schema = next(one for one in COLUMNS if one[1] == column)
    row = dict.fromkeys(TABLES[table].columns) | {"workbook": "a.xlsx", "sheet": "s", "row": 6}
    _, faults = parse_table(pd.DataFrame([row], dtype=object), TABLES[table])
    assert [way in one.remedy for one in faults if one.column == schema.title] == [True]


def test_a_value_out_of_range_is_quoted_as_typed_but_none_of_the_roster(wave):
    day = pd.Timestamp("2019-12-31")
    interviews = wave[0]["interview_communities"].head(1).assign(date=day)
    (one,) = in_range(interviews, TABLES["interview_communities"])[1]
    assert one.message == (
        "“2019-12-31” 应在 2020-01-01 至 2035-12-31 之间 (must be a date between 2020-01-01 and "
        "2035-12-31)"
    )
    (one,) = in_range(wave[0]["workers"].head(1).assign(income=538000.0), TABLES["workers"])[1]
    assert one.message == "应在 0.5–50 万元之间 (must be between 0.5 and 50)"
    (one,) = in_range(
        wave[0]["county_baseline"].head(1).assign(income_2018=53800.0), TABLES["county_baseline"]
    )[1]
    said = "“53800” 应在 0.5–50 万元之间，可能是按元填的 (must be between 0.5 and 50, in 万元)"
    assert one.message == said and "1万元=10000元" in one.remedy
