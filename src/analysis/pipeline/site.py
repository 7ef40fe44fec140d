"""What readers get of one language, written to the scratch folder `site` of a wave, piece by piece."""

from __future__ import annotations

import hashlib
import shutil
from functools import lru_cache
from pathlib import Path

import pandas as pd

from analysis.pipeline.layout import LANGS, folder, pages_of, site
from analysis.pipeline.pages import render_page, shared_site, write_documents, write_landing
from analysis.pipeline.steps import STEPS
from analysis.publish.picture import standalone
from analysis.publish.receipts import receipts
from analysis.publish.section import read_estimates
from analysis.publish.sentences import read_statements
from analysis.stats.estimates import COLUMNS
from analysis.survey.declaration import FILE
from analysis.survey.folders import build as scratch
from analysis.survey.folders import processed
from analysis.survey.repository import read


def publish_files(wave: str, lang: str) -> None:
    """Write figures and tables; a drawing that travels alone carries its font."""
    work, top = scratch(wave) / lang, site(wave)
    for kind in ("figures", "tables"):
        (top / kind / folder(lang)).mkdir(parents=True, exist_ok=True)
        for path in sorted((work / kind).iterdir()):
            target = top / kind / folder(lang) / path.name
            if path.suffix == ".svg":
                target.write_text(standalone(path.read_text("utf-8")), encoding="utf-8")
            else:
                shutil.copyfile(path, target)
    if lang == LANGS[0]:
        (top / "tables/estimates.csv").write_text(estimates_csv(wave), encoding="utf-8")


def estimates_csv(wave: str) -> str:
    """Return the one table of estimates as it is published."""
    return read_estimates(wave)[COLUMNS].to_csv(index=False, lineterminator="\n")


def publish_page(step: str, wave: str, lang: str) -> None:
    """Write the pages of one step in one language."""
    executed = scratch(wave) / lang / "notebooks" / f"{step}.ipynb"
    for kind, target in pages_of(step, lang):
        path = site(wave) / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render_page(step, kind, target, executed, shared(wave, lang)), encoding="utf-8")


def publish_documents(wave: str, lang: str) -> None:
    """Write the Word file, the PDF and the workbook of tables."""
    work = scratch(wave) / lang
    (site(wave) / "tables").mkdir(parents=True, exist_ok=True)
    write_documents(work / "notebooks/10_report.ipynb", site(wave), work, wave, shared(wave, lang))


def publish_landing(wave: str) -> None:
    """Write the page that leads to everything."""
    site(wave).mkdir(parents=True, exist_ok=True)
    names = [step.name for step in STEPS if not step.parameters]
    write_landing(site(wave), {lang: shared(wave, lang) for lang in LANGS}, names)


def shared(wave: str, lang: str) -> dict:
    """Return what all pages of a language share, worked out once a process for the same files."""
    work, clean = scratch(wave) / LANGS[0], processed(wave)
    rest = [
        work / "tables/ledger.csv",
        work / "tables/statements.csv",
        clean / "corrections.parquet",
        clean / FILE,
    ]
    return _shared(wave, lang, tuple(map(_written, [*sorted((work / "estimates").iterdir()), *rest])))


def _written(path: Path) -> tuple:
    """Tell one state of a file from another without reading it."""
    state = path.stat()
    return path, state.st_mtime_ns, state.st_size, state.st_ino


@lru_cache(maxsize=len(LANGS))
def _shared(wave: str, lang: str, _files: tuple) -> dict:
    ledger = pd.read_csv(scratch(wave) / LANGS[0] / "tables/ledger.csv", dtype=str, keep_default_na=False)
    checksum = hashlib.sha256(estimates_csv(wave).encode()).hexdigest()[:16]
    said = read_statements(wave)
    told = said[said["form"].isin(["above", "below"])]  # a county's own page has all of its sentences
    cards = told.groupby("district")[f"text_{lang}"].agg(list).to_dict()
    known = receipts(read_estimates(wave)[COLUMNS], ledger, lang, read("corrections", wave))
    return shared_site(wave, lang, known, checksum, cards)
