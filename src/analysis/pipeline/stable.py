"""What the same bytes need in the environment of every process that computes."""

from __future__ import annotations

import os

# Set before any kernel starts: without each of these, some published file differs between runs.
STABLE = {
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "PYTHONUTF8": "1",
    "PYTHONDONTWRITEBYTECODE": "",  # else every kernel would compile every library again
}


def set_stable() -> None:
    """Set what the same bytes need in the environment that kernels inherit."""
    os.environ.update(STABLE)
