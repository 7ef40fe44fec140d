import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.survey.text import normalise


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("３６０", "360"),
        ("Ａ（ｂ）", "A(b)"),
        (" 合\u3000计 \n", "合计"),
        ("“两委”成员", '"两委"成员'),
        ("‘两委’", "'两委'"),
        ("海门\u200b街道\ufeff", "海门街道"),
        ("350㎡", "350m2"),
        (12, "12"),
    ],
)
def test_spellings_of_the_same_text_fold_to_one(written, meant):
    assert normalise(written) == meant


@given(st.text())
@example("e\u200d\u0301")
@example("e\u00b4")
def test_folding_twice_is_folding_once(text):
    assert normalise(normalise(text)) == normalise(text)


@given(st.text())
def test_nothing_blank_or_invisible_is_left(text):
    assert not [ch for ch in normalise(text) if ch.isspace() or unicodedata.category(ch) == "Cf"]


@given(st.text(alphabet="街道社区海门0123"), st.sampled_from([" ", "\u3000", "\u200b", "\n", "\u00ad"]))
def test_space_put_anywhere_makes_no_difference(text, space):
    assert normalise(space.join(text)) == normalise(text) == text
