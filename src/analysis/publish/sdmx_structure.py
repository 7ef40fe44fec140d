"""The structure of the estimates in SDMX-JSON 2.0: columns of the SDMX-CSV file and codes.

With it a program can read `estimates.sdmx.csv` without knowing the study. It has the dataflow, the
data structure, the concepts, and the code lists of indicators, areas, bases and uncertainty.
"""

from __future__ import annotations

from typing import Any

from analysis.publish.dataset import Dataset
from analysis.publish.naming import district_names
from analysis.publish.receipt_words import BASIS, UNCERTAINTY
from analysis.publish.sdmx import DIMENSIONS, agency
from analysis.survey.reference import reference

SCHEMA = (
    "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/structure-message/tools/schemas/"
    "2.0.0/sdmx-json-structure-schema.json"
)
VERSION = "1.0"
NAME = "ESTIMATES"  # of the dataflow and its structure
CONCEPTS = {  # description of each column, and the type of those without a code list
    "INDICATOR": ("Indicator", "CL_INDICATOR"),
    "REF_AREA": ("Reference area", "CL_AREA"),
    "TIME_PERIOD": ("Day that the data describe", ""),
    "OBS_VALUE": ("Value", ""),
    "LOWER_BOUND": ("Lower end of the 95 % interval", "Double"),
    "UPPER_BOUND": ("Upper end of the 95 % interval", "Double"),
    "OBS_COUNT": ("Rows counted", "Integer"),
    "UNIT_MEASURE": ("Unit of the value", "String"),
    "BASIS": ("What the value rests on", "CL_BASIS"),
    "UNCERTAINTY": ("Census, sample or model", "CL_UNCERTAINTY"),
    "COMMENT_OBS": ("Label of the data", "String"),
}
MANDATORY = ("UNIT_MEASURE", "BASIS")  # attributes that every row has


def sdmx_structure(data: Dataset) -> dict[str, Any]:
    """Return the structure message of the estimates of an edition."""
    sender = agency(data)
    flow = {"structure": _urn("datastructure.DataStructure", sender, NAME)}
    structure = {"dataStructureComponents": _components(sender)}
    concepts = [_named(name, title) for name, (title, _) in CONCEPTS.items()]
    title = data.title_of(data.languages[0])
    return {
        "meta": _header(data),
        "data": {
            "dataflows": [
                _maintained(sender, NAME, title) | {"description": data.description()} | flow
            ],
            "dataStructures": [_maintained(sender, NAME, title) | structure],
            "conceptSchemes": [
                _maintained(sender, "CONCEPTS", "Concepts") | {"concepts": concepts}
            ],
            "codelists": [
                _maintained(sender, name, name.removeprefix("CL_").capitalize()) | {"codes": codes}
                for name, codes in _code_lists(data).items()
            ],
        },
    }


def _header(data: Dataset) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "id": data.release,
        "test": False,
        "prepared": f"{(data.published or data.date).isoformat()}T00:00:00Z",
        "contentLanguages": [data.languages[0]],
        "sender": {"id": agency(data)},
    }


def _components(sender: str) -> dict[str, Any]:
    """Return dimensions, measure and attributes; all attributes are those of observations."""
    dimensions = [
        {**_component(sender, name), "position": place}
        for place, name in enumerate(DIMENSIONS, start=1)
        if name != "TIME_PERIOD"
    ]
    time = {"localRepresentation": {"format": {"dataType": "GregorianDay"}}}
    others = [name for name in CONCEPTS if name not in (*DIMENSIONS, "OBS_VALUE")]
    attributes = [_attribute(sender, name) for name in others]
    return {
        "dimensionList": {
            "id": "DimensionDescriptor",
            "dimensions": dimensions,
            "timeDimension": _component(sender, "TIME_PERIOD") | time,
        },
        "measureList": {"id": "MeasureDescriptor", "measures": [_measure(sender)]},
        "attributeList": {"id": "AttributeDescriptor", "attributes": attributes},
    }


def _attribute(sender: str, name: str) -> dict[str, Any]:
    usage = "mandatory" if name in MANDATORY else "optional"
    relation = {"attributeRelationship": {"observation": {}}}
    return _component(sender, name) | {"usage": usage} | relation


def _measure(sender: str) -> dict[str, Any]:
    number = {"localRepresentation": {"format": {"dataType": "Double"}}}
    return _component(sender, "OBS_VALUE") | number | {"usage": "mandatory"}


def _component(sender: str, name: str) -> dict[str, Any]:
    """Return a column with its concept, and its list of codes or type."""
    concept = f"{_urn('conceptscheme.Concept', sender, 'CONCEPTS')}.{name}"
    kind = CONCEPTS[name][1]
    described: dict[str, Any] = {"id": name, "conceptIdentity": concept}
    if kind.startswith("CL_"):
        codes = _urn("codelist.Codelist", sender, kind)
        return described | {"localRepresentation": {"enumeration": codes}}
    return described | ({"localRepresentation": {"format": {"dataType": kind}}} if kind else {})


def _code_lists(data: Dataset) -> dict[str, list[dict[str, str]]]:
    """Return the codes of each list, named in the first language of the edition."""
    lang = data.languages[0]
    measures = reference("measures")
    return {
        "CL_INDICATOR": [
            _named(row.indicator, getattr(row, lang)) for row in measures.itertuples(index=False)
        ],
        "CL_AREA": [_named(code, name) for code, name in district_names(lang).items()],
        "CL_BASIS": [_named(code, words[lang]) for code, words in BASIS.items()],
        "CL_UNCERTAINTY": [
            _named(code, words[lang]) for code, words in UNCERTAINTY.items() if code
        ],
    }


def _named(code: str, name: str) -> dict[str, str]:
    return {"id": code, "name": name}


def _maintained(sender: str, name: str, title: str) -> dict[str, Any]:
    return {"id": name, "agencyID": sender, "version": VERSION, "name": title}


def _urn(kind: str, sender: str, name: str) -> str:
    return f"urn:sdmx:org.sdmx.infomodel.{kind}={sender}:{name}({VERSION})"
