"""The command line: `python -m analysis`, or `analysis`."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from analysis.survey.folders import (
    REFERENCE,
    RefusedError,
    notebook_name,
    printable,
    root,
    usual_wave,
    wave_name,
)

EXIT_INPUT, EXIT_USAGE, EXIT_NOTEBOOK, EXIT_WRITE, EXIT_BUSY, EXIT_INTERRUPTED = (
    2,
    64,
    70,
    74,
    75,
    130,
)

ADDRESS = re.compile(r"(tcp|tls|ws|wss)://([\w.-]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}")


class Folder(click.Path):
    """A folder, existing or not, whose name can be printed on one line."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, file_okay=False)

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> Path:
        """Return the path in a normal form; a default lies in the repository."""
        if any(ord(char) < ord(" ") or char == "\x7f" for char in str(value)) or not str(value):
            self.fail(
                f"{str(value)!r}: 不是文件夹名 (not the name of a folder)", parameter, context
            )
        return super().convert(plain(Path(value)), parameter, context)


def plain(path: Path) -> Path:
    """Return a path without `..`, relative to the current folder if it lies in it.

    Else it is absolute. Different spellings of a folder then have equal names. Links are kept,
    except before a `..`.
    """
    here, place = Path.cwd(), Path("/")
    for part in (here / path).parts[1:]:
        place = (
            (place.resolve() if place.is_symlink() else place).parent
            if part == ".."
            else place / part
        )
    return place.relative_to(here) if place.is_relative_to(here) else place


def in_repository(name: str) -> Path:
    """Return a folder of the repository around the current folder."""
    return plain(root() / name)


class Wave(click.ParamType):
    """The name of a wave."""

    name = "wave"

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> str:
        """Return the name; it must have the form of one."""
        try:
            return wave_name(value)
        except RefusedError as error:
            self.fail(str(error), parameter, context)


def folder_option(name: str, default: str) -> Callable:
    """Return an option for a folder of the repository, from wherever the program is called."""
    return click.option(
        name, type=Folder(), default=partial(in_repository, default), show_default=default
    )


raw_option, outputs_option = (
    folder_option("--raw", "data/raw"),
    folder_option("--outputs", "outputs"),
)
wave_option = click.option(
    "--wave", type=Wave(), default=usual_wave, show_default="that of study.toml"
)


@click.group("analysis", context_settings={"help_option_names": ["-h", "--help"]})
def program() -> None:
    """From county workbooks to the published report.

    Exit codes: 0 ok; 1 status, diff, lint, attack or release: something to do; 2 input problems;
    64 usage; 70 a notebook failed or a process died; 74 cannot read or write; 75 another run is
    under way; 130 interrupted.
    """


def _known(
    _context: click.Context, _parameter: click.Parameter, notebook: str | None
) -> str | None:
    """Refuse a notebook that is not in the list of steps."""
    if not notebook:
        return notebook
    from analysis.plan.steps import steps_matching

    try:
        for step in steps_matching(notebook):
            notebook_name(step.notebook)
    except KeyError as error:
        raise click.BadParameter(printable(error.args[0])) from None
    return notebook


def _address(
    _context: click.Context, _parameter: click.Parameter, address: str | None
) -> str | None:
    """Refuse an invalid address of a scheduler."""
    if address and not ADDRESS.fullmatch(address):
        raise click.BadParameter(
            f"{address!r}: 地址应如 tcp://host:8786 (an address is like tcp://host:8786)"
        )
    return address


@program.command()
@raw_option
@outputs_option
@wave_option
@click.option(
    "--jobs",
    type=click.IntRange(1),
    help="Steps run side by side (default: as many as there are cores).",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    callback=_address,
    help="Hand the steps to the Dask scheduler at this address.",
)
@click.option(
    "--only", metavar="NOTEBOOK", callback=_known, help="Run one notebook and what it needs."
)
@click.option(
    "--all", "everything", is_flag=True, help="Run every step anew, whatever has changed."
)
@click.option("--explain", is_flag=True, help="Run nothing; say which steps might run, and why.")
@click.option(
    "--engine",
    type=click.Choice(["warm", "kernel"]),
    default="warm",
    show_default=True,
    help="Fork kernels from a process that has imported the libraries, or start ordinary ones.",
)
def build(
    raw: Path,
    outputs: Path,
    wave: str,
    jobs: int | None,
    cluster: str | None,
    only: str | None,
    everything: bool,
    explain: bool,
    engine: str,
) -> None:
    """Run what is stale: raw workbooks in, outputs/<wave> out, all or nothing."""
    from analysis.pipeline.build import build as run
    from analysis.pipeline.build import reasons
    from analysis.survey.problems import InputError

    if explain:
        click.echo("\n".join(reasons(raw, wave, only, engine)) or "nothing would run")
    else:
        try:
            run(raw, outputs, wave, jobs or os.cpu_count(), only, engine, cluster, everything)
        except InputError as problems:
            problems.add_note("nothing was published")
            raise


