"""The crate names every file and every run; what it does not hold is named and is no file."""

import hashlib
from dataclasses import replace

import pytest

from analysis.publish.crate import METADATA, Contents, Run, crate

RAW = "data/raw/2020/a.xlsx"
RUN = Run(
    "02_x_01",
    "Facilities",
    "source/notebooks/02_x.ipynb",
    inputs=(RAW, "build/zh/estimates/01.parquet"),
    results=("notebooks/02_x_01.html", "build/zh/estimates/02.parquet"),
    parameters={"wave": "2020", "district": "01"},
)
FILES = {RUN.source: b"{}", "notebooks/02_x_01.html": b"<p>", "workflow.json": b"[]"}


@pytest.fixture
def graph(a_dataset):
    made = crate(a_dataset, Contents(FILES, "workflow.json", (RUN,), {RAW: "ab" * 32}))["@graph"]
    assert len({one["@id"] for one in made}) == len(made)
    return {one["@id"]: one for one in made}


def ids(entity, key):
    return [one["@id"] for one in entity[key]]


def test_every_file_is_listed_with_size_and_hash(graph):
    assert ids(graph["./"], "hasPart") == sorted(FILES)
    for path, content in FILES.items():
        assert graph[path]["contentSize"] == str(len(content))
        assert graph[path]["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_run_is_an_action_of_its_notebook_with_inputs_and_results(graph):
    action = graph["#run-02_x_01"]
    assert action["@type"] == "CreateAction" and action["instrument"] == {"@id": RUN.source}
    assert ids(action, "object") == [f"#{name}" for name in RUN.inputs]
    assert ids(action, "result") == ["notebooks/02_x_01.html", "#build/zh/estimates/02.parquet"]
    assert "district = 01" in action["description"]


def test_what_is_outside_is_no_file_and_inputs_have_their_hash(graph):
    outside = graph[f"#{RAW}"]
    assert (outside["@type"], outside["sha256"]) == ("CreativeWork", "ab" * 32)
    assert "sha256" not in graph["#build/zh/estimates/01.parquet"]


def test_every_reference_leads_to_an_entity_or_an_address(graph):
    named = {one for entity in graph.values() for one in references(entity)}
    assert {one for one in named if one not in graph and not one.startswith("http")} == set()


def references(value):
    if isinstance(value, dict):
        found = [value["@id"]] if value.keys() == {"@id"} else []
        return found + [one for inner in value.values() for one in references(inner)]
    return [one for inner in value for one in references(inner)] if isinstance(value, list) else []


def test_title_and_description_carry_the_label(graph):
    assert "合成" in graph["./"]["name"] and "合成" in graph["./"]["description"]
    assert METADATA in graph


def test_without_a_licence_none_is_claimed(a_dataset):
    held = Contents(FILES, "workflow.json", (RUN,), {})
    root = crate(replace(a_dataset, license=""), held)["@graph"][1]
    assert root["license"] == "No licence is declared."
