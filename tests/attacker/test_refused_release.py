"""A release that tells of people is refused where the data are official, and said loudly else."""

import csv
import shutil

import pytest

from analysis.edition.stage import write_sums
from analysis.survey.ownership import hash_of
from running import run_analysis

LEAK = "hired_2020.331022"


def plant(folder):
    """Publish a small count in a table of the edition, whose sums are then those of the whole."""
    path = folder / "outputs/2020/tables/workforce.csv"
    rows = list(csv.reader(path.open(encoding="utf-8-sig", newline="")))
    more = ["2020年新入职", *("4" if row[0] == "三门县" else "" for row in rows[1:])]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([*row, cell] for row, cell in zip(rows, more, strict=True))
    write_sums(folder / "outputs/2020")


@pytest.fixture
def home(edition, tmp_path):
    """A copy of an edition and of what it follows from."""
    left_out = shutil.ignore_patterns("processed")
    for name in ("data", "notebooks", "outputs"):
        shutil.copytree(edition / name, tmp_path / name, ignore=left_out)
    for path in edition.iterdir():
        if path.is_file() and path.name != ".git":
            shutil.copyfile(path, tmp_path / path.name)
    return tmp_path


def make_official(folder):
    """Say that the data are official, as an edition of official data does, in what it follows from
    too.
    """
    outputs, declared = folder / "outputs/2020", folder / "data/raw/2020/wave.toml"
    text = declared.read_text("utf-8").replace('basis = "synthetic"', 'basis = "official"')
    before = hash_of(declared)
    for path in (declared, outputs / "wave.toml"):
        path.write_text(text, encoding="utf-8")
    record = (outputs / "INPUTS").read_text("utf-8")
    (outputs / "INPUTS").write_text(record.replace(before, hash_of(declared)), encoding="utf-8")
    write_sums(outputs)


def test_an_edition_without_leaks_passes_the_attack(home):
    done = run_analysis(home, "attack")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "numbers of people read" in done.stdout and "wide" in done.stdout


def test_the_attack_names_what_leaks_and_where(home):
    plant(home)
    done = run_analysis(home, "attack")
    assert done.returncode == 1
    assert f"{LEAK} is published: 4 (tables/workforce.csv)" in done.stdout


def test_synthetic_data_are_released_with_a_loud_word(home):
    plant(home)
    done = run_analysis(home, "release")
    assert done.returncode == 0, done.stderr
    assert "!!! 若为真实数据，将拒绝发布" in done.stderr and f"{LEAK} is published" in done.stderr
    assert "[B31]" in done.stderr and list((home / "build/release").glob("*.zip"))


def test_official_data_are_not_released(home):
    plant(home)
    make_official(home)
    done = run_analysis(home, "release")
    assert done.returncode == 2, done.stderr
    assert LEAK in done.stderr and "[B31]" in done.stderr
    assert not list(home.rglob("*.zip"))


def test_official_data_without_leaks_are_released(home):
    make_official(home)
    done = run_analysis(home, "release")
    assert done.returncode == 0, done.stderr
    assert "!!!" not in done.stderr
