"""The numbers that notebooks give their figures are those of the pages."""

import re

import pytest
from this_study import COUNTIES

from analysis.publish.numbering import Numbering

SHOWN = re.compile(
    r'<figure(?: class="?table"?)? id="?([\w-]+)"?.*?<span class="?no"?>([^<]+)</span>'
)
CODE = list(COUNTIES)[2]


@pytest.mark.parametrize(
    ("notebook", "page", "least"),
    [
        ("02_facilities", "report", 20),
        ("10_report", "report", 20),
        ("08_district_profile", f"districts/{CODE}", 3),
    ],
)
@pytest.mark.parametrize(("lang", "folder"), [("zh", "."), ("en", "en")])
def test_numbers_are_those_of_the_page(edition, monkeypatch, notebook, page, least, lang, folder):
    """Figures and tables have the numbers that the sources of the notebooks give them, and no
    others have one.
    """
    monkeypatch.chdir(edition)
    html = (edition / "outputs/2020" / page / folder / "index.html").read_text("utf-8")
    numbering = Numbering(notebook, "2020", lang, CODE)
    published = dict(SHOWN.findall(html))
    assert len(published) >= least
    assert {anchor: numbering.label(anchor) for anchor in published} == published
    assert numbering.numbers.keys() == published.keys()


@pytest.mark.parametrize(
    ("lang", "said"), [("zh", "表（报告未收）"), ("en", "Table (not in the report)")]
)
def test_a_table_that_the_report_leaves_out_says_so(repository, monkeypatch, lang, said):
    """A table of a notebook that the report does not include has no number."""
    monkeypatch.chdir(repository)
    assert Numbering("12_published_text", "2020", lang, "").label("tab-totals_admitted") == said
