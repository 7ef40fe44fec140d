"""What the same bytes need in the environment of every process that computes."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

# Set before any kernel starts: without each of these, some published file differs between runs.
STABLE = {
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "PYTHONUTF8": "1",
    "PYTHONSTARTUP": "",  # kernels would run it
    "PYTHONDONTWRITEBYTECODE": "",  # else every kernel would compile every library again
}


def set_stable() -> None:
    """Set what the same bytes need in the environment that kernels inherit."""
    drawing = Path(find_spec("matplotlib").origin).with_name("mpl-data") / "matplotlibrc"  # not one's own
    os.environ.update(STABLE, MATPLOTLIBRC=str(drawing))
