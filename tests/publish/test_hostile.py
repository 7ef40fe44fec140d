"""Text that people type stays text in every format: words, pages, Word, PDF, workbook and CSV."""

import csv
import io
import json
import re
import zipfile
from html import unescape

import docx
import openpyxl
import pandas as pd
import pytest
import typst
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from typed_report import COUNTIES, NUMBER, WHEN, Shown, notebook_of, site_of, words_of

from analysis.publish import fonts, tables
from analysis.publish import page as pages
from analysis.publish.markup import PageWriter
from analysis.publish.pdf import _typst, pdf
from analysis.publish.prose import render
from analysis.publish.sentences import sentences
from analysis.publish.text import literal
from analysis.publish.word import word
from analysis.publish.workbook import workbook
from hostile import ONE_LINE, TEXTS


def test_there_are_many_texts():
    assert len(set(TEXTS)) >= 90


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_in_words_is_that_text_for_markdown_and_html(text):
    one = " ".join(text.split("\n"))
    assert unescape(literal(text)) == one
    assert not re.search(r"[<>`*_\[\]{}|\\$#]", re.sub(r"&#\d+;", "", literal(text)))
    said = render("{{ x }}", {"x": text})
    assert unescape(PageWriter({}).inline(said.json)) == one and said.plain == one


def test_a_page_shows_each_text_and_gets_neither_element_nor_attribute_from_it():
    whole = "\n".join(TEXTS)
    usual = Shown(
        pages.render(notebook_of(*"甲" * len(TEXTS)), kind="report", site=site_of("甲"))
    ).elements
    html = pages.render(notebook_of(*TEXTS), kind="report", site=site_of(whole))
    made = Shown(html)
    assert made.elements == usual
    assert html.count("<script") == 2
    found = " ".join("".join(made.text).split())
    for one in ONE_LINE:
        assert found.count(" ".join(one.split())) >= 10, one


def test_word_shows_each_text_as_it_is_and_has_no_other_structure(tmp_path):
    whole = " ".join(ONE_LINE)
    title = '# T *a* [^1]: <img onerror=x> {{ x }} $x$ --- "q" `r`{=html} \\input{a}'
    site = site_of(whole) | {"report": title, "kicker": title}
    data = word(notebook_of(*TEXTS), site, tmp_path, WHEN)
    document, usual = (
        docx.Document(io.BytesIO(made))
        for made in (data, word(notebook_of(*"甲" * len(TEXTS)), site_of("甲"), tmp_path, WHEN))
    )
    names = [[paragraph.style.name for paragraph in one.paragraphs] for one in (document, usual)]
    assert names[0] == names[1] and len(document.tables) == len(TEXTS)
    said = [paragraph.text for paragraph in document.paragraphs]
    assert said[0] == title
    for one, table in zip(ONE_LINE, document.tables, strict=True):
        assert f"持证率47.2%：{one}" in said, one
        assert [cell.text for row in table.rows for cell in row.cells] == ["甲", one, one, one]
    properties = document.core_properties
    assert (properties.title, properties.author) == (title, title)
    archive = zipfile.ZipFile(io.BytesIO(data))
    note = re.findall(r"<w:t[^>]*>([^<]*)</w:t>", archive.read("word/endnotes.xml").decode("utf-8"))
    assert unescape("".join(note)).count(whole.strip()) >= 6
    assert "media" not in "".join(archive.namelist()), "a picture that a text named"


def test_typst_reads_each_text_as_it_is(tmp_path):
    texts = [f"甲{one.strip()}乙" for one in ONE_LINE]
    starts = [one.strip() for one in ONE_LINE]
    for said in (texts, starts):
        source = tmp_path / "a.typ"
        source.write_text(_typst("\n\n".join(map(literal, said))), "utf-8")
        found = json.loads(typst.query(str(source), "par"))
        shown = [" ".join(words_of(par["body"]).split()) for par in found]
        assert shown == [" ".join(text.split()) for text in said]


def test_a_pdf_is_made_of_all_of_them(tmp_path):
    assert pdf(notebook_of(*TEXTS), site_of("\n".join(TEXTS)), tmp_path, WHEN).startswith(b"%PDF")


def test_a_workbook_holds_each_text_as_text():
    book = openpyxl.load_workbook(
        io.BytesIO(workbook(notebook_of(*TEXTS), site_of("\n".join(TEXTS)), WHEN, COUNTIES))
    )
    assert len(set(map(str.lower, book.sheetnames))) == len(TEXTS) + 3, (
        "each sheet has a name of its own"
    )
    for sheet, text in zip(book.worksheets[3:], TEXTS, strict=True):
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert not [cell for cell in cells if cell.data_type == "f"], text
        values = [str(cell.value) for cell in cells]
        assert values.count(text) >= 3 and not any(
            cell.hyperlink for cell in cells if cell.value == text
        ), text


def test_a_csv_holds_each_text_and_no_formula():
    data = pd.DataFrame({"a": TEXTS, "=b": [f"{text}" for text in TEXTS]})
    rows = list(csv.reader(io.StringIO(tables.to_csv(data, "synthetic").removeprefix("\ufeff"))))
    assert rows[0] == ["a", "'=b", "basis"]
    for (cell, *_), text in zip(rows[1:], TEXTS, strict=True):
        assert cell.removeprefix("'") == text.removeprefix("'")
        assert not cell.startswith(("=", "@", "＝")) and (
            cell[0] not in "+-" or re.fullmatch(r"[+-]?[\d.,]+", cell)
        )


def test_sentences_from_tables_are_text_and_take_numbers_by_name():
    statements = pd.DataFrame(
        {"district": ["1"], "indicator": ["a"], "zh": ["<img onerror=x> *b* {{ n }}{{ t }}"]}
    )
    said = sentences(statements, {"n": NUMBER, "t": "<b>#"}, "zh")["1"]["a"]
    assert said.plain == "<img onerror=x> *b* 47.2%<b>#" and said.names == ["certified"]
    html = markdown2html_mistune(PageWriter({}).markdown(said.json))
    assert Shown(html).elements == [("p", ()), ("a", ("href", "id"))]
    assert render("{{ said }}", {"said": said}) == said, "said once more it is the same"


def test_templates_from_tables_are_kept_from_python():
    for code in (
        "{{ ''.__class__ }}",
        "{{ x.__init__.__globals__ }}",
        "{{ lipsum() }}",
        "{{ cycler }}",
    ):
        with pytest.raises(Exception, match=r"undefined|unsafe|no attribute"):
            render(code, {"x": NUMBER})


def test_the_font_has_every_sign_of_these_texts():
    assert fonts.missing("".join(ONE_LINE)) == set()
