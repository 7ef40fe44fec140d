"""The list of steps: which notebooks run, with which parameters. Their order follows from what they read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


BEFORE = (
    "01_clean",
    "02_facilities",
    "03_workforce",
    "04_funding_burden",
    "05_village_turned",
    "06_system_linkage_elections",
    "07_compare",
)
EACH_COUNTY = "08_district_profile"
AFTER = (
    "09_published_vs_recomputed",
    "10_report",
    "11_index",
    "12_published_text",
    "13_methods",
    "14_counties_in_detail",
)


class Steps(Sequence):
    """Every step, in reading order; the counties are those of the frame that one works in."""

    def __getitem__(self, place):
        return self._listed()[place]

    def __iter__(self) -> Iterator[Step]:
        return iter(self._listed())

    def __len__(self) -> int:
        return len(self._listed())

    def _listed(self) -> list[Step]:
        counties = [Step(EACH_COUNTY, f"{EACH_COUNTY}_{code}", {"district": code}) for code in COUNTIES]
        return [*map(Step, BEFORE), *counties, *map(Step, AFTER)]


STEPS = Steps()


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
