"""The report makes every point of the published report, in order and in both languages."""

import csv
import json
import re

import pytest

from analysis.publish.markup import plain

# parts 1 to 3 lie from the first cell to before the last
FIRST, LAST = ("introduction", "annex_compare")
ENDING = {"zh": "", "en": "_en"}
SOFTWARE = r"notebook|repository|software|CSV|JSON|make report|Python|笔记本|仓库|软件|程序|代码"


@pytest.fixture(scope="module")
def points(edition):
    with (edition / "data/raw/reference/points.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def parts(edition, lang):
    """Return {cell: text} of the cells of parts 1 to 3 that have text, without headings."""
    notebook = json.loads(
        (edition / f"build/2020/{lang}/notebooks/10_report.ipynb").read_text("utf-8")
    )
    said, inside = {}, False
    for cell in notebook["cells"]:
        inside = (inside or cell["id"] == FIRST) and cell["id"] != LAST
        outputs = [out for out in cell.get("outputs", []) if "text/markdown" in out.get("data", {})]
        words = re.sub(
            r"^#+ .*$",
            "",
            "".join("".join(o["data"]["text/markdown"]) for o in outputs),
            flags=re.M,
        )
        if inside and words.strip():
            said[cell["id"].removesuffix(ENDING[lang])] = plain(words).strip()
    return said


@pytest.mark.parametrize(("lang", "column"), [("zh", "terms"), ("en", "terms_en")])
def test_every_point_stands_in_its_cell_in_both_languages(edition, points, lang, column):
    said = parts(edition, lang)
    lacking = [
        f"{point['id']}: {term}"
        for point in points
        for term in point[column].split(";")
        if not any(word.lower() in said[point["cell"]].lower() for word in term.split("|"))
    ]
    assert len(points) == 72 and lacking == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_cell_of_the_parts_makes_a_point_and_all_stand_in_order(edition, points, lang):
    assert list(dict.fromkeys(point["cell"] for point in points)) == list(parts(edition, lang))


def test_the_chinese_prose_of_the_parts_is_as_long_as_a_report(edition):
    said = "".join(parts(edition, "zh").values())
    assert 3500 <= len(re.sub(r"[\s*]", "", said)) <= 4500


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_parts_speak_in_the_voice_of_the_report(edition, lang):
    said = "".join(parts(edition, lang).values())
    assert re.findall(rf"发布稿|published report|{SOFTWARE}", said) == []
