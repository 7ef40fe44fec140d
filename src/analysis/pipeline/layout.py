"""Where the files of an edition lie: below `outputs/`, and below the folder `site` that it is copied from."""

from __future__ import annotations

from pathlib import Path

from analysis.survey.folders import build

LANGS = ("zh",)  # the first has no folder of its own


def site(wave: str) -> Path:
    """Return the folder whose files are published as they lie there."""
    return build(wave) / "site"


def within(kind: str, lang: str) -> str:
    """Return the folder of a kind of files (figures, tables) in a language."""
    return kind if lang == LANGS[0] else f"{kind}/{lang}"


def pages(step: str, lang: str) -> list[str]:
    """List the pages that a step becomes: its own, where it has one, and the notebook behind it."""
    own = []
    if step == "10_report":
        own = [f"{within('report', lang)}/index.html"]
    elif step.startswith("08_district_profile_"):
        own = [f"{within(f'districts/{step[-6:]}', lang)}/index.html"]
    return [*own, f"{within('notebooks', lang)}/{step}.html"]
