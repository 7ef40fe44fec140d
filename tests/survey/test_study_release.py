"""What study.toml declares of a release is of its form, or is refused with its key."""

import datetime as dt

import pytest

from analysis.survey.problems import StudyError
from analysis.survey.study import Study, _checked

GIVEN = {"languages": ["zh"], "wave": "2020"}


def declared(tmp_path, **release) -> Study:
    return _checked(tmp_path, GIVEN | {"release": release})


def test_name_licence_and_day_are_read(tmp_path):
    found = declared(tmp_path, name="a-study", license="CC-BY-4.0", date=dt.date(2021, 1, 2))
    assert (found.release_name, found.license, found.release_date) == (
        "a-study",
        "CC-BY-4.0",
        dt.date(2021, 1, 2),
    )


def test_none_need_be_declared(tmp_path):
    assert (declared(tmp_path).release_name, declared(tmp_path).release_date) == ("study", None)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "../elsewhere"),
        ("name", 7),
        ("license", "my own licence"),
        ("date", "2021-01-02"),
        ("date", dt.datetime(2021, 1, 2, 3)),
        ("nonsense", "x"),
    ],
)
def test_what_is_not_of_its_form_is_refused_by_its_key(tmp_path, key, value):
    with pytest.raises(StudyError, match=key):
        declared(tmp_path, **{key: value})
