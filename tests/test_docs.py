"""The documentation says the same in both languages, and what it names is there."""

import re

import pytest

from analysis.pipeline.cli import program
from guide import DOCS, FENCE, headings, read_steps
from running import REPOSITORY

PAGES = sorted(path for path in DOCS.rglob("*.md") if not path.stem.endswith(".zh"))
TOP = [REPOSITORY / name for name in ("README.md", "README.zh.md", "CONTRIBUTING.md")]
EVERY = [*TOP, *DOCS.rglob("*.md")]
STUDIES = (REPOSITORY, REPOSITORY / "src/analysis/skeleton")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`\n]+)`")


def name_of(path):
    return path.relative_to(REPOSITORY).as_posix()


def twin(path):
    return path.with_name(f"{path.stem}.zh.md")


def tables(page):
    """The number of rows of each table of a page."""
    return [len(one.splitlines()) for one in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE)]


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_page_has_the_same_headings_blocks_and_tables_in_chinese(path):
    english, chinese = (one.read_text("utf-8") for one in (path, twin(path)))
    assert headings(english) == headings(chinese)
    assert tables(english) == tables(chinese)
    for one, other in zip(read_steps(english), read_steps(chinese), strict=True):
        assert (one.kind, one.text) == (other.kind, other.text)
        if one.kind not in ("sh", "text"):
            assert one.spans[:2] == other.spans[:2], one.text


@pytest.mark.parametrize("path", [*PAGES, REPOSITORY / "README.md"], ids=name_of)
def test_a_page_and_its_twin_lead_to_each_other(path):
    for page, word in ((path, "[中文]"), (twin(path), "[English]")):
        link = re.search(re.escape(word) + r"\(([^)]+)\)", page.read_text("utf-8"))
        assert link and (page.parent / link[1]) == (twin(path) if page == path else path)


@pytest.mark.parametrize("path", EVERY, ids=name_of)
def test_every_link_leads_to_a_file_in_the_language_of_the_page(path):
    page = FENCE.sub("", path.read_text("utf-8"))
    for link in LINK.findall(page):
        if ":" not in link:
            target = path.parent / link.partition("#")[0]
            assert target.exists(), link
    if path.stem.endswith(".zh"):
        page = page.replace("[English](", "")
        for link in LINK.findall(page):
            target = path.parent / link.partition("#")[0]
            assert ":" in link or not twin(target).exists(), f"there is a Chinese page of {link}"


@pytest.mark.parametrize("path", EVERY, ids=name_of)
def test_every_target_command_and_file_named_in_a_page_is_there(path):
    page = path.read_text("utf-8")
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    code = "\n".join(
        [*SPAN.findall(FENCE.sub("", page)), *(step.text for step in read_steps(page))]
    )
    for target in set(re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)", code)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for command in set(re.findall(r"(?:^|bin/|-m )analysis ([a-z]+)\b", code, re.MULTILINE)):
        assert command in program.commands, command
    for name in SPAN.findall(FENCE.sub("", page)):
        if re.fullmatch(r"(?:data|src|tests|tools|notebooks|binder)/[\w./]+", name):
            assert any((study / name).exists() for study in STUDIES) or "/2021/" in name, name


def test_the_index_of_the_guides_lists_every_page():
    for index, ending in (("README.md", ".md"), ("README.zh.md", ".zh.md")):
        listed = set(LINK.findall((DOCS / "guide" / index).read_text("utf-8")))
        names = {path.stem for path in PAGES if path.parent.name == "guide"} - {"README"}
        assert {f"{name}{ending}" for name in names} <= listed
