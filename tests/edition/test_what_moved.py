"""Two records are compared fact by fact, and sentence by sentence within a cell."""

import pytest

from analysis.edition.record import EditionRecord, Fact
from analysis.edition.what_moved import Moved, compare

LANGUAGES = Fact("edition", "languages", ("zh", "en"))


def edition(*facts):
    return EditionRecord("here", (LANGUAGES, *facts))


def both(text):
    return {"zh": text, "en": text}


def number(said, data="1", name="share"):
    return Fact("number", name, (said,), data=data)


def verdict(form, said):
    return Fact("verdict", "share.01", said, data=form)


def cell(*texts, lang="zh", name="02_x!said"):
    return [Fact("sentence", name, (text,), lang) for text in texts]


NUMBERS = {
    "printed": (
        number("38%"),
        number("43%", "2"),
        Moved("number", "share", both("38%"), both("43%"), "printed"),
    ),
    "not as printed": (
        number("38%"),
        number("38%", "2"),
        Moved("number", "share", both("38%"), both("38%"), "beneath"),
    ),
    "new": (None, number("38%"), Moved("number", "share", {}, both("38%"), "printed")),
    "gone": (number("38%"), None, Moved("number", "share", both("38%"), {}, "printed")),
}


@pytest.mark.parametrize(("old", "new", "moved"), NUMBERS.values(), ids=NUMBERS)
def test_numbers(old, new, moved):
    """A number moves as printed, or in its value alone."""
    assert compare(*(edition(*filter(None, [one])) for one in (old, new))) == [moved]


def test_nothing_moves_between_equal_records():
    """Equal records give nothing, whatever the hashes of their inputs."""
    facts = [number("38%"), verdict("above", ("高", "higher")), *cell("一。", "二。")]
    assert compare(edition(*facts), EditionRecord("there", (LANGUAGES, *facts), {"a": "b"})) == []


@pytest.mark.parametrize(
    ("form", "lost"), [("alike", True), ("too_few", True), ("below contrast", False)]
)
def test_a_verdict_that_flipped_says_whether_a_contrast_is_lost(form, lost):
    """`above` to `alike` may no longer say higher; `above` to `below` still contrasts."""
    old, new = verdict("above contrast", ("高", "higher")), verdict(form, ("同", "alike"))
    (one,) = compare(edition(old), edition(new))
    assert (one.kind, one.what, one.lost_contrast) == (
        "verdict",
        f"above → {form.split()[0]}",
        lost,
    )
    assert (one.old["en"], one.new["zh"]) == ("higher", "同")


def test_a_verdict_that_is_gone_is_lost():
    """Where nothing may be said any more, the contrast is lost too."""
    (one,) = compare(edition(verdict("above contrast", ("高", "higher"))), edition())
    assert (one.what, one.lost_contrast) == ("above → —", True)


def test_a_verdict_in_other_words_is_a_sentence():
    """The same form with other numbers has not flipped."""
    (one,) = compare(edition(verdict("alike", ("1", "1"))), edition(verdict("alike", ("2", "2"))))
    assert (one.kind, one.name, one.old, one.new) == (
        "sentence",
        "statements.csv!share.01",
        both("1"),
        both("2"),
    )


def test_of_a_figure_it_is_said_what_differs():
    """Title, data and drawing are told apart."""
    old = Fact("figure", "x", ("a",), data="data 1 drawing 2")
    new = Fact("figure", "x", ("b",), data="data 1 drawing 3")
    assert [one.what for one in compare(edition(old), edition(new))] == ["said, drawing"]


def test_of_a_cell_only_the_sentences_that_differ_are_said():
    """The same sentences around are left out, a language that is as it was too."""
    old = edition(*cell("一。", "二。", "三。"), *cell("One.", lang="en"))
    new = edition(*cell("一。", "乙。", "三。", "四。"), *cell("One.", lang="en"))
    assert compare(old, new) == [
        Moved("sentence", "02_x!said", {"zh": "二。"}, {"zh": "乙。\n四。"})
    ]


def test_a_sentence_that_stands_twice_and_is_deleted_once_is_said():
    """Sentences are compared in their order, not as a set."""
    (one,) = compare(edition(*cell("一。", "一。")), edition(*cell("一。")))
    assert (one.old, one.new) == ({"zh": "一。"}, {"zh": ""})


def test_the_sentences_of_the_report_come_first():
    """Readers of the report are the most."""
    report = Fact("edition", "report", ("10_report",))
    facts = [*cell("一。"), *cell("一。", name="10_report!said")]
    moved = compare(edition(report), edition(report, *facts))
    assert [one.name for one in moved] == ["10_report!said", "02_x!said"]


def test_a_correction_is_a_cause_and_does_not_move():
    """What was corrected stands among the causes."""
    assert compare(edition(), edition(Fact("correction", "a.xlsx!x!y 3", ("“1” → “2”",)))) == []
