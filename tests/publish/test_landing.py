"""The landing page leads to everything, in both languages, and works without a script."""

import json
import re

import pytest

from analysis.publish import landing
from analysis.publish.page import FONT_FIRST

PART = {
    "report": "report/index.html",
    "downloads": [("PDF", "report/report.pdf")],
    "counties": [("仙居县", "districts/331024/index.html")],
    "notebooks": [("03_workforce", "notebooks/03_workforce.html")],
}


def site(lang, basis="synthetic"):
    words = {"zh": ("报告<一>", "合成数据，不得引用"), "en": ("Report", "Synthetic data")}[lang]
    plain = dict.fromkeys(["date", "edition", "kicker", "subtitle"], "x")
    return plain | {
        "lang": lang,
        "report": words[0],
        "notice": words[1],
        "basis": basis,
        "stamp": {"a": "b"},
    }


@pytest.fixture
def html():
    return landing.render({lang: site(lang) for lang in ("zh", "en")}, {"zh": PART, "en": PART})


def test_it_leads_to_report_downloads_counties_and_notebooks(html):
    linked = set(re.findall(r'href="([^"#]+)"', html))
    assert {
        "report/index.html",
        "report/report.pdf",
        PART["counties"][0][1],
        PART["notebooks"][0][1],
    } <= linked
    assert re.findall(r"<script>(.*?)</script>", html) == [FONT_FIRST]
    assert "http" not in "".join(linked - {"http://www.w3.org/2000/svg"})


def test_words_of_the_edition_are_escaped_and_each_language_is_marked(html):
    assert "报告&lt;一&gt;" in html and "报告<一>" not in html
    assert re.search(r'lang="en"', html) and "Synthetic data" in html and "合成数据" in html


def test_the_description_of_the_data_stands_in_an_element_that_does_not_run(html):
    described = landing.render({"zh": site("zh")}, {"zh": PART}, '{"name": "报告"}')
    assert '<script type="application/ld+json">{"name": "报告"}</script>' in described
    assert "@dataset@" not in html


def test_official_data_carry_no_label():
    sites = {lang: site(lang, "official") for lang in ("zh", "en")}
    assert "合成数据" not in landing.render(sites, {"zh": PART, "en": PART})


def test_a_notebook_has_its_title_in_each_language(tmp_path):
    cells = [
        {"id": "title", "source": ["# 队伍\n", "有多少人？"]},
        {"id": "title-en", "source": ["# Workers"]},
    ]
    path = tmp_path / "03_workforce.ipynb"
    path.write_text(
        json.dumps({"cells": [{"cell_type": "markdown"} | cell for cell in cells]}), "utf-8"
    )
    assert [landing.title(path, lang) for lang in ("zh", "en")] == ["队伍", "Workers"]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            [{"id": "a", "cell_type": "code", "source": "x = 1"}, {"id": "b", "source": "## 附录"}],
            "附录",
        ),
        ([{"id": "a", "source": ""}, {"id": "title-en", "source": "\n"}], "15_annex"),
        ([], "15_annex"),
    ],
)
def test_a_notebook_without_a_cell_called_title_has_its_first_line_of_text_or_its_name(
    cells, said, tmp_path
):
    path = tmp_path / "15_annex.ipynb"
    path.write_text(
        json.dumps({"cells": [{"cell_type": "markdown"} | cell for cell in cells]}), "utf-8"
    )
    assert [landing.title(path, lang) for lang in ("zh", "en")] == [said, said]
