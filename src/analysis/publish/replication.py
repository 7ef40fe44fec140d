"""README of a release, in the sections of a replication package.

Data editors of journals ask for these sections:
https://social-science-data-editors.github.io/template_README/. All content is taken from the
edition: its description, its inputs, the libraries that it needs, and the program that makes each
figure, table and number of the report.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import PurePosixPath

from analysis.publish.dataset import Dataset
from analysis.publish.programs import Program
from analysis.survey.folders import DECLARATION

PROVENANCE = {
    "synthetic": "The workbooks are synthetic: drawn at random, not collected.",
    "published": "The workbooks were transcribed from what has been published.",
    "official": "The workbooks were filled in by the offices of the districts.",
}
NOT_HELD = "not part of the package: rows of a single respondent could be identified"
HEADS = {
    "figure": ("Figure", "Title"),
    "table": ("Table", "Title"),
    "number": ("Number", "As printed"),
}
TITLES = {
    "figure": "Figures",
    "table": "Tables",
    "number": "Numbers in the text",
}


def replication_readme(
    data: Dataset, inputs: Collection[str], files: Collection[str], made: Iterable[Program]
) -> str:
    """Return the README in Markdown.

    inputs: the names of the files that the edition was made from. files: the files of the release.
    """
    parts = (
        _overview(data),
        _availability(data),
        _datasets(inputs, files),
        _requirements(),
        _instructions(data),
        _programs(list(made)),
    )
    return "\n\n".join(parts) + "\n"


def _lang(data: Dataset) -> str:
    return "en" if "en" in data.languages else data.languages[0]


def _overview(data: Dataset) -> str:
    lang = _lang(data)
    return f"""# {data.title_of(lang)}

Replication package of wave {data.wave}, edition {data.edition}.

{data.description()}

## Overview

The code reads the workbooks of the wave, cleans and checks them, computes every number once, and
writes the report, its figures and its tables. One command runs all of it, in a minute or two on two
cores."""


def _availability(data: Dataset) -> str:
    rights = f"The licence is {data.license} ({data.license_url})." if data.license else ""
    return f"""## Data availability and provenance statements

{PROVENANCE[data.basis]} The state that they describe is that of {data.date.isoformat()}.

### Statement about rights

The publisher is {data.publisher[_lang(data)]}. {rights}

### Summary of availability

The tables of results, the codebook and the programs are part of this package. The rows of the
workbooks are {NOT_HELD}."""


def _datasets(inputs: Collection[str], files: Collection[str]) -> str:
    same = (name for name in files if name.startswith("codebook/") or name == DECLARATION)
    held = {PurePosixPath(name).name: name for name in same}
    rows = []
    for name in sorted(inputs):
        place = held.get(PurePosixPath(name).name)
        rows.append(f"| `{name}` | {f'`{place}`' if place else 'in the repository only'} |")
    return "\n".join(
        (
            "## Dataset list",
            "",
            "What the numbers were made from; `ro-crate-metadata.json` has the hash of each.",
            "",
            "| file | in this package |",
            "|---|---|",
            *rows,
        )
    )


def _requirements() -> str:
    return """## Computational requirements

- Python 3.11 or later and make; the libraries with their versions and hashes are those of
  `requirements.txt` in the repository, listed in `sbom.cdx.json` where it is part of the package.
- A laptop suffices. No network is needed once the libraries are installed.
- Random numbers are drawn with fixed seeds: the same inputs give the same bytes."""


def _instructions(data: Dataset) -> str:
    return f"""## Description of programs

`source/notebooks/` has the notebooks as they ran, in reading order by their numbers;
`workflow.json` lists each run with what it read and made. The package `analysis` of the repository
runs them.

## Instructions to replicators

1. In the repository run `make report`; the edition is written to `outputs/{data.wave}/`.
2. Compare its `SHA256SUMS` with that of this package: they are the same, byte by byte.
3. `.venv/bin/analysis explain NAME` says what stands behind a number of the list below."""


def _programs(made: list[Program]) -> str:
    parts = ["## List of tables, figures, numbers and programs"]
    for kind, title in TITLES.items():
        rows = [one for one in made if one.kind == kind]
        if rows:
            lines = map(_line, rows)
            heads = " | ".join((*HEADS[kind], "Program", "Cell"))
            parts.append(
                "\n".join((f"### {title}", "", f"| {heads} |", "|---|---|---|---|", *lines))
            )
    return "\n\n".join(parts)


def _line(one: Program) -> str:
    source = f"source/notebooks/{one.notebook}.ipynb"
    return f"| {_cell(one.label)} | {_cell(one.text)} | `{source}` | `{one.cell}` |"


def _cell(text: str) -> str:
    """Return a text escaped for a cell of a Markdown table."""
    return text.replace("|", "\\|")
