import os
from pathlib import Path

import pandas as pd
import pytest

from analysis.survey import repository

WAVE_TOML = (
    'wave = "2020"\nbasis = "synthetic"\nreference_date = 2020-04-30\n\n[title]\nzh = "报告"\n'
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A small repository that one works in."""
    for name in ("notebooks", "data/raw/reference", "data/processed/2020"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "data/raw/reference/places.csv").write_text(
        "code,name\n007,NA\n008,\n", encoding="utf-8"
    )
    named = "real_name,stand_in\n甲社区,331002001901\n乙社区,331003001902\n"
    (tmp_path / "data/raw/reference/named_places.csv").write_text(named, encoding="utf-8")
    (tmp_path / "data/processed/2020/wave.toml").write_text(WAVE_TOML, encoding="utf-8")
    pd.DataFrame({"x": [1, 2]}).to_parquet(tmp_path / "data/processed/2020/numbers.parquet")
    monkeypatch.setattr(repository, "tells_of_people", lambda _table: False)  # there is no study
    monkeypatch.chdir(tmp_path)
    return tmp_path.resolve()


@pytest.mark.parametrize("start", [".", "notebooks", "data/raw/reference"])
def test_the_repository_is_found_from_any_folder_within(folder, monkeypatch, start):
    assert repository.root(folder / start) == folder
    monkeypatch.chdir(folder / start)
    assert repository.root() == folder


def test_outside_a_repository_the_error_says_what_is_looked_for(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    with pytest.raises(
        FileNotFoundError, match=r"not inside a repository with notebooks/ and data/raw/"
    ):
        repository.root(tmp_path)


def test_each_wave_has_folders_of_its_own(folder):
    assert repository.processed("2020") == folder / "data/processed/2020"
    assert repository.build("2020") == folder / "build/2020"
    assert repository.processed("2021") != repository.processed("2020")


def test_a_reference_table_is_text_and_blank_is_empty(folder):
    assert repository.reference("places").values.tolist() == [["007", "NA"], ["008", ""]]


def test_a_reference_table_that_is_changed_does_not_change_for_others(folder):
    mine = repository.reference("places")
    mine["name"] = "changed"
    repository.register("places", "2020")
    assert repository.reference("places")["name"].tolist() == ["NA", ""]
    assert not repository.reference("places").attrs


def test_a_register_is_published_and_says_its_name_and_wave(folder):
    assert repository.register("places", "2020").attrs == {
        "table": "places",
        "wave": "2020",
        "basis": "published",
    }


def test_named_places_give_the_stand_in_of_a_name(folder):
    assert repository.named_places().to_dict() == {
        "甲社区": "331002001901",
        "乙社区": "331003001902",
    }


def test_every_named_place_stands_for_a_community_of_the_frame(frame):
    places = pd.read_csv(
        Path(__file__).parents[2] / "data/raw/reference/named_places.csv", dtype=str
    )
    assert set(places["stand_in"]) <= set(frame["community_code"])


def test_a_clean_table_says_its_name_and_wave(folder):
    table = repository.read("numbers", "2020")
    assert table["x"].tolist() == [1, 2]
    assert table.attrs == {"table": "numbers", "wave": "2020"}


def test_columns_named_come_with_where_each_row_stands_and_no_others(folder):
    whole = pd.DataFrame(
        {"county_code": ["a"], "workbook": ["b"], "sheet": ["s"], "row": [3], "x": [1], "y": [2]}
    )
    whole.to_parquet(folder / "data/processed/2020/placed.parquet")
    table = repository.read("placed", "2020", "y")
    assert list(table) == ["county_code", "workbook", "sheet", "row", "y"]
    assert table.attrs == {"table": "placed", "wave": "2020"}
    with pytest.raises(
        KeyError, match="placed has no column z; it has county_code, workbook, sheet, row, x, y"
    ):
        repository.read("placed", "2020", "y", "z")


def test_a_table_that_is_not_there_says_how_to_make_it(folder):
    with pytest.raises(FileNotFoundError, match=r"absent\.parquet .*run `make report` first"):
        repository.read("absent", "2020")


def test_the_wave_says_what_it_is(folder):
    facts = repository.wave_facts("2020")
    assert facts["basis"] == "synthetic" and facts["title"] == {"zh": "报告"}
    assert facts["reference_date"].isoformat() == "2020-04-30"


def test_a_declaration_that_is_edited_is_read_anew_by_the_same_process(folder):
    path, edition = folder / "data/processed/2020/wave.toml", 'edition = "2020-11-{}"\n'
    for day in ("25", "26"):
        path.write_text(edition.format(day) + WAVE_TOML, encoding="utf-8")
        os.utime(path, (0, 0))  # by its content, whenever that was written
        assert repository.wave_facts("2020")["edition"] == f"2020-11-{day}"


def test_a_wave_that_is_not_there_is_an_error(folder):
    with pytest.raises(FileNotFoundError):
        repository.wave_facts("1999")
