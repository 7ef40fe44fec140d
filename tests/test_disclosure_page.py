"""The page on numbers of people says what the tables of the gate say."""

import csv

import pytest

from running import REPOSITORY

PAGES = {
    lang: (REPOSITORY / f"docs/disclosure{ending}").read_text("utf-8")
    for lang, ending in (("en", ".md"), ("zh", ".zh.md"))
}
HEADS = {"en": ("limit", "number"), "zh": ("限值", "数")}
PUBLISHED = {"en": ("no", "yes"), "zh": ("否", "是")}
each_language = pytest.mark.parametrize("lang", PAGES)


def table(name):
    with (REPOSITORY / f"data/raw/reference/{name}.csv").open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


LIMITS, PEOPLE = table("disclosure"), [row for row in table("people") if row["kind"] != "named"]
TITLES = {row["indicator"]: row for row in table("measures")}


def rows_of(lang, which):
    """The rows of the first or the second table of the page in a language."""
    head = HEADS[lang][which]
    below = PAGES[lang].partition(f"\n| {head} |")[2].splitlines()[2:]
    lines = below[: next(i for i, line in enumerate(below) if not line.startswith("|"))]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


@each_language
def test_the_page_has_every_limit_with_its_value_and_words(lang):
    assert rows_of(lang, 0) == [[f"`{row['rule']}`", row["value"], row[lang]] for row in LIMITS]


@each_language
def test_the_page_has_every_number_of_people_in_order(lang):
    assert [row[0] for row in rows_of(lang, 1)] == [f"`{row['indicator']}`" for row in PEOPLE]


@each_language
@pytest.mark.parametrize("row", PEOPLE, ids=lambda row: row["indicator"])
def test_the_page_says_what_is_published_of_a_number(row, lang):
    _, title, by_county, decimals = next(
        said for said in rows_of(lang, 1) if said[0] == f"`{row['indicator']}`"
    )
    assert title == TITLES[row["indicator"]][lang]
    assert decimals == (row["decimals"] or "–")
    published = row["by_district"] == "yes" and row["kind"] != "sample"
    assert by_county.startswith(PUBLISHED[lang][published])
    source = row["source"].rpartition(": ")[2]  # what the published report says, in its own words
    assert not row["exceptions"] or (row["exceptions"] in by_county and source in by_county)
