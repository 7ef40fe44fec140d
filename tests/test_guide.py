"""Each guide page leads where it says: its edits and commands, applied to a copy with a finished
edition, give what the page shows; and each message that it quotes is the one that comes.
"""

import re
from dataclasses import replace
from html import unescape
from itertools import count

import openpyxl
import pandas as pd
import pytest

from guide import Follower, copy_edition, of_page
from running import REPOSITORY
from synthetic.next_wave import synthesise_next

ROSTER, PLACES = "专职社区工作者花名册", "社区基本情况"
CHECK, LINT, BUILD = (f".venv/bin/analysis {word}" for word in ("check", "lint", "build"))
EDITS = ("csv", "diff", "toml", "python", "markdown")


@pytest.fixture
def copies(edition, tmp_path):
    """Make one copy of a finished edition after another, each to be followed by itself."""
    numbers = count()
    return lambda: Follower(copy_edition(edition, tmp_path / str(next(numbers)) / "copy"))


def edits(steps):
    return [step for step in steps if step.kind in EDITS]


def changed(steps, kind, which, change):
    """The edits among some steps, where the nth of a kind has another text, or (None) is left out."""
    one = [step for step in steps if step.kind == kind][which]
    text = change(one.text) if change else ""
    assert text != one.text
    new = [replace(one, text=text)] if text else []
    return [kept for step in edits(steps) for kept in (new if step is one else [step])]


def put(old, new):
    """A change of a text that has the old words."""

    def change(text):
        assert old in text
        return text.replace(old, new, 1)

    return change


def stopped(follower, steps, command, message):
    """Follow some steps; the command then says what the page quotes, and does not exit with 0."""
    follower.follow(steps)
    follower.run(command)
    assert follower.code != 0
    follower.printed(message)


def words_of(follower, page):
    """The words of a published page without its tags."""
    return unescape(re.sub(r"<[^>]+>", "", follower.read(f"outputs/{page}")))


def estimates(follower, wave="2020"):
    path = follower.folder / "outputs" / wave / "tables/estimates.csv"
    return pd.read_csv(path, dtype={"district": str}).set_index("name")


def cells(follower, sheet, column, wave="2020"):
    """The values of a column of a sheet in all workbooks, by its title in either row of the head."""
    for path in sorted((follower.folder / "data/raw" / wave).glob("33*.xlsx")):
        rows = list(openpyxl.load_workbook(path, read_only=True)[sheet].iter_rows(values_only=True))
        (place,) = {i for row in rows[3:5] for i, title in enumerate(row) if title == column}
        yield from (row[place] for row in rows[5:] if isinstance(row[0], int))


@pytest.mark.slow
def test_indicator(copies):
    follower = copies()
    steps, (no_measure, no_person, misspelt) = of_page("indicator.md")
    follower.follow(steps)
    born = [str(value) for value in cells(follower, ROSTER, "出生年月")]
    young = sum(int(re.match(r"\d{4}", one)[0]) >= 1981 for one in born)
    table = estimates(follower)
    assert table.loc["under_40_workers", "value"] == young
    assert table.loc["under_40", "value"] == pytest.approx(100 * young / len(born))
    said = f"四十岁以下的有{young}名，占{100 * young / len(born):.1f}%。"
    assert said in words_of(follower, "2020/notebooks/03_workforce.html")
    english = words_of(follower, "2020/notebooks/en/03_workforce.html")
    assert f"{young:,} are under forty: {100 * young / len(born):.1f}%." in english
    only = f"{BUILD} --only workforce"
    stopped(copies(), changed(steps, "csv", 0, None), only, no_measure)
    stopped(copies(), changed(steps, "csv", 1, None), only, no_person)
    wrong = changed(steps, "markdown", 1, put("{{ under_40 }}", "{{ under_4O }}"))
    stopped(copies(), wrong, LINT, misspelt)


@pytest.mark.slow
def test_question(copies):
    follower = copies()
    steps, (not_since, no_answers, no_type) = of_page("question.md")
    follower.follow(steps)
    for path in (follower.folder / "build/forms/2021").glob("33*.xlsx"):
        book = openpyxl.load_workbook(path)
        heads = [cell.value for cell in book[PLACES][5]]
        assert heads.index("老年食堂") == heads.index("已制定用房方案") + 1
        column = openpyxl.utils.get_column_letter(heads.index("老年食堂") + 1)
        (lists,) = (
            one.formula1
            for one in book[PLACES].data_validations.dataValidation
            if f"{column}6" in one.sqref
        )
        assert lists == '"自办,委托,没有"'
    stopped(copies(), changed(steps, "diff", 0, put("2021", "")), CHECK, not_since)
    stopped(copies(), changed(steps, "csv", 0, None), CHECK, no_answers)
    stopped(copies(), changed(steps, "diff", 0, put("choice", "list")), CHECK, no_type)


