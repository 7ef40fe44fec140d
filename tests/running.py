"""Run the command line on a copy of the repository, as a user would."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
# Whole runs more than the suite needs each time; SLOW=1 make test has them too.
slow = pytest.mark.skipif(not os.environ.get("SLOW"), reason="takes minutes: SLOW=1 make test")
NEEDED = ("data/raw", "notebooks", "pyproject.toml", "requirements.txt")


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
