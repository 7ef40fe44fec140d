"""Texts that cannot be published are refused, with their place, before anything runs."""

import json
import time

import pytest

from analysis.survey.characters import covered, text_fault, typed_problems
from analysis.survey.problems import Problem
from analysis.survey.text import visible

# code point, and which fault it is
REFUSED = {
    "direction": [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)],
    "zero width": [0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD, 0x180E, 0x034F, 0x3164, 0xFE0F],
    "tags": [0xE0000, 0xE0001, 0xE0041, 0xE007F, 0xE0100],
    "control": [0x00, 0x07, 0x08, 0x09, 0x0A, 0x0D, 0x1B, 0x7F, 0x80, 0x85, 0x9B, 0x2028, 0x2029],
    "not characters": [0xD800, 0xDFFF, 0xFDD0, 0xFFFE, 0xFFFF, 0x1FFFE, 0xE000, 0xF8FF],
    "spaces of other widths": [0x00A0, 0x2003, 0x2007, 0x202F, 0x205F],
    "no glyph": [0x20BB7, 0x1F600, 0x0E01, 0x05D0, 0x0627, 0x2B740],
}
ALL = [(kind, code) for kind, codes in REFUSED.items() for code in codes]


@pytest.mark.parametrize(("kind", "code"), ALL, ids=[f"{kind} {code:X}" for kind, code in ALL])
def test_a_character_that_cannot_be_published_is_named_by_its_code_point(kind, code):
    fault = text_fault(f"乡镇{chr(code)}核实").text
    assert f"U+{code:04X}" in fault
    assert ("the font cannot draw" in fault) == (kind == "no glyph")
    fault.encode("utf-8")  # a lone surrogate could not be printed


@pytest.mark.parametrize("text", ["\u0301a", " \u0301a"])
def test_a_combining_mark_stands_on_a_letter(text):
    assert "U+0301" in text_fault(text).text


@pytest.mark.parametrize(
    "text", ["", "台州市，“核实”（2018—2020）", "a < b & c", "Größe", "　全角", "①㎡"]
)
def test_what_is_seen_and_drawn_may_stand(text):
    assert text_fault(text) is None


def test_line_breaks_may_stand_where_they_are_allowed():
    assert text_fault("一\n二\t三", "\n\t") is None and text_fault("一\r", "\n") is not None


def test_a_message_shows_what_is_not_seen():
    assert visible("a\u202eb\u200b") == "a<U+202E>b<U+200B>"
    assert "<U+202E>" in str(Problem("a.csv", "", "x", 2, "见“\u202e”"))


@pytest.fixture
def repository_of_texts(tmp_path):
    (tmp_path / "data/raw/reference").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data/raw/reference/measures.csv").write_text(
        'zh,en\n"a",b\n\n"c\u202e","𠮷"\n', "utf-8"
    )
    cells = [{"id": "words", "cell_type": "code", "source": ["%%md zh\n", "吉\u200b\n"]}]
    (tmp_path / "notebooks/10_report.ipynb").write_text(json.dumps({"cells": cells}), "utf-8")
    return tmp_path


def test_tables_and_notebooks_are_named_with_line_column_and_cell(repository_of_texts):
    places = [(problem.place, problem.message) for problem in typed_problems(repository_of_texts)]
    assert [place for place, _ in places] == [
        "measures.csv!zh 4",
        "measures.csv!en 4",
        "10_report.ipynb!words",
    ]
    for (_, message), code in zip(places, ("U+202E", "U+20BB7", "U+200B"), strict=True):
        assert code in message


def test_a_table_that_is_no_utf8_is_a_problem_of_that_table(repository_of_texts):
    (repository_of_texts / "data/raw/reference/a.csv").write_bytes("县".encode("gb18030"))
    assert typed_problems(repository_of_texts)[0].place == "a.csv"


def test_all_texts_of_the_repository_may_be_published_and_the_check_takes_milliseconds(repository):
    covered()
    started = time.perf_counter()
    assert typed_problems(repository) == []
    assert time.perf_counter() - started < 0.5