def _pages(_context: click.Context, _parameter: click.Parameter, names: tuple[str, ...]) -> list:
    """Return the steps of the pages that are named; refuse a name that is none."""
    from analysis.pipeline.preview.names import steps_of_pages

    try:
        return steps_of_pages(names)
    except KeyError as error:
        raise click.BadParameter(printable(error.args[0])) from None


@program.command()
@click.argument("pages", nargs=-1, metavar="[PAGE]...", callback=_pages)
@raw_option
@wave_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port on 127.0.0.1 (default: any that is free).",
)
@click.option("--no-browser", is_flag=True, help="Open no browser; none is opened in a container.")
def preview(pages: list, raw: Path, wave: str, port: int, no_browser: bool) -> None:
    """Show pages in the browser and rebuild them with every save, until Ctrl-C (exit 0).

    PAGE is `report` (the usual one), a notebook by its name as for `build --only`, or a county by
    its code or name; a page that is opened by a link is shown from then on. Word, PDF and the
    workbook of tables are left out, and outputs/ is never written. A fault is told here and over
    the last good page.
    """
    from analysis.pipeline.preview.session import has_screen, start

    start(raw, wave, pages, port, browse=not no_browser and has_screen())


@program.command()
@raw_option
@outputs_option
@wave_option
def status(raw: Path, outputs: Path, wave: str) -> None:
    """Report whether the published outputs follow from the inputs.

    Exit 0 if so, 1 with what has changed.
    """
    from analysis.edition.input_record import changed, wave_folder
    from analysis.edition.stage import added, damaged

    said, outputs = changed(root(), outputs / wave, wave_folder(raw, wave)), outputs / wave
    # otherwise this clone has not built them
    if any((outputs / name).is_dir() for name in ("report", "tables")):
        said += damaged(outputs)
        for name in added(outputs):
            click.echo(f"kept, added by hand: {printable(name)}", err=True)
    click.echo("\n".join(said) or "the outputs follow from the inputs")
    if said:
        raise click.exceptions.Exit(1)


@program.command()
@click.argument("old", default="HEAD")
@click.argument("new", default="")
@outputs_option
@wave_option
def diff(old: str, new: str, outputs: Path, wave: str) -> None:
    """Report what changed from edition OLD to NEW, and why.

    Exit 0 if nothing did, 1 with the changes. Each is the folder of an edition, or a git commit
    whose record is read; without NEW the edition in outputs/<wave>, without OLD that of the last
    commit. All changes are written to changes.html there.
    """
    from analysis.edition.changes_report import changes_between, summary, write_page
    from analysis.edition.compared import named_edition
    from analysis.edition.stage import CHANGES

    here = outputs / wave
    pair = (named_edition(root(), said or str(here), wave) for said in (old, new))
    if changes := changes_between(root(), *pair):
        page = printable((here / CHANGES).as_posix())
        click.echo("\n".join(summary(changes, page)))
        write_page(changes, here)
        raise click.exceptions.Exit(1)


@program.command()
def lint() -> None:
    """Check the prose of all notebooks without running them.

    Exit 0 if nothing is found, 1 with every finding: unknown names with the nearest one, hard-coded
    numbers, a missing language, refused terms, figures that no text cites, points of the published
    report without a cell.
    """
    from analysis.publish.lint import lint as run
    from analysis.publish.lint import study_facts

    found = run(root() / "notebooks", study_facts())
    click.echo("\n".join(map(str, found)) or "nothing found in the prose of the notebooks")
    if found:
        raise click.exceptions.Exit(1)


