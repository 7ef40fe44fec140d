"""Turn executed notebooks into the pages of `outputs/`."""

from __future__ import annotations

import copy
import platform
import re
from importlib.metadata import version
from pathlib import Path

import nbformat
import pandas as pd

from analysis.publish import page
from analysis.publish.prose import number
from analysis.publish.section import district_names
from analysis.survey.codebook import COUNTIES
from analysis.survey.repository import reference, wave_facts

UNCERTAINTY = {
    "census": {"zh": "普查：没有抽样误差，区间表示同样过程可能给出的范围", "en": "census"},
    "model": {"zh": "由其他数推算：区间表示同样过程可能给出的范围", "en": "computed from other numbers"},
    "": {"zh": "转录自发布稿，不是调查数据", "en": "quoted from the published report"},
    "sample": {"zh": "抽样：设计推断，含有限总体校正", "en": "sample"},
}
BASIS = {
    "synthetic": {"zh": "合成", "en": "synthetic"},
    "published": {"zh": "发布稿", "en": "published"},
    "official": {"zh": "官方", "en": "official"},
}
RECEIPT = re.compile(r"#r-([\w.]+)")
VERSIONS = ("pandas", "statsmodels", "seaborn", "papermill", "nbconvert")


def receipts(estimates: pd.DataFrame, ledger: pd.DataFrame, lang: str) -> dict[str, dict]:
    """Write what the page says of each number: {name: receipt}."""
    measures = reference("measures").set_index("indicator").to_dict("index")
    claims = ledger[ledger["estimate"] != ""].drop_duplicates("estimate").set_index("estimate")
    names = district_names(lang)
    return {
        row.name: _receipt(row, measures[row.indicator], claims, names, lang)
        for row in estimates.itertuples(index=False)
    }


def _receipt(row, measure, claims, names, lang) -> dict:
    said = number(row, measure, lang)
    claim = claims.loc[row.name] if row.name in claims.index else None
    return {
        "label": f"{measure[lang]} · {names[row.district]}",
        "value": said.text,
        "interval": said.interval,
        "n": said.n,
        "how": row.how,
        "definition": measure[f"definition_{lang}"],
        "uncertainty": UNCERTAINTY[row.uncertainty][lang],
        "basis": BASIS[row.basis][lang],
        "notebook": row.notebook,
        "cell": row.cell,
        "cell_href": f"notebooks/{row.notebook}.html#c-{row.cell}",
        "sources": row.sources.split("; "),
        "published": ""
        if claim is None
        else f"{claim['published']} {claim['unit_zh' if lang == 'zh' else 'unit']}".strip(),
        "status": "" if claim is None else claim["status_zh"],
    }


def write_pages(executed: dict[str, Path], folder: Path, wave: str, lang: str, site: dict) -> None:
    """Write the report, the district pages and the notebooks as pages below `folder`.

    executed: path of each executed notebook by step name. site: what all pages share (see page.draft).
    The district pages share one font and the others another, so that each is cut once.
    """
    drafts = {"district": {}, "other": {}}
    for name, path in executed.items():
        notebook = nbformat.read(path, as_version=4)
        kind, target, own = _page_of(name, notebook, wave, lang)
        drafts.get(kind, drafts["other"])[target] = _draft(notebook, kind, lang, site | own)
        if kind != "notebook":  # the code behind a page is a page too
            as_notebook = site | {"title": own["title"]}
            drafts["other"][f"notebooks/{name}.html"] = _draft(notebook, "notebook", lang, as_notebook)
    for pages in drafts.values():
        shared = "".join(sorted(set("".join(pages.values()))))
        for target, text in pages.items():
            (folder / target).parent.mkdir(parents=True, exist_ok=True)
            (folder / target).write_text(page.with_font(text, shared), encoding="utf-8")


def _page_of(name: str, notebook, wave: str, lang: str) -> tuple[str, str, dict]:
    """Tell of a step's page its kind, its path and what it does not share with the others."""
    if name.startswith("08_district_profile_"):
        code = name[-6:]
        return "district", f"districts/{code}/index.html", {"title": f"{COUNTIES[code]}社区治理概览"}
    if name == "10_report":
        links = [(COUNTIES[code], f"districts/{code}/index.html") for code in COUNTIES]
        files = ("tables/estimates.csv", "tables/ledger.csv", "SHA256SUMS")
        downloads = [(file.rpartition("/")[2], file) for file in files]
        title = wave_facts(wave)["title"][lang]
        return "report", "report/index.html", {"title": title, "links": links, "downloads": downloads}
    return "notebook", f"notebooks/{name}.html", {"title": _title(notebook)}


def _draft(notebook, kind: str, lang: str, site: dict) -> str:
    """Draft a page, its links written as seen from its folder."""
    up = "../" * (2 if kind == "district" else 1)
    notebook, site = copy.deepcopy(notebook), dict(site)
    back = [(site["back"], "report/index.html")] if kind != "report" else []
    for links in ("links", "downloads"):
        site[links] = [(label, up + href) for label, href in site[links]]
    site["links"] += [(label, up + href) for label, href in back]
    named = set(RECEIPT.findall(nbformat.writes(notebook)))  # a page carries the receipts of its own numbers
    site["estimates"] = {
        name: receipt | {"cell_href": up + receipt["cell_href"]}
        for name, receipt in site["estimates"].items()
        if name in named
    }
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        report = output.get("metadata", {}).get("report", {})
        report.update({link: up + report[link] for link in ("svg", "png", "csv") if link in report})
    if kind != "notebook":
        site["subtitle"] = _take(notebook, "finding") or site["subtitle"]
    elif any(cell.id == "injected-parameters" for cell in notebook.cells):  # else they stand there twice
        notebook.cells = [cell for cell in notebook.cells if cell.id != "parameters"]
    return page.draft(notebook, kind=kind, lang=lang, site=site)


def _take(notebook, cell_id: str) -> str:
    """Remove a cell of prose and return what it said."""
    taken = [cell for cell in notebook.cells if cell.id == cell_id]
    notebook.cells = [cell for cell in notebook.cells if cell.id != cell_id]
    return taken[0].outputs[0].data["text/markdown"].strip() if taken else ""


def _title(notebook) -> str:
    return notebook.cells[0].source.splitlines()[0].lstrip("# ")


def shared_site(wave: str, lang: str, receipt: dict, checksum: str) -> dict:
    """Return what every page of a wave shares: labels, notice, receipts and build stamp."""
    facts = wave_facts(wave)
    versions = " · ".join(f"{name} {version(name)}" for name in VERSIONS)
    return {
        "subtitle": "",
        "date": {"zh": "数据日期{}", "en": "data of {}"}[lang].format(facts["reference_date"]),
        "edition": {"zh": "第{}版", "en": "edition {}"}[lang].format(facts["edition"]),
        "kicker": facts["publisher"][lang],
        "basis": facts["basis"],
        "notice": facts["notice"][lang],
        "downloads": [],
        "links": [],
        "back": {"zh": "返回报告", "en": "Back to the report"}[lang],
        "estimates": receipt,
        "stamp": {
            "数据日期": str(facts["reference_date"]),
            "Python": ".".join(platform.python_version_tuple()[:2]),  # finer would be another edition
            "软件": versions,
            "estimates.csv": checksum,
        },
    }
