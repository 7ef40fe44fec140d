"""List of steps: notebooks with their parameters; their order follows from what they read."""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.survey.folders import NOTEBOOK
from analysis.survey.study import study


@dataclass(frozen=True)
class Step:
    """One run of one notebook; `name` is unique and names its executed copy."""

    notebook: str
    name: str = ""
    parameters: dict = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name or self.notebook)

    @property
    def district(self) -> str:
        """Code of the district that the step is about; empty if it is about all."""
        return self.parameters.get("district", "")


def steps() -> list[Step]:
    """Return every step in reading order; the notebook of a district has one for each."""
    listed = []
    for name in notebooks():
        if name == study().of_district:
            listed += [
                Step(name, f"{name}_{code}", {"district": code}) for code in study().districts
            ]
        else:
            listed.append(Step(name))
    return listed


def step_named(name: str) -> Step:
    """Return a step by its name."""
    return next(step for step in steps() if step.name == name)


def steps_matching(only: str) -> list[Step]:
    """Return the steps of one notebook, named with or without its number and suffix.

    Raises KeyError for a notebook that is not in the list.
    """
    wanted = only.removesuffix(".ipynb")
    found = [step for step in steps() if wanted in (step.notebook, step.notebook[3:])]
    if not found:
        raise KeyError(f"no notebook {only}; there are: {', '.join(notebooks())}")
    return found


def notebooks() -> list[str]:
    """Return the notebooks in reading order: those in notebooks/ named as 02_facilities."""
    names = (path.stem for path in (study().home / "notebooks").glob("*.ipynb"))
    return sorted(name for name in names if NOTEBOOK.fullmatch(name))
