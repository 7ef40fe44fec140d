"""The prose of notebooks is read without running it, and what a build would refuse is told."""

import json

import pandas as pd
import pytest

from analysis.publish.lint import Facts, lint
from analysis.survey.repository import reference
from running import REPOSITORY

FACTS = Facts(
    frozenset({"rented", "certified", "workers_total"}),
    pd.DataFrame([["en", "wall rules", "posted regulations"]], columns=["lang", "refused", "use"]),
    pd.DataFrame([["A1", "words"], ["A2", "gone"]], columns=["id", "cell"]),
    "10_report",
    ("zh", "en"),
)


def found(folder, *cells, name="02_facilities"):
    """Return what is found in a notebook of these (id, source) cells, as texts."""
    plain = {"cell_type": "code", "metadata": {}, "outputs": []}
    kept = [plain | {"id": cell, "source": source} for cell, source in cells]
    (folder / f"{name}.ipynb").write_text(json.dumps({"cells": kept}), "utf-8")
    return [str(one) for one in lint(folder, FACTS)]


def both(zh, en):
    return ("words", f"%%md zh\n{zh}"), ("words_en", f"%%md en\n{en}")


def test_the_repository_itself_has_no_finding(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    facts = Facts(
        frozenset(reference("measures")["indicator"]),
        reference("refused_terms"),
        reference("points"),
        "10_report",
        ("zh", "en"),
    )
    assert [str(one) for one in lint(REPOSITORY / "notebooks", facts)] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("{{ rentd }}", "unknown name rentd; did you mean rented?"),
        ("{{ city.rentd }}", "unknown name rentd; did you mean rented?"),
        ('{{ county["331023"].rentd }}', "unknown name rentd; did you mean rented?"),
        ("{{ rented.bear }}", "rented.bear: a number has unlinked"),
        ("48% of them", "a number is typed: 48%"),
        ("{{ rented", "not a template, line "),
        ("{{ 100 * rented }}", "a number is typed: ({computed}, line"),
        ("the wall rules", "refused term: wall rules; write posted regulations"),
    ],
)
def test_a_fault_in_words_is_told_with_its_cell(tmp_path, words, told):
    [finding] = found(tmp_path, *both("{{ rented }}", words))
    assert finding.startswith("notebooks/02_facilities.ipynb!words_en (en): ")
    assert told.replace("{computed}", "computed") in finding


def test_words_in_order_have_no_finding(tmp_path):
    code = (
        "figure",
        'section.names["most"] = []\nsection.table("a", b, zh=dict(title="{{ certified }}"))',
    )
    assert (
        found(
            tmp_path,
            code,
            *both("{{ rented.unlinked.bare }}{{ most }}", "{{ city.certified.interval }}"),
        )
        == []
    )


def test_titles_of_figures_are_read_too(tmp_path):
    [finding] = found(
        tmp_path, ("figure", 'section.figure("a", b, c, zh=dict(title="{{ rentd }}"))')
    )
    assert "02_facilities.ipynb!figure (zh): unknown name rentd" in finding


def test_a_missing_language_is_told(tmp_path):
    [finding] = found(tmp_path, ("words", "%%md zh\n甲"))
    assert "no English: add a cell words_en" in finding
    [finding] = found(tmp_path, ("words_en", "%%md en\na"))
    assert "no Chinese: add a cell words " in finding


def test_figures_and_points_of_the_report_are_held_against_its_text(tmp_path):
    cells = (
        ("shown", 'section.include("rents")'),
        *both("见{{ figure.other }}", "see"),
    )
    findings = found(tmp_path, *cells, name="10_report")
    assert len(findings) == 5
    assert "words (zh): cites fig-other, which the report does not show" in findings[0]
    assert {
        f"shown ({lang}): rents is cited in no text of language {lang}" for lang in ("zh", "en")
    } == {one.partition("!")[2] for one in findings[1:3]}
    assert all("point A2 names the cell gone" in one for one in findings[3:])


def test_a_broken_notebook_is_told(tmp_path):
    (tmp_path / "02_facilities.ipynb").write_text("<<<<<<< HEAD", "utf-8")
    [finding] = map(str, lint(tmp_path, FACTS))
    assert "02_facilities.ipynb!-: not a notebook" in finding
