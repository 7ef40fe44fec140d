"""Workbooks whose parts have other names: only parts to which relations lead are read."""

import re
import zipfile

import openpyxl
import pandas as pd
import pytest

from analysis.survey.clean import check
from analysis.survey.reading.book import UnopenedError, open_book
from planting import rewritten

SANMEN = "331022_三门县.xlsx"


@pytest.fixture
def same(raw, frame, wave):
    """Check the copy: no finding, the same tables."""

    def compare():
        done = check(raw, frame)
        assert [str(one) for one in done.findings] == []
        for name, before in wave[0].items():
            pd.testing.assert_frame_equal(done.tables[name].reset_index(drop=True), before)

    return compare


def renamed(path, names, texts=()):
    """Rename parts of a workbook, and replace what others say of them: pairs of old and new."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            said = data
            for old, new in texts if name.endswith((".rels", "[Content_Types].xml")) else ():
                said = said.replace(old.encode(), new.encode())
            archive.writestr(names(name), said)


def test_parts_named_with_backslashes_are_found(raw, same):
    renamed(raw / SANMEN, lambda name: name.replace("/", "\\"))
    with zipfile.ZipFile(raw / SANMEN) as archive:
        assert "xl\\workbook.xml" in [info.orig_filename for info in archive.infolist()]
    same()


@pytest.mark.parametrize(
    "name", ["xl/workbook22.xml", "xl/Workbook.xml", "XL/WORKBOOK.XML", "xl/book.dat"]
)
def test_a_workbook_of_another_name_is_found_by_the_relations(raw, same, name):
    relations = re.sub(r"([^/]+)$", r"_rels/\1.rels", name)
    names = {"xl/workbook.xml": name, "xl/_rels/workbook.xml.rels": relations}
    renamed(raw / SANMEN, lambda part: names.get(part, part), [("xl/workbook.xml", name)])
    same()


def test_a_workbook_in_another_folder_with_renamed_parts_is_found(raw, same):
    def name(part):
        part = part.replace("sheet1.xml", "first.bin").replace("sharedStrings.xml", "Texts.xml")
        return re.sub("^xl/", "content/deep/", part).replace("styles.xml", "looks.xml")

    texts = [
        ("sheet1.xml", "first.bin"),
        ("sharedStrings.xml", "Texts.xml"),
        ("styles.xml", "looks.xml"),
    ]
    renamed(raw / SANMEN, name, [("xl/workbook.xml", "content/deep/workbook.xml"), *texts])
    same()


def test_a_target_from_the_root_or_in_other_letters_is_found(raw, same):
    renamed(
        raw / SANMEN,
        str,
        [
            ('Target="worksheets/', 'Target="/xl/Worksheets/'),
            ("sharedStrings.xml", "SharedStrings.xml"),
        ],
    )
    same()


def test_a_decoy_under_the_usual_name_is_not_what_is_read(raw, same):
    renamed(
        raw / SANMEN,
        lambda part: part.replace("sharedStrings", "texts"),
        [("sharedStrings.xml", "texts.xml")],
    )
    with zipfile.ZipFile(raw / SANMEN, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", "<sst><si><t>否</t></si></sst>")
    same()


def test_a_package_without_a_workbook_is_none_and_no_message_names_an_exception(raw, tmp_path):
    damages = {
        "no workbook": lambda name, data: data.replace(b"xl/workbook.xml", b"xl/nothing.xml"),
        "broken workbook": lambda name, data: (
            b"<workbook><sheets" if name == "xl/workbook.xml" else data
        ),
        "broken strings": lambda name, data: data[:99] if name == "xl/sharedStrings.xml" else data,
        "broken styles": lambda name, data: b"<x" if name == "xl/styles.xml" else data,
        "broken sheet": lambda name, data: (
            data[: len(data) // 2] if name.endswith("sheet1.xml") else data
        ),
        "no relations": lambda name, data: None if name == "xl/_rels/workbook.xml.rels" else data,
        "bad index": lambda name, data: (
            data.replace(b't="s"><v>', b't="s"><v>99') if "sheet1" in name else data
        ),
        "bad encoding": lambda name, data: b"\xff\xfe\x00" if name.endswith("sheet2.xml") else data,
    }
    for what, damage in damages.items():
        path = tmp_path / f"{what}.xlsx"
        path.write_bytes((raw / SANMEN).read_bytes())
        rewritten(path, damage)
        with pytest.raises(UnopenedError) as refused:
            open_book(path)
        assert "(cannot be opened: " in str(refused.value), what
        assert not re.search(r"[A-Za-z]*(Error|Exception)|Errno|/tmp|0x", str(refused.value)), what


def test_a_hidden_list_that_feeds_a_drop_down_is_left_out_with_a_note(raw, frame):
    path = raw / SANMEN
    book = openpyxl.load_workbook(path)
    for title, name, state in (
        ("选项", None, "hidden"),
        ("数据 源", "choices", "veryHidden"),
        ("草稿", None, "hidden"),
    ):
        sheet = book.create_sheet(title)
        sheet["A1"], sheet["A2"], sheet.sheet_state = "自有", "租用", state
        if name:
            area = f"'{title}'!$A$1:$A$2"
            book.defined_names[name] = openpyxl.workbook.defined_name.DefinedName(
                name, attr_text=area
            )
        formula = name or f"{title}!$A$1:$A$2"
        if title != "草稿":
            check_of = openpyxl.worksheet.datavalidation.DataValidation(
                type="list", formula1=formula
            )
            check_of.add("Z900")
            book["社区基本情况"].add_data_validation(check_of)
    book.save(path)
    done = check(raw, frame)
    assert [(one.sheet, "“草稿”" in one.message) for one in done.problems] == [
        ("未知的表 unknown sheet 11", True)
    ]
    names = [f"未知的表 unknown sheet {place}" for place in (10, 9)]
    assert sorted(one.sheet for one in done.questions) == names
    assert all("a hidden list" in one.message for one in done.questions)
