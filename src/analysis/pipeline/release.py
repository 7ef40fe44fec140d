"""A release: a zip of one edition with its descriptions for archives, catalogues and programs.

The same edition gives the same bytes.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.edition import input_record
from analysis.edition.stage import INPUTS, SUMS, damaged, read_sums
from analysis.pipeline.attack import attack
from analysis.pipeline.runs import SOURCE, as_plan, runs
from analysis.plan.layout import folder
from analysis.publish import crate
from analysis.publish.dataset import Dataset, dataset
from analysis.publish.ddi import ddi_codebook
from analysis.publish.facts_list import facts_list
from analysis.publish.package_metadata import data_package, table_schema
from analysis.publish.programs import Program, programs
from analysis.publish.questions import forms
from analysis.publish.replication import replication_readme
from analysis.publish.sdmx import sdmx_csv
from analysis.publish.sdmx_structure import sdmx_structure
from analysis.survey.declaration import FILE, read_declaration
from analysis.survey.folders import REFERENCE, STUDY, root
from analysis.survey.messages import LEAK, UNDATED
from analysis.survey.ownership import adding
from analysis.survey.problems import InputError, Problem
from analysis.survey.reference import needed
from analysis.survey.study import study

# reference tables that describe the data
CODEBOOK = ("tables", "columns", "codes", "rules", "measures")
BESIDE = ("LICENSE", "CITATION.cff", ".zenodo.json")  # files of the repository, if they exist
README = "README.md"
WORKFLOW, PACKAGE_FILE, SBOM = "workflow.json", "datapackage.json", "sbom.cdx.json"
TEXT = {"district": str, "wave": str, "uncertainty": str, "sources": str}
OFFICIAL = "official"  # the basis of data that are about real people
SYNTHETIC_ONLY = (
    "!!! 若为真实数据，将拒绝发布 "
    "(released only because the data are synthetic; official data would be refused):"
)
STATEMENTS = "tables/statements.csv"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip allows, used for every file


@dataclass(frozen=True)
class Published:
    """An edition in `folder`, with its description as a data set."""

    folder: Path
    data: Dataset

    @property
    def files(self) -> list[str]:
        """Names of its files: those listed in the sums, and the sums."""
        return [*read_sums(self.folder / SUMS), SUMS]

    def estimates(self) -> pd.DataFrame:
        """Return the published table of estimates."""
        path = self.folder / "tables/estimates.csv"
        return pd.read_csv(path, dtype=TEXT).fillna(dict.fromkeys(TEXT, ""))

    def statements(self) -> pd.DataFrame:
        """Return the statements about districts; no rows if there are no comparisons."""
        path = self.folder / STATEMENTS
        if not path.is_file():
            names = [f"text_{lang}" for lang in self.data.languages]
            return pd.DataFrame(columns=["indicator", "district", *names], dtype=str)
        return pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)

    def facts(self, lang: str) -> str:
        """Return the text of `llms.txt` in one language, with links relative to the edition."""
        return facts_list(self.data, self.estimates(), self.statements(), lang, self.link(lang))

    def programs(self) -> list[Program]:
        """Return the programs of each figure, table and number of the report; empty if none."""
        lang = "en" if "en" in self.data.languages else self.data.languages[0]
        page = self.folder / f"report/{folder(lang)}index.html"
        if not page.is_file():
            return []
        return list(programs(page.read_text("utf-8"), self.estimates()))

    def link(self, lang: str) -> Callable[[Any], str]:
        """Return a function that returns the link to the cell of an estimate."""
        there = set(self.files)

        def of(row: Any) -> str:
            run = f"{row.notebook}_{row.district}"
            name = run if f"notebooks/{folder(lang)}{run}.html" in there else row.notebook
            return f"notebooks/{folder(lang)}{name}.html#c-{row.cell}"

        return of


def published(outputs: Path, wave: str) -> Published:
    """Return the edition of a wave; FileNotFoundError if it was not built here."""
    place = outputs / wave
    if not (place / FILE).is_file() or not (place / SUMS).is_file():
        why = "尚未生成，请先 make report (there is no edition: run `analysis build` first)"
        raise FileNotFoundError(f"{place.as_posix()}: {why}")
    return Published(place, dataset(read_declaration(place / FILE)))


def outdated(raw: Path, outputs: Path, wave: str) -> list[str]:
    """Return why an edition may not be released, one line each.

    It does not follow from the inputs, or is damaged.
    """
    place = outputs / wave
    return input_record.changed(root(), place, input_record.wave_folder(raw, wave)) + damaged(place)


def attacked(outputs: Path, wave: str, before: Path | None) -> list[str]:
    """Attack an edition, and the pair of it and the one before; returns what is said of it.

    Raises InputError with each leak where the data are official: they must not be released then.
    """
    edition = published(outputs, wave).folder
    found = attack(edition, before)
    problems = [Problem.of(LEAK.fault(leak=leak), edition.as_posix()) for leak in found.leaks]
    if problems and read_declaration(edition / FILE)["basis"] == OFFICIAL:
        raise InputError(problems)
    warned = [f"{SYNTHETIC_ONLY}\n{problem}" for problem in problems]
    return [*warned, *found.notes()]


def write_release(raw: Path, outputs: Path, wave: str, out: Path, sbom: Path | None) -> str:
    """Write the zip of an edition into the folder `out`; returns its name.

    sbom: a list of the software in CycloneDX form, which is added. Raises InputError if the study
    declares no day of publication, FileNotFoundError if there is no edition, RefusedError if
    nothing may be written.
    """
    edition = published(outputs, wave)
    if edition.data.published is None:
        raise InputError([Problem.of(UNDATED.fault(), STUDY, column="release.date")])
    files = contents(edition, raw, sbom)
    name = f"{edition.data.release}.zip"
    with adding(out) as fresh:
        write_zip(fresh / name, edition.data.release, files)
    return name


def contents(edition: Published, raw: Path, sbom: Path | None) -> dict[str, bytes]:
    """Return the files of a release by path: edition, codebook, notebooks, descriptions."""
    files = {name: (edition.folder / name).read_bytes() for name in edition.files}
    files |= {name: (root() / name).read_bytes() for name in BESIDE if (root() / name).is_file()}
    files |= {f"codebook/{path.name}": path.read_bytes() for path in needed(CODEBOOK)}
    if sbom:
        files[SBOM] = sbom.read_bytes()
    done = runs(raw, edition.data.wave)
    sources = sorted({run.source for run in done})
    files |= {source: _notebook(source).read_bytes() for source in sources}
    files |= descriptions(edition)
    files[WORKFLOW] = as_json(as_plan(edition.data, done))
    tables = {name: text for name, text in files.items() if name.endswith(".csv")}
    files[PACKAGE_FILE] = as_json(data_package(edition.data, tables))
    inputs = _inputs(edition)
    files[README] = replication_readme(edition.data, inputs, files, edition.programs()).encode()
    held = crate.Contents(files, WORKFLOW, done, inputs)
    return {**files, crate.METADATA: as_json(crate.crate(edition.data, held))}


def descriptions(edition: Published) -> dict[str, bytes]:
    """Return the separate descriptions of an edition, by path."""
    data, asked = edition.data, forms(edition.data.wave)
    estimates = pd.read_csv(
        edition.folder / "tables/estimates.csv", dtype=str, keep_default_na=False
    )
    files = {f"schemas/{form.name}.json": as_json(table_schema(data, form)) for form in asked}
    files["codebook/ddi-codebook.xml"] = ddi_codebook(data, asked)
    files["estimates.sdmx.csv"] = sdmx_csv(data, estimates).encode()
    files["estimates.sdmx.json"] = as_json(sdmx_structure(data))
    files |= {f"{folder(lang)}llms.txt": edition.facts(lang).encode() for lang in study().languages}
    return files


def write_zip(path: Path, top: str, files: dict[str, bytes]) -> None:
    """Write files below a folder `top` into a zip, in order of name and without times."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{top}/{name}", EPOCH)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name])


def as_json(value: object) -> bytes:
    """Return a value as indented JSON."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _notebook(source: str) -> Path:
    return root() / "notebooks" / source.removeprefix(f"{SOURCE}/")


def _inputs(edition: Published) -> dict[str, str]:
    """Return the hashes of the data of the edition, from its record."""
    recorded = read_sums(edition.folder / INPUTS)
    below = ("data/raw/", REFERENCE.as_posix())
    return {name: state for name, state in recorded.items() if name.startswith(below)}
