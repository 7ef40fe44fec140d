"""The record of an edition holds what is published, once, in little space."""

import csv
import re
from html import unescape

import pytest

from analysis.edition.record import read_edition
from analysis.pipeline.edition_facts import sentences

MOST = 1_500_000  # bytes

SPLIT = {
    "一句。又一句！": ["一句。", "又一句！"],
    "（见**附件**。）完": ["（见附件。）完"],
    "## 2. Foundations\n\nOne. Two 3.5 more.": ["2. Foundations", "One.", "Two 3.5 more."],
    "- **一是。** 甲\n- 乙": ["一是。", "甲", "乙"],
    'See <a class="ref" href="#fig-x"></a> and [text](../a.html).': ["See [fig-x] and text."],
    '<a class="n" href="#r-a" data-basis="synthetic">47%</a> of &#42;all&#42;': ["47% of *all*"],
}


@pytest.fixture(scope="module")
def record(edition):
    return read_edition(edition / "outputs/2020")


@pytest.mark.parametrize(("markdown", "expected"), SPLIT.items())
def test_markdown_is_split_into_sentences_of_plain_text(markdown, expected):
    """Marks and links are gone, signs of the data stay, numbers are not torn apart."""
    assert sentences(markdown) == expected


def test_every_number_of_the_estimates_is_recorded(record, edition):
    """Names and values are those of `estimates.csv`, in its order."""
    with (edition / "outputs/2020/tables/estimates.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["name"], row["value"]) for row in csv.DictReader(file)]
    facts = [(one.name, one.data.partition(" ")[0]) for one in record.facts if one.kind == "number"]
    assert [name for name, _ in facts] == [name for name, _ in rows]
    assert [float(value) for _, value in facts] == pytest.approx(
        [float(v or "nan") for _, v in rows], nan_ok=True
    )


def test_every_sentence_of_the_report_stands_on_its_page(record, edition):
    """What is recorded of the report is on the page, in each language."""
    for lang, below in (("zh", ""), ("en", "en/")):
        page = (edition / f"outputs/2020/report/{below}index.html").read_text("utf-8")
        page = re.sub(r'<a class=ref href="?#([\w-]+)"?>[^<]*</a>', r"[\1]", page)
        words = "".join(unescape(re.sub(r"<[^>]*>", "", page)).split())
        own = [
            one
            for one in record.facts
            if (one.lang, one.name.partition("!")[0]) == (lang, "10_report")
        ]
        # on the page in another order
        said = [one for one in own if not one.name.endswith("!key_figures")]
        assert len(said) > 100
        odd = [one.said[0] for one in said if "".join(one.said[0].split()) not in words]
        assert odd == []


def test_a_fact_is_recorded_once(record):
    """But for sentences, which keep their order, a kind and a name are one line."""
    keys = [(one.kind, one.name) for one in record.facts if one.kind != "sentence"]
    assert len(keys) == len(set(keys)) > 900


def test_the_record_is_small(edition):
    """It is kept in git with every edition."""
    assert (edition / "outputs/2020/RECORD.jsonl").stat().st_size < MOST
