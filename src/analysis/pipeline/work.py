"""What a worker does: one piece of work each, told by plain values, so that any process or machine can do it."""

from __future__ import annotations

import os
from pathlib import Path

from analysis.pipeline import warm
from analysis.pipeline.execute import run_notebook
from analysis.pipeline.stable import set_stable
from analysis.pipeline.steps import Step
from analysis.survey.clean import clean, write
from analysis.survey.folders import build as scratch
from analysis.survey.folders import processed
from analysis.survey.repository import reference


def clean_wave(root: Path, folder: Path, wave: str) -> None:
    """Clean the workbooks of a wave and write its tables. Raises InputProblems."""
    os.chdir(root)
    tables, accounts = clean(folder, reference("communities"))
    write(tables, accounts, folder, processed(wave))


def execute(root: Path, step: Step, parameters: dict, engine: str) -> None:
    """Run one notebook in a kernel of its own. Raises NotebookFailed."""
    os.chdir(root)
    set_stable()
    if engine == "warm":
        warm.ensure()
    source = root / "notebooks" / f"{step.notebook}.ipynb"
    folder = scratch(parameters["wave"]) / parameters["lang"]
    run_notebook(source, parameters, folder / "notebooks" / f"{step.name}.ipynb")


def site_files(root: Path, wave: str, lang: str) -> None:
    """Write the figures and tables of one language as they are published."""
    from analysis.pipeline.site import publish_files

    os.chdir(root)
    publish_files(wave, lang)


def site_pages(root: Path, wave: str, lang: str) -> None:
    """Write the pages of one language as they are published."""
    from analysis.pipeline.site import publish_pages

    os.chdir(root)
    publish_pages(wave, lang)
