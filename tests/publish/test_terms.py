"""No page uses a word that the glossary replaces."""

import csv
import json
import re
from html.parser import HTMLParser

import pytest


class Words(HTMLParser):
    """Collect what a page says: no code, style, script or list of receipts' formulas."""

    SILENT = ("style", "script", "pre", "code", "svg")

    def __init__(self, html):
        super().__init__()
        self.depth, self.said = 0, []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.depth += tag in self.SILENT

    def handle_endtag(self, tag):
        self.depth -= tag in self.SILENT

    def handle_data(self, data):
        if not self.depth:
            self.said.append(data)


@pytest.fixture(scope="module")
def refused(edition):
    with (edition / "data/raw/reference/refused_terms.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        return list(csv.DictReader(file))


def found(text, refused, lang):
    words = [row["refused"] for row in refused if row["lang"] == lang]
    return [
        word
        for word in words
        if re.search(rf"(?<![A-Za-z]){re.escape(word)}", text, re.IGNORECASE * (lang == "en"))
    ]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_page_of_the_report_or_a_county_uses_a_refused_term(edition, refused, lang):
    outputs = edition / "outputs/2020"
    pages = {
        path for folder in ("report", "districts") for path in (outputs / folder).rglob("*.html")
    }
    pages = {path for path in pages if ("en" in path.relative_to(outputs).parts) == (lang == "en")}
    assert len(pages) == 10
    used = {
        str(path.relative_to(outputs)): words
        for path in sorted(pages)
        if (
            words := found(
                quotes_left_out(" ".join(Words(path.read_text("utf-8")).said)), refused, lang
            )
        )
    }
    assert used == {}


def quotes_left_out(text):
    """Leave out proper names of districts elsewhere, and files and columns that a page names."""
    return re.sub(
        r"[A-Z][a-z]+ District|\b\w*district\w*\.\w+|districts/|[Uu]rban districts", "", text
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_prose_cell_uses_a_refused_term(edition, refused, lang):
    used = []
    for path in sorted((edition / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            words, source = cell["cell_type"] == "markdown", "".join(cell["source"])
            of_lang = source.startswith(f"%%md {lang}") or (
                words and (lang == "en") == cell["id"].endswith("-en")
            )
            text = re.sub(r"`[^`]*`|\{[{%].*?[%}]\}|\([^()]*\.(?:html|csv)[^()]*\)", "", source)
            used += [
                (path.stem, cell["id"], w)
                for w in found(quotes_left_out(text), refused, lang)
                if of_lang
            ]
    assert used == []
