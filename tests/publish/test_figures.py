import matplotlib.pyplot as plt
import pandas as pd
import pytest

from analysis.publish import figures, fonts


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
    drawn = sorted(x for points in axes.collections[1:] for x, _ in points.get_offsets())
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
    assert "data:font/woff2;base64," in drawing
