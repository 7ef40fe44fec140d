import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.survey.text import compatible, normalise, odd_character


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


@given(
    st.text(alphabet="街道社区海门0123"), st.sampled_from([" ", "\u3000", "\u200b", "\n", "\u00ad"])
)
def test_space_put_anywhere_makes_no_difference(text, space):
    assert normalise(space.join(text)) == normalise(text) == text


NUMERALS = {"Nd", "Nl", "No"}
EVERY = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]


def holds_numeral(text):
    return any(unicodedata.category(ch) in NUMERALS for ch in text)


def test_no_character_of_unicode_folds_to_a_numeral_but_full_width_digits():
    folded = {ch for ch in EVERY if not holds_numeral(ch) and holds_numeral(normalise(ch))}
    assert folded == {"㎡"}
    changed = {ch for ch in EVERY if holds_numeral(ch) and normalise(ch) != ch}
    assert changed == set("０１２３４５６７８９")


def test_every_character_with_a_numeral_in_its_compatible_form_is_odd():
    plain = set("0123456789０１２３４５６７８９㎡〇")
    for ch in EVERY:
        if holds_numeral(ch + unicodedata.normalize("NFKC", ch)) and ch not in plain:
            assert odd_character(ch) == odd_character(f"103{ch}") == ch, hex(ord(ch))
    assert not any(
        map(odd_character, ["", "abc 103", "海门街道０１社区", "一〇一", "（合成）", "350㎡"])
    )


@pytest.mark.parametrize(
    "disguised", ["③31002１９９７０１０１００１７", "𝟑𝟑𝟏002199701010017", "331002199701010017"]
)
def test_what_may_be_an_identifier_is_found_in_disguise(disguised):
    assert compatible(disguised) == "331002199701010017"
