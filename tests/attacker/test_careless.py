"""What a careless author writes into a notebook does not reach its page: it stops, or is blank."""

import contextlib
import io
import json
import logging
import shutil

import careless
import nbformat
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_code_cell, new_notebook, new_output

from analysis.edition.failures import NotebookError
from analysis.pipeline.outputs import check_outputs
from analysis.plan.modules import PlanError
from analysis.plan.source import read_source
from analysis.stats import estimates
from analysis.survey.repository import read
from analysis.survey.sealed import Sealed
from running import run_analysis

SECRET = 43.219


def roster():
    """Return a roster with one pay that nobody else has, as a notebook gets it."""
    rows = pd.DataFrame(
        {
            "county_code": ["331002"] * 12,
            "income": [6.0] * 11 + [SECRET],
            "post": ["正职"] * 12,
            "hired": pd.Timestamp("2020-02-01"),
        }
    )
    rows = rows.assign(workbook="a.xlsx", sheet="花名册", row=range(6, 18))
    rows.attrs.update(table="workers", wave="2020", basis="official")
    return Sealed(rows, "workers")


class Section:
    """As much of a section as the cells use."""

    def table(self, _name, data, **_words):
        print(data.to_html())

    @property
    def computed(self):
        return Sealed(pd.DataFrame({"value": [SECRET]}), "section.computed")


@pytest.mark.parametrize("leak", careless.LEAKS)
def test_a_cell_that_would_tell_of_people_stops_and_tells_nothing(leak):
    shell = InteractiveShell()
    shell.user_ns |= {"workers": roster(), "section": Section(), "pd": pd} | vars(estimates)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        done = shell.run_cell(careless.LEAKS[leak])
    told = said.getvalue() + str(done.error_in_exec)
    assert "43.2" not in told
    assert "Traceback" in told or done.error_in_exec is not None, "it went on without a word"
    assert "逐人的" in told or "Sealed" in told


def test_a_log_of_what_is_sealed_is_blank(caplog):
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    logging.getLogger("leak").addHandler(handler)
    with contextlib.redirect_stderr(said), contextlib.suppress(AttributeError):
        logging.getLogger("leak").warning("%s", roster())
    assert "43.2" not in said.getvalue() + caplog.text


@pytest.mark.parametrize("cell", careless.ANOTHER_WAY)
def test_another_way_to_the_rows_is_refused_before_anything_runs(cell, tmp_path):
    source = tmp_path / "03_workforce.ipynb"
    cells = [new_code_cell(careless.ANOTHER_WAY[cell], id="leak")]
    nbformat.write(new_notebook(cells=cells), source)
    with pytest.raises(PlanError, match=r"notebooks/03_workforce.ipynb, cell leak: "):
        read_source(source, ["03_workforce"])


def outputs_of(*outputs):
    return new_notebook(cells=[new_code_cell("x", id="shown", outputs=list(outputs))])


ALLOWED = [
    new_output("display_data", {"text/html": "<p>"}, metadata={"report": {"kind": kind}})
    for kind in ("prose", "figure", "table", "tiles")
]
ALLOWED.append(new_output("execute_result", {"text/plain": "1", "text/html": "<b>1</b>"}))


@pytest.mark.parametrize("output", ALLOWED)
def test_a_page_holds_what_its_section_shows_and_plain_results(output, tmp_path):
    check_outputs(outputs_of(output), tmp_path / "a.ipynb", tmp_path / "b.ipynb")


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (new_output("stream", name="stdout", text="4711"), "it prints"),
        (new_output("display_data", {"text/plain": "4711"}), "past its section"),
        (new_output("display_data", {"image/png": "4711"}), "past its section"),
        (
            new_output(
                "display_data", {"text/html": "<p>"}, metadata={"report": {"kind": "other"}}
            ),
            "past its section",
        ),
        (new_output("execute_result", {"image/svg+xml": "<svg>"}), "neither a table nor text"),
    ],
)
def test_what_is_shown_past_the_section_is_refused_with_its_cell(output, said, tmp_path):
    with pytest.raises(NotebookError, match=f"a, cell shown: .*{said}") as refused:
        check_outputs(outputs_of(output), tmp_path / "a.ipynb", tmp_path / "b.ipynb")
    assert "4711" not in str(refused.value)


