"""Another study is another folder: places, codes, sheets, language and wave; same package."""

import re
import shutil
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from frictionless import Package

from running import REPOSITORY, run_analysis

STUDY = REPOSITORY / "tests/other_study"
DISTRICTS = ("XA", "XB", "XC", "XD", "XE")
LINK = re.compile(r'href=(?:"([^"#]*)[^"]*"|([^"#>\s]+))')


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Path:
    """A copy of the other study in which everything has run."""
    folder = tmp_path_factory.mktemp("other") / "study"
    shutil.copytree(STUDY, folder)
    done = run_analysis(folder, "build")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def new(tmp_path_factory) -> Path:
    """A folder that `analysis new` has just written, built."""
    folder = tmp_path_factory.mktemp("new")
    assert run_analysis(folder, "new", "study").returncode == 0
    done = run_analysis(folder / "study", "build")
    assert done.returncode == 0, done.stderr
    return folder / "study"


def answers(book: Path, sheet: str, key: str) -> pd.DataFrame:
    """Read the filled rows of a sheet with openpyxl: columns by header without unit.

    Only rows that have `key`.
    """
    rows = list(openpyxl.load_workbook(book, read_only=True)[sheet].iter_rows(values_only=True))
    heads = [
        str(low or top or "").split("（")[0] for top, low in zip(rows[3], rows[4], strict=True)
    ]
    table = pd.DataFrame(rows[5:], columns=heads)
    return table[table[key].notna()]


def test_its_numbers_are_those_of_its_workbooks(other):
    books = {path.name[:2]: path for path in (other / "data/raw/2023").glob("*.xlsx")}
    assert tuple(sorted(books)) == DISTRICTS
    stations = {code: answers(book, "服务站", "床位") for code, book in books.items()}
    visits = {code: answers(book, "走访记录", "评价") for code, book in books.items()}
    stations["X0"], visits["X0"] = pd.concat(stations.values()), pd.concat(visits.values())
    estimates = pd.read_csv(other / "outputs/2023/tables/estimates.csv", dtype={"district": str})
    value = estimates.set_index(["indicator", "district"])["value"]
    assert len(value) == 5 * 6
    for code, table in stations.items():
        assert value["stations_total", code] == len(table) > 10
        assert value["beds_total", code] == table["床位"].sum()
        assert value["meals", code] == pytest.approx(
            100 * (table["提供助餐"] == "有").mean(), abs=1e-6
        )
        assert value["users_mean", code] == pytest.approx(table["登记老人"].mean(), abs=1e-6)
        assert value["content", code] == pytest.approx(
            100 * (visits[code]["评价"] == "满意").mean(), abs=1e-6
        )
    meals = f"{value['meals', 'X0']:.1f}"
    page = (other / "outputs/2023/report/index.html").read_text("utf-8")
    assert f"提供助餐的服务站占{meals}%" in re.sub(r"<[^>]+>", "", page)


@pytest.mark.parametrize("study", ["other", "new"])
def test_what_is_published_is_whole_and_of_its_own_language_and_places(study, request):
    folder = request.getfixturevalue(study)
    outputs = folder / "outputs" / {"other": "2023", "new": "2024"}[study]
    for name in (
        "index.html",
        "report/index.html",
        "report/report.docx",
        "report/report.pdf",
        "tables/tables.xlsx",
    ):
        assert (outputs / name).stat().st_size > 1000, name
    assert not list(outputs.rglob("en")) and not (outputs / "districts").exists()
    dead = []
    for page in outputs.rglob("*.html"):
        text = page.read_text("utf-8")
        assert not re.search("台州|Taizhou|社区治理|村改社区", text), page
        links = [quoted or bare for quoted, bare in LINK.findall(text)]
        dead += [
            link for link in links if link and ":" not in link and not (page.parent / link).exists()
        ]
    assert dead == []


