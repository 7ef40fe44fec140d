"""The landing page: one short page in both languages that leads to everything published."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from analysis.publish.markup import inline, inline_svg
from analysis.publish.page import FONT_FIRST, TEMPLATE, policy, style, with_font


def render(sites: dict[str, dict], parts: dict[str, dict]) -> str:
    """Return the page. sites: what all pages share, by language; parts: report, downloads, counties, notebooks."""
    labels = json.loads((TEMPLATE / "labels.json").read_text(encoding="utf-8"))
    first = next(iter(sites.values()))
    around = {"style": style(), "font_first": FONT_FIRST, "policy": policy(FONT_FIRST)}
    return with_font(
        _environment()
        .get_template("landing.html.j2")
        .render(sites=sites, parts=parts, labels=labels, synthetic=first["basis"] != "official", **around)
    )


def title(notebook: Path, lang: str) -> str:
    """Return the title of a notebook in one language: its first line, or that of the cell `title-<lang>`."""
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(notebook.read_text("utf-8"))["cells"]}
    said = cells.get(f"title-{lang}", cells["title"])
    return said.splitlines()[0].lstrip("# ")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"inline": inline, "inline_svg": inline_svg}
    return environment
