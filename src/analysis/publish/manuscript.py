"""The report as one Markdown text, from which pandoc makes the Word file and the PDF.

The receipts of linked numbers become short notes, one for each number, at its first use.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pypandoc
from nbformat import NotebookNode

from analysis.publish.cells import reports_of
from analysis.publish.page import in_language, number
from analysis.publish.tables import is_number
from analysis.publish.text import NumberSpan, Text, literal

OTHER_LINK = re.compile(r"<(a|span) [^>]*>([^<]*)</\1>")  # as authors write it in Markdown
WORD = re.compile(r"[^\s\u2e80-\uffff]+|\S")  # unbreakable unit: Chinese breaks anywhere
# Extensions that are off: the report is Markdown with notes, tables and captions, and contains no
# code of another format.
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
FINDINGS = "main_findings"  # shown on the page only; an official document begins with its parts
ANNEX = "annex"  # prefix of the ids of cells that follow the parts


@dataclass
class Manuscript:
    """Markdown text and its pictures: {path below the scratch folder: description in words}."""

    text: str
    pictures: dict[str, str]


def manuscript(notebook: NotebookNode, site: dict, signature: tuple[str, ...] = ()) -> Manuscript:
    """Return the executed report notebook as pandoc Markdown.

    site: values that all pages share; its receipts become the notes, its label is put below the
    title. signature: lines (publisher, date) at the end of the parts, as in an official document.
    With a signature, the list of findings is left out, the figures and tables of the parts are put
    in an annex before the other annexes, and a list of the annexes is put above the signature.
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
        for _, report in reports_of([cell]):
            if report.kind == "prose":
                parts.append(_prose(Text.from_json(report.text), numbers, noted))
            elif report.kind in ("figure", "table"):
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
    """Return the heading at the start of a cell of prose."""
    texts = [report.text for _, report in reports_of([cell]) if report.kind == "prose"]
    said = "".join(Text.from_json(text).plain for text in texts)
    return said.strip().partition("\n")[0].lstrip("# ")


def _closing(annexes: list[str], label: str, signature: tuple[str, ...]) -> list[str]:
    """Return the list of annexes, and the publisher and the date aligned to the right."""
    listed = literal(label + "  ".join(f"{i}. {name}" for i, name in enumerate(annexes, start=1)))
    signed = "\n\n".join(map(literal, signature))
    return [
        f'::: {{custom-style="Annexes"}}\n{listed}\n:::',
        f'::: {{custom-style="Signature"}}\n{signed}\n:::',
    ]


def _drawn(report: NotebookNode, numbers: dict[str, str], pictures: dict[str, str]) -> list[str]:
    """Return a figure or table with its number, title and subtitle; add figures to `pictures`."""
    anchor = f"{'fig' if report.kind == 'figure' else 'tab'}-{report.id}"
    caption = f"{numbers[anchor]}  {literal(Text.from_json(report.title).plain)}"
    below = literal(Text.from_json(report.subtitle).plain)
    if report.kind == "table":
        source = [f'::: {{custom-style="Source"}}\n{below}\n:::'] if below else []
        return [f"{_table(report.table)}\n\n: {caption}", *source]
    pictures[report.png] = report.alt
    return [f"![{caption}{literal('  ') if below else ''}{below}]({report.png}){{width=100%}}"]


def _number(number: NumberSpan, noted: set) -> str:
    """Return a number, with its note if it is linked for the first time."""
    if not number.linked or number.name in noted:
        return literal(number.text)
    noted.add(number.name)
    return f"{literal(number.text)}[^{_id(number.name)}]"


def _prose(text: Text, numbers: dict, noted: set) -> str:
    """Return a cell of prose as Markdown."""
    markdown = text.write(
        str, lambda number: _number(number, noted), lambda reference: numbers[reference.anchor]
    )
    markdown = OTHER_LINK.sub(r"\2", markdown)
    # headings move up one level, since the title is metadata
    return re.sub(r"^(#+) ", lambda match: match[1][1:] + " ", markdown, flags=re.MULTILINE)


def _note(receipt: dict) -> str:
    """Return a receipt in short: what the number is, how it is computed, and from which sheets.

    The rows are listed on the page only.
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
    """Return a pipe table with the widths of its columns given by dashes.

    There are more dashes than the width of a line, so that pandoc uses them as relative widths.
    Columns of numbers are aligned to the right, words to the left.
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
    """Return the widths of columns: of each the longest word, and a share of the remaining width.

    The remaining width is shared in proportion to the length of the cells.
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
    """Return a manuscript converted by the pandoc of the wheel to the format `to`.

    folder: the folder of its pictures. metadata: texts such as `title`, shown as they are. The
    user's settings have no effect: no templates, reference files or abbreviations from the home, no
    variables, no locale. Raises subprocess.CalledProcessError, whose `stderr` gives the reason.
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
