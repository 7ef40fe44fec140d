"""Receipts: what stands behind each number, from its definition down to the rows of the workbooks."""

from __future__ import annotations

import re

import pandas as pd

from analysis.publish.naming import district_names
from analysis.publish.prose import money, number
from analysis.publish.tables import capital
from analysis.survey.codebook import CITY, COUNTIES
from analysis.survey.corrections import corrections_of
from analysis.survey.repository import reference

UNCERTAINTY = {
    "census": {"zh": "普查", "en": "census"},
    "sample": {"zh": "抽样", "en": "sample"},
    "model": {"zh": "模型", "en": "model"},
    "": {"zh": "转录自发布稿", "en": "quoted"},
}
BASIS = {
    "synthetic": {"zh": "合成", "en": "synthetic"},
    "published": {"zh": "发布稿", "en": "published"},
    "official": {"zh": "官方", "en": "official"},
    "derived": {"zh": "推算", "en": "derived"},
}
SOURCE = re.compile(r"(?P<book>[^!]+)\.xlsx!(?P<sheet>.+) (?P<first>\d+)-(?P<last>\d+)")
WORDS = {
    "zh": {
        "county": "各县《{}》",
        "other": "{}.xlsx《{}》",
        "rows": "行 {}",
        "interval": "区间 {}",
        "n": "观测数 {}",
        "published": "发布稿 {}，{}",
        "corrected": "更正：{cell}，由“{expected}”改为“{new}”，{reason}（{who}，{date}）",
        "join": "；",
    },
    "en": {
        "county": "counties’ sheet {}",
        "other": "{}.xlsx, sheet {}",
        "rows": "rows {}",
        "interval": "interval {}",
        "n": "n {}",
        "published": "published: {}, {}",
        "corrected": "corrected: {cell}, “{expected}” → “{new}”; {reason} ({who}, {date})",
        "join": "; ",
    },
}


def receipts(
    estimates: pd.DataFrame, ledger: pd.DataFrame, lang: str, corrections: pd.DataFrame | None = None
) -> dict[str, dict]:
    """Write what the page says of each number: {name: receipt}.

    A receipt of the city lists the values of the counties, where there are any. corrections: the clean table; each
    is listed with the numbers whose rows it lies in.
    """
    measures = reference("measures").set_index("indicator").to_dict("index")
    claims = ledger[ledger["estimate"] != ""].drop_duplicates("estimate").set_index("estimate").to_dict("index")
    names, rows = district_names(lang), list(estimates.itertuples(index=False))
    values = {}
    for row in rows:
        values.setdefault(row.indicator, {})[row.district] = number(row, measures[row.indicator], lang)
    found = {
        row.name: _receipt(row, values[row.indicator], measures[row.indicator], claims.get(row.name), names, lang)
        for row in rows
    }
    if corrections is not None and len(corrections):
        for row in rows:
            found[row.name]["corrections"] = _corrected(row.sources, corrections, lang)
    return found


def _corrected(rows: str, corrections: pd.DataFrame, lang: str) -> list[str]:
    """Say of each correction in these rows which cell, from what to what, why and by whom."""
    lines = corrections_of(rows, corrections).to_dict("records")
    cells = ["{file}!{sheet}!{column} {row}".format_map(line) for line in lines]
    return [WORDS[lang]["corrected"].format(cell=cell, **line) for cell, line in zip(cells, lines, strict=True)]


def _receipt(row, values, measure, claim, names, lang) -> dict:
    said, join = values[row.district], WORDS[lang]["join"]
    of_counties = values if row.district == CITY else {}
    kind = join.join([UNCERTAINTY[row.uncertainty][lang], BASIS[row.basis][lang], WORDS[lang]["n"].format(said.n)])
    return {
        "label": capital(measure[lang]) + ("" if row.district == CITY else f" · {names[row.district]}"),
        "value": said.text,
        "how": row.how,
        "definition": measure[f"definition_{lang}"],
        "kind": kind,
        "facts": join.join([kind, *_compared(said, claim, lang)]),
        "notebook": row.notebook,
        "cell": row.cell,
        "cell_href": f"{row.notebook}.html#c-{row.cell}",
        "sources": sources(row.sources, of_counties, names, lang),
        "corrections": [],
    }


def _compared(said, claim, lang) -> list[str]:
    """Tell the interval, and what was published with what the ledger says of it, where there are any."""
    words, facts = WORDS[lang], []
    if said.interval != "—":
        facts.append(words["interval"].format(said.interval))
    if claim is not None:
        number, unit = claim["published"], claim["unit_zh"]
        if lang == "en":
            number, unit = money(number, claim["unit"], said.unit.name)
        published = f"{number} {unit}".strip() or "—"
        status = claim["status_zh" if lang == "zh" else "status"]
        facts.append(words["published"].format(published, status))
    return facts


def sources(text: str, values: dict, names: dict[str, str], lang: str) -> list[tuple[str, str]]:
    """Group the sources of a number by sheet: [(sheet, each county with its value and rows)].

    text: as in the estimates, `331002_….xlsx!sheet 6-66; …`, or the name of a reference table.
    values: the number of each county, where the number of the city has them.
    """
    words, sheets = WORDS[lang], {}
    for source in filter(None, text.split("; ")):
        found = SOURCE.fullmatch(source)
        if not found:
            sheets.setdefault(f"data/raw/reference/{source}.csv", {})
            continue
        code, county = found["book"][:6], found["book"][:6] in names
        title = words["county"].format(found["sheet"]) if county else words["other"].format(*found.groups()[:2])
        sheets.setdefault(title, {})[code if county else ""] = f"{found['first']}-{found['last']}"
    codes = [code for code in COUNTIES if code in values or any(code in rows for rows in sheets.values())]
    return [(title, _listed(rows, codes if title == next(iter(sheets)) else rows, values, names, words))
            for title, rows in sheets.items()]  # fmt: skip


def _listed(rows: dict, codes, values: dict, names: dict, words: dict) -> str:
    if "" in rows:
        return words["rows"].format(rows[""])
    said = []
    for code in codes:
        value = f" {values[code].plain}" if code in values else ""
        said.append(f"{names[code]}{value}" + (f" ({rows[code]})" if code in rows else ""))
    return ", ".join(said)
