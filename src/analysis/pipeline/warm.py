"""Kernels forked from a process that has imported the libraries once.

Most of the time of a short notebook is spent on starting Python and importing the same libraries.
Here one process, the kernel server, imports them and the modules that the notebooks use; each
kernel is a fork of it: a real ipykernel in its own process, started through a kernel provisioner,
the extension point of jupyter_client. A kernel server ends with a run, and a run stops if a module
is edited during it. If forking is not available, ordinary kernels give the same results.
"""

from __future__ import annotations

import asyncio
import atexit
import builtins
import contextlib
import errno
import gc
import json
import os
import random
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

from analysis.edition.failures import StoppedError
from analysis.pipeline.stable import set_stable
from analysis.plan import modules
from analysis.publish.cells import code_cells
from analysis.survey.access import guard_arrow, watched
from analysis.survey.folders import root

LIBRARIES = (
    "IPython.core.completerlib",
    "IPython.core.magics.extension",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    # Pillow loads this and the next four with the first picture that it saves
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.PpmImagePlugin",
    "fontTools.ttLib.scaleUpem",
    "ipykernel.debugger",  # half the start-up time of a kernel
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "jinja2",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.pyplot",
    "pandas",
    "pandas.plotting._matplotlib",
    "pandera.pandas",
    "pyarrow.dataset",  # loaded by reading the first table
    "pyarrow.parquet",
    "python_calamine",
    "rich.cells",
    "scipy.stats",
    "seaborn",
    "statsmodels.stats.oneway",
    "statsmodels.stats.proportion",
    "tomllib",
    "uharfbuzz",
    "xml.etree.ElementTree",
)
POLL_SECONDS = 0.002  # between two checks of a kernel that ends
KILL_TIMEOUT_SECONDS = 5.0  # for a killed kernel to end, before the library reports it
SOCKET_FOLDER = 80  # bytes of a folder's path without its unique suffix; of a socket's, 107
# environment variable: the address of the kernel server, for provisioners in this process
KERNEL_SERVER = "ANALYSIS_KERNEL_SERVER"


def available() -> bool:
    """Return whether this machine can fork and watch kernels (Linux, Python with pidfd_open)."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


def socket_folder(prefix: str) -> tempfile.TemporaryDirectory:
    """Return a private folder for sockets, whose paths the system limits to 107 bytes.

    It lies in the folder for temporary files (TMPDIR) if that is short enough, else in the default
    one of the system. Raises OSError if none can be made.
    """
    ordinary = tempfile.gettempdir()
    for parent in (ordinary, os.environ.get("XDG_RUNTIME_DIR"), "/tmp", "/var/tmp"):
        if (
            parent
            and len(os.fsencode(f"{parent}/{prefix}")) <= SOCKET_FOLDER
            and os.access(parent, os.W_OK)
        ):
            return tempfile.TemporaryDirectory(prefix=prefix, dir=parent)
    why = (
        "TMPDIR is too long for the path of a socket, "
        "and neither XDG_RUNTIME_DIR nor /tmp can be written"
    )
    raise OSError(errno.ENAMETOOLONG, why, ordinary)


@contextlib.contextmanager
def kernel_server() -> Iterator[subprocess.Popen]:
    """Run a kernel server for the time of the context; yields its process.

    The process ends with this one.
    """
    set_stable()  # forks inherit what Python and the libraries read once at their start
    with socket_folder("kernels-") as folder:
        address = f"{folder}/socket"
        command = [sys.executable, "-c", "from analysis.pipeline.warm import serve; serve()"]
        with socket.socket(
            socket.AF_UNIX
        ) as listener:  # connections wait from here on, or fail after its end
            listener.bind(address)
            listener.listen(64)
            called = {"stdin": subprocess.PIPE, "pass_fds": [listener.fileno()]}
            process = subprocess.Popen([*command, str(listener.fileno())], **called)
        os.environ[KERNEL_SERVER] = address
        try:
            yield process
        finally:
            os.environ.pop(KERNEL_SERVER, None)
            process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1)
            process.kill()  # still importing: it has no kernels yet
            process.wait()


# holds the kernel server of a process that outlives a run: a worker of a cluster
OWN = contextlib.ExitStack()
PROCESS: list[subprocess.Popen] = []  # the process of that kernel server
Kernels = dict[int, tuple[int, int, socket.socket]]  # by pidfd and by line: process, pidfd, line
atexit.register(OWN.close)


def ensure() -> None:
    """Start a kernel server, unless one runs.

    It lasts until `leave` or the end of this process.
    """
    if PROCESS and PROCESS[0].poll() is not None:
        leave()
    if KERNEL_SERVER not in os.environ and available():
        PROCESS.append(OWN.enter_context(kernel_server()))


def leave() -> None:
    """End the kernel server that `ensure` has started, if any."""
    PROCESS.clear()
    OWN.close()


class WarmProvisioner(LocalProvisioner):
    """Start kernels as forks of the kernel server; all else is as for a local kernel."""

    async def launch_kernel(self, cmd: list[str], **options: Any) -> dict[str, Any]:
        """Start the kernel whose connection file follows `-f` in `cmd`."""
        after = cmd.index("-f") + 1
        self.process = ForkedKernel(cmd[after:], options.get("cwd"), options.get("env"))
        self.pid, self.pgid = self.process.pid, self.process.pid
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel and wait for its end; the library would wait 0.1 s longer."""
        await super().kill(restart)
        end = time.monotonic() + KILL_TIMEOUT_SECONDS
        while self.process and self.process.poll() is None and time.monotonic() < end:
            await asyncio.sleep(POLL_SECONDS)