def test_warnings_and_logs_are_left_out(tmp_path):
    notebook = outputs_of(new_output("stream", name="stderr", text="pay 4711"), ALLOWED[0])
    check_outputs(notebook, tmp_path / "a.ipynb", tmp_path / "b.ipynb")
    assert notebook.cells[0].outputs == [ALLOWED[0]]


def test_tables_that_tell_of_people_are_sealed_and_the_others_are_not(edition, monkeypatch):
    monkeypatch.chdir(edition)
    sealed = {
        table
        for table in sorted(
            path.stem for path in (edition / "data/processed/2020").glob("*.parquet")
        )
        if isinstance(read(table, "2020"), Sealed)
    }
    of_a_form = {
        *("workers", "county_baseline", "election_candidates", "interview_staff"),
        "interview_communities",
    }
    of_the_wave_before = {f"{table}_before" for table in of_a_form}
    beside = {"accounts", "changes", "corrections", "questions"}
    assert sealed == of_a_form | of_the_wave_before | beside


@pytest.fixture(scope="module")
def home(edition, tmp_path_factory):
    """A copy of an edition with all that it was made of, so that only one notebook is stale."""
    folder = tmp_path_factory.mktemp("careless")
    left_out = shutil.ignore_patterns("outputs", ".venv", ".git", ".*_cache")
    shutil.copytree(edition, folder, dirs_exist_ok=True, ignore=left_out)
    return folder


@pytest.fixture
def notebook(home):
    """Notebook 03 of the copy, put back afterwards."""
    path = home / "notebooks/03_workforce.ipynb"
    text = path.read_text("utf-8")
    yield path
    path.write_text(text, "utf-8")


def insert(path, source):
    """Add a cell `leak` before the last one of a notebook."""
    notebook = json.loads(path.read_text("utf-8"))
    cell = {"cell_type": "code", "execution_count": None, "id": "leak", "metadata": {}}
    notebook["cells"].insert(-1, cell | {"outputs": [], "source": source})
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1), "utf-8")


WHOLE = [  # of each way in, one: the others are tried above
    *("a summary", "the table by itself", "the highest of each county", "a box plot"),
    *("the table as HTML", "an f-string", "an exception that tells of a row", "a warning"),
    *("a table of the section", "a count by county", *careless.PAST_THE_SECTION, "a log"),
]


@pytest.mark.slow
@pytest.mark.parametrize("leak", WHOLE)
def test_the_build_stops_with_notebook_cell_and_remedy(leak, home, notebook):
    every = careless.LEAKS | careless.PAST_THE_SECTION | careless.ANOTHER_WAY
    insert(notebook, every[leak])
    done = run_analysis(home, "build", "--only", "03_workforce")
    assert done.returncode == 70, done.stdout + done.stderr
    assert "03_workforce" in done.stderr and "cell leak" in done.stderr
    assert "4711" not in done.stderr
    remedies = ("section.table", "analysis.stats", "analysis.survey.repository", "src/analysis")
    assert any(one in done.stderr for one in (*remedies, "cannot be told")), done.stderr


@pytest.mark.slow
def test_a_warning_of_a_notebook_is_on_no_page(home, notebook):
    insert(notebook, 'import warnings\nwarnings.warn("pay 4711")')
    done = run_analysis(home, "build")
    assert done.returncode == 0, done.stderr
    shown = [path for path in (home / "outputs").rglob("*.html") if "pay 4711" in path.read_text()]
    assert [path.name for path in shown] == ["03_workforce.html"] * 2, "as the code of the cell"
    assert all(path.read_text().count("pay 4711") == 1 for path in shown)
