import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
NEEDED = ("data/raw", "notebooks", "pyproject.toml")


def copy_repository(target: Path) -> Path:
    """Copy what a build needs, so that tests never touch the researcher's own tables and outputs."""
    for name in NEEDED:
        source = REPOSITORY / name
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        copy(source, target / name)
    return target


def run_analysis(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run the command line in a folder, as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "analysis", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


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
    """A copy of the repository in which the whole pipeline has run once. Read it, do not change it."""
    folder = copy_repository(tmp_path_factory.mktemp("edition"))
    done = run_analysis(folder, "build")
    assert done.returncode == 0, done.stderr
    return folder
