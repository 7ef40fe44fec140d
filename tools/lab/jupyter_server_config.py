"""Settings of the server of `make lab`, added to the user's: notebooks saved without outputs."""

import sys
import warnings
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from strip_notebook import stripped  # noqa: E402


def strip_before_saving(model: dict[str, Any], **_: object) -> None:
    """Strip a notebook in place before the server writes it."""
    if model["type"] == "notebook":
        model["content"].update(stripped(model["content"]))


# The server sets its hook once more after it has loaded its extensions, and warns of that.
warnings.filterwarnings("ignore", message="Overriding existing pre_save_hook")

c = get_config()  # noqa: F821
c.FileContentsManager.pre_save_hook = strip_before_saving
c.LabApp.extra_labextensions_path = [str(HERE / "labextensions")]
