"""Event loop of `preview`: handles saved files, opened pages and results, one after another."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import webbrowser
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import click

from analysis.edition import input_record
from analysis.edition.failures import StoppedError
from analysis.edition.stage import alone
from analysis.pipeline.preview.builder import Builder
from analysis.pipeline.preview.exchange import Request, Result, State
from analysis.pipeline.preview.names import all_pages
from analysis.pipeline.preview.server import ADDRESS, Board, Server
from analysis.plan.layout import pages_of
from analysis.plan.modules import PACKAGE
from analysis.plan.steps import Step
from analysis.survey.folders import REFERENCE, STUDY, RefusedError, printable, root, writable_folder
from analysis.survey.ownership import claim_scratch
from analysis.survey.study import study

WATCHER = "watchfiles"
MISSING = (
    f"未安装 {WATCHER}，请先 make lab 或 make preview "
    f"({WATCHER} is not installed: `make lab` and `make preview` install it)"
)
BESIDE = (STUDY, "requirements.txt")  # watched files in the root
DEBOUNCE, STEP = 400, 40  # milliseconds: one save may cause several events in short succession
RETRY_SECONDS = 1.0  # time between two checks whether another run has ended
DEATHS = 3  # number of builders that died without a result before the session ends
CONTAINERS = ("/.dockerenv", "/run/.containerenv")
EDITORS = ("~", ".swp", ".swx", ".tmp", ".part", ".pyc")  # endings of temporary files of editors
BUSY_SAID = "另一次运行正在进行，随后继续 (another run is under way; the preview goes on after it)"


@dataclass(frozen=True)
class Saved:
    """Event: files have been written."""

    paths: frozenset[Path]


@dataclass(frozen=True)
class Opened:
    """Event: a page has been requested that is not built yet."""

    page: str


@dataclass(frozen=True)
class Answered:
    """Event: a builder has returned a result; None when the builder has ended."""

    builder: Builder
    result: Result | None


@dataclass(frozen=True)
class Unwatched:
    """Event: files can no longer be watched."""

    why: str


@dataclass(frozen=True)
class Again:
    """Event: it is time to request the build again."""

    number: int


Event = Saved | Opened | Answered | Unwatched | Again


class Session:
    """Preview of the pages of some steps; `run` returns when it is interrupted."""

    def __init__(self, raw: Path, wave: str, named: list[Step], port: int, browse: bool) -> None:
        self.raw, self.wave, self.browse = raw.absolute(), wave, browse
        self.shown = [pages_of(step, study().languages[0])[0][1] for step in named]
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.board = Board(all_pages(), lambda page: self.events.put(Opened(page)))
        self.server = Server(self.board, self.shown[0], port)
        self.address = f"http://{ADDRESS}:{self.server.server_port}/{self.shown[0]}"
        self.saved: set[str] | None = None  # notebooks since the last good build; None for all
        self.notes: dict[str, tuple[str, ...]] = {}  # by notebook
        self.number, self.begun, self.deaths, self.waiting = 0, 0.0, 0, False
        self.builder: Builder | None = None

    def run(self) -> None:
        """Serve, watch and build until Ctrl-C, which is the normal end."""
        try:
            self._replace_builder()
            threading.Thread(target=self.server.serve_forever, daemon=True).start()
            for folders, recursive in ((watched(self.raw, self.wave), True), ({root()}, False)):
                self._start_watching(folders, recursive)
            tell(f"预览 (preview): {self.address}   Ctrl-C 结束 (ends it)")
            self.ask()
            if self.browse:
                webbrowser.open(self.address)
            while True:
                self.handle(self.events.get())
        except KeyboardInterrupt:
            tell("预览结束 (the preview has ended); outputs/ 未改动 (is as it was)")
        finally:
            if self.builder:
                self.builder.end()

    def handle(self, event: Event) -> None:
        """Handle one event."""
        match event:
            case Saved(paths):
                self._saved(paths)
            case Opened(page):
                self._opened(page)
            case Answered(builder, result) if builder is self.builder:
                self._lost() if result is None else self._answered(result)
            case Again(number) if number == self.number:
                self.ask()
            case Unwatched(why):
                raise StoppedError(f"cannot watch files: {why}; WATCHFILES_FORCE_POLLING=1 may do")

    def ask(self) -> None:
        """Request a build of all that is shown."""
        self.number += 1
        self.begun = time.monotonic()
        notebooks = None if self.saved is None else frozenset(self.saved)
        pages, loaded = tuple(self.shown), self.builder.loaded
        self.builder.ask(Request(self.number, self.raw, self.wave, pages, notebooks, loaded))
        self.board.show(building=True)

    def _saved(self, paths: frozenset[Path]) -> None:
        """Build again; if a module was written, with a new builder that loads it."""
        tell(f"已保存 (saved): {', '.join(sorted(map(_name, paths)))}")
        if any(self._is_notebook(path) for path in paths) and self.saved is not None:
            self.saved |= {path.stem for path in paths if self._is_notebook(path)}
        if not all(self._is_notebook(path) for path in paths):
            self.saved = None  # what text is checked against may have changed
        if any(path.is_relative_to(PACKAGE) or path.name == BESIDE[1] for path in paths):
            self._replace_builder()
        self.ask()

    @staticmethod
    def _is_notebook(path: Path) -> bool:
        return path.suffix == ".ipynb"

    def _opened(self, page: str) -> None:
        """Show one more page from now on."""
        page = self.board.shown.known.get(page, "")
        if page and page not in self.shown:
            self.shown.append(page)
            self.ask()

    def _answered(self, result: Result) -> None:
        if result.number != self.number:
            return
        self.deaths = 0
        match result.state:
            case State.GOOD:
                self._good(result)
            case State.BUSY:
                self._busy()
            case State.OUTDATED:
                self._replace_builder()
                self.ask()
            case State.BAD:
                self.waiting = False
                self.board.show(building=False, errors=result.errors)
                tell("\n".join(["预览未更新 (not updated):", *result.errors]))

    def _good(self, result: Result) -> None:
        before = self.board.shown.pages
        self.saved, self.waiting = set(), False
        self.notes |= result.notes
        notes = tuple(note for name in sorted(self.notes) for note in self.notes[name])
        self.shown = [page for page in self.shown if page in result.known]
        self.board.show(
            pages=result.pages,
            files=result.files,
            known=result.known,
            errors=(),
            notes=notes,
            building=False,
        )
        changed = [page for page, content in result.pages.items() if before.get(page) != content]
        said = ", ".join(changed) or "没有页面变化 (no page has changed)"
        tell(f"预览已更新 (updated, {time.monotonic() - self.begun:.1f} s): {said}")
        for note in notes:
            tell(f"? {note}")

    def _busy(self) -> None:
        """Wait for the other run, and report it once."""
        if not self.waiting:
            self.waiting = True
            self.board.show(errors=(BUSY_SAID,))
            tell(BUSY_SAID)
        number = self.number
        timer = threading.Timer(RETRY_SECONDS, lambda: self.events.put(Again(number)))
        timer.daemon = True
        timer.start()

    def _lost(self) -> None:
        """Start a new builder in place of one that died."""
        self.deaths += 1
        if self.deaths >= DEATHS:
            why = "out of memory, or killed, or the preview itself was edited: start it again"
            raise StoppedError(f"the process that builds the pages died ({why})")
        self._replace_builder()
        self.ask()

    def _replace_builder(self) -> None:
        if self.builder:
            threading.Thread(target=self.builder.end).start()
        self.builder = Builder(lambda *said: self.events.put(Answered(*said)))

    def _start_watching(self, folders: Iterable[Path], recursive: bool) -> None:
        arguments = (frozenset(folders), recursive, self.events)
        threading.Thread(target=_watch, args=arguments, daemon=True).start()


def start(raw: Path, wave: str, named: list[Step], port: int, browse: bool) -> None:
    """Preview the pages of steps until Ctrl-C.

    Raises RefusedError if files cannot be watched, InputError if the wave does not exist, BusyError
    while another run is in progress.
    """
    if find_spec(WATCHER) is None:
        raise RefusedError(MISSING)
    input_record.wave_folder(raw, wave)
    with alone(writable_folder(root() / "build", own="build")):
        claim_scratch(wave)
    Session(raw, wave, named, port, browse).run()


def has_screen() -> bool:
    """Return whether a browser can be seen: not in a container, and not without a screen."""
    if any(os.path.exists(path) for path in CONTAINERS):
        return False
    return sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def watched(raw: Path, wave: str) -> set[Path]:
    """Return the folders in which a saved file may change a page; none contains another."""
    home = root()
    folders = [home / "notebooks", home / REFERENCE, raw, raw / wave, PACKAGE]
    places = {Path(os.path.realpath(folder)) for folder in folders}
    return {one for one in places if not any(one.is_relative_to(o) for o in places - {one})}


def _watch(folders: frozenset[Path], recursive: bool, events: queue.SimpleQueue[Event]) -> None:
    """Send an event for every save in some folders, until the session ends."""
    from watchfiles import watch

    home = root()
    try:
        for changes in watch(
            *folders, watch_filter=None, debounce=DEBOUNCE, step=STEP, recursive=recursive
        ):
            paths = {Path(path) for _, path in changes}
            if not recursive:
                paths &= {Path(os.path.realpath(home)) / name for name in BESIDE}
            if kept := frozenset(path for path in paths if is_work(path, folders)):
                events.put(Saved(kept))
    except Exception as error:
        events.put(Unwatched(str(error)))


def is_work(path: Path, folders: Iterable[Path]) -> bool:
    """Return whether a file is a user's work: not hidden, and not made by an editor or Python."""
    inside = next((path.relative_to(one) for one in folders if path.is_relative_to(one)), path)
    if any(part.startswith((".", "~$")) or part == "__pycache__" for part in inside.parts):
        return False
    return not path.name.endswith(EDITORS) and not path.is_dir()


def _name(path: Path) -> str:
    home = Path(os.path.realpath(root()))
    return printable((path.relative_to(home) if path.is_relative_to(home) else path).as_posix())


def tell(line: str) -> None:
    """Print a line in the terminal."""
    click.echo(printable_lines(line), err=True)


def printable_lines(text: str) -> str:
    """Return a text of several lines with each line made printable."""
    return "\n".join(map(printable, text.splitlines()))
