"""More than sixty edits, each compared as in `test_diff`."""

import pytest

from moves import Copy, check
from planted_edits import EVERY, FAST
from running import slow


@pytest.fixture(scope="module")
def copied(tmp_path_factory, edition):
    return Copy(tmp_path_factory.mktemp("moves") / "repository", edition)


@pytest.fixture(autouse=True)
def put_back(copied):
    """Put everything back, so that each test begins from the same finished edition."""
    yield
    copied.restore()


SLOWER = [one for one in EVERY if one.id not in FAST]
SAMPLE = 12  # one in so many is tried each time, all of them with SLOW=1


@pytest.mark.parametrize(
    "edit",
    [pytest.param(one, marks=[slow] * bool(i % SAMPLE), id=one.id) for i, one in enumerate(SLOWER)],
)
def test_exactly_what_moved_is_said(copied, edit):
    """Numbers, sentences and causes are those of an independent comparison; nothing when nothing moved."""
    check(copied, edit)
