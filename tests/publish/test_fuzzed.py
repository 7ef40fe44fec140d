"""Whatever somebody types stays text in every format, or is refused before anything runs.

Texts are drawn around what is active somewhere: formulas, HTML, SVG, scripts, Markdown, typst, TeX,
links, templates; and with characters that are not seen, which `text_fault` refuses.
"""

import csv
import dataclasses
import io
import json
import re
import unicodedata
import zipfile
from html import escape, unescape
from html.parser import HTMLParser
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import docx
import matplotlib.pyplot as plt
import openpyxl
import pandas as pd
import pytest
import typst
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typed_report import COUNTIES, WHEN, Shown, notebook_of, site_of, words_of

from analysis.publish import facts_list, figures, picture, tables
from analysis.publish import page as pages
from analysis.publish.dataset import json_ld
from analysis.publish.ddi import ddi_codebook
from analysis.publish.markup import PageWriter
from analysis.publish.package_metadata import data_package
from analysis.publish.pdf import _typst, pdf
from analysis.publish.prose import render
from analysis.publish.questions import Form, Question
from analysis.publish.sdmx import COLUMNS as SDMX
from analysis.publish.sdmx import sdmx_csv
from analysis.publish.text import literal
from analysis.publish.word import word
from analysis.publish.workbook import workbook
from analysis.survey.characters import text_fault
from analysis.survey.forms.sheet import write_cell
from analysis.survey.problems import Problem
from analysis.survey.text import visible
from hostile import TEXTS

MORE = [
    *("=cmd|'/c calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", '+HYPERLINK("file:///etc/passwd")'),
    *('=HYPERLINK("javascript:alert(1)","x")', "-2+3+cmd|' /C calc'!A0", '=DDE("a";"b";"c")'),
    *("<svg onload=alert(1)>", "<a xlink:href='javascript:a'>", "</title><script>a</script>"),
    *("<!ENTITY x SYSTEM 'file:///etc/passwd'>", "&x;", "<![CDATA[x]]>", "]]>", "<?xml?>"),
    *("[a](javascript:alert(1))", "[a](file:///etc/passwd)", "![a](file:///b)", "<javascript:a>"),
    *('#eval("1")', '#import "@preview/x:1": y', '#include "a"', '#raw("a")', "$ x $", "#[x]"),
    *("\\write18{id}", "\\input{a}", "\\href{javascript:a}{b}", "\\immediate", "%\\n"),
    *("{{ 7*7 }}", "{% include 'a' %}", "{{ config }}", "file:///etc/passwd", "data:text/html,a"),
    *("\\\\host\\share", "=1+1", "＝1+1", "-1", "+1", "a=b", "'=1+1", '"=1+1', "%0a", "_x000a_"),
]
UNSEEN = [  # controls, directions, zero width, fillers, unassigned, private, surrogates
    *("\x00", "\x07", "\x1b", "\x7f", "\u0085", "\u061c", "\u200b", "\u200d", "\u200e", "\u202e"),
    *("\u2066", "\u2069", "\u2028", "\u2029", "\u3164", "\ufeff", "\ufff9", "\ue000", "\ufe0f"),
    *("\U000e0001", "\u0378", "\n", "\t", "\r", "\ufffe"),
]
ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
PIECES = st.sampled_from(sorted({one for one in (*TEXTS, *MORE) if text_fault(one) is None}))
WORDS = st.text("甲乙丙abc 0123.,;:%'\"()[]{}<>&|*_#$@=+-~^`\\/!?", max_size=12)


def joined(parts):
    return " ".join("".join(parts).split())


TEXT = st.lists(PIECES | WORDS, min_size=1, max_size=3).map(joined).filter(bool)
FAST = settings(max_examples=60, deadline=None, derandomize=True)
WHOLE = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
MANY = st.lists(TEXT, min_size=25, max_size=25)


@FAST
@given(PIECES | WORDS, st.sampled_from(UNSEEN), st.integers(0, 20))
def test_a_text_with_a_character_that_is_not_seen_is_refused(text, unseen, place):
    odd = text[:place] + unseen + text[place:]
    assert text_fault(odd) is not None
    said = visible(str(Problem.of(text_fault(odd), odd)))
    assert not any(unicodedata.category(one) in ("Cc", "Cf") for one in said if one != "\n")


@FAST
@given(TEXT)
def test_a_table_shows_a_text_and_has_nothing_else(text):
    data = tables.to_json(pd.DataFrame([[text, text]], columns=[text, "b"]), {text: "1"})
    shown = Shown(PageWriter({}).table(data))
    allowed = {"table", "thead", "tr", "th", "tbody", "td"}
    assert {tag for tag, _ in shown.elements} == allowed
    assert {name for _, names in shown.elements for name in names} <= {"scope", "data-area"}
    assert "".join(shown.text).count(text) == 3


