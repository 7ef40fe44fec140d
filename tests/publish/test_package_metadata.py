"""The data package describes columns by what stands in them, and the forms by the codebook."""

from decimal import Decimal

import pytest
from frictionless import Package, Resource, Schema

from analysis.publish.package_metadata import data_package, resource, table_schema
from analysis.publish.questions import forms
from analysis.survey.reference import reference

TABLE = (
    "\ufeff县,持证率（%）,人数（人）,code,basis\n甲,45.2,12,007,synthetic\n乙,—,3,010,synthetic\n"
)


@pytest.fixture
def fields():
    described = resource("tables/en/A b.csv", TABLE.encode())
    assert (described["name"], described["encoding"]) == ("tables-en-a-b", "utf-8-sig")
    return {field["name"]: field for field in described["schema"]["fields"]}


def test_a_column_has_the_type_of_all_its_cells(fields):
    kinds = {name: field["type"] for name, field in fields.items()}
    assert kinds == {
        "县": "string",
        "持证率（%）": "number",
        "人数（人）": "integer",
        "code": "string",
        "basis": "string",
    }


def test_units_stand_apart_and_codes_have_labels(fields):
    assert fields["持证率（%）"]["unit"] == "%" and fields["人数（人）"]["unit"] == "人"
    assert fields["basis"]["categories"] == [{"value": "synthetic", "label": "synthetic"}]


def test_frictionless_reads_the_table_as_described_and_finds_a_wrong_cell(tmp_path):
    descriptor = resource("x.csv", TABLE.encode())
    (tmp_path / "x.csv").write_text(TABLE, "utf-8")
    read = Resource.from_descriptor(descriptor, basepath=str(tmp_path))
    assert [row["持证率（%）"] for row in read.read_rows()] == [Decimal("45.2"), None]
    (tmp_path / "x.csv").write_text(TABLE.replace("12,", "many,"), "utf-8")
    assert not Resource.from_descriptor(descriptor, basepath=str(tmp_path)).validate().valid


def test_a_sheet_is_described_by_its_rows_of_the_codebook(a_dataset):
    described = {form.name: table_schema(a_dataset, form) for form in forms("2020")}
    rows = reference("columns")
    rows = rows[rows["table"].isin(described)]
    named = {
        (table, field["name"]) for table, schema in described.items() for field in schema["fields"]
    }
    kept = rows[rows["identifier"] == ""]
    assert named == set(zip(kept["table"], kept["column"], strict=True))
    assert len(rows) > len(kept), "the forms ask for identifiers, which are not described"


def test_answers_ranges_and_units_of_a_question_are_those_of_the_codebook(a_dataset):
    workers = next(
        table_schema(a_dataset, form) for form in forms("2020") if form.name == "workers"
    )
    fields = {field["name"]: field for field in workers["fields"]}
    for row in reference("columns").query("table == 'workers' and identifier == ''").itertuples():
        field, codes = fields[row.column], reference("codes")
        listed = "yes_no" if row.type == "yes_no" else row.codes
        answers = [answer["value"] for answer in field.get("categories", [])]
        assert answers == list(codes.loc[codes["list"] == listed, "zh"]), row.column
        assert field.get("unit", "") == row.unit
        assert str(field.get("constraints", {}).get("minimum", "")) == row.min
        assert field.get("constraints", {}).get("required", False) == (row.nullable != "yes")


@pytest.mark.parametrize("form", forms("2020"), ids=lambda form: form.name)
def test_frictionless_reads_the_schema_of_each_sheet(form, a_dataset):
    schema = Schema.from_descriptor(table_schema(a_dataset, form))
    assert [field.name for field in schema.fields] == [question.name for question in form.kept]


def test_the_package_names_label_licence_and_tables(a_dataset):
    described = data_package(a_dataset, {"tables/x.csv": TABLE.encode()})
    assert "合成" in described["title"] and described["licenses"][0]["name"] == "MIT"
    assert [one.name for one in Package.from_descriptor(described).resources] == ["tables-x"]
