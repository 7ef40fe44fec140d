"""The estimates as SDMX-CSV 2.0, the exchange format of statistical offices.

https://sdmx.org: one observation for each row, identified by indicator, area and date.
"""

from __future__ import annotations

import pandas as pd

from analysis.publish.dataset import Dataset
from analysis.publish.tables import harmless

DATAFLOW = "ESTIMATES(1.0)"
COLUMNS = {  # columns of the estimates, with their names in SDMX
    "indicator": "INDICATOR",
    "district": "REF_AREA",
    "value": "OBS_VALUE",
    "low": "LOWER_BOUND",
    "high": "UPPER_BOUND",
    "n": "OBS_COUNT",
    "unit": "UNIT_MEASURE",
    "basis": "BASIS",
    "uncertainty": "UNCERTAINTY",
}
DIMENSIONS = ("INDICATOR", "REF_AREA", "TIME_PERIOD")


def agency(data: Dataset) -> str:
    """Return the identifier of the maintainer of the dataflow; it begins with a letter."""
    name = data.name.upper().replace("-", "_")
    return name if name[0].isalpha() else f"A{name}"


def structure_id(data: Dataset) -> str:
    """Return the identifier of the dataflow: agency, name, version."""
    return f"{agency(data)}:{DATAFLOW}"


def sdmx_csv(data: Dataset, estimates: pd.DataFrame) -> str:
    """Return the table of the estimates as SDMX-CSV, each row with the label of the data.

    estimates: as published, every cell as text. Raises ValueError if two rows have the same
    indicator, area and date.
    """
    frame = estimates[list(COLUMNS)].rename(columns=COLUMNS)
    frame.insert(0, "ACTION", "I")
    frame.insert(0, "STRUCTURE_ID", structure_id(data))
    frame.insert(0, "STRUCTURE", "dataflow")
    frame.insert(5, "TIME_PERIOD", data.date.isoformat())
    twice = frame[frame.duplicated(list(DIMENSIONS))]
    if len(twice):
        first = twice.iloc[0]
        why = "两行同一指标、地区 (two rows of one indicator and area: give one another name)"
        raise ValueError(f"estimates.csv: {first['INDICATOR']} {first['REF_AREA']}: {why}")
    frame["COMMENT_OBS"] = data.label[data.languages[0]]
    frame = frame.map(harmless)
    return frame.to_csv(index=False, lineterminator="\n")
