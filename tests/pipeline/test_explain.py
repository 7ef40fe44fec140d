"""`analysis explain`: the receipt of a number in the terminal."""

import re

import openpyxl

PLACE = re.compile(r"from +(data/raw/2020/.*xlsx)!(\S+) ([\d,-]+)")


def rows_of(edition, book, sheet, ranges):
    """Return the cells of the rows that a receipt cites."""
    cells, rows = openpyxl.load_workbook(edition / book)[sheet], []
    for first, _, last in (part.partition("-") for part in ranges.split(",")):
        found = cells.iter_rows(min_row=int(first), max_row=int(last or first), values_only=True)
        rows += [[str(cell) for cell in row] for row in found]
    return rows


def test_a_number_leads_back_to_workbook_sheet_and_the_very_rows(analysis, edition):
    done = analysis(edition, "explain", "certified.331023")
    assert done.returncode == 0
    assert "持证率 · 天台县" in done.stdout
    assert "notebooks/03_workforce.ipynb, cell certificate" in done.stdout
    book, sheet = re.search(
        r"from +(data/raw/2020/.*xlsx)!(\S+) \*", done.stdout
    ).groups()  # of people no rows
    rows = rows_of(edition, book, sheet, "1-500")
    people = [row for row in rows if re.fullmatch(r"331023\d{6}", row[3])]
    certified = [row for row in people if any("社会工作师" in cell for cell in row)]
    assert f"in words       持证{len(certified)}人 ÷ 花名册{len(people)}人" in done.stdout
    shown = re.search(r"value +([\d.]+)%", done.stdout)[1]
    assert float(shown) == round(100 * len(certified) / len(people), 1)


def test_the_city_has_the_rows_of_every_county_in_full(analysis, edition):
    places = PLACE.findall(analysis(edition, "explain", "compliant").stdout)
    assert len(places) == 9
    rows = [row for place in places for row in rows_of(edition, *place)]
    assert len(rows) == len({row[3] for row in rows}) == 361


def test_a_number_computed_from_others_is_followed_to_their_rows(analysis, edition):
    told = analysis(edition, "explain", "compliant_rise.331023").stdout
    assert "compliant.331023 = 95.2%: communities: 100 × count(compliant) / count(rows)" in told
    assert "compliant_2018.331023 = " in told and len(PLACE.findall(told)) == 2
    everything = analysis(edition, "explain", "service_index").stdout
    assert "d_facilities = " in everything and "data/raw/reference/indicators.csv" in everything


def test_a_stand_in_and_a_sample_are_said_to_be_so(analysis, edition):
    assert (
        "“北渚社区”由替身“楚门镇01社区”"
        in analysis(edition, "explain", "beizhu_workers.331083").stdout
    )
    english = analysis(edition, "explain", "beizhu_workers.331083", "--lang", "en").stdout
    assert "a stand-in for 北渚社区, 楚门镇01社区 (331083102901)" in english
    tiantai = analysis(edition, "explain", "tiantai_pay_not_standard.331023").stdout
    assert "4个社区中的4个" in tiantai and "抽样" in tiantai and "普查" not in tiantai


def test_a_city_number_lists_the_counties_and_what_was_published(analysis, edition):
    done = analysis(edition, "explain", "workers_total")
    assert "1533 人" in done.stdout
    assert "校准所致，不作验证" in done.stdout
    assert len(re.findall(r"(?:县|市|区) +\d+人", done.stdout)) == 9


def test_it_answers_in_english_too(analysis, edition):
    said = analysis(edition, "explain", "workers_total", "--lang", "en").stdout
    assert (
        "by construction" in said
        and len(re.findall(r"^  [A-Z][a-z]+ +\d+$", said, re.MULTILINE)) == 9
    )


def test_a_quoted_number_leads_to_its_reference_table(analysis, edition):
    done = analysis(edition, "explain", "sijiqing_venture")
    assert "data/raw/reference/benchmarks.csv" in done.stdout
    assert "转录自原报告" in done.stdout


def test_an_unknown_number_is_usage_and_names_what_is_near(analysis, edition):
    done = analysis(edition, "explain", "certifed")
    assert done.returncode == 64
    assert "certified" in done.stderr


def test_without_an_edition_it_says_so(analysis, copy):
    done = analysis(copy, "explain", "certified")
    assert done.returncode == 64
    assert "nothing is published" in done.stderr
