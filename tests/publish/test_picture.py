from itertools import pairwise

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from analysis.publish import figures, fonts, picture, rows

pytestmark = pytest.mark.usefixtures("house_style")


@pytest.fixture
def frame(frame):
    return frame.assign(tone="context")


def bars(frame):
    return figures.bars(frame[["district", "value", "text", "tone"]])


def test_text_stays_text_and_the_same_drawing_gives_the_same_bytes(frame):
    drawings = [picture.svg(figures.interval_rows(frame, 50, "half")) for _ in range(2)]
    assert drawings[0] == drawings[1]
    assert drawings[0].startswith("<svg")
    assert "椒江区" in drawings[0]
    assert "<dc:date>" not in drawings[0]


def test_pictures_are_the_same_bytes_and_name_no_software(frame):
    pictures = [picture.png(bars(frame)) for _ in range(2)]
    assert pictures[0] == pictures[1]
    assert b"matplotlib" not in pictures[0]


def test_the_label_is_inside_the_picture(frame):
    figure = figures.interval_rows(frame, 50, "half")
    picture.label(figure, "合成数据")
    assert "合成数据" in picture.svg(figure)


def test_every_character_of_a_figure_has_a_glyph_without_a_system_font(frame):
    drawing = picture.svg(figures.interval_rows(frame, 6.5, "万元"))
    assert "Noto Sans SC" in drawing
    assert fonts.missing("椒江区天台县万元0123456789.%") == set()


def test_a_standalone_file_carries_its_font(frame):
    drawing = fonts.standalone(picture.svg(figures.interval_rows(frame, 50, "half")))
    assert "@font-face" in drawing
    assert "data:font/woff;base64," in drawing


def test_the_narrow_drawing_fits_a_phone_and_keeps_its_words(frame):
    long = frame.assign(district=["A name that is far too long for a phone", "天台县"])
    figure = figures.interval_rows(long, 50, "half")
    picture.narrow(figure)
    drawing = picture.svg(figure, phone=True)
    assert float(drawing.split('width="')[1].split('"')[0]) <= 256
    assert (
        "天台县" in drawing
        and "A name that is" in drawing
        and "A name that is far too long" not in drawing
    )


def against_city(frame, own):
    return figures.against_city(
        frame.assign(city=47.2), own, "the whole city, of which it is a part", "%"
    )


@pytest.mark.filterwarnings("error::UserWarning")  # of matplotlib: a layout that collapses
def test_a_long_legend_makes_the_narrow_drawing_taller(frame):
    heights = []
    for own in ("A", "A county with a name that fills a line"):
        figure = against_city(frame, own)
        picture.narrow(figure)
        picture.svg(figure)
        heights.append(figure.get_figheight())
    assert heights[0] < heights[1]


@pytest.mark.parametrize("phone", [False, True])
def test_a_long_legend_lies_within_the_picture_and_leaves_the_marks_their_width(frame, phone):
    figure = against_city(frame, "A county with a name that fills a line")
    if phone:
        picture.narrow(figure)
    picture.lay_out(figure)
    legend = figure.axes[0].get_legend().get_window_extent()
    assert legend.x0 >= 0 and legend.x1 <= figure.bbox.width and legend.y1 <= figure.bbox.height
    assert figure.axes[0].get_position().width > 0.7


@pytest.mark.parametrize("draw", ["bars", "intervals", "numerals"])
def test_no_words_of_the_narrow_drawing_are_cut_off_or_lie_on_each_other(frame, draw):
    figure = {
        "bars": lambda: figures.bars(
            frame[["district", "value", "text", "tone"]], group=(0, 1, "a group")
        ),
        "intervals": lambda: figures.interval_rows(frame, 50, "half"),
        "numerals": lambda: figures.numerals(["669", "7,436"] * 2, ["Name plaques", "Signs"] * 2),
    }[draw]()
    picture.label(figure, "Synthetic data")
    picture.png(figure)
    picture.narrow(figure)
    picture.lay_out(figure)
    renderer = figure.canvas.get_renderer()
    words = [
        text
        for axes in figure.axes
        for text in (*axes.texts, *axes.get_yticklabels())
        if text.get_visible()
    ]
    boxes = [text.get_window_extent(renderer) for text in words if text.get_text()]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.width and box.y0 >= 0 for box in boxes)
    assert all(box.y1 <= figure.bbox.height for box in boxes)
    assert not [
        1
        for i, box in enumerate(boxes)
        for other in boxes[i + 1 :]
        if box.padded(-1.5).overlaps(other)
    ]


@pytest.mark.parametrize("count", [90, 900])
def test_many_districts_make_no_taller_figure_and_names_that_do_not_touch(count):
    names = [f"县{i:04d}" for i in range(count)]
    frame = pd.DataFrame(
        {
            "district": names,
            "value": 50.0,
            "low": 40.0,
            "high": 60.0,
            "text": "5",
            "tone": "context",
        }
    )
    for figure in (figures.interval_rows(frame, 50, "half"), bars(frame)):
        picture.png(figure)
        axes = figure.axes[0]
        heights = sorted(word.get_window_extent().y0 for word in axes.get_yticklabels())
        assert figure.get_size_inches()[1] <= 0.9 + 0.31 * rows.ROWS
        assert min(b - a for a, b in pairwise(heights)) > 10, "10 pt letters do not touch"
        shown = [word.get_text() for word in axes.get_yticklabels()]
        assert shown == names[:: len(names) // len(shown) + (len(names) % len(shown) > 0)]
        plt.close(figure)
