"""The steps as pytask sees them: what each depends on and produces, by content."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from pytask import PathNode, PythonNode, TaskWithoutPath

from analysis.pipeline import sources
from analysis.pipeline.layout import LANGS, documents, folder, pages_of, site
from analysis.pipeline.sources import PACKAGE
from analysis.pipeline.steps import STEPS, Step, chosen
from analysis.survey.codebook import COUNTIES, TABLES
from analysis.survey.folders import REFERENCE, processed, root
from analysis.survey.folders import build as scratch
from analysis.survey.frame import waves_until

EVERYWHERE = ("requirements.txt",)  # the versions of the libraries


class Work:
    """A function of `analysis.pipeline.work` and its arguments; only who does it loads the libraries."""

    def __init__(self, name: str, *arguments):
        self.name, self.arguments = name, arguments

    def __call__(self) -> None:
        getattr(import_module("analysis.pipeline.work"), self.name)(*self.arguments)


@dataclass(kw_only=True)
class Task(TaskWithoutPath):
    """One piece of work; whether it must run again is told by its nodes alone."""

    def state(self) -> str:
        """Return the same for ever: the code that a task runs is among its dependencies."""
        return "-"


@dataclass(kw_only=True)
class NotebookNode(PathNode):
    """A notebook as its author wrote it: outputs and counts do not change its state."""

    def state(self) -> str | None:
        """Return the hash of the cells, None where there is no such file."""
        return sources.content_hash(self.path) if self.path.exists() else None


def task(name: str, call: Callable, needs: Iterable[Path], makes: Iterable[Path], **values) -> Task:
    """Make a task of a function; `values` are further inputs of its result, by name."""
    files = [_node(path) for path in sorted(set(needs))]
    settings = {key: _value(name, key, value) for key, value in values.items()}
    products = [_node(path) for path in sorted(set(makes))]
    return Task(name=name, function=call, depends_on={"files": files, **settings}, produces={"files": products})


def _node(path: Path) -> PathNode:
    kind = NotebookNode if path.parent == root() / "notebooks" else PathNode
    return kind(path=path, name=path.relative_to(root()).as_posix() if path.is_relative_to(root()) else path.name)


def _value(name: str, key: str, value) -> PythonNode:
    return PythonNode(name=f"{name}::{key}", value=repr(value), hash=True)


def all_tasks(raw: Path, wave: str, engine: str) -> list[Task]:
    """List the tasks that make an edition of `wave` from the folder `raw/<wave>`."""
    runs = [_run(step, lang, wave, engine) for lang in LANGS for step in STEPS]
    return [_clean(raw, wave), *runs, *(one for lang in LANGS for one in _sites(lang, wave)), _landing(wave)]


def _clean(raw: Path, wave: str) -> Task:
    home = (raw / wave).absolute()
    # a wave is compared with the one before
    waves = [one for one in {*waves_until(home), home} if one.is_dir()]
    workbooks = [path for one in sorted(waves) for path in one.iterdir() if path.is_file()]
    code = "from analysis.survey.clean import clean, write\nfrom analysis.survey.returns import write_returns"
    makes = [processed(wave) / f"{name}.parquet" for name in _tables()] + [processed(wave) / "wave.toml"]
    makes += [site(wave) / "returns" / f"{county}_{name}.xlsx" for county, name in COUNTIES.items()]
    needs = [*workbooks, *_modules(code), *_references({"communities"} | _named(code)), *_everywhere()]
    listing = sorted(f"{path.parent.name}/{path.name}" for path in workbooks)
    call = Work("clean_wave", root(), home, wave)
    return task("clean", call, needs, makes, folder=home.name, listing=listing)


def _tables() -> list[str]:
    return [*TABLES, "accounts", "corrections", "questions", "changes"]


def _run(step: Step, lang: str, wave: str, engine: str) -> Task:
    """Make the task that runs one notebook in one language."""
    source = root() / "notebooks" / f"{step.notebook}.ipynb"
    text = sources.code(source)
    runner = "from analysis.pipeline.execute import run_notebook"
    needs = [source, processed(wave) / "wave.toml", *_modules(f"{runner}\n{text}"), *_everywhere()]
    needs += [processed(wave) / f"{name}.parquet" for name in sources.tables(text, _tables())]
    needs += _references(sources.references(text) | _named(text))
    before = sources.estimates_before(text)
    needs += [] if before is None else [path for path in estimates(wave) if not before or path.stem < before]
    needs += [statements(wave)] if sources.reads_statements(text) else []
    needs += [scratch(wave) / lang / "shown" / f"{name}.json" for name in sources.included(text)]
    parameters = {"wave": wave, "lang": lang, **step.parameters}
    call = Work("execute", root(), step, parameters, engine)
    return task(f"{step.name} {lang}", call, needs, products(step, lang, wave), parameters=parameters)


def _sites(lang: str, wave: str) -> list[Task]:
    """Make the tasks that write what readers get in one language."""
    shown = {path for step in STEPS for path in products(step, lang, wave)}
    files = [path for path in shown if path.parent.name in ("figures", "tables")]
    pictures = [path for path in files if path.suffix == ".png"]
    copies = [site(wave) / path.parent.name / folder(lang) / path.name for path in files]
    copies += [site(wave) / "tables/estimates.csv"] if lang == LANGS[0] else []
    report = scratch(wave) / lang / "notebooks/10_report.ipynb"
    call = ("site_files", root(), wave, lang)
    written = [task(f"figures and tables {lang}", Work(*call), [*files, *_behind_pages(wave)], copies)]
    for step in STEPS:
        executed = scratch(wave) / lang / "notebooks" / f"{step.name}.ipynb"
        targets = [site(wave) / page for _, page in pages_of(step.name, lang)]
        call = ("site_page", root(), step.name, wave, lang)
        written.append(task(f"page {step.name} {lang}", Work(*call), [executed, *_behind_pages(wave)], targets))
    call, needs = ("site_documents", root(), wave, lang), [report, *pictures, *_behind_pages(wave)]
    targets = [site(wave) / name for name in documents(lang)]
    return [*written, task(f"documents {lang}", Work(*call), needs, targets)]


def _landing(wave: str) -> Task:
    return task("landing", Work("site_landing", root(), wave), _behind_pages(wave), [site(wave) / "index.html"])


def _behind_pages(wave: str) -> list[Path]:
    """List what every page rests on besides its notebook: receipts, cards, template, modules."""
    code = "from analysis.pipeline import site"
    ledger = scratch(wave) / LANGS[0] / "tables/ledger.csv"
    template = [path for path in (PACKAGE / "publish/template").iterdir() if path.is_file()]
    read = [ledger, statements(wave), processed(wave) / "wave.toml", *estimates(wave)]
    return [*read, *template, *_modules(code), *_references(_named(code)), *_everywhere()]


def inputs(tasks: list[Task]) -> list[Path]:
    """List the files that tasks depend on and none makes, and the modules that draw up the tasks."""
    made = {node.path for one in tasks for node in one.produces["files"]}
    needed = {node.path for one in tasks for node in one.depends_on["files"]}
    program = "from analysis.pipeline import tasks, work"
    return sorted((needed - made) | _modules(program))


def published(tasks: list[Task], wave: str) -> dict[Path, str]:
    """Map each file of the site to its name in an edition; what no task makes is not published."""
    made = {node.path for one in tasks for node in one.produces["files"]}
    top = site(wave)
    return {path: path.relative_to(top).as_posix() for path in sorted(made) if path.is_relative_to(top)}


def wanted(tasks: list[Task], only: str) -> list[Task]:
    """Pick the tasks of one notebook and those whose files they need, in turn."""
    names = {f"{step.name} {lang}" for step in chosen(only) for lang in LANGS}
    makers = {node.path: one for one in tasks for node in one.produces["files"]}
    picked, waiting = {}, [one for one in tasks if one.name in names]
    while waiting:
        one = waiting.pop()
        picked[one.name] = one
        needed = {node.path for node in one.depends_on["files"]} & makers.keys()
        waiting += [makers[path] for path in needed if makers[path].name not in picked]
    return [one for one in tasks if one.name in picked]


def products(step: Step, lang: str, wave: str) -> list[Path]:
    """List what a step leaves: its executed notebook, figures, tables and estimates."""
    text, home = sources.code(root() / "notebooks" / f"{step.notebook}.ipynb"), scratch(wave) / lang
    made = [home / "notebooks" / f"{step.name}.ipynb"]
    for name, kind in sources.made(text, step.parameters).items():
        made += [home / "shown" / f"{name}.json", home / "tables" / f"{name}.csv"]
        if kind == "figure":
            made += [home / "figures" / f"{name}.svg", home / "figures" / f"{name}.png"]
    if sources.saves_estimates(text):
        made.append(home / "estimates" / f"{step.notebook}.csv")
    return made


def estimates(wave: str) -> list[Path]:
    """List the files of estimates that make the one table; both languages compute the same."""
    files = [path for step in STEPS for path in products(step, LANGS[0], wave)]
    return sorted({path for path in files if path.parent.name == "estimates"})


def statements(wave: str) -> Path:
    """Return the file of what may be said of counties; it holds both languages."""
    return scratch(wave) / LANGS[0] / "tables/statements.csv"


def _modules(text: str) -> set[Path]:
    return sources.modules(text)


def _named(text: str) -> set[str]:
    """Return the reference tables that the modules behind a source name."""
    return set().union(*(sources.references(path.read_text("utf-8")) for path in _modules(text)))


def _references(names: Iterable[str]) -> list[Path]:
    return [root() / REFERENCE / f"{name}.csv" for name in names]


def _everywhere() -> list[Path]:
    return [root() / name for name in EVERYWHERE if (root() / name).exists()]
