"""Special files in place of a wave's file: every command reports them and does not block."""

import contextlib
import io
import os
import shutil

import pytest

from analysis.pipeline import cli

WORKBOOK, NOT_UTF8 = "331002_椒江区.xlsx", os.fsencode("331002_") + b"\xbd\xb7\xbd\xad.xlsx"


def folder(path):
    path.unlink()
    path.mkdir()


def pipe(path):
    path.unlink()
    os.mkfifo(path)


def dangling(path):
    path.unlink()
    path.symlink_to("nowhere")


def itself(path):
    path.unlink()
    path.symlink_to(path)


@pytest.fixture
def built(copy, edition):
    """A copy with an edition, whose record holds every input."""
    shutil.copytree(edition / "outputs/2020", copy / "outputs/2020")
    return copy


def run(*arguments):
    """Run the command line in this process; returns the exit code and what it said."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = cli.run(list(arguments))
    return code, said.getvalue()


@pytest.mark.parametrize("change", [folder, pipe, dangling, itself], ids=lambda one: one.__name__)
@pytest.mark.parametrize("name", [WORKBOOK, "wave.toml", "corrections.csv"])
def test_what_is_no_file_is_an_input_problem(copy, monkeypatch, change, name):
    change(copy / "data/raw/2020" / name)
    monkeypatch.chdir(copy)
    code, said = run("check")
    assert code == 2, said
    assert name in said and str(copy) not in said, "no path of the machine"


@pytest.mark.parametrize("change", [folder, pipe], ids=lambda one: one.__name__)
def test_a_build_says_it_as_a_check_does(analysis, built, change):
    """The record of the edition before has a hash for this name."""
    change(built / "data/raw/2020" / WORKBOOK)
    assert f"missing: data/raw/2020/{WORKBOOK}" in analysis(built, "status").stdout
    done = analysis(built, "build")
    assert done.returncode == 2, done.stderr
    assert WORKBOOK in done.stderr and str(built) not in done.stderr


def test_a_name_that_is_no_utf8_is_an_input_problem_that_shows_it(analysis, built):
    path = os.fsencode(built / "data/raw/2020") + b"/" + NOT_UTF8
    os.rename(built / "data/raw/2020" / WORKBOOK, path)
    for command in (("check", "--returns", "build/returns"), ("build",)):
        done = analysis(built, *command)
        assert done.returncode == 2, done.stderr
        assert r"331002_\xbd\xb7\xbd\xad.xlsx: 文件名不是 UTF-8" in done.stderr
    done = analysis(built, "status")
    assert (
        done.returncode == 1 and r"new: data/raw/2020/331002_\xbd\xb7\xbd\xad.xlsx" in done.stdout
    )
    assert analysis(built, "forms", "--wave", "2021").returncode == 0


@pytest.mark.parametrize("name", ["a\nb.xlsx", "a\x1bb.txt", ".a\nb"])
def test_a_name_that_cannot_be_printed_is_an_input_problem(copy, monkeypatch, name):
    (copy / "data/raw/2020" / name).write_text("")
    monkeypatch.chdir(copy)
    code, said = run("check")
    assert code == 2 and "cannot be printed" in said and name not in said


@pytest.mark.parametrize(
    ("place", "codes"),
    [("build", {74}), ("data/processed", {74}), ("data/raw/2020", {2}), ("outputs", {64})],
)
def test_a_file_where_a_folder_is_expected_is_said(analysis, copy, place, codes):
    if (copy / place).is_dir():
        shutil.rmtree(copy / place)
    (copy / place).parent.mkdir(parents=True, exist_ok=True)
    (copy / place).write_text("mine")
    done = analysis(copy, "build", *(() if place == "outputs" else ("--only", "clean")))
    assert done.returncode in codes, done.stderr
    assert "Traceback" not in done.stderr
    assert (copy / place).read_text() == "mine"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a,b\n1,2\n", None], ids=ascii)
def test_a_damaged_list_of_counties_is_said(analysis, copy, content):
    path = copy / "data/raw/reference/counties.csv"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    done = analysis(copy, "check")
    assert done.returncode in (2, 74), done.stderr
    assert "counties.csv" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("table", ["counties", "communities", "named_places", "townships"])
def test_a_missing_reference_table_is_an_input_problem(copy, analysis, table):
    (copy / f"data/raw/reference/{table}.csv").unlink()
    done = analysis(copy, "build")
    assert done.returncode == 2, done.stderr
    assert f"data/raw/reference/{table}.csv: " in done.stderr and "git checkout" in done.stderr
    assert "Errno" not in done.stderr and str(copy) not in done.stderr


def test_a_folder_around_the_repository_holds_no_waves_and_one_without_name_is_named(
    copy, monkeypatch
):
    monkeypatch.chdir(copy)
    for name in ("/", str(copy.parent), "."):
        code, said = run("build", "--raw", name)
        assert code == 64 and "--raw" in said and "outputs" not in said, said
    code, said = run("check", ".")
    assert code == 2 and f"missing from {copy.name}/)" in said
