from itertools import pairwise

import pandas as pd
import pytest
from this_study import COUNTIES, STUDY

from analysis.publish import figures, picture, rows, tiles

pytestmark = pytest.mark.usefixtures("house_style")

AREAS = {"椒江区": "331002", "天台县": "331023"}


@pytest.fixture
def toned(frame):
    return frame.assign(tone=["accent", "context"])


@pytest.fixture
def dates(frame):
    texts = {
        "before_text": ["60.0", "55.0"],
        "after_text": ["98.0", "97.0"],
        "note": ["", "+42.0"],
        "group": "",
    }
    return frame[["district"]].assign(
        before=[60.0, 55.0], after=[98.0, 97.0], tone=["context", "accent"], **texts
    )


@pytest.fixture
def heads():
    columns = {
        "new_text": ["30", "5"],
        "kept_text": ["40", "15"],
        "total_text": ["70", "20"],
        "note": ["", "+9%"],
    }
    return pd.DataFrame({"district": list(AREAS), "new": [30, 5], "kept": [40, 15], **columns})


@pytest.fixture
def whole():
    texts = {"rent_text": ["75%", "40%"], "own_text": ["25%", "60%"], "total_text": ["75%", ""]}
    return pd.DataFrame(
        {"district": list(AREAS), "rent": [75.0, 40.0], "own": [25.0, 60.0], **texts}
    )