@FAST
@given(TEXT)
def test_a_csv_has_a_text_and_no_formula(text):
    written = tables.to_csv(pd.DataFrame({text: [text]}), "synthetic").removeprefix("\ufeff")
    head, row = csv.reader(io.StringIO(written))
    for cell in (head[0], row[0]):
        assert cell in (text, f"'{text}")
        assert not cell.startswith(ACTIVE) or tables.PLAIN_NUMBER.fullmatch(cell)


@FAST
@given(TEXT)
def test_words_are_that_text_and_nothing_else(text):
    said = render("{{ x }}", {"x": text})
    assert said.plain == text
    assert Shown(PageWriter({}).inline(said.json)).elements == []
    assert not re.search(r"[<>`*_\[\]{}|\\$#]", re.sub(r"&#\d+;", "", literal(text)))


@settings(FAST, max_examples=4)
@given(MANY)
def test_typst_lays_a_text_out_as_it_is(tmp_path_factory, texts):
    source = tmp_path_factory.mktemp("typst") / "a.typ"
    source.write_text(_typst("\n\n".join(literal(f"甲{one}乙") for one in texts)), "utf-8")
    found = [words_of(par["body"]) for par in json.loads(typst.query(str(source), "par"))]
    assert [" ".join(one.split()) for one in found] == [f"甲{one}乙" for one in texts]


@settings(FAST, max_examples=10)
@given(TEXT, TEXT)
def test_a_drawing_shows_a_text_and_nothing_in_it_acts(first, second):
    figures.use_style()
    figure = figures.bars(
        pd.DataFrame(
            {"district": [first, f"{second}b"], "value": [1.0, 2.0], "text": "1", "tone": "context"}
        )
    )
    picture.label(figure, first)
    root = ET.fromstring(picture.svg(figure, {first: "331002"}))
    plt.close("all")
    names = {one.tag.rpartition("}")[2] for one in root.iter()}
    assert names <= {
        "svg",
        "g",
        "path",
        "text",
        "tspan",
        "title",
        "defs",
        "clipPath",
        "rect",
        "use",
    }
    for one in root.iter():
        for key, value in one.attrib.items():
            name = key.rpartition("}")[2]
            assert not name.startswith("on")
            assert name != "href" or value.startswith("#")
    written = "".join("".join(root.itertext()).split())
    assert "".join(first.split())[:8] in written


def declared(a_dataset, text):
    """A data set of which every text is the same."""
    both = {"zh": text, "en": text}
    texts = dict.fromkeys(("title", "publisher", "notice", "label", "place"), both)
    return dataclasses.replace(a_dataset, edition=text, **texts)


@FAST
@given(text=TEXT)
def test_the_description_of_a_page_cannot_end_its_script(a_dataset, text):
    written = json_ld(declared(a_dataset, text), [(text, "a.csv")])
    assert "<" not in written
    assert json.loads(written)["creator"]["name"] == text


@settings(FAST, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXT)
def test_descriptions_for_archives_hold_a_text_as_a_text(a_dataset, text):
    data = declared(a_dataset, text)
    kinds = {"is_required": False, "is_identifier": False, "answers": {text: text}}
    texts = {f.name: text for f in dataclasses.fields(Question)} | {"kind": "choice", **kinds}
    names = {"name": text, "zh": text, "en": text}
    rest = {f.name: "" for f in dataclasses.fields(Form)} | names
    form = Form(**rest | {"questions": (Question(**texts),)})
    book = ET.fromstring(ddi_codebook(data, [form]))
    assert any(one.text == text for one in book.iter())
    known = {"codeBook", *(tag.rpartition("}")[2] for tag in (one.tag for one in book.iter()))}
    assert not known & {"script", "img", "svg", "a"}
    package = json.loads(
        json.dumps(data_package(data, {"tables/a.csv": b"\xef\xbb\xbfa,basis\n1,s\n"}))
    )
    assert text in json.dumps(package, ensure_ascii=False) or text in str(package)


@FAST
@given(text=TEXT)
def test_the_exchange_format_has_no_formula(a_dataset, text):
    row = dict.fromkeys(SDMX, "1") | {"indicator": "income", "district": "331000"}
    written = sdmx_csv(declared(a_dataset, text), pd.DataFrame([row]))
    for cell in [cell for row in csv.reader(io.StringIO(written)) for cell in row]:
        assert not cell.startswith(ACTIVE) or tables.PLAIN_NUMBER.fullmatch(cell), cell


@FAST
@given(text=TEXT)
def test_the_list_of_facts_has_one_line_a_number_and_no_link_of_a_text(text):
    row = SimpleNamespace(district="331000", basis="synthetic", uncertainty="census")
    said = SimpleNamespace(text=text, interval_text="—")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(facts_list, "number", lambda *_: said)
        line = facts_list._line(row, {"zh": text}, "zh", text)
    assert "\n" not in line
    assert not re.search(r"(?<!\\)\]\(|(?<!\\)<", line)


