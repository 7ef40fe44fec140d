"""Jinja templates of the pages that are not notebooks: landing page, editions, changes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from analysis.publish.markup import inline_svg

TEMPLATES = Path(__file__).parent / "template"


def page_template(name: str) -> Template:
    """Return the template of this file name; it escapes values and refuses undefined names."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["inline_svg"] = inline_svg
    return environment
