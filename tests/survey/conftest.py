"""A wave to read, a copy of it to edit, and the forms as openpyxl shows them."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from this_study import TABLES

from analysis.survey.clean import clean
from analysis.survey.problems import InputError
from planting import find_column, read_form

RAW = Path(__file__).parents[2] / "data/raw"


@contextmanager
def workbook_open(path):
    book = openpyxl.load_workbook(path)
    yield book
    book.save(path)


@pytest.fixture(scope="session")
def form():
    return read_form


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    """The communities that must report."""
    return pd.read_csv(RAW / "reference/communities.csv", dtype=str)


@pytest.fixture(scope="session")
def townships() -> pd.DataFrame:
    """The streets, towns and townships that must report."""
    return pd.read_csv(RAW / "reference/townships.csv", dtype=str)


@pytest.fixture(scope="session")
def wave_folder(tmp_path_factory) -> Path:
    """The wave as it was when the session began. Read it, do not change it."""
    return shutil.copytree(RAW / "2020", tmp_path_factory.mktemp("raw") / "2020")


@pytest.fixture(scope="session")
def wave(wave_folder, frame):
    """The clean tables of the codebook and the accounts of the wave."""
    tables, accounts = clean(wave_folder, frame)
    return {name: tables[name] for name in TABLES}, accounts


@pytest.fixture(scope="session")
def books(wave_folder) -> dict[str, openpyxl.Workbook]:
    """Every workbook of the wave by file name, read by openpyxl. Read them, do not change them."""
    return {path.name: openpyxl.load_workbook(path) for path in sorted(wave_folder.glob("*.xlsx"))}


@pytest.fixture
def raw(wave_folder, tmp_path) -> Path:
    """A copy of the wave to edit."""
    return shutil.copytree(wave_folder, tmp_path / "2020")


@pytest.fixture
def opened(raw):
    """Open a workbook of the copy for a change of its structure; it is saved at the end."""
    return lambda workbook: workbook_open(raw / workbook)


@pytest.fixture
def edit(raw):
    """Change cells of the copy: edit(workbook, sheet, {(title, row): value, "B2": value})."""

    def change(workbook, sheet, changes):
        with workbook_open(raw / workbook) as book:
            form = book[sheet]
            columns, _ = read_form(form)
            for place, value in changes.items():
                cell = (
                    form[place]
                    if isinstance(place, str)
                    else form.cell(place[1], find_column(columns, place[0]))
                )
                cell.value = value

    return change


@pytest.fixture
def faults(raw, frame):
    """Clean the copy and return the lines of what is wrong with it."""

    def lines() -> list[str]:
        try:
            clean(raw, frame)
        except InputError as error:
            return [f"{one.place}: {one.message}" for one in error.problems]
        return []

    return lines
