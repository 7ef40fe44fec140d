import shutil
from pathlib import Path

import pytest

from analysis.survey.declaration import declaration_problems, read_declaration, reference_date

BASIS = 'basis = "synthetic"'


@pytest.fixture
def folder(repository, tmp_path):
    (tmp_path / "2020").mkdir()
    return Path(
        shutil.copyfile(repository / "data/raw/2020/wave.toml", tmp_path / "2020/wave.toml")
    ).parent


def change(folder, old, new):
    path = folder / "wave.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_shipped_declaration_is_complete_and_says_synthetic(folder):
    assert declaration_problems(folder) == []
    assert read_declaration(folder / "wave.toml")["basis"] == "synthetic"


def test_an_unknown_basis_is_refused(folder):
    change(folder, BASIS, 'basis = "real"')
    assert [str(p).partition(" → ")[0] for p in declaration_problems(folder)] == [
        "wave.toml!basis: 应为 official、published、synthetic 之一 (not one of these)"
    ]


def test_a_missing_basis_or_language_is_refused(folder):
    change(folder, BASIS, "")
    change(folder, "[label]\nzh", "[label]\nfr")
    assert [p.column for p in sorted(declaration_problems(folder))] == ["basis", "label"]


def test_a_missing_or_broken_file_is_refused(folder):
    change(folder, BASIS, "basis = synthetic")
    assert "cannot be read" in declaration_problems(folder)[0].message
    (folder / "wave.toml").unlink()
    assert "missing" in declaration_problems(folder)[0].message


@pytest.mark.parametrize(
    ("old", "place"),
    [('zh = "台州市城市', "title.zh"), ('edition = "', "edition"), ('zh = "合成', "label.zh")],
)
@pytest.mark.parametrize("sign", ["\u202e", "\u200b", "\\u0007", "\\n", "𠮷"])
def test_a_text_that_cannot_be_published_is_named_with_its_key(folder, old, place, sign):
    change(folder, old, f"{old}{sign}")
    (problem,) = declaration_problems(folder)
    assert problem.column == place and "U+" in problem.message


def test_a_title_that_a_word_file_cannot_hold_is_refused(folder):
    change(folder, 'zh = "台州市城市', f'zh = "{"长" * 250}')
    assert [problem.column for problem in declaration_problems(folder)] == ["title.zh"]


def test_words_are_text_and_the_date_is_a_date(folder):
    change(folder, "reference_date = 2020-04-30", 'reference_date = "spring"')
    change(folder, "[label]\nzh", "[label]\nzh = 1\nfr")
    assert [problem.column for problem in declaration_problems(folder)] == [
        "label",
        "reference_date",
    ]


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ('wave = "2020"', 'wave = "2019"', "wave"),
        ("reference_date = 2020-04-30", "reference_date = 2012-04-30", "reference_date"),
        ("reference_date = 2020-04-30", 'reference_date = "April"', "reference_date"),
    ],
)
def test_the_wave_its_folder_and_its_reference_date_must_agree(folder, old, new, column):
    change(folder, old, new)
    (problem,) = declaration_problems(folder)
    assert problem.column == column and problem.remedy


@pytest.mark.parametrize(
    "value",
    [
        "2020-04-30T00:00:00Z",
        "2020-04-30T00:00:00+08:00",
        "2020-04-30T00:00:00",
        '"2020-04-30T00:00Z"',
    ],
)
def test_a_reference_date_is_a_day_without_a_time(folder, value):
    change(folder, "reference_date = 2020-04-30", f"reference_date = {value}")
    (problem,) = declaration_problems(folder)
    assert problem.column == "reference_date" and "2020-04-30" in problem.message
    assert reference_date(folder) is None
