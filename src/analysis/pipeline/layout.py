"""Where the files of an edition lie: below `outputs/`, and below the folder `site` that it is
copied from.
"""

from __future__ import annotations

from pathlib import Path

from analysis.pipeline.steps import Step
from analysis.survey.folders import build
from analysis.survey.study import study

LANDING = "landing"  # the page that leads to everything


def record_of(wave: str) -> Path:
    """Return where the record lies of what was made from what."""
    return build(wave) / "record.jsonl"


def site(wave: str) -> Path:
    """Return the folder whose files are published as they lie there."""
    return build(wave) / "site"


def preview_site(wave: str) -> Path:
    """Return the folder of the pages that `preview` shows; nothing of it is published."""
    return build(wave) / "preview"


def folder(lang: str) -> str:
    """Return the folder of a language below that of a kind of files, with a slash; nothing for the
    first.
    """
    return "" if lang == study().languages[0] else f"{lang}/"


def pages_of(step: Step, lang: str) -> list[tuple[str, str]]:
    """List the pages of a step: (kind, path below outputs/). The code behind a page is a page
    too.
    """
    notebook = ("notebook", f"notebooks/{folder(lang)}{step.name}.html")
    if step.district:
        return [("district", f"districts/{step.district}/{folder(lang)}index.html"), notebook]
    if step.notebook == study().report:
        return [("report", f"report/{folder(lang)}index.html"), notebook]
    return [notebook]


def briefs_of(step: Step, lang: str) -> list[str]:
    """List the Word files of a step: the one sheet of a county."""
    return [f"districts/{step.district}/{folder(lang)}brief.docx"] if step.district else []


def documents(lang: str) -> list[str]:
    """List what the report becomes beside its page: Word, PDF and the workbook of tables."""
    below = folder(lang)
    return [f"report/{below}report.docx", f"report/{below}report.pdf", f"tables/{below}tables.xlsx"]
