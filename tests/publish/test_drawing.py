"""Drawings made short: the same geometry, fewer signs, marks that know their county."""

import io
import re

import pytest
from matplotlib import pyplot as plt

from analysis.publish.drawing import BETWEEN, MARKS, Piece, compact, grouped, joined, marks
from analysis.publish.figures import use_style

AREAS = {"椒江区": "331002", "仙居县": "331024"}


@pytest.fixture
def svg():
    use_style()
    figure, axes = plt.subplots(figsize=(4, 2), dpi=72)
    points = axes.scatter([1, 2], [3, 4], c=["#123456", "#654321"])
    points.set_gid(marks(["椒江区 43.0", "其他 5 & 6"]))
    axes.set_title("甲 < 乙")
    axes.text(1.5, 3.5, "仙居县")
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches=None)
    plt.close(figure)
    return buffer.getvalue()


def test_a_mark_and_a_label_carry_the_code_of_their_county(svg):
    short = compact(svg, AREAS, "%")
    assert re.findall(r'<use[^>]*data-area="(\d+)"', short) == ["331002"]
    assert re.findall(r'<text[^>]*data-area="(\d+)"[^>]*>([^<]+)', short) == [("331024", "仙居县")]


def test_a_label_that_names_a_county_carries_its_code_and_keeps_its_words():
    use_style()
    figure, axes = plt.subplots(figsize=(4, 2), dpi=72)
    axes.annotate("43.0", (0.5, 0.5), gid=marks(["椒江区 43.0"]))
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches=None)
    plt.close(figure)
    assert 'data-area="331002">43.0</text>' in compact(buffer.getvalue(), AREAS)


def test_a_value_is_told_on_hover_with_its_unit_and_can_be_left_out(svg):
    assert re.findall("<title>(.*?)</title>", compact(svg, AREAS, "%")) == [
        "椒江区 43.0%",
        "其他 5 &amp; 6%",
    ]
    assert "<title>" not in compact(svg, AREAS, "%", phone=True)


def test_words_stay_words_and_the_drawing_is_shorter(svg):
    short = compact(svg, AREAS)
    assert "甲 &lt; 乙" in short and len(short) < len(svg) / 2
    assert re.search(r'viewBox="0 0 288 144"', short), "four by two inches in points"


def test_marks_stay_within_a_tenth_of_a_point(svg):
    old = re.findall(
        r'<use xlink:href="#[^"]+" x="([\d.]+)" y="([\d.]+)" style="fill: #(?:12|65)', svg
    )
    new = re.findall(r'<use x="([\d.]+)" y="([\d.]+)"', compact(svg, AREAS))
    kept = [[float(number) for number in pair] for pair in new]
    for pair in old:
        assert [float(number) for number in pair] in [
            pytest.approx(pair, abs=0.051) for pair in kept
        ]
    assert len(old) == 2


def test_every_line_of_words_stands_where_matplotlib_put_it():
    use_style()
    figure, axes = plt.subplots(figsize=(4, 2), dpi=72)
    axes.set_xticks([0, 1], ["椒江区\n43", "仙居县\n62"])
    axes.text(0.5, 0.5, "立", rotation=90)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches=None)
    plt.close(figure)
    words = re.findall(r"<text([^>]*)>([^<]+)", compact(buffer.getvalue(), AREAS))
    places = {
        word: re.search(r'x="(\d+)[\d.]*" y="(\d+)[\d.]*"', attributes)
        for attributes, word in words
    }
    assert all(places.values()), "a word without a place lies in the corner"
    over, under = ([int(number) for number in places[word].groups()] for word in ("仙居县", "62"))
    assert 5 < under[1] - over[1] < 20 and abs(under[0] - over[0]) < 40
    assert int(places["椒江区"][1]) < 60 and 200 < over[0] < 288, "each below its tick"
    turned = [attributes for attributes, word in words if "rotate" in attributes]
    assert len(turned) == 1 and 'transform="rotate(-90 ' in turned[0]


def test_lines_of_one_look_become_one_path_and_counties_stay_apart():
    plain = [Piece("path", {"d": f"M{i} 0V9"}, {"stroke": "#000"}) for i in range(3)]
    owned = Piece("path", {"d": "M0 0"}, {"stroke": "#000"}, area="331002")
    assert [piece.place["d"] for piece in joined([*plain, owned])] == ["M0 0V9M1 0V9M2 0V9", "M0 0"]


def test_neighbours_of_one_look_share_a_group():
    look = {"fill": "#000"}
    written = grouped(
        [Piece("path", {"d": "M0 0"}, look), Piece("path", {"d": "M1 1"}, look, "331002")]
    )
    assert written == '<g fill="#000"><path d="M0 0"/><path d="M1 1" data-area="331002"/></g>'


def test_a_piece_by_itself_states_its_look():
    alone = Piece("text", {"x": "1", "y": "2"}, {"font-size": "9"}, inside="甲")
    assert grouped([alone]) == '<text x="1" y="2" font-size="9">甲</text>'


def test_a_round_mark_is_a_circle_of_its_radius(svg):
    radius = float(re.search(r'<path id="[^"]+" d="M 0 ([\d.]+)', svg)[1])
    drawn = re.findall(r'<defs><circle id="m0" r="([\d.]+)"/></defs>', compact(svg, AREAS))
    assert [float(found) for found in drawn] == [pytest.approx(radius, abs=0.051)]


def test_the_name_of_marks_holds_the_labels_in_order():
    assert marks(["甲|乙", 2]) == f"{MARKS}甲|乙{BETWEEN}2"
