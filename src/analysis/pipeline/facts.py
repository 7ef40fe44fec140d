"""What each page says besides its notebook: words, build stamp, and the receipts of the numbers on
it.

Each step has a file of its own (`build/<wave>/<lang>/facts/<step>.json`), so that a page is written
anew only where something on it has changed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from analysis.pipeline.layout import LANDING, folder
from analysis.pipeline.steps import step_named
from analysis.publish.districts import published_estimates, totals
from analysis.publish.markup import plain
from analysis.publish.naming import district_names
from analysis.publish.receipts import receipts
from analysis.publish.tables import harmless
from analysis.survey.folders import build
from analysis.survey.repository import read, read_statements, wave_facts
from analysis.survey.study import study

VERSIONS = ("pandas", "statsmodels", "seaborn", "papermill", "nbconvert")
SAID = re.compile(r'(?:#r-|data-r=\\")([\w.]+)')  # in a notebook, linked or not
WORDS = {
    "zh": {
        "date": "数据日期{}",
        "edition": "第{}版",
        "stamp": ("数据日期", "版次", "软件"),
        "checksum": "estimates.csv 校验",
    },
    "en": {
        "date": "data of {}",
        "edition": "edition {}",
        "stamp": ("Data of", "Edition", "Software"),
        "checksum": "Checksum of estimates.csv",
    },
}


def estimates_csv(wave: str) -> str:
    """Return the one table of estimates as it is published."""
    return published_estimates(wave).map(harmless).to_csv(index=False, lineterminator="\n")


def path_of(name: str, wave: str, lang: str) -> Path:
    """Return the file of the facts of a step, or of `landing`."""
    return build(wave) / lang / "facts" / f"{name}.json"


def read_facts(name: str, wave: str, lang: str) -> dict:
    """Read the facts of a step, or of `landing`."""
    return json.loads(path_of(name, wave, lang).read_text("utf-8"))


def write_facts(wave: str, lang: str, names: Iterable[str]) -> None:
    """Write the facts of the steps named and of the landing page in one language."""
    site, whole = _everywhere(wave, lang), _of_report(wave, lang)
    ledger = read_ledger(build(wave) / study().languages[0])
    estimates = published_estimates(wave)
    known = receipts(estimates, ledger, lang, read("corrections", wave))
    compared = set(known) - totals()
    path_of(LANDING, wave, lang).parent.mkdir(parents=True, exist_ok=True)
    for step in map(step_named, names):
        executed = (build(wave) / lang / "notebooks" / f"{step.name}.ipynb").read_text("utf-8")
        said = sorted(set(SAID.findall(executed)) & known.keys())
        own = {name: _of_page(name, known, compared, step.district) for name in said}
        stamp = {"stamp": site["stamp"] | whole["stamp"]}
        rest = whole | stamp if step.name == study().report else {}
        _write(site | rest | {"estimates": own}, path_of(step.name, wave, lang))
        if step.name == study().report:
            found = {"subtitle": _finding(executed), "has_ledger": len(ledger) > 0}
            _write(site | whole | found, path_of(LANDING, wave, lang))


def read_ledger(folder: Path) -> pd.DataFrame:
    """Read `tables/ledger.csv` below a folder; no rows where the study has no claims."""
    path = folder / "tables/ledger.csv"
    if not path.exists():
        return pd.DataFrame({"estimate": []}, dtype=str)
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _everywhere(wave: str, lang: str) -> dict:
    """Return what every page shows: titles, dates, label, build stamp."""
    facts, words = wave_facts(wave), WORDS[lang]
    versions = " · ".join(f"{name} {version(name)}" for name in VERSIONS)
    stamp = (str(facts["reference_date"]), facts["edition"], versions)
    return {
        "lang": lang,
        "report": facts["title"][lang],
        "subtitle": "",
        "date": words["date"].format(facts["reference_date"]),
        "edition": words["edition"].format(facts["edition"]),
        "kicker": facts["publisher"][lang],
        "basis": facts["basis"],
        "notice": facts["notice"][lang],
        "downloads": [],
        "links": [],
        "stamp": dict(zip(words["stamp"], stamp, strict=True)),
    }


def _of_report(wave: str, lang: str) -> dict:
    """Return the cards of the counties with what may be said of each, `sums` and a checksum of the
    estimates.

    sums: the numbers of the city that never stand beside a county's, since they are its sums.
    """
    said, names = read_statements(wave), district_names(lang)
    told = said[
        said["form"].isin(["above", "below"])
    ]  # a county's own page has all of its sentences
    sentences = told.groupby("district")[f"text_{lang}"].agg(list).to_dict()
    cards = [
        {
            "code": code,
            "name": names[code],
            "href": f"districts/{code}/{folder(lang)}index.html" if study().of_district else "",
            "statements": sentences.get(code, []),
        }
        for code in study().districts
    ]
    checksum = hashlib.sha256(estimates_csv(wave).encode()).hexdigest()[:16]
    return {"cards": cards, "sums": sorted(totals()), "stamp": {WORDS[lang]["checksum"]: checksum}}


def _of_page(name: str, known: dict, compared: set[str], county: str) -> dict:
    """Return a receipt as a page shows it; on a county's, no other county and beside its number the
    city's.

    What the city's value there rests on in full (interval, published value, counties, rows) its own
    pages tell. compared: what may stand beside a county's number: no total of the city.
    """
    if not county:
        return known[name]
    city, _, owner = name.partition(".")
    if owner:
        return known[name] | ({"city": known[city]["value"]} if city in compared else {})
    sheets = [(sheet, "") for sheet, _ in known[name]["sources"]]
    return known[name] | {
        "words": "",
        "facts": known[name]["kind"],
        "sources": sheets,
        "corrections": [],
    }


def _finding(executed: str) -> str:
    """Return the one sentence that an executed notebook finds, without its links."""
    cells = [
        cell for cell in json.loads(executed)["cells"] if cell["id"] in ("finding", "finding_en")
    ]
    said = "".join(
        "".join(out["data"]["text/markdown"]) for cell in cells for out in cell["outputs"]
    )
    return plain(said).strip()


def _write(facts: dict, path: Path) -> None:
    path.write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
