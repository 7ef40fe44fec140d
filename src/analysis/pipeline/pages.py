"""Render the pages of an edition: executed notebooks and shared data to HTML.

A page depends on (step, executed notebook, its facts) only, so that pages can be written in
parallel and in any order.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import nbformat

from analysis.plan.layout import folder, pages_of
from analysis.plan.steps import Step
from analysis.publish import landing, page
from analysis.publish.cells import reports_of
from analysis.publish.dataset import Dataset, json_ld
from analysis.publish.districts import by_county, published_estimates
from analysis.publish.naming import district_names
from analysis.publish.pdf import pdf
from analysis.publish.text import names_of
from analysis.publish.word import brief, word
from analysis.publish.workbook import workbook
from analysis.survey.repository import wave_facts
from analysis.survey.study import study

MANY = 40  # with so many counties, their pages are not all linked to each other
NEUTRAL = ("tables/ledger.csv",)  # holds both languages
WORDS = {
    "zh": {
        "back": "返回报告",
        "landing": "全部成果",
        "word": "Word（公文格式）",
        "all_tables": "全部表格 XLSX",
        "brief": "Word（一页）",
        "returned": "返还表 XLSX",
        "own": "{}的页面：{}个不同的数字、{}幅图表，全部属于{}或全市（生成时逐一检查）。",
    },
    "en": {
        "back": "Back to the report",
        "landing": "Everything published",
        "word": "Word (official layout)",
        "all_tables": "All tables, XLSX",
        "brief": "Word (one page)",
        "returned": "Workbook returned to the county, XLSX",
        "own": "page of {}: {} different numbers and {} figures and tables, all of {} or of the "
        "whole city.",
    },
}


def write_documents(report: Path, top: Path, work: Path, wave: str, site: dict) -> None:
    """Write the Word file, the PDF and `tables.xlsx` of the executed report notebook.

    work: the folder with the drawings of the notebooks of this language (`figures/`).
    """
    notebook, home = nbformat.read(report, as_version=4), top / "report" / folder(site["lang"])
    day = wave_facts(wave)["reference_date"]
    when = datetime(day.year, day.month, day.day)
    home.mkdir(parents=True, exist_ok=True)
    (home / "report.docx").write_bytes(word(notebook, site, work, when))
    (home / "report.pdf").write_bytes(pdf(notebook, site, work, when))
    tables = top / "tables" / folder(site["lang"])
    tables.mkdir(parents=True, exist_ok=True)
    counties = by_county(published_estimates(wave), site["lang"])
    (tables / "tables.xlsx").write_bytes(workbook(notebook, site, when, counties))


def county_brief(step: Step, executed: Path, site: dict, wave: str) -> bytes:
    """Return the one-page brief of a county as a Word file."""
    day = wave_facts(wave)["reference_date"]
    name = district_names(site["lang"])[step.district]
    titled = site | {"title": study().district_title[site["lang"]].format(name)}
    return brief(
        nbformat.read(executed, as_version=4), titled, datetime(day.year, day.month, day.day)
    )


def write_landing(top: Path, sites: dict[str, dict], notebooks: list[Path], data: Dataset) -> None:
    """Write `index.html`, which links to everything published, in the languages of `sites`.

    notebooks: those that have one page of the same name. data: description of the edition as a data
    set.
    """
    parts = {}
    for lang, site in sites.items():
        counties = [(card["name"], card["href"]) for card in site["cards"] if card["href"]]
        pages = [
            (
                f"{path.stem[:2]} {landing.title(path, lang)}",
                f"notebooks/{folder(lang)}{path.stem}.html",
            )
            for path in notebooks
        ]
        report = f"report/{folder(lang)}index.html"
        files = [*downloads(lang), *data_files(site["has_ledger"])]
        parts[lang] = {
            "report": report,
            "downloads": files,
            "counties": counties,
            "notebooks": pages,
        }
    files = [one for lang in sites for one in parts[lang]["downloads"]]
    described = json_ld(data, list(dict.fromkeys(files)))
    html = page.minify(landing.render(sites, parts, described))
    (top / "index.html").write_text(html, encoding="utf-8")


def render_page(
    step: Step, kind: str, target: str, executed: Path, site: dict, quick: bool = False
) -> str:
    """Render one page of a step, with links relative to `target` and its own font.

    quick: see `page.render`. Raises ValueError if the page of a county holds a number or figure of
    another one.
    """
    lang = site["lang"]
    up = "../" * target.count("/")
    notebook = nbformat.read(executed, as_version=4)
    site = dict(site) | _own(step, kind, notebook, site)
    site["downloads"] = [(label, up + href) for label, href in site["downloads"]]
    site["links"] = [(label, up + href) for label, href in site["links"]]
    site["areas"] = [
        card | {"href": card["href"] and up + card["href"]} for card in site.get("areas", [])
    ]
    notebooks = f"{up}notebooks/{folder(lang)}"
    site["estimates"] = {
        name: r | {"cell_href": notebooks + r["cell_href"]} for name, r in site["estimates"].items()
    }
    if page.OTHER[lang] in study().languages:
        site["other"] = up + dict(pages_of(step, page.OTHER[lang]))[kind]
    _link_files(notebook, lang, up, step)
    if kind == "district":
        site["assured"] = _assured(page.in_language(notebook, lang), step.district, lang)
    if kind != "notebook":
        site["subtitle"] = _take(notebook, "finding") or site["subtitle"]
    elif any(cell.id == "injected-parameters" for cell in notebook.cells):
        # otherwise the parameters would appear twice
        notebook.cells = [cell for cell in notebook.cells if cell.id != "parameters"]
    return page.minify(page.render(notebook, kind=kind, lang=lang, site=site, quick=quick))


def _own(step: Step, kind: str, notebook: nbformat.NotebookNode, site: dict) -> dict:
    """Return data specific to a page: title, downloads, links, county cards."""
    lang = site["lang"]
    words, below, names = WORDS[lang], folder(lang), district_names(lang)
    home = [(words["back"], f"report/{below}index.html"), (words["landing"], "index.html")]
    counties = [(c, (names[c], f"districts/{c}/{below}index.html")) for c in study().districts]
    if kind == "notebook":
        return {"title": _title(page.in_language(notebook, lang)), "links": home}
    if kind == "district":
        code = step.district
        others = [link for other, link in counties if other != code]
        links = [*home, *(others if len(others) < MANY else ())]  # the report links to all
        files = [(words["brief"], f"districts/{code}/{below}brief.docx")]
        files += [(words["returned"], f"returns/{code}_{study().districts[code]}.xlsx")]
        return {
            "title": study().district_title[lang].format(names[code]),
            "links": links,
            "downloads": files,
        }
    return {
        "title": site["report"],
        "links": home[1:],
        "downloads": downloads(lang),
        "areas": site["cards"],
    }


def downloads(lang: str) -> list[tuple[str, str]]:
    """Return the files of an edition for readers: (label, path below outputs/)."""
    below, words = folder(lang), WORDS[lang]
    return [
        ("PDF", f"report/{below}report.pdf"),
        (words["word"], f"report/{below}report.docx"),
        (words["all_tables"], f"tables/{below}tables.xlsx"),
    ]


def data_files(has_ledger: bool) -> list[tuple[str, str]]:
    """Return the files of an edition for programs: (label, path below outputs/)."""
    tables = ("estimates.csv", "ledger.csv") if has_ledger else ("estimates.csv",)
    return [*((name, f"tables/{name}") for name in tables), ("SHA256SUMS", "SHA256SUMS")]


def _link_files(notebook: nbformat.NotebookNode, lang: str, up: str, step: Step) -> None:
    for _, report in reports_of(notebook.cells):
        for link in ("svg", "png", "csv"):
            if link in report:
                kind, _, name = report[link].partition("/")
                below = "" if report[link] in NEUTRAL else folder(lang)
                report[link] = f"{up}{kind}/{below}{name}"
        if "code_href" in report:
            made, page_and_cell, cell = report["code_href"].partition(".html#")
            # each run of a notebook has its own page
            run = step.name if step.notebook == made else made
            report["code_href"] = f"{up}notebooks/{folder(lang)}{run}{page_and_cell}{cell}"


def _assured(notebook: nbformat.NotebookNode, code: str, lang: str) -> str:
    """Return the note that a county's page shows only its own and the city's data.

    Numbers and figures are checked; ValueError for those of another county.
    """
    reports = [report for _, report in reports_of(notebook.cells)]
    numbers = {name for report in reports for name in names_of(report)}
    owners = {name.partition(".")[2] for name in numbers} - {"", code}
    shown = {report["id"] for report in reports if "id" in report}
    strangers = {f"number of {owner}" for owner in owners}
    strangers |= {f"figure {name}" for name in shown if not name.endswith(code)}
    if strangers:
        raise ValueError(f"the page of {code} shows {', '.join(sorted(strangers))}")
    name = district_names(lang)[code]
    return WORDS[lang]["own"].format(name, len(numbers), len(shown), name)


def _take(notebook: nbformat.NotebookNode, cell_id: str) -> list:
    """Remove the cells of a piece of prose (one for each language) and return its text."""
    ids = (cell_id, f"{cell_id}_en")
    said = [report.text for cell, report in reports_of(notebook.cells) if cell in ids]
    notebook.cells = [cell for cell in notebook.cells if cell.id not in ids]
    return said[0] if said else []


def _title(notebook: nbformat.NotebookNode) -> str:
    return notebook.cells[0].source.splitlines()[0].lstrip("# ")
