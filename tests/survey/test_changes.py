"""The next wave needs a folder and a declaration; its changes are reported, jumps asked."""

import shutil
import tomllib

import pandas as pd
import pytest
from this_study import STUDY, TABLES

from analysis.survey.changes import (
    CHANGES,
    FACTS,
    SUFFIX,
    changes,
    jump_questions,
    unchanged_questions,
)
from analysis.survey.clean import check, clean, write
from analysis.survey.frame import earlier_wave, wave_frame
from planting import Planting
from synthetic.next_wave import synthesise_next


def jumps():
    """List the rules on what may not jump: (table, key, column, factor)."""
    checks = {"factor", "fixed"}
    return [
        (rule.table, list(TABLES[rule.table].key), rule.column, float(rule.argument or 1))
        for rule in STUDY.rules
        if rule.check in checks
    ]


SANMEN = "331022_三门县.xlsx"


@pytest.fixture(scope="session")
def waves(tmp_path_factory, repository):
    """A folder of raw files with wave 2020 and, a year on, 2021. Read it, do not change it."""
    raw = shutil.copytree(repository / "data/raw", tmp_path_factory.mktemp("waves") / "raw")
    synthesise_next(raw, raw / "reference")
    return raw


@pytest.fixture(scope="session")
def later(waves, frame):
    return clean(waves / "2021", frame)


def test_the_next_wave_needs_no_more_than_its_folder(waves, later):
    tables, accounts = later
    assert sorted(path.suffix for path in (waves / "2021").iterdir()) == [".toml", *[".xlsx"] * 10]
    assert len(tables["communities"]) == 362 and len(tables["questions"]) == 0
    assert accounts["rejected"].sum() == 0
    assert earlier_wave(waves / "2021") == waves / "2020"
    assert earlier_wave(waves / "2020") is None


def test_what_changed_is_told_place_by_place(later):
    told = later[0]["changes"]
    assert list(told.columns) == list(CHANGES) and set(told["kind"]) == {"new", "renamed"}
    places = told.set_index("kind")
    assert places.loc["new", "after"] == "海门街道19社区" and places.loc["new", "before"] == ""
    assert places.loc["renamed", ["before", "after"]].tolist() == ["海游街道", "海游更名街道"]


def test_the_tables_of_the_wave_before_are_kept_beside_those_of_the_wave(later, wave):
    for name, rows in wave[0].items():
        pd.testing.assert_frame_equal(later[0][f"{name}{SUFFIX}"], rows)
    assert later[0]["before"].to_dict("list") == {
        **{name: [""] for name in FACTS},
        "kind": ["wave"],
        "name": ["2020"],
    }


def test_a_first_wave_has_no_changes_and_the_same_columns(wave, raw, frame):
    done = check(raw, frame)
    assert list(done.changes.columns) == list(CHANGES) and done.changes.empty
    assert changes(wave[0], wave[0]).empty
    tables, _ = clean(raw, frame)
    assert tables["before"].empty
    for name, rows in wave[0].items():
        none = tables[f"{name}{SUFFIX}"]
        assert none.empty and list(none) == list(rows)


@pytest.mark.parametrize(("table", "key", "column", "factor"), jumps(), ids=str)
def test_a_jump_beyond_the_factor_is_a_question_at_its_place(wave, table, key, column, factor):
    before, after = wave[0], {name: rows.copy() for name, rows in wave[0].items()}
    assert jump_questions(before, after) == []
    label = after[table][column].idxmax()
    value = before[table].at[label, column]
    after[table][column] = after[table][column].astype(float)
    after[table].loc[label, column] = value * factor
    assert jump_questions(before, after) == []
    after[table].loc[label, column] = value * factor * 1.01
    (question,) = jump_questions(before, after)
    row = after[table].loc[label]
    assert (question.workbook, question.sheet, question.row) == (
        row["workbook"],
        row["sheet"],
        row["row"],
    )
    assert question.kind == "question" and question.remedy


def test_a_jump_does_not_stop_the_run_and_is_written_with_the_tables(waves, frame, tmp_path):
    raw = shutil.copytree(waves, tmp_path / "raw") / "2021"
    p = Planting(raw)
    row = p.rows(SANMEN, "2018年初基数")[0]
    p.set(SANMEN, "2018年初基数", "专职社区工作者人数", row, 99)
    p.save()
    tables, accounts = clean(raw, frame)
    (question,) = tables["questions"].to_dict("records")
    assert (question["workbook"], question["row"]) == (SANMEN, row) and "fixed figure" in question[
        "message"
    ]
    write(tables, accounts, raw, tmp_path / "2021")
    kept = pd.read_parquet(tmp_path / "2021/questions.parquet")
    pd.testing.assert_frame_equal(kept, tables["questions"])


