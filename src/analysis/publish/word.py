"""The report as a Word file in the layout of official documents (GB/T 9704-2012).

Receipts become endnotes.
"""

from __future__ import annotations

import copy
import io
import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from nbformat import NotebookNode

from analysis.publish.cells import reports_of
from analysis.publish.manuscript import LABELS, Manuscript, manuscript, pandoc
from analysis.publish.text import Text

if TYPE_CHECKING:
    from docx.document import Document
    from docx.styles.style import ParagraphStyle
    from docx.table import Table as DocTable
    from docx.text.run import Run

# 三号 is 16 pt, 二号 22 pt; fonts are named, not included. The spacing of characters is reduced so
# that a line has 28.
BODY, LINE, TIGHTER = 16, 28.95, -0.25
LONGEST = 255  # maximum number of characters of a document property
FONTS = {
    "zh": ("仿宋_GB2312", "方正小标宋简体", "黑体", "楷体_GB2312"),
    "en": ("Times New Roman",) * 4,
}
CELL = "Table Text"
BRIEF = ("standing", "next_steps", "all_numbers")  # cells of a county's page on one sheet
HEADINGS = {"Heading 1": 2, "Heading 2": 3, "Heading 3": 0}
# sizes of levels differ, in case their fonts are missing
SIZES = {"Heading 1": 18, "Heading 2": 16, "Heading 3": 16}
MONTHS = ["January", "February", "March", "April", "May", "June"]
MONTHS += ["July", "August", "September", "October", "November", "December"]
DAYS = {
    "zh": lambda day: f"{day.year}年{day.month}月{day.day}日",
    "en": lambda day: f"{day.day} {MONTHS[day.month - 1]} {day.year}",
}
TEXT_WIDTH = 210 - 28 - 26  # mm


def word(notebook: NotebookNode, site: dict, folder: Path, when: datetime) -> bytes:
    """Return the Word file of an executed report notebook.

    site: values that all pages share. folder: the folder of its pictures (`figures/…png`). when:
    the date written in the file, so that the same report gives the same bytes.
    """
    signature = (site["kicker"], DAYS[site["lang"]](when))
    return _document(manuscript(notebook, site, signature), site, site["report"], folder, when)


def brief(notebook: NotebookNode, site: dict, when: datetime) -> bytes:
    """Return the page of a county as one sheet of Word: standing, next steps, main indicators.

    notebook: the executed notebook of the county; only its cells BRIEF are shown, without notes.
    when: the date written in the file.
    """
    shown = copy.deepcopy(notebook)
    shown.cells = [cell for cell in shown.cells if cell.id.removesuffix("_en") in BRIEF]
    for _, report in reports_of(shown.cells):
        if report.kind == "prose":
            report.text = Text.from_json(report.text).unlinked.json
    return _document(manuscript(shown, site), site, site["title"], None, when, size=10.5, line=16)


def _document(
    said: Manuscript,
    site: dict,
    title: str,
    folder: Path | None,
    when: datetime,
    size: float = BODY,
    line: float = LINE,
) -> bytes:
    """Return the Word file of a manuscript; size and line are those of its text, in points."""
    lang = site["lang"]
    made = pandoc(said.text, "docx", folder, {"title": title, "lang": lang})
    document = docx.Document(io.BytesIO(made))
    _page(document, site)
    _styles(document, lang, size, line)
    _tables(document)
    _annexes(document, lang)
    _pictures(document, said.pictures)
    properties = document.core_properties
    properties.title, properties.author, properties.created, properties.modified = (
        title[:LONGEST], site["kicker"][:LONGEST], when, when)  # fmt: skip
    buffer = io.BytesIO()
    document.save(buffer)
    return _rewritten(buffer.getvalue())


