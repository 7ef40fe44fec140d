"""The tasks that make an edition, with the dependencies and products of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path

from analysis.edition.input_record import record_before
from analysis.edition.stage import RECORD
from analysis.plan import modules
from analysis.plan.languages import again as said_again
from analysis.plan.layout import (
    LANDING,
    briefs_of,
    documents,
    folder,
    pages_of,
    preview_site,
    site,
)
from analysis.plan.source import Source, read_source
from analysis.plan.steps import Step, notebooks, steps, steps_matching
from analysis.plan.task import Inputs, Task, Work, task
from analysis.publish.cells import CellError
from analysis.survey.access import Access
from analysis.survey.changes import SUFFIX
from analysis.survey.folders import (
    PACKAGE,
    STUDY,
    RefusedError,
    build,
    columns,
    files_until,
    processed,
    root,
    waves_until,
)
from analysis.survey.reference import needed
from analysis.survey.repository import PLACE
from analysis.survey.study import of_wave, study

# clean tables that are not in the codebook
BESIDE = ("accounts", "corrections", "questions", "changes", "before", "withheld")
WITHHELD = {"withheld": frozenset()}  # a clean table that every notebook and page reads
# inputs of every task: versions of libraries, and the study
EVERYWHERE = ("requirements.txt", STUDY)
# the module that every task calls; of the modules that it imports, a task needs its own
WORK = PACKAGE / "pipeline/work.py"
# modules from which each kind of task starts; it depends on them and on all their imports
ENTRIES = {
    "clean": ("analysis.survey.clean", "analysis.survey.returns", "analysis.stats.disclosure"),
    "run": ("analysis.pipeline.execute",),
    "page": ("analysis.pipeline.site",),
    "districts": ("analysis.publish.districts",),
    "record": ("analysis.pipeline.edition_facts",),
}


class Edition:
    """The tasks that make an edition of `wave` from the folder `raw/<wave>`.

    Raises PlanError if the reads of a notebook, or of a module that it imports, cannot be
    determined from the source.
    """

    def __init__(self, raw: Path, wave: str, engine: str) -> None:
        self.home, self.wave, self.engine = (raw / wave).absolute(), wave, engine
        self.root, self.scratch, self.clean, self.site = (
            root(),
            build(wave),
            processed(wave),
            site(wave),
        )
        self.columns, self.languages, self.main = (
            columns(wave),
            study().languages,
            study().languages[0],
        )
        self.is_first = {one.name for one in waves_until(self.home)} <= {wave}
        self.steps, self.report = [step for step in steps() if self.runs(step)], study().report
        self.names = tuple(step.name for step in self.steps)
        with of_wave(wave):
            before = (f"{name}{SUFFIX}" for name in study().tables)
            self.tables = (*study().tables, *BESIDE, *before)
            self.columns_of = {name: set(table.columns) for name, table in study().tables.items()}
        self.sources = self.read_sources()
        self.is_made = cache(
            lambda path: path.is_relative_to(self.scratch) or path.is_relative_to(self.clean)
        )
        # many tasks have the same inputs
        self.inputs = cache(lambda paths: Inputs.of(paths, self.root))
        self.everywhere = [
            WORK,
            *(self.root / name for name in EVERYWHERE if (self.root / name).exists()),
        ]

    def runs(self, step: Step) -> bool:
        """Return whether a step runs in this wave; the comparison of waves needs a previous one."""
        return not (self.is_first and step.notebook == study().between_waves)

    def read_sources(self) -> dict[str, Source]:
        """Return what each notebook reads and makes; PlanError with all that is undetermined."""
        found, faults = {}, []
        for name in notebooks():
            path = self.root / "notebooks" / f"{name}.ipynb"
            try:
                found[name] = read_source(path, notebooks(), self.tables)
                if self.languages[1:]:
                    said_again(path)
            except modules.PlanError as error:
                faults.append(str(error))
            except CellError as error:
                faults.append(f"notebooks/{path.name}, {error}")
        faults += modules.readers_below_python(
            frozenset().union(*(one.modules for one in found.values()))
        )
        if faults:
            raise modules.PlanError("\n".join(faults))
        return found

    def before_pages(self) -> list[Task]:
        """Return the tasks that the pages need, without the pages."""
        return [self.cleaning(), *(self.run(step) for step in self.steps), self.districts()]

    def tasks(self) -> list[Task]:
        """Return all tasks; their order follows from their files."""
        pages = [self.page(step, lang) for lang in self.languages for step in self.steps]
        rest = [self.facts(lang) for lang in self.languages]
        rest += [self.documents(lang) for lang in self.languages if self.report]
        return [*self.before_pages(), *pages, *rest, self.landing(), self.record()]

    def cleaning(self) -> Task:
        """Return the task that cleans the wave; it also reads earlier waves, for comparison."""
        files, record = files_until(self.home), record_before(self.home, self.root)
        needs = [
            *files,
            *record,
            *self.code("clean"),
            *self.references({"communities"} | named("clean")),
        ]
        makes = [
            self.clean / name
            for name in ("wave.toml", *(f"{name}.parquet" for name in self.tables))
        ]
        makes += [
            self.columns / f"{table}.{name}"
            for table, names in self.columns_of.items()
            for name in names
        ]
        makes += [
            self.site / "returns" / f"{code}_{name}.xlsx"
            for code, name in study().districts.items()
        ]
        listing = sorted(f"{path.parent.name}/{path.name}" for path in files)
        # to find waves
        listed = [self.root / "data/raw", self.home.parent, *self.home.parent.glob("*/")]
        folders = {self.name(path) for path in listed}
        own = [self.clean.parent, self.columns, self.site / "returns", self.scratch / "returns"]
        access = Access("", writes=self.own(*own), folders=frozenset(folders))
        work = Work("clean_wave", self.root, self.home, self.wave, record, access=access)
        return self.task("clean", work, needs, makes, listing=listing)

    def run(self, step: Step) -> Task:
        """Return the task that runs one notebook, once for all languages."""
        source, parameters = (
            self.sources[step.notebook],
            {"wave": self.wave, "lang": self.main, **step.parameters},
        )
        needs, makes = [*self.behind_runs[step.notebook]], self.products(step)
        needs += [self.of_district(step, kind) for kind in sorted(source.of_district)]
        included = source.included - self.of_later_waves
        shown = [f"{lang}/shown/{name}.json" for lang in self.languages for name in included]
        needs += [self.scratch / name for name in shown]
        access = Access(
            "",
            writes=frozenset(map(self.name, makes)),
            folders=self.all_estimates if source.estimates == set() else frozenset(),
            tables={
                table: frozenset(columns) for table, columns in (source.tables | WITHHELD).items()
            },
        )
        work = Work("execute", self.root, step, parameters, self.engine, access=access)
        return self.task(
            step.name, work, needs, makes, parameters=parameters, languages=self.languages
        )

    @cached_property
    def of_later_waves(self) -> set[str]:
        """Figures and tables that are not made in this wave because it is the first."""
        skipped = self.sources.get(study().between_waves) if self.is_first else None
        return set(skipped.made) if skipped else set()

    def read(self, table: str, columns: set[str]) -> list[Path]:
        """Return the files needed to read columns of a clean table, or all without columns."""
        # an unknown column fails when read
        if columns and columns <= self.columns_of.get(table, set()):
            return [self.columns / f"{table}.{column}" for column in {*PLACE, *columns}]
        return [self.clean / f"{table}.parquet"]

    @cached_property
    def behind_runs(self) -> dict[str, list[Path]]:
        """Inputs of the runs of each notebook in any language, from its source."""
        found = {}
        for notebook, source in self.sources.items():
            needs = [
                self.root / "notebooks" / f"{notebook}.ipynb",
                self.clean / "wave.toml",
                self.withheld,
            ]
            needs += [path for table in source.tables.items() for path in self.read(*table)]
            needs += [*source.modules, *self.code("run")]
            needs += self.references(source.references | modules.references(source.modules))
            read = source.estimates
            needs += [
                path
                for path in self.estimates
                if read is not None and path.stem in (read or {path.stem})
            ]
            found[notebook] = [*needs, *(self.statements if source.statements else [])]
        return found

    def districts(self) -> Task:
        """Return the task that writes the data which the page of each county may show."""
        kinds = [
            (step, kind)
            for step in self.steps
            for kind in sorted(self.sources[step.notebook].of_district)
        ]
        needs = [
            *self.estimates,
            *self.statements,
            *self.code("districts"),
            *self.references(named("districts")),
        ]
        with of_wave(self.wave):
            frame, public = study().frame_table, set(study().public)
        needs += [self.withheld, *(self.read(frame, public) if public else [])]
        makes = [self.of_district(step, kind) for step, kind in kinds]
        access = replace(
            self.access(makes), tables=({frame: frozenset(public)} if public else {}) | WITHHELD
        )
        work = Work("districts", self.root, self.wave, access=access)
        return self.task("what each county may say", work, needs, makes)

    def own(self, *folders: Path) -> frozenset[str]:
        """Return names of folders whose contents all belong to one step."""
        return frozenset(f"{self.name(folder)}/" for folder in folders)

    def access(self, makes: Iterable[Path]) -> Access:
        """Return what a step that makes these files may open beside what it needs."""
        names = frozenset(map(self.name, makes))
        folders = self.all_estimates | {"notebooks"}  # to list the steps
        return Access(
            "", writes=names, folders=folders, tables={"corrections": frozenset()} | WITHHELD
        )

    @property
    def all_estimates(self) -> frozenset[str]:
        """Names of the folder that is listed to read all estimates."""
        return frozenset({self.name(self.scratch / self.main / "estimates")})

    def facts(self, lang: str) -> Task:
        """Return the task that writes the data of the pages of one language beside notebooks."""
        needs = [
            *self.behind_facts,
            *(self.executed(step, lang) for step in self.steps),
            *self.behind_pages,
        ]
        makes = [self.fact(name, lang) for name in (*(step.name for step in self.steps), LANDING)]
        makes += [self.site / "tables/estimates.csv"] if lang == self.main else []
        return self.part(f"facts {lang}", needs, makes, "facts", self.wave, lang, self.names)

    def page(self, step: Step, lang: str) -> Task:
        """Return the task that publishes pages, figures and tables of one step and language."""
        files = [
            path for path in self.products(step, lang) if path.parent.name in ("figures", "tables")
        ]
        names = tuple(f"{path.parent.name}/{path.name}" for path in files)
        briefs = briefs_of(step, lang)
        makes = [
            self.site / target for target in [*(page for _, page in pages_of(step, lang)), *briefs]
        ]
        makes += [self.site / path.parent.name / folder(lang) / path.name for path in files]
        needs = [self.executed(step, lang), self.fact(step.name, lang), *files, *self.behind_pages]
        needs += [self.clean / "wave.toml"] if briefs else []
        return self.part(
            f"page {step.name} {lang}", needs, makes, "step", step.name, self.wave, lang, names
        )

    def preview(self, step: Step, kind: str, lang: str) -> Task:
        """Return the task that writes one page of a step in one language for `preview`.

        It is not part of an edition and does not wait for notebooks whose numbers it does not show.
        """
        page = dict(pages_of(step, lang))[kind]
        needs = [self.executed(step, lang), *self.behind_facts, *self.behind_pages]
        makes = [preview_site(self.wave) / page]
        work = ("preview", step.name, kind, self.wave, lang)
        return self.part(f"preview {page}", needs, makes, *work)

    def documents(self, lang: str) -> Task:
        """Return the task that writes Word, PDF and the workbook of tables."""
        report = self.scratch / lang / f"notebooks/{self.report}.ipynb"
        shown = self.sources[self.report].included
        pictures = [
            path for path in self.made(lang) if path.suffix == ".png" and path.stem in shown
        ]
        needs = [
            report,
            *pictures,
            self.fact(self.report, lang),
            self.clean / "wave.toml",
            *self.behind_pages,
        ]
        needs += [*self.estimates, self.withheld]
        makes = [self.site / name for name in documents(lang)]
        return self.part(f"documents {lang}", needs, makes, "documents", self.wave, lang)

    def landing(self) -> Task:
        """Return the task that writes the page that links to all others."""
        titles = [self.notebook(step) for step in self.steps if not step.parameters]
        needs = [
            *(self.fact(LANDING, lang) for lang in self.languages),
            *titles,
            *self.behind_pages,
        ]
        needs.append(self.clean / "wave.toml")
        makes = [self.site / "index.html", self.site / "wave.toml"]
        return self.part("landing", needs, makes, "landing", self.wave, self.names)

    def record(self) -> Task:
        """Return the task that writes the record of the edition, used to compare editions."""
        paths = [path for lang in self.languages for path in self.made(lang)]
        shown = tuple(path.stem for path in self.made(self.main) if path.parent.name == "shown")
        needs = [path for path in paths if path.parent.name in ("notebooks", "shown", "tables")]
        needs += [*self.estimates, self.clean / "wave.toml", self.clean / "corrections.parquet"]
        needs += [self.withheld, *self.code("record"), *self.references(named("record"))]
        makes = [self.site / RECORD]
        access = self.access(makes)
        work = Work("record", self.root, self.wave, shown, self.names, access=access)
        return self.task("record", work, needs, makes, shown=shown, listing=notebooks())

    def task(
        self, name: str, work: Work, needs: Iterable[Path], makes: Iterable[Path], **values: object
    ) -> Task:
        """Return a task; what it needs and no task makes becomes an input.

        Inputs lie outside the folders that tasks write to.
        """
        made = {path for path in needs if self.is_made(path)}
        return task(
            name, work, made, self.inputs(frozenset(needs) - made), makes, self.root, **values
        )

    def part(self, name: str, needs: Iterable[Path], makes: Iterable[Path], *work: object) -> Task:
        """Return a task that writes a part of what is published."""
        work = Work("site_part", self.root, *work, access=self.access(makes))
        return self.task(name, work, needs, makes, listing=notebooks())

    def products(self, step: Step, lang: str = "") -> list[Path]:
        """Return the files that a step leaves in one language, or in all.

        They are the executed notebook, figures, tables and estimates.
        """
        if not lang:
            return [path for one in self.languages for path in self.products(step, one)]
        source, home = self.sources[step.notebook], self.scratch / lang
        made = [self.executed(step, lang)]
        for name, kind in source.products(
            {"wave": self.wave, "lang": lang, **step.parameters}
        ).items():
            made += [home / "shown" / f"{name}.json", home / "tables" / f"{name}.csv"]
            if kind == "figure":
                made += [home / "figures" / f"{name}.svg", home / "figures" / f"{name}.png"]
        saves = source.saves and lang == self.main
        return [*made, home / "estimates" / f"{step.notebook}.parquet"] if saves else made

    def made(self, lang: str) -> list[Path]:
        """Return the files that all steps leave in one language."""
        return sorted({path for step in self.steps for path in self.products(step, lang)})

    @cached_property
    def estimates(self) -> list[Path]:
        """Files of estimates that make up the one table."""
        return [path for path in self.made(self.main) if path.parent.name == "estimates"]

    def leftovers(self) -> list[Path]:
        """Return saved estimates that no step makes, from a notebook that was removed.

        All estimates in the folder are read.
        """
        made = {path for lang in self.languages for path in self.made(lang)}
        return sorted(set(self.scratch.glob("*/estimates/*.parquet")) - made)

    @property
    def withheld(self) -> Path:
        """Path of the clean table of the numbers of people that are not published."""
        return self.clean / "withheld.parquet"

    @property
    def statements(self) -> list[Path]:
        """Files of the statements about counties, in all languages; empty if none are made."""
        return [path for path in self.made(self.main) if path.name == "statements.csv"]

    @cached_property
    def behind_pages(self) -> list[Path]:
        """Inputs of every page beside its notebook and facts.

        They are the template, modules and reference tables.
        """
        template = [path for path in (PACKAGE / "publish/template").iterdir() if path.is_file()]
        return [*template, *self.code("page"), *self.references(named("page"))]

    @cached_property
    def behind_facts(self) -> list[Path]:
        """The inputs of the facts of every page besides its notebook."""
        # a study may have no ledger
        ledger = [path for path in self.made(self.main) if path.name == "ledger.csv"]
        facts = [self.clean / name for name in ("wave.toml", "corrections.parquet")]
        return [*ledger, *self.statements, *facts, self.withheld, *self.estimates]

    def fact(self, name: str, lang: str) -> Path:
        """Return the path of the facts of a step, or of the landing page."""
        return self.scratch / lang / "facts" / f"{name}.json"

    def of_district(self, step: Step, kind: str) -> Path:
        """Return the path of the estimates or statements of the one county of a step."""
        return self.scratch / "districts" / step.parameters["district"] / f"{kind}.parquet"

    def name(self, path: Path) -> str:
        """Return the name of a file or folder in the repository."""
        return (
            path.relative_to(self.root).as_posix()
            if path.is_relative_to(self.root)
            else path.as_posix()
        )

    def executed(self, step: Step, lang: str) -> Path:
        """Return the path of the executed notebook of a step."""
        return self.scratch / lang / "notebooks" / f"{step.name}.ipynb"

    def notebook(self, step: Step) -> Path:
        """Return the path of the notebook of a step."""
        return self.root / "notebooks" / f"{step.notebook}.ipynb"

    def code(self, kind: str) -> list[Path]:
        """Return the modules of a kind of task (see ENTRIES), and those of every task."""
        return [*modules.modules(*ENTRIES[kind]), *self.everywhere]

    def references(self, names: Iterable[str]) -> list[Path]:
        """Return the files of reference tables."""
        return needed(names)


def named(kind: str) -> set[str]:
    """Return the reference tables that the modules of a kind of task name."""
    return modules.references(modules.modules(*ENTRIES[kind]))


def inputs(tasks: list[Task]) -> list[Path]:
    """Return the files that tasks depend on and none makes, with the modules of the plan."""
    needed = frozenset().union(*(one.inputs.stamps for one in tasks))
    return sorted(needed | modules.modules("analysis.plan.tasks", "analysis.pipeline.work"))


def published(tasks: list[Task], wave: str) -> dict[Path, str]:
    """Return the name in an edition of each file of the site that a task makes."""
    made = set().union(*(one.makes for one in tasks))
    top = site(wave)
    return {
        path: path.relative_to(top).as_posix() for path in sorted(made) if path.is_relative_to(top)
    }


def wanted(tasks: list[Task], only: str) -> list[Task]:
    """Return the tasks of one notebook and those whose files they need, recursively.

    Raises RefusedError for the notebook that compares waves if there is no previous wave.
    """
    found = behind(tasks, {step.name for step in steps_matching(only)})
    if not found:
        why = "没有上一轮，不作比较 (it compares with the wave before, and there is none)"
        raise RefusedError(f"{only}: {why}")
    return found


def behind(tasks: list[Task], names: Collection[str]) -> list[Task]:
    """Return the tasks of these names and those whose files they need, recursively."""
    makers = {path: one for one in tasks for path in one.makes}
    picked, waiting = {}, [one for one in tasks if one.name in names]
    while waiting:
        one = waiting.pop()
        picked[one.name] = one
        waiting += [
            makers[path] for path in one.needs & makers.keys() if makers[path].name not in picked
        ]
    return [one for one in tasks if one.name in picked]
