"""Only what a change can reach runs again, and the record says whether anything must."""

import json
import os
import shutil
from pathlib import Path

import openpyxl
import pytest

from analysis.plan import tasks
from running import REPOSITORY, copy_repository, run_analysis

OTHERS = (  # they read other tables, or other columns of that one
    "02_facilities", "04_funding_burden", "05_village_turned", "06_system_linkage_elections", "12_published_text",
)  # fmt: skip


class Workshop:
    """A copy of the repository with its own modules, in which one edits, asks and builds."""

    def __init__(self, folder):
        self.folder = folder
        self.env = {**os.environ, "PYTHONPATH": str(folder / "src")}

    def run(self, *arguments):
        """Run the command line."""
        return run_analysis(self.folder, *arguments, **self.env)

    def would_run(self) -> dict[str, str]:
        """Ask what would run: {step: why}."""
        said = self.run("build", "--explain")
        assert said.returncode == 0, said.stderr
        return dict(line.split(": ", 1) for line in said.stdout.splitlines() if ": " in line)

    def build(self) -> set[str]:
        """Build; returns the steps that ran."""
        done = self.run("build")
        assert done.returncode == 0, done.stderr
        return {
            line.split("] ")[1].split("  ")[0]
            for line in done.stderr.splitlines()
            if line[:1] == "["
        }

    def replace(self, path, old, new):
        """Edit a file."""
        text = (self.folder / path).read_text("utf-8")
        assert old in text
        (self.folder / path).write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = copy_repository(tmp_path_factory.mktemp("shop"))
    shutil.copytree(
        REPOSITORY / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__")
    )
    shop = Workshop(folder)
    assert len(shop.build()) > 20
    return shop


@pytest.fixture(autouse=True)
def put_back(shop):
    """Put everything back as it was, so that each test begins from the same finished edition."""
    names = ("src", "notebooks", "data", "build", "outputs")
    kept = shop.folder.with_name("kept")
    if not kept.exists():
        for name in names:
            shutil.copytree(shop.folder / name, kept / name)
    yield
    for name in names:
        shutil.rmtree(shop.folder / name)
        shutil.copytree(kept / name, shop.folder / name)


def test_where_nothing_has_changed_nothing_runs(shop):
    done = shop.run("build")
    assert (done.returncode, done.stderr) == (
        0,
        "nothing has changed; the outputs follow from the inputs\n",
    )
    assert shop.would_run() == {}
    assert shop.run("build", "--explain", "--only", "index").stdout == "nothing would run\n"
    assert shop.run("status").returncode == 0


def test_an_opened_notebook_is_as_it_was(shop):
    path = shop.folder / "notebooks/03_workforce.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    notebook["cells"][1] |= {"execution_count": 3}
    path.write_text(json.dumps(notebook), "utf-8")
    assert shop.run("status").returncode == 0
    assert shop.would_run() == {}


def test_words_of_one_notebook_reach_its_page_only(shop):
    shop.replace("notebooks/07_compare.ipynb", "人人都会读出名次", "人人都会从中读出名次")
    said = shop.run("status")
    assert (said.returncode, said.stdout) == (1, "changed: notebooks/07_compare.ipynb\n")
    assert shop.would_run()["07_compare"] == "notebooks/07_compare.ipynb changed"
    ran = shop.build()
    assert "07_compare" in ran
    assert not any(step.startswith(("clean", "0", "10")) for step in ran - {"07_compare"})
    assert shop.run("status").returncode == 0


def test_a_county_corrected_reaches_what_reads_that_column_and_no_further_than_numbers_change(shop):
    path = shop.folder / "data/raw/2020/331024_仙居县.xlsx"
    book = openpyxl.load_workbook(path)
    cell = next(
        c for sheet in book for row in sheet.iter_rows() for c in row if c.value == "助理社会工作师"
    )
    cell.value = "社会工作师"
    book.save(path)
    assert shop.would_run()["clean"] == "data/raw/2020/331024_仙居县.xlsx changed"
    ran = shop.build()
    assert {"clean", "03_workforce"} <= ran
    assert not set(OTHERS) & ran
    assert not any(step.startswith(("08", "10", "page 08", "page 10")) for step in ran), (
        "another certificate, as many"
    )