def _page(document: Document, site: dict) -> None:
    """Set A4 with the margins of the standard, the label above, and the page number — 1 — below.

    The page number is on the outer side.
    """
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(18), Mm(28)
    document.settings.odd_and_even_pages_header_footer = True
    sides = (
        (section.header, section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_header, section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    )
    for header, footer, side in sides:
        if site["basis"] != "official":
            header.paragraphs[0].paragraph_format.first_line_indent = Pt(0)
            header.paragraphs[0].paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
            run = header.paragraphs[0].add_run(site["notice"])
            run.font.size, run.font.color.rgb = Pt(8), RGBColor(0x7A, 0x3A, 0x00)
        number = footer.paragraphs[0]
        number.alignment = side
        number.add_run("— ").font.size = Pt(14)
        _field(number.add_run(), "PAGE")
        number.add_run(" —").font.size = Pt(14)


def _field(run: Run, code: str) -> None:
    run.font.size = Pt(14)
    for kind, text in (("begin", ""), ("", code), ("end", "")):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        part.text = text or None
        run._r.append(part)


def _styles(document: Document, lang: str, size: float, line: float) -> None:
    styles, (song, title, black, kai) = document.styles, FONTS[lang]
    made = {style.name for style in styles}
    for name in ("Source", "Annexes", "Signature", CELL):
        if name not in made:
            styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    for style in (style for style in styles if style.type == WD_STYLE_TYPE.PARAGRAPH):
        _face(style, song)
    for name in (
        "Normal",
        "Body Text",
        "First Paragraph",
        "Compact",
        "Annexes",
        "Signature",
        *HEADINGS,
    ):
        _paragraph(styles[name], size, line)
    faces = {2: black, 3: kai, 0: song}
    for name, which in HEADINGS.items():
        _face(styles[name], faces[which])
        styles[name].font.size, styles[name].font.bold = Pt(SIZES[name] + size - BODY), True
        styles[name].paragraph_format.keep_with_next = True
    styles["Signature"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    styles["Signature"].paragraph_format.right_indent = Pt(2 * BODY)
    styles["Annexes"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.LEFT
    _face(styles["Title"], title)
    styles["Title"].font.size, styles["Title"].font.bold = Pt(22), False
    styles["Title"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _small_styles(document)


def _small_styles(document: Document) -> None:
    """Set the styles of tables, captions, sources and notes."""
    styles = document.styles
    cell = styles[CELL].paragraph_format
    cell.alignment, cell.space_before, cell.space_after = WD_ALIGN_PARAGRAPH.LEFT, Pt(1), Pt(1)
    captions = {"Image Caption": 12, "Table Caption": 12, "Captioned Figure": 10}
    for name, small in ({CELL: 9, "Source": 9, "Footnote Text": 9} | captions).items():
        style = styles[name]
        style.font.size, style.font.italic = Pt(small), False
        style.paragraph_format.first_line_indent = Pt(0)
        style.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    # tables and pictures stay on one page with their titles
    for name in ("Table Caption", "Captioned Figure"):
        styles[name].paragraph_format.keep_with_next = True
        styles[name].paragraph_format.space_before = Pt(12)
    styles["Source"].paragraph_format.space_after = Pt(10)


def _face(style: ParagraphStyle, font: str) -> None:
    style.font.name, style.font.color.rgb = font, RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for kind in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(kind), font if kind == "w:eastAsia" else "Times New Roman")
    for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(theme), None)


def _paragraph(style: ParagraphStyle, size: float, line: float) -> None:
    style.font.size = Pt(size)
    shape = style.paragraph_format
    shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(line)
    shape.space_before = shape.space_after = Pt(0)
    shape.first_line_indent = Pt(2 * size)
    shape.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    shape.widow_control = False  # pages of an official document have the same number of lines
    spacing = OxmlElement("w:spacing")
    spacing.set(qn("w:val"), str(round(20 * TIGHTER)))
    properties = style.element.get_or_add_rPr()
    for old in properties.findall(qn("w:spacing")):
        properties.remove(old)
    properties.append(spacing)


def _tables(document: Document) -> None:
    """Format each table: width of the text, rules, 9 pt, heads on every page, unbroken rows."""
    style = document.styles[CELL].style_id
    for table in document.tables:
        table.autofit = False
        shares = [int(column.width or 1) for column in table.columns]
        widths = [Mm(TEXT_WIDTH * share / sum(shares)) for share in shares]
        _rules(table)
        # `column.cells` is not used: it searches the whole table for each column
        for row in table._tbl.tr_lst:
            row.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
            for cell, width in zip(row.tc_lst, widths, strict=True):
                cell.width = width
                for paragraph in cell.p_lst:
                    paragraph.style = style


def _annexes(document: Document, lang: str) -> None:
    """Begin each annex, which follows the signature, on a new page."""
    signed = False
    for paragraph in document.paragraphs:
        signed = signed or paragraph.style.name == "Signature"
        if (
            signed
            and paragraph.style.name == "Heading 1"
            and paragraph.text != LABELS[lang]["notes"]
        ):
            paragraph.paragraph_format.page_break_before = True


def _rules(table: DocTable) -> None:
    borders = OxmlElement("w:tblBorders")
    for side, size in (("top", 12), ("bottom", 12), ("insideH", 4)):
        line = OxmlElement(f"w:{side}")
        for key, value in (
            ("val", "single"),
            ("sz", str(size)),
            ("space", "0"),
            ("color", "888888"),
        ):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)
    table._tbl.tblPr.append(borders)


def _pictures(document: Document, pictures: dict[str, str]) -> None:
    """Set the description of each picture, in the order of the text."""
    shown = document.element.body.iter(qn("wp:docPr"))
    for properties, words in zip(shown, pictures.values(), strict=True):
        properties.set("descr", words)


def _rewritten(data: bytes) -> bytes:
    """Return the file with footnotes turned into endnotes, and zipped without times.

    Endnotes keep the number of lines on a page.
    """
    source, buffer = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            content = source.read(name)
            if name.endswith((".xml", ".rels")):
                content = _ended(content.decode("utf-8")).encode("utf-8")
            entry = zipfile.ZipInfo(name.replace("footnotes", "endnotes"), (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return buffer.getvalue()


def _ended(xml: str) -> str:
    xml = re.sub(r"(relationships/|/word/|\"|\.)footnotes\b", r"\1endnotes", xml)
    xml = re.sub(r"(</?w:)footnote(s|Reference|Ref|Pr)?\b", r"\1endnote\2", xml)
    # endnotes have Roman numerals by default
    return xml.replace("<w:endnotePr>", '<w:endnotePr><w:numFmt w:val="decimal"/>')
