"""List the runs of notebooks and the published files that each makes, from the plan."""

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
CODE = ("src/", "python", "requirements")  # inputs of a run that are not data


def runs(raw: Path, wave: str) -> tuple[Run, ...]:
    """Return the runs of an edition in reading order, with inputs and published files of each.

    Raises PlanError if the reads of a notebook cannot be determined from its source.
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
    """Return the names of the data that a run reads, without its notebook and modules."""
    names = {name for name in task.inputs.states if not name.startswith(CODE)}
    return {name for name in names if not name.startswith("notebooks/")} | set(
        map(edition.name, task.made)
    )


def as_plan(data: Dataset, found: tuple[Run, ...]) -> dict[str, Any]:
    """Return the runs for JSON, with the description of the data."""
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
