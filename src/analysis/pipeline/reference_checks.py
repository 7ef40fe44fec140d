"""What is wrong with the reference tables as a whole, beside the characters of their cells."""

from __future__ import annotations

from analysis.stats.people_table import people_problems
from analysis.survey.frame_tables import frame_table_problems
from analysis.survey.measures import measure_problems
from analysis.survey.problems import Problem


def table_problems() -> list[Problem]:
    """List the rows of measures, people and the frame that are missing or say nothing."""
    return [*measure_problems(), *people_problems(), *frame_table_problems()]
