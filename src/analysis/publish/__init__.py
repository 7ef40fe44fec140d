"""Publishing: words, figures, tables and pages, all from the estimates.

In a notebook: `%load_ext analysis.publish` sets the figure style and registers the `%%md` cells.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Set the figure style and register `%%md LANG`, which adds text to `section`."""
    from analysis.publish.figures import use_style

    def md(line: str, cell: str) -> None:
        """Show a cell of Markdown; `say` adds nothing unless the language is the section's."""
        section = shell.user_ns["section"]
        words = section.say({line.strip(): cell})
        if words.strip():  # a condition may leave no text
            section.show({"text/markdown": words}, {"kind": "prose", "lang": section.lang})

    def forget(*_: object) -> None:
        """Let `%load_ext` load again without a message when all cells are run again."""
        shell.extension_manager.loaded.discard(__name__)

    shell.events.register("post_run_cell", forget)
    shell.register_magic_function(md, magic_kind="cell", magic_name="md")
    warnings.formatwarning = _without_path
    use_style()


def _without_path(message: Warning | str, category: type[Warning], *_: object) -> str:
    """Format a warning without its file, whose path would differ between machines."""
    return f"{category.__name__}: {message}\n"
