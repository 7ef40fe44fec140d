"""Word, PDF and the workbook, made from a small executed notebook and read back."""

import io
import re
import shutil
import subprocess
import zipfile
from datetime import datetime
from html import unescape

import docx
import openpyxl
import pytest
from fontTools.ttLib import TTFont
from matplotlib import pyplot as plt
from nbformat.v4 import new_code_cell, new_notebook, new_output

from analysis.publish import fonts
from analysis.publish import manuscript as text
from analysis.publish.manuscript import manuscript
from analysis.publish.pdf import pdf
from analysis.publish.word import word
from analysis.publish.workbook import _names, workbook

WHEN = datetime(2020, 4, 30)
COUNTIES = {
    "title": "各县",
    "subtitle": "",
    "table": {"columns": ["指标", "单位", "椒江区"], "rows": [["持证率", "%", "43.0"]]},
}
LINK = '<a class="n" href="#r-certified" data-basis="synthetic">47.2%</a>'


def shown(kind, data, **report):
    return new_output("display_data", data=data, metadata={"report": {"kind": kind, **report}})


@pytest.fixture
def notebook():
    table = {
        "columns": ["县（市、区）", "持证率（%）"],
        "rows": [["椒江区", "43.0"], ["=全市", "1,047.2"]],
    }
    words = {
        "title": f"持证率{LINK}",
        "subtitle": "%",
        "source": "合成数据",
        "table": table,
        "alt": "持证率",
    }
    said = f'## 一、题\n\n持证率{LINK}，再说一次{LINK}（见<a class="ref" href="#fig-a"></a>）。'
    return new_notebook(
        cells=[
            new_code_cell(
                "%%md zh", id="words", outputs=[shown("prose", {"text/markdown": said}, lang="zh")]
            ),
            new_code_cell(
                "a", id="a", outputs=[shown("figure", {}, id="a", png="figures/a.png", **words)]
            ),
            new_code_cell("b", id="b", outputs=[shown("table", {}, id="b", **words)]),
        ]
    )


@pytest.fixture
def site():
    receipt = dict.fromkeys(["definition", "words", "facts"], "普查") | {
        "label": "持证率",
        "value": "47.2%",
    }
    receipt |= {
        "sources": [("《花名册》", "椒江区 43.0 (6-66)")],
        "notebook": "03_workforce",
        "cell": "certificate",
    }
    return {
        "report": "调研报告",
        "kicker": "台州市",
        "notice": "合成数据，不得引用",
        "date": "2020",
        "edition": "1",
        "lang": "zh",
        "basis": "synthetic",
        "stamp": {"数据日期": "2020-04-30"},
        "estimates": {"certified": receipt},
    }


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "figures").mkdir()
    figure = plt.figure(figsize=(1, 1))
    figure.savefig(tmp_path / "figures/a.png")
    plt.close(figure)
    return tmp_path


def test_a_number_has_one_note_and_figures_are_referred_to_by_number(notebook, site):
    said = manuscript(notebook, site)
    text = unescape(said.text)
    assert text.count("[^certified]: ") == 1
    assert len(re.findall(r"47\.2%\[\^certified\](?!:)", text)) == 1
    assert "（见图 1）" in text and "# 一、题" in text
    assert said.pictures == {"figures/a.png": "持证率"}


def test_word_has_the_official_layout_notes_headings_and_the_label(notebook, site, folder):
    data = word(notebook, site, folder, WHEN)
    assert data == word(notebook, site, folder, WHEN), "the same bytes"
    document = docx.Document(io.BytesIO(data))
    section = document.sections[0]
    assert [round(side.mm) for side in (section.top_margin, section.bottom_margin)] == [37, 35]
    assert [round(side.mm) for side in (section.left_margin, section.right_margin)] == [28, 26]
    assert document.styles["Body Text"].paragraph_format.line_spacing.pt == pytest.approx(
        28.95, abs=0.06
    )
    assert "Heading 1" in [paragraph.style.name for paragraph in document.paragraphs]
    for header in (section.header, section.even_page_header):
        assert "合成数据" in header.paragraphs[0].text
    widths = [cell.width.mm for cell in document.tables[0].rows[0].cells]
    assert sum(widths) == pytest.approx(156, abs=1) and min(widths) > 30
    parts = zipfile.ZipFile(io.BytesIO(data))
    notes = re.sub(r"<[^>]+>", "", parts.read("word/endnotes.xml").decode("utf-8"))
    assert "《花名册》" in notes and "(6-66)" not in notes, "the page lists the very rows"
    assert 'descr="持证率"' in parts.read("word/document.xml").decode("utf-8")


def test_the_pdf_is_accessible_has_its_font_and_the_same_bytes(notebook, site, folder):
    data = pdf(notebook, site, folder, WHEN)
    assert data == pdf(notebook, site, folder, WHEN)
    assert data.startswith(b"%PDF") and b"pdfuaid" in data and b"NotoSansSC" in data
    assert b"/Outlines" in data, "bookmarks"


