"""A release is one reproducible zip: edition and descriptions, nothing unpublished."""

import hashlib
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from frictionless import Package
from pysdmx.io import get_datasets

from analysis.edition.stage import read_sums
from running import copy_repository, publish, run_analysis

NAME = "taizhou-community-governance-2020"
SBOM = b'{"bomFormat": "CycloneDX"}\n'


@pytest.fixture(scope="module")
def archive(own_edition, tmp_path_factory) -> Path:
    """The zip of the edition."""
    folder = tmp_path_factory.mktemp("release")
    (folder / "sbom.json").write_bytes(SBOM)
    out = str(folder / "out")
    done = run_analysis(own_edition, "release", "--out", out, "--sbom", str(folder / "sbom.json"))
    assert done.returncode == 0, done.stderr
    return folder / f"out/{NAME}.zip"


@pytest.fixture(scope="module")
def unpacked(archive, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    zipfile.ZipFile(archive).extractall(folder)
    return folder / NAME


def test_a_second_release_has_the_same_bytes(archive, own_edition, tmp_path):
    sbom = str(archive.parents[1] / "sbom.json")
    assert (
        run_analysis(
            own_edition, "release", "--out", str(tmp_path / "x"), "--sbom", sbom
        ).returncode
        == 0
    )
    assert (tmp_path / f"x/{NAME}.zip").read_bytes() == archive.read_bytes()


def test_the_edition_is_in_it_whole(unpacked):
    sums = read_sums(unpacked / "SHA256SUMS")
    assert len(sums) > 300
    for name, state in sums.items():
        assert hashlib.sha256((unpacked / name).read_bytes()).hexdigest() == state, name


def test_it_holds_no_workbook_of_a_county_and_no_clean_table(unpacked, edition):
    files = [path for path in unpacked.rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix == ".parquet"]
    raw = {path.read_bytes() for path in (edition / "data/raw/2020").glob("*.xlsx")}
    assert len(raw) == 10 and not [path for path in files if path.read_bytes() in raw]


def test_every_file_is_in_the_crate_and_every_run_of_a_notebook(unpacked):
    graph = json.loads((unpacked / "ro-crate-metadata.json").read_text("utf-8"))["@graph"]
    described = {one["@id"] for one in graph if "File" in one["@type"]}
    files = {
        path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()
    }
    assert described == files - {"ro-crate-metadata.json"}
    actions = {one["@id"]: one for one in graph if one["@type"] == "CreateAction"}
    pages = {path.stem for path in (unpacked / "notebooks").glob("*.html")}
    assert actions.keys() == {"#run-all", *(f"#run-{name}" for name in pages)}
    facilities = actions["#run-02_facilities"]
    assert {"@id": "notebooks/02_facilities.html"} in facilities["result"]
    assert any("communities" in one["@id"] for one in facilities["object"])


def test_frictionless_finds_every_table_as_described(unpacked):
    package = Package(str(unpacked / "datapackage.json"))
    tables = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*.csv")}
    assert {resource.path for resource in package.resources} == tables
    report = package.validate()
    assert report.valid, report.flatten(["name", "fieldName", "note"])[:5]


def test_pysdmx_reads_every_estimate_by_its_structure(unpacked):
    files = (unpacked / "estimates.sdmx.csv", unpacked / "estimates.sdmx.json")
    (table,) = get_datasets(*map(str, files))
    estimates = pd.read_csv(unpacked / "tables/estimates.csv")
    coded = [one for one in table.structure.components if one.local_codes]
    assert len(coded) == 4
    for one in coded:
        codes = {code.id for code in one.local_codes.items}
        assert set(table.data[one.id].dropna().astype(str)) - {""} <= codes, one.id
    # what is withheld has none
    values = pd.to_numeric(table.data["OBS_VALUE"], errors="coerce").astype("float64")
    assert values.tolist() == pytest.approx(estimates["value"].tolist(), nan_ok=True)
    assert values.isna().sum() == estimates["withheld"].notna().sum()
    assert set(table.data["BASIS"]) == set(estimates["basis"])


def test_every_estimate_is_a_line_of_the_facts_whose_link_leads_to_its_cell(unpacked):
    estimates = pd.read_csv(unpacked / "tables/estimates.csv")
    for below in ("", "en/"):
        text = (unpacked / f"{below}llms.txt").read_text("utf-8")
        lines = [line for line in text.splitlines() if line.startswith("- [")]
        assert [line[3:].partition("]")[0] for line in lines] == list(estimates["name"])
        pages = {}
        for line in lines:
            page, _, anchor = line.partition("](")[2].partition(")")[0].partition("#")
            html = pages.setdefault(page, (unpacked / page).read_text("utf-8"))
            assert f'id="{anchor}"' in html or f"id={anchor} " in html or f"id={anchor}>" in html, (
                line
            )


def test_the_label_is_on_every_description(unpacked):
    for name in (
        "ro-crate-metadata.json",
        "datapackage.json",
        "codebook/ddi-codebook.xml",
        "estimates.sdmx.csv",
        "estimates.sdmx.json",
        "llms.txt",
        "index.html",
        "workflow.json",
        "schemas/communities.json",
        ".zenodo.json",
        "CITATION.cff",
    ):
        text = (unpacked / name).read_text("utf-8")
        assert "合成数据" in text or "ynthetic" in text, name


def test_the_list_of_the_software_is_taken_as_it_is(unpacked):
    assert (unpacked / "sbom.cdx.json").read_bytes() == SBOM


def test_an_edition_that_does_not_follow_from_its_inputs_is_not_released(copy):
    publish(copy)
    done = run_analysis(copy, "release")
    assert done.returncode == 1 and "nothing was released" in done.stderr
    assert not (copy / "build").exists()


def test_without_an_edition_the_remedy_is_said(tmp_path):
    copy_repository(tmp_path)
    for command in (["release"], ["site"]):
        done = run_analysis(tmp_path, *command)
        assert done.returncode in (1, 74) and "analysis build" in done.stderr, done.stderr
