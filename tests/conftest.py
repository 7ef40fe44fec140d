import fcntl
import os
import shutil
from pathlib import Path

import pytest

from running import REPOSITORY, copy_repository, run_analysis

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

# Files of which most tests take long: `make test-slow` runs these and what is marked slow.
SLOW = {
    "test_between_waves_simulated",
    "test_browser",
    "test_canaries",
    "test_causes",
    "test_cluster",
    "test_explain",
    "test_guards",
    "test_incremental",
    "test_jupyterlab",
    "test_kills",
    "test_linked_tables",
    "test_modules",
    "test_next_wave",
    "test_odd_files",
    "test_one_certificate",
    "test_origin",
    "test_preview_browser",
    "test_pythons",
    "test_said_again",
    "test_same_bytes",
    "test_simulations",
    "test_software_list",
    "test_validated_crate",
}


def pytest_collection_modifyitems(items):
    """Mark the tests of the slow files."""
    for item in items:
        if item.path.stem in SLOW:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def analysis():
    return run_analysis


@pytest.fixture
def copy(tmp_path) -> Path:
    """A fresh copy of the repository without tables or outputs."""
    return copy_repository(tmp_path)


@pytest.fixture(scope="session")
def edition(tmp_path_factory) -> Path:
    """A copy of the repository in which the whole pipeline has run once. Read it, do not change it.

    All processes of a run of the tests share it. EDITION names a repository with a finished edition
    to be read instead, which saves building one.
    """
    if made := os.environ.get("EDITION"):
        return Path(made)
    top = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # each process has a folder of its own in that
        top = top.parent
    folder = top / "shared/edition"
    with (top / "edition.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "outputs/2020/SHA256SUMS").exists():
            shutil.rmtree(folder, ignore_errors=True)  # a build that failed
            done = run_analysis(copy_repository(folder), "build")
            assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def own_edition(edition, tmp_path_factory) -> Path:
    """A copy of that edition for tests that write into it, which others would see meanwhile."""
    return shutil.copytree(edition, tmp_path_factory.mktemp("own") / "edition", symlinks=True)


@pytest.fixture(scope="module")
def browser():
    """Chromium, where the machine has it and playwright is installed."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: nothing is looked at in a browser")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