@program.command()
@click.argument("folder", type=Folder(), required=False)
@wave_option
@click.option("--returns", type=Folder(), help="Write what goes back to each county here.")
def check(folder: Path | None, wave: str, returns: Path | None) -> None:
    """Check the files of FOLDER (default data/raw/<wave>) and account for every row.

    All problems and questions of all files are shown in one run; only problems stop a build.
    Nothing is written without --returns.
    """
    from analysis.pipeline.reference_checks import table_problems
    from analysis.survey.causes import causes
    from analysis.survey.characters import reference_problems
    from analysis.survey.clean import check as run
    from analysis.survey.ownership import adding, folder_for_files
    from analysis.survey.problems import InputError, findings_table
    from analysis.survey.repository import reference
    from analysis.survey.returns import write_returns
    from analysis.survey.summary import summary

    raw = folder or in_repository("data/raw") / wave
    if returns:
        folder_for_files(returns, keep=[raw])
    done = run(raw, reference("communities"))
    done.findings += reference_problems(root() / REFERENCE) or table_problems()
    for question in causes(done.questions):
        click.echo(f"? {question}")
    findings = findings_table(done.findings)
    if returns:
        with adding(returns) as fresh:
            write_returns(fresh, raw, findings, done.accounts)
    click.echo(summary(done.accounts, findings))
    if done.problems:
        raise InputError(done.problems, done.questions, done.accounts)
    click.echo("every row is accounted for; no problems")


@program.command()
@wave_option
@raw_option
@click.option("--out", type=Folder(), help="Folder of the forms (default build/forms/<wave>).")
def forms(wave: str, raw: Path, out: Path | None) -> None:
    """Write the blank workbooks of a wave: one for each county and one for the interviews.

    They have lists and ranges.
    """
    from analysis.survey.declaration import FILE, absent
    from analysis.survey.forms.blank import write_forms
    from analysis.survey.frame import wave_frame
    from analysis.survey.ownership import adding, folder_for_files
    from analysis.survey.problems import InputError
    from analysis.survey.reading.names import without_files
    from analysis.survey.repository import reference

    out = out or in_repository("build/forms") / wave
    folder_for_files(out, keep=[raw])
    if not raw.is_dir():
        raise InputError([without_files(raw)])
    frame, townships, problems = wave_frame(
        raw / wave, reference("communities"), reference("townships")
    )
    if problems:
        raise InputError(problems)
    with adding(out) as fresh:
        paths = write_forms(fresh, wave, frame, townships)
    for path in paths:
        click.echo(printable((out / path.name).as_posix()))
    if not (raw / wave / FILE).is_file():
        click.echo(f"{(raw / wave / FILE).as_posix()}: {absent(raw / wave).text}", err=True)


@program.command()
@click.argument("folder", type=Folder(), metavar="DIR")
def new(folder: Path) -> None:
    """Write a new study to DIR: an example with two districts and one sheet that builds at once.

    Its README says which file to edit for which purpose.
    """
    from analysis.pipeline.new_study import write_study

    for path in write_study(folder):
        click.echo(printable(path.as_posix()))
    program_here = f"{shlex.quote(sys.executable)} -m analysis"
    click.echo(
        f"next: cd {printable(folder.as_posix())}, then `{printable(program_here)} build`", err=True
    )


@program.command()
@click.argument("name")
@outputs_option
@wave_option
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def explain(name: str, outputs: Path, wave: str, lang: str) -> None:
    """Show the sources of the published number NAME.

    They are its value, formula, cell, workbooks and rows.
    """
    from analysis.pipeline.explain import explain as receipt

    try:
        click.echo(receipt(name, outputs / wave, lang))
    except KeyError as error:
        raise click.BadParameter(error.args[0]) from None
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise click.UsageError(f"nothing is published in {outputs / wave}: {error}") from None


before_option = click.option(
    "--before",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The edition before, as outputs/<wave>: what the two tell together is tried too.",
)