def words(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def test_both_dates_of_a_dumbbell_stand_at_its_ends_with_their_values(dates):
    axes = figures.dumbbell(dates, "early", "now").axes[0]
    drawn = sorted(float(x) for points in axes.collections[1:] for x, _ in points.get_offsets())
    assert drawn == [55.0, 60.0, 97.0, 98.0]
    assert words(axes) == ["60.0", "98.0", "55.0", "97.0", "+42.0", "early", "now"]


def test_the_line_of_the_city_is_named_and_neighbours_of_a_group_are_bracketed(dates):
    axes = figures.dumbbell(
        dates.assign(group=["above", "below"]), "early", "city 97.5", 97.5
    ).axes[0]
    assert [segment[0][0] for segment in axes.collections[-1].get_segments()] == [97.5]
    assert words(axes)[-3:] == ["city 97.5", "above", "below"]
    assert [list(line.get_ydata()) for line in axes.lines] == [[-0.35, 0.35], [0.65, 1.35]]


def test_recruits_are_the_first_part_of_each_headcount(heads):
    city, counties = figures.headcount(heads, heads, "new", "total").axes
    bars = [(bar.get_x(), bar.get_width()) for bar in city.patches]
    assert bars == [(0, 30), (0, 5), (30, 40), (5, 15)]
    assert {"30", "70", "+9%", "new", "total"} <= set(words(city)) and "new" not in words(counties)


def test_parts_of_a_whole_are_labelled_in_the_bar_where_there_is_room(whole):
    whole.loc[1, ["rent", "own", "rent_text", "own_text"]] = [96.0, 4.0, "96%", "4%"]
    axes = figures.parts(whole, {"rent": "Rented", "own": "Owned"}, total="Sum").axes[0]
    assert [bar.get_width() for bar in axes.patches] == [75, 96, 25, 4]
    assert words(axes) == ["Rented", "75%", "96%", "Owned", "25%", "75%", "Sum"]


def test_the_parts_of_a_single_bar_have_their_amounts_below(whole):
    single = whole.head(1).assign(district="", rent_below="7.5", own_below="2.5")
    assert {"7.5", "2.5"} <= set(
        words(figures.parts(single, {"rent": "Rented", "own": "Owned"}).axes[0])
    )


def test_large_numbers_stand_over_their_names():
    panels = figures.numerals(["669", "14,098"], ["plaques", "regulations"]).axes
    assert [words(axes) for axes in panels] == [["plaques", "669"], ["regulations", "14,098"]]
    assert all(axes.texts[1].get_fontsize() > 1.9 * axes.texts[0].get_fontsize() for axes in panels)


def test_the_points_are_where_the_values_are(toned):
    axes = figures.interval_rows(toned, 50, "half").axes[0]
    assert [x for x, _ in axes.collections[2].get_offsets()] == [43.0, 51.2]
    assert [list(s[:, 0]) for s in axes.collections[1].get_segments()] == [[37, 49], [41, 61]]
    assert axes.collections[0].get_segments()[0][0][0] == 50 and words(axes) == [
        "half",
        "43.0",
        "51.2",
    ]


def test_groups_of_intervals_have_headings_and_rows_of_their_own(toned):
    axes = figures.interval_groups(toned.assign(group=["one", "other"])).axes[0]
    assert words(axes) == ["one", "椒江区", "43.0", "other", "天台县", "51.2"]
    heights = [text.xy[1] for text in axes.texts]
    assert heights == [0, 1, 1, 3, 4, 4]


def test_bars_are_as_long_as_their_values_and_labelled(toned):
    lines = {"city 47": (47, "left")}
    axes = figures.bars(toned[["district", "value", "text", "tone"]], lines, (0, 1, "both")).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [43.0, 51.2]
    assert words(axes) == ["43.0", "51.2", "city 47", "both"]


@pytest.mark.parametrize(
    "draw", ["intervals", "bars", "dumbbell", "headcount", "parts", "against_city"]
)
def test_every_mark_of_a_county_carries_its_code_and_is_told_on_hover(
    toned, dates, heads, whole, draw
):
    figure = {
        "intervals": lambda: figures.interval_rows(toned, 50, "half"),
        "bars": lambda: figures.bars(toned[["district", "value", "text", "tone"]]),
        "dumbbell": lambda: figures.dumbbell(dates, "early", "now"),
        "headcount": lambda: figures.headcount(heads, heads, "new", "total"),
        "parts": lambda: figures.parts(whole, {"rent": "Rented", "own": "Owned"}),
        "against_city": lambda: figures.against_city(toned.assign(city=47.2), "own", "city", "%"),
    }[draw]()
    drawing = picture.svg(figure, AREAS, "%")
    for name, code in AREAS.items():
        assert drawing.count(f'data-area="{code}"') >= 2, "the label and the mark"
        assert f"<title>{name} " in drawing


def test_the_values_of_a_county_are_marked_with_it(toned):
    drawing = picture.svg(
        figures.bars(toned[["district", "value", "text", "tone"]]), AREAS, phone=True
    )
    assert (
        'data-area="331002">43.0</text>' in drawing and 'data-area="331023">51.2</text>' in drawing
    )


def test_names_of_rows_begin_at_one_edge(toned):
    long = toned.assign(district=["A longer name", "B"])
    figure = figures.bars(long[["district", "value", "text", "tone"]])
    picture.lay_out(figure)
    edges = [name.get_window_extent().x0 for name in figure.axes[0].get_yticklabels()]
    assert abs(edges[0] - edges[1]) < 1 and edges[0] > 0


def test_labels_are_of_one_size(toned, dates):
    for figure in (
        figures.dumbbell(dates, "early", "now"),
        figures.interval_rows(toned, 50, "half"),
    ):
        axes = figure.axes[0]
        assert {text.get_fontsize() for text in [*axes.texts, *axes.get_yticklabels()]} == {8.5}


def test_neighbours_of_the_palette_differ_in_grey():
    def lightness(color):
        red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
        luminance = sum(
            weight * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
            for weight, c in ((0.2126, red), (0.7152, green), (0.0722, blue))
        )
        return 116 * luminance ** (1 / 3) - 16

    for colors in (
        figures.PALETTE,
        [rows.ACCENT, rows.MUTED],
        figures.TOLD,
        [rows.ACCENT, rows.FAINT],
    ):
        shades = [lightness(color) for color in colors]
        assert all(abs(a - b) > 15 for a, b in pairwise(shades)), colors


def test_no_boundary_is_drawn_and_every_county_has_its_own_tile():
    assert set(STUDY.tiles) == set(COUNTIES) and len(set(STUDY.tiles.values())) == 9
    assert tiles.tile_places(list(COUNTIES)) == STUDY.tiles


def test_tiles_of_counties_whose_place_is_unknown_lie_in_their_order():
    codes = [*COUNTIES, *(f"90{i:04d}" for i in range(10, 91))]
    places = tiles.tile_places(codes)
    assert list(places) == codes and len(set(places.values())) == 90
    assert sorted(codes, key=lambda code: places[code][::-1]) == codes
