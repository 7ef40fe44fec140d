"""Sentences of comparisons: filled by name, and no contrast of districts written by hand."""

import json
import re

import pandas as pd
import pytest
from this_study import CITY, COUNTIES

from analysis.publish.prose import numbers
from analysis.publish.sentences import plain, sentences
from analysis.stats.comparison import homogeneity
from analysis.stats.statements import statements
from analysis.survey.repository import reference
from running import REPOSITORY

CONTRAST = re.compile(
    r"高于|低于|多于|少于|领先|落后|最高|最低|最多|最少|首位|第[一二三]名|名列|优于|不如"
    r"|\b(?:above|below|higher|lower|highest|lowest|more than|less than|fewer than|leads?|lags?|"
    r"best|worst)\b"
)
PLACE = re.compile(
    "|".join(
        [*COUNTIES.values(), *(n[:2] for n in COUNTIES.values()), r"county\[", r"district_names\["]
    )
)
HOW = "communities: 100 × count(joint_committee) / count(rows)"
SENTENCE = re.compile(r"[^。；！？\n]+[。；！？\n]?")


@pytest.fixture
def estimates():
    size, yes = [61, 143, 140, 137, 190, 137, 121, 121, 111], [57, 29, 118, 38, 27, 24, 25, 23, 21]
    counts = [(CITY, sum(yes), sum(size)), *zip(COUNTIES, yes, size, strict=True)]
    rows = [
        {
            "name": f"joint_committee.{code}",
            "indicator": "joint_committee",
            "district": code,
            "wave": "2020",
        }
        | {
            "value": round(100 * k / n, 6),
            "low": 50 * k / n,
            "high": 100 * k / n + 5,
            "n": n,
            "unit": "%",
        }
        | {"basis": "synthetic", "uncertainty": "census", "numerator": k, "how": HOW}
        for code, k, n in counts
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("lang", "place", "word"), [("zh", "椒江区", "高于"), ("en", "Jiaojiang", "above")]
)
def test_a_sentence_takes_its_numbers_by_name_and_links_them(estimates, lang, place, word):
    names = (
        reference("counties").set_index("gb2260")["name_en"].to_dict() if lang == "en" else COUNTIES
    )
    named = {"county": numbers(estimates, lang), "district_names": names}
    named["city"] = named["county"][CITY]
    said = sentences(
        statements(estimates, homogeneity(estimates, ["joint_committee"])), named, lang
    )
    own = said["331002"]["joint_committee"]
    assert place in own and word in own and '<a class="n"' in own and not own[0].islower()
    assert re.findall(r'data-basis="(\w+)"', own) == ["synthetic", "synthetic"]
    assert set(said) == {CITY, *COUNTIES}


def test_plain_text_has_no_markup(estimates):
    named = {}
    for lang in ("zh", "en"):
        named[lang] = {"county": numbers(estimates, lang), "district_names": dict(COUNTIES)}
        named[lang]["city"] = named[lang]["county"][CITY]
    table = plain(statements(estimates, homogeneity(estimates, ["joint_committee"])), named)
    assert not table[["text_zh", "text_en"]].map(lambda t: "<" in t or "{" in t).any(axis=None)


def prose():
    for path in sorted((REPOSITORY / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and source.startswith("%%md"):
                yield f"{path.stem}:{cell['id']}", source.partition("\n")[2]


def test_no_prose_contrasts_a_named_place_by_hand():
    """A sentence with a place and a word of contrast must be one of the forms, by `said[…]`."""
    found = [
        (cell, sentence)
        for cell, text in prose()
        for sentence in SENTENCE.findall(re.sub(r"\{\{ said\[.*?\}\}", "", text))
        if CONTRAST.search(sentence) and PLACE.search(sentence)
    ]
    assert found == []


@pytest.mark.parametrize(
    "planted",
    ["椒江区的持证率高于全市。", '{{ county["331004"].income }} is the highest.', "温岭名列前茅。"],
)
def test_the_search_finds_a_contrast_written_by_hand(planted):
    assert CONTRAST.search(planted) and PLACE.search(planted)
