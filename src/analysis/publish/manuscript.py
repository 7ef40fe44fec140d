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
WORD = re.compile(r"[^\s\u2e80-\uffff]+|\S")  # what no line may break: Chinese breaks anywhere
TEXT, MARGINS, LONGEST_WORD, LONGEST_CELL = 98, 3.4, 12, 70  # half widths of a Chinese character in a table
WIDE = "MWmw%@"
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
    parts = [receipt["label"], receipt["value"], receipt["definition"], receipt["words"], receipt["facts"]]
    where = [f"{sheet} {rows}".strip() for sheet, rows in receipt["sources"]]
    return _plain(
        "; ".join(
            [
                *filter(None, parts),
                *receipt.get("notes", []),
                *where,
                *receipt.get("corrections", []),
                f"{receipt['notebook']}.ipynb · {receipt['cell']}",
            ]
        )
    )


def _table(table: dict) -> str:
    """Write a pipe table whose dashes, more than a line of them, give each column its share of the width."""
    rows = [table["columns"], *table["rows"]]
    shares = _shares([[str(cell) for cell in column] for column in zip(*rows, strict=True)])
    lines = ["| " + " | ".join(_plain(str(cell)) for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * round(2 * share) for share in shares) + "|", *lines[1:]])


def _shares(columns: list[list[str]]) -> list[float]:
    """Share out the width: to each column its longest word, what is left by the length of the cells."""
    words = [max(_width(word) for cell in column for word in WORD.findall(cell) or [""]) for column in columns]
    least = [min(word, LONGEST_WORD) + MARGINS for word in words]
    wishes = [min(max(map(_width, column)) + MARGINS, LONGEST_CELL) for column in columns]
    more = [max(wish - floor, 0) + 0.1 for wish, floor in zip(wishes, least, strict=True)]
    room = max(TEXT - sum(least), 0)
    return [floor + room * part / sum(more) for floor, part in zip(least, more, strict=True)]


def _width(text: str) -> float:
    return sum(2 if ord(c) > 0x2E7F else 1.8 if c in WIDE else 1.1 for c in text)


def _plain(text: str) -> str:
    return SPECIAL.sub(r"\\\1", LINK.sub(r"\2", text))


def _id(name: str) -> str:
    return name.replace(".", "-").replace("_", "-")


def convert(text: str, to: str, options: list[str]) -> str:
    """Convert Markdown by the pandoc of the wheel; returns the text of the new format."""
    return pypandoc.convert_text(text, to, format="markdown", extra_args=["--quiet", *options])
