"""Figures in one house style, by seaborn: frame of estimates in, figure out."""

from __future__ import annotations

import math

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib import font_manager
from matplotlib.figure import Figure

from analysis.publish.drawing import marks
from analysis.survey.characters import font_path

INK, MUTED, ACCENT, WARM = "#1d2a33", "#8fa3ab", "#1c5d7d", "#b8541a"
PALETTE = ["#17445c", "#5b9cb8", "#e3bd80", "#b8541a", "#8f9f97"]  # neighbours differ in lightness: read in grey
WIDTH = 6.8  # inches: the text column of the page
LINE = 0.22  # inches: a line of a legend
ROWS = 40  # lines of districts in the tallest figure; more are drawn thinner, and the table behind names all
# Where each county lies, roughly: column and row from the north-west; no boundary.
TILES = {
    "331023": (1, 0),
    "331022": (2, 0),
    "331024": (0, 1),
    "331082": (1, 1),
    "331002": (2, 1),
    "331003": (1, 2),
    "331004": (2, 2),
    "331083": (1, 3),
    "331081": (2, 3),
}


def use_style() -> None:
    """Set the house style: Noto Sans SC from its wheel, text kept as text, the same bytes each time."""
    path = font_path()
    plt.rcdefaults()  # a matplotlibrc in the current folder comes before all others
    manager, own = font_manager.fontManager, mpl.get_data_path()
    manager.ttflist = [font for font in manager.ttflist if font.fname.startswith(own)]  # not the machine's
    manager.addfont(path)  # from its file: a font cache may be stale
    family = font_manager.FontProperties(fname=path).get_name()
    sns.set_theme(
        style="ticks",
        palette=PALETTE,
        rc={
            "font.family": [family],
            "font.size": 10,
            "axes.edgecolor": MUTED,
            "axes.labelcolor": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.spines.left": False,
            "axes.unicode_minus": False,
            "axes.grid": True,
            "axes.grid.axis": "x",
            "axes.axisbelow": True,
            "grid.color": "#e3e9ec",
            "text.color": INK,
            "text.parse_math": False,
            "xtick.color": INK,
            "ytick.color": INK,
            "ytick.left": False,
            "xtick.major.size": 0,
            "svg.fonttype": "none",
            "svg.hashsalt": "analysis",
            "figure.dpi": 100,
        },
    )


def new_figure(rows: int, columns: int = 1, **options):
    """Open a figure as wide as the page, tall enough for `rows` lines of districts, but for no more than ROWS."""
    height = 0.9 + 0.31 * min(rows, ROWS)
    return plt.subplots(1, columns, figsize=(WIDTH, height), layout="constrained", **options)


def interval_plot(frame: pd.DataFrame, city: float | None, unit: str) -> Figure:
    """Plot each district's value with its interval, against the city's line where there is one.

    frame: columns district (label), value, low, high, in reading order.
    """
    figure, axes = new_figure(len(frame))
    if city is not None:
        axes.axvline(city, color=WARM, linewidth=1.2, linestyle=(0, (4, 2)))
    lines = axes.hlines(frame["district"], frame["low"], frame["high"], color=MUTED, linewidth=3)
    lines.set_gid(marks(f"{d} {a:.4g}–{b:.4g}" for d, a, b in _rows(frame, "low", "high")))
    sns.scatterplot(frame, x="value", y="district", color=ACCENT, s=46, zorder=3, ax=axes)
    axes.collections[1].set_gid(_values(frame, "value"))
    axes.set(xlabel=unit, ylabel="")
    return figure


def against_city(frame: pd.DataFrame, own: str, city: str, unit: str) -> Figure:
    """Plot one district's indicators with their intervals, the city's value as a tick beside each.

    frame: columns district (label of the indicator), value, low, high, city. own, city: for the legend.
    """
    figure = interval_plot(frame, None, unit)
    axes = figure.axes[0]
    axes.scatter(frame["city"], frame["district"], marker="|", s=240, linewidth=2, color=WARM, zorder=4)
    axes.collections[1].set_label(own)
    axes.collections[2].set_label(city)
    axes.collections[2].set_gid(marks(f"{city} {value:.4g}" for value in frame["city"]))
    legend_above(axes, 2)
    axes.set_xlim(-2, 102)
    return figure


def dumbbell(frame: pd.DataFrame, before: str, after: str, unit: str) -> Figure:
    """Plot two states of each district joined by a line; `before` and `after` name columns and legend."""
    figure, axes = new_figure(len(frame) + 1)
    lines = axes.hlines(frame["district"], frame[before], frame[after], color=MUTED, linewidth=3)
    lines.set_gid(marks(frame["district"]))
    for column, marker, color in ((before, "o", MUTED), (after, "D", ACCENT)):
        options = {"marker": marker, "color": color, "s": 52, "zorder": 3, "label": column, "legend": False}
        sns.scatterplot(frame, x=column, y="district", ax=axes, **options)
        axes.collections[-1].set_gid(_values(frame, column))
    legend_above(axes, 2)
    axes.set(xlabel=unit, ylabel="")
    return figure


def bars(frame: pd.DataFrame, unit: str) -> Figure:
    """Plot one bar for each district or category with its value at the end.

    frame: columns district (or any label in the first column), value and text (as printed).
    """
    figure, axes = new_figure(len(frame))
    label = frame.columns[0]
    sns.barplot(frame, x="value", y=label, color=ACCENT, saturation=1, width=0.62, ax=axes)
    for bar, name, text in zip(axes.patches, frame[label], frame["text"], strict=True):
        bar.set_gid(marks([f"{name} {text}"]))
    axes.bar_label(axes.containers[0], labels=frame["text"], padding=4, color=INK)
    axes.set(xlabel=unit, ylabel="")
    axes.margins(x=0.12)
    return figure


