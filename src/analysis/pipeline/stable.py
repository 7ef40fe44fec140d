"""What the same bytes need in the environment of every process that computes or writes pages.

Whoever runs it may have settings of their own for each library: a matplotlibrc, Jupyter templates
and kernels, IPython start-up files, fonts, pandoc's reference.docx. None of them has a say in what
is published.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from analysis.survey.folders import root

# Set before any kernel starts: without each of these, some published file differs between runs.
STABLE = {
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "PYTHONUTF8": "1",
}

# Variables by which a library, or a process that it starts, finds settings of one's own.
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
# where Python and its modules are: without them nothing may start
KEPT = ("PYTHONHOME", "PYTHONPATH")


def set_stable() -> None:
    """Set what the same bytes need in the environment that kernels inherit, and a home that is the
    repository's.

    `build/home` holds what libraries keep for later, such as matplotlib's list of fonts.
    """
    personal = [name for name in os.environ if name.startswith(PERSONAL) and name not in KEPT]
    for name in personal:
        del os.environ[name]
    home = root() / "build/home"
    home.mkdir(parents=True, exist_ok=True)
    # not one's own
    drawing = Path(find_spec("matplotlib").origin).with_name("mpl-data") / "matplotlibrc"
    os.environ.update(STABLE, HOME=str(home), MATPLOTLIBRC=str(drawing))
