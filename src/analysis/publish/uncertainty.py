"""Figures that show the uncertainty of a comparison: frame of a comparison in, figure out.

`GUIDES` has one line for each that explains how to read it; captions quote it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.publish.figures import new_figure
from analysis.publish.rows import ACCENT, INK, MUTED, ROWS, WARM
from analysis.publish.tiles import extent, placed, tile_places
from analysis.stats.comparison import as_published, limits
from analysis.survey.sealed import opening

GUIDES = {
    "intervals": {
        "zh": "点为实际值，线为参考区间（与数据相合的率或均值），虚线为全市；"
        "与全市分不分得开由检验定，不看线："
        "实心点分得开，空心点分不开",
        "en": "Dots are values, lines the rates or means that agree with the data, dashes the "
        "city. The test decides who can be told from the city, not the line: filled dots can, "
        "hollow ones cannot",
    },
    "funnel": {
        "zh": "点线为全市；越靠右数量越多，漏斗越窄；落在漏斗之内的，只凭偶然就能离全市这么远；"
        "全市包含每个县（市、区）自己",
        "en": "The dotted line is the city. The further right, the more there are and the narrower "
        "the funnel; inside it, chance alone could put a place as far from the city, of which each "
        "place is a part",
    },
    "ranks": {
        "zh": "粗线为数据容许的名次（单看一地），细线为各地同时成立的名次：线越长，名次越说不准",
        "en": "Thick lines are the ranks that the data leave open to a place by itself, thin ones "
        "to all at once: the longer, the less its rank is known",
    },
    "slopes": {
        "zh": "每条线为一地的前后；实线为变化超出偶然，虚线为分不清",
        "en": "Each line is one place before and after; solid where the change goes beyond chance, "
        "else dashed",
    },
    "tiles": {
        "zh": "方格按大致方位排列，不是地图；▲高于全市，▼低于全市，○差异无统计学意义或数量太少",
        "en": "Tiles lie roughly as the places do, it is no map; ▲ is above the city, ▼ below, ○ "
        "does not differ significantly or has too few cases",
    },
    "grid": {
        "zh": "方格按县（市、区）代码表的次序排列，不是地图；▲高于全市，▼低于全市，"
        "○差异无统计学意义或数量太少",
        "en": "Tiles follow the list of counties, it is no map; ▲ is above the city, ▼ below, ○ "
        "does not differ significantly or has too few cases",
    },
}

# a dark page inverts light and dark, so the guide names the sign and not the shade
SHADES = {"above": (ACCENT, "white", "▲"), "below": ("#a9c3cf", INK, "▼")}


def intervals(frame: pd.DataFrame, city: float, unit: str) -> Figure:
    """Plot each district's value and interval, filled if it differs from the city.

    frame: columns district (label), value, low, high, apart (boolean), in reading order.
    """
    figure, axes = new_figure(len(frame))
    axes.axvline(city, color=WARM, linewidth=1.2, linestyle=(0, (4, 2)))
    axes.hlines(frame["district"], frame["low"], frame["high"], color=MUTED, linewidth=3)
    face = np.where(frame["apart"], ACCENT, "white")
    axes.scatter(frame["value"], frame["district"], c=face, edgecolors=ACCENT, s=46, zorder=3)
    axes.invert_yaxis()
    axes.set(xlabel=unit, ylabel="")
    return figure


@opening
def funnel(part: pd.DataFrame, labels: dict[str, str], unit: str, size: str) -> Figure:
    """Plot districts by size with the limits (95 and 99.8 %) about the city.

    part: from `districts_of`, drawn at its rows as counted; labels: name of each district; size:
    name of the rows.
    """
    part = as_published(part, part.attrs.get("indicator", ""))
    figure, axes = new_figure(len(part) + 3)
    fine = _fine(part)
    fine_rows = fine["n"] * float(part["rows"].sum() / part["n"].sum())  # one design effect for all
    bounds = limits(fine)
    city = float((part["value"] * part["n"]).sum() / part["n"].sum())
    for name, style in (("95", (0, (4, 2))), ("998", "solid")):
        for side in ("low", "high"):
            axes.plot(
                fine_rows, bounds[f"{side}{name}"], color=MUTED, linewidth=1.1, linestyle=style
            )
    axes.axhline(city, color=WARM, linewidth=1.4, linestyle=(0, (1, 1.4)))
    sns.scatterplot(part, x="rows", y="value", color=ACCENT, s=40, zorder=3, ax=axes)
    # a white background, so that lines do not cross names
    clear = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    named = (
        part
        if len(part) <= ROWS
        else part[limits(part)["place"].eq("beyond 99.8").to_numpy()].head(ROWS)
    )
    for row in named.itertuples():
        at = {"xy": (row.rows, row.value), "xytext": (5, 4), "textcoords": "offset points"}
        axes.annotate(labels[row.district], **at, bbox=clear, zorder=2.5)
    axes.grid(axis="both")
    axes.set(xlabel=size, ylabel=unit)
    return figure


def _fine(part: pd.DataFrame) -> pd.DataFrame:
    """Return a fine grid of sizes with the city's value and spread, to draw limits as curves."""
    n = np.unique(np.linspace(max(part["n"].min() * 0.7, 2), part["n"].max() * 1.15, 120).round())
    total, city = part["n"].sum(), (part["value"] * part["n"]).sum() / part["n"].sum()
    fine = pd.DataFrame({"n": n, "value": city})
    if "k" in part:
        return fine.assign(k=n * part["k"].sum() / total)
    within = (part["se"] ** 2 * part["n"] * (part["n"] - 1)).sum() + (
        part["n"] * (part["value"] - city) ** 2
    ).sum()
    spread = within / (total - 1)
    return fine.assign(se=np.sqrt(spread / n))


