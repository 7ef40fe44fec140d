"""Messages of the checks have a code, both languages and a remedy, and all are used."""

import re
from pathlib import Path
from string import Formatter

import pytest

import analysis
from analysis.survey import messages as module
from analysis.survey.codebook import _plain
from analysis.survey.messages import Message, messages
from analysis.survey.problems import Problem

NAMES = {name: one for name, one in vars(module).items() if isinstance(one, Message)}
PACKAGE = Path(analysis.__file__).parent
SOURCES = "".join(
    path.read_text("utf-8") for path in PACKAGE.rglob("*.py") if path.name != "messages.py"
)


def fields(text):
    return {name for _, name, *_ in Formatter().parse(text) if name}


def test_no_two_messages_have_one_code():
    assert len(messages()) == len(NAMES) > 150
    assert all(re.fullmatch("[A-Z][0-9]{2}", code) for code in messages())


@pytest.mark.parametrize("name", NAMES)
def test_a_message_has_both_languages_and_a_remedy_and_something_says_it(name):
    one = NAMES[name]
    chinese = re.compile("[\u4e00-\u9fff]")
    assert chinese.search(one.zh) or one.code == "B10"
    assert not chinese.search(
        re.sub("元|万元|无|备注|填表说明|填报单位", "", one.en + one.remedy_en)
    )
    assert chinese.search(one.remedy_zh) and one.remedy_en
    assert not fields(one.remedy_zh + one.remedy_en + one.zh_county)
    assert fields(one.en) <= fields(one.zh) | {
        "folder",
        "mb",
        "most",
        "count",
        "side",
        "noun",
        "added",
    }
    assert re.search(rf"\b{name}\b", SOURCES)


@pytest.mark.parametrize("one", messages().values(), ids=messages())
def test_a_question_is_worded_as_one_and_asks_to_confirm(one):
    assert one.asks == one.en.endswith("?") == one.remedy_zh.startswith("请核实")


def test_a_line_ends_with_the_code_of_its_rule():
    line = str(Problem.of(module.NOT_A_NUMBER.fault(), "a.xlsx", "s", "户数", 6, quote="“约47” "))
    assert line == (
        "a.xlsx!s!户数 6: “约47” 不是数字 (not a number) "
        "→ 只填阿拉伯数字，不加“约”、区间或文字 (digits only) [C01]"
    )


def test_what_another_county_is_called_is_not_in_what_the_county_reads():
    fault = module.SHEET_OF_ANOTHER.fault(other="乙县")
    problem = Problem.of(fault, "a.xlsx", "s")
    assert "乙县" in problem.message and "乙县" not in problem.county_message
    assert problem.county_message.endswith("(belongs to another county)")


def test_the_text_of_a_rule_of_the_study_may_hold_braces():
    assert (
        Message("R99", _plain("应为 {甲}"), _plain("{a}"), "x", "y").fault().text
        == "应为 {甲} ({a})"
    )


def test_no_problem_is_made_without_a_message():
    made = re.findall(r"\bProblem\((?!\*\*)", SOURCES.replace("class Problem(", ""))
    assert made == []
