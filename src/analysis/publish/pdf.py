"""Write the PDF of the report with typst: tagged (PDF/UA-1), bookmarks, embedded font."""

from __future__ import annotations

import re
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import typst
from nbformat import NotebookNode

from analysis.publish import fonts
from analysis.publish.manuscript import LABELS, manuscript, pandoc
from analysis.survey.characters import font_path

DOT, HYPHEN = re.compile(r"&#46;(?=&#46;)"), re.compile(r"&#45;")  # as written by `literal`
TEMPLATE = Path(__file__).parent / "template" / "report.typ"


def pdf(notebook: NotebookNode, site: dict, folder: Path, when: datetime) -> bytes:
    """Return the PDF of an executed report notebook.

    site: data shared by all pages. folder: with its pictures (`figures/…png`). when: the date
    stored in the file, so that the same report gives the same bytes. Raises typst.TypstError if the
    file would not be PDF/UA-1.
    """
    said = manuscript(notebook, site)
    body = _typst(said.text).replace("#footnote[", "#note[") + "\n#all-notes\n"
    for picture, words in said.pictures.items():
        body = body.replace(
            f'image("{picture}"', f"image({_string(picture)}, alt: {_string(words)}"
        )
    with tempfile.TemporaryDirectory() as work:
        for picture in said.pictures:
            (Path(work) / picture).parent.mkdir(exist_ok=True)
            shutil.copyfile(folder / picture, Path(work) / picture)
        source = Path(work) / "report.typ"
        source.write_text(_head(site) + body, encoding="utf-8")
        return typst.compile(
            source,
            root=work,
            font_paths=[str(font_path().parent)],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=["ua-1"],
            timestamp=int(when.replace(tzinfo=UTC).timestamp()),
        )


def _typst(text: str) -> str:
    """Convert a manuscript to typst without changing dots and hyphens of the data.

    Typst reads `...`, `-?` and `-1` as an ellipsis, a soft hyphen and a minus sign. Private
    characters, which no text may hold, replace these dots and hyphens while pandoc converts the
    text.
    """
    text = HYPHEN.sub("\ue001", DOT.sub("\ue000", text))
    body = pandoc(text, "typst").decode("utf-8")
    return body.replace("\ue000", "\\.").replace("\ue001", "\\-")


def _head(site: dict) -> str:
    """Fill the template: title, language, label of the data, date and edition."""
    label = "" if site["basis"] == "official" else site["notice"]
    facts = {
        "title": site["report"],
        "lang": site["lang"],
        "date": f"{site['date']} · {site['edition']}",
        "publisher": site["kicker"],
        "label": label,
        "font": fonts.FAMILY,
        "notes": LABELS[site["lang"]]["notes"],
    }
    said = "".join(f"#let report-{key} = {_string(value)}\n" for key, value in facts.items())
    return said + TEMPLATE.read_text(encoding="utf-8")


def _string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
