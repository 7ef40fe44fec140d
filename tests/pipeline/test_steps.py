import pytest

from analysis.pipeline.steps import STAGES, chosen
from analysis.survey.codebook import COUNTIES


def test_the_profile_runs_once_for_each_county():
    runs = [step for stage in STAGES for step in stage if step.notebook == "08_district_profile"]
    assert [run.parameters["district"] for run in runs] == list(COUNTIES)


def test_only_picks_one_notebook_with_or_without_number_and_ending():
    for name in ("07_compare", "compare", "07_compare.ipynb"):
        assert [step.name for stage in chosen(name) for step in stage] == ["07_compare"]
    assert len([step for stage in chosen("district_profile") for step in stage]) == len(COUNTIES)


def test_an_unknown_notebook_is_refused_with_the_list():
    with pytest.raises(KeyError, match="10_report"):
        chosen("nonsense")


def test_without_only_everything_runs():
    assert chosen(None) == STAGES
