import pandas as pd
import pytest
from this_study import TABLES

from analysis.survey.changes import jump_questions
from analysis.survey.codebook import FROM_FILE
from analysis.survey.frame_checks import frame_problems, with_claims
from analysis.survey.load import load
from analysis.survey.parsed import parse_tables
from analysis.survey.problems import Problem
from analysis.survey.rules import partial_tables, rule_questions
from analysis.survey.rules import rule_problems as own_rules


def rule_problems(tables, frame, *partial):
    """Every rule, with and without the frame."""
    return own_rules(tables, *partial) + frame_problems(tables, frame, *partial)


@pytest.fixture
def tables(wave):
    return {name: table.copy() for name, table in wave[0].items()}


def at(tables, table, column, label, message):
    row = tables[table].loc[label]
    title = TABLES[table].columns[column].title
    return Problem(row["workbook"], row["sheet"], title, row["row"], message)


def test_the_wave_keeps_every_rule(tables, frame):
    assert rule_problems(tables, frame) == []


def test_the_clean_tables_keep_the_rules_as_plain_python_says_them(tables):
    grades = {"正职": range(7, 19), "副职": range(4, 16), "其他": range(1, 13)}
    for worker in tables["workers"].to_dict("records"):
        assert worker["grade"] in grades[worker["post"]]
        assert worker["hired"].year - worker["born"].year >= 16
    for place in tables["communities"].to_dict("records"):
        assert place["residents_area"] <= place["area"]
        assert place["active_organisations"] <= place["organisations"]
        assert place["committee_workers"] <= place["committee_seats"]
    for item in tables["funding"].to_dict("records"):
        parts = [item[name] for name in ("city_funds", "county_funds", "township_funds")]
        assert round(100 * sum(parts)) == round(100 * item["amount"])
    for place in tables["interview_communities"].to_dict("records"):
        assert place["full_time"] + place["former_cadres"] <= place["staff"]


@pytest.mark.parametrize(
    ("table", "column", "other", "excess", "message"),
    [
        ("communities", "residents_area", "area", 1, "大于建筑面积 (exceeds the floor area)"),
        (
            "communities",
            "active_organisations",
            "organisations",
            1,
            "大于社会组织总数 (exceeds all organisations)",
        ),
        (
            "communities",
            "committee_workers",
            "committee_seats",
            1,
            "大于“两委”总数 (exceeds the seats)",
        ),
        ("funding", "amount", "amount", 0.01, "不等于各级资金之和 (is not the sum of the sources)"),
        (
            "interview_communities",
            "staff",
            ("full_time", "former_cadres"),
            -1,
            "小于专职社工与原村干部之和 (is less than its parts)",
        ),
    ],
)
@pytest.mark.parametrize("label", [0, 7, -1])
def test_a_part_greater_than_its_whole_is_named_at_its_row(
    tables, frame, table, column, other, excess, message, label
):
    rows = tables[table]
    label = rows.index[label]
    limit = sum(rows.loc[label, name] for name in ([other] if isinstance(other, str) else other))
    rows.loc[label, column] = limit
    assert rule_problems(tables, frame) == []
    rows.loc[label, column] = limit + excess
    assert rule_problems(tables, frame) == [at(tables, table, column, label, message)]


@pytest.mark.parametrize(
    ("post", "low", "high"), [("正职", 7, 18), ("副职", 4, 15), ("其他", 1, 12)]
)
def test_a_grade_outside_the_range_of_its_post_is_named_at_its_row(tables, frame, post, low, high):
    workers = tables["workers"]
    workers.loc[:17, "post"] = post
    workers.loc[:17, "grade"] = list(range(1, 19))
    message = "不在该岗位的等级范围内 (not a grade of this post)"
    wrong = [label for label in range(18) if not low <= label + 1 <= high]
    assert rule_problems(tables, frame) == [
        at(tables, "workers", "grade", i, message) for i in wrong
    ]


