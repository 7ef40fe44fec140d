"""Read files from the commits of the current repository."""

from __future__ import annotations

import subprocess
from pathlib import Path


def commit_of(root: Path, said: str) -> str:
    """Return the hash of the commit that a name refers to; empty if there is none."""
    wanted = f"{said}^{{commit}}"
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
    return found.decode().strip() if found else ""


def blob(root: Path, commit: str, name: str) -> bytes | None:
    """Return the bytes of a file in a commit, named from the root; None if it has none."""
    return _git(root, "cat-file", "blob", f"{commit}:./{name}")


def _git(root: Path, *arguments: str) -> bytes | None:
    try:
        done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, check=False)
    except OSError:  # git may not be installed
        return None
    return done.stdout if done.returncode == 0 else None
