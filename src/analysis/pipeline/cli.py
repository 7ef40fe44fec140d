"""The command line: `python -m analysis`, or `analysis`."""

from __future__ import annotations

import contextlib
import io
import os
import re
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
    """A folder, there or not; no name that cannot be printed on one line."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, file_okay=False)

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> Path:
        """Return the path, in one form however it was written; a default lies in the repository."""
        if any(ord(char) < ord(" ") or char == "\x7f" for char in str(value)) or not str(value):
            self.fail(
                f"{str(value)!r}: 不是文件夹名 (not the name of a folder)", parameter, context
            )
        return super().convert(plain(Path(value)), parameter, context)


def plain(path: Path) -> Path:
    """Write a path without `..`: relative to the current folder if it lies in it, else absolute.

    Two ways to write one folder are then one to whoever compares names. Links stay, but before a
    `..`.
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
    """Make an option for a folder of the repository, wherever in it the program is called."""
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
    from analysis.pipeline.steps import steps_matching

    try:
        for step in steps_matching(notebook):
            notebook_name(step.notebook)
    except KeyError as error:
        raise click.BadParameter(printable(error.args[0])) from None
    return notebook


def _address(
    _context: click.Context, _parameter: click.Parameter, address: str | None
) -> str | None:
    """Refuse what is no address of a scheduler."""
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


@program.command()
@raw_option
@outputs_option
@wave_option
def status(raw: Path, outputs: Path, wave: str) -> None:
    """Say whether the published outputs follow from the inputs: exit 0 if so, 1 with what has
    changed.
    """
    from analysis.pipeline.lock import changed, wave_folder
    from analysis.pipeline.stage import added, damaged

    said, outputs = changed(root(), outputs / wave, wave_folder(raw, wave)), outputs / wave
    if any(
        (outputs / name).is_dir() for name in ("report", "tables")
    ):  # else this clone has not built them
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
    """Say what moved from edition OLD to NEW, and why: exit 0 if nothing did, 1 with what did.

    Each is the folder of an edition, or a git commit whose record is read; without NEW the edition
    in outputs/<wave>, without OLD that of the last commit. What moved stands in full in
    changes.html there.
    """
    from analysis.pipeline.changes_report import changes_between, summary, write_page
    from analysis.pipeline.compared import named_edition
    from analysis.pipeline.stage import CHANGES

    here = outputs / wave
    pair = (named_edition(root(), said or str(here), wave) for said in (old, new))
    if changes := changes_between(root(), *pair):
        page = printable((here / CHANGES).as_posix())
        click.echo("\n".join(summary(changes, page)))
        write_page(changes, here)
        raise click.exceptions.Exit(1)


@program.command()
def lint() -> None:
    """Read the prose of all notebooks without running them: exit 0 if nothing is found, 1 with
    every finding.

    Unknown names with the nearest one, typed numbers, a missing language, refused terms, figures
    that no text cites, points of the published report without a cell.
    """
    from analysis.publish.lint import Facts
    from analysis.publish.lint import lint as run
    from analysis.survey.reference import reference
    from analysis.survey.study import study

    indicators = frozenset(reference("measures")["indicator"])
    facts = Facts(
        indicators,
        reference("refused_terms"),
        reference("points"),
        study().report,
        study().languages,
    )
    found = run(root() / "notebooks", facts)
    click.echo("\n".join(map(str, found)) or "nothing found in the prose of the notebooks")
    if found:
        raise click.exceptions.Exit(1)


@program.command()
@click.argument("folder", type=Folder(), required=False)
@wave_option
@click.option("--returns", type=Folder(), help="Write what goes back to each county here.")
def check(folder: Path | None, wave: str, returns: Path | None) -> None:
    """Check the files of FOLDER (default data/raw/<wave>) and account for every row.

    Every problem and question of every file is shown in one run; only problems stop a build.
    Nothing is written without --returns.
    """
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
    done.findings += reference_problems(root() / REFERENCE)
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
    """Write the blank workbooks of a wave, one a county and that of the interviews, with lists and
    ranges.
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

    Its README says which file to edit for what.
    """
    from analysis.pipeline.new_study import write_study

    for path in write_study(folder):
        click.echo(printable(path.as_posix()))
    click.echo(
        f"next: cd {printable(folder.as_posix())}, then `python -m analysis build`", err=True
    )


@program.command()
@click.argument("name")
@outputs_option
@wave_option
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def explain(name: str, outputs: Path, wave: str, lang: str) -> None:
    """Say what stands behind the published number NAME: its value, formula, cell, workbooks and
    rows.
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
    """Try to tell of people from what is published: exit 0 if nothing can be told, 1 with what
    can.
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

    Exit 1, with what has changed, where the edition does not follow from the inputs. Where what is
    published tells of people, official data are not released (exit 2), and of others it is said.
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
    """Write a folder that any web server can serve: the editions of all waves that are built
    here.
    """
    from analysis.pipeline.static_site import write_site

    out = out or in_repository("build/site")
    for wave in write_site(outputs, out):
        click.echo(printable((out / wave).as_posix()))


def main(arguments: list[str] | None = None, command: click.Command = program) -> None:
    """Run the program, or another command in its manner, and exit with the code that says what
    happened.

    At once: dismantling the libraries takes a quarter of a second, and after Ctrl-C threads that
    still wait for a kernel would hold a plain exit back.
    """
    code = start_again() or run(arguments, command)
    with contextlib.suppress(BrokenPipeError):  # nobody reads on
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def start_again() -> int:
    """Start the program again where the environment gives Python another encoding, or makes errors
    of warnings.

    Does not return then, but with the exit code if it was in vain.
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
    """Run the program, or another command in its manner; returns its exit code.

    Anything unforeseen is a bug of ours and shows its traceback.
    """
    from analysis.pipeline.failures import BusyError, NotebookError, StoppedError
    from analysis.survey.problems import InputError

    for stream in (sys.stdout, sys.stderr):  # a file's name may hold what no encoding can print
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
    """Return what is said of an error that is no bug of ours, and the exit code."""
    from analysis.pipeline.failures import BusyError, NotebookError, StoppedError
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
