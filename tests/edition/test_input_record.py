"""The record of inputs: it tells an edition of these files and this wave from any other."""

import pytest

from analysis.edition import input_record
from analysis.edition.stage import damaged, write_sums


@pytest.fixture
def folder(tmp_path):
    """A repository whose edition of 2021 follows from the workbooks of both waves."""
    for wave in ("2020", "2021"):
        (tmp_path / "raw" / wave).mkdir(parents=True)
        (tmp_path / "raw" / wave / "a.xlsx").write_bytes(wave.encode())
    (tmp_path / "outputs/2020").mkdir(parents=True)
    found = input_record.states((tmp_path / "raw").rglob("*.xlsx"), tmp_path)
    input_record.write_inputs(found, "2021", tmp_path / "outputs/2020")
    write_sums(tmp_path / "outputs/2020")
    return tmp_path


def changed(folder, wave="2021"):
    return input_record.changed(folder, folder / "outputs/2020", folder / "raw" / wave)


def test_an_edition_of_these_inputs_follows(folder):
    assert changed(folder) == []


def test_an_edition_of_a_later_wave_is_not_one_of_an_earlier_wave_that_it_also_read(folder):
    assert changed(folder, "2020") == ["another wave: 2020, not 2021"]


def test_each_change_of_an_input_is_named(folder):
    (folder / "raw/2021/a.xlsx").write_bytes(b"other")
    (folder / "raw/2021/b.xlsx").write_bytes(b"")
    (folder / "raw/2020/a.xlsx").unlink()
    assert changed(folder) == [
        "missing: raw/2020/a.xlsx",
        "changed: raw/2021/a.xlsx",
        "new: raw/2021/b.xlsx",
    ]


def test_the_record_of_the_wave_before_is_an_input_once_there_is_one(folder):
    for wave in ("2020", "2021"):
        (folder / f"raw/{wave}/wave.toml").write_text("", "utf-8")
    record = folder / "outputs/2020/RECORD.jsonl"
    record.write_text("x", "utf-8")
    assert input_record.record_before(folder / "raw/2021", folder) == [record]
    assert input_record.record_before(folder / "raw/2020", folder) == []
    assert "new: outputs/2020/RECORD.jsonl" in changed(folder)


def test_a_record_that_the_sums_do_not_cover_is_of_another_edition(folder):
    path = folder / "outputs/2020/INPUTS"
    path.write_text(path.read_text("utf-8") + f"{'0' * 64}  raw/2021/a.xlsx\n", "utf-8")
    assert any(line.startswith("of another edition") for line in changed(folder))


@pytest.mark.parametrize("name", ["INPUTS", "SHA256SUMS"])
def test_a_record_in_which_a_merge_left_its_marks_is_no_edition(folder, name):
    with (folder / "outputs/2020" / name).open("a") as record:
        record.write("<<<<<<< HEAD\n")
    (line,) = changed(folder)
    assert line.startswith("no edition: ") and f"{name} cannot be read, line " in line
    if name == "SHA256SUMS":
        assert damaged(folder / "outputs/2020") == [line.removeprefix("no edition: ")]


def test_the_record_is_the_same_whatever_python_writes_or_reads_it(folder, monkeypatch):
    record = (folder / "outputs/2020/INPUTS").read_bytes()
    monkeypatch.setattr(input_record, "python", lambda: "3.99")
    assert changed(folder) == []
    found = input_record.states((folder / "raw").rglob("*.xlsx"), folder)
    input_record.write_inputs(found, "2021", folder / "outputs/2020")
    assert (folder / "outputs/2020/INPUTS").read_bytes() == record


def test_the_order_of_the_record_is_that_of_the_names_wherever_the_package_lies(tmp_path):
    here = [
        tmp_path / "raw.csv",
        input_record.PACKAGE / "__init__.py",
        input_record.PACKAGE / "edition/input_record.py",
    ]
    here[0].write_text("x")
    names = list(input_record.states(here, tmp_path))
    assert names == ["raw.csv", "src/analysis/__init__.py", "src/analysis/edition/input_record.py"]
    assert names == sorted(names)
