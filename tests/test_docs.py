"""The documentation says the same in both languages, and what it names is there."""

import re
import tomllib

import pytest

import steps_picture
from analysis.pipeline.cli import program
from guide import DOCS, FENCE, Follower, copy_edition, headings, read_steps
from running import REPOSITORY

TOP = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md")]
PAGES = [path for path in [*TOP, *sorted(DOCS.rglob("*.md"))] if not path.stem.endswith(".zh")]
EVERY = [*PAGES, *(path.with_name(f"{path.stem}.zh.md") for path in PAGES)]
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


def without_remarks(step):
    """The text of a block; of commands without what is said of them behind a #."""
    return re.sub(r"\s+#.*", "", step.text) if step.kind == "sh" else step.text


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_page_has_the_same_headings_blocks_and_tables_in_chinese(path):
    english, chinese = (one.read_text("utf-8") for one in (path, twin(path)))
    assert headings(english) == headings(chinese)
    assert tables(english) == tables(chinese)
    for one, other in zip(read_steps(english), read_steps(chinese), strict=True):
        assert (one.kind, without_remarks(one)) == (other.kind, without_remarks(other))
        if one.kind not in ("sh", "text"):
            assert one.spans[:2] == other.spans[:2], one.text


@pytest.mark.parametrize("path", PAGES, ids=name_of)
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
    for target in set(re.findall(r"^make ([a-z]+(?:-[a-z]+)*)", code, re.MULTILINE)):
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


ENDS = {  # of sentences
    "decisions.md": r"[.!?](?:\)|`)?(?=\s|$)",
    "decisions.zh.md": "。",
}


@pytest.mark.parametrize("name", ENDS)
def test_each_decision_has_five_sentences(name):
    parts = (DOCS / name).read_text("utf-8").split("\n## ")[1:]
    assert len(parts) > 10
    for part in parts:
        heading, _, text = part.partition("\n\n")
        assert len(re.findall(ENDS[name], text.strip())) == 5, heading


def scores(page):
    """The tables of a page whose second column has a mark: the marks and the evidence of each."""
    found = []
    for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        rows = [
            [one.strip() for one in re.split(r"(?<!\\)\|", row)[1:-1]] for row in table.splitlines()
        ]
        if len(rows[0]) == 3 and rows[0][1] == "":
            found.append([(row[1], row[2]) for row in rows[2:]])
    return found


@pytest.mark.parametrize("name", ["reproducibility.md", "reproducibility.zh.md"])
def test_each_tick_of_the_self_score_has_evidence_that_is_there_and_the_sums_are_right(
    name, edition
):
    page = (DOCS / name).read_text("utf-8")
    tables = scores(page)
    assert len(tables) == 4
    said = re.findall(r"(\d+)(?:/| of )(\d+)", page)
    assert [(str(sum(mark == "✓" for mark, _ in rows)), str(len(rows))) for rows in tables] == said
    for mark, evidence in (row for rows in tables for row in rows):
        named = SPAN.findall(evidence) + LINK.findall(evidence)
        assert mark in ("✓", "–", "○") and evidence
        files = [one for one in named if "/" in one or "." in one]
        for one in files:
            assert any((place / one).exists() for place in (REPOSITORY, DOCS, edition)), one
        assert (
            mark != "✓"
            or named
            or "CSV" in evidence
            or "源代码" in evidence
            or "source" in evidence
        )


@pytest.mark.parametrize("lang", steps_picture.FILES)
def test_the_picture_is_that_of_the_plan(lang, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    drawn = (DOCS / steps_picture.FILES[lang]).read_text("utf-8")
    assert drawn == steps_picture.draw(lang), "run .venv/bin/python tools/steps_picture.py"
    assert drawn.count("<rect") >= 20 and drawn.count("<path") >= 20


FOLLOWED = ("how-it-works.md", "reproducibility.md")
# What runs the commands of the other pages: by how a command begins, a test and what stands in it.
RUN_BY = {
    "make report": (".github/workflows/reproduce.yml", "make report"),
    "make lint": (".ci/run", "make lint"),
    "make test": (".ci/run", "make test"),
    "make lab": ("tests/test_makefile.py", '"lab"'),
    "make preview": ("tests/pipeline/test_preview_browser.py", 'command_line("preview")'),
    "git config filter.strip-notebook.clean": ("tests/test_strip_notebook.py", "docs/notebooks.md"),
    ".venv/bin/python tools/synthesise.py": ("tests/survey/test_synthetic.py", "synthesise("),
    ".venv/bin/analysis check": ("tests/test_guide.py", "analysis {word}"),
    ".venv/bin/analysis build": ("tests/pipeline/test_cluster.py", '"--cluster"'),
    ".venv/bin/analysis attack": ("tests/attacker/test_refused_release.py", '"attack")'),
    ".venv/bin/dask scheduler": ("tests/pipeline/test_cluster.py", '"scheduler"'),
    ".venv/bin/dask worker": ("tests/pipeline/test_cluster.py", '"worker"'),
}


def test_every_command_of_a_page_is_run_by_a_test():
    for path in PAGES:
        if path.parent.name == "guide" or path.name in FOLLOWED:
            continue  # a test follows it
        blocks = [step for step in read_steps(path.read_text("utf-8")) if step.kind == "sh"]
        for line in (line for step in blocks for line in step.text.splitlines()):
            runs = [RUN_BY[begin] for begin in RUN_BY if line.startswith(begin)]
            assert runs, f"{path.name}: {line}"
            for test, words in runs:
                assert words in (REPOSITORY / test).read_text("utf-8"), (test, words)


@pytest.mark.parametrize("name", ["publishing.md", "publishing.zh.md"])
def test_the_declaration_of_a_release_is_that_of_the_study(name):
    (shown,) = [s for s in read_steps((DOCS / name).read_text("utf-8")) if s.kind == "toml"]
    declared = tomllib.loads((REPOSITORY / "study.toml").read_text("utf-8"))
    assert tomllib.loads(shown.text)["release"] == declared["release"]


@pytest.mark.slow
def test_what_a_page_shows_is_what_its_commands_print(edition, tmp_path):
    """The blocks of the pages but those of the guides, which have tests of their own."""
    follower = Follower(copy_edition(edition, tmp_path / "copy"))
    for name in FOLLOWED:
        follower.follow(read_steps((DOCS / name).read_text("utf-8")))
        assert follower.code == 0, follower.output
