"""The package knows no place, code or question of the study: all of that is data."""

import re
from pathlib import Path

import pandas as pd
import pytest

from running import REPOSITORY

PACKAGE = REPOSITORY / "src/analysis"
SKELETON = PACKAGE / "skeleton"  # a study of its own, with invented places
REFERENCE = REPOSITORY / "data/raw/reference"
COLUMNS = {
    "counties": ("name_zh",),
    "townships": ("township",),
    "named_places": ("real_name", "stand_in"),
}
GENERIC = {"市辖区", "开发区"}


def names_of_places() -> list[str]:
    """Return the names of this study's places, in Chinese and romanised."""
    tables = {
        name: pd.read_csv(REFERENCE / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in COLUMNS
    }
    names = {
        cell for name, table in tables.items() for column in COLUMNS[name] for cell in table[column]
    }
    english = {cell.split(" ")[0] for cell in tables["counties"]["name_en"]}
    return sorted(
        {name for name in names | english | {"台州", "浙江", "Zhejiang"} if len(name) > 1} - GENERIC
    )


PATTERNS = {
    "a place": "|".join(map(re.escape, names_of_places())),
    "a code of a place": r"(?<![0-9])33[0-9]{4}(?:[0-9]{3}){0,2}(?![0-9])",
    "a question by number": r"\bQ[0-9]{2}\b",
}


def texts():
    return [
        path
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".xlsx", ".ttf")
    ]


@pytest.mark.parametrize("kind", PATTERNS)
def test_no_file_of_the_package_names(kind):
    pattern, found = re.compile(PATTERNS[kind]), []
    for path in (path for path in texts() if SKELETON not in path.parents):
        for number, line in enumerate(
            path.read_text("utf-8", errors="ignore").splitlines(), start=1
        ):
            if hit := pattern.search(line):
                found.append(f"{path.relative_to(PACKAGE)}:{number}: {hit[0]}")
    assert found == []


def test_the_patterns_find_what_they_are_for():
    assert len(names_of_places()) > 100
    for kind, text in (
        ("a place", "椒江区"),
        ("a code of a place", "331002001"),
        ("a question by number", "Q09"),
    ):
        assert re.search(PATTERNS[kind], f"x {text}。")


def test_the_package_reads_no_table_by_the_name_of_this_study():
    """Tables of the codebook belong to the study; the package names only those of the frame."""
    tables = pd.read_csv(REFERENCE / "tables.csv", dtype=str)["table"]
    quoted = re.compile(r'"(' + "|".join(set(tables) - {"communities"}) + r')"')
    found = [
        f"{path.name}: {hit}"
        for path in Path(PACKAGE).rglob("*.py")
        for hit in quoted.findall(path.read_text())
    ]
    assert found == []
