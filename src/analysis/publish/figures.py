"""Figures in one style, with seaborn: frame of estimates in, figure out."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.publish.drawing import marks
from analysis.publish.rows import (
    ACCENT,
    FAINT,
    GAP,
    INK,
    MUTED,
    ROW,
    ROWS,
    SOFT,
    WARM,
    WIDTH,
    align_left,
    bracket,
    line_at,
    room,
    row_figure,
    tone_colors,
    write,
    write_edge,
)
from analysis.survey.characters import font_path

# neighbours differ in lightness, for printing in grey
PALETTE = ["#17445c", "#5b9cb8", "#e3bd80", "#b8541a", "#8f9f97"]
TOLD = [ACCENT, "#a5c8d8"]  # parts of a whole that the title describes
LEAST = 8  # per cent: smaller parts have no room for their value, which the table shows
# a white background, so that lines do not cross text
CLEAR = {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 1.2}}
LINE = 0.19  # inches: a line of a legend


def use_style() -> None:
    """Set the figure style: Noto Sans SC from its wheel, text as text, reproducible bytes."""
    path = font_path()
    plt.rcdefaults()  # overrides a matplotlibrc in the current folder
    manager, own = font_manager.fontManager, mpl.get_data_path()
    # without the fonts of the machine
    manager.ttflist = [font for font in manager.ttflist if font.fname.startswith(own)]
    manager.addfont(path)  # from its file: a font cache may be stale
    family = font_manager.FontProperties(fname=path).get_name()
    sns.set_theme(
        style="ticks",
        palette=PALETTE,
        rc={
            "font.family": [family],
            "font.size": 8.5,  # all labels: 14 px in the column of the page, 12 on a phone
            "axes.labelsize": "medium",
            "xtick.labelsize": "medium",
            "ytick.labelsize": "medium",
            "legend.fontsize": "medium",
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


def new_figure(rows: int, columns: int = 1, **options: Any) -> tuple[Figure, Any]:
    """Return a figure with axes for `rows` lines of districts, at most ROWS."""
    height = 0.75 + 0.25 * min(rows, ROWS)
    return plt.subplots(1, columns, figsize=(WIDTH, height), layout="constrained", **options)


def against_city(frame: pd.DataFrame, own: str, city: str, unit: str) -> Figure:
    """Plot one district's indicators with intervals, and the city's values as ticks.

    frame: columns district (label of the indicator), value, low, high, city. own, city: for the
    legend.
    """
    figure, axes = new_figure(len(frame))
    text = frame.select_dtypes("number").map("{:.4g}".format).assign(district=frame["district"])
    lines = axes.hlines(frame["district"], frame["low"], frame["high"], color=MUTED, linewidth=2.5)
    lines.set_gid(_named(text, "low", "high"))
    sns.scatterplot(frame, x="value", y="district", color=ACCENT, s=34, zorder=3, ax=axes)
    axes.collections[1].set(gid=_named(text, "value"), label=own)
    tick = {"marker": "|", "s": 170, "linewidth": 2, "color": WARM, "zorder": 4, "label": city}
    axes.scatter(frame["city"], frame["district"], **tick).set_gid(
        marks(f"{city} {one}" for one in text["city"])
    )
    legend_above(axes, 2)
    axes.set(xlabel=unit, ylabel="", xlim=(-2, 102), ylim=(len(frame) - 0.5, -0.5))
    return figure


def dumbbell(frame: pd.DataFrame, before: str, after: str, city: float | None = None) -> Figure:
    """Plot two dates of each district, connected, with both values at the ends.

    frame: columns district, before, after (values), before_text, after_text (as printed), tone (of
    TONES), note (on the line) and group (of neighbours, bracketed); the last two may be empty.
    before, after: names of the dates, above the first row. city: adds a line for the city, named by
    `after`.
    """
    figure, (axes,) = row_figure(frame["district"], head=1)
    color, y, over_line = (
        tone_colors(frame["tone"]),
        range(len(frame)),
        {} if city is None else CLEAR,
    )
    align_left([axes], room(frame["before_text"]))
    axes.set_xlim(frame["before"].min(), frame["after"].max())
    axes.hlines(y, frame["before"], frame["after"], color=color, linewidth=2).set_gid(
        marks(frame["district"])
    )
    dots = {"edgecolors": color, "linewidths": 1.4, "s": 22, "zorder": 4, "clip_on": False}
    axes.scatter(frame["before"], y, facecolors="white", **dots).set_gid(
        _named(frame, "before_text")
    )
    axes.scatter(frame["after"], y, facecolors=color, **dots).set_gid(_named(frame, "after_text"))
    for i, row in enumerate(frame.itertuples()):
        write(axes, row.before, i, row.before_text, "left", SOFT, row.district)
        write(axes, row.after, i, row.after_text, "right", INK, row.district, **over_line)
        if row.note:
            write(axes, (row.before + row.after) / 2, i, row.note, "on", color[i], **CLEAR)
    write(axes, frame["before"].iloc[0], -1, before, "on", SOFT)
    if city is None:
        write(axes, frame["after"].iloc[0], -1, after, "on", INK)
    else:
        line_at(axes, city, after, "on")
    _bracket_groups(axes, frame)
    return figure


def _bracket_groups(axes: Axes, frame: pd.DataFrame) -> None:
    """Draw a bracket beside adjacent rows of the same group, with its name."""
    inset = room(frame["after_text"]) + GAP
    for name, rows in frame.reset_index(drop=True).groupby("group", sort=False):
        if name:
            color = tone_colors(rows["tone"])[0]
            bracket(
                axes, rows.index[0], rows.index[-1], name, color if color != MUTED else SOFT, inset
            )


def headcount(city: pd.DataFrame, counties: pd.DataFrame, new: str, total: str) -> Figure:
    """Plot headcounts as bars, recruits first; city and counties have separate scales.

    city, counties: columns district (label of the row), new, kept (values), new_text, kept_text,
    total_text (as printed) and note (beside the bar). new, total: titles of the numbers at the
    right.
    """
    figure, panels = row_figure(city["district"], counties["district"], head=1)
    columns = {
        "new": (ACCENT, room([*city["new_text"], new])),
        "total": (INK, room([*city["total_text"], total])),
    }
    for axes, frame in zip(panels, (city, counties), strict=True):
        stack(axes, frame, {"new": ACCENT, "kept": FAINT})
        axes.set_xlim(0, (frame["new"] + frame["kept"]).max())
        for i, row in enumerate(frame.itertuples()):
            write(axes, row.new + row.kept, i, row.note, "right", ACCENT)
        _columns(axes, frame, columns)
    heads = pd.DataFrame({"district": [""], "new_text": [new], "total_text": [total]}, index=[-1])
    _columns(panels[0], heads, columns)
    return figure


def stack(axes: Axes, frame: pd.DataFrame, colors: dict[str, str]) -> None:
    """Draw the parts of each district side by side; frame has `part` and `part`_text."""
    left = 0
    for part, color in colors.items():
        bars = axes.barh(range(len(frame)), frame[part], left=left, height=0.84, color=color)
        for bar, name, text in zip(bars, frame["district"], frame[f"{part}_text"], strict=True):
            bar.set(gid=marks([f"{name} {text}"]), edgecolor="white", linewidth=0.6)
        left = left + frame[part]


def _columns(axes: Axes, frame: pd.DataFrame, columns: dict[str, tuple[str, float]]) -> None:
    """Write columns of numbers right of the axes: {column: (colour, points wide)}."""
    for y, row in zip(frame.index, frame.to_dict("records"), strict=True):
        right = 0
        for column, (color, width) in columns.items():
            right += width
            write_edge(axes, y, row[f"{column}_text"], color, row["district"], inset=right)


def parts(frame: pd.DataFrame, names: dict[str, str], told: int = 1, total: str = "") -> Figure:
    """Plot each row as a whole of parts, in percent.

    frame: columns district (label of the row; empty for a single one), for each part its value,
    `part`_text (as printed, in the bar) and, for a single row, `part`_below (below it); total_text
    (right of the bar). names: {part: name}, above the first row; the title describes the first
    `told` of them. total: title of total_text.
    """
    single, heads = len(frame) == 1, {part: fold(name) for part, name in names.items()}
    lines = max(text.count("\n") + 1 for text in [*heads.values(), total])
    figure, (axes,) = row_figure(frame["district"], head=0.75 * lines + 0.1)
    colors = dict(zip(names, [*TOLD[:told], *[FAINT] * len(names)], strict=False))
    stack(axes, frame, colors)
    for part, left in _starts(frame, list(names)).items():
        tone, ink = (
            SOFT if colors[part] == FAINT else ACCENT,
            "white" if colors[part] == ACCENT else INK,
        )
        write(axes, left[0], -0.45, heads[part], "from", tone, va="bottom")
        for i, row in enumerate(frame.to_dict("records")):
            if row[part] >= LEAST:
                write(
                    axes,
                    left[i] + row[part] / 2,
                    i,
                    row[f"{part}_text"],
                    "on",
                    ink,
                    row["district"],
                )
        if single:
            write(axes, left[0], 0.5, frame[f"{part}_below"].iloc[0], "from", INK, va="top")
    for i, row in enumerate(frame.itertuples()):
        write(axes, 100, i, row.total_text, "right", ACCENT, row.district)
    write(axes, 100, -0.45, total, "right", ACCENT, va="bottom")
    axes.set(xlim=(0, 100), ylim=(len(frame) - 0.5 + single, axes.get_ylim()[1]))
    figure.set_figheight(figure.get_figheight() + ROW * single)
    return figure


def _starts(frame: pd.DataFrame, parts: list[str]) -> dict[str, list[float]]:
    """Return the start of each part in each row."""
    starts = frame[parts].cumsum(axis=1) - frame[parts]
    return starts.to_dict("list")


def fold(text: str) -> str:
    """Break a label into lines of four Chinese characters or ten letters."""
    return textwrap.fill(text, 10 if text.isascii() else 4)


def numerals(values: Sequence[str], names: Sequence[str]) -> Figure:
    """Write large numbers side by side, each above its name."""
    size = {"figsize": (WIDTH, 0.73), "layout": "constrained"}
    figure, panels = plt.subplots(1, len(values), **size)
    for axes, value, name in zip(panels, values, names, strict=True):
        axes.axis("off")
        axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
        write(axes, 0, 0, name, "from", SOFT, va="baseline", xytext=(0, 3))
        write(axes, 0, 0, value, "from", ACCENT, va="baseline", xytext=(0, 15), fontsize=17)
    return figure


def interval_rows(frame: pd.DataFrame, line: float, text: str) -> Figure:
    """Plot each district's value and interval with a reference line and a column of values.

    frame: columns district, value, low, high, text (as printed), tone (of TONES). text: name of the
    line.
    """
    figure, (axes,) = row_figure(frame["district"], head=1)
    axes.set_xlim(min(frame["low"].min(), line), max(frame["high"].max(), line))
    line_at(axes, line, text, "on", INK)
    _intervals(axes, frame, range(len(frame)))
    width = room(frame["text"])
    for i, row in enumerate(frame.itertuples()):
        write_edge(
            axes, i, row.text, ACCENT if row.tone == "accent" else INK, row.district, inset=width
        )
    return figure


def _intervals(axes: Axes, frame: pd.DataFrame, y: Sequence[float]) -> None:
    """Draw intervals and values at the heights `y`, in the colour of their tone."""
    color = tone_colors(frame["tone"])
    lines = axes.hlines(y, frame["low"], frame["high"], color=color, linewidth=2.5, alpha=0.55)
    lines.set_gid(marks(frame["district"]))
    axes.scatter(frame["value"], y, color=color, s=30, zorder=3, clip_on=False).set_gid(
        _named(frame, "text")
    )


def interval_groups(frame: pd.DataFrame) -> Figure:
    """Plot shares with intervals on a scale from 0 to 100 %, in groups with headings.

    frame: columns group, district (label of the row), value, low, high, text (with the interval),
    tone.
    """
    figure, (axes,) = row_figure([""] * (2 * len(frame) + frame["group"].nunique()))
    at, y = [], 0
    for name, rows in frame.groupby("group", sort=False):
        write(axes, 0, y, name, "from", SOFT)
        for row in rows.itertuples():
            write(axes, 0, y + 1, row.district, "from")
            write_edge(axes, y + 1, row.text, ACCENT if row.tone == "accent" else INK)
            y += 2
            at.append(y - 0.25)
        y += 1
    axes.hlines(at, 0, 100, color=FAINT, linewidth=1, zorder=0)
    for end in (0, 50, 100):
        axes.plot([end] * len(at), at, "|", color=FAINT, markersize=5, zorder=0, clip_on=False)
    _intervals(axes, frame, at)
    axes.set(xlim=(0, 100), yticks=[])
    return figure


def bars(
    frame: pd.DataFrame,
    lines: dict[str, tuple[float, str]] | None = None,
    group: tuple[int, int, str] | None = None,
) -> Figure:
    """Plot one bar for each district or category with its value at the end.

    frame: columns district (or any label in the first column), value, text (as printed) and tone
    (of TONES). lines: {name: (value, side of the name)}, vertical. group: first and last row of a
    bracket, its name.
    """
    label = frame.columns[0]
    figure, (axes,) = row_figure(frame[label], head=1 if lines else 0)
    drawn = axes.barh(
        range(len(frame)), frame["value"], height=0.64, color=tone_colors(frame["tone"])
    )
    for i, (bar, name, row) in enumerate(zip(drawn, frame[label], frame.itertuples(), strict=True)):
        bar.set_gid(marks([f"{name} {row.text}"]))
        write(axes, row.value, i, row.text, "right", ACCENT if row.tone == "accent" else INK, name)
    axes.set_xlim(0, frame["value"].max())
    for color, (name, (value, side)) in zip([INK, SOFT], (lines or {}).items(), strict=False):
        line_at(axes, value, name, side, color)
    if group:
        first, last, name = group
        bracket(axes, first, last, name, ACCENT, room(frame["text"]))
    return figure


def _named(frame: pd.DataFrame, *texts: str) -> str:
    """Return the gid of the marks of rows: district and printed texts of each."""
    return marks(" ".join(row) for row in frame[["district", *texts]].itertuples(index=False))


def legend_above(axes: Axes, columns: int, side: str = "left", **parts: Any) -> int:
    """Place the legend above the axes, in as many columns as fit; returns its lines.

    At the right it may extend over the labels, but not beyond the figure.
    """
    place = {"loc": f"lower {side}", "bbox_to_anchor": (float(side == "right"), 1)}
    labels = [label.get_window_extent().width for label in axes.get_yticklabels() if side == "left"]
    room = axes.figure.bbox.width * 0.97 - max(labels, default=0)
    for count in range(columns, 0, -1):
        legend = axes.legend(ncols=count, frameon=False, title=None, borderpad=0, **place, **parts)
        if legend.get_window_extent().width <= room:
            break
    return math.ceil(len(legend.get_texts()) / count)
