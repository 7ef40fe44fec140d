"""Run one notebook with papermill, and write the same bytes each time."""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import re
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import papermill
import zmq
from jupyter_client import AsyncKernelClient, AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.iorw import load_notebook_node
from papermill.translators import papermill_translators
from papermill.utils import find_first_tagged_cell_index

from analysis.edition.failures import NotebookError
from analysis.pipeline.outputs import check_outputs
from analysis.pipeline.warm import KERNEL_SERVER, socket_folder
from analysis.plan.languages import apart, language_of, original, with_repeats
from analysis.survey import access
from analysis.survey.access import Access

if TYPE_CHECKING:
    from papermill.engines import NotebookExecutionManager

# not a fault of the notebook
FULL = re.compile(rf"OSError \[Errno ({errno.ENOSPC}|{errno.EDQUOT}|{errno.EROFS})\]")
RETRY = 2  # milliseconds until a socket reconnects to one not yet open; default 100
KERNEL, LANGUAGE = "python3", "python"  # of every notebook, whatever its file says
TOO_LONG, LOST = "took too long", "its kernel died: out of memory, or killed"
LIMITS = (120.0, 600.0)  # seconds for a cell, for a notebook


class KernelLostError(RuntimeError):
    """Raised if a kernel does not answer; a RuntimeError, which the library expects."""


