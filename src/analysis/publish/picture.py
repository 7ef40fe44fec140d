"""Write a figure as SVG and PNG, with a label, and as a narrow SVG for phones."""

from __future__ import annotations

import io
import math
import textwrap
from typing import TYPE_CHECKING

from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from analysis.publish.drawing import MARKS, compact
from analysis.publish.figures import LINE, legend_above
from analysis.publish.rows import ROWS, WARM

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NARROW = 3.55  # inches: the width of a phone
FOOT = 0.2  # inches: height of the label of the data
WIDEST = 0.4  # of a narrow drawing: wider names of rows are wrapped


def label(figure: Figure, text: str) -> None:
    """Write the label of the data inside the picture, since pictures are copied separately."""
    figure.supxlabel(text, x=0.995, ha="right", fontsize="medium", color=WARM)


def narrow(figure: Figure) -> None:
    """Lay out a figure for a phone: its width, wrapped labels, panels in two columns."""
    _, height = figure.get_size_inches()
    panels = figure.axes
    if len(panels) > 2:
        grid = figure.add_gridspec((len(panels) + 1) // 2, 2)
        for i, axes in enumerate(panels):
            axes.set_subplotspec(grid[i])
            axes.tick_params(labelleft=i % 2 == 0)
        height += (height - FOOT) * ((len(panels) - 1) // 2)
    figure.set_size_inches(NARROW, height)
    figure.set_figheight(height + LINE * sum(map(_fit, panels)))
    figure.set_layout_engine("constrained")


def _fit(axes: Axes) -> int:
    """Fit axes to a narrow figure: fewer ticks, wrapped labels, a legend of two columns.

    Returns the number of lines that the legend gains.
    """
    if len(axes.get_xticks()) > 4:
        axes.locator_params(axis="x", nbins=4)
    # instead of the renderer of the last file
    names, renderer = (axes.get_yticklabels(), axes.figure.canvas.get_renderer())
    words = [name.get_text() for name in names]
    if any(
        name.get_window_extent(renderer).width > WIDEST * axes.figure.bbox.width for name in names
    ):
        axes.set_yticks(
            axes.get_yticks(), [textwrap.fill(word, 16) for word in words], ha=names[0].get_ha()
        )
    if not (legend := axes.get_legend()):
        return 0
    words = [text.get_text() for text in legend.get_texts()]
    before = math.ceil(len(words) / legend._ncols)
    return legend_above(axes, 2, "right", handles=legend.legend_handles, labels=words) - before


def thin(axes: Axes) -> None:
    """Draw more lines of districts than ROWS thinner, and label only some of them.

    The table of the figure names all.
    """
    count = len(axes.get_yticks())
    if count <= ROWS or not any(word.get_text() for word in axes.get_yticklabels()):
        return
    step, names = math.ceil(count / ROWS), axes.get_yticklabels()
    words = [name.get_text() for name in names]
    axes.set_yticks(list(axes.get_yticks())[::step], words[::step], ha=names[0].get_ha())
    for drawn in axes.collections:
        drawn.set_linewidth([width * ROWS / count for width in drawn.get_linewidth()])
        if isinstance(drawn, PathCollection):
            drawn.set_sizes([size * ROWS / count for size in drawn.get_sizes()])
    for text in [text for text in axes.texts if (text.get_gid() or "").startswith(MARKS)]:
        text.remove()  # the values of districts would overlap


def lay_out(figure: Figure) -> None:
    """Compute the layout once, for all files of the figure."""
    engine = figure.get_layout_engine()
    if engine is not None:
        for axes in figure.axes:
            thin(axes)
        engine.execute(figure)
        figure.set_layout_engine(None)  # with "none", every saving would draw twice


def svg(
    figure: Figure, areas: dict[str, str] | None = None, unit: str = "", phone: bool = False
) -> str:
    """Return the SVG of a figure: text as text, short, reproducible, marks with county codes."""
    lay_out(figure)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return compact(buffer.getvalue(), areas or {}, unit, phone)


def png(figure: Figure) -> bytes:
    """Return the PNG of a figure: white background, 160 dots an inch, no software stamp."""
    lay_out(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=160, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()
