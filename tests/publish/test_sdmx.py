"""The estimates are read back from SDMX-CSV as they were written."""

from dataclasses import replace

import pandas as pd
import pytest
from pysdmx.io import read_sdmx

from analysis.publish.sdmx import DIMENSIONS, sdmx_csv, structure_id

ROW = {
    "indicator": "certified",
    "district": "01",
    "value": "47.2",
    "low": "44.7",
    "high": "49.7",
    "n": "1533",
    "unit": "%",
    "basis": "synthetic",
    "uncertainty": "census",
}


def estimates(*changes):
    return pd.DataFrame([ROW | change for change in changes])


def test_pysdmx_reads_back_what_was_written(a_dataset):
    written = estimates({}, {"district": "02", "value": "5", "low": "", "high": ""})
    (table,) = read_sdmx(sdmx_csv(a_dataset, written)).data
    assert str(table.structure).endswith(structure_id(a_dataset))
    assert set(DIMENSIONS) <= set(table.data.columns)
    assert list(table.data["OBS_VALUE"].astype(float)) == [47.2, 5.0]


def test_every_row_has_its_label_and_its_date(a_dataset):
    head, *rows = sdmx_csv(a_dataset, estimates({}, {"district": "02"})).splitlines()
    assert head.startswith("STRUCTURE,STRUCTURE_ID,ACTION,INDICATOR,REF_AREA,TIME_PERIOD,OBS_VALUE")
    assert all(",2020-04-30," in row and row.endswith(",合成") for row in rows)


def test_two_rows_of_one_number_are_refused(a_dataset):
    with pytest.raises(ValueError, match="certified 01"):
        sdmx_csv(a_dataset, estimates({}, {"value": "1"}))


def test_an_agency_begins_with_a_letter(a_dataset):
    assert structure_id(replace(a_dataset, name="2020-x")) == "A2020_X:ESTIMATES(1.0)"