class PromptClient(AsyncKernelClient):
    """Client that talks to a kernel as soon as both channels answer.

    The library waits a fifth of a second longer.
    """

    def start_channels(self, *channels: bool, **options: bool) -> None:
        """Open the channels without a heartbeat, since the kernel's process is watched."""
        self.context.setsockopt(zmq.RECONNECT_IVL, RETRY)
        super().start_channels(*channels, **options | {"hb": False})

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers; KernelLostError if it dies or after `timeout`."""
        end = time.monotonic() + (timeout or float("inf"))
        while time.monotonic() < end:
            self.kernel_info()
            with contextlib.suppress(queue.Empty):
                reply = await self.get_shell_msg(timeout=1)
                await self.get_iopub_msg(timeout=0.2)  # otherwise early outputs could be lost
                self._handle_kernel_info_reply(reply)
                return
            if not await self.is_alive():
                raise KernelLostError("the kernel died before it answered")
        raise KernelLostError(f"the kernel did not answer in {timeout} seconds")


class WriteOnce(NBClientEngine):
    """Engine that runs a notebook as papermill does, but writes it only once, at the end.

    Papermill writes it before and after each cell, which takes far longer.
    """

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, **options: Any
    ) -> None:
        """Run all cells; papermill writes the notebook when this returns or raises."""
        target, nb_man.output_path = nb_man.output_path, None
        try:
            super().execute_managed_notebook(nb_man, kernel_name, **options)
        finally:
            nb_man.output_path = target


papermill_engines.register("write-once", WriteOnce)


class LocalKernelManager(AsyncKernelManager):
    """Start kernels with sockets in a private folder: no port is open to other users.

    IPython also keeps its files there, instead of in the home of the user, so that personal
    settings have no effect. plan: the file with the access of the kernel; see
    `analysis.survey.access`.
    """

    plan = ""

    def __init__(self, **options: Any) -> None:
        super().__init__(transport="ipc", client_factory=PromptClient, **options)
        self.kernel_spec.argv = [
            *self.kernel_spec.argv,
            f"--IPKernelApp.extra_extensions={access.__name__}",
        ]
        if KERNEL_SERVER in os.environ and self.kernel_name == KERNEL:
            self.kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": "analysis-warm"}
        self.sockets = socket_folder("kernel-")
        self.ip = f"{self.sockets.name}/k"

    async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
        env = {**os.environ, **options.pop("env", {}), "IPYTHONDIR": f"{self.sockets.name}/ipython"}
        env |= {access.PLAN: self.plan} if self.plan else {}
        return await super()._async_pre_start_kernel(env=env, **options)

    pre_start_kernel = _async_pre_start_kernel

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart)
        if not restart:
            self.sockets.cleanup()

    cleanup_resources = _async_cleanup_resources


def run_notebook(
    source: Path,
    parameters: dict,
    target: Path,
    seconds: tuple[float, float] = LIMITS,
    allowed: Access | None = None,
    further: dict[str, Path] | None = None,
) -> nbformat.NotebookNode:
    """Run `source` with `parameters` and write the executed notebook to `target`.

    seconds: the time allowed for one cell and for the notebook. allowed: what the kernel of a
    published notebook may open; None for anything, and then its cells may show anything. further:
    other languages, with the path of the notebook in each; only the cells that depend on the
    language run again for them. Raises KeyError for a parameter that the notebook does not declare,
    NotebookError if a cell fails, takes too long, loses its kernel, opens what is not allowed,
    shows what no page may hold or is not run at all.
    """
    given = {"further": further or {}, "published": allowed is not None}
    run = partial(_run_notebook, source, parameters, target, seconds, **given)
    if allowed is None:
        return run(LocalKernelManager)
    with tempfile.TemporaryDirectory(prefix="plan-") as folder:
        plan = Path(folder) / "plan.json"
        plan.write_text(allowed.to_json(), encoding="utf-8")
        manager = type("PlannedKernelManager", (LocalKernelManager,), {"plan": str(plan)})
        try:
            done = run(manager)
        except NotebookError as failed:
            if refused := access.refusals(plan):
                why = f"it {refused[0]}"
                raise NotebookError(source.stem, failed.cell, why, target, failed.lang) from None
            raise
        if refused := access.refusals(plan):  # the cell caught the error
            raise NotebookError(source.stem, original(_reached(target)), f"it {refused[0]}", target)
        return done


def _run_notebook(
    source: Path,
    parameters: dict,
    target: Path,
    seconds: tuple[float, float],
    manager: type,
    further: dict[str, Path],
    published: bool,
) -> nbformat.NotebookNode:
    cell_limit, end = seconds[0], time.monotonic() + seconds[1]
    failure = partial(_failure, source, target, parameters.get("lang", ""))
    for name in parameters.keys() - _declared(source):
        raise KeyError(f"{source.name} has no parameter {name}")
    for path in (target, *further.values()):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        executed = papermill.execute_notebook(
            str(_prepared(source, target, list(further))),
            str(target),
            parameters,
            engine_name="write-once",
            kernel_name=KERNEL,
            language=LANGUAGE,
            kernel_manager_class=manager,
            progress_bar=False,
            autosave_cell_every=0,
            timeout_func=lambda _cell: max(1, min(cell_limit, end - time.monotonic())),
            record_timing=False,
            shutdown_kernel="immediate",  # freeing scipy takes longer than the notebook
        )
    except PapermillExecutionError as error:
        if full := FULL.match(f"{error.ename} {error.evalue}"):
            raise OSError(int(full[1]), f"{error.evalue} ({source.stem})") from None
        _strip_frames(target)
        cell = nbformat.read(target, as_version=4).cells[error.cell_index]["id"]
        raise failure(cell, f"{error.ename}: {error.evalue}") from None
    except (CellTimeoutError, DeadKernelError, KernelLostError) as error:
        why = TOO_LONG if isinstance(error, CellTimeoutError) else LOST
        raise failure(_reached(target), why) from None
    if published:
        check_outputs(executed, source, target)
    notebooks = [tidy(one, source) for one in apart(executed, parameters, list(further))]
    for notebook, path in zip(notebooks, (target, *further.values()), strict=True):
        nbformat.write(notebook, path)
    return notebooks[0]


def _failure(source: Path, target: Path, main: str, cell: str, error: str) -> NotebookError:
    """Return the error of a cell of the run, with the cell of the notebook and its language."""
    lang = language_of(cell, source, main)
    return NotebookError(source.stem, original(cell), error, target, lang)


def _prepared(source: Path, target: Path, further: list[str]) -> Path:
    """Return the notebook that papermill runs, with cells repeated for further languages."""
    if not further:
        return source
    nbformat.write(with_repeats(source, further), target)
    return target


def _declared(source: Path) -> set[str]:
    """Return the parameters that a notebook declares, parsed as Python for any kernel."""
    notebook = load_notebook_node(str(source))
    index = find_first_tagged_cell_index(notebook, "parameters")
    translator = papermill_translators.find_translator(KERNEL, LANGUAGE)
    return {one.name for one in translator.inspect(notebook.cells[index])} if index >= 0 else set()


def tidy(notebook: nbformat.NotebookNode, source: Path) -> nbformat.NotebookNode:
    """Remove times and paths added by papermill, and number the cells as a fresh kernel would.

    Raises NotebookError if a code cell was not run (otherwise `sys.exit(0)` would count as
    success).
    """
    notebook.metadata.pop("papermill", None)
    count = 0
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code" and cell.source.strip():
            count += 1
            if cell.execution_count is None:
                raise NotebookError(source.stem, cell.id, "was not run", source)
            cell.execution_count = count
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count
    injected = [
        cell for cell in notebook.cells if "injected-parameters" in cell.metadata.get("tags", [])
    ]
    for cell in injected:
        cell.id = "injected-parameters"  # papermill gives it a random id
    return notebook


def _reached(path: Path) -> str:
    """Return the id of the last cell that papermill started, or that of the first cell."""
    cells = nbformat.read(path, as_version=4).cells
    begun = [cell for cell in cells if cell.metadata.get("papermill", {}).get("start_time")]
    return [*cells[:1], *begun][-1]["id"]


def _strip_frames(path: Path) -> None:
    """Remove the cells that papermill adds to a failed notebook, to keep cell numbers right."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [
        cell
        for cell in notebook.cells
        if "papermill-error-cell-tag" not in cell.metadata.get("tags", [])
    ]
    nbformat.write(notebook, path)
