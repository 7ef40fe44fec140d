"""Write the published files, part by part, to the scratch folder `site` of a wave."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from analysis.pipeline.facts import estimates_csv, facts_of, read_facts, write_facts
from analysis.pipeline.pages import county_brief, render_page, write_documents, write_landing
from analysis.plan.layout import LANDING, briefs_of, folder, pages_of, preview_site, site
from analysis.plan.steps import step_named
from analysis.publish.dataset import dataset
from analysis.publish.fonts import standalone
from analysis.survey.declaration import FILE
from analysis.survey.folders import build as scratch
from analysis.survey.folders import processed, root
from analysis.survey.repository import wave_facts
from analysis.survey.study import study


def publish_facts(wave: str, lang: str, names: Iterable[str]) -> None:
    """Write the facts of the pages of one language, and once the table of estimates.

    names: those of the steps of the wave.
    """
    write_facts(wave, lang, names)
    if lang == study().languages[0]:
        (site(wave) / "tables").mkdir(parents=True, exist_ok=True)
        (site(wave) / "tables/estimates.csv").write_text(estimates_csv(wave), encoding="utf-8")


def publish_step(name: str, wave: str, lang: str, files: Iterable[str]) -> None:
    """Write the pages, figures and tables of one step in one language.

    files: `figures/x.svg`, `tables/x.csv`.
    """
    work, top, step = scratch(wave) / lang, site(wave), step_named(name)
    notebook, facts = work / "notebooks" / f"{name}.ipynb", read_facts(name, wave, lang)
    for kind, target in pages_of(step, lang):
        page = render_page(step, kind, target, notebook, facts)
        (top / target).parent.mkdir(parents=True, exist_ok=True)
        (top / target).write_text(page, encoding="utf-8")
    for target in briefs_of(step, lang):
        (top / target).write_bytes(county_brief(step, notebook, facts, wave))
    for file in files:
        kind, _, target = file.partition("/")
        _publish_file(work / file, top / kind / folder(lang) / target)


def publish_preview(name: str, kind: str, wave: str, lang: str) -> None:
    """Write one page of a step in one language for `preview`.

    Its facts are computed here, for this step alone: those of an edition need all notebooks.
    """
    step = step_named(name)
    target = dict(pages_of(step, lang))[kind]
    facts = json.loads(json.dumps(facts_of([step], wave, lang)[name]))  # as `read_facts` returns
    notebook = scratch(wave) / lang / "notebooks" / f"{name}.ipynb"
    page = render_page(step, kind, target, notebook, facts, quick=True)
    path = preview_site(wave) / target
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # a link is replaced, not followed
    path.write_text(page, encoding="utf-8")


def _publish_file(source: Path, target: Path) -> None:
    """Copy a figure or table; a drawing gets its font embedded."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix == ".svg":
        target.write_text(standalone(source.read_text("utf-8")), encoding="utf-8")
    else:
        shutil.copyfile(source, target)


def publish_documents(wave: str, lang: str) -> None:
    """Write the Word file, the PDF and the workbook of tables."""
    work, report = scratch(wave) / lang, study().report
    (site(wave) / "tables").mkdir(parents=True, exist_ok=True)
    write_documents(
        work / f"notebooks/{report}.ipynb", site(wave), work, wave, read_facts(report, wave, lang)
    )


def publish_landing(wave: str, names: Iterable[str]) -> None:
    """Write the landing page, and the declaration of the wave; names: those of its steps."""
    site(wave).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(processed(wave) / FILE, site(wave) / FILE)
    listed = [step for step in map(step_named, names) if not step.parameters]
    notebooks = [root() / f"notebooks/{step.notebook}.ipynb" for step in listed]
    facts = {lang: read_facts(LANDING, wave, lang) for lang in study().languages}
    write_landing(site(wave), facts, notebooks, dataset(wave_facts(wave)))
