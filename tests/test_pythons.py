"""Python 3.11, 3.12 and 3.13 publish the same bytes; each is built with where it is present."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.edition.stage import SUMS, read_sums
from running import REPOSITORY, copy_repository

SUPPORTED = ("3.11", "3.12", "3.13")
MORE = ("Makefile", "src", "README.md", "requirements-dev.txt")  # what `make report` needs besides


def interpreters():
    """Find another interpreter of each supported version: on the path, or among those of pyenv."""
    found = {}
    folders = [*map(Path, os.get_exec_path()), *Path.home().glob(".pyenv/versions/*/bin")]
    for version in SUPPORTED:
        there = [
            folder / f"python{version}"
            for folder in folders
            if (folder / f"python{version}").is_file()
        ]
        if path := next((path for path in there if _is(path, version)), None):
            found[version] = path
    return {version: path for version, path in found.items() if version != _own()}


def _own():
    return ".".join(map(str, sys.version_info[:2]))


def _is(path, version):
    """Return whether an interpreter starts and has a version; a shim of pyenv may not."""
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return said.returncode == 0 and said.stdout.startswith(f"Python {version}.")


def test_this_python_is_one_of_those_that_are_supported():
    least = re.search(
        r'requires-python = ">=([\d.]+)"', (REPOSITORY / "pyproject.toml").read_text("utf-8")
    )
    assert least and least[1] == SUPPORTED[0] and _own() in SUPPORTED


@pytest.mark.parametrize("version", SUPPORTED)
def test_another_python_publishes_the_same_bytes(version, edition, tmp_path):
    if version == _own():
        pytest.skip("the edition itself is built with it")
    if version not in (others := interpreters()):
        pytest.skip(f"no Python {version} on this machine")
    folder = copy_repository(tmp_path)
    for name in MORE:
        source = REPOSITORY / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, folder / name)
    command = ["make", "report", f"PYTHON={others[version]}"]
    environment = {
        name: text for name, text in os.environ.items() if name not in ("VIRTUAL_ENV", "MAKEFLAGS")
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    shutil.rmtree(folder / ".venv", ignore_errors=True)  # more than a gigabyte
    assert done.returncode == 0, done.stderr
    ours, theirs = (read_sums(place / "outputs/2020" / SUMS) for place in (edition, folder))
    assert {
        name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)
    } == set()
