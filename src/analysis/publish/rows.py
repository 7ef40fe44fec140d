"""Rows of a figure: named lines with values written on them, without axes and legends.

Positions are in data units, with one unit for each row from the top; the head is above row one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from analysis.publish.drawing import marks

INK, SOFT, MUTED, FAINT = "#1d2a33", "#55636d", "#8fa3ab", "#cfd8dc"
ACCENT, WARM = "#1c5d7d", "#b8541a"
# of what the title describes, and of the rest
TONES = {"accent": ACCENT, "other": WARM, "context": MUTED}
WIDTH = 5.6  # inches: the text column of the page; letters are as large as in the narrow drawing
ROW = 0.19  # inches: one row
ROWS = 40  # of the tallest figure; more rows are drawn thinner, and the table names all
POINTS = 72  # in an inch
GAP = 4  # points between a mark and its label
SIDES = {
    "right": {"xytext": (GAP, 0), "ha": "left"},
    "left": {"xytext": (-GAP, 0), "ha": "right"},
    "on": {"xytext": (0, 0), "ha": "center"},
    "from": {"xytext": (0, 0), "ha": "left"},
    "to": {"xytext": (0, 0), "ha": "right"},
}


def row_figure(*panels: Sequence[str], head: float = 0) -> tuple[Figure, list[Axes]]:
    """Return a figure of panels in a column, with named rows, and `head` rows free above."""
    rows = [len(names) + (0 if i else head) for i, names in enumerate(panels)]
    height = ROW * min(sum(rows), ROWS + head) + 0.24
    figure, grid = plt.subplots(
        len(panels),
        1,
        figsize=(WIDTH, height),
        layout="constrained",
        height_ratios=rows,
        squeeze=False,
    )
    for axes, names, count in zip(grid[:, 0], panels, rows, strict=True):
        axes.set(xticks=[], ylim=(len(names) - 0.5, len(names) - 0.5 - count))
        axes.set_yticks(range(len(names)), names)
        axes.grid(visible=False)
        axes.spines["bottom"].set_visible(False)
    align_left(grid[:, 0])
    return figure, list(grid[:, 0])


def align_left(panels: Iterable[Axes], apart: float = 0) -> None:
    """Align the names of rows at the left edge of the figure, `apart` points from the axes."""
    names = [name for axes in panels for name in axes.get_yticklabels() if name.get_text()]
    width = max(
        (name.get_window_extent().width * POINTS / name.figure.dpi for name in names), default=-GAP
    )
    for axes in panels:
        axes.tick_params(axis="y", pad=width + GAP + apart)
    for name in names:
        name.set_horizontalalignment("left")


def write(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    side: str = "right",
    color: str = INK,
    of: str = "",
    **options: Any,
) -> None:
    """Write a label at a point, on a side of SIDES; `of`: the district that it labels."""
    where = {
        "textcoords": "offset points",
        "va": "center_baseline",
        "annotation_clip": False,
        **SIDES[side],
    }
    gid = marks([f"{of} {text}"]) if of else None
    axes.annotate(text, (x, y), color=color, gid=gid, **(where | options))


def write_edge(
    axes: Axes, y: float, text: str, color: str = INK, of: str = "", inset: float = 0
) -> None:
    """Write a label that ends at the right edge of the axes, or `inset` points right of it."""
    at_edge = {"xycoords": axes.get_yaxis_transform(), "xytext": (inset, 0)}
    write(axes, 1, y, text, "to", color, of, **at_edge)


def line_at(
    axes: Axes, value: float, text: str, side: str, color: str = INK, y: float = -1
) -> None:
    """Draw a vertical line through all rows below `y`, with its name at `y`."""
    bottom = axes.get_ylim()[0]
    axes.vlines(
        value, y + 0.45, bottom, color=color, linewidth=0.9, linestyle=(0, (3, 2)), zorder=0.5
    )
    inward = {"left": (3, 0), "right": (-3, 0)}.get(side, (0, 0))
    write(
        axes, value, y, text, {"left": "to", "right": "from"}.get(side, "on"), color, xytext=inward
    )


def bracket(axes: Axes, first: int, last: int, text: str, color: str, inset: float) -> None:
    """Draw a bracket beside rows, `inset` points right of the axes, with a name."""
    right = ScaledTranslation(inset / POINTS, 0, axes.figure.dpi_scale_trans)
    beside = axes.get_yaxis_transform() + right
    ends = [first - 0.35, last + 0.35]
    axes.plot([1, 1], ends, transform=beside, color=color, linewidth=1.2, clip_on=False)
    middle = (first + last) / 2
    write(
        axes,
        1,
        middle,
        text,
        color=color,
        xycoords=axes.get_yaxis_transform(),
        xytext=(inset + GAP, 0),
    )


def room(texts: Iterable[str]) -> float:
    """Return the approximate width of the longest label, in points."""
    return max(sum(8.5 if sign > "\u2e7f" else 5.2 for sign in text) for text in texts) + 2 * GAP


def tone_colors(tones: Iterable[str]) -> list[str]:
    """Return the colour of each tone."""
    return [TONES[tone] for tone in tones]
