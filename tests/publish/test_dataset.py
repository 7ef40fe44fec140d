"""An edition says as a data set what it declares of itself, its label first."""

import datetime as dt
import json
from dataclasses import replace

import pytest

from analysis.publish.dataset import dataset, json_ld, media_type
from analysis.survey.study import study

FACTS = {
    "wave": "2020",
    "basis": "synthetic",
    "reference_date": dt.date(2020, 4, 30),
    "edition": "2",
    "title": {"zh": "报告", "en": "Report </script>"},
    "publisher": {"zh": "调研组", "en": "Survey"},
    "notice": {"zh": "不得引用", "en": "do not quote"},
    "label": {"zh": "合成", "en": "Synthetic"},
}


@pytest.fixture
def data():
    return dataset(FACTS)


def test_its_name_version_and_place_are_those_of_study_and_wave(data):
    assert data.release == f"{study().release_name}-2020" and data.version == "2020.2"
    assert (data.license, data.published) == (study().license, study().release_date)
    assert data.place["zh"] == "台州市"


def test_title_and_description_carry_the_label_in_each_language(data):
    assert data.title_of("zh") == "报告 (合成)"
    assert data.description() == "合成: 不得引用 Synthetic: do not quote"


def test_official_data_carry_neither_label_nor_notice():
    official = dataset(FACTS | {"basis": "official"})
    assert not official.is_synthetic and official.title_of("zh") == "报告"
    assert "合成" not in official.description() and "不得引用" not in official.description()


def test_json_ld_can_be_read_and_ends_no_script_element(data):
    text = json_ld(data, [("PDF", "report/report.pdf")])
    said = json.loads(text)
    assert "</" not in text and said["alternateName"] == ["Report </script> (Synthetic)"]
    assert said["distribution"][0]["encodingFormat"] == "application/pdf"
    assert {"workers_total"} <= {one["propertyID"] for one in said["variableMeasured"]}


def test_what_is_not_declared_is_left_out(data):
    said = json.loads(json_ld(replace(data, license="", published=None), []))
    assert not {"license", "datePublished", "distribution"} & said.keys()


def test_a_media_type_follows_from_the_ending():
    assert (media_type("tables/x.csv"), media_type("SHA256SUMS")) == ("text/csv", "text/plain")
