"""What moved after an edit is what an independent comparison finds, and the causes are the edit."""

import pytest

from moves import Copy, check
from planted_edits import EVERY, FAST, OFTEN
from running import contents, slow

SAMPLE = 12


@pytest.fixture(scope="module")
def copied(tmp_path_factory, edition):
    return Copy(tmp_path_factory.mktemp("moves") / "repository", edition)


@pytest.fixture(autouse=True)
def put_back(copied):
    """Put everything back, so that each test begins from the same finished edition."""
    yield
    copied.restore()


def cases():
    """Some edits each time; with the slow tests some more and one in SAMPLE of the others, all of
    them with SLOW=1.
    """
    others = [one.id for one in EVERY if one.id not in (*FAST, *OFTEN)]
    for edit in EVERY:
        marks = [] if edit.id in FAST else [pytest.mark.slow]
        if edit.id in others and others.index(edit.id) % SAMPLE:
            marks.append(slow)
        yield pytest.param(edit, marks=marks, id=edit.id)


@pytest.mark.parametrize("edit", cases())
def test_exactly_what_moved_is_said(copied, edit):
    """Numbers, sentences and causes equal those of an independent comparison.

    There are none if nothing changed.
    """
    check(copied, edit)


def test_nothing_is_said_of_an_edition_and_itself(copied):
    """Where nothing was edited the comparison is silent and writes no page."""
    before = contents(copied.folder / "outputs", set())
    done = copied.run("diff")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert contents(copied.folder / "outputs", set()) == before
