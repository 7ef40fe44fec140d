"""Every sentence and label has both languages, with the same numbers."""

import ast
import json
import re

import jinja2
import pytest

from analysis.publish.prose import POWERS
from analysis.survey.repository import reference
from running import REPOSITORY

PATHS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
SHAPES = {"bare", "plain", "text", "interval", "half", "value", "title"}  # ways to say one number


def cells(path):
    return [
        (cell["id"], cell["cell_type"], "".join(cell["source"]))
        for cell in json.loads(path.read_text("utf-8"))["cells"]
    ]


def named(template):
    """Return the numbers that a text names, whatever shape it says them in."""
    found = set()
    for node in (
        jinja2.Environment().parse(template).find_all((jinja2.nodes.Output, jinja2.nodes.If))
    ):
        for part in node.find_all((jinja2.nodes.Name, jinja2.nodes.Getattr)):
            if isinstance(part, jinja2.nodes.Name):
                found.add(part.name)
            elif part.attr not in SHAPES | {"to"}:
                found.add(part.attr)
    return found


def pairs(source):
    """Yield the (zh, en) texts of a code cell: dicts and calls that hold both side by side."""
    for node in ast.walk(ast.parse(re.sub(r"^%.*$", "", source, flags=re.MULTILINE))):
        if isinstance(node, ast.Dict):
            both = zip(node.keys, node.values, strict=True)
            said = {key.value: value for key, value in both if isinstance(key, ast.Constant)}
        elif isinstance(node, ast.Call):
            said = {keyword.arg: keyword.value for keyword in node.keywords}
        else:
            continue
        if {"zh", "en"} & said.keys():
            yield said.get("zh"), said.get("en")


def strings(node):
    return [
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_cell_of_words_has_its_twin_with_the_same_numbers(path):
    sources = {id: source for id, _, source in cells(path)}
    chinese = [id for id, source in sources.items() if source.startswith("%%md zh")]
    for id in chinese:
        assert f"{id}_en" in sources, f"{id} is not said in English"
        assert named(sources[id]) == named(sources[f"{id}_en"]), id
    english = [id for id, source in sources.items() if source.startswith("%%md en")]
    assert sorted(english) == sorted(f"{id}_en" for id in chinese)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_literal_of_words_has_both_languages_with_the_same_numbers(path):
    for id, kind, source in cells(path):
        if kind == "code" and not source.startswith("%%md"):
            for zh, en in pairs(source):
                assert zh is not None and en is not None, f"{id}: one language is missing"
                said = [set().union(*map(named, strings(node))) for node in (zh, en)]
                assert said[0] == said[1], id


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_plain_text_of_a_notebook_has_its_twin(path):
    ids = {id for id, kind, _ in cells(path) if kind == "markdown"}
    assert {id for id in ids if not id.endswith("-en") and f"{id}-en" not in ids} == set()


def test_a_missing_twin_and_another_number_are_seen():
    assert named("{{ certified }} {{ workers_total.bare }}") == {"certified", "workers_total"}
    assert named('{{ county["331004"].able_workers.bare }}') != named("{{ able_workers }}")
    assert next(pairs('f(zh=dict(title="a"))'))[1] is None


def test_every_measure_is_complete_in_both_languages():
    measures = reference("measures")
    for column in ("zh", "en", "definition_zh", "definition_en", "unit_zh"):
        assert (measures[column] != "").all(), column
    assert not measures["en"].str.contains(r"[\u4e00-\u9fff]").any()
    assert not measures["unit_en"].str.contains(r"[\u4e00-\u9fff]").any()
    money = measures[measures["unit_zh"] == "万元"]
    assert {("万元", unit) for unit in money["unit_en"]} <= POWERS.keys(), (
        "a conversion that is not declared"
    )


def test_every_note_of_the_ledger_has_both_languages():
    checks = reference("claim_checks")
    assert ((checks["note"] == "") == (checks["note_en"] == "")).all()
    for note in checks.itertuples():
        assert named(note.note) == named(note.note_en), note.id
