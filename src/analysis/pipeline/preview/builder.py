"""Builder: a process that has loaded the libraries and forks one process for each build.

Each build has its own process, so that no content of a reference table, a workbook or `study.toml`
is kept from one build to the next. The builder itself holds the libraries and the modules of this
package: when one of these is edited, a new builder replaces it. It also keeps the kernel server.
Where forking is not available, each build loads the libraries again.
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

END_SECONDS = 3.0  # time for a builder to end after its line is closed


class Builder:
    """A builder process, as used by the session that started it.

    on_result: called from a thread with each result, and with None when the builder has ended.
    """

    def __init__(self, on_result: Callable[[Builder, Result | None], None]) -> None:
        self.on_result = on_result
        self.loaded: Stamps = loaded_stamps()  # taken before the builder loads the files
        self.socket, theirs = socket.socketpair()
        command = "from analysis.pipeline.preview.builder import serve; serve()"
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-c", command, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is handled by the session
            )
        self.line = Connection(os.dup(self.socket.fileno()))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        try:
            while True:
                self.on_result(self, self.line.recv())
        except (AttributeError, EOFError, OSError, TypeError):  # it ended, or sent edited classes
            self.on_result(self, None)

    def ask(self, request: Request) -> None:
        """Request a build; a build in progress is cancelled."""
        with suppress(OSError):  # the builder has ended, which its reader reports
            self.line.send(request)

    def end(self) -> None:
        """End the builder and all processes that it has started."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(END_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def serve() -> None:
    """Load the libraries, then handle requests until the line closes; only the newest is built."""
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
    """Import what a build needs, so that the forked process does not have to."""
    import nbformat

    from analysis.pipeline import work
    from analysis.plan.languages import again as said_again
    from analysis.publish import fonts, page
    from analysis.publish.cells import CellError

    work.load()
    page.load_templates()
    for notebook in (root() / "notebooks").glob("*.ipynb"):
        with suppress(CellError, OSError):  # the plan reports the error
            said_again(notebook)  # findings are cached by the content of a cell
    nbformat.validate(nbformat.v4.new_notebook())
    fonts.subset("")
    gc.freeze()


class Running:
    """A build in progress, in its own process, which leads a process group.

    own: the environment of the user of the preview; nothing is written to the home that it names.
    """

    def __init__(self, request: Request, own: dict[str, str]) -> None:
        context = get_context("fork" if sys.platform == "linux" else "spawn")
        self.request = request
        self.line, theirs = context.Pipe(duplex=False)
        self.process: BaseProcess = context.Process(target=_do, args=(request, own, theirs))
        self.process.start()
        theirs.close()
        with suppress(OSError):  # it has ended, or has made itself the leader
            os.setpgid(self.process.pid, self.process.pid)

    def result(self) -> Result:
        """Return the result; a process that died is also reported as a result."""
        try:
            return self.line.recv()
        except EOFError:
            why = "the process that builds the pages died (out of memory, or killed)"
            return Result(self.request.number, State.BAD, (why,))

    def end(self) -> None:
        """End the process and all that it has started; it may have ended already."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.join()
        self.line.close()


def _do(request: Request, own: dict[str, str], line: Connection) -> None:
    """Build a request and send its result; the function never returns.

    It ends the process, since threads that wait for workers would delay a return.
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
