"""What readers get: figures, tables and pages of one language, written to the scratch folder `site` of a wave."""

from __future__ import annotations

import hashlib
import shutil

import pandas as pd

from analysis.pipeline.layout import LANGS, site, within
from analysis.pipeline.pages import receipts, shared_site, write_pages
from analysis.pipeline.steps import STEPS
from analysis.publish.figures import standalone
from analysis.publish.section import read_estimates
from analysis.stats.estimates import COLUMNS
from analysis.survey.folders import build as scratch


def publish_files(wave: str, lang: str) -> None:
    """Write figures and tables; the drawings of a language share one font, cut once."""
    work, top = scratch(wave) / lang, site(wave)
    for kind in ("figures", "tables"):
        (top / within(kind, lang)).mkdir(parents=True, exist_ok=True)
        for path in sorted((work / kind).iterdir()):
            shutil.copyfile(path, top / within(kind, lang) / path.name)
    drawings = {path: path.read_text("utf-8") for path in sorted((work / "figures").glob("*.svg"))}
    for path, drawing in drawings.items():
        target = top / within("figures", lang) / path.name
        target.write_text(standalone(drawing, "".join(drawings.values())), encoding="utf-8")
    if lang == LANGS[0]:
        text = read_estimates(wave)[COLUMNS].to_csv(index=False, lineterminator="\n")
        (top / "tables/estimates.csv").write_text(text, encoding="utf-8")


def publish_pages(wave: str, lang: str) -> None:
    """Write the report, the district pages and the notebooks as pages."""
    work = scratch(wave) / lang
    estimates = read_estimates(wave)[COLUMNS]
    text = estimates.to_csv(index=False, lineterminator="\n")
    ledger = pd.read_csv(work / "tables/ledger.csv", dtype=str, keep_default_na=False)
    checksum = hashlib.sha256(text.encode()).hexdigest()[:16]
    executed = {step.name: work / "notebooks" / f"{step.name}.ipynb" for step in STEPS}
    shared = shared_site(wave, lang, receipts(estimates, ledger, lang), checksum)
    write_pages(dict(sorted(executed.items())), site(wave), wave, lang, shared)