def test_the_workbook_has_cover_contents_and_a_sheet_a_table(notebook, site):
    data = workbook(notebook, site, WHEN, COUNTIES)
    assert data == workbook(notebook, site, WHEN, COUNTIES)
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["封面", "目录", "各县", "持证率47.2%", "3 持证率47.2%"]
    assert "合成数据" in book["封面"]["A3"].value
    cells = [[cell.value for cell in row] for row in book["3 持证率47.2%"].iter_rows()]
    assert cells[5] == ["椒江区", 43.0] and cells[6] == ["=全市", 1047.2]
    assert book["3 持证率47.2%"]["A7"].data_type == "s", "a formula stays text"
    assert cells[2][0].startswith("数据性质：synthetic · 合成数据")


def test_a_sheet_has_a_name_that_excel_takes():
    titles = ["a" * 30 + "'s", "'a/b: c?'", "same", "SAME", "???"]
    names = _names(titles)
    assert names == ["a" * 30, "a b  c", "same", "4 SAME", "5"]


def test_columns_hold_their_longest_word_and_long_texts_get_the_rest():
    columns = [
        ["条目", "Q09"],
        ["重算值", "1.0000"],
        ["Outcome", "recomputable"],
        ["说明", "很长的说明" * 12],
    ]
    shares = text._shares(columns)
    assert sum(shares) == pytest.approx(text.TEXT)
    assert shares[0] > 3 and shares[1] > 6 and shares[2] > 12 and shares[3] > sum(shares) / 2


@pytest.mark.parametrize("word", ["Welch", "Holm", "1130.50", "minimum", "95.0%"])
def test_no_column_is_narrower_than_its_word_in_the_font_of_the_wheel(word):
    font = TTFont(fonts.font_path(), lazy=True)
    advances, glyphs = font["hmtx"], font.getBestCmap()
    points = 9 / font["head"].unitsPerEm * sum(advances[glyphs[ord(sign)]][0] for sign in word)
    others = [["说明", "很长的说明" * 12]] * 6
    narrow = text._shares([["检验", word, "精确"], *([*other, "无"] for other in others)])[0]
    assert narrow * 4.5 >= points + 2 * 5.4, "half of 9 points, and the margins of a cell in Word"


def measured(pdf):
    """List the lines of each page of a PDF: (top, left, right, text)."""
    said = subprocess.run(
        ["pdftotext", "-bbox-layout", pdf, "-"], capture_output=True, text=True, check=True
    ).stdout
    line = re.compile(
        r'<line xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)"[^>]*>(.*?)</line>', re.DOTALL
    )
    words = re.compile(r"<word[^>]*>(.*?)</word>")
    return [
        sorted(
            (float(top), float(left), float(right), "".join(words.findall(inside)))
            for left, top, right, inside in line.findall(page)
        )
        for page in re.findall(r"<page .*?</page>", said, re.DOTALL)
    ]


def test_word_as_drawn_has_28_characters_a_line_and_22_lines_a_page(drawn_word):
    pages = measured(drawn_word)
    han = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef“”]+")
    full = [text for lines in pages for _, left, right, text in lines if left < 80 and right > 519]
    # longer: the label in small type
    body = [text for text in full if han.fullmatch(text) and len(text) < 35]
    assert len(body) > 10
    assert {len(text) for text in body} <= {26, 27, 28, 29}
    first = [top for top, left, _, text in pages[0] if 100 < top < 720 and left < 115]
    pitch = (first[-1] - first[2]) / (len(first) - 3)
    height = 297 - 37 - 35  # mm: the paper without the margins above and below
    assert abs(height / 25.4 * 72 / pitch - 22) < 1


def test_word_as_drawn_numbers_its_notes_by_digits(drawn_word):
    begun = re.compile(r"(?:\d+|[ivxlc]+)(?=[\u4e00-\u9fff])")
    last = [line for page in measured(drawn_word)[-3:] for line in page]
    marks = [found[0] for *_, text in last if (found := begun.match(text))]
    assert len(marks) > 5 and all(mark.isdigit() for mark in marks), marks


def test_quotes_of_the_english_pdf_are_as_wide_as_latin_ones(edition):
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext on this machine: the PDF is not measured")
    pdf = edition / "outputs/2020/report/en/report.pdf"
    said = subprocess.run(
        ["pdftotext", "-bbox", pdf, "-"], capture_output=True, text=True, check=True
    ).stdout
    word = r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">counties’<'
    ems = [
        (float(right) - float(left)) / (float(low) - float(top))
        for left, top, right, low in re.findall(word, said)
    ]
    assert ems and max(ems) < 4.5, "a Chinese quote takes a whole em"


def test_no_table_of_word_as_drawn_is_crushed(drawn_word):
    alone = [
        (round(left), text)
        for lines in measured(drawn_word)
        for _, left, _, text in lines
        if len(text) == 1
    ]
    latin = [text for _, text in alone if text.isascii() and text.isalpha()]
    assert latin == [], "the end of a word that was cut"
