from itertools import pairwise

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from analysis.publish import figures, fonts
from analysis.survey.codebook import COUNTIES


@pytest.fixture(autouse=True)
def house_style():
    figures.use_style()
    yield
    plt.close("all")


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "district": ["椒江区", "天台县"],
            "value": [43.0, 51.2],
            "low": [37, 41],
            "high": [49, 61],
            "text": ["43.0", "51.2"],
        }
    )


def test_text_stays_text_and_the_same_drawing_gives_the_same_bytes(frame):
    drawings = [figures.svg(figures.interval_plot(frame, 47.2, "%")) for _ in range(2)]
    assert drawings[0] == drawings[1]
    assert drawings[0].startswith("<svg")
    assert "椒江区" in drawings[0]
    assert "<dc:date>" not in drawings[0]


def test_pictures_are_the_same_bytes_and_name_no_software(frame):
    pictures = [figures.png(figures.bars(frame[["district", "value", "text"]], "%")) for _ in range(2)]
    assert pictures[0] == pictures[1]
    assert b"matplotlib" not in pictures[0]


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


def test_the_label_is_inside_the_picture(frame):
    figure = figures.interval_plot(frame, 47.2, "%")
    figures.label(figure, "合成数据")
    assert "合成数据" in figures.svg(figure)


def test_every_character_of_a_figure_has_a_glyph_without_a_system_font(frame):
    drawing = figures.svg(figures.interval_plot(frame, 47.2, "万元"))
    assert "Noto Sans SC" in drawing
    assert fonts.missing("椒江区天台县万元0123456789.%") == set()


def test_a_standalone_file_carries_its_font(frame):
    drawing = figures.standalone(figures.svg(figures.interval_plot(frame, None, "%")))
    assert "@font-face" in drawing
    assert "data:font/woff;base64," in drawing


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
    drawing = figures.svg(figure, AREAS, "%")
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


def test_the_narrow_drawing_fits_a_phone_and_keeps_its_words(frame):
    long = frame.assign(district=["A name that is far too long for a phone", "天台县"])
    figure = figures.interval_plot(long, None, "%")
    figures.narrow(figure)
    drawing = figures.svg(figure, titles=False)
    assert float(drawing.split('width="')[1].split('"')[0]) <= 256
    assert "天台县" in drawing and "A name that is" in drawing and "A name that is far too long" not in drawing


def test_a_long_legend_makes_the_narrow_drawing_taller(recwarn):
    parts = ["培训", "硬件", "日常运转", "活动", "其他"]
    figure = figures.stacked(pd.DataFrame([[1, 2, 3, 4, 5]], index=["全市"], columns=parts), "万元")
    figures.narrow(figure)
    figures.svg(figure)
    assert not recwarn.list
    assert figure.axes[0].get_position().height > 0.1


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


@pytest.mark.parametrize("count", [90, 900])
def test_many_districts_make_no_taller_figure_and_names_that_do_not_touch(count):
    names = [f"县{i:04d}" for i in range(count)]
    frame = pd.DataFrame({"district": names, "value": 50.0, "low": 40.0, "high": 60.0, "text": "5"})
    for figure in (figures.interval_plot(frame, 50, "%"), figures.bars(frame[["district", "value", "text"]], "%")):
        figures.png(figure)
        axes = figure.axes[0]
        heights = sorted(word.get_window_extent().y0 for word in axes.get_yticklabels())
        assert figure.get_size_inches()[1] <= 0.9 + 0.31 * figures.ROWS
        assert min(b - a for a, b in pairwise(heights)) > 10, "10 pt letters do not touch"
        shown = [word.get_text() for word in axes.get_yticklabels()]
        assert shown == names[:: len(names) // len(shown) + (len(names) % len(shown) > 0)]
        plt.close(figure)