def test_a_reference_table_reaches_who_names_it(shop):
    path = shop.folder / "data/raw/reference/policy_register.csv"
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    changed = {name for name, why in shop.would_run().items() if "changed" in why}
    assert changed == {"06_system_linkage_elections"}


def test_a_helper_reaches_who_imports_it_and_stops_where_nothing_differs(shop):
    path = shop.folder / "src/analysis/stats/printed.py"
    path.write_text(path.read_text("utf-8") + "# a remark\n", "utf-8")
    users = {"12_published_text"}
    assert {name for name, why in shop.would_run().items() if "printed.py changed" in why} == users
    assert shop.build() == users


def test_a_broken_helper_is_reported_by_the_cell_that_imports_it(shop):
    (shop.folder / "src/analysis/stats/printed.py").write_text("def counts(:\n", "utf-8")
    done = shop.run("build", "--only", "published_text")
    assert done.returncode == 70
    assert "12_published_text" in done.stderr and "SyntaxError" in done.stderr


def test_what_was_published_is_watched_too(shop):
    page = shop.folder / "outputs/2020/report/index.html"
    before = page.read_bytes()
    page.write_bytes(before + b" ")
    said = shop.run("status")
    assert (said.returncode, said.stdout) == (1, "altered: report/index.html\n")
    assert shop.build() == set()
    assert page.read_bytes() == before


def test_a_new_file_among_the_raw_ones_is_a_change(shop):
    (shop.folder / "data/raw/2020/更正.xlsx").write_bytes(b"")
    assert shop.run("status").stdout == "new: data/raw/2020/更正.xlsx\n"
    assert shop.run("build").returncode == 2


def test_a_wave_before_is_an_input_too(shop):
    before = shop.folder / "data/raw/2019"
    before.mkdir()
    shutil.copyfile(shop.folder / "data/raw/2020/wave.toml", before / "wave.toml")
    assert shop.run("status").stdout == "new: data/raw/2019/wave.toml\n"
    assert shop.would_run()["clean"] == "clean::listing changed; data/raw/2019/wave.toml changed"


def test_what_every_step_calls_reaches_every_step(shop, monkeypatch):
    with (shop.folder / "src/analysis/pipeline/work.py").open("a") as module:
        module.write("# a remark\n")
    asked = shop.would_run()
    assert asked["clean"] == "src/analysis/pipeline/work.py changed" and len(asked) == 74
    monkeypatch.chdir(shop.folder)
    assert all(
        tasks.WORK in one.needs for one in tasks.Edition(Path("data/raw"), "2020", "kernel").tasks()
    )


def test_a_module_newly_imported_is_named(shop):
    shop.replace(
        "notebooks/12_published_text.ipynb",
        '"%load_ext',
        '"from analysis.stats import ranks\\n",\n    "%load_ext',
    )
    why = shop.would_run()["12_published_text"].split("; ")
    assert {
        "notebooks/12_published_text.ipynb changed",
        "src/analysis/stats/ranks.py changed",
    } <= set(why)


def test_numbers_of_a_notebook_that_is_gone_are_not_published(shop):
    table = shop.folder / "outputs/2020/tables/estimates.csv"
    before, saved = table.read_bytes(), shop.folder / "build/2020/zh/estimates"
    shutil.copyfile(saved / "12_published_text.parquet", saved / "15_gone.parquet")
    shop.replace(
        "notebooks/09_published_vs_recomputed.ipynb",
        "assert len(book)",
        "assert True and len(book)",
    )
    # they are written anew, with the table of all estimates
    shutil.rmtree(shop.folder / "build/2020/zh/facts")
    assert "facts zh" in shop.build()
    assert table.read_bytes() == before and not (saved / "15_gone.parquet").exists()


@pytest.mark.parametrize(
    "said", ["read_estimates(wave, *NAMES)", "import draft", "pd.read_csv('data/x.csv')"]
)
def test_what_cannot_be_seen_is_refused(shop, said):
    (shop.folder / "draft.py").write_text("")
    shop.replace("notebooks/12_published_text.ipynb", '"%load_ext', f'"{said}\\n",\n    "%load_ext')
    done = shop.run("build")
    (shop.folder / "draft.py").unlink()
    assert done.returncode == 70
    quoted = "pd.read_csv" if "read_csv" in said else said
    assert done.stderr.startswith(f"notebooks/12_published_text.ipynb, cell setup: {quoted}: ")


