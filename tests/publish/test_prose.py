import re

import jinja2
import pandas as pd
import pytest

from analysis.publish.hard_coded import numbers_in_braces
from analysis.publish.markup import caption, inline, linked, plain
from analysis.publish.prose import Number, Unit, money, numbers, render


def number(
    value, low=float("nan"), high=float("nan"), decimals=1, unit="%", name="certified", lang="zh"
):
    return Number(
        name,
        "持证率",
        value,
        low,
        high,
        1533,
        Unit(unit, decimals, lang=lang),
        "synthetic",
        "census",
    )


def test_a_number_is_said_with_its_unit_and_leads_to_its_receipt():
    said = str(number(47.227658))
    assert said == '<a class="n" href="#r-certified" data-basis="synthetic">47.2%</a>'
    assert number(47.227658).bare.endswith(">47.2</a>")
    assert number(47.227658).to(0).endswith(">47%</a>")


def test_an_unlinked_number_keeps_its_name_and_no_link():
    said = render(
        "{{ certified.unlinked }}·{{ certified.unlinked.bare }}", {"certified": number(47.2)}
    )
    assert (
        said == '<span class="n" data-r="certified">47.2%</span>·<span class="n" '
        'data-r="certified">47.2</span>'
    )
    assert linked(said) == said and inline(said) == said and plain(said) == "47.2%·47.2"
    assert numbers_in_braces("{{ certified.unlinked }}") == []


def test_a_caption_keeps_the_names_of_its_numbers_and_their_links_not():
    linked_number = str(number(47.2))
    assert (
        caption(f"<b>持证率{linked_number}")
        == '&lt;b&gt;持证率<span class="n" data-r="certified">47.2%</span>'
    )


def test_an_order_is_said_in_words():
    assert re.sub("<[^>]*>", "", number(1, unit="批").ordinal) == "首"
    assert re.sub("<[^>]*>", "", number(2, unit="", lang="en").ordinal) == "second"
    with pytest.raises(ValueError, match="certified: 11"):
        _ = number(11).ordinal


def test_halves_round_away_from_zero_as_in_print():
    assert number(47.25).text == "47.3%"
    assert number(0.5, decimals=0, unit="人").text == "1人"


def test_an_interval_is_said_or_a_dash():
    assert number(47.2, 44.7377, 49.7312).interval_text == "44.7–49.7%"
    assert number(-3.0, -9.25, 3.1).interval_text == "-9.3至3.1%", "no dash after a minus"
    assert number(47.2).interval == number(47.2).interval_text == "—"


def test_an_interval_in_prose_leads_to_the_receipt_of_its_number():
    said = render("{{ certified.interval }}", {"certified": number(47.2, 44.7377, 49.7312)})
    assert said == '<a class="n" href="#r-certified" data-basis="synthetic">44.7–49.7%</a>'


@pytest.mark.parametrize(
    "template",
    [
        "{{ certified.plain }}",
        "{{ certified.text }}",
        '{{ certified["tabled"] }}',
        "{{ certified.unit.print }}",
        "{{ confidence[0] }}",
        "{{ certified.bare[-9] }}",
        "{% for x in certified.bare %}{{ x }}{% endfor %}",
        "{% for x in confidence %}{{ x }}{% endfor %}",
        "{% for x in [confidence] %}{% for y in x %}{{ y }}{% endfor %}{% endfor %}",
        "{% for code in county %}{{ code }}{% endfor %}",
        '{{ confidence | join("") }}',
        '{{ county | join("、") }}',
    ],
)
def test_a_number_reaches_prose_as_a_link_or_not_at_all(template):
    names = {"certified": number(47.2), "confidence": "95%", "county": {"331002": "椒江区"}}
    with pytest.raises((TypeError, jinja2.exceptions.SecurityError)):
        render(template, names)


def test_prose_may_loop_over_a_list_and_name_a_place_by_its_code():
    names = {"towns": ["甲", "乙"], "county": {"331002": "椒江区"}, "certified": number(47.2)}
    assert render(
        "{% for x in towns %}{{ x }}{{ loop.last and certified or '' }}{% endfor %}", names
    ).startswith("甲乙<")
    assert (
        render('{{ county["331002"] }}{{ towns[1] }}{{ towns | join("、") }}', names)
        == "椒江区乙甲、乙"
    )


def test_half_follows_the_value():
    assert [number(v).half for v in (47.2, 50, 52)] == ["不足一半", "恰为一半", "超过一半"]


