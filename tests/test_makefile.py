"""The targets of the Makefile pass on what follows ARGS."""

import os
import subprocess

import pytest

from running import REPOSITORY


def recipe(target: str, *words: str, **environment: str) -> str:
    """Return the last command that make would run for a target."""
    command = ["make", "--no-print-directory", "--dry-run", "--always-make", target, *words]
    # of the make that runs the tests
    around = ("ARGS", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")
    kept = {name: value for name, value in os.environ.items() if name not in around}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=kept | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("target", ["test", "test-slow", "lab", "preview"])
def test_words_after_args_go_to_the_program(target):
    """`make lab ARGS="--no-browser"` passes it on; ARGS of the environment is ignored."""
    assert recipe(target, "ARGS=--one --two 3").endswith(" --one --two 3")
    assert recipe(target, ARGS="--one") == recipe(target)


@pytest.mark.parametrize(("uid", "allowed"), [("0", True), ("1000", False)])
def test_only_root_is_allowed_to_be_root(tmp_path, uid, allowed):
    """In a container, where one is root, JupyterLab is told to start all the same."""
    tool = tmp_path / "id"
    tool.write_text(f"#!/bin/sh\necho {uid}\n")
    tool.chmod(0o755)
    command = recipe("lab", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert ("--allow-root" in command) == allowed