HIDDEN = {  # in a helper module, where no name of a table can be told: (code, what is refused)
    "a table by another name": (
        "from analysis.survey.repository import reference as ref\nref('glos' + 'sary')",
        "reads data/raw/reference/glossary.csv",
    ),
    "a file": (
        "import pandas, pathlib\npandas.read_csv(pathlib.Path('data/raw/2020') / "
        "'corrections.csv')",
        "reads data/raw/2020/corrections.csv",
    ),
    "arrow": (
        "import importlib\npq = importlib.import_module('pyarrow.parquet')\n"
        "pq.read_table('data/processed/2020/burden.parquet')",
        "reads data/processed/2020/burden.parquet",
    ),
    "a module": (
        "import importlib\nimportlib.import_module('analysis.stats.ranks')",
        "reads src/analysis/stats/ranks.py",
    ),
}


@pytest.mark.parametrize(("code", "refused"), HIDDEN.values(), ids=HIDDEN)
def test_what_a_helper_reads_out_of_sight_stops_the_run_and_is_not_recorded(shop, code, refused):
    body = "".join(f"    {line}\n" for line in code.splitlines())
    path = shop.folder / "src/analysis/stats/printed.py"
    text = path.read_text("utf-8").replace(
        "def counts_behind(", f"def hidden():\n{body}\n\ndef counts_behind("
    )
    assert "def hidden" in text
    path.write_text(text, "utf-8")
    shop.replace(
        "notebooks/12_published_text.ipynb",
        "import bases_behind, ",
        "import bases_behind, hidden, ",
    )
    shop.replace(
        "notebooks/12_published_text.ipynb", '"%load_ext', '"hidden()\\n",\n    "%load_ext'
    )
    for _ in range(2):
        done = shop.run("build")
        assert done.returncode == 70, done.stderr
        assert f"12_published_text, cell setup: it {refused}" in done.stderr
    assert shop.run("status").returncode == 1


def test_a_correction_gives_the_numbers_of_a_run_of_everything_however_the_table_is_named(shop):
    facilities = "notebooks/02_facilities.ipynb"
    shop.replace(facilities, 'read(\\"communities\\", wave)', "read('commun' 'ities', wave)")
    shop.build()
    county, sheet, row, value = first_answer(shop.folder, "目前达标")
    line = f"{county},{sheet},{row},目前达标,{value},{'否' if value == '是' else '是'},核实,课题组,2020-06-01\n"
    with (shop.folder / "data/raw/2020/corrections.csv").open("a", encoding="utf-8") as file:
        file.write(line)
    ran = shop.build()
    assert {"02_facilities", "07_compare"} <= ran
    sums = (shop.folder / "outputs/2020/SHA256SUMS").read_bytes()
    done = shop.run("build", "--all")
    assert done.returncode == 0 and "74 of 74 steps run" in done.stderr
    assert (shop.folder / "outputs/2020/SHA256SUMS").read_bytes() == sums


def first_answer(folder, title):
    """Find the first answer below a title in the first workbook: (file, sheet, row, value)."""
    path = min((folder / "data/raw/2020").glob("33*.xlsx"))
    sheet = openpyxl.load_workbook(path).worksheets[0]
    head = next(cell for row in sheet.iter_rows() for cell in row if cell.value == title)
    for row in range(head.row + 1, sheet.max_row):
        if sheet.cell(row, head.column).value in ("是", "否"):
            return path.name, sheet.title, row, sheet.cell(row, head.column).value
    raise LookupError(title)


def test_what_was_made_on_the_way_is_made_anew_where_it_is_gone(shop):
    sums = (shop.folder / "outputs/2020/SHA256SUMS").read_bytes()
    shutil.rmtree(shop.folder / "data/processed/2020")
    assert "clean" in shop.build()
    assert (shop.folder / "data/processed/2020/communities.parquet").exists()
    shutil.rmtree(shop.folder / "build")
    assert len(shop.build()) == 74
    assert (shop.folder / "outputs/2020/SHA256SUMS").read_bytes() == sums
