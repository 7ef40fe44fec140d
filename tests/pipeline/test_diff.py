"""What moved after an edit is what an independent comparison finds, and the causes are the edit."""

import pytest

from moves import Copy, check
from planted_edits import EVERY, FAST
from running import contents


@pytest.fixture(scope="module")
def copied(tmp_path_factory, edition):
    return Copy(tmp_path_factory.mktemp("moves") / "repository", edition)


@pytest.fixture(autouse=True)
def put_back(copied):
    """Put everything back, so that each test begins from the same finished edition."""
    yield
    copied.restore()


@pytest.mark.parametrize("edit", [one for one in EVERY if one.id in FAST], ids=lambda edit: edit.id)
def test_exactly_what_moved_is_said(copied, edit):
    """Numbers, sentences and causes are those of an independent comparison; nothing when nothing moved."""
    check(copied, edit)


def test_nothing_is_said_of_an_edition_and_itself(copied):
    """Where nothing was edited the comparison is silent and writes no page."""
    before = contents(copied.folder / "outputs", set())
    done = copied.run("diff")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert contents(copied.folder / "outputs", set()) == before
