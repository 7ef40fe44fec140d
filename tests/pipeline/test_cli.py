"""The command line: exit codes, messages, and outputs that stay whole."""

import fcntl
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from analysis.pipeline.cli import program
from running import is_whole, publish

COMMANDS = (
    "attack",
    "build",
    "check",
    "diff",
    "explain",
    "forms",
    "lint",
    "new",
    "preview",
    "release",
    "site",
    "status",
)


@pytest.fixture
def published(copy):
    """A copy that already has an edition."""
    return publish(copy)


def plant(path, source):
    """Put a line of code into the second cell of code of a notebook."""
    text = path.read_text("utf-8")
    assert '"%load_ext analysis.publish\\n"' in text
    path.write_text(
        text.replace('"%load_ext analysis.publish\\n"', f'"{source}\\n"', 1), encoding="utf-8"
    )


def test_help_names_every_command(analysis, repository):
    done = analysis(repository, "--help")
    assert done.returncode == 0
    assert sorted(program.commands) == sorted(COMMANDS)
    for command in COMMANDS:
        assert re.search(rf"^ +{command} ", done.stdout, re.MULTILINE), command
        assert analysis(repository, command, "--help").returncode == 0


def test_unknown_option_command_and_notebook_are_usage(analysis, copy):
    assert analysis(copy, "build", "--nonsense").returncode == 64
    assert analysis(copy, "nonsense").returncode == 64
    done = analysis(copy, "build", "--only", "nonsense")
    assert done.returncode == 64
    assert "there are: 01_clean" in done.stderr


def test_check_accounts_for_every_row(analysis, copy):
    done = analysis(copy, "check")
    assert done.returncode == 0
    assert "331002_椒江区.xlsx" in done.stdout
    assert not (copy / "data/processed").exists()


def test_a_missing_county_is_an_input_problem_and_the_outputs_stay(analysis, published):
    (published / "data/raw/2020/331022_三门县.xlsx").unlink()
    done = analysis(published, "build")
    assert done.returncode == 2
    assert "331022_三门县.xlsx: 缺少此文件" in done.stderr
    assert is_whole(published)


def test_a_missing_wave_is_an_input_problem(analysis, published):
    done = analysis(published, "build", "--wave", "2031")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert is_whole(published)


def test_a_failing_notebook_is_kept_and_the_outputs_stay(analysis, published):
    plant(published / "notebooks/03_workforce.ipynb", "1 / 0")
    done = analysis(published, "build", "--only", "03_workforce")
    assert done.returncode == 70
    assert "03_workforce, cell setup: ZeroDivisionError" in done.stderr
    kept = published / done.stderr.split("kept for inspection: ")[1].splitlines()[0]
    assert kept.name == "03_workforce.ipynb"
    assert "ZeroDivisionError" in kept.read_text("utf-8")
    assert is_whole(published)


def test_a_cell_that_leaves_with_exit_0_is_a_failure(analysis, published):
    plant(published / "notebooks/03_workforce.ipynb", "import sys; sys.exit(0)")
    done = analysis(published, "build", "--only", "workforce")
    assert done.returncode == 70
    assert is_whole(published)


def test_a_number_typed_into_prose_stops_the_run(analysis, published):
    path = published / "notebooks/02_facilities.ipynb"
    path.write_text(
        path.read_text("utf-8").replace("提高{{ compliant_rise }}", "提高32.7个百分点"), "utf-8"
    )
    done = analysis(published, "build", "--only", "facilities")
    assert done.returncode == 70
    assert "32.7" in done.stderr


def test_an_unknown_name_in_prose_stops_the_run(analysis, published):
    path = published / "notebooks/02_facilities.ipynb"
    path.write_text(
        path.read_text("utf-8").replace("{{ compliant_rise }}。", "{{ complaint_rise }}。"), "utf-8"
    )
    done = analysis(published, "build", "--only", "facilities")
    assert done.returncode == 70
    assert "complaint_rise" in done.stderr


def test_outputs_that_cannot_be_written_are_said_at_once(analysis, published):
    done = analysis(published, "build", "--outputs", "pyproject.toml/deeper")
    assert done.returncode == 74
    assert "cannot read or write" in done.stderr
    assert "clean" not in done.stderr
    assert is_whole(published)


def test_a_second_run_is_turned_away(analysis, published):
    (published / "build").mkdir()
    with (published / "build/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = analysis(published, "build")
    assert done.returncode == 75
    assert is_whole(published)


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONWARNINGS": "error", "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX2 NOSUCH"},
    ],
    ids=["ascii", "warnings"],
)
def test_neither_the_encoding_nor_the_warnings_of_the_environment_have_a_say(
    analysis, copy, environment
):
    done = analysis(copy, "forms", "--wave", "2021", **environment)
    assert done.returncode == 0, done.stderr
    assert "build/forms/2021/331022_三门县.xlsx" in done.stdout


def test_a_python_that_cannot_be_told_its_encoding_is_refused(copy):
    code = "import sys; from analysis.pipeline.cli import main; main(sys.argv[1:])"
    environment = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    words = [sys.executable, "-X", "utf8=0", "-c", code, "status"]
    done = subprocess.run(
        words, cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert (
        done.returncode == 64
        and done.stderr == "Python does not use UTF-8: start it with -X utf8\n"
    )


# A shell's background job ignores Ctrl-C and hands that on; a terminal's does not.
INTERRUPTIBLE = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, "-m", "analysis", "build"])
"""


def test_an_interrupt_leaves_the_outputs_and_the_next_run_needs_no_flag(analysis, published):
    run = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE],
        cwd=published,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ},
    )
    while "clean" not in run.stderr.readline():
        assert run.poll() is None
    time.sleep(3)
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait(timeout=60) == 130
    assert is_whole(published)
    assert analysis(published, "build", "--only", "01_clean").returncode == 0
