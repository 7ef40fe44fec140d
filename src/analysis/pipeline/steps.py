"""The list of steps: which notebooks run, with which parameters. Their order follows from what they read."""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.survey.codebook import COUNTIES


@dataclass(frozen=True)
class Step:
    """One run of one notebook; `name` is unique and names its executed copy."""

    notebook: str
    name: str = ""
    parameters: dict = field(default_factory=dict, hash=False)

    def __post_init__(self):
        object.__setattr__(self, "name", self.name or self.notebook)


STEPS = (
    Step("01_clean"),
    Step("02_facilities"),
    Step("03_workforce"),
    Step("04_funding_burden"),
    Step("05_village_turned"),
    Step("06_system_linkage_elections"),
    Step("07_compare"),
    *(Step("08_district_profile", f"08_district_profile_{c}", {"district": c}) for c in COUNTIES),
    Step("09_published_vs_recomputed"),
    Step("10_report"),
    Step("11_index"),
    Step("12_published_text"),
    Step("13_methods"),
)


def chosen(only: str) -> list[Step]:
    """Return the steps of one notebook, named with or without its number and ending.

    Raises KeyError for a notebook that is not in the list.
    """
    wanted = only.removesuffix(".ipynb")
    steps = [step for step in STEPS if wanted in (step.notebook, step.notebook[3:])]
    if not steps:
        raise KeyError(f"no notebook {only}; there are: {', '.join(notebooks())}")
    return steps


def notebooks() -> list[str]:
    """List the notebooks in reading order."""
    return list(dict.fromkeys(step.notebook for step in STEPS))
