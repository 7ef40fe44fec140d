"""The builder: a process that has loaded the libraries, and forks one for each build.

Each build is a process of its own, so that nothing of a reference table, a workbook or `study.toml`
is kept from one build to the next. What the builder itself holds are the libraries and the modules
of this package: where one of these is edited, another builder takes its place. It also keeps the
kernel server. Where forking is not available, each build loads the libraries anew.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from analysis.pipeline.preview.exchange import Request, Result, Stamps, State, loaded_stamps
from analysis.survey.folders import root

END_SECONDS = 3.0  # for a builder to end once its line is closed


class Builder:
    """A builder process, as seen from the session that started it.

    on_result: called with each result, from a thread; with None when the builder is gone.
    """

    def __init__(self, on_result: Callable[[Builder, Result | None], None]) -> None:
        self.on_result = on_result
        self.loaded: Stamps = loaded_stamps()  # before it loads them
        self.socket, theirs = socket.socketpair()
        command = "from analysis.pipeline.preview.builder import serve; serve()"
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-c", command, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the session
            )
        self.line = Connection(os.dup(self.socket.fileno()))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        try:
            while True:
                self.on_result(self, self.line.recv())
        except (AttributeError, EOFError, OSError, TypeError):  # gone, or edited: of another form
            self.on_result(self, None)

    def ask(self, request: Request) -> None:
        """Ask for a build; one that is under way is given up."""
        with suppress(OSError):  # it is gone, which its reader tells
            self.line.send(request)

    def end(self) -> None:
        """End the builder and what it has started."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(END_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def serve() -> None:
    """Load the libraries, then do requests, the newest alone, until the line closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from analysis.pipeline import warm
    from analysis.pipeline.stable import set_stable

    own = dict(os.environ)
    set_stable()
    line = Connection(int(sys.argv[1]))
    with warm.kernel_server() if warm.available() else nullcontext():
        _load()
        running: Running | None = None
        while True:
            ready = wait([line, *([running.line] if running else [])])
            if line in ready:
                if running:
                    running.end()
                try:
                    running = Running(line.recv(), own)
                except EOFError:
                    return
            elif running:
                line.send(running.result())
                running.end()
                running = None


def _load() -> None:
    """Load what a build uses, so that its process need not."""
    import nbformat

    from analysis.pipeline import work
    from analysis.plan.languages import again as said_again
    from analysis.publish import fonts, page
    from analysis.publish.cells import CellError

    work.load()
    page.load_templates()
    for notebook in (root() / "notebooks").glob("*.ipynb"):
        with suppress(CellError, OSError):  # the plan says so
            said_again(notebook)  # what is found of a cell is kept by its content
    nbformat.validate(nbformat.v4.new_notebook())
    fonts.subset("")
    gc.freeze()


class Running:
    """A build under way, in a process of its own that leads a group.

    own: the environment of whoever runs the preview, whose home tells where nothing is written.
    """

    def __init__(self, request: Request, own: dict[str, str]) -> None:
        context = get_context("fork" if sys.platform == "linux" else "spawn")
        self.request = request
        self.line, theirs = context.Pipe(duplex=False)
        self.process: BaseProcess = context.Process(target=_do, args=(request, own, theirs))
        self.process.start()
        theirs.close()
        with suppress(OSError):  # it is gone, or has done so itself
            os.setpgid(self.process.pid, self.process.pid)

    def result(self) -> Result:
        """Return the result; that it died is one."""
        try:
            return self.line.recv()
        except EOFError:
            why = "the process that builds the pages died (out of memory, or killed)"
            return Result(self.request.number, State.BAD, (why,))

    def end(self) -> None:
        """End the process and all that it has started; it may have ended itself."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.join()
        self.line.close()


def _do(request: Request, own: dict[str, str], line: Connection) -> None:
    """Do a request and send its result. Never returns: threads that wait for workers would hold it
    back.
    """
    from analysis.pipeline.build import be_worker
    from analysis.pipeline.preview.rebuild import answer
    from analysis.pipeline.warm import KERNEL_SERVER

    with suppress(OSError):
        os.setpgid(0, 0)
    be_worker()
    kernels = {name: os.environ[name] for name in (KERNEL_SERVER,) if name in os.environ}
    os.environ.clear()
    os.environ.update(own | kernels)
    line.send(answer(request))
    os._exit(0)
