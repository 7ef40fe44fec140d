"""The crate of a release passes every required check of the profile of workflow runs.

The validator has an environment of its own, which `make test-slow` makes
(tests/crate/requirements.in says why).
"""

import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from running import REPOSITORY, run_analysis

PYTHON, SCRIPT = REPOSITORY / ".venv/crate/bin/python", REPOSITORY / "tests/crate/validate.py"
PROFILE = "workflow-run-crate-0.5"
pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="no validator here: make test-slow installs it"
)


@pytest.fixture(scope="module")
def crate(own_edition, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("crate")
    done = run_analysis(own_edition, "release", "--out", str(folder / "out"))
    assert done.returncode == 0, done.stderr
    (archive,) = (folder / "out").glob("*.zip")
    zipfile.ZipFile(archive).extractall(folder)
    return folder / archive.stem


def validate(folder):
    words = [PYTHON, SCRIPT, folder, PROFILE]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)


def test_every_required_check_passes(crate):
    done = validate(crate)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[-2]) > 50, done.stdout


def test_a_crate_without_its_workflow_is_refused(crate):
    path = crate / "ro-crate-metadata.json"
    metadata = json.loads(path.read_text("utf-8"))
    (root,) = (one for one in metadata["@graph"] if one["@id"] == "./")
    del root["mainEntity"]
    path.write_text(json.dumps(metadata), "utf-8")
    done = validate(crate)
    assert done.returncode == 1 and "mainEntity" in done.stdout
