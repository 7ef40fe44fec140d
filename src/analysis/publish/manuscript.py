"""The report as a manuscript: one Markdown text, from which pandoc makes the Word file and the PDF.

Numbers keep their receipts as notes, one a number, where it first stands.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pypandoc
from nbformat import NotebookNode

from analysis.publish.markup import literal, plain
from analysis.publish.page import in_language, number, report_of

LINK = re.compile(r'<a class="n" href="#r-([\w.-]+)"[^>]*>([^<]*)</a>')
REFERENCE = re.compile(r'<a class="ref" href="#([^"]+)"></a>')
OTHER_LINK = re.compile(r"<(a|span) [^>]*>([^<]*)</\1>")
WORD = re.compile(r"[^\s\u2e80-\uffff]+|\S")  # what no line may break: Chinese breaks anywhere
# The report is plain Markdown with notes, tables and captions: nothing of it is code for another format.
FORBIDDEN = """raw_html raw_attribute raw_tex tex_math_dollars latex_macros yaml_metadata_block pandoc_title_block
citations example_lists native_divs native_spans"""
MARKDOWN = "-".join(["markdown", *FORBIDDEN.split()])
TEXT, MARGINS, LONGEST_WORD, LONGEST_CELL = 98, 3.4, 12, 70  # half widths of a Chinese character in a table
WIDE = "MWmw%@"
STOPS = {"zh": "。", "en": ". "}
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
                parts.append(_prose(output.data["text/markdown"], numbers, noted))
            elif report.get("kind") in ("figure", "table"):
                anchor = f"{'fig' if report.kind == 'figure' else 'tab'}-{report.id}"
                caption = f"{numbers[anchor]}  {_title(report.title, noted)}"
                source = literal(plain(f"{report.subtitle}{STOPS[lang]}{report.source}"))
                if report.kind == "figure":
                    pictures[report.png] = report.alt
                    parts.append(f"![{caption}]({report.png}){{width=100%}}")
                else:
                    parts.append(f"{_table(report.table)}\n\n: {caption}")
                parts.append(f'::: {{custom-style="Source"}}\n{source}\n:::')
    notes = [f"[^{_id(name)}]: {_note(site['estimates'][name])}" for name in sorted(noted)]
    return Manuscript("\n\n".join([*parts, *notes]), pictures)


def _number(link: re.Match, noted: set) -> str:
    """Write a number with its note, where it stands first."""
    name, words = link.groups()
    note = "" if name in noted else f"[^{_id(name)}]"
    noted.add(name)
    return literal(unescape(words)) + note


def _title(text: str, noted: set) -> str:
    """Write a title, in which nothing is markup but the links of numbers."""
    pieces, end = [], 0
    for link in LINK.finditer(text):
        pieces += [literal(plain(text[end : link.start()])), _number(link, noted)]
        end = link.end()
    return "".join([*pieces, literal(plain(text[end:]))])


def _prose(text: str, numbers: dict, noted: set) -> str:
    """Write a cell of prose, which is Markdown; what data brings into it is escaped already."""
    text = LINK.sub(lambda link: _number(link, noted), text)
    text = REFERENCE.sub(lambda match: numbers[match[1]], text)
    text = OTHER_LINK.sub(r"\2", text)
    return re.sub(r"^(#+) ", lambda match: match[1][1:] + " ", text, flags=re.MULTILINE)  # the title is apart


def _note(receipt: dict) -> str:
    parts = [receipt["label"], receipt["value"], receipt["definition"], receipt["words"], receipt["facts"]]
    where = [f"{sheet} {rows}".strip() for sheet, rows in receipt["sources"]]
    return literal(
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
    lines = ["| " + " | ".join(literal(str(cell)) for cell in row) + " |" for row in rows]
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


def _id(name: str) -> str:
    return name.replace(".", "-").replace("_", "-")


def pandoc(text: str, to: str, folder: Path | None = None, metadata: dict[str, str] | None = None) -> bytes:
    """Convert a manuscript by the pandoc of the wheel; returns the file in the format `to`.

    folder: where its pictures lie. metadata: texts such as `title`, shown as they are. Nothing of whoever runs it
    has a say: no templates, reference files or abbreviations from the home, no variables, no locale. Raises
    subprocess.CalledProcessError, whose `stderr` says why.
    """
    with tempfile.TemporaryDirectory() as home:
        facts = Path(home) / "metadata.json"
        facts.write_text(json.dumps({key: literal(said) for key, said in (metadata or {}).items()}), "utf-8")
        command = [pypandoc.get_pandoc_path(), "--quiet", f"--data-dir={home}", f"--metadata-file={facts}"]
        command += [f"--from={MARKDOWN}", f"--to={to}", "--wrap=none", "--output=-"]
        alone = {"HOME": home, "XDG_DATA_HOME": home, "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "PATH": os.defpath}
        done = subprocess.run(
            command, input=text.encode("utf-8"), cwd=folder or home, env=alone, capture_output=True, check=True
        )
    return done.stdout
