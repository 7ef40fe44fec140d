"""The DDI codebook has every question once, in the order of elements of the standard.

No package contains the DDI schema, so its structure is checked here: the order of the children of
the written elements, from the published schema of version 2.5.
"""

from xml.etree import ElementTree as ET

import pytest

from analysis.publish.ddi import NAMESPACE, ddi_codebook
from analysis.publish.questions import forms
from analysis.survey.reference import reference

# Of each element the children that are written, in the order of the schema.
ORDER = {
    "codeBook": ["stdyDscr", "fileDscr", "dataDscr"],
    "stdyDscr": ["citation", "stdyInfo", "dataAccs"],
    "citation": ["titlStmt", "rspStmt", "distStmt", "verStmt"],
    "titlStmt": ["titl", "parTitl", "IDNo"],
    "stdyInfo": ["abstract", "sumDscr"],
    "sumDscr": ["timePrd", "geogCover", "dataKind"],
    "useStmt": ["restrctn", "disclaimer"],
    "fileTxt": ["fileName", "fileCont", "dimensns"],
    "var": (
        "location labl imputation security embargo respUnit anlysUnit qstn valrng invalrng undocCod "
        "universe TotlResp sumStat txt stdCatgry catgryGrp catgry codInstr verStmt concept "
        "derivation varFormat geoMap catLevel notes"
    ).split(),
    "catgry": ["catValu", "labl"],
}
VALUES = {  # of attributes that the schema lists
    ("var", "intrvl"): {"contin", "discrete"},
    ("varFormat", "type"): {"character", "numeric"},
    ("range", "UNITS"): {"INT", "REAL"},
    ("timePrd", "event"): {"start", "end", "single"},
    ("codeBook", "version"): {"2.5"},
}


@pytest.fixture(scope="module")
def book(a_dataset):
    return ET.fromstring(ddi_codebook(a_dataset, forms("2020")))


def name_of(element):
    return element.tag.removeprefix(f"{{{NAMESPACE}}}")


def found(book, name):
    return list(book.iter(f"{{{NAMESPACE}}}{name}"))


def test_it_has_every_question_and_names_what_identifies(book):
    rows = reference("columns")
    variables = found(book, "var")
    assert [one.get("name") for one in variables] == list(rows["column"])
    secured = [
        one.get("name") for one in variables if one.find(f"{{{NAMESPACE}}}security") is not None
    ]
    assert secured == list(rows.loc[rows["identifier"] != "", "column"])


def test_answers_have_labels_in_both_languages(book):
    answers = {zh.text: en.text for _, zh, en in found(book, "catgry")}
    codes = reference("codes").query("list != 'item'")
    assert answers.items() <= dict(zip(codes["zh"], codes["en"], strict=True)).items()
    assert answers["自有"] == "owned"


def test_the_children_of_each_element_stand_in_the_order_of_the_schema(book):
    for element in book.iter():
        names = [name_of(child) for child in element]
        order = ORDER.get(name_of(element), names[:1])
        assert names == sorted(names, key=order.index), name_of(element)


def test_attributes_have_values_that_the_schema_lists(book):
    for (name, attribute), values in VALUES.items():
        given = {one.get(attribute) for one in found(book, name)} - {None}
        given |= {book.get(attribute)} if name == "codeBook" else set()
        assert given and given <= values, (name, attribute)
    assert all(one.get("name") for one in found(book, "var"))


def test_every_variable_refers_to_a_file_and_has_an_identifier_of_its_own(book):
    files = {one.get("ID") for one in found(book, "fileDscr")}
    assert {one.get("files") for one in found(book, "var")} == files
    identifiers = [one.get("ID") for one in book.iter() if one.get("ID")]
    assert len(identifiers) == len(set(identifiers))


def test_the_label_stands_in_title_abstract_and_disclaimer(book):
    for name in ("titl", "abstract", "disclaimer"):
        assert "合成" in found(book, name)[0].text
