"""`analysis explain`: the receipt of a number in the terminal."""

import re

import openpyxl


def test_a_number_leads_back_to_workbook_sheet_and_rows(analysis, edition):
    done = analysis(edition, "explain", "certified.331023")
    assert done.returncode == 0
    assert "持证率 · 天台县" in done.stdout
    assert "notebooks/03_workforce.ipynb, cell certificate" in done.stdout
    place = re.search(r"from +(data/raw/2020/.*xlsx)!(\S+) (\d+)-(\d+)", done.stdout)
    sheet = openpyxl.load_workbook(edition / place[1])[place[2]]
    first, last = int(place[3]), int(place[4])
    codes = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=first, max_row=last)]
    people = [
        row for row in codes if any(str(value).startswith("331023") and len(str(value)) == 12 for value in row)
    ]
    certified = [row for row in people if any("社会工作师" in str(value) for value in row)]
    shown = re.search(r"value +([\d.]+)%", done.stdout)[1]
    assert float(shown) == round(100 * len(certified) / len(people), 1)


def test_a_city_number_lists_the_counties_and_what_was_published(analysis, edition):
    done = analysis(edition, "explain", "workers_total")
    assert "1533 人" in done.stdout
    assert "按构造一致" in done.stdout
    assert len(re.findall(r"(?:县|市|区) +\d+人", done.stdout)) == 9


def test_it_answers_in_english_too(analysis, edition):
    said = analysis(edition, "explain", "workers_total", "--lang", "en").stdout
    assert "by construction" in said and len(re.findall(r"^  [A-Z][a-z]+ +\d+$", said, re.MULTILINE)) == 9


def test_a_quoted_number_leads_to_its_reference_table(analysis, edition):
    done = analysis(edition, "explain", "sijiqing_venture")
    assert "data/raw/reference/benchmarks.csv" in done.stdout
    assert "转录自发布稿" in done.stdout


def test_an_unknown_number_is_usage_and_names_what_is_near(analysis, edition):
    done = analysis(edition, "explain", "certifed")
    assert done.returncode == 64
    assert "certified" in done.stderr


def test_without_an_edition_it_says_so(analysis, copy):
    done = analysis(copy, "explain", "certified")
    assert done.returncode == 64
    assert "nothing is published" in done.stderr