def test_a_worker_hired_in_the_sixteenth_year_passes_and_before_it_does_not(tables, frame):
    workers = tables["workers"]
    workers.loc[3, "born"] = pd.Timestamp(1990, 12, 1)
    workers.loc[3, "hired"] = pd.Timestamp(2006, 1, 1)
    assert rule_problems(tables, frame) == []
    workers.loc[3, "hired"] = pd.Timestamp(2005, 12, 31)
    message = "入职时不满16岁 (younger than 16 on entry)"
    assert rule_problems(tables, frame) == [at(tables, "workers", "hired", 3, message)]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("communities", "community_code"),
        ("interview_frame", "community_code"),
        ("interview_communities", "community_code"),
        ("interview_staff", "respondent"),
        ("funding", "item"),
        ("county_baseline", "county_code"),
        ("burden", "township"),
    ],
)
def test_a_row_reported_twice_is_named_at_the_second(tables, frame, table, column):
    again = tables[table].iloc[[0]].assign(row=999)
    tables[table] = pd.concat([tables[table], again], ignore_index=True)
    last = tables[table].index[-1]
    assert rule_problems(tables, frame) == [
        at(tables, table, column, last, "重复填报 (reported twice)")
    ]


def test_more_people_interviewed_than_there_are_staff_is_named_at_the_community(tables, frame):
    communities, people = tables["interview_communities"], tables["interview_staff"]
    label = communities.index[0]
    asked = int((people["community_code"] == communities.loc[label, "community_code"]).sum())
    communities.loc[label, ["full_time", "former_cadres", "staff"]] = [1, 0, asked]
    assert asked > 1 and rule_problems(tables, frame) == []
    communities.loc[label, "staff"] = asked - 1
    message = "小于“人员访谈”中的人数 (is less than the people interviewed there)"
    assert rule_problems(tables, frame) == [
        at(tables, "interview_communities", "staff", label, message)
    ]


@pytest.mark.parametrize(
    ("table", "other"),
    [
        ("workers", "社区基本情况"),
        ("election_candidates", "社区基本情况"),
        ("interview_staff", "社区访谈"),
    ],
)
def test_a_community_that_no_table_knows_is_named_at_its_row(tables, frame, table, other):
    label = tables[table].index[-1]
    county = tables[table].loc[label, "county_code"]
    tables[table].loc[label, "community_code"] = f"{county}999999"
    message = f"社区代码不在“{other}”中 (not in that table)"
    assert rule_problems(tables, frame) == [at(tables, table, "community_code", label, message)]


def test_a_missing_community_is_named_with_its_county_s_file(tables, frame):
    gone = tables["communities"].iloc[5]
    for name, table in tables.items():
        if "community_code" in table:
            tables[name] = table[table["community_code"] != gone["community_code"]]
    message = (
        f"缺少 {gone['community_code']} {gone['community']} (community of the frame is missing)"
    )
    assert rule_problems(tables, frame) == [
        Problem(gone["workbook"], gone["sheet"], "社区代码", 0, message)
    ]


def test_a_community_beyond_the_frame_is_named_at_its_row(tables, frame):
    code = tables["communities"]["community_code"].iloc[-1]
    shorter = frame[frame["community_code"] != code]
    label = tables["communities"].index[-1]
    message = "不在社区名录中 (not in the frame)"
    assert rule_problems(tables, shorter) == [
        at(tables, "communities", "community_code", label, message)
    ]


@pytest.mark.parametrize("column", ["township", "community"])
@pytest.mark.parametrize("table", ["communities", "workers", "interview_frame"])
def test_a_place_named_otherwise_than_in_the_frame_is_named_at_its_row(
    tables, frame, table, column
):
    tables[table].loc[4, column] = "别处街道"
    message = "与社区代码在名录中的不符 (not what the frame has for the code)"
    assert rule_problems(tables, frame) == [at(tables, table, column, 4, message)]


