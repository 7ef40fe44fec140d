"""A run killed at any time leaves a whole edition and no process; the next run needs no flag."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from analysis.edition.stage import damaged
from running import run_analysis, slow

KILLS = int(os.environ.get("KILLS", "50"))


def still_running(folder: Path) -> list[str]:
    """List the processes that work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


@slow
def test_kills_at_random_moments(edition, tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    # beside it, so that only what is stale runs
    shutil.copytree(edition, folder, dirs_exist_ok=True)
    notebook = folder / "notebooks/02_facilities.ipynb"
    words = notebook.read_text("utf-8")
    assert "%%md zh" in words
    chance = random.Random(2020)

    def edit(times):
        notebook.write_text(words.replace("%%md zh\\n", f"%%md zh\\n{'甲' * times}", 1), "utf-8")

    edit(KILLS + 1)
    start = time.monotonic()
    assert run_analysis(folder, "build").returncode == 0
    whole, killed = time.monotonic() - start, 0
    for kill in range(KILLS):
        edit(kill + 1)
        run = subprocess.Popen(
            [sys.executable, "-m", "analysis", "build"], cwd=folder, stderr=subprocess.DEVNULL
        )
        time.sleep(chance.uniform(0.1, whole))
        run.kill()
        killed += run.wait() != 0
        end = time.monotonic() + 10
        while still_running(folder) and time.monotonic() < end:
            time.sleep(0.1)
        assert still_running(folder) == []
        assert damaged(folder / "outputs/2020") == []
    assert killed >= KILLS / 2, "most kills meet a run"
    done = run_analysis(folder, "build")
    assert done.returncode == 0, done.stderr
    assert damaged(folder / "outputs/2020") == []
    assert "甲" * KILLS in (folder / "outputs/2020/notebooks/02_facilities.html").read_text("utf-8")
