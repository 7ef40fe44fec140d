"""The page on numbers of people says what the tables of the gate say."""

import csv

import pytest

from running import REPOSITORY

PAGE = (REPOSITORY / "docs/disclosure.md").read_text("utf-8")


def table(name):
    with (REPOSITORY / f"data/raw/reference/{name}.csv").open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


LIMITS, PEOPLE = table("disclosure"), [row for row in table("people") if row["kind"] != "named"]
TITLES = {row["indicator"]: row["en"] for row in table("measures")}


def rows_of(head):
    """The rows of the table of the page that begins with a head."""
    below = PAGE.partition(f"\n| {head} |")[2].splitlines()[2:]
    lines = below[: next(i for i, line in enumerate(below) if not line.startswith("|"))]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def test_the_page_has_every_limit_with_its_value_and_words():
    assert rows_of("limit") == [[f"`{row['rule']}`", row["value"], row["en"]] for row in LIMITS]


def test_the_page_has_every_number_of_people_in_order():
    assert [row[0] for row in rows_of("number")] == [f"`{row['indicator']}`" for row in PEOPLE]


@pytest.mark.parametrize("row", PEOPLE, ids=lambda row: row["indicator"])
def test_the_page_says_what_is_published_of_a_number(row):
    _, title, by_county, decimals = next(
        said for said in rows_of("number") if said[0] == f"`{row['indicator']}`"
    )
    assert title == TITLES[row["indicator"]]
    assert decimals == (row["decimals"] or "–")
    published = row["by_district"] == "yes" and row["kind"] != "sample"
    assert by_county.startswith("yes" if published else "no")
    assert not row["exceptions"] or (row["exceptions"] in by_county and row["source"] in by_county)
