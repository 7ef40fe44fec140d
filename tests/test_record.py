"""The sums in git are those of the edition that the sources give."""

import subprocess

import pytest

from analysis.edition.input_record import INPUTS
from analysis.edition.stage import RECORD, SUMS, read_sums
from running import REPOSITORY

RECORDED = REPOSITORY / "outputs/2020"


@pytest.fixture(scope="module")
def recorded():
    """What the repository says that it publishes."""
    return read_sums(RECORDED / SUMS)


def test_an_edition_built_here_is_the_recorded_one(recorded, edition):
    built = read_sums(edition / "outputs/2020" / SUMS)
    assert {
        name for name in built.keys() | recorded.keys() if built.get(name) != recorded.get(name)
    } == set()


def test_status_of_this_repository_is_clean(recorded, analysis):
    done = analysis(REPOSITORY, "status")
    assert (done.returncode, done.stdout) == (0, "the outputs follow from the inputs\n")


def test_the_record_is_kept_in_git():
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a clone")
    command = ["git", "ls-files", "outputs"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert {f"outputs/2020/{name}" for name in (INPUTS, RECORD, SUMS)} <= set(listed.stdout.split())
