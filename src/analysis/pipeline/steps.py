"""The list of steps: which notebooks run, with which parameters, after which others."""

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


QUESTIONS = (
    Step("01_clean"),
    Step("02_facilities"),
    Step("03_workforce"),
    Step("04_funding_burden"),
    Step("05_village_turned"),
    Step("06_system_linkage_elections"),
)
# These read the estimates that the questions have saved, and save their own.
ANALYSES = (Step("07_compare"), Step("11_index"), Step("12_published_text"))
# These read the estimates of both.
COMPARISONS = (
    Step("09_published_vs_recomputed"),
    *(Step("08_district_profile", f"08_district_profile_{c}", {"district": c}) for c in COUNTIES),
)
REPORT = (Step("10_report"), Step("13_methods"))
STAGES = (QUESTIONS, ANALYSES, COMPARISONS, REPORT)  # each stage needs the one before


def chosen(only: str | None) -> tuple[tuple[Step, ...], ...]:
    """Return the stages, or with `only` the steps of that one notebook (with or without its number).

    Raises KeyError for a notebook that is not in the list.
    """
    if not only:
        return STAGES
    wanted = only.removesuffix(".ipynb")
    stages = tuple(
        tuple(step for step in stage if wanted in (step.notebook, step.notebook[3:])) for stage in STAGES
    )
    if not any(stages):
        raise KeyError(f"no notebook {only}; there are: {', '.join(notebooks())}")
    return stages


def notebooks() -> list[str]:
    """List the notebooks in reading order."""
    return sorted({step.notebook for stage in STAGES for step in stage})
