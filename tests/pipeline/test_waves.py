"""The editions of all waves lie side by side, and one page leads to them."""

import re
import shutil

import pytest

from analysis.pipeline.waves import INDEX, editions_folder, write_index
from analysis.survey.folders import RefusedError
from analysis.survey.ownership import MARKER, hash_of, made, mark
from running import REPOSITORY

DECLARED = REPOSITORY / "data/raw/2020/wave.toml"


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    """A folder with an edition of two waves, which say what they are; the later one is official."""
    monkeypatch.chdir(REPOSITORY)
    words = DECLARED.read_text("utf-8")
    official = words.replace('"synthetic"', '"official"').replace("2020-04-30", "2021-04-30")
    for wave, text in (("2020", words), ("2021", official), ("notes", words)):
        (tmp_path / "outputs" / wave).mkdir(parents=True)
        (tmp_path / "outputs" / wave / "wave.toml").write_text(text, encoding="utf-8")
    return tmp_path / "outputs"


def test_it_leads_to_every_edition_the_latest_first_and_labels_each(outputs):
    write_index(outputs)
    page = (outputs / INDEX).read_text("utf-8")
    assert re.findall(r'<h2><a href="([^"]+)"', page) == [
        f"{wave}/report/{lang}index.html" for wave in ("2021", "2020") for lang in ("", "en/")
    ]
    sections = page.split("<section>")[1:]
    assert ["合成数据" in text and "Synthetic" in text for text in sections] == [False, True]
    assert made(outputs) == {INDEX: hash_of(outputs / INDEX)}


def test_what_a_wave_says_of_itself_is_text_and_what_says_nothing_is_left_out(outputs):
    path = outputs / "2021/wave.toml"
    path.write_text(
        path.read_text("utf-8").replace('zh = "', 'zh = "<script>x', 1), encoding="utf-8"
    )
    (outputs / "2020/wave.toml").write_text("no declaration", encoding="utf-8")
    write_index(outputs)
    page = (outputs / INDEX).read_text("utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page and "2020/report" not in page


def test_it_is_written_anew_only_where_it_says_something_else(outputs):
    write_index(outputs)
    before = (outputs / INDEX).stat().st_mtime_ns
    write_index(outputs)
    assert (outputs / INDEX).stat().st_mtime_ns == before


def test_a_page_of_somebody_else_is_not_written_over(outputs):
    mark(outputs)
    (outputs / INDEX).write_text("mine")
    with pytest.raises(FileExistsError, match="not written by this program"):
        editions_folder(outputs, REPOSITORY / "data/raw")


def test_a_folder_of_somebody_else_holds_no_editions(outputs):
    with pytest.raises(RefusedError, match="not made by this program"):
        editions_folder(outputs, REPOSITORY / "data/raw")
    shutil.rmtree(outputs)
    assert editions_folder(outputs, REPOSITORY / "data/raw") == outputs


def test_what_an_older_layout_left_there_is_removed_and_nothing_else(outputs):
    (outputs / "report/en").mkdir(parents=True)
    for name in ("report/en/index.html", "report/mine.html", "report/edited.html"):
        (outputs / name).write_text("old")
    listed = ("report/en/index.html", "report/edited.html")
    mark(outputs, {name: hash_of(outputs / name) for name in listed})
    (outputs / "report/edited.html").write_text("edited")
    write_index(outputs)
    left = {path.relative_to(outputs).as_posix() for path in outputs.rglob("*") if path.is_file()}
    kept = {f"{wave}/wave.toml" for wave in ("2020", "2021", "notes")}
    assert left == kept | {"report/mine.html", "report/edited.html", INDEX, MARKER}
    assert not (outputs / "report/en").exists()


def test_a_built_edition_lies_below_its_wave(edition):
    page = (edition / "outputs" / INDEX).read_text("utf-8")
    assert 'href="2020/report/index.html"' in page and 'href="2020/index.html"' in page
    assert (edition / "outputs/2020/report/index.html").is_file()
