import pytest
from this_study import COUNTIES, STEPS

from analysis.plan.steps import steps_matching


def test_the_profile_runs_once_for_each_county():
    runs = [step for step in STEPS if step.notebook == "08_district_profile"]
    assert [run.parameters["district"] for run in runs] == list(COUNTIES)


def test_names_are_unique():
    assert len({step.name for step in STEPS}) == len(STEPS)


def test_only_picks_one_notebook_with_or_without_number_and_ending():
    for name in ("07_compare", "compare", "07_compare.ipynb"):
        assert [step.name for step in steps_matching(name)] == ["07_compare"]
    assert len(steps_matching("district_profile")) == len(COUNTIES)


def test_an_unknown_notebook_is_refused_with_the_list():
    with pytest.raises(KeyError, match="10_report"):
        steps_matching("nonsense")
