"""The Jinja templates of the pages that are no notebook: the landing page, the list of editions,
the changes.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from analysis.publish.markup import caption, inline, inline_svg

TEMPLATES = Path(__file__).parent / "template"


def page_template(name: str) -> Template:
    """Return the template of this file name. It escapes what it is given, and refuses a name it is
    not given.
    """
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
    environment.filters |= {"inline": inline, "inline_svg": inline_svg, "caption": caption}
    return environment
