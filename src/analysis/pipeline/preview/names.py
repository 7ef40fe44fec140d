"""Names under which pages can be requested: `report`, a notebook, a district."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from analysis.plan.layout import pages_of
from analysis.plan.steps import Step, steps
from analysis.publish.naming import district_names
from analysis.survey.study import study


def page_names() -> dict[str, list[Step]]:
    """Return the steps whose pages each name stands for, by name in lower case.

    A notebook is named with or without its number, a district by its code or its names.
    """
    found: dict[str, list[Step]] = {}
    for step in steps():
        names = [step.notebook, step.notebook[3:]]
        if step.district:
            languages = study().languages
            names += [step.district, *(district_names(lang)[step.district] for lang in languages)]
        if step.notebook == study().report:
            names.append("report")
        for name in dict.fromkeys(names):
            found.setdefault(name.casefold(), []).append(step)
    return found


def steps_of_pages(names: Sequence[str]) -> list[Step]:
    """Return the steps of the named pages, each once; by default the step of the report.

    Without names, the first step is returned for a study without a report. Raises KeyError with the
    nearest name if there is no such page.
    """
    if not names:
        return [step for step in steps() if step.notebook == study().report] or steps()[:1]
    return list(dict.fromkeys(step for name in names for step in steps_of_page(name)))


def steps_of_page(name: str) -> list[Step]:
    """Return the steps of the pages that a name stands for.

    Raises KeyError with the nearest name if there is no such page.
    """
    known = page_names()
    wanted = name.removesuffix(".ipynb").casefold()
    if wanted in known:
        return known[wanted]
    near = get_close_matches(wanted, known, n=1)
    meant = f"是否指 {near[0]} (did you mean {near[0]}?); " if near else ""
    listed = ", ".join(name for name in known if name.isascii() and not name[:1].isdigit())
    raise KeyError(f"没有这一页 (no page {name}): {meant}{listed}")


def all_pages(listed: Iterable[Step] | None = None) -> dict[str, str]:
    """Return, for each page of some or all steps, its address in the first language, by address."""
    main, *_ = study().languages
    return {
        page: dict(pages_of(step, main))[kind]
        for step in (steps() if listed is None else listed)
        for lang in study().languages
        for kind, page in pages_of(step, lang)
    }
