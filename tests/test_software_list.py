"""The software list of a release names every locked library with its hash, reproducibly."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from running import REPOSITORY

MAKEFILE = (REPOSITORY / "Makefile").read_text("utf-8")
LOCKED = re.compile(r"^([a-z0-9][\w.-]*)==([^\s;]+)", re.M)


@pytest.fixture
def listed(tmp_path):
    """The list that the command of the Makefile writes."""
    (line,) = re.findall(r"cyclonedx-py (.+)", MAKEFILE)
    words = line.replace(".venv/sbom.json", str(tmp_path / "sbom.json")).split()
    tool = Path(sys.executable).with_name("cyclonedx-py")
    texts = []
    for _ in range(2):
        subprocess.run([tool, *words], cwd=REPOSITORY, check=True, capture_output=True, timeout=120)
        texts.append((tmp_path / "sbom.json").read_bytes())
    assert texts[0] == texts[1]
    return json.loads(texts[0])


def test_it_names_every_locked_library_with_version_and_hash(listed):
    locked = LOCKED.findall((REPOSITORY / "requirements.txt").read_text("utf-8"))
    assert sorted((one["name"], one["version"]) for one in listed["components"]) == sorted(locked)
    assert listed["bomFormat"] == "CycloneDX" and len(locked) > 80
    assert all(one["externalReferences"][0]["hashes"] for one in listed["components"])
    assert "timestamp" not in listed["metadata"]
