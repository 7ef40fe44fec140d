"""Any names and folders that users give: only files that the program made are changed."""

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from analysis.pipeline import cli
from analysis.pipeline.waves import editions_folder
from analysis.survey import folders
from analysis.survey.folders import RefusedError, district, notebook_name, wave_name
from running import contents, copy_repository, publish, run_analysis
from synthetic.command import synthesise

NAMES = 400  # of each kind
LOOK_ALIKE = ["２０２０", "٢٠٢٠", "२०२०", "202０", "𝟚𝟘𝟚𝟘", "²⁰²⁰"]
ODD = [
    *LOOK_ALIKE,
    "",
    " ",
    ".",
    "..",
    "/",
    "~",
    "2020 ",
    " 2020",
    "2020.",
    "2020\n",
    "\n2020",
    "2020\0",
    "-2020",
    "--help",
    "2020-",
    "2020-A",
    "2020/../../raw/2020",
    "../raw/2020",
    "../../../x/y",
    "/etc",
    "C:\\2020",
    "..\\raw\\2020",
    "2020:stream",
    "CON",
    "2020-con ",
    "2020" * 2000,
    "2020-" + "a" * 13,
    "\udcff\udcfe",
    "20\u202e20",
    "2020\u200b",
    "\ufeff2020",
    "202",
    "20200",
    "2020-x_y",
    "*",
    "$HOME",
    "`ls`",
]
PIECES = [
    "..",
    ".",
    "/",
    "2020",
    "data",
    "raw",
    "src",
    "build",
    "outputs",
    "~",
    " ",
    "\0",
    "\n",
    "-",
    "processed",
]
names = st.one_of(
    st.sampled_from(ODD),
    st.lists(st.sampled_from(PIECES), max_size=6).map("/".join),
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
    st.text(max_size=30),
    st.text(st.characters(codec=None, categories=["Cs", "Nd", "Cc", "Cf", "Zs"]), max_size=8),
)
fuzzed = settings(
    max_examples=NAMES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A copy of the repository with an edition, in a folder of its own."""
    folder = tmp_path_factory.mktemp("around") / "repository"
    folder.mkdir()
    (folder.parent / "mydocs").mkdir()
    (folder.parent / "mydocs/thesis.txt").write_text("mine")
    for name in ("src", "tests", "docs", ".git"):
        (folder / name).mkdir()
        (folder / name / "original.txt").write_text("mine")
    return publish(copy_repository(folder))


@pytest.fixture
def here(copied, monkeypatch):
    monkeypatch.chdir(copied)
    return copied


def run(*arguments):
    """Run the command line in this process; returns the exit code and what it said."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        own = arguments[:1] == ("synthesise",)
        code = cli.run(list(arguments[own:]), synthesise if own else cli.program)
    return code, said.getvalue()


@given(names)
@fuzzed
@example("2020/../../raw/2020")
def test_a_wave_has_one_form_and_no_other_is_a_folder(here, name):
    for function in (wave_name, folders.processed, folders.build, folders.columns):
        if folders.WAVE.fullmatch(name):
            assert function(name)
        else:
            with pytest.raises(ValueError, match="a wave is"):
                function(name)


@pytest.mark.parametrize("name", LOOK_ALIKE + ODD)
def test_no_look_alike_is_a_wave_a_district_or_a_notebook(here, name):
    functions = [wave_name, lambda code: district("2020", code), notebook_name]
    if folders.DISTRICT.fullmatch(name):  # the codes of another study may be so
        del functions[1]
    for function in functions:
        with pytest.raises(RefusedError):
            function(name)


@pytest.mark.parametrize("name", ["2020", "2021-pilot", "1999-2"])
def test_what_is_a_wave(here, name):
    assert folders.processed(name).parent == here / "data/processed"


@given(names)
@fuzzed
def test_a_district_and_a_notebook_have_one_form(here, name):
    for function, pattern in (
        (lambda n: district("2020", n), folders.DISTRICT),
        (notebook_name, folders.NOTEBOOK),
    ):
        if not pattern.fullmatch(name):
            with pytest.raises(RefusedError):
                function(name)


COMMANDS = [
    ("status", "--wave"),
    ("build", "--explain", "--wave"),
    ("check", "--wave"),
    ("forms", "--wave"),
    ("build", "--only"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_every_command_refuses_what_is_no_name(here, command, name):
    before = contents(here, {"build"})
    if command[-1] == "--only" and not name:
        pytest.skip("no notebook: all of them")
    code, said = run(*command[:-1], f"{command[-1]}={name}")
    assert code == 64, said
    assert "Traceback" not in said
    if command[-1] == "--wave":
        assert "[0-9]{4}" in said
    assert contents(here, {"build"}) == before


@given(names)
@fuzzed
@example("../mydocs")
@example("data/raw")
@example(".")
@example("outputs/..")
def test_an_outputs_folder_is_refused_or_is_new_empty_or_an_edition(here, name):
    try:
        place = editions_folder(Path(name), Path("data/raw"))
    except (RefusedError, OSError, ValueError):
        return
    assert not place.exists() or not any(place.iterdir()) or place == here / "outputs"
    kept = [here / part for part in ("data", "src", "notebooks", "tests", "docs", ".git", "build")]
    assert not any(place.is_relative_to(one) or one.is_relative_to(place) for one in kept)


REFUSED = [
    ".",
    "..",
    "/",
    "~",
    "~root",
    "data",
    "data/raw",
    "data/raw/2020",
    "data/new",
    "data/processed",
    "data/processed/2020",
    "src",
    "src/new",
    "notebooks",
    "tests/new",
    "docs",
    "docs/new",
    "build",
    "build/x",
    ".git",
    ".git/new",
    ".venv/new",
    ".hidden",
    "../mydocs",
    "outputs/deeper",
    "outputs/../src",
    "./data/../data/raw/2020",
    "link",
    "link/new",
    "nested/new",
    "dangling/../data/raw",
    "\0",
    "a\nb",
    "",
]


@pytest.fixture
def links(here):
    """Links to the originals under names that look harmless, for the time of a test."""
    made = {"link": "data/raw/2020", "nested": "src", "home": str(Path.home())}
    for name, target in made.items():
        (here / name).symlink_to(target)
    yield here
    for name in made:
        (here / name).unlink()


@pytest.mark.parametrize(
    "command", [("build", "--outputs"), ("check", "--returns"), ("forms", "--out")], ids=" ".join
)
@pytest.mark.parametrize("name", REFUSED, ids=ascii)
def test_nothing_is_written_inside_or_around_what_people_write(links, command, name):
    if command[0] != "build" and name in ("build", "build/x", "../mydocs"):
        pytest.skip("single files may lie there")
    before = contents(links.parent, set())
    code, said = run(*command[:-1], f"{command[-1]}={name}")
    assert code == 64, said
    assert contents(links.parent, set()) == before


def test_a_folder_of_somebody_else_stays_as_it_is(links):
    """The home too, and one above the repository."""
    before = contents(links.parent, set())
    for name in (
        "home",
        str(Path.home()),
        str(links.parent),
        str(links.parent / "mydocs"),
        sys.prefix,
    ):
        code, said = run("build", "--outputs", name)
        assert code == 64, (name, said)
    assert contents(links.parent, set()) == before


@pytest.mark.parametrize(
    "name", ["build", "data/processed", "outputs", "nowhere", "pyproject.toml", "../mydocs"]
)
def test_raw_files_lie_in_no_folder_that_is_generated_and_are_there(here, name):
    (here / "build/2020").mkdir(parents=True, exist_ok=True)
    before = contents(here, {"build"})
    for command in (("build",), ("build", "--explain"), ("status",)):
        code, said = run(*command, "--raw", name)
        assert code in (2, 64), said
        assert "Traceback" not in said
    assert contents(here, {"build"}) == before


@pytest.mark.parametrize(
    "name", ["src", ".", "data", "data/processed", "data/raw/reference", "outputs", "build"]
)
def test_the_generator_writes_no_workbooks_elsewhere(here, name):
    before = contents(here, set())
    code, said = run("synthesise", "--raw", name)
    assert code == 64, said
    assert contents(here, set()) == before


@pytest.mark.parametrize(
    "name", ["notebooks", "notebooks/new", "data/raw/2021", "src", "outputs", "new", "."]
)
def test_another_repository_is_as_closed_as_ones_own(here, name):
    other = here.parent / "other"
    for folder in ("notebooks", "data/raw", "build"):
        (other / folder).mkdir(parents=True, exist_ok=True)
    before = contents(here.parent, {"repository/build"})
    for command in (
        ("forms", "--out"),
        ("check", "--returns"),
        ("build", "--outputs"),
        ("synthesise", "--raw"),
    ):
        code, said = run(*command, str(other / name))
        assert code == 64 and "choose another folder" in said, (command, said)
    assert contents(here.parent, {"repository/build"}) == before
    assert folders.writable_folder(other / "build/forms", own="build") == other / "build/forms"


def test_originals_on_another_disk_are_originals(copy, monkeypatch):
    """The folder of the waves, or one wave, may be a link."""
    disk = copy.with_name("disk")
    (copy / "data/raw/2020").rename(disk)
    (copy / "data/raw/2020").symlink_to(disk)
    monkeypatch.chdir(copy)
    for command in (
        ("build", "--outputs"),
        ("check", "--wave", "2021", "--returns"),
        ("forms", "--out"),
    ):
        for name in (disk, disk / "new"):
            code, said = run(*command, str(name))
            assert code == 64, said


@given(names)
@fuzzed
def test_returns_go_to_no_folder_with_originals(here, name):
    try:
        place = folders.writable_folder(Path(name), own="build")
    except (RefusedError, OSError, ValueError):
        return
    assert not any(
        place.is_relative_to(here / part) for part in ("data", "src", "notebooks", "tests", ".git")
    )
    assert not here.is_relative_to(place)


def test_in_a_folder_of_the_repository_the_defaults_are_those_of_its_root(copy, monkeypatch):
    monkeypatch.chdir(copy / "notebooks")
    before = contents(copy, {"build", "data/raw/2020"})
    for command in (
        ("synthesise",),
        ("check",),
        ("build", "--explain"),
        ("forms", "--wave", "2021"),
    ):
        code, said = run(*command)
        assert code == 0, said
    assert contents(copy, {"build", "data/raw/2020"}) == before
    assert (copy / "build/forms/2021").is_dir()


def test_one_folder_is_one_however_it_is_written(here, monkeypatch):
    (here / "to_raw").symlink_to("data/raw")
    for start in (here, here / "notebooks"):
        monkeypatch.chdir(start)
        for name in ("data/raw/../raw", "./data//raw/.", "to_raw/../raw", "notebooks/../data/raw/"):
            path = cli.plain(Path(os.path.relpath(here)) / name)
            assert path == (Path("data/raw") if start == here else here / "data/raw"), name
    (here / "to_raw").unlink()
    for name in ("/", "..", "~", "x", "."):
        assert cli.plain(Path(name)).resolve() == Path(name).resolve()


@pytest.mark.parametrize(
    "arguments",
    [
        ("build", "--cluster", "foo://x"),
        ("build", "--cluster", "nonsense"),
        ("build", "--cluster", "tcp://"),
        ("build", "--cluster", "tcp://host:x"),
        ("build", "--cluster", "\udcff"),
        ("build", "--jobs", "0"),
        ("build", "--outputs", "pipe"),
        ("build", "--outputs", "x" * 300),
        ("build", "--raw", "pipe"),
        ("build", "--raw", "x" * 300),
        ("check", "pipe"),
        ("check", "/"),
        ("check", "data/raw/2020/wave.toml"),
        ("forms", "--raw", "nowhere"),
        ("forms", "--raw", "pipe"),
        ("synthesise", "--seed", "-1"),
        ("synthesise", "--raw", "pipe"),
        ("explain", "x", "--outputs", "data"),
        ("explain", "x", "--outputs", "pyproject.toml/x"),
    ],
    ids=ascii,
)
def test_odd_arguments_are_said_in_words(here, arguments):
    """Exit 1 is for bugs; in this process a traceback would be an exception."""
    if not (here / "pipe").exists():
        os.mkfifo(here / "pipe")
    before = contents(here, {"build"})
    code, said = run(*arguments)
    assert code in (2, 64, 74) and said
    assert contents(here, {"build"}) == before


def test_a_scratch_or_clean_folder_that_somebody_made_is_refused(analysis, copy):
    for folder, code in ((copy / "build/2020", 64), (copy / "data/processed/2020", 64)):
        folder.mkdir(parents=True)
        (folder / "interviews.xlsx").write_text("mine")
        done = analysis(copy, "build", "--only", "clean")
        assert done.returncode == code, done.stderr
        assert "interviews.xlsx" in done.stderr and "not made by this program" in done.stderr
        assert (folder / "interviews.xlsx").read_text() == "mine"
        (folder / "interviews.xlsx").unlink()
        folder.rmdir()


@pytest.mark.parametrize("name", ["build", "build/2020", "data/processed", "data/processed/2020"])
def test_a_generated_folder_that_leads_to_originals_is_refused(analysis, copy, name):
    target = copy / "data/raw/2020"
    (copy / name).parent.mkdir(parents=True, exist_ok=True)
    (copy / name).symlink_to(target)
    done = analysis(copy, "build", "--only", "clean")
    assert done.returncode == 64, done.stderr


@pytest.mark.parametrize("name", ["../../raw/x", "县\n区"])
def test_a_county_whose_name_is_no_file_name_is_an_input_problem(analysis, copy, name):
    path = copy / "data/raw/reference/counties.csv"
    path.write_text(path.read_text("utf-8").replace("椒江区", f'"{name}"', 1), "utf-8")
    for command in (("check", "--returns", "build/returns"), ("forms",), ("build",)):
        done = analysis(copy, *command)
        assert done.returncode == 2, done.stderr
        assert "counties.csv!name_zh 2" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["build", "--wave", b"\xff"],
        ["build", "--raw", b"\xff\xfe"],
        ["check", b"\xff"],
        ["check", "--returns", b"\xff\xfe", b"nowhere\xff"],
        ["explain", b"\xff"],
        ["build", "--only", b"\xff"],
        [b"\xff"],
    ],
    ids=ascii,
)
def test_arguments_that_are_no_text_are_refused(copied, arguments):
    done = run_analysis(copied, *arguments)
    assert done.returncode in (2, 64), done.stderr
    assert "Traceback" not in done.stderr


def test_a_current_folder_that_is_gone_or_outside_any_repository_is_said(tmp_path):
    code = "import os, sys; os.rmdir(os.getcwd()); from analysis.pipeline.cli import main; main(sys.argv[1:])"
    for command in (["status"], ["build"], ["check"], ["forms"], ["explain", "x"], ["synthesise"]):
        (tmp_path / "gone").mkdir()
        words = [sys.executable, "-c", code, *command]
        done = subprocess.run(
            words, cwd=tmp_path / "gone", capture_output=True, text=True, check=False
        )
        assert done.returncode in (2, 64, 74), done.stderr
        assert "Traceback" not in done.stderr
        done = run_analysis(tmp_path, *command)
        assert done.returncode in (2, 64, 74), done.stderr
        assert "Traceback" not in done.stderr
