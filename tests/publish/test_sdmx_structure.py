"""The structure message is valid SDMX-JSON and describes the columns that the CSV file has."""

import copy
import json

import pytest
from pysdmx.errors import Invalid
from pysdmx.io import read_sdmx

from analysis.publish.sdmx import COLUMNS, DIMENSIONS, structure_id
from analysis.publish.sdmx_structure import sdmx_structure
from analysis.survey.reference import reference
from analysis.survey.study import study


@pytest.fixture
def structure(a_dataset):
    return sdmx_structure(a_dataset)


def read(structure):
    return read_sdmx(json.dumps(structure), validate=True)


def test_its_components_are_the_columns_of_the_csv(structure, a_dataset):
    (definition,) = read(structure).get_data_structure_definitions()
    names = [component.id for component in definition.components]
    assert set(names) == {*COLUMNS.values(), "TIME_PERIOD", "COMMENT_OBS"}
    assert [one.id for one in definition.components.dimensions] == list(DIMENSIONS)
    (flow,) = read(structure).get_dataflows()
    assert f"{flow.agency}:{flow.id}({flow.version})" == structure_id(a_dataset)


def test_it_lists_every_indicator_and_area(structure):
    lists = {one.id: {code.id for code in one.items} for one in read(structure).get_codelists()}
    assert lists["CL_INDICATOR"] == set(reference("measures")["indicator"])
    assert lists["CL_AREA"] == {study().city, *study().districts}
    assert "synthetic" in lists["CL_BASIS"] and "sample" in lists["CL_UNCERTAINTY"]


def test_a_structure_without_an_agency_is_refused(structure):
    broken = copy.deepcopy(structure)
    del broken["data"]["dataflows"][0]["agencyID"]
    with pytest.raises(Invalid):
        read(broken)