@pytest.mark.slow
def test_figure(copies):
    follower = copies()
    steps, (not_shown, not_cited, not_drawn) = of_page("figure.md")
    follower.follow(steps)
    shown = [value == "是" for value in cells(follower, PLACES, "社会组织运营")]
    percent = f"{100 * sum(shown) / len(shown):.1f}%"
    for folder, page, word in (("", "", "图"), ("en/", "en/", "Figure")):
        drawn = follower.read(f"outputs/2020/figures/{folder}run_by_organisation.svg")
        assert percent.rstrip("%") in drawn
        report = follower.read(f"outputs/2020/report/{page}index.html")
        number = re.search(rf"#fig-run_by_organisation>({word} \d+)<", report)
        assert number and number[1] in words_of(follower, f"2020/report/{page}index.html")
    stopped(copies(), changed(steps, "python", 1, None), LINT, not_shown)
    stopped(copies(), changed(steps, "diff", 1, None), LINT, not_cited)
    stopped(copies(), changed(steps, "python", 0, None), BUILD, not_drawn)


@pytest.mark.slow
def test_sentence(copies):
    follower = copies()
    steps, (typed, unknown, no_english, refused) = of_page("sentence.md")
    follower.follow(steps)
    plans = [value == "是" for value in cells(follower, PLACES, "已制定用房方案")]
    percent = f"{100 * sum(plans) / len(plans):.0f}%"
    chinese = words_of(follower, "2020/report/index.html")
    assert f"制定了用房方案的占{percent}。" in chinese
    english = words_of(follower, "2020/report/en/index.html")
    assert f"{percent} of communities have a plan for their premises." in english
    name = "{{ premises_plan.unlinked }}"
    stopped(copies(), changed(steps, "diff", 0, put(name, percent)), LINT, typed)
    wrong = put("premises_plan.unlinked", "premises_plans.unlinked")
    stopped(copies(), changed(steps, "diff", 0, wrong), LINT, unknown)
    alone = copies()
    alone.add_cell("notebooks/10_report.ipynb", "由社会组织运营", "%%md zh\n设施有待改善。")
    stopped(alone, [], LINT, no_english)
    wrong = put("of communities have", "of communities in a district have")
    stopped(copies(), changed(steps, "diff", 1, wrong), LINT, refused)


@pytest.mark.slow
def test_correction(copies):
    follower = copies()
    steps, (other_value, no_column, no_comma, identifier) = of_page("correction.md")
    follower.follow(steps)
    answers = list(cells(follower, ROSTER, "社会工作者职业资格证书"))
    certified = sum(value != "无" for value in answers) + 1  # the workbook itself is as it was
    assert estimates(follower).loc["certified_workers", "value"] == certified
    assert "certified.331024" in follower.read("outputs/2020/changes.html")
    wrong = put(",无,", ",社会工作师,")
    stopped(copies(), changed(steps, "csv", 0, wrong), CHECK, other_value)
    wrong = put("社会工作者职业资格证书", "资格证书")
    stopped(copies(), changed(steps, "csv", 0, wrong), CHECK, no_column)
    wrong = put(",电话核实,", ",电话核实")
    stopped(copies(), changed(steps, "csv", 0, wrong), CHECK, no_comma)
    wrong = put("社会工作者职业资格证书", "身份证号")
    stopped(copies(), changed(steps, "csv", 0, wrong), CHECK, identifier)


@pytest.mark.slow
def test_rule(copies):
    follower = copies()
    steps, (no_column, taken, no_kind) = of_page("rule.md")
    follower.follow(steps)
    (returned,) = (follower.folder / "build/returns").rglob("331022*.xlsx")
    comments = [
        cell.comment.text
        for row in openpyxl.load_workbook(returned)[PLACES].iter_rows()
        for cell in row
        if cell.comment
    ]
    assert any("[R27]" in text and "核对两列" in text for text in comments)
    follower.run(CHECK)
    assert follower.code == 0
    wrong = put("communities,households,", "communities,household,")
    stopped(copies(), changed(steps, "csv", 0, wrong), CHECK, no_column)
    stopped(copies(), changed(steps, "csv", 0, put("R27", "R26")), CHECK, taken)
    stopped(copies(), changed(steps, "csv", 0, put(",holds,", ",hold,")), CHECK, no_kind)


def hand_in(follower):
    """Put the filled-in workbooks of 2021 in place, as the counties would."""
    raw = synthesise_next(follower.folder / "data/raw", REPOSITORY / "data/raw/reference")
    (raw / "wave.toml").unlink()


