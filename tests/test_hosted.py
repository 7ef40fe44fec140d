"""Files for hosts that build the repository: they can be read, and each command in them exists."""

import json
import re
import shlex
from collections.abc import Iterator

import pytest
import yaml

from analysis.pipeline.cli import program
from running import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github/workflows").glob("*.yml"))
GITLAB, ZENODO = REPOSITORY / ".gitlab-ci.yml", REPOSITORY / ".zenodo.json"
CONTAINER, BINDER = REPOSITORY / ".devcontainer/devcontainer.json", REPOSITORY / "binder"
TOOLS = {"cp", "cmp", "mv", "tee", "sha256sum", "git", "gh", "set"}  # of the machine
MAKEFILE = (REPOSITORY / "Makefile").read_text("utf-8")
TARGETS = set(re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.M)[1].split())
ACTION = re.compile(r"[\w-]+/[\w-]+@v\d+")


def read(path):
    """Read YAML; `on` stays a word."""
    return yaml.load(path.read_text("utf-8"), yaml.BaseLoader)


def commands() -> Iterator[tuple[str, str]]:
    """List each command with the file that it stands in."""
    for path in WORKFLOWS:
        for job in read(path)["jobs"].values():
            yield from ((path.name, step["run"]) for step in job["steps"] if "run" in step)
    for job in read(GITLAB).values():
        lines = job.get("script", []) if isinstance(job, dict) else []
        yield from ((GITLAB.name, line) for line in lines)
    yield CONTAINER.name, json.loads(CONTAINER.read_text("utf-8"))["postCreateCommand"]
    lines = (BINDER / "postBuild").read_text("utf-8").splitlines()
    yield from (("postBuild", line) for line in lines if line and not line.startswith("#"))


def fault(command: str) -> str:
    """Say what is wrong with a command; empty where each of its parts exists."""
    for part in re.split(r"\s*(?:\|\||&&|\||;)\s*", command):
        first, *words = shlex.split(part)
        if first == "make" and not all(
            w in TARGETS or w in (".venv/.dev", ".venv/.report") for w in words
        ):
            return f"no such target: {part}"
        if first.endswith("python") and words[:2] == ["-m", "analysis"]:
            if words[2] not in program.commands or not known(words[2], words[3:]):
                return f"no such command or option: {part}"
        elif (first.endswith("python") and words[:3] != ["-m", "pip", "install"]) or (
            first not in TOOLS and first != "make" and not first.endswith("python")
        ):
            return f"unknown: {part}"
    return ""


def known(name: str, words: list[str]) -> bool:
    options = {option for one in program.commands[name].params for option in one.opts}
    return all(word in options for word in words if word.startswith("-"))


@pytest.mark.parametrize(("file", "command"), list(commands()))
def test_every_command_exists(file, command):
    assert fault(command) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        "make nonsense",
        "python -m analysis nonsense",
        "python -m analysis build --no",
        "curl x",
        "make test; rm x",
    ],
)
def test_a_command_that_does_not_exist_is_found(wrong):
    assert fault(wrong)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_major_version_and_rights_are_declared(path):
    workflow = read(path)
    uses = [
        step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step
    ]
    assert uses and all(ACTION.fullmatch(one) for one in uses)
    assert workflow["permissions"]["contents"] in ("read", "write") and workflow["on"]
    assert all(
        "run" in step or "uses" in step
        for job in workflow["jobs"].values()
        for step in job["steps"]
    )


def test_every_stage_of_a_job_is_declared():
    jobs = {
        name: job for name, job in read(GITLAB).items() if isinstance(job, dict) and "script" in job
    }
    assert {job["stage"] for job in jobs.values()} == set(read(GITLAB)["stages"])


def test_binder_installs_the_locked_list_of_the_laboratory():
    (line,) = (BINDER / "requirements.txt").read_text("utf-8").splitlines()
    assert (BINDER / line.removeprefix("-r ")).resolve() == REPOSITORY / "requirements-lab.txt"
    assert (BINDER / "postBuild").stat().st_mode & 0o100


def test_the_record_of_the_archive_agrees_with_the_citation():
    record, citation = json.loads(ZENODO.read_text("utf-8")), read(REPOSITORY / "CITATION.cff")
    assert record["title"] == citation["title"] and record["version"] == citation["version"]
    assert record["license"] == citation["license"]
    assert record["publication_date"] == citation["date-released"]
    assert [one["name"] for one in record["creators"]] == [
        one["name"] for one in citation["authors"]
    ]
    assert "synthetic" in record["description"].lower()