class ForkedKernel:
    """A kernel of the kernel server, with the methods of subprocess.Popen that are needed.

    Raises StoppedError if the kernel server has ended.
    """

    stdin = stdout = stderr = None

    def __init__(self, arguments: list[str], cwd: str | None, env: dict | None) -> None:
        self.returncode = None
        self.line = socket.socket(socket.AF_UNIX)
        request = {
            "arguments": arguments,
            "cwd": str(cwd or Path.cwd()),
            "env": dict(env or os.environ),
        }
        answer = b""
        with contextlib.suppress(OSError):
            self.line.connect(os.environ[KERNEL_SERVER])
            self.line.sendall(json.dumps(request).encode() + b"\n")
            answer = self.line.recv(32)
        if not answer:
            raise StoppedError(
                "the process that starts the kernels died (out of memory, or killed)"
            )
        self.pid = int(answer)
        self.line.setblocking(False)

    def poll(self) -> int | None:
        """Return the exit code as subprocess does (minus the signal); None while it runs."""
        if self.returncode is None:
            with contextlib.suppress(BlockingIOError):
                self.returncode = int(self.line.recv(32) or -signal.SIGKILL)
                self.line.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the kernel."""
        end = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if end and time.monotonic() > end:
                raise subprocess.TimeoutExpired("kernel", timeout)
            time.sleep(POLL_SECONDS)
        return self.returncode

    def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, signum)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel."""
        self.send_signal(signal.SIGKILL)


def serve() -> None:
    """Import the libraries, then fork a kernel for each request until standard input closes."""
    # Ctrl-C is handled by the program that started this process
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener = socket.socket(fileno=int(sys.argv[1]))
    # otherwise the debugger warns of Python's own modules
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    # pandas asks on import whether it is in a kernel
    builtins.get_ipython = lambda: SimpleNamespace(kernel=None)
    for library in LIBRARIES:
        __import__(library)
    guard_arrow()
    _import_project()
    del builtins.get_ipython
    gc.freeze()  # a garbage collection in a kernel would copy all of this memory
    watch = selectors.DefaultSelector()
    watch.register(listener, selectors.EVENT_READ, _on_request)
    watch.register(sys.stdin, selectors.EVENT_READ, _on_end)
    kernels: dict = {}  # by pidfd and by line: (pid, pidfd, line)
    while True:
        for key, _ in watch.select():
            if key.fd in watch.get_map():
                key.data(key.fileobj, watch, kernels)


def _import_project() -> None:
    """Import the modules that the notebooks use.

    A module that fails or reads a file is left to the cell that imports it.
    """
    # not in a repository, or a cell is not Python
    with contextlib.suppress(FileNotFoundError, ValueError):
        home = root()
        for notebook in sorted((home / "notebooks").glob("*.ipynb")):
            trees = [cell.tree() for cell in code_cells(notebook) if not cell.is_prose]
            for path in modules.closure(frozenset().union(*map(modules.imported, trees))):
                with contextlib.suppress(Exception), watched(modules.importing(home)):
                    __import__(modules.module_name(path))


def _on_end(_stdin: object, _watch: object, kernels: Kernels) -> None:
    for pid, _, _ in set(kernels.values()):
        os.kill(pid, signal.SIGKILL)
    os._exit(0)


def _on_request(listener: socket.socket, watch: selectors.BaseSelector, kernels: Kernels) -> None:
    """Fork a kernel for a new connection, send its process id, and watch kernel and owner."""
    line, _ = listener.accept()
    request = json.loads(line.makefile().readline())
    pid = os.fork()
    if pid == 0:
        _be_kernel(request, watch)
    ended = os.pidfd_open(pid)
    kernels[ended] = kernels[line.fileno()] = (pid, ended, line)
    watch.register(ended, selectors.EVENT_READ, _on_exit)
    watch.register(line, selectors.EVENT_READ, _on_owner_lost)
    line.sendall(str(pid).encode())


def _on_exit(ended: int, watch: selectors.BaseSelector, kernels: Kernels) -> None:
    """Send the exit code of a kernel that has ended."""
    pid, _, line = kernels.pop(ended)
    kernels.pop(line.fileno(), None)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    watch.unregister(ended)
    watch.unregister(line)
    os.close(ended)
    with contextlib.suppress(OSError), line:
        line.sendall(str(code).encode())


def _on_owner_lost(line: socket.socket, _watch: object, kernels: Kernels) -> None:
    """End a kernel whose owner has ended."""
    pid, *_ = kernels[line.fileno()]
    os.kill(pid, signal.SIGKILL)


def _be_kernel(request: dict, watch: selectors.BaseSelector) -> None:
    """Turn this fork into a kernel; never returns.

    It gets its own session, folder, environment and random state.
    """
    code = 1
    try:
        os.setsid()
        for key in list(watch.get_map().values()):
            os.close(key.fd)
        sys.stdin = open(os.devnull)  # noqa: SIM115 (it stays open as long as the process)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["env"])
        sys.path[0] = ""
        random.seed()
        sys.modules["numpy"].random.seed()
        parent = f"--IPKernelApp.parent_handle={os.getppid()}"  # a kernel ends with its parent
        forgetful = "--HistoryManager.enabled=False"  # no file in the home folder of the user
        sys.argv = ["ipykernel_launcher.py", "-f", *request["arguments"], parent, forgetful]
        from ipykernel.kernelapp import IPKernelApp

        IPKernelApp.launch_instance(argv=sys.argv[1:])
        code = 0
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # freeing scipy takes longer than the notebook