def test_an_unknown_name_stops():
    with pytest.raises(jinja2.UndefinedError, match="certifed"):
        render("持证率{{ certifed }}", {"certified": number(47.2)})


def test_numbers_are_kept_apart_by_district():
    rows = [("certified", "331000", 47.2), ("certified.331002", "331002", 43.0)]
    frame = pd.DataFrame(
        [
            {
                "name": name,
                "indicator": "certified",
                "district": district,
                "value": value,
                "low": None,
                "high": None,
                "n": 100,
                "numerator": value,
                "how": "workers: 100 × count(certified) / count(rows)",
                "basis": "synthetic",
                "uncertainty": "census",
            }
            for name, district, value in rows
        ]
    )
    said = numbers(frame, "zh")
    assert said["331000"]["certified"].text == "47.2%"
    assert said["331002"]["certified"].key == "certified.331002"
    assert numbers(frame, "en")["331000"]["certified"].name == "certified share"


@pytest.mark.parametrize(
    ("value", "decimals", "unit", "zh", "en"),
    [
        (16887.2, 1, "million yuan", "16887.2万元", "168.872 million yuan"),
        (6.47, 2, "yuan", "6.47万元", "64,700 yuan"),
        (4.2134, 2, "yuan", "4.21万元", "42,100 yuan"),
        (400, 0, "million yuan", "400万元", "4 million yuan"),
    ],
)
def test_money_is_the_same_number_in_both_languages(value, decimals, unit, zh, en):
    measure = {"unit_zh": "万元", "unit_en": unit, "decimals": str(decimals)}
    said = [
        Number("x", "x", value, None, None, 1, Unit.of(measure, lang), "synthetic", "")
        for lang in ("zh", "en")
    ]
    assert [number.text for number in said] == [zh, en]
    power = {"million yuan": -2, "yuan": 4}[unit]
    printed = [float(text.split(" ")[0].replace(",", "").removesuffix("万元")) for text in (zh, en)]
    assert printed[0] * 10.0**power == pytest.approx(printed[1], rel=1e-12)


def test_english_groups_digits_and_sets_words_apart():
    assert number(1533, decimals=0, unit="", lang="en").text == "1,533"
    assert number(45.03, unit="hours", lang="en").text == "45.0 hours"
    assert number(47.2, lang="en").half == "less than half"


@pytest.mark.parametrize(
    ("printed", "unit", "name", "said"),
    [
        ("6.47", "万元/person/year", "yuan", ("64,700", "yuan/person/year")),
        ("4.2", "万元", "yuan", ("42,000", "yuan")),
        ("16887.2", "万元", "million yuan", ("168.872", "million yuan")),
        (">400", "万元/year", "", (">4", "million yuan/year")),
        ("", "万元", "yuan", ("", "yuan")),
        ("47.2", "%", "%", ("47.2", "%")),
    ],
)
def test_published_money_is_said_in_the_unit_of_the_number_beside_it(printed, unit, name, said):
    assert money(printed, unit, name) == said


def few(counted, n, lang="zh", table="communities"):
    unit = Unit("%", 0, lang=lang)
    return Number(
        "a", "占比", 100 * counted / n, 30, 90, n, unit, "synthetic", "census", counted, table
    )


def test_a_share_of_fewer_than_twelve_is_counts_wherever_it_is_printed():
    assert few(3, 4).text == "4个社区中的3个" and few(3, 4, "en").text == "3 of 4 communities"
    assert (
        few(2, 5, table="workers").text == "5人中的2人"
        and few(1, 1, "en", "workers").text == "1 of 1 worker"
    )
    assert few(3, 4).plain == few(3, 4).tabled == "4中3" and few(3, 4, "en").tabled == "3 of 4"
    assert ">4个社区中的3个<" in str(few(3, 4)) and ">4个社区中的3个<" in few(3, 4).to(1)
    assert few(10, 11).text == "11个社区中的10个" and few(10, 11, "en").tabled == "10 of 11"
    assert few(9, 12).text == "75%" and few(9, 12).tabled == "75.0", "a dozen are enough"


def test_the_name_of_an_indicator_can_be_said_and_nothing_else_is_called_so():
    said = render("{{ x.name }}：{{ x }}", {"x": number(68.9, name="under_40")})
    assert said.startswith("持证率：") and "under_40" in said
    with pytest.raises(jinja2.exceptions.SecurityError):
        render("{{ x.key }}", {"x": number(68.9)})
