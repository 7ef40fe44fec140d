"""A JupyterLab of `make lab` on a copy of the repository, used in a browser by a test."""

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from running import REPOSITORY, copy_repository

OPTIONS = (
    "--no-browser --ServerApp.ip=127.0.0.1 --ServerApp.port=0 --LabApp.expose_app_in_browser=True"
)
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/lab\?token=\w+")
SECONDS = 120


def working_copy(folder: Path, edition: Path | None = None) -> Path:
    """Copy the repository into a folder under git, with the files of an edition if given."""
    copy_repository(folder)
    shutil.copytree(REPOSITORY / "tools/lab", folder / "tools/lab")
    for name in ("Makefile", ".gitignore", ".gitattributes"):
        shutil.copyfile(REPOSITORY / name, folder / name)
    for name in ("build/2020", "data/processed/2020") if edition else ():
        shutil.copytree(edition / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(
        folder,
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b.c",
        "commit",
        "--quiet",
        "--message",
        "start",
    )
    return folder


def git(folder: Path, *words: str) -> str:
    """Return what git says in a folder."""
    return subprocess.run(
        ["git", *words], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


@contextmanager
def server(folder: Path, home: Path):
    """Run `make lab` in a folder without user settings; yields the address of JupyterLab."""
    home.mkdir()
    personal = {
        name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "XDG"))
    }
    command = ["make", "lab", "LAB=", f"BIN={Path(sys.executable).parent}", f"ARGS={OPTIONS}"]
    log = home / "server.log"
    with log.open("w") as said:
        running = subprocess.Popen(
            command,
            cwd=folder,
            env=personal | {"HOME": str(home)},
            stderr=said,
            stdout=said,
            start_new_session=True,
        )
    try:
        yield _address(running, log)
    finally:
        os.killpg(running.pid, signal.SIGTERM)
        running.wait(SECONDS)


def _address(running: subprocess.Popen, log: Path) -> str:
    """Wait until the server says where it is."""
    for _ in range(SECONDS * 5):
        if found := ADDRESS.search(log.read_text("utf-8", "replace")):
            return found[0]
        try:
            running.wait(0.2)
            break
        except subprocess.TimeoutExpired:
            continue
    raise RuntimeError(log.read_text("utf-8", "replace")[-3000:])


class Lab:
    """A page of a browser that shows JupyterLab.

    faults: errors of its scripts, ours among them.
    """

    def __init__(self, page, address: str) -> None:
        self.page, self.faults = page, []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.set_default_timeout(SECONDS * 1000)
        page.goto(address)
        page.wait_for_function("window.jupyterapp?.restored !== undefined")
        page.evaluate("window.jupyterapp.restored.then(() => null)")

    def do(self, command: str, **arguments: object) -> None:
        """Carry out a command of JupyterLab, and wait for its end."""
        self.page.evaluate(
            "([name, given]) => window.jupyterapp.commands.execute(name, given).then(() => null)",
            [command, arguments],
        )

    def notebook(self, script: str) -> object:
        """Return what a script says of `panel`, the notebook that is shown."""
        return self.page.evaluate(
            f"async () => {{ const panel = window.jupyterapp.shell.currentWidget; {script} }}"
        )

    def open(self, notebook: str) -> None:
        """Open a notebook and wait for its kernel."""
        self.do("docmanager:open", path=f"{notebook}.ipynb")
        self.notebook("await panel.context.ready; await panel.sessionContext.ready")

    def run_all(self) -> None:
        """Run all cells and wait until the last has ended."""
        self.do("notebook:run-all-cells")

    def outputs(self) -> list[tuple[str, dict]]:
        """Return the outputs of the notebook that is shown, each with the id of its cell."""
        cells = self.notebook("return [...panel.content.model.cells].map(cell => cell.toJSON())")
        return [(cell["id"], output) for cell in cells for output in cell.get("outputs", [])]

    def close(self) -> None:
        """Close the notebook that is shown, with its kernel."""
        self.notebook("await panel.sessionContext.shutdown(); panel.dispose()")
