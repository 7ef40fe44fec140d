"""A run killed at any moment leaves a whole edition, no process behind, and a next run that needs no flag."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from analysis.pipeline.stage import damaged
from running import run_analysis

KILLS = int(os.environ.get("KILLS", "2"))


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


def test_kills_at_random_moments(edition, tmp_path):
    folder = shutil.copytree(edition, tmp_path / "one/more/level")  # at another depth everything is stale
    (folder / "outputs/INPUTS").unlink()
    (folder / "outputs/SHA256SUMS").write_bytes((edition / "outputs/SHA256SUMS").read_bytes())
    before = (folder / "outputs/SHA256SUMS").read_bytes()
    chance = random.Random(2020)
    for _ in range(KILLS):
        run = subprocess.Popen([sys.executable, "-m", "analysis", "build"], cwd=folder, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.2, 20))
        run.kill()
        run.wait()
        end = time.monotonic() + 10
        while still_running(folder) and time.monotonic() < end:
            time.sleep(0.1)
        assert still_running(folder) == []
        said = damaged(folder / "outputs")
        assert said in ([], ["missing: INPUTS"]), said
    done = run_analysis(folder, "build")
    assert done.returncode == 0, done.stderr
    assert damaged(folder / "outputs") == []
    assert (folder / "outputs/SHA256SUMS").read_bytes() == before
