"""A text keeps its numbers and references apart, in the process that said it and in any other."""

import json
from html import unescape
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbconvert.filters.markdown_mistune import markdown2html_mistune

from analysis.publish.markup import PageWriter
from analysis.publish.prose import render
from analysis.publish.text import NumberSpan, Reference, References, Text, literal, names_of
from hostile import ONE_LINE

SPAN = NumberSpan("certified", "47.2%")
NAMES = st.from_regex(r"[a-z_]+(\.\d{6})?", fullmatch=True)
STRINGS = st.text(alphabet=st.characters(codec="utf-8"))
SPANS = st.builds(NumberSpan, NAMES, STRINGS, st.booleans())
PIECES = st.one_of(STRINGS, SPANS, st.builds(Reference, NAMES))
TEXTS = st.builds(Text.of, st.lists(PIECES))


@given(TEXTS)
def test_a_text_is_the_same_after_a_notebook_was_written_and_read(text):
    """An executed notebook is JSON; pages are made from it in another process."""
    assert Text.from_json(json.loads(json.dumps(text.json))) == text


@given(TEXTS, TEXTS)
def test_texts_put_together_are_one_text_without_gaps(one, other):
    both = Text.of([one, other])
    assert both.plain == one.plain + other.plain or "&" in one.markdown
    assert both.names == one.names + other.names
    kinds = [isinstance(piece, str) for piece in both.pieces]
    assert "" not in both.pieces and (True, True) not in pairwise(kinds)


@given(TEXTS)
def test_unlinked_numbers_keep_names_and_words(text):
    assert text.unlinked.plain == text.plain and text.unlinked.names == text.names
    spans = [piece for piece in text.unlinked.pieces if isinstance(piece, NumberSpan)]
    assert not [span for span in spans if span.linked]


@given(st.lists(STRINGS))
def test_data_is_plain_text_again_whatever_signs_it_holds(strings):
    said = render("{% for x in data %}{{ x }}{% endfor %}", {"data": strings})
    assert said.plain == "".join(unescape(literal(one)) for one in strings)
    assert said.names == []


@pytest.mark.parametrize("data", ONE_LINE)
def test_the_text_of_a_number_is_data_in_every_format(data):
    """A unit comes from a table, so what a number prints means nothing to Markdown or HTML."""
    text = Text(("甲", NumberSpan("certified", data), "乙"))
    writer = PageWriter({})
    html = markdown2html_mistune(writer.markdown(text.json))
    for shown in (html.strip(), f"<p>{writer.inline(text.json)}</p>"):
        begin, end = shown.index(">", shown.index("<a ")) + 1, shown.rindex("</a>")
        assert shown[: begin - 1].startswith("<p>甲<a ") and shown[end:] == "</a>乙</p>"
        assert unescape(shown[begin:end]) == data and "<" not in shown[begin:end]
    assert unescape(text.markdown) == text.plain == f"甲{data}乙"


def test_a_reference_is_named_by_the_page_and_by_its_anchor_elsewhere():
    text = render("见{{ figure.ages }}", {"figure": References("fig")})
    assert text == Text(("见", Reference("fig-ages")))
    assert text.plain == text.markdown == "见[fig-ages]"
    writer = PageWriter({"fig-ages": "图 1"})
    assert writer.inline(text.json) == '见<a class="ref" href="#fig-ages">图 1</a>'
    with pytest.raises(KeyError, match="fig-ages"):
        PageWriter({}).inline(text.json)


def test_all_numbers_of_an_output_are_named_without_reading_a_format():
    tile = {"value": Text((SPAN,)).json, "label": ["甲"]}
    assert names_of({"kind": "tiles", "tiles": [tile, tile]}) == ["certified", "certified"]
    table = {"heads": ["", "income"], "receipts": [["", "rented"], ["", ""]]}
    report = {"title": ["甲", {"name": "a.331002", "text": "1", "linked": False}], "table": table}
    assert names_of(report) == ["a.331002", "income", "rented"]
    forged = '<a class="n" href="#r-x">1</a> [1](#r-x)'
    assert names_of({"kind": "prose", "text": [forged], "title": [forged]}) == []
