"""What a notebook shows in JupyterLab: numbered figures, references with numbers, short errors."""

import re

import pytest

from analysis.publish import figures, lab
from analysis.publish.prose import ProseError
from analysis.publish.section import Section
from analysis.stats.estimates import count
from analysis.survey.repository import NotBuiltError, read


@pytest.fixture
def shown(monkeypatch):
    """What a section has shown: by media type, in order."""
    found = []
    monkeypatch.setattr("analysis.publish.section.display", lambda data, **_: found.append(data))
    return found


@pytest.fixture
def section(edition, tmp_path, monkeypatch, shown):
    """A section with one estimate, in a kernel that JupyterLab started."""
    monkeypatch.chdir(edition)
    monkeypatch.setenv("JPY_SESSION_NAME", "notebooks/03_workforce.ipynb")
    figures.use_style()
    made = Section("03_workforce", "2020", "zh")
    made.folder = tmp_path
    made.keep(count(read("workers", "2020"), "workers_total"))
    return made


def test_prose_names_figures_and_tells_numbers_on_hover(section, shown):
    """A reference reads 图 2, and a number tells its name and how it was computed."""
    section.prose({"zh": "共{{ workers_total }}，见{{ figure.workers }}。"})
    said = shown[0]["text/markdown"]
    assert re.sub(r"<[^>]+>", "", said) == "共1533人，见图 2。"
    assert 'title="workers_total = workers: count(rows)"' in said and "href" not in said


def test_a_figure_has_number_title_subtitle_and_picture(section, shown):
    """A figure reads as in the report, and its picture needs no font of the machine."""
    counties = section.counties("workers_total")[["district", "value", "text"]]
    words = {"title": "在岗{{ workers_total.bare }}名", "subtitle": "单位：人"}
    drawn = figures.bars(counties.assign(tone="context"))
    section.figure("workers", drawn, section.wide("workers_total"), zh=words)
    html = shown[0]["text/html"]
    assert re.sub(r"<[^>]+>", "", html[html.index("<figcaption") : html.index("</figcaption")]) == (
        "图 2&emsp;在岗1533名单位：人"
    )
    assert 'src="data:image/png;base64,' in html and "tables/workers.csv</small>" in html


def test_a_table_has_its_number_and_the_label_of_its_data(section, shown):
    """A table reads as in the report, with the label of synthetic data below."""
    section.table("workforce", section.wide("workers_total"), zh={"title": "各县"})
    assert re.search(r"<b>表 \d+&emsp;各县</b>", shown[0]["text/html"])
    assert "<small>合成数据 · 仅演示方法 · " in shown[0]["text/html"]


def test_outside_jupyterlab_outputs_are_those_of_the_pipeline(section, shown, monkeypatch):
    """Nothing that is published depends on how JupyterLab shows it."""
    monkeypatch.delenv("JPY_SESSION_NAME")
    assert not lab.in_lab()
    section.prose({"zh": "共{{ workers_total }}。"})
    assert shown == [{"text/markdown": "共1533人。"}]


def test_a_cell_that_runs_again_keeps_its_numbers_once(section):
    """In JupyterLab an estimate takes the place of that of the same name."""
    section.keep(count(read("workers", "2020"), "workers_total"))
    assert section.estimates["name"].is_unique


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("{{ workers_totl }}", "unknown name workers_totl; did you mean workers_total?"),
        ("{{ city.workers_totl }}", "unknown name workers_totl; did you mean workers_total?"),
        ("{{ workers_total.bear }}", "workers_total.bear: a number has unlinked, "),
        ("{{ certified }}", "'certified' is undefined: run the cell that computes it first"),
        ("{{ certified", "not a template, line 1: "),
        ("共1533人", "numbers typed into the words: 1533人; take them by name"),
    ],
)
def test_an_error_in_words_names_notebook_cell_language_and_the_nearest_name(
    section, monkeypatch, words, reason
):
    """What is wrong is said in one line, which is all that Jupyter shows."""
    monkeypatch.setattr("analysis.publish.section.running_cell", lambda: "headcount_said")
    with pytest.raises(ProseError) as error:
        section.say({"zh": words})
    [line] = error.value._render_traceback_()
    assert (
        line.startswith(f"notebooks/03_workforce.ipynb!headcount_said (zh): {reason}")
        and "\n" not in line
    )


@pytest.mark.parametrize("notebook", ["03_workforce", "10_report"])
def test_before_the_first_build_one_line_says_what_to_run(copy, monkeypatch, notebook):
    """A notebook of a fresh clone asks for `make report`, and Jupyter shows no traceback."""
    monkeypatch.chdir(copy)
    with pytest.raises(NotBuiltError) as error:
        Section(notebook, "2020", "zh")
    [line] = error.value._render_traceback_()
    assert (
        line.startswith("data/processed/2020/wave.toml 尚未生成")
        and "run `make report` first" in line
    )
