"""Environment variables that make every process compute and write the same bytes.

Users may have personal settings for each library: a matplotlibrc, Jupyter templates and kernels,
IPython start-up files, fonts, pandoc's reference.docx. They must not affect what is published.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from analysis.survey.folders import root

# set before any kernel starts: without each of these, some published file differs between runs
STABLE = {
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "PYTHONUTF8": "1",
}

# variables by which a library, or a process that it starts, finds personal settings
PERSONAL = (
    "COLUMNS",
    "FONTCONFIG_",
    "FORCE_COLOR",
    "IPYTHON",
    "JPY_",
    "JUPYTER",
    "LANG",
    "LC_",
    "MATPLOTLIB",
    "MPL",
    "PAPERMILL_",
    "PANDOC_",
    "PYTHON",
    "SOURCE_DATE_EPOCH",
    "TYPST_",
    "XDG_",
)
# paths of Python and its modules, without which nothing may start
KEPT = ("PYTHONHOME", "PYTHONPATH")


def set_stable() -> None:
    """Set the environment that kernels inherit, with a home folder in the repository.

    `build/home` holds caches of libraries, such as matplotlib's list of fonts.
    """
    personal = [name for name in os.environ if name.startswith(PERSONAL) and name not in KEPT]
    for name in personal:
        del os.environ[name]
    home = root() / "build/home"
    home.mkdir(parents=True, exist_ok=True)
    # instead of a personal one
    drawing = Path(find_spec("matplotlib").origin).with_name("mpl-data") / "matplotlibrc"
    os.environ.update(STABLE, HOME=str(home), MATPLOTLIBRC=str(drawing))
