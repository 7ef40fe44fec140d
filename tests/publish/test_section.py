import csv
import json

import pandas as pd
import pytest
from this_study import CITY, COUNTIES

from analysis.publish import figures
from analysis.publish.naming import cells_of, district_names
from analysis.publish.section import Section
from analysis.publish.text import NumberSpan, Text
from analysis.stats.estimates import count
from analysis.survey.reference import reference
from analysis.survey.repository import processed, read, read_estimates
from analysis.survey.sealed import opened


@pytest.fixture
def section(edition, tmp_path, monkeypatch):
    monkeypatch.chdir(edition)
    figures.use_style()
    made = Section("03_workforce", "2020", "zh")
    made.folder = tmp_path
    return made


@pytest.fixture
def workers(edition, monkeypatch):
    monkeypatch.chdir(edition)
    assert processed("2020").is_dir()
    return read("workers", "2020")


def test_what_is_kept_can_be_said_and_knows_its_cell(section, workers):
    shown = section.keep(count(workers, "workers_total"))
    assert list(shown["value"]) == [1533.0]
    said = section.say({"zh": "{{ workers_total.bare }}名"})
    assert said == Text((NumberSpan("workers_total", "1533"), "名"))
    assert section.spoken == {"workers_total"}
    assert set(section.estimates["cell"]) == {"headcount"}
    assert set(section.estimates["notebook"]) == {"03_workforce"}


def test_only_the_language_of_the_section_is_said(section):
    assert section.say({"en": "Workers"}) == Text()


def test_typed_numbers_are_refused(section):
    with pytest.raises(ValueError, match="1533"):
        section.say({"zh": "共1533名"})


def test_a_figure_leaves_picture_drawing_table_and_words(section, workers, tmp_path, capsys):
    section.keep(count(workers, "workers_total"))
    counties = section.counties("workers_total")[["district", "value", "text"]]
    drawn = figures.bars(counties.assign(tone="context"))
    words = {"title": "在岗{{ workers_total.bare }}名", "subtitle": "人"}
    section.figure("workers", drawn, section.wide("workers_total"), zh=words)
    assert "合成数据" in (tmp_path / "figures/workers.svg").read_text("utf-8")
    assert (tmp_path / "figures/workers.png").read_bytes().startswith(b"\x89PNG")
    with (tmp_path / "tables/workers.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["县（市、区）"] for row in rows] == [*COUNTIES.values(), "全市"]
    assert rows[-1]["专职社区工作者（人）"] == "1533"
    shown = json.loads((tmp_path / "shown/workers.json").read_text("utf-8"))
    assert shown["report"]["alt"] == "在岗1533名。人"
    assert "椒江区" in shown["report"]["narrow"] and "<" not in shown["report"]["alt"]
    table = shown["report"]["table"]
    assert table["heads"] == ["", "workers_total"] and table["receipts"] == []
    assert table["areas"] == {name: code for code, name in COUNTIES.items()}
    assert section.spoken == {"workers_total"}


@pytest.mark.parametrize(
    ("template", "shown"),
    [("{{ workers_total }}。\n", 1), ("{% if False %}{{ workers_total }}{% endif %}\n", 0)],
)
def test_prose_keeps_its_numbers_as_data_and_shows_nothing_where_nothing_is_said(
    section, workers, monkeypatch, template, shown
):
    outputs = []
    monkeypatch.setattr(
        "analysis.publish.section.display", lambda data, metadata, **_: outputs.append(metadata)
    )
    section.keep(count(workers, "workers_total"))
    section.prose({"zh": template})
    texts = [Text.from_json(metadata["report"]["text"]) for metadata in outputs]
    assert texts == [Text((NumberSpan("workers_total", "1533人"), "。\n"))] * shown


def test_the_counties_come_in_reading_order(section, workers):
    section.keep(count(workers, "workers_total"))
    by_hand = opened(workers).groupby("county_code").size()
    table = section.counties("workers_total")
    assert list(table["district"]) == list(COUNTIES.values())
    assert list(table["value"]) == [by_hand[code] for code in COUNTIES]
    assert list(section.counties("workers_total", city=True)["text"])[:2] == [
        "1533",
        str(by_hand["331002"]),
    ]


@pytest.mark.parametrize(("lang", "scale", "form"), [("", 1, "{:.1f}"), ("en", 10_000, "{:,.0f}")])
def test_the_range_of_a_measure_is_printed_as_the_measure_is(edition, lang, scale, form):
    estimates = pd.read_csv(edition / "outputs/2020/tables/estimates.csv", dtype={"district": str})
    income = estimates[estimates["indicator"] == "income"].set_index("district")["value"]
    of_counties = income.drop(CITY)
    table = pd.read_csv(
        edition / "outputs/2020/tables" / lang / "homogeneity.csv", dtype=str, index_col=0
    )
    row = table.loc["Mean annual income (yuan)" if lang else "人均年收入（万元）"]
    assert list(row.iloc[:2]) == [
        form.format(scale * end) for end in (of_counties.min(), of_counties.max())
    ]


def test_every_saved_estimate_is_read_back(edition, monkeypatch):
    monkeypatch.chdir(edition)
    estimates = opened(read_estimates("2020"))
    assert estimates["name"].is_unique
    assert estimates["district"].isin([CITY, *COUNTIES]).all()
    published = pd.read_csv(edition / "outputs/2020/tables/estimates.csv")
    there = estimates["name"].isin(published["name"])
    assert list(estimates.loc[there, "name"]) == list(published["name"])
    hidden = set(estimates.loc[~there, "indicator"])  # by county, as people.csv says
    assert hidden and hidden <= set(reference("people").query("by_district == 'no'")["indicator"])


def test_the_cell_of_an_indicator_is_the_first_that_quotes_it(repository, monkeypatch):
    monkeypatch.chdir(repository)
    assert cells_of("02_facilities")["rented"] == "premises"


def test_district_names_in_both_languages():
    assert district_names("zh")["331083"] == "玉环市"
    assert district_names("en")["331083"] == "Yuhuan"
