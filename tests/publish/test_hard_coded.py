import re

import pytest

from analysis.publish.hard_coded import hard_coded_numbers, numbers_in_braces


@pytest.mark.parametrize(
    "text",
    [
        "共有专职社区工作者1533人",
        "投入16887.2万元",
        "每年三万元",
        "招聘452名",
        "摘除实物牌子６６９块",
        "持证率47.2%",
        "近四成社区",
        "一千五百名社工",
        "三百户",
        "两个社区",
        "三分之一的社区",
        "百分之四十八",
        "超过一半的社工没有证书",
        "过半的县有大党委",
        "增长了三倍",
        "从{{ a }}升到98%",
        "第3批",
        "十几名社工",
        "2018年招聘了452名",
        "1,533 workers",
        "持证率①②",
        "持证率٦١",
        "持证率<61%>",
        "持证率&#54;&#49;%",
        "面积²",
        "half of the premises",
        "fifty-two hours",
        "47.2 %",
        "<b>12</b>人",
        "zero",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "dozens",
        "hundreds",
        "thousands",
        "millions",
        "thirds",
        "quarters",
        "fifths",
        "doubled",
        "doubling",
        "tripled",
        "halved",
        "quadrupled",
        "twofold",
        "fourfold",
        "tenfold",
        "thrice",
        "one tenth of the workers",
        "贰拾人",
        "叁佰陆拾户",
        "伍人",
        "拾个",
        "俩社区",
        "仨",
        "廿",
        "卅余",
        "十之八九",
        "两社区",
        "九县",
        "上百社区",
        "数千",
        "成倍增长",
    ],
)
def test_a_typed_number_is_found(text):
    assert hard_coded_numbers(text)


@pytest.mark.parametrize(
    "text",
    [
        "由2018年初的{{ a }}提高到{{ b.bare }}名",
        "截至2020年4月30日",
        "### （一）治理体系：有文件、有考核",
        "## 一、做法成效",
        "推行三项清单，落实三岗十八级，按“一社区一方案”办理",
        "“三社联动”“七多”“最多跑一次”“一肩挑”“两委”",
        "国办发〔2021〕56号",
        "进一步统一标准，一些社区",
        '见<a class="ref" href="#fig-2"></a>',
        "{% if a.value < 50 %}低{% else %}高{% endif %}",
        "不含单位缴纳的五险一金",
        "In 2018 the counties reported {{ a }}.",
        "首批市级实验区",
        "按项目分，万元",
        "队伍人员、大陆户籍、收拾家园、入伍人员",
        "重点之一，两者之间",
        "first, second, score, once, one, tender, often, weightings, fifthly",
    ],
)
def test_what_is_not_a_typed_number_passes(text):
    assert hard_coded_numbers(text) == []


def test_no_notebook_types_a_day_that_the_wave_declares(repository):
    notebooks = {
        path.name: path.read_text("utf-8") for path in (repository / "notebooks").glob("*.ipynb")
    }
    assert {
        name: found
        for name, text in notebooks.items()
        if (found := re.findall(r'Timestamp\(\\".*', text))
    } == {}


@pytest.mark.parametrize(
    "template",
    [
        '{{ "61%" }}',
        "{{ 61 }}",
        "{{ 0x3d }}",
        "{{ 6.1 }}",
        '{{ "\\x36\\x31%" }}',
        '{{ "六成" }}',
        '{{ "half" }}',
        '{{ "６１" }}',
        '{{ "②" }}',
        '{{ "6" ~ "1" }}',
        '{{ "a" ~ certified.n }}',
        "{{ certified.value + 1 }}",
        "{{ -certified.value }}",
        "{{ certified.value * 2 }}",
        '{{ "%d" % certified.n }}',
        '{{ "{}".format(certified.n) }}',
        '{{ "a61".replace("a", "") }}',
        '{{ missing | default("61%") }}',
        "{{ certified.value | round(1) }}",
        '{{ ["61"] | first }}',
        '{{ {"a": "61"}["a"] }}',
        '{{ {"a": "61"}.a }}',
        '{{ "61"[0] }}',
        '{{ "61" if certified.value > 50 else certified }}',
        '{{ certified if certified.value > 50 else "61" }}',
        '{% set x = "61%" %}{{ x }}',
        '{% set x %}{{ "61%" }}{% endset %}{{ x }}',
        '{% for x in ["61%"] %}{{ x }}{% endfor %}',
        "{% for x in range(61) %}{{ loop.index }}{% endfor %}",
        '{% with x = "61" %}{{ x }}{% endwith %}',
        '{% macro a(x="61") %}{{ x }}{% endmacro %}{{ a() }}',
        '{% if certified.value > 50 %}{{ "61" }}{% endif %}',
        '{% if a %}{% elif b %}{{ "61" }}{% else %}{% endif %}',
        '{{ certified.to(0).replace("4", "6") }}',
        '{{ names | join("6") }}',
        "{{ true }}",
        "{{ compliant.plain }}",
        "{{ compliant.tabled }}",
        '{{ compliant["text"] }}',
        '{{ county["331004"].compliant.text }}',
        "{{ compliant.text[0:2] }}",
        "{{ compliant.bare[-9:-5] }}",
        "{{ confidence[0:1] }}",
        "{% for x in compliant.text %}{{ x }}{% endfor %}",
        "{% set a, b, c = confidence %}{{ a }}{{ b }}",
        "{% for a, b, c in names %}{{ a }}{{ b }}{% endfor %}",
    ],
)
def test_a_number_inside_braces_is_found_with_its_line(template):
    (found, *_) = numbers_in_braces(f"一行\n{template}")
    assert found.endswith("line 2)")


@pytest.mark.parametrize(
    "template",
    [
        "{{ certified }}",
        "{{ certified.bare }}",
        "{{ compliant.to(0) }}",
        "{{ compliant.interval }}",
        "{{ compliant.title }}",
        '{{ county["331004"].able_workers.bare }}',
        '{{ said["331002"].income }}',
        "{{ names[0] }}",
        "{% if as_village_named.value == 2 %}甲{% else %}乙{% endif %}",
        "{% if traditional_fields.value > 50 and not x %}甲{% endif %}",
        "{{ certified if certified.value > 50 else workers }}",
        '{{ names | join("、") }}',
        "{% for sentence in apart %}{{ sentence }}{% endfor %}",
        '{{ "统一" }}',
        "{# 61 #}",
    ],
)
def test_a_name_a_subscript_a_condition_and_words_may_stand_inside_braces(template):
    assert numbers_in_braces(template) == []