@settings(FAST, max_examples=15)
@given(MANY)
def test_forms_and_returns_hold_a_text_as_a_text(texts):
    """Both write their cells by `write_cell` or `write_string`, into a workbook without links."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        sheet, style = book.add_worksheet(), book.add_format()
        for row, text in enumerate(texts):
            write_cell(sheet, row, 0, text, style)
    cells = [row[0] for row in openpyxl.load_workbook(made).active.iter_rows()]
    assert [cell.value for cell in cells] == texts
    assert all(cell.data_type == "s" and cell.hyperlink is None for cell in cells)


@FAST
@given(TEXT)
def test_a_page_made_smaller_says_the_same(text):
    """The minifier leaves `<` in titles and attributes, where it begins no element."""
    said = escape(text)
    html = f'<!DOCTYPE html><title>{said}</title><p title="{said}">{said}</p><svg><title>{said}</title></svg>'
    title, rest = re.match(r".*?<title>(.*?)</title>(.*)", pages.minify(html), re.S).groups()
    assert unescape(title) == text
    made = Shown(rest)
    assert [tag for tag, _ in made.elements if tag not in ("body", "head")] == ["p", "svg", "title"]
    assert [one for one in made.text if one.strip()] == [text, text]


@WHOLE
@given(MANY)
def test_a_page_of_them_has_the_elements_of_any_page(texts):
    usual = Shown(pages.render(notebook_of(*"甲" * 25), kind="report", site=site_of("甲"))).elements
    html = pages.render(notebook_of(*texts), kind="report", site=site_of(" ".join(texts)))
    made = Shown(html)
    assert made.elements == usual
    found = " ".join("".join(made.text).split())
    assert all(one in found for one in texts)


@WHOLE
@given(MANY)
def test_word_and_workbook_of_them_hold_text_alone(tmp_path_factory, texts):
    folder, site = tmp_path_factory.mktemp("word"), site_of(" ".join(texts))
    data = word(notebook_of(*texts), site, folder, WHEN)
    document = docx.Document(io.BytesIO(data))
    for one, table in zip(texts, document.tables, strict=True):
        assert [cell.text for row in table.rows for cell in row.cells] == ["甲", one, one, one]
    archive = zipfile.ZipFile(io.BytesIO(data))
    for name in archive.namelist():
        assert b'TargetMode="External"' not in archive.read(name), name
        assert b"w:instrText" not in archive.read(name) or b"HYPERLINK" not in archive.read(name)
    book = openpyxl.load_workbook(io.BytesIO(workbook(notebook_of(*texts), site, WHEN, COUNTIES)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    values = {str(cell.value) for cell in cells}
    assert set(texts) <= values
    links = [cell.hyperlink.target for cell in cells if cell.hyperlink and cell.hyperlink.target]
    assert not links


@WHOLE
@given(MANY)
def test_a_pdf_of_them_starts_nothing(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("pdf")
    data = pdf(notebook_of(*texts), site_of(" ".join(texts)), folder, WHEN)
    assert data.startswith(b"%PDF")
    for one in (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/GoToR", b"/SubmitForm"):
        assert one not in data
    assert not re.search(rb"/URI\s*\(\s*(javascript|file|data):", data)


class Policy(HTMLParser):
    """The content policy of a page, its scripts, and whatever acts."""

    def __init__(self, html):
        super().__init__()
        self.policy, self.scripts, self.acting = "", [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]
        if tag == "script":
            self.scripts.append(given.get("type", ""))
        acts = [name for name in given if name.startswith("on")]
        links = [given.get(name) or "" for name in ("href", "src", "action", "formaction")]
        acts += [one for one in links if re.match(r"\s*(javascript|file|vbscript):", one, re.I)]
        acts += [one for one in links if one.startswith("data:") and one != "data:,"]
        self.acting += acts + [tag] * (tag in ("iframe", "object", "embed", "base", "form"))


def test_every_page_of_an_edition_has_a_strict_policy_and_nothing_that_acts(edition):
    read = sorted((edition / "outputs").rglob("*.html"))
    assert len(read) > 50
    for path in read:
        page = Policy(path.read_text("utf-8"))
        parts = [part.split() for part in page.policy.split(";") if part.strip()]
        policy = {name: allowed for name, *allowed in parts}
        assert policy["default-src"] == ["'none'"], path
        assert policy["base-uri"] == policy["form-action"] == ["'none'"], path
        allowed = policy.get("script-src", [])
        assert all(one.startswith("'sha256-") for one in allowed), path
        assert page.acting == [], path
        runs = [one for one in page.scripts if one != "application/ld+json"]
        assert len(runs) <= len(allowed), path
