"""Without a Chinese font, all characters of pages, drawings, PDF and Word have a glyph."""

import base64
import io
import re
import shutil
import subprocess
import zipfile
from html import unescape

import pytest
from fontTools.ttLib import TTFont

from analysis.publish import fonts

FACE = re.compile(r"@font-face\{[^}]*url\(data:font/\w+;base64,([^)]+)\)")
UNSEEN = re.compile(r"<(script|style|head)\b.*?</\1>|<[^>]+>", re.DOTALL)
SHOWN = re.compile(r'(?:alt|title|aria-label)="([^"]*)"')


def without_glyph(document):
    """Return what an HTML page or a drawing shows and its embedded font cannot draw."""
    cut = TTFont(io.BytesIO(base64.b64decode(FACE.search(document)[1])))
    text = unescape(UNSEEN.sub(" ", document) + " ".join(SHOWN.findall(document)))
    return {sign for sign in text if sign.isprintable()} - set(map(chr, cut.getBestCmap()))


def fonts_of(path):
    """Return name and embedding of the fonts of a PDF."""
    if shutil.which("pdffonts") is None:
        pytest.skip("no poppler on this machine: fonts of the PDF are not looked at")
    listed = subprocess.run(
        ["pdffonts", path], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [
        (line.split()[0], re.search(r" (yes|no) +(?:yes|no) +(?:yes|no) ", line)[1])
        for line in listed[2:]
    ]


def text_of(path):
    return subprocess.run(
        ["pdftotext", path, "-"], capture_output=True, text=True, check=True
    ).stdout


def test_every_page_draws_its_own_characters(edition):
    pages = sorted((edition / "outputs/2020").rglob("*.html"))
    assert len(pages) > 60
    assert {
        path.name: lost for path in pages if (lost := without_glyph(path.read_text("utf-8")))
    } == {}


def test_every_drawing_draws_its_own_characters(edition):
    drawings = sorted((edition / "outputs/2020/figures").rglob("*.svg"))
    assert len(drawings) > 40
    assert {
        path.name: lost for path in drawings if (lost := without_glyph(path.read_text("utf-8")))
    } == {}


def test_a_character_outside_the_font_is_seen(edition):
    page = (edition / "outputs/2020/index.html").read_text("utf-8")
    assert without_glyph(page.replace("</main>", "<p>\N{KHMER LETTER KA}鬯</p></main>")) == {
        "\N{KHMER LETTER KA}",
        "鬯",
    }


@pytest.mark.parametrize("name", ["report/report.pdf", "report/en/report.pdf"])
def test_the_pdf_embeds_its_fonts_and_it_has_every_character(edition, name):
    path = edition / "outputs/2020" / name
    found = fonts_of(path)
    assert {embedded for _, embedded in found} == {"yes"}
    # code
    assert {font.partition("+")[2] for font, _ in found} <= {"NotoSansSC-Regular", "DejaVuSansMono"}
    text = text_of(path)
    assert (
        len(text) > 3000
        and fonts.missing(text) == set()
        and "\N{REPLACEMENT CHARACTER}" not in text
    )


def test_word_shows_every_character_where_the_font_of_the_wheel_is_all_there_is(
    edition, drawn_word
):
    found = fonts_of(drawn_word)
    assert found and all("NotoSansSC" in font and embedded == "yes" for font, embedded in found), (
        found
    )
    written = (
        zipfile.ZipFile(edition / "outputs/2020/report/report.docx")
        .read("word/document.xml")
        .decode("utf-8")
    )
    said = unescape("".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", written)))
    assert fonts.missing(said) == set()
    drawn = set(text_of(drawn_word))
    assert {sign for sign in said if "\u4e00" <= sign <= "\u9fff"} <= drawn
