"""The README of a release has the sections of a replication package, all from the edition."""

import re

from analysis.publish.programs import Program
from analysis.publish.replication import replication_readme

SECTIONS = (  # of the template of the social science data editors
    "Overview",
    "Data availability and provenance statements",
    "Dataset list",
    "Computational requirements",
    "Description of programs",
    "Instructions to replicators",
    "List of tables, figures, numbers and programs",
)
MADE = (
    Program("table", "Table 1", "A | b", "02_x", "shown"),
    Program("number", "certified", "47.2%", "03_y", "certificate"),
)


def test_it_has_every_section_in_order_and_the_label(a_dataset):
    text = replication_readme(a_dataset, [], [], [])
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == SECTIONS
    assert a_dataset.label["en"] in text.splitlines()[0] and "synthetic" in text


def test_inputs_are_listed_with_the_place_that_they_have_in_the_release(a_dataset):
    inputs = ["data/raw/2020/a.xlsx", "data/raw/2020/wave.toml", "data/raw/reference/codes.csv"]
    text = replication_readme(a_dataset, inputs, ["wave.toml", "codebook/codes.csv"], [])
    rows = re.findall(r"^\| `data/raw/(.+?)` \| (.+) \|$", text, re.MULTILINE)
    assert rows == [
        ("2020/a.xlsx", "in the repository only"),
        ("2020/wave.toml", "`wave.toml`"),
        ("reference/codes.csv", "`codebook/codes.csv`"),
    ]


def test_programs_are_listed_by_kind_and_a_kind_without_any_is_left_out(a_dataset):
    text = replication_readme(a_dataset, [], [], MADE)
    assert "### Figures" not in text and "A \\| b" in text
    assert "| certified | 47.2% | `source/notebooks/03_y.ipynb` | `certificate` |" in text
