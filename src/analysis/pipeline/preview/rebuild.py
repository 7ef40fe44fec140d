"""Build the shown pages once, in a separate process."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.edition import input_record
from analysis.edition.failures import BusyError, NotebookError, StoppedError
from analysis.edition.stage import alone
from analysis.pipeline.build import run_stale
from analysis.pipeline.preview.exchange import (
    Request,
    Result,
    Stamps,
    State,
    read_regular,
)
from analysis.pipeline.preview.names import all_pages
from analysis.pipeline.stable import set_stable
from analysis.plan.layout import folder, pages_of, preview_site
from analysis.plan.task import Task
from analysis.plan.tasks import Edition, behind
from analysis.publish.lint import Finding, lint, study_facts
from analysis.survey.characters import typed_problems
from analysis.survey.folders import RefusedError, root, writable_folder
from analysis.survey.ownership import claim_scratch
from analysis.survey.problems import InputError
from analysis.survey.study import study

LOCK_SECONDS = 2.0  # wait for a cancelled build to end before another run is reported
SERVED = ("figures", "tables")  # folders of the files that pages link to


class OutdatedError(Exception):
    """Raised when a module has been written since the builder loaded it."""


def rebuild(request: Request) -> Result:
    """Build the shown pages; foreseen and unforeseen errors are returned as a result.

    The text of the notebooks is checked first, which is fast; if the text of a saved notebook has a
    fault, nothing is run.
    """
    try:
        found = lint(root() / "notebooks", study_facts(), request.notebooks)
        faults = [str(one) for one in found if one.stops]
        if faults and request.notebooks is not None:
            return Result(request.number, State.BAD, tuple(faults))
        with _alone():
            return _build(request, found)
    except BusyError:
        return Result(request.number, State.BUSY)
    except OutdatedError:
        return Result(request.number, State.OUTDATED)
    except Exception as error:
        if not isinstance(error, _FORESEEN):
            traceback.print_exc()
        return Result(request.number, State.BAD, tuple(said(error)))


_FORESEEN = (InputError, NotebookError, OSError, RefusedError, StoppedError)


def said(error: Exception) -> list[str]:
    """Return messages of an error, with language, notebook, cell and file if known."""
    notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
    match error:
        case InputError():
            return str(error).splitlines()
        case NotebookError():
            langs = error.lang or ", ".join(study().languages)
            place = f"notebooks/{error.name}.ipynb!{error.cell} ({langs})"
            return [f"{place}: {error.error}{notes}\nkept for inspection: {error.kept}"]
        case StoppedError():
            return [f"{line}{notes}" for line in str(error).splitlines()]
        case OSError():
            return [f"cannot read or write: {error}{notes}"]
        case RefusedError():
            return [f"{error}{notes}"]
    return [f"{type(error).__name__}: {error}{notes}"]


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock of the repository; raise BusyError if another run holds it for LOCK_SECONDS."""
    end = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            with alone(writable_folder(root() / "build", own="build")):
                yield
                return
        except BusyError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def _build(request: Request, found: list[Finding]) -> Result:
    input_record.wave_folder(request.raw, request.wave)
    claim_scratch(request.wave)
    set_stable()  # from here on, the home is that of the repository
    if odd := typed_problems(root()):
        raise InputError(odd)
    edition = Edition(request.raw, request.wave, "warm")
    every, previews = edition.before_pages(), _previews(edition, request.pages)
    if not previews:
        pages = ", ".join(request.pages)
        raise StoppedError(f"notebooks/: nothing makes {pages} in wave {request.wave}")
    tasks = behind([*every, *previews], {task.name for task in previews})
    _refuse_outdated(tasks, request.loaded)
    names = {task.name for task in tasks}
    used = {step.notebook for step in edition.steps if step.name in names}
    if faults := [str(one) for one in found if one.stops and one.notebook in used]:
        return Result(request.number, State.BAD, tuple(faults))
    run_stale(edition, [*every, *previews], tasks, os.cpu_count() or 1, bar=False)
    return Result(
        request.number,
        State.GOOD,
        notes=_notes(edition, request, found),
        pages=_pages(edition, previews),
        files=_files(edition, names),
        known=all_pages(edition.steps),
    )


def _notes(edition: Edition, request: Request, found: list[Finding]) -> dict[str, tuple[str, ...]]:
    """Return the findings in each checked notebook, also for notebooks without any."""
    read = edition.sources.keys() if request.notebooks is None else request.notebooks
    return {name: tuple(str(one) for one in found if one.notebook == name) for name in read}


def _refuse_outdated(tasks: list[Task], loaded: Stamps) -> None:
    """Raise OutdatedError if a module used by a task has been written since the builder loaded it.

    The result of the old module would otherwise be recorded as that of the new one.
    """
    for task in tasks:
        for path, now in task.inputs.stamps.items():
            if path in loaded and loaded[path] != now:
                raise OutdatedError(path)


def _previews(edition: Edition, pages: Collection[str]) -> list[Task]:
    """Return the tasks of pages in all languages; pages that no step makes any more have none."""
    return [
        edition.preview(step, kind, lang)
        for step in edition.steps
        for kind, page in pages_of(step, edition.main)
        if page in pages
        for lang in edition.languages
    ]


def _pages(edition: Edition, previews: list[Task]) -> dict[str, bytes]:
    """Return the content of the pages that tasks have made, by address."""
    top = preview_site(edition.wave)
    built = [path.relative_to(top) for task in previews for path in task.makes]
    return {page.as_posix(): read_regular(top / page, 1 + len(page.parts)) for page in built}


def _files(edition: Edition, names: set[str]) -> dict[str, Path]:
    """Return the figures and tables of the steps that were run or are up to date, by address."""
    return {
        f"{path.parent.name}/{folder(lang)}{path.name}": path
        for step in edition.steps
        for lang in edition.languages
        if step.name in names
        for path in edition.products(step, lang)
        if path.parent.name in SERVED
    }


def answer(request: Request) -> Result:
    """Build the requested pages, and flush what was printed before the result is returned."""
    try:
        return rebuild(request)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
