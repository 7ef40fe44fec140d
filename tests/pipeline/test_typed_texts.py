"""A text that cannot be published stops a build before any notebook runs, with exit code 2.

The message names its place.
"""

import json

import pytest

CASES = {
    "measures": ("data/raw/reference/measures.csv", "持证率", "measures.csv!zh "),
    "glossary": ("data/raw/reference/glossary.csv", "社区", "glossary.csv!"),
    "places": ("data/raw/reference/communities.csv", "海门街道", "communities.csv!township "),
    "declaration": ("data/raw/2020/wave.toml", "调研报告", "wave.toml!title.zh"),
    "notebook": ("notebooks/10_report.ipynb", "持证率", "10_report.ipynb!"),
}


def spoil(folder, name, sign):
    path, word, place = CASES[name]
    text = (folder / path).read_text("utf-8")
    assert word in text
    sign = json.dumps(sign)[1:-1] if path.endswith("ipynb") else sign
    (folder / path).write_text(text.replace(word, word + sign, 1), "utf-8")
    return place


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("sign", "code"), [("𠮷", "U+20BB7"), ("\u202e", "U+202E")])
def test_a_build_names_file_field_and_character_and_runs_no_notebook(
    copy, analysis, name, sign, code
):
    place = spoil(copy, name, sign)
    done = analysis(copy, "build")
    assert done.returncode == 2, done.stderr
    assert any(line.startswith(place) and code in line for line in done.stderr.splitlines()), (
        done.stderr
    )
    assert "\u202e" not in done.stderr and "Traceback" not in done.stderr
    assert not list((copy / "build").rglob("*.ipynb")) and not (copy / "outputs/2020").exists()


@pytest.mark.parametrize("name", ["measures", "declaration"])
def test_a_check_names_it_too(copy, analysis, name):
    place = spoil(copy, name, "𠮷")
    done = analysis(copy, "check")
    assert done.returncode == 2
    assert any(line.startswith(place) and "U+20BB7" in line for line in done.stderr.splitlines()), (
        done.stderr
    )