def rank_plot(table: pd.DataFrame, labels: dict[str, str], xlabel: str) -> Figure:
    """Plot the rank sets of each district, marginal and simultaneous.

    In the order of the table, which is not a ranking. table: columns district, rank_low, rank_high,
    rank_low_all, rank_high_all.
    """
    names = table["district"].map(labels)
    figure, axes = new_figure(len(table))
    axes.hlines(names, table["rank_low_all"], table["rank_high_all"], color=MUTED, linewidth=1.5)
    axes.hlines(names, table["rank_low"], table["rank_high"], color=ACCENT, linewidth=6)
    same = table["rank_low"] == table["rank_high"]
    axes.scatter(table.loc[same, "rank_low"], names[same], color=ACCENT, s=46, zorder=3)
    axes.invert_yaxis()
    axes.set(
        xlabel=xlabel,
        ylabel="",
        xlim=(0.6, len(table) + 0.4),
        xticks=range(1, len(table) + 1, 1 + 2 * len(table) // ROWS),
    )
    return figure


def slopes(frame: pd.DataFrame, before: str, after: str, unit: str) -> Figure:
    """Plot two dates of each district, connected; solid if the change is significant.

    frame: columns district (label), before, after, apart (boolean). before, after: names of the
    dates.
    """
    figure, axes = new_figure(len(frame) + 5)
    for row in frame.itertuples():
        style = "solid" if row.apart else (0, (4, 2))
        axes.plot(
            [0, 1], [row.before, row.after], color=ACCENT if row.apart else MUTED, linestyle=style
        )
        axes.scatter(
            [0, 1], [row.before, row.after], color=ACCENT if row.apart else MUTED, s=22, zorder=3
        )
    leader = {
        "arrowstyle": "-",
        "color": MUTED,
        "linewidth": 0.7,
        "shrinkA": 0,
        "shrinkB": 3,
        "relpos": (1, 0.5),
    }
    named = frame if len(frame) <= ROWS else frame.head(0)  # more names than fit below each other
    for row, y in zip(named.itertuples(), _apart(named["before"], frame), strict=True):
        at = {"xy": (0, row.before), "xytext": (-0.08, y), "va": "center", "ha": "right"}
        axes.annotate(row.district, **at, arrowprops=leader)
    axes.grid(axis="y")
    axes.grid(axis="x", visible=False)
    axes.set(xticks=[0, 1], xticklabels=[before, after], xlim=(-0.45, 1.15), ylabel=unit, xlabel="")
    return figure


def _apart(values: pd.Series, frame: pd.DataFrame) -> list[float]:
    """Return positions of labels without overlap, in the same order."""
    gap = np.ptp(frame[["before", "after"]].to_numpy()) / 18
    order = np.argsort(values.to_numpy(), kind="stable")
    placed = values.to_numpy(float)[order]
    for _ in range(200):
        short = np.clip(gap - np.diff(placed), 0, None) / 2
        placed = placed - np.append(short, 0) + np.append(0, short)
    return list(placed[np.argsort(order, kind="stable")])


def tile_guide(codes: Iterable[str]) -> dict[str, str]:
    """Return the guide to the tiles of these counties, by their layout."""
    return GUIDES["tiles" if placed(codes) else "grid"]


def tile_grid(frame: pd.DataFrame, labels: dict[str, str]) -> Figure:
    """Plot one tile for each county, shaded and signed by its statement.

    In the layout of `tile_places`. frame: columns district (code), text (value as printed), form
    (of its statement).
    """
    places = tile_places(frame["district"])
    wide, tall = extent(places)
    figure, axes = new_figure(9 if tall <= 4 else 2 * 9)
    for row in frame.itertuples():
        column, line = places[row.district]
        face, ink, sign = SHADES.get(row.form, ("white", INK, "○"))
        axes.add_patch(
            Rectangle((column + 0.03, line + 0.04), 0.94, 0.92, facecolor=face, edgecolor=MUTED)
        )
        if wide > 5:  # no room for text: the table has it
            axes.text(column + 0.5, line + 0.5, sign, ha="center", va="center", color=ink)
            continue
        name, value = labels[row.district], f"{row.text} {sign}"
        axes.text(column + 0.5, line + 0.4, name, ha="center", va="center", color=ink)
        axes.text(column + 0.5, line + 0.68, value, ha="center", va="center", color=ink)
    axes.set(xlim=(-0.6, wide + 0.6), ylim=(tall + 0.05, -0.05))
    axes.axis("off")
    return figure