def test_a_community_of_another_county_is_named_at_its_row(tables, frame):
    workers = tables["workers"]
    stranger = frame[frame["county_code"] != workers.loc[0, "county_code"]].iloc[0]
    for column in ("township", "community", "community_code"):
        workers.loc[0, column] = stranger[column]
    message = "与社区代码在名录中的不符 (not what the frame has for the code)"
    assert rule_problems(tables, frame) == [at(tables, "workers", "community_code", 0, message)]


def test_a_missing_item_of_funding_is_named_at_its_sheet(tables, frame):
    gone = tables["funding"].loc[6]
    tables["funding"] = tables["funding"].drop(index=6)
    message = f"缺少 {gone['item']} (item is missing)"
    assert rule_problems(tables, frame) == [
        Problem(gone["workbook"], gone["sheet"], "项目", 0, message)
    ]


def test_nothing_is_said_to_be_missing_from_a_table_without_its_faulty_rows(tables, frame):
    tables["communities"] = tables["communities"].iloc[1:]
    tables["funding"] = tables["funding"].iloc[1:]
    assert rule_problems(tables, frame)
    partial = {("communities", ""): 1, ("funding", tables["funding"]["county_code"].iloc[0]): 1}
    assert rule_problems(tables, frame, partial) == []


def test_a_county_whose_sheet_is_missing_is_not_blamed_elsewhere(tables, frame):
    counties = tables["communities"]["county_code"]
    tables["communities"] = tables["communities"][counties != counties.iloc[-1]]
    assert rule_problems(tables, frame) == []


def test_rules_hold_their_peace_where_tables_are_absent(frame):
    assert rule_problems({}, frame) == []


# ---- blank forms and half-filled ones


@pytest.fixture(scope="module")
def few(wave_folder):
    """Some raw rows of each table, as read."""
    return {name: rows.head(12) for name, rows in load(wave_folder)[0].items()}


def every_rule(raws, tables, frame, townships):
    """Parse raw frames and apply every rule, question and comparison; returns the findings."""
    findings = []
    clean, cells, lost = parse_tables(raws, findings)
    named = with_claims(cells, frame)
    partial = partial_tables(named, lost)
    findings += rule_problems(named, frame, partial) + frame_problems(
        cells, frame, partial, townships
    )
    findings += rule_questions(named, partial, pd.Timestamp("2020-04-30"))
    for after in (clean, cells):
        jump_questions(tables, after)
    return findings


def answers(rows):
    return [name for name in rows if name not in FROM_FILE]


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_every_rule_stands_tables_that_are_empty_faulty_or_lack_answers(
    few, tables, frame, townships, name
):
    rows = few[name]
    blank = rows.assign(**dict.fromkeys(answers(rows)))
    ways = [
        rows.iloc[:0],
        rows.iloc[:1].assign(**dict.fromkeys(answers(rows), "坏")),
        blank,
        blank.iloc[:1],
    ]
    ways += [pd.concat([rows.iloc[:6], blank.iloc[6:]])]
    for way in ways:
        every_rule(few | {name: way}, tables, frame, townships)
    for column in answers(rows):
        every_rule({name: rows.assign(**{column: None})}, {}, frame, townships)
    every_rule({other: few[other] for other in few if other != name}, tables, frame, townships)


def test_every_rule_stands_a_wave_of_blank_forms(few, tables, frame, townships):
    assert (
        every_rule({name: rows.iloc[:0] for name, rows in few.items()}, tables, frame, townships)
        == []
    )
    assert every_rule({}, tables, frame, townships) == []
    blank = {name: rows.assign(**dict.fromkeys(answers(rows))) for name, rows in few.items()}
    found = every_rule(blank, tables, frame, townships)
    # beyond the twelve blank rows of each table, the rest of the frame is missing
    assert found and all(
        "(blank" in one.message or "of the frame is missing" in one.message for one in found
    )
