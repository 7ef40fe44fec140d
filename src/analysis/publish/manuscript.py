"""The report as a manuscript: one Markdown text, from which pandoc makes the Word file and the PDF.

Linked numbers keep their receipts as short notes, one a number, where it first stands.
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

from analysis.publish.markup import LINKED_NUMBER, literal, plain
from analysis.publish.page import in_language, number, report_of
from analysis.publish.tables import is_number

REFERENCE = re.compile(r'<a class="ref" href="#([^"]+)"></a>')
OTHER_LINK = re.compile(r"<(a|span) [^>]*>([^<]*)</\1>")
WORD = re.compile(r"[^\s\u2e80-\uffff]+|\S")  # what no line may break: Chinese breaks anywhere
# The report is plain Markdown with notes, tables and captions: nothing of it is code for another
# format.
FORBIDDEN = """raw_html raw_attribute raw_tex tex_math_dollars latex_macros yaml_metadata_block
pandoc_title_block citations example_lists native_divs native_spans"""
MARKDOWN = "-".join(["markdown", *FORBIDDEN.split()])
# half widths of a Chinese character in a table
TEXT, MARGINS, LONGEST_WORD, LONGEST_CELL = (98, 3.4, 12, 70)
WIDE = "MWmw%@"
LABELS = {
    "zh": {
        "figure": "图",
        "table": "表",
        "annexes": "附件：",
        "drawn": "附图附表",
        "notes": "数字出处",
    },
    "en": {
        "figure": "Figure",
        "table": "Table",
        "annexes": "Annexes: ",
        "drawn": "Figures and tables",
        "notes": "Notes on numbers",
    },
}
FINDINGS = "main_findings"  # of the page; an official document has its parts alone
ANNEX = "annex"  # how the ids of the cells begin that follow the parts


@dataclass
class Manuscript:
    """Markdown, and its pictures: {path below the scratch folder: what they show, in words}."""

    text: str
    pictures: dict[str, str]


def manuscript(notebook: NotebookNode, site: dict, signature: tuple[str, ...] = ()) -> Manuscript:
    """Write the executed report notebook as pandoc Markdown.

    site: what all pages share; its receipts become the notes, its label stands below the title.
    signature: lines (publisher, date) that close the parts, as in an official document: it has no
    list of findings, the figures and tables of the parts stand in an annex of their own before the
    others, and a list of the annexes above the signature.
    """
    lang = site["lang"]
    labels, shown = LABELS[lang], in_language(notebook, lang)
    numbers = number(shown, labels)
    annexes = [_heading(cell) for cell in shown.cells if cell.id.startswith(ANNEX)]
    noted, parts, drawn, pictures = set(), [], [], {}
    closed = not signature
    closing = [
        *_closing([labels["drawn"], *annexes], labels["annexes"], signature),
        f"# {labels['drawn']}",
    ]
    for cell in shown.cells:
        if signature and cell.id == FINDINGS:
            continue
        if cell.id.startswith(ANNEX) and not closed:
            parts, closed = [*parts, *closing, *drawn], True
        for output in cell.get("outputs", []):
            report = report_of(output)
            if report.get("kind") == "prose":
                parts.append(_prose(output.data["text/markdown"], numbers, noted))
            elif report.get("kind") in ("figure", "table"):
                (parts if closed else drawn).extend(_drawn(report, numbers, pictures))
    if not closed:
        parts += [*closing, *drawn]
    notes = [f"[^{_id(name)}]: {_note(site['estimates'][name])}" for name in sorted(noted)]
    last = [f"# {labels['notes']}"] if signature and notes else []
    shown_pictures = {
        name: pictures[name] for name in re.findall(r"\]\((figures/[^)]+)\)", "\n".join(parts))
    }
    return Manuscript("\n\n".join([*parts, *last, *notes]), shown_pictures)


def _heading(cell: NotebookNode) -> str:
    """Return the heading that a cell of prose begins with."""
    said = "".join(
        output.data.get("text/markdown", "") for output in cell.outputs if "data" in output
    )
    return plain(said.strip().partition("\n")[0].lstrip("# "))


def _closing(annexes: list[str], label: str, signature: tuple[str, ...]) -> list[str]:
    """List the annexes, then the publisher and the date on the right."""
    listed = literal(label + "  ".join(f"{i}. {name}" for i, name in enumerate(annexes, start=1)))
    signed = "\n\n".join(map(literal, signature))
    return [
        f'::: {{custom-style="Annexes"}}\n{listed}\n:::',
        f'::: {{custom-style="Signature"}}\n{signed}\n:::',
    ]


def _drawn(report: NotebookNode, numbers: dict[str, str], pictures: dict[str, str]) -> list[str]:
    """Write a figure or table with its number, title and, below, what is shown; adds to the
    pictures.
    """
    anchor = f"{'fig' if report.kind == 'figure' else 'tab'}-{report.id}"
    caption = f"{numbers[anchor]}  {literal(plain(report.title))}"
    below = literal(plain(report.subtitle))
    if report.kind == "table":
        source = [f'::: {{custom-style="Source"}}\n{below}\n:::'] if below else []
        return [f"{_table(report.table)}\n\n: {caption}", *source]
    pictures[report.png] = report.alt
    return [f"![{caption}{literal('  ') if below else ''}{below}]({report.png}){{width=100%}}"]


def _number(link: re.Match, noted: set) -> str:
    """Write a number with its note, where it stands first."""
    name, words = link.groups()
    note = "" if name in noted else f"[^{_id(name)}]"
    noted.add(name)
    return literal(unescape(words)) + note


def _prose(text: str, numbers: dict, noted: set) -> str:
    """Write a cell of prose, which is Markdown; what data brings into it is escaped already."""
    text = LINKED_NUMBER.sub(lambda link: _number(link, noted), text)
    text = REFERENCE.sub(lambda match: numbers[match[1]], text)
    text = OTHER_LINK.sub(r"\2", text)
    # the title is apart
    return re.sub(r"^(#+) ", lambda match: match[1][1:] + " ", text, flags=re.MULTILINE)


def _note(receipt: dict) -> str:
    """Write a receipt in short: what the number is, how and from which sheets; the page lists the
    very rows.
    """
    parts = [
        receipt["label"],
        receipt["value"],
        receipt["definition"],
        receipt["words"],
        receipt["facts"],
    ]
    return literal("; ".join([*filter(None, parts), *(sheet for sheet, _ in receipt["sources"])]))


def _table(table: dict) -> str:
    """Write a pipe table whose dashes, more than a line of them, give each column its share of the
    width.

    Columns of numbers stand to the right, words to the left.
    """
    rows = [table["columns"], *table["rows"]]
    shares = _shares([[str(cell) for cell in column] for column in zip(*rows, strict=True)])
    lines = ["| " + " | ".join(literal(str(cell)) for cell in row) + " |" for row in rows]
    dashes = ["-" * round(2 * share) for share in shares]
    numeric = [all(is_number(str(row[i])) for row in table["rows"]) for i in range(len(dashes))]
    sides = [False, *numeric[1:]]  # the first column heads its row
    rules = [f"{line}:" if right else f":{line}" for line, right in zip(dashes, sides, strict=True)]
    return "\n".join([lines[0], "|" + "|".join(rules) + "|", *lines[1:]])


def _shares(columns: list[list[str]]) -> list[float]:
    """Share out the width: to each column its longest word, what is left by the length of the
    cells.
    """
    words = [
        max(_width(word) for cell in column for word in WORD.findall(cell) or [""])
        for column in columns
    ]
    least = [min(word, LONGEST_WORD) + MARGINS for word in words]
    wishes = [min(max(map(_width, column)) + MARGINS, LONGEST_CELL) for column in columns]
    more = [max(wish - floor, 0) + 0.1 for wish, floor in zip(wishes, least, strict=True)]
    room = max(TEXT - sum(least), 0)
    return [floor + room * part / sum(more) for floor, part in zip(least, more, strict=True)]


def _width(text: str) -> float:
    return sum(2 if ord(c) > 0x2E7F else 1.8 if c in WIDE else 1.1 for c in text)


def _id(name: str) -> str:
    return name.replace(".", "-").replace("_", "-")


def pandoc(
    text: str, to: str, folder: Path | None = None, metadata: dict[str, str] | None = None
) -> bytes:
    """Convert a manuscript by the pandoc of the wheel; returns the file in the format `to`.

    folder: where its pictures lie. metadata: texts such as `title`, shown as they are. Nothing of
    whoever runs it has a say: no templates, reference files or abbreviations from the home, no
    variables, no locale. Raises subprocess.CalledProcessError, whose `stderr` says why.
    """
    with tempfile.TemporaryDirectory() as home:
        facts = Path(home) / "metadata.json"
        facts.write_text(
            json.dumps({key: literal(said) for key, said in (metadata or {}).items()}), "utf-8"
        )
        command = [
            pypandoc.get_pandoc_path(),
            "--quiet",
            f"--data-dir={home}",
            f"--metadata-file={facts}",
        ]
        command += [f"--from={MARKDOWN}", f"--to={to}", "--wrap=none", "--output=-"]
        alone = {
            "HOME": home,
            "XDG_DATA_HOME": home,
            "LC_ALL": "C.UTF-8",
            "LANG": "C.UTF-8",
            "PATH": os.defpath,
        }
        done = subprocess.run(
            command,
            input=text.encode("utf-8"),
            cwd=folder or home,
            env=alone,
            capture_output=True,
            check=True,
        )
    return done.stdout
