"""The README says the same in both languages, and what it names is there."""

import re

import pytest

from analysis.pipeline.cli import program
from running import REPOSITORY

ENGLISH, CHINESE = (
    (REPOSITORY / name).read_text("utf-8") for name in ("README.md", "README.zh.md")
)
CODE = re.compile(r"`([^`\n]+)`")


def rows(text):
    """The rows of the table of what to change."""
    table = text.partition("|---|---|---|\n")[2].partition("\n\n")[0]
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.splitlines()
    ]


def test_the_table_names_the_same_in_both_languages():
    assert len(rows(ENGLISH)) == len(rows(CHINESE)) > 25
    for one, other in zip(rows(ENGLISH), rows(CHINESE), strict=True):
        assert sorted(CODE.findall(" ".join(one))) == sorted(CODE.findall(" ".join(other))), one[0]


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_every_target_and_command_is_there(text):
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"\bmake ([a-z-]+)", " ".join(CODE.findall(text)))):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for command in set(re.findall(r"bin/analysis ([a-z]+)", text)):
        assert command in program.commands, command


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_every_file_and_link_is_there(text):
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (REPOSITORY / link).exists(), link
    for name in CODE.findall(text):
        if re.fullmatch(r"(?:data|src|tests|tools|docs|notebooks|binder|\.\w+)/[\w./]+", name):
            assert (REPOSITORY / name).exists(), name
