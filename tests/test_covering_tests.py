"""Which tests cover a file is told from what they import and name."""

import subprocess
import sys

import pytest

from running import REPOSITORY


def covering(*names):
    command = [sys.executable, REPOSITORY / "tools/covering_tests.py", *names]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("src/analysis/stats/funnel.py", "tests/stats/test_funnel.py"),
        ("src/analysis/publish/ddi.py", "tests/publish/test_ddi.py"),
        ("data/raw/reference/points.csv", "tests/test_points.py"),
        ("notebooks/05_village_turned.ipynb", "tests/pipeline/test_incremental.py"),
        ("tests/publish/test_page.py", "tests/publish/test_page.py"),
    ],
)
def test_the_tests_of_a_module_table_or_notebook_are_listed(name, first):
    done = covering(name)
    assert done.returncode == 0, done.stderr
    assert first in [line.partition("  ")[0] for line in done.stdout.splitlines()]


def test_what_imports_a_module_comes_before_what_imports_its_users():
    lines = covering("src/analysis/stats/funnel.py").stdout.splitlines()
    why = [line.partition("  ")[2] for line in lines]
    assert why == sorted(why, key=lambda said: "which imports it" in said)
    assert any("which imports it" in said for said in why)


def test_a_file_that_is_not_here_is_a_usage_error():
    done = covering("src/analysis/stats/funel.py")
    assert (done.returncode, done.stdout) == (64, "")
    assert "funel.py" in done.stderr