def told_not_compared(done):
    return done.changes.loc[done.changes["kind"] == "not compared", "table"].tolist()


def test_a_table_that_this_codebook_cannot_read_in_the_wave_before_is_said_not_left_out(
    waves, frame, tmp_path
):
    raw = shutil.copytree(waves, tmp_path / "raw") / "2021"
    p = Planting(raw.parent / "2020")
    header = next(
        cell
        for row in p.sheet(SANMEN, "项目与公益创投").iter_rows()
        for cell in row
        if cell.value == "领域"
    )
    header.value = (
        "领域一"  # as if the codebook had a new column: one county's sheet no longer has the header
    )
    # an answer that is no longer one
    p.set(SANMEN, "换届人选", "评价", p.rows(SANMEN, "换届人选")[0], "尚可")
    p.save()
    done = check(raw, frame)
    assert done.problems == [] and told_not_compared(done) == ["projects", "election_candidates"]
    tables, _ = clean(raw, frame)
    unread = tables["before"].query("kind == 'unread'")["name"]
    assert list(unread) == ["projects", "election_candidates"]
    assert tables["projects_before"].empty and len(tables["communities_before"]) == 361
    asked = [(one.workbook, one.sheet, one.column) for one in done.questions]
    assert asked == [("2020/", "项目与公益创投", "G、领域"), ("2020/", "换届人选", "评价")]
    assert all("not compared" in one.message and one.remedy for one in done.questions)


def test_a_wave_before_of_which_nothing_can_be_read_is_one_question(waves, frame, tmp_path):
    raw = shutil.copytree(waves, tmp_path / "raw") / "2021"
    for path in (raw.parent / "2020").glob("*.xlsx"):
        path.unlink()
    done = check(raw, frame)
    assert told_not_compared(done) == list(TABLES)
    (question,) = done.questions
    assert question.workbook == "2020/" and "nothing is compared" in question.message


def test_a_file_whose_every_answer_is_that_of_the_wave_before_is_asked_about(wave):
    before, after = wave[0], {name: rows.copy() for name, rows in wave[0].items()}
    county = after["communities"]["county_code"] == "331022"
    others = after["communities"].index[~county]
    after["communities"].loc[others, "households"] += 1
    after["communities"].loc[county, "row"] += 3
    (question,) = unchanged_questions(before, after)
    assert (question.workbook, question.kind) == (SANMEN, "question") and question.remedy


def test_the_frame_follows_what_waves_declare(waves, frame, tmp_path):
    towns = pd.read_csv(waves / "reference/townships.csv", dtype=str)
    communities, townships, problems = wave_frame(waves / "2021", frame, towns)
    assert problems == [] and len(communities) == 362
    renamed = communities[communities["township"] == "海游更名街道"]
    assert len(renamed) == (frame["township"] == "海游街道").sum() > 0
    assert "海游街道" not in set(townships["township"])
    same, _, _ = wave_frame(waves / "2020", frame, towns)
    assert len(same) == 361
    last = tmp_path / "2022"
    last.mkdir()
    for change in (
        {"change": "closed", "community_code": "331022999999"},
        {"change": "moved", "community_code": frame["community_code"].iloc[0]},
        {"change": "new", "community_code": "339999999999", "community": "x"},
        {"change": "renamed", "township_code": towns["township_code"].iloc[0]},
    ):
        lines = "\n".join(f'{key} = "{value}"' for key, value in change.items())
        (last / "wave.toml").write_text(f"[[places]]\n{lines}\n", encoding="utf-8")
        assert tomllib.loads((last / "wave.toml").read_text("utf-8"))["places"] == [change]
        unchanged, _, (problem,) = wave_frame(last, frame, towns)
        assert problem.workbook == "wave.toml" and len(unchanged) == 361
    (last / "wave.toml").write_text(
        f'[[places]]\nchange = "closed"\ncommunity_code = "{frame["community_code"].iloc[0]}"\n',
        encoding="utf-8",
    )
    assert len(wave_frame(last, frame, towns)[0]) == 360


def test_the_same_seed_gives_the_same_bytes(waves, tmp_path, repository):
    raw = shutil.copytree(repository / "data/raw", tmp_path / "raw")
    folder = synthesise_next(raw, raw / "reference")
    for path in folder.iterdir():
        assert path.read_bytes() == (waves / "2021" / path.name).read_bytes()
