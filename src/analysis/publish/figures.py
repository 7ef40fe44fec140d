"""Figures in one house style, by seaborn: frame of estimates in, figure out."""

from __future__ import annotations

import base64
import io
import re

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib import font_manager
from matplotlib.figure import Figure

from analysis.publish import fonts

INK, MUTED, ACCENT, WARM = "#1d2a33", "#8fa3ab", "#1c5d7d", "#b8541a"
PALETTE = [ACCENT, "#6fa3b8", WARM, "#d9a86c", "#4d6b57"]
WIDTH = 6.8  # inches: the text column of the page


def use_style() -> None:
    """Set the house style: Noto Sans SC from its wheel, text kept as text, the same bytes each time."""
    path = fonts.font_path()
    font_manager.fontManager.addfont(path)  # from its file: a font cache may be stale
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
            "svg.fonttype": "none",
            "svg.hashsalt": "analysis",
            "figure.dpi": 100,
        },
    )


def new_figure(rows: int, columns: int = 1, **options):
    """Open a figure as wide as the page, tall enough for `rows` lines of districts."""
    height = 0.9 + 0.31 * rows
    return plt.subplots(1, columns, figsize=(WIDTH, height), layout="constrained", **options)


def interval_plot(frame: pd.DataFrame, city: float | None, unit: str) -> Figure:
    """Plot each district's value with its interval, against the city's line where there is one.

    frame: columns district (label), value, low, high, in reading order.
    """
    figure, axes = new_figure(len(frame))
    if city is not None:
        axes.axvline(city, color=WARM, linewidth=1.2, linestyle=(0, (4, 2)))
    axes.hlines(frame["district"], frame["low"], frame["high"], color=MUTED, linewidth=3)
    sns.scatterplot(frame, x="value", y="district", color=ACCENT, s=46, zorder=3, ax=axes)
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
    _legend_above(axes, 2)
    axes.set_xlim(-2, 102)
    return figure


def dumbbell(frame: pd.DataFrame, before: str, after: str, unit: str) -> Figure:
    """Plot two states of each district joined by a line; `before` and `after` name columns and legend."""
    figure, axes = new_figure(len(frame) + 1)
    axes.hlines(frame["district"], frame[before], frame[after], color=MUTED, linewidth=3)
    long = frame.melt("district", [before, after], var_name="time", value_name="value")
    sns.scatterplot(
        long,
        x="value",
        y="district",
        hue="time",
        palette=[MUTED, ACCENT],
        style="time",
        markers=["o", "D"],
        s=52,
        zorder=3,
        ax=axes,
    )
    _legend_above(axes, 2)
    axes.set(xlabel=unit, ylabel="")
    return figure


def bars(frame: pd.DataFrame, unit: str) -> Figure:
    """Plot one bar for each district or category with its value at the end.

    frame: columns district (or any label in the first column), value and text (as printed).
    """
    figure, axes = new_figure(len(frame))
    label = frame.columns[0]
    sns.barplot(frame, x="value", y=label, color=ACCENT, saturation=1, width=0.62, ax=axes)
    axes.bar_label(axes.containers[0], labels=frame["text"], padding=4, color=INK)
    axes.set(xlabel=unit, ylabel="")
    axes.margins(x=0.12)
    return figure


def stacked(frame: pd.DataFrame, unit: str) -> Figure:
    """Plot stacked bars: one row of `frame` (index: label) each, one colour a column."""
    figure, axes = new_figure(len(frame) + 1)
    frame.iloc[::-1].plot.barh(stacked=True, ax=axes, width=0.62, color=PALETTE[: frame.shape[1]])
    axes.grid(axis="y", visible=False)
    _legend_above(axes, frame.shape[1])
    axes.set(xlabel=unit, ylabel="")
    return figure


def small_multiples(frame: pd.DataFrame, panel: str) -> Figure:
    """Plot one panel of bars for each value of column `panel`, each on its own scale (units differ)."""
    panels = list(frame[panel].unique())
    figure, axes = new_figure(frame["district"].nunique() + 1, len(panels), sharey=True)
    for axis, name in zip(axes, panels, strict=True):
        part = frame[frame[panel] == name]
        sns.barplot(part, x="value", y="district", color=ACCENT, saturation=1, width=0.62, ax=axis)
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


def _legend_above(axes, columns: int) -> None:
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, title=None, borderpad=0)


def label(figure: Figure, text: str) -> None:
    """Write the label of the data inside the picture, because pictures travel alone."""
    figure.supxlabel(text, x=0.995, ha="right", fontsize=7.5, color=WARM)


def svg(figure: Figure) -> str:
    """Draw as SVG with text kept as text: no date, stable ids, from the <svg> tag on."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    drawing = re.sub(r"^.*?(?=<svg)", "", buffer.getvalue(), flags=re.DOTALL)
    return re.sub(r"(\d\.\d\d)\d+", r"\1", drawing)  # a hundredth of a point is fine enough


def png(figure: Figure) -> bytes:
    """Draw as PNG on white, 160 dots an inch, without software stamp."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=160, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def standalone(drawing: str, text: str | None = None) -> str:
    """Give an SVG file a font with its characters (or those of `text`), to be read without a Chinese font."""
    text = "".join(re.findall(r">([^<]+)<", drawing if text is None else text))
    font = base64.b64encode(fonts.subset_woff2(text)).decode()
    family = "Noto Sans SC"
    face = f"@font-face{{font-family:'{family}';src:url(data:font/woff2;base64,{font}) format('woff2')}}"
    head, tag, rest = drawing.partition(">")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}{tag}<style>{face}</style>{rest}'
