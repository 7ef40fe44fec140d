"""The report as a manuscript: one Markdown text, from which pandoc makes the Word file and the PDF.

Numbers keep their receipts as notes, one a number, where it first stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pypandoc
from nbformat import NotebookNode

from analysis.publish.page import in_language, number, report_of

LINK = re.compile(r'<a class="n" href="#r-([\w.-]+)"[^>]*>([^<]*)</a>')
REFERENCE = re.compile(r'<a class="ref" href="#([^"]+)"></a>')
OTHER_LINK = re.compile(r"<a [^>]*>([^<]*)</a>")
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~^@])")
LABELS = {"zh": {"figure": "图", "table": "表"}, "en": {"figure": "Figure", "table": "Table"}}


@dataclass
class Manuscript:
    """Markdown, and its pictures: {path below the scratch folder: what they show, in words}."""

    text: str
    pictures: dict[str, str]


def manuscript(notebook: NotebookNode, site: dict) -> Manuscript:
    """Write the executed report notebook as pandoc Markdown.

    site: what all pages share; its receipts become the notes, its label stands below the title.
    """
    lang = site["lang"]
    shown = in_language(notebook, lang)
    numbers = number(shown, LABELS[lang])
    noted, parts, pictures = set(), [], {}
    for cell in shown.cells:
        for output in cell.get("outputs", []):
            report = report_of(output)
            if report.get("kind") == "prose":
                parts.append(_prose(output.data["text/markdown"], site, numbers, noted))
            elif report.get("kind") in ("figure", "table"):
                anchor = f"{'fig' if report.kind == 'figure' else 'tab'}-{report.id}"
                caption = f"{numbers[anchor]}  {_prose(report.title, site, numbers, noted)}"
                source = _plain(f"{report.subtitle}。{report.source}" if lang == "zh" else
                                f"{report.subtitle}. {report.source}")  # fmt: skip
                if report.kind == "figure":
                    pictures[report.png] = report.alt
                    parts.append(f"![{caption}]({report.png}){{width=100%}}")
                else:
                    parts.append(f"{_table(report.table)}\n\n: {caption}")
                parts.append(f'::: {{custom-style="Source"}}\n{source}\n:::')
    notes = [f"[^{_id(name)}]: {_note(site['estimates'][name])}" for name in sorted(noted)]
    return Manuscript("\n\n".join([*parts, *notes]), pictures)


def _prose(text: str, site: dict, numbers: dict, noted: set) -> str:
    def said(match: re.Match) -> str:
        name, words = match.groups()
        first = name not in noted
        noted.add(name)
        return _plain(words) + (f"[^{_id(name)}]" if first else "")

    text = REFERENCE.sub(lambda match: numbers[match[1]], LINK.sub(said, text))
    text = OTHER_LINK.sub(r"\1", text)
    return re.sub(r"^(#+) ", lambda match: match[1][1:] + " ", text, flags=re.MULTILINE)  # the title is apart


def _note(receipt: dict) -> str:
    parts = [receipt["label"], receipt["value"], receipt["definition"], receipt["how"], receipt["facts"]]
    where = [f"{sheet} {rows}".strip() for sheet, rows in receipt["sources"]]
    return _plain(
        "; ".join(
            [*parts, *where, *receipt.get("corrections", []), f"{receipt['notebook']}.ipynb · {receipt['cell']}"]
        )
    )


def _table(table: dict) -> str:
    """Write a pipe table whose dashes give each column a share of the width after its longest words."""
    rows = [table["columns"], *table["rows"]]
    widths = [_width(column) for column in zip(*rows, strict=True)]
    share = [max(round(100 * width / sum(widths)), 3) for width in widths]
    lines = ["| " + " | ".join(_plain(str(cell)) for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * n for n in share) + "|", *lines[1:]])


def _width(column) -> float:
    longest = max(sum(2 if ord(c) > 0x2E7F else 1 for c in str(cell)) for cell in column)
    return min(max(longest, 6), 34)


def _plain(text: str) -> str:
    return SPECIAL.sub(r"\\\1", LINK.sub(r"\2", text))


def _id(name: str) -> str:
    return name.replace(".", "-").replace("_", "-")


def convert(text: str, to: str, options: list[str]) -> str:
    """Convert Markdown by the pandoc of the wheel; returns the text of the new format."""
    return pypandoc.convert_text(text, to, format="markdown", extra_args=["--quiet", *options])