@pytest.mark.slow
def test_wave(copies):
    follower = copies()
    steps, (no_file, other_wave, not_declared) = of_page("wave.md")
    follower.follow(steps[:2])
    hand_in(follower)
    follower.follow(steps[2:])
    assert estimates(follower, "2021").loc["workers_total", "value"] == len(
        list(cells(follower, ROSTER, "岗位", "2021"))
    )
    assert "海游更名街道" in words_of(follower, "2021/report/index.html")
    assert "id=tab-changes" in follower.read("outputs/2021/report/en/index.html")
    assert "2021/index.html" in follower.read("outputs/index.html")
    command = f"{CHECK} --wave 2021"
    declared = follower.read("data/raw/2021/wave.toml")
    path = follower.folder / "data/raw/2021/wave.toml"
    path.write_text(declared.replace('wave = "2021"', 'wave = "2020"'), "utf-8")
    stopped(follower, [], command, other_wave)
    path.write_text(declared.rpartition("[[places]]")[0], "utf-8")
    stopped(follower, [], command, not_declared)
    path.write_text(declared, "utf-8")
    (follower.folder / "data/raw/2021/331081_温岭市.xlsx").unlink()
    stopped(follower, [], command, no_file)


@pytest.mark.slow
def test_study(copies):
    follower = copies()
    here = follower.folder
    steps, (not_empty, no_table, no_study) = of_page("study.md")
    follower.follow(steps)
    assert (follower.folder / "outputs/2024/report/report.pdf").stat().st_size > 10000
    wrong = edits(steps)[0].text.replace("5000,多于", "400,多于")
    follower.change("data/raw/reference/rules.csv", f"-{edits(steps)[0].text}+{wrong}")
    stopped(follower, [], "analysis check", "…核对户数 (check the households) [E02]")
    there, follower.folder = follower.folder, here
    stopped(follower, [], steps[0].text, not_empty)
    follower.folder = there
    follower.change("study.toml", '-reference = ["rules"]\n+reference = ["ruls"]\n')
    stopped(follower, [], "analysis check", no_table)
    follower.folder = here.parent
    stopped(follower, [], "analysis check", no_study)


def fill_in(path):
    """Fill in the form of the example as a county would: a centre in every other community."""
    book = openpyxl.load_workbook(path)
    sheet = book[PLACES]
    rows = [row for row in sheet.iter_rows(min_row=6) if isinstance(row[0].value, int)]
    for place, row in enumerate(rows):
        row[4].value, row[5].value = 400 + place, "是否"[place % 2]
    book.save(path)


@pytest.mark.slow
def test_county(copies):
    follower = copies()
    steps, (no_file, not_filled, no_code) = of_page("county.md")
    asked = next(
        i for i, step in enumerate(steps) if "100003_" in step.text and step.kind == "text"
    )
    follower.follow(steps[: asked + 1])
    stopped(follower, [], "analysis check", no_file)
    form = follower.folder / "build/forms/2024/100003_南岭区.xlsx"
    target = follower.folder / "data/raw/2024" / form.name
    target.write_bytes(form.read_bytes())
    stopped(follower, [], "analysis check", not_filled)
    fill_in(target)
    follower.follow(steps[asked + 1 :])
    assert "南岭" in words_of(follower, "2024/report/index.html")
    follower.change("data/raw/reference/counties.csv", "-100003,南岭区\n+10003,南岭区\n")
    stopped(follower, [], "analysis check", no_code)


@pytest.mark.slow
def test_language(copies):
    follower = copies()
    steps, (no_english, no_language, no_name) = of_page("language.md")
    follower.follow(steps)
    table = pd.read_csv(follower.folder / "outputs/2024/tables/estimates.csv").set_index("name")
    percent = f"{table.loc['centres', 'value']:.1f}%"
    assert f"有服务中心的社区占{percent}" in words_of(follower, "2024/report/index.html")
    english = words_of(follower, "2024/report/en/index.html")
    assert f"A service centre is there in {percent} of communities" in english
    follower.change("study.toml", '-languages = ["zh", "en"]\n+languages = ["zh", "fr"]\n')
    stopped(follower, [], "analysis check", no_language)
    follower.change("study.toml", '-languages = ["zh", "fr"]\n+languages = ["zh", "en"]\n')
    measures, name = "data/raw/reference/measures.csv", "communities with a service centre"
    follower.change(measures, f"-有服务中心的社区占比,{name}\n+有服务中心的社区占比,\n")
    stopped(follower, [], "analysis check", no_name)
    follower.change(measures, f"-有服务中心的社区占比,\n+有服务中心的社区占比,{name}\n")
    follower.change(
        "notebooks/02_report.ipynb",
        "-%%md en\n-{{ centres.unlinked }} of communities have a service centre.\n",
    )
    stopped(follower, [], "analysis lint", no_english)
