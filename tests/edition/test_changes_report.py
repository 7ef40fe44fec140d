"""What moved is told in forty lines, and in full on a page that holds nothing but text."""

import dataclasses
import re

import pytest

from analysis.edition.changes_report import Changes, render, summary
from analysis.edition.input_changes import InputChange
from analysis.edition.record import EditionRecord, Fact
from analysis.edition.what_moved import Moved

FACTS = (
    Fact("edition", "languages", ("zh", "en")),
    Fact("edition", "title", ("报告", "Report")),
    Fact("edition", "label", ("合成数据", "Synthetic data")),
    Fact("edition", "notice", ("不得引用", "not to be cited")),
    Fact("title", "share", ("占比", "share")),
    Fact("title", "01", ("甲县", "First")),
)
PAGE = "outputs/2020/changes.html"


def said(text):
    return {"zh": text, "en": f"{text} in English"}


def many(count):
    moved = [
        Moved("number", f"share.{i}", said("38%"), said("43%"), "printed") for i in range(count)
    ]
    moved += [
        Moved("verdict", f"share.{i}", said("高"), said("同"), "above → alike", True)
        for i in range(count)
    ]
    moved += [
        Moved("sentence", f"10_report!{i}", said("旧" * 300), said("新" * 300))
        for i in range(count)
    ]
    moved += [
        Moved("figure", f"f{i}", said("题"), said("题"), "data, drawing") for i in range(count)
    ]
    moved += [Moved("title", f"t{i}", said("名"), said("称")) for i in range(count)]
    moved += [Moved("number", f"n{i}", said("1"), said("1"), "beneath") for i in range(count)]
    causes = tuple(
        InputChange("code", f"src/analysis/m{i}.py", note="changed") for i in range(count)
    )
    return Changes(
        EditionRecord("HEAD", FACTS, commit="0123456789abcdef"),
        EditionRecord("x", FACTS),
        tuple(moved),
        causes,
    )


def test_however_much_moved_about_forty_lines_are_shown():
    """The last line counts what is left and names the page."""
    lines = summary(many(100), PAGE)
    assert len(lines) <= 41 and all(len(line) <= 120 for line in lines)
    shown = 8 + 4 + 3 + 4 + 2 + 1 + 5
    assert (
        lines[-1] == f"还有 {700 - shown} 项，都在 {PAGE} (and {700 - shown} more; all in {PAGE})"
    )


def test_where_all_is_shown_nothing_is_left():
    """One of each fits, with old and new."""
    lines = summary(many(1), PAGE)
    assert "  share.0  38% → 43%" in lines
    assert "  share.0  above → alike：不能再说高低 (may no longer say who is higher)" in lines
    assert not any("more" in line for line in lines)


def test_where_nothing_moved_nothing_is_said():
    """Other inputs alone are no news."""
    assert summary(Changes(*[EditionRecord("x", FACTS)] * 2, (), ()), PAGE) == []


def test_a_cut_sentence_shows_where_it_differs():
    """A long sentence is cut before and after the place."""
    same = "一样" * 100
    moved = Moved("sentence", "10_report!a", {"zh": f"{same}旧。"}, {"zh": f"{same}新。"})
    lines = summary(dataclasses.replace(many(0), moved=(moved,)), PAGE)
    assert lines[2].endswith("旧。") and lines[3].endswith("新。") and len(lines[2]) < 120


def test_the_page_has_all_in_both_languages_with_the_label():
    """Every row, old and new in each language, titles of numbers, the label of synthetic data."""
    page = render(many(30))
    assert len(re.findall(r'<th scope="row">', page)) == 30 * 7
    for text in (
        "43% in English",
        "占比",
        "合成数据",
        "Synthetic data",
        "HEAD 0123456789ab",
        "src/analysis/m29.py",
    ):
        assert text in page


def test_a_number_of_a_district_has_the_titles_of_both():
    """The indicator, then the district."""
    moved = Moved("number", "share.01", said("1"), said("2"), "printed")
    assert "占比 · 甲县" in render(dataclasses.replace(many(0), moved=(moved,)))


def test_the_page_is_the_same_for_the_same_records():
    """It holds no time and no path."""
    assert render(many(3)) == render(many(3))


@pytest.mark.parametrize("place", ["name", "old", "cause"])
def test_what_is_data_is_text_on_the_page(place):
    """No sign of a text becomes markup, and no script runs."""
    odd = "<script>alert(1)</script>"
    moved = Moved(
        "sentence", odd if place == "name" else "a", said(odd if place == "old" else "b"), said("c")
    )
    causes = (InputChange("code", odd if place == "cause" else "d"),)
    page = render(dataclasses.replace(many(0), moved=(moved,), causes=causes))
    assert "<script" not in page and "&lt;script&gt;" in page and "default-src 'none'" in page


def test_an_official_edition_has_no_label():
    """The label follows from what the edition says of itself."""
    plain = tuple(
        dataclasses.replace(one, said=("",)) if one.name in ("label", "notice") else one
        for one in FACTS
    )
    page = render(dataclasses.replace(many(1), new=EditionRecord("x", plain)))
    assert '<p class="band"' not in page
