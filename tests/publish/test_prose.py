from dataclasses import replace

import jinja2
import pandas as pd
import pytest

from analysis.publish.hard_coded import numbers_in_braces
from analysis.publish.prose import Number, Unit, money, numbers, render
from analysis.publish.text import NumberSpan, References, Text


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
    said = render("持证率{{ x }}，{{ x.bare }}，{{ x.to(0) }}", {"x": number(47.227658)})
    spans = [NumberSpan("certified", text) for text in ("47.2%", "47.2", "47%")]
    assert said == Text(("持证率", spans[0], "，", spans[1], "，", spans[2]))
    assert all(span.linked for span in spans)


def test_an_unlinked_number_keeps_its_name_and_no_link():
    said = render(
        "{{ certified.unlinked }}·{{ certified.unlinked.bare }}", {"certified": number(47.2)}
    )
    spans = [NumberSpan("certified", text, linked=False) for text in ("47.2%", "47.2")]
    assert said == Text((spans[0], "·", spans[1])) and said.plain == "47.2%·47.2"
    assert numbers_in_braces("{{ certified.unlinked }}") == []


def test_an_order_is_said_in_words():
    assert number(1, unit="批").ordinal == NumberSpan("certified", "首", linked=False)
    assert number(2, unit="", lang="en").ordinal.text == "second"
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
    assert said == Text((NumberSpan("certified", "44.7–49.7%"),))
    assert render("{{ certified.interval }}", {"certified": number(47.2)}) == Text(("—",))


def test_a_withheld_number_says_so_and_keeps_its_name():
    withheld = replace(number(47.2), withheld="small")
    assert render("{{ x }}", {"x": withheld}) == Text((NumberSpan("certified", "不公布"),))
    assert withheld.bare.text == "不公布"


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
        '{{ certified ~ "" }}',
        '{{ "%s" % certified }}',
        "{{ certified.bare.text }}",
        "{{ certified.bare.name ~ certified.bare.text }}",
        "{{ said.plain }}",
        "{{ said.pieces }}",
        "{{ said[0] }}",
        "{% for piece in said %}{{ piece }}{% endfor %}",
        "{{ said ~ said }}",
        "{{ 47 }}",
    ],
)
def test_a_number_reaches_prose_as_a_link_or_not_at_all(template):
    names = {"certified": number(47.2), "confidence": "95%", "county": {"331002": "椒江区"}}
    names["said"] = Text(("持证率", NumberSpan("certified", "47.2%")))
    with pytest.raises((TypeError, jinja2.exceptions.SecurityError)):
        render(template, names)


def test_prose_may_loop_over_a_list_and_name_a_place_by_its_code():
    names = {"towns": ["甲", "乙"], "county": {"331002": "椒江区"}, "certified": number(47.2)}
    span = NumberSpan("certified", "47.2%")
    looped = "{% for x in towns %}{{ x }}{{ loop.last and certified or '' }}{% endfor %}"
    assert render(looped, names) == Text(("甲乙", span))
    said = render('{{ county["331002"] }}{{ towns[1] }}{{ towns | join("、") }}', names)
    assert said == Text(("椒江区乙甲、乙",))
    kept = "{% set x %}率{{ certified }}{% endset %}{{ x }}·{{ [x, towns[0]] | join('、') }}"
    assert render(kept, names) == Text(("率", span, "·率", span, "、甲"))


@pytest.mark.parametrize("write", [str, "{}".format, "%s".__mod__])
@pytest.mark.parametrize("value", [number(47.2), number(47.2).bare, Text(("甲",))])
def test_no_string_takes_a_number_or_a_text_without_its_name(value, write):
    with pytest.raises(TypeError, match="is no string: words take it by name"):
        write(value)


@pytest.mark.parametrize("whole", ["certified.bare", "said", "figure", "confidence", "county"])
def test_a_loop_over_what_is_no_list_is_told_what_it_may_go_through(whole):
    names = {"certified": number(47.2), "confidence": "95%", "county": {"331002": "椒江区"}}
    names |= {"said": Text(("甲",)), "figure": References("fig")}
    with pytest.raises(TypeError, match="words go through lists only"):
        render(f"{{% for x in {whole} %}}{{{{ x }}}}{{% endfor %}}", names)


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
    assert few(3, 4).span.text == few(3, 4).to(1).text == "4个社区中的3个"
    assert few(10, 11).text == "11个社区中的10个" and few(10, 11, "en").tabled == "10 of 11"
    assert few(9, 12).text == "75%" and few(9, 12).tabled == "75.0", "a dozen are enough"


def test_the_name_of_an_indicator_can_be_said_and_nothing_else_is_called_so():
    said = render("{{ x.name }}：{{ x }}", {"x": number(68.9, name="under_40")})
    assert said.plain.startswith("持证率：") and said.names == ["under_40"]
    with pytest.raises(jinja2.exceptions.SecurityError):
        render("{{ x.key }}", {"x": number(68.9)})
