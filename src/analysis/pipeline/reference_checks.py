"""Check the reference tables as a whole; the characters of their cells are checked elsewhere."""

from __future__ import annotations

from analysis.stats.people_table import people_problems
from analysis.survey.frame_tables import frame_table_problems
from analysis.survey.measures import measure_problems
from analysis.survey.problems import Problem


def table_problems() -> list[Problem]:
    """Return the problems in the tables of measures, people and the frame.

    These are rows that are missing or empty.
    """
    return [*measure_problems(), *people_problems(), *frame_table_problems()]
