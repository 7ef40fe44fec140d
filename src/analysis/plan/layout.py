"""Paths of the files of an edition, below `outputs/` and the folder `site` copied to it."""

from __future__ import annotations

from pathlib import Path

from analysis.plan.steps import Step
from analysis.survey.folders import build
from analysis.survey.study import study

LANDING = "landing"  # the page that links to all others


def record_of(wave: str) -> Path:
    """Return the path of the record of runs, with the inputs and outputs of each task."""
    return build(wave) / "record.jsonl"


def site(wave: str) -> Path:
    """Return the folder whose files are published unchanged."""
    return build(wave) / "site"


def preview_site(wave: str) -> Path:
    """Return the folder of the pages that `preview` shows; nothing of it is published."""
    return build(wave) / "preview"


def folder(lang: str) -> str:
    """Return the subfolder of a language, with a slash; empty for the main language."""
    return "" if lang == study().languages[0] else f"{lang}/"


def pages_of(step: Step, lang: str) -> list[tuple[str, str]]:
    """Return the pages of a step as (kind, path below outputs/), including that of its code."""
    notebook = ("notebook", f"notebooks/{folder(lang)}{step.name}.html")
    if step.district:
        return [("district", f"districts/{step.district}/{folder(lang)}index.html"), notebook]
    if step.notebook == study().report:
        return [("report", f"report/{folder(lang)}index.html"), notebook]
    return [notebook]


def briefs_of(step: Step, lang: str) -> list[str]:
    """Return the Word files of a step: the one-page brief of a county."""
    return [f"districts/{step.district}/{folder(lang)}brief.docx"] if step.district else []


def documents(lang: str) -> list[str]:
    """Return the other files made from the report: Word, PDF and the workbook of tables."""
    below = folder(lang)
    return [f"report/{below}report.docx", f"report/{below}report.pdf", f"tables/{below}tables.xlsx"]
