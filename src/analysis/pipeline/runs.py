"""Which run of which notebook makes which published files, as the plan of an edition says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analysis.plan.task import Task
from analysis.plan.tasks import Edition, published
from analysis.publish.crate import Run
from analysis.publish.dataset import Dataset
from analysis.publish.landing import title
from analysis.survey.study import study

SOURCE = "source/notebooks"  # in a release
CODE = ("src/", "python", "requirements")  # of what a run rests on: what is no data


def runs(raw: Path, wave: str) -> tuple[Run, ...]:
    """List the runs of an edition in reading order, with what each reads and what is published of
    it.

    Raises PlanError where a notebook reads what cannot be told from its source.
    """
    edition = Edition(raw, wave, "warm")
    tasks = {task.name: task for task in edition.tasks()}
    found = []
    for step in edition.steps:
        pages = [tasks[f"page {step.name} {lang}"] for lang in edition.languages]
        saved = [path for path in tasks[step.name].makes if path.parent.name == "estimates"]
        name = step.notebook
        run = Run(
            name=step.name,
            title=title(edition.notebook(step), study().languages[0]),
            source=f"{SOURCE}/{name}.ipynb",
            inputs=tuple(sorted(_read(tasks[step.name], edition))),
            results=(*sorted(published(pages, wave).values()), *map(edition.name, saved)),
            parameters={"wave": wave, **step.parameters},
        )
        found.append(run)
    return tuple(found)


def _read(task: Task, edition: Edition) -> set[str]:
    """Name the data that a run reads: the notebook itself is its program, modules are no data."""
    names = {name for name in task.inputs.states if not name.startswith(CODE)}
    return {name for name in names if not name.startswith("notebooks/")} | set(
        map(edition.name, task.made)
    )


def as_plan(data: Dataset, found: tuple[Run, ...]) -> dict[str, Any]:
    """Return the runs for JSON, with what the data are."""
    listed = [
        {
            "name": run.name,
            "notebook": run.source,
            "parameters": run.parameters,
            "inputs": list(run.inputs),
            "results": list(run.results),
        }
        for run in found
    ]
    return {"name": data.release, "description": data.description(), "runs": listed}