@program.command()
@outputs_option
@wave_option
@before_option
def attack(outputs: Path, wave: str, before: Path | None) -> None:
    """Try to derive numbers of people that are not published.

    Exit 0 if none can be derived, else 1 with a list of them.
    """
    from analysis.pipeline.attack import attack as run
    from analysis.pipeline.release import published

    found = run(published(outputs, wave).folder, before)
    click.echo("\n".join([*found.leaks, *found.notes()]))
    if found.leaks:
        raise click.exceptions.Exit(1)


@program.command()
@raw_option
@outputs_option
@wave_option
@click.option("--out", type=Folder(), help="Folder of the zip (default build/release).")
@click.option(
    "--sbom",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A list of the software in CycloneDX form, to be put into it.",
)
@before_option
def release(
    raw: Path, outputs: Path, wave: str, out: Path | None, sbom: Path | None, before: Path | None
) -> None:
    """Write the zip of a published edition, with its descriptions for archives and programs.

    Exit 1, with what has changed, if the edition does not follow from the inputs. If what is
    published reveals individuals, official data are refused (exit 2); for other data it is said.
    """
    from analysis.pipeline.release import attacked, outdated, write_release

    out = out or in_repository("build/release")
    if said := outdated(raw, outputs, wave):
        click.echo("\n".join([*said, "nothing was released: run `analysis build` first"]), err=True)
        raise click.exceptions.Exit(1)
    click.echo("\n".join(attacked(outputs, wave, before)), err=True)
    click.echo(printable((out / write_release(raw, outputs, wave, out, sbom)).as_posix()))


@program.command()
@outputs_option
@click.option("--out", type=Folder(), help="Folder of the site (default build/site).")
def site(outputs: Path, out: Path | None) -> None:
    """Write a folder that any web server can serve: the editions of all waves built here."""
    from analysis.pipeline.static_site import write_site

    out = out or in_repository("build/site")
    for wave in write_site(outputs, out):
        click.echo(printable((out / wave).as_posix()))


def main(arguments: list[str] | None = None, command: click.Command = program) -> None:
    """Run the program, or another command in the same way, and exit with its code.

    The exit is immediate: freeing the libraries takes a quarter of a second, and after Ctrl-C,
    threads that wait for a kernel would delay it.
    """
    code = start_again() or run(arguments, command)
    with contextlib.suppress(BrokenPipeError):  # the reader has closed the pipe
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def start_again() -> int:
    """Restart the program if the environment sets another encoding or turns warnings to errors.

    Does not return then; if the restart did not help, returns the exit code.
    """
    foreign = sys.getfilesystemencoding() != "utf-8"
    if not foreign and not os.environ.get("PYTHONWARNINGS"):
        return 0
    if foreign and os.environ.get("PYTHONUTF8") == "1":
        return _say("Python does not use UTF-8: start it with -X utf8", EXIT_USAGE)
    environment = {**os.environ, "PYTHONUTF8": "1"}
    environment.pop("PYTHONWARNINGS", None)
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)


def run(arguments: list[str] | None = None, command: click.Command = program) -> int:
    """Run the program, or another command in the same way; returns its exit code.

    Unexpected errors are bugs and show their traceback.
    """
    from analysis.edition.failures import BusyError, NotebookError, StoppedError
    from analysis.survey.problems import InputError

    # file names may have characters that no encoding can print
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return command.main(arguments, prog_name=command.name, standalone_mode=False) or 0
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _say("interrupted; the previous outputs are as they were", EXIT_INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except (RefusedError, InputError, NotebookError, StoppedError, BusyError, OSError) as error:
        return _say(*_outcome(error))


def _outcome(error: Exception) -> tuple[str, int]:
    """Return the message and exit code of an expected error."""
    from analysis.edition.failures import BusyError, NotebookError, StoppedError
    from analysis.survey.problems import InputError

    match error:
        case InputError():
            counts = f"{len(error.problems)} problem(s) from {len(error.causes)} cause(s)"
            return "\n".join([str(error), counts, *getattr(error, "__notes__", ())]), EXIT_INPUT
        case NotebookError() | StoppedError():
            return f"{error}\nnothing was published", EXIT_NOTEBOOK
        case BusyError():
            return str(error), EXIT_BUSY
        case OSError():
            return f"cannot read or write: {error}", EXIT_WRITE
    return str(error), EXIT_USAGE


def _say(message: str, code: int) -> int:
    click.echo(message, err=True)
    return code