def stacked(frame: pd.DataFrame, unit: str) -> Figure:
    """Plot stacked bars: one row of `frame` (index: label) each, one colour a column."""
    figure, axes = new_figure(len(frame) + 1)
    upwards = frame.iloc[::-1]
    upwards.plot.barh(
        stacked=True, ax=axes, width=0.62, color=PALETTE[: frame.shape[1]], edgecolor="white", linewidth=0.6
    )
    for part, column in zip(axes.containers, upwards, strict=True):
        for bar, name, value in zip(part, upwards.index, upwards[column], strict=True):
            bar.set_gid(marks([f"{name} {column} {value:.6g}"]))
    axes.grid(axis="y", visible=False)
    axes.set(xlabel=unit, ylabel="")
    lines = legend_above(axes, frame.shape[1])
    figure.set_figheight(figure.get_figheight() + LINE * (lines - 1))
    return figure


def small_multiples(frame: pd.DataFrame, panel: str) -> Figure:
    """Plot one panel of bars for each value of column `panel`, each on its own scale (units differ)."""
    panels = list(frame[panel].unique())
    figure, axes = new_figure(frame["district"].nunique() + 1, len(panels), sharey=True)
    for axis, name in zip(axes, panels, strict=True):
        part = frame[frame[panel] == name]
        sns.barplot(part, x="value", y="district", color=ACCENT, saturation=1, width=0.62, ax=axis)
        for bar, label, value in zip(axis.patches, part["district"], part["value"], strict=True):
            bar.set_gid(marks([f"{label} {value:.6g}"]))
        axis.set_title(name, fontsize=9)
        axis.set(xlabel="", ylabel="")
        axis.locator_params(axis="x", nbins=3)
    return figure


def boxes(frame: pd.DataFrame, x: str, y: str, unit: str) -> Figure:
    """Plot the distribution of `x` for each `y` by boxes; no mark stands for a person."""
    figure, axes = new_figure(frame[y].nunique() + 1)
    sns.boxplot(frame, x=x, y=y, color="#a9c3cf", linecolor=INK, width=0.5, showfliers=False, ax=axes)
    axes.set(xlabel=unit, ylabel="")
    return figure


def tile_map(frame: pd.DataFrame, unit: str) -> Figure:
    """Plot one tile for each county, laid out by `tile_places`; darker is more. It shows no boundary.

    frame: columns code, district (label), value and text (as printed); a tile carries name and value.
    """
    places = tile_places(frame["code"])
    wide, tall = extent(places)
    figure, axes = plt.subplots(figsize=(WIDTH, 3.6 if tall <= 4 else WIDTH), layout="constrained")
    shades = sns.light_palette(ACCENT, as_cmap=True)
    low, high = frame["value"].min(), frame["value"].max()
    for row in frame.itertuples():
        x, y = places[row.code]
        depth = 0.08 + 0.84 * (row.value - low) / (high - low or 1)
        tile = plt.Rectangle((x, y), 0.94, 0.9, color=shades(depth), gid=marks([f"{row.district} {row.text}"]))
        axes.add_patch(tile)
        ink = "white" if depth > 0.55 else INK
        if wide <= 3:  # smaller tiles have no room for words
            axes.text(x + 0.47, y + 0.42, f"{row.district}\n{row.text}", ha="center", va="center", color=ink)
    axes.set(xlim=(0, wide), ylim=(tall, 0), xlabel=unit, xticks=[], yticks=[])
    sns.despine(ax=axes, left=True, bottom=True)
    return figure


def placed(codes) -> bool:
    """Tell whether the place of every county is known, so that tiles lie roughly as the counties do."""
    return set(codes) <= set(TILES)


def tile_places(codes) -> dict[str, tuple[int, int]]:
    """Return column and row of each tile: where the county lies; in the order given if one is unknown."""
    if placed(codes):
        return {code: TILES[code] for code in codes}
    width = math.ceil(math.sqrt(len(codes)))
    return {code: (place % width, place // width) for place, code in enumerate(codes)}


def extent(places: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """Return how many columns and rows tiles take, at least those of the nine counties."""
    columns, rows = zip(*places.values(), strict=True)
    return max(3, max(columns) + 1), max(4, max(rows) + 1)


def _rows(frame: pd.DataFrame, *columns: str):
    return frame[["district", *columns]].itertuples(index=False, name=None)


def _values(frame: pd.DataFrame, column: str) -> str:
    return marks(f"{name} {value:.4g}" for name, value in _rows(frame, column))


def legend_above(axes, columns: int, side: str = "left", **parts) -> int:
    """Set the legend above the axes, in no more columns than fit; returns its lines.

    At the right it may reach over the labels, not out of the picture.
    """
    place = {"loc": f"lower {side}", "bbox_to_anchor": (float(side == "right"), 1)}
    labels = [label.get_window_extent().width for label in axes.get_yticklabels() if side == "left"]
    room = axes.figure.bbox.width * 0.97 - max(labels, default=0)
    for count in range(columns, 0, -1):
        legend = axes.legend(ncols=count, frameon=False, title=None, borderpad=0, **place, **parts)
        if legend.get_window_extent().width <= room:
            break
    return math.ceil(len(legend.get_texts()) / count)
