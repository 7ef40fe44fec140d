"""Invented counties beside the nine: a valid frame, no duplicate people, the nine unchanged."""

import filecmp
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from this_study import COUNTIES

from analysis.survey.clean import check
from analysis.survey.identifiers import valid_id
from analysis.survey.study import study
from running import REPOSITORY
from synthetic import answers, nation, refuse_real, synthesise

RAW = Path(__file__).parents[2] / "data/raw"
FRAME = ("counties", "townships", "communities", "county_aliases")


def repository_copy(folder: Path) -> Path:
    (folder / "notebooks").mkdir()
    shutil.copyfile(REPOSITORY / "study.toml", folder / "study.toml")
    return shutil.copytree(RAW, folder / "data/raw")


@pytest.fixture(scope="module")
def nation_raw(tmp_path_factory) -> Path:
    """The raw data of twelve counties: the last block is not a full one."""
    raw = repository_copy(tmp_path_factory.mktemp("nation"))
    synthesise(raw, raw / "reference", number=12)
    return raw


def read(raw: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(raw / f"reference/{name}.csv", dtype=str, keep_default_na=False)


def test_the_counties_are_those_of_the_frame_one_works_in(nation_raw, monkeypatch):
    assert len(COUNTIES) == 9
    monkeypatch.chdir(nation_raw)
    counties = study().districts
    assert len(counties) == 12 and list(counties)[9:] == ["900010", "900011", "900012"]
    assert counties["900012"] == "虚构0012区" and "331000" not in counties


def test_the_frame_keeps_its_real_rows_and_adds_invented_ones(nation_raw):
    for name in FRAME:
        before, after = (folder / f"reference/{name}.csv" for folder in (RAW, nation_raw))
        assert after.read_bytes().startswith(before.read_bytes()), name
    for name, code, place in (
        ("townships", "township_code", "township"),
        ("communities", "community_code", "community"),
    ):
        table = read(nation_raw, name)
        new = table[table["county_code"].str.startswith("90")]
        assert (
            table[code].is_unique
            and new[place].str.startswith("虚构").all()
            and new[place].is_unique
        )
        assert (new[code].str[:6] == new["county_code"]).all()
    communities, townships = read(nation_raw, "communities"), read(nation_raw, "townships")
    assert set(communities["township_code"]) <= set(townships["township_code"])


def test_what_is_written_is_clean(nation_raw, monkeypatch):
    monkeypatch.chdir(nation_raw)
    done = check(nation_raw / "2020", read(nation_raw, "communities"))
    assert not done.problems
    assert done.tables["communities"]["county_code"].nunique() == 12
    assert done.tables["interview_communities"]["county_code"].nunique() == 12
    texts = (
        done.tables["projects"]
        .query("county_code >= '900000'")[["unit", "project"]]
        .agg(" ".join, axis=1)
    )
    real = [name[:2] for name in read(RAW, "counties")["name_zh"]] + read(RAW, "townships")[
        "township"
    ].tolist()
    assert len(texts) > 12 and not texts.str.contains("|".join(map(re.escape, real))).any()


def test_nobody_is_there_twice_and_nobody_can_exist():
    parts = [answers(RAW / "reference", 2020)["workers"]]
    parts += [
        nation.relabelled({"workers": parts[0]}, RAW / "reference", b, 27)[0]["workers"]
        for b in (1, 2)
    ]
    everyone = pd.concat(parts)
    assert len(everyone) == 3 * 1533 and everyone["county_code"].nunique() == 27
    assert all(everyone[name].is_unique for name in ("id_number", "phone", "name"))
    assert (
        everyone["id_number"].map(valid_id).all()
        and everyone["id_number"].str[6:10].eq("1899").all()
    )
    assert everyone["phone"].str.fullmatch(r"100\d{8}").all()


def test_nine_again_gives_the_committed_bytes(nation_raw, tmp_path):
    raw = shutil.copytree(nation_raw, tmp_path / "raw")
    synthesise(raw, raw / "reference")
    for folder in ("2020", "reference"):
        names = [path.name for path in (RAW / folder).iterdir()]
        assert sorted(path.name for path in (raw / folder).iterdir()) == sorted(names)
        assert filecmp.cmpfiles(RAW / folder, raw / folder, names, shallow=False)[1:] == ([], [])


@pytest.mark.parametrize("basis", ["official", "published", None])
def test_real_workbooks_are_never_written_over(tmp_path, basis):
    (tmp_path / "331002_椒江区.xlsx").write_bytes(b"")
    if basis:
        (tmp_path / "wave.toml").write_text(f'basis = "{basis}"', encoding="utf-8")
    with pytest.raises(FileExistsError, match="basis = synthetic"):
        refuse_real(tmp_path)