@pytest.mark.parametrize("study", ["other", "new"])
def test_every_command_knows_it(study, request):
    folder = request.getfixturevalue(study)
    for command in (["check"], ["lint"], ["status"], ["forms"], ["build", "--explain"]):
        done = run_analysis(folder, *command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    indicator = {"other": "meals.XB", "new": "centres"}[study]
    assert "%" in run_analysis(folder, "explain", indicator).stdout


def test_it_is_released_and_served_with_its_own_label_and_no_word_of_another(other, tmp_path):
    for command in ("release", "site"):
        done = run_analysis(other, command)
        assert done.returncode == 0, done.stderr
    (archive,) = (other / "build/release").glob("*.zip")
    assert archive.name == "care-stations-2023.zip"
    zipfile.ZipFile(archive).extractall(tmp_path)
    assert Package(str(tmp_path / "care-stations-2023/datapackage.json")).validate().valid
    for path in tmp_path.rglob("*"):
        if path.suffix in (".json", ".xml", ".txt"):
            text = path.read_text("utf-8")
            assert not re.search("台州|Taizhou|taizhou|村改社区", text), path
            assert "合成数据" in text, path
    assert "合成数据" in (other / "build/site/404.html").read_text("utf-8")


def test_a_study_that_declares_no_day_of_publication_is_not_released(new):
    done = run_analysis(new, "release")
    assert done.returncode == 2 and "release.date" in done.stderr and "study.toml" in done.stderr


def test_a_fault_in_its_workbook_is_told_by_its_own_rule(tmp_path):
    folder = shutil.copytree(STUDY, tmp_path / "study")
    path = next((folder / "data/raw/2023").glob("XB*.xlsx"))
    book = openpyxl.load_workbook(path)
    sheet = book["服务站"]
    heads = [str(sheet.cell(5, place).value or "") for place in range(1, sheet.max_column + 1)]
    sheet.cell(
        6, 1 + next(i for i, head in enumerate(heads) if head.startswith("其中八十岁"))
    ).value = 4999
    book.save(path)
    done = run_analysis(folder, "check")
    assert done.returncode == 2
    assert (
        "大于登记老人数 (exceeds the registered users)" in done.stderr
        and "XB_南浦区.xlsx" in done.stderr
    )


def test_a_new_study_is_written_once_and_in_no_folder_of_another(tmp_path):
    assert run_analysis(tmp_path, "new", "study").returncode == 0
    written = {
        path.relative_to(tmp_path / "study").as_posix() for path in (tmp_path / "study").rglob("*")
    }
    assert {"study.toml", ".gitignore", "notebooks/02_report.ipynb", "README.md"} <= written
    (tmp_path / "study/README.md").write_text("mine")
    for name in ("study", "study/notebooks/more"):
        assert run_analysis(tmp_path, "new", name).returncode == 64
    assert (tmp_path / "study/README.md").read_text() == "mine" and not (
        tmp_path / ".study.new"
    ).exists()
    for name in ("study/data/another", "study/outputs"):
        assert run_analysis(tmp_path, "new", name).returncode == 64
        assert not (tmp_path / name).exists()


FAULTS = {  # file: (text, what stands in its place, what is said)
    "an unknown type": (
        "data/raw/reference/columns.csv",
        ",yes_no,",
        ",maybe,",
        "columns.csv!type 9",
    ),
    "a list without answers": (
        "data/raw/reference/columns.csv",
        ",operator,,",
        ",operators,,",
        "columns.csv!codes 10",
    ),
    "a key that is no column": (
        "data/raw/reference/tables.csv",
        ",community_code,,communities",
        ",code,,communities",
        "tables.csv!",
    ),
    "a rule of no table": (
        "data/raw/reference/rules.csv",
        "S1,stations",
        "S1,station",
        "rules.csv!table 2",
    ),
    "a rule of no kind": ("data/raw/reference/rules.csv", ",holds,", ",hold,", "rules.csv!check 2"),
    "a district of another form": (
        "data/raw/reference/counties.csv",
        "XE,",
        "XF,",
        "counties.csv!gb2260",
    ),
    "an unknown key": ("study.toml", "[forms]", "[form]", "study.toml!form"),
    "a table that is not optional": ("study.toml", '["rules"]', '["ruls"]', "study.toml!reference"),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_tables_of_the_study_is_an_input_problem(fault, tmp_path):
    folder = shutil.copytree(STUDY, tmp_path / "study")
    name, was, now, said = FAULTS[fault]
    text = (folder / name).read_text("utf-8")
    assert was in text
    (folder / name).write_text(text.replace(was, now, 1), encoding="utf-8")
    # forms hold no rules
    for command in ("check", "build", *(["forms"] if "rule" not in fault else [])):
        done = run_analysis(folder, command)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
        assert said in done.stderr
