"""Figures of uncertainty show what the comparison found, and nothing more."""

import re

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint
from this_study import CITY, COUNTIES, STUDY

from analysis.publish import picture, tiles, uncertainty
from analysis.publish.hard_coded import hard_coded_numbers
from analysis.stats.comparison import compare, districts_of
from running import REPOSITORY

pytestmark = pytest.mark.usefixtures("house_style")


@pytest.fixture
def estimates():
    k, n = (
        np.array([150, 90, 40, 80, 170, 70, 35, 38, 21]),
        np.array([277, 200, 157, 167, 357, 157, 86, 86, 46]),
    )
    low, high = proportion_confint(k, n, method="wilson")
    columns = {
        "district": list(COUNTIES),
        "value": 100 * k / n,
        "low": 100 * low,
        "high": 100 * high,
        "n": n,
    }
    return pd.DataFrame(columns).assign(indicator="certified", unit="%")


def test_each_figure_has_a_guide_in_both_languages_without_typed_numbers():
    assert set(uncertainty.GUIDES) == {"intervals", "funnel", "ranks", "slopes", "tiles", "grid"}
    for guide in uncertainty.GUIDES.values():
        assert set(guide) == {"zh", "en"} and len(guide["zh"]) > 15 and "\n" not in guide["en"]
    assert [
        f for g in uncertainty.GUIDES.values() for f in hard_coded_numbers(g["en"] + g["zh"])
    ] == []


def test_intervals_fill_only_what_may_be_told_apart(estimates):
    frame = estimates.assign(district=list(COUNTIES.values()), apart=[True, *[False] * 8])
    axes = uncertainty.intervals(frame, 47.2, "%").axes[0]
    dots = axes.collections[1]
    assert dots.get_offsets()[:, 0].tolist() == pytest.approx(frame["value"].tolist())
    white = [tuple(color[:3]) == (1, 1, 1) for color in dots.get_facecolors()]
    assert white == [False, *[True] * 8]


def test_funnel_draws_the_limits_about_the_city(estimates):
    part = districts_of(estimates, "certified")
    axes = uncertainty.funnel(part, COUNTIES, "%", "人").axes[0]
    curves = axes.lines[:4]
    city = 100 * part["k"].sum() / part["n"].sum()
    at_right = [line.get_ydata()[-1] for line in curves]
    assert at_right[2] < at_right[0] < city < at_right[1] < at_right[3]
    assert all(np.isfinite(line.get_ydata()).all() for line in curves)
    assert np.ptp([line.get_ydata()[0] for line in curves]) > np.ptp(at_right), (
        "narrower to the right"
    )
    assert {text.get_text() for text in axes.texts} == set(COUNTIES.values())
    dashes = [str(line._unscaled_dash_pattern) for line in (*curves[::2], axes.lines[4])]
    assert len(set(dashes)) == 3, "the city's line is another than the limits"
    assert all(text.get_bbox_patch() and text.get_zorder() > 2 for text in axes.texts), (
        "no line through a name"
    )


def test_rank_plot_keeps_the_order_of_places_and_draws_both_sets(estimates):
    table = compare(estimates, "certified")
    axes = uncertainty.rank_plot(table, COUNTIES, "名次").axes[0]
    together, alone = (np.array([s[:, 0] for s in c.get_segments()]) for c in axes.collections[:2])
    assert together.tolist() == table[["rank_low_all", "rank_high_all"]].to_numpy(float).tolist()
    assert alone.tolist() == table[["rank_low", "rank_high"]].to_numpy(float).tolist()
    assert [t.get_text() for t in axes.get_yticklabels()] == list(COUNTIES.values())


def test_slopes_are_dashed_where_nothing_is_shown(estimates):
    frame = pd.DataFrame(
        {"district": ["甲", "乙", "丙"], "before": [60, 60.1, 40], "after": [90.0, 61, 80]}
    )
    axes = uncertainty.slopes(frame.assign(apart=[True, False, True]), "前", "后", "%").axes[0]
    assert [line.get_linestyle() for line in axes.lines] == ["-", "--", "-"]
    assert [line.get_ydata()[1] for line in axes.lines] == [90, 61, 80]
    heights = [text.xyann[1] for text in axes.texts]
    assert heights[1] - heights[0] > 1.5, "labels do not cover one another"
    assert [text.xy for text in axes.texts if text.arrow_patch] == [(0, 60), (0, 60.1), (0, 40)], (
        "led to its point"
    )


def test_tiles_are_the_nine_counties_shaded_by_their_statement():
    assert tiles.placed(COUNTIES) and CITY not in STUDY.tiles
    assert uncertainty.tile_guide(COUNTIES) == uncertainty.GUIDES["tiles"]
    assert uncertainty.tile_guide([*COUNTIES, "900010"]) == uncertainty.GUIDES["grid"]
    forms = ["above", "below", "alike", "too_few", *["alike"] * 5]
    frame = pd.DataFrame({"district": list(COUNTIES), "text": "5", "form": forms})
    axes = uncertainty.tile_grid(frame, COUNTIES).axes[0]
    white = [tuple(patch.get_facecolor()[:3]) == (1, 1, 1) for patch in axes.patches]
    assert white == [False, False, *[True] * 7]
    signs = [text.get_text()[-1] for text in axes.texts[1::2]]
    assert signs == ["▲", "▼", *"○" * 7], "what holds on a dark page too"
    for guide in (uncertainty.GUIDES["tiles"], uncertainty.GUIDES["grid"]):
        assert not re.search("深|浅|白|dark|light|white", guide["zh"] + guide["en"])


def test_the_same_figure_gives_the_same_bytes(estimates):
    part = districts_of(estimates, "certified")
    drawn = [picture.svg(uncertainty.funnel(part, COUNTIES, "%", "人")) for _ in range(2)]
    assert drawn[0] == drawn[1] and "椒江区" in drawn[0]


def test_no_words_take_an_interval_for_the_range_of_a_next_count():
    """The interval of a census holds the rates that agree with the count (see test_estimates)."""
    wrong = re.compile(r"同样的?过程可能给出|过程若重来|same process (could have given|ran again)")
    folders = (
        "notebooks/*.ipynb",
        "src/**/*.py",
        "src/**/*.json",
        "docs/*.md",
        "data/raw/reference/*.csv",
    )
    places = [path for folder in folders for path in REPOSITORY.glob(folder)]
    assert [path.name for path in places if wrong.search(path.read_text("utf-8"))] == []
