"""A notebook runs once: repeated cells give the same as a run in the other language."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from this_study import STEPS

from analysis.pipeline.execute import run_notebook
from analysis.pipeline.stable import set_stable
from analysis.plan.languages import again
from analysis.publish.cells import CellError

SECTION = 'section = Section("02_x", wave, lang)'


def notebook(folder: Path, *sources: str) -> Path:
    """Write a notebook whose cells a, b, c… hold these sources."""
    plain = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [plain | {"id": chr(97 + i), "source": source} for i, source in enumerate(sources)]
    start = plain | {
        "id": "parameters",
        "source": 'wave = "2020"\nlang = "zh"',
        "metadata": {"tags": ["parameters"]},
    }
    content = {"cells": [start, *cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "02_x.ipynb").write_text(json.dumps(content), "utf-8")
    return folder / "02_x.ipynb"


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ((SECTION, "x = 1", "y = lang", "z = y", "w = x"), "cd"),
        ((SECTION, "x = 1", "x", "%%md zh\n一", "%%md en\none"), "de"),
        (
            (
                SECTION,
                "rows = [1]",
                "section.table('t', rows)",
                "section.keep(rows)",
                "section.save()",
            ),
            "c",
        ),
        # a value that is replaced, or changed, before it is needed again
        ((SECTION, "x = 1", "y = lang * x", "x = 2"), "bc"),
        ((SECTION, "x = [1]", "y = lang, x", "x.append(2)", "x"), "bcde"),
        ((SECTION, "x = [1]", "x.append(lang)", "x"), "bcd"),
        ((SECTION, "x = {}", "x['a'] = lang"), "bc"),
        ((SECTION, "x = 1", "x += len(lang)"), "bc"),
        ((SECTION, "x = 1", "if wave:\n    x = lang", "x"), "bcd"),
        # names of loops inside expressions are no names of the notebook; those in functions' bodies
        # are
        ((SECTION, "x = 1", "y = [x for x in lang]", "x"), "c"),
        ((SECTION, "x = lang", "y = [z + x for z in 'ab']", "f = lambda a: x + a"), "bcd"),
        ((SECTION, "x = lang", "x = 1", "y = x"), "b"),
        ((SECTION, "x = lang", "y = [x for x in x]", "z = [(x := 1) for w in 'ab']", "x"), "bc"),
        ((SECTION, "x = lang", "y = sorted('ab', key=lambda x: x)", "y"), "b"),
        # a section that is opened with words is opened again, and all that it says
        ((SECTION + "\nx = section.choose(zh=1, en=2)", "section.estimates"), "ab"),
        (("x = lang", "y = x"), "ab"),
    ],
)
def test_a_cell_runs_again_if_it_depends_on_the_language(tmp_path, sources, expected):
    assert "".join(again(notebook(tmp_path, *sources))) == expected


@pytest.mark.parametrize("kept", ["section.keep(share(x, lang, 'a'))", "x = lang\nsection.save()"])
def test_numbers_are_not_kept_in_words(tmp_path, kept):
    with pytest.raises(CellError, match="cell b: it keeps numbers and depends on the language"):
        again(notebook(tmp_path, SECTION, kept))


def test_it_is_run_once_and_written_in_each_language(tmp_path):
    source = notebook(tmp_path, "n = []", "n.append(1)\nlen(n)", "lang, len(n)", "len(n)")
    targets = {lang: tmp_path / f"{lang}.ipynb" for lang in ("zh", "en", "fr")}
    further = {lang: targets[lang] for lang in ("en", "fr")}
    run_notebook(source, {"wave": "2021", "lang": "zh"}, targets["zh"], further=further)
    for lang, path in targets.items():
        cells = nbformat.read(path, as_version=4).cells
        assert [cell.id for cell in cells] == ["parameters", "injected-parameters", *"abcd"]
        assert cells[1].source == f'# Parameters\nwave = "2021"\nlang = "{lang}"\n'
        assert [cell.outputs[0].data["text/plain"] for cell in cells[3:]] == [
            "1",
            f"('{lang}', 1)",
            "1",
        ]
        assert [cell.execution_count for cell in cells] == [1, 2, 3, 4, 5, 6]


ONE_OF_EACH = [step for step in STEPS if step.district in ("", "331023")]


@pytest.mark.parametrize("step", ONE_OF_EACH, ids=lambda step: step.name)
def test_the_second_language_is_what_a_run_of_its_own_gives(step, edition, tmp_path, monkeypatch):
    for name in ("data", "notebooks", "build/2020", "study.toml"):
        copy = shutil.copytree if (edition / name).is_dir() else shutil.copyfile
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        copy(edition / name, tmp_path / name)
    made = [tmp_path / "build/2020/en" / kind for kind in ("notebooks", "figures", "tables")]
    said = {path: path.read_bytes() for folder in made for path in folder.iterdir()}
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "MATPLOTLIBRC", "PYTHONHASHSEED", "TZ", "LC_ALL", "PYTHONUTF8"):
        monkeypatch.setenv(name, "")
    set_stable()
    target = tmp_path / f"build/2020/en/notebooks/{step.name}.ipynb"
    run_notebook(
        Path(f"notebooks/{step.notebook}.ipynb"),
        {"wave": "2020", "lang": "en", **step.parameters},
        target,
    )
    assert {path: path.read_bytes() for path in said} == said
