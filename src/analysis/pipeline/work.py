"""Functions run by workers, with plain arguments, so that any machine can run them."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd

from analysis.pipeline import warm
from analysis.pipeline.edition_before import published_facts
from analysis.pipeline.execute import LIMITS, run_notebook
from analysis.pipeline.stable import set_stable
from analysis.plan.layout import site
from analysis.plan.steps import Step
from analysis.stats.disclosure import withhold
from analysis.survey.access import current
from analysis.survey.clean import clean, write, write_prints
from analysis.survey.folders import build as scratch
from analysis.survey.folders import columns, processed
from analysis.survey.problems import InputError
from analysis.survey.reference import reference
from analysis.survey.returns import write_returns
from analysis.survey.study import of_wave, study

STATE = "ANALYSIS_STATE"  # environment of a worker: the state of its modules
# counties; notebooks about more counties get proportionally more time
MANY = 90


def reload_if_changed(state: str) -> None:
    """Forget the modules of this project and end its kernel server if the state has changed.

    For a worker that outlives a run: otherwise it would compute with modules edited since.
    """
    if os.environ.get(STATE) != state:
        warm.leave()
        for name in [name for name in sys.modules if name.split(".")[0] == "analysis"]:
            del sys.modules[name]
    os.environ[STATE] = state


def clean_wave(root: Path, folder: Path, wave: str, record: list[Path]) -> None:
    """Clean the files of a wave, write its tables and the workbooks returned to the counties.

    record: that of the edition of the previous wave, empty if there is none.

    Raises InputError; the returned workbooks are then in the scratch folder, and nothing is
    published.
    """
    os.chdir(root)
    try:
        tables, accounts = clean(folder, reference("communities"))
    except InputError as error:
        if error.accounts is not None and folder.is_dir():
            write_returns(scratch(wave) / "returns", folder, error.findings, error.accounts)
        raise
    tables["before"] = pd.concat([tables["before"], *map(published_facts, record)])
    with of_wave(wave):
        tables["withheld"] = withhold(tables)
        write(tables, accounts, folder, processed(wave))
        write_prints({name: tables[name] for name in study().tables}, columns(wave))
    write_returns(site(wave) / "returns", folder, tables["questions"], accounts)


def execute(root: Path, step: Step, parameters: dict, engine: str) -> None:
    """Run one notebook in its own kernel, for all languages; raises NotebookError."""
    os.chdir(root)
    set_stable()
    warm.ensure() if engine == "warm" else warm.leave()
    source, home = root / "notebooks" / f"{step.notebook}.ipynb", scratch(parameters["wave"])
    target, *further = (
        home / lang / "notebooks" / f"{step.name}.ipynb" for lang in study().languages
    )
    wide = max(1.0, len(study().districts) / MANY)
    planned = current()
    allowed = replace(planned, isolated=True) if planned else None
    said_again = dict(zip(study().languages[1:], further, strict=True))
    run_notebook(
        source, parameters, target, (wide * LIMITS[0], wide * LIMITS[1]), allowed, said_again
    )


def districts(root: Path, wave: str) -> None:
    """Write the data that the page of each county may show."""
    from analysis.publish.districts import write_districts

    os.chdir(root)
    write_districts(wave)


def record(root: Path, wave: str, shown: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Write the record of an edition; shown: ids of its figures and tables, names: its steps."""
    from analysis.pipeline.edition_facts import write_facts_of

    os.chdir(root)
    write_facts_of(wave, shown, names)


def load() -> None:
    """Load the libraries that write pages, which takes two seconds."""
    set_stable()
    from analysis.pipeline import site  # noqa: F401


def site_part(root: Path, part: str, *arguments: object) -> None:
    """Write one part of what is published: facts, step, documents or landing."""
    os.chdir(root)
    set_stable()
    from analysis.pipeline import site

    getattr(site, f"publish_{part}")(*arguments)
