"""The names by which pages are asked for: `report`, a notebook, a district."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from analysis.plan.layout import pages_of
from analysis.plan.steps import Step, steps
from analysis.publish.naming import district_names
from analysis.survey.study import study


def page_names() -> dict[str, list[Step]]:
    """Map every name of a page, in small letters, to the steps whose pages it stands for.

    A notebook has its name with and without number, a district its code and its names.
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
    """Return the steps whose pages are named, each once; without a name that of the report, or the
    first of a study that has none.

    Raises KeyError with the nearest name where there is no such page.
    """
    if not names:
        return [step for step in steps() if step.notebook == study().report] or steps()[:1]
    return list(dict.fromkeys(step for name in names for step in steps_of_page(name)))


def steps_of_page(name: str) -> list[Step]:
    """Return the steps whose pages a name stands for.

    Raises KeyError with the nearest name where there is no such page.
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
    """Map every page of some steps, or of all, by address, to the same in the first language."""
    main, *_ = study().languages
    return {
        page: dict(pages_of(step, main))[kind]
        for step in (steps() if listed is None else listed)
        for lang in study().languages
        for kind, page in pages_of(step, lang)
    }
