"""Data of each page beside its notebook: words, build stamp, and receipts of its numbers.

Each step has its own file (`build/<wave>/<lang>/facts/<step>.json`), so that a page is written
again only if something on it has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from analysis.plan.layout import LANDING, folder
from analysis.plan.steps import Step, step_named
from analysis.publish.cells import reports_of
from analysis.publish.districts import published_estimates, totals
from analysis.publish.naming import district_names
from analysis.publish.receipts import receipts
from analysis.publish.tables import harmless
from analysis.publish.text import Text, names_of
from analysis.survey.folders import build
from analysis.survey.repository import read, read_statements, wave_facts
from analysis.survey.sealed import opened
from analysis.survey.study import study

VERSIONS = ("pandas", "statsmodels", "seaborn", "papermill", "nbconvert")
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
    return _csv(published_estimates(wave))


def _csv(estimates: pd.DataFrame) -> str:
    return estimates.map(harmless).to_csv(index=False, lineterminator="\n")


def path_of(name: str, wave: str, lang: str) -> Path:
    """Return the path of the facts of a step, or of `landing`."""
    return build(wave) / lang / "facts" / f"{name}.json"


def read_facts(name: str, wave: str, lang: str) -> dict:
    """Read the facts of a step, or of `landing`."""
    return json.loads(path_of(name, wave, lang).read_text("utf-8"))


def write_facts(wave: str, lang: str, names: Iterable[str]) -> None:
    """Write the facts of the steps named and of the landing page in one language."""
    path_of(LANDING, wave, lang).parent.mkdir(parents=True, exist_ok=True)
    for name, facts in facts_of(map(step_named, names), wave, lang).items():
        _write(facts, path_of(name, wave, lang))


def facts_of(listed: Iterable[Step], wave: str, lang: str) -> dict[str, dict]:
    """Return the facts of some steps by name; with the report, those of the landing page too."""
    ledger = read_ledger(build(wave) / study().languages[0])
    estimates = published_estimates(wave)
    site, whole, found = _everywhere(wave, lang), _of_report(wave, lang, estimates), {}
    known = receipts(estimates, ledger, lang, opened(read("corrections", wave)))
    compared = set(known) - totals()
    for step in listed:
        executed = build(wave) / lang / "notebooks" / f"{step.name}.ipynb"
        shown = list(reports_of(json.loads(executed.read_text("utf-8"))["cells"]))
        said = {name for _, report in shown for name in names_of(report)}
        names = sorted(said & known.keys())
        own = {name: _of_page(name, known, compared, step.district) for name in names}
        stamp = {"stamp": site["stamp"] | whole["stamp"]}
        rest = whole | stamp if step.name == study().report else {}
        found[step.name] = site | rest | {"estimates": own}
        if step.name == study().report:
            finding = {"subtitle": _finding(shown), "has_ledger": len(ledger) > 0}
            found[LANDING] = site | whole | finding
    return found


def read_ledger(folder: Path) -> pd.DataFrame:
    """Read `tables/ledger.csv` below a folder; no rows if the study has no claims."""
    path = folder / "tables/ledger.csv"
    if not path.exists():
        return pd.DataFrame({"estimate": []}, dtype=str)
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _everywhere(wave: str, lang: str) -> dict:
    """Return the data that every page shows: titles, dates, label, build stamp."""
    facts, words = wave_facts(wave), WORDS[lang]
    versions = " · ".join(f"{name} {version(name)}" for name in VERSIONS)
    stamp = (str(facts["reference_date"]), facts["edition"], versions)
    return {
        "lang": lang,
        "report": facts["title"][lang],
        "subtitle": [],
        "date": words["date"].format(facts["reference_date"]),
        "edition": words["edition"].format(facts["edition"]),
        "kicker": facts["publisher"][lang],
        "basis": facts["basis"],
        "notice": facts["notice"][lang],
        "downloads": [],
        "links": [],
        "stamp": dict(zip(words["stamp"], stamp, strict=True)),
    }


def _of_report(wave: str, lang: str, estimates: pd.DataFrame) -> dict:
    """Return the cards of the counties, the names of sums, and the checksum of the estimates.

    cards: each with the statements about the county. sums: the numbers of the city that are never
    shown beside a county's, since they are sums of counties.
    """
    said, names = read_statements(wave), district_names(lang)
    # the page of a county has all of its sentences
    told = said[said["form"].isin(["above", "below"])]
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
    checksum = hashlib.sha256(_csv(estimates).encode()).hexdigest()[:16]
    return {"cards": cards, "sums": sorted(totals()), "stamp": {WORDS[lang]["checksum"]: checksum}}


def _of_page(name: str, known: dict, compared: set[str], county: str) -> dict:
    """Return a receipt as a page shows it; a county's page has no other county.

    It shows the city's number beside the county's. The full sources of the city's number (interval,
    published value, counties, rows) are on its own pages. compared: the numbers of the city that
    may be shown; no totals.
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


def _finding(shown: list[tuple[str, dict]]) -> str:
    """Return the sentence that an executed notebook marks as its finding, without links."""
    texts = [report["text"] for cell, report in shown if cell in ("finding", "finding_en")]
    return "".join(Text.from_json(text).plain for text in texts).strip()


def _write(facts: dict, path: Path) -> None:
    path.write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
