"""Editions to compare are named by folder or commit; other names are refused with a remedy."""

import os
import subprocess

import pytest

from analysis.edition.compared import named_edition
from analysis.edition.record import Fact, write_record
from analysis.survey.folders import RefusedError
from moves import IDENTITY


def facts(lang):
    return [Fact("edition", "wave", ("2020",)), Fact("edition", "languages", (lang,))]


@pytest.fixture
def folder(tmp_path):
    """A repository with a commit before the record was kept, and one with it."""
    for command in (
        ["init", "--quiet"],
        ["commit", "--quiet", "--allow-empty", "--message", "one"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True, env={**os.environ, **IDENTITY})
    write_record(facts("zh"), tmp_path / "outputs/2020/RECORD.jsonl")
    (tmp_path / "outputs/2020/INPUTS").write_text("2020  wave\nab  a.csv\n")
    for command in (["add", "--all"], ["commit", "--quiet", "--message", "two"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True, env={**os.environ, **IDENTITY})
    return tmp_path


def test_a_commit_and_the_folder_have_one_record(folder):
    """What git has is read without being checked out."""
    there, here = (
        named_edition(folder, said, "2020") for said in ("HEAD", str(folder / "outputs/2020"))
    )
    assert (
        (there.facts, there.inputs) == (here.facts, here.inputs)
        and len(there.commit) == 40
        and not here.commit
    )


def test_a_record_of_a_commit_is_not_that_of_the_folder(folder):
    """An edit that is not committed is in the folder alone."""
    write_record(facts("en"), folder / "outputs/2020/RECORD.jsonl")
    assert named_edition(folder, "HEAD", "2020").languages == ("zh",)
    assert named_edition(folder, str(folder / "outputs/2020"), "2020").languages == ("en",)


REFUSED = {
    "HEAD~1": "HEAD~1: .*no record of an edition, outputs/2020/RECORD.jsonl: name a commit that "
    "has it",
    "nowhere": "nowhere: .*neither the folder of an edition nor a git commit",
    "--help": "--help: .*neither",
    "outputs": "outputs: .*build it first",
}


@pytest.mark.parametrize(("said", "why"), REFUSED.items())
def test_any_other_name_is_refused(folder, monkeypatch, said, why):
    """The message names it and says what would do."""
    monkeypatch.chdir(folder)
    with pytest.raises(RefusedError, match=why):
        named_edition(folder, said, "2020")


def test_another_wave_has_its_own_record(folder):
    """The record is looked for in the folder of the wave."""
    with pytest.raises(RefusedError, match=r"outputs/2021/RECORD\.jsonl"):
        named_edition(folder, "HEAD", "2021")


def test_without_git_no_commit_is_known(folder, monkeypatch):
    """A copy of the repository without git is told so, not broken."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RefusedError, match="nor a git commit"):
        named_edition(folder, "HEAD", "2020")
