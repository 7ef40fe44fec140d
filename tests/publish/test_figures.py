from itertools import pairwise

import pandas as pd
import pytest

from analysis.publish import figures, picture
from analysis.survey.codebook import COUNTIES

pytestmark = pytest.mark.usefixtures("house_style")


def test_the_points_are_where_the_values_are(frame):
    axes = figures.interval_plot(frame, 47.2, "%").axes[0]
    points = axes.collections[1].get_offsets()
    assert [x for x, _ in points] == [43.0, 51.2]
    assert axes.lines[0].get_xdata() == [47.2, 47.2]


def test_the_dumbbell_draws_both_states(frame):
    data = frame[["district"]].assign(early=[60.0, 55.0], now=[98.0, 97.0])
    axes = figures.dumbbell(data, "early", "now", "%").axes[0]
    drawn = sorted(float(x) for points in axes.collections[1:] for x, _ in points.get_offsets())
    assert drawn == [55.0, 60.0, 97.0, 98.0]


def test_bars_are_as_long_as_their_values_and_labelled(frame):
    axes = figures.bars(frame[["district", "value", "text"]], "%").axes[0]
    assert [bar.get_width() for bar in axes.patches] == [43.0, 51.2]
    assert [text.get_text() for text in axes.texts] == ["43.0", "51.2"]


AREAS = {"椒江区": "331002", "天台县": "331023"}


@pytest.mark.parametrize("draw", ["interval", "bars", "dumbbell", "tiles", "stacked"])
def test_every_mark_of_a_county_carries_its_code_and_is_told_on_hover(frame, draw):
    figure = {
        "interval": lambda: figures.interval_plot(frame, None, "%"),
        "bars": lambda: figures.bars(frame[["district", "value", "text"]], "%"),
        "dumbbell": lambda: figures.dumbbell(frame, "low", "high", "%"),
        "tiles": lambda: figures.tile_map(frame.assign(code=list(AREAS.values())), "%"),
        "stacked": lambda: figures.stacked(frame.set_index("district")[["low", "high"]], "%"),
    }[draw]()
    drawing = picture.svg(figure, AREAS, "%")
    for name, code in AREAS.items():
        assert drawing.count(f'data-area="{code}"') >= 2, "the label and the mark"
        assert f"<title>{name} " in drawing


def test_neighbours_of_the_palette_differ_in_grey():
    def lightness(color):
        red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
        luminance = sum(
            weight * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
            for weight, c in ((0.2126, red), (0.7152, green), (0.0722, blue))
        )
        return 116 * luminance ** (1 / 3) - 16

    shades = [lightness(color) for color in figures.PALETTE]
    assert all(abs(a - b) > 15 for a, b in pairwise(shades))


def test_no_boundary_is_drawn_and_every_county_has_its_own_tile():
    assert set(figures.TILES) == set(COUNTIES) and len(set(figures.TILES.values())) == 9
    assert figures.tile_places(list(COUNTIES)) == figures.TILES


def test_tiles_of_counties_whose_place_is_unknown_lie_in_their_order():
    codes = [*COUNTIES, *(f"90{i:04d}" for i in range(10, 91))]
    places = figures.tile_places(codes)
    assert list(places) == codes and len(set(places.values())) == 90
    assert sorted(codes, key=lambda code: places[code][::-1]) == codes
    frame = pd.DataFrame({"code": codes, "district": codes, "value": range(90), "text": "5"})
    assert len(figures.tile_map(frame, "%").axes[0].patches) == 90
