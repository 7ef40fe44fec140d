"""Editions that follow each other, built whole: one worker of each county has left, then one has
come; nothing that the pair tells is known of either.
"""

import random
import shutil

import openpyxl
import pandas as pd
import pytest
from test_attack import SHORT

from analysis.pipeline.attack import attack, model_of, movers, narrowed
from analysis.pipeline.harvest import harvest
from analysis.survey.identifiers import check_digit
from planting import find_column, read_form
from running import copy_repository, run_analysis

ROSTER, RAW = "专职社区工作者花名册", "data/raw/2020"
PAYS = {"331022": 14.0, "331024": 3.1}  # of those who come: also far from the others


def totals_less(sheet, row, less):
    """Take `less` from the subtotal of a row's street, and from the total."""
    below = [
        r
        for r in range(row, sheet.max_row + 1)
        if sheet.cell(r, 2).value == "小计" or sheet.cell(r, 1).value == "合计"
    ]
    for r in (below[0], below[-1]):
        for column in range(3, sheet.max_column + 1):
            value = sheet.cell(r, column).value
            if isinstance(value, str) and value.endswith("人"):
                sheet.cell(r, column).value = f"{int(value[:-1]) - less}人"


def leaving(path, generator):
    """Empty the row of one worker; returns (row, values of the row by column, pay)."""
    book = openpyxl.load_workbook(path)
    sheet = book[ROSTER]
    columns, rows = read_form(sheet)
    first = {area.min_row for area in sheet.merged_cells.ranges}
    row = generator.choice([r for r in rows if r not in first and sheet.cell(r, 2).value is None])
    values = {c: sheet.cell(row, c).value for c in range(1, sheet.max_column + 1)}
    for column in values:
        if type(sheet.cell(row, column)).__name__ != "MergedCell":
            sheet.cell(row, column).value = None
    totals_less(sheet, row, 1)
    book.save(path)
    return row, values, values[find_column(columns, "年收入")]


def coming(path, row, values, code, pay):
    """Put somebody else into the empty row, hired in the year of the wave."""
    book = openpyxl.load_workbook(path)
    sheet = book[ROSTER]
    columns, _ = read_form(sheet)
    number = f"{code}18991231{row % 100:02d}9"
    values = values | {
        find_column(columns, "姓名"): f"测试9{row}",
        find_column(columns, "身份证号"): number + check_digit(number),
        find_column(columns, "联系电话"): f"1000009{row:04d}",
        find_column(columns, "性别"): "男",
        find_column(columns, "入职日期"): "2020-04-01",
        find_column(columns, "年收入"): pay,
    }
    for column, value in values.items():
        if type(sheet.cell(row, column)).__name__ != "MergedCell":
            sheet.cell(row, column).value = value
    totals_less(sheet, row, -1)
    book.save(path)


@pytest.fixture(scope="module")
def editions(edition, tmp_path_factory):
    """Three editions and the pay by county of who left after the first and came after the
    second.
    """
    home, kept = copy_repository(tmp_path_factory.mktemp("pair")), tmp_path_factory.mktemp("kept")
    generator, gone, pays = random.Random(7), {}, {}
    paths = {path.name[:6]: path for path in sorted((home / RAW).glob("33*.xlsx"))}
    for code, path in paths.items():
        gone[code] = leaving(path, generator)
        pays[code] = PAYS.get(code, round(generator.uniform(4, 10), 2))
    folders = [edition / "outputs/2020"]
    for name in ("left", "come"):
        if name == "come":
            for code, path in paths.items():
                row, values, _ = gone[code]
                coming(path, row, values, code, pays[code])
        done = run_analysis(home, "build")
        assert done.returncode == 0, done.stderr
        folders.append(shutil.copytree(home / "outputs/2020", kept / name))
    assert len(gone) == 9
    return folders, {code: found[2] for code, found in gone.items()}, pays


@pytest.fixture(scope="module")
def known(editions):
    return [harvest(folder, SHORT) for folder in editions[0]]


@pytest.mark.slow
def test_the_editions_differ_by_one_in_each_county(editions):
    counts = []
    for folder in editions[0]:
        rows = pd.read_csv(folder / "tables/estimates.csv", dtype={"district": str})
        counts.append(rows[rows["indicator"] == "workers_total"].set_index("district")["value"])
    assert (counts[0] - counts[1]).tolist() == [9, *[1] * 9]
    assert (counts[2] - counts[1]).tolist() == [9, *[1] * 9]


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1, 2])
def test_no_hidden_count_of_an_edition_is_narrower_than_ten(number, editions, known):
    model = model_of(editions[0][number] / "tables/estimates.csv")
    widths = [high - low for low, high in narrowed(known[number], model).values()]
    said = f"{known[number].read} numbers read, {len(widths)} hidden counts"
    print(f"\nedition {number}: {said}, the narrowest {min(widths):g} wide")
    assert len(widths) > 40 and min(widths) >= 10


@pytest.mark.slow
@pytest.mark.parametrize(("pair", "of"), [((0, 1), 1), ((1, 2), 2)], ids=["left", "came"])
def test_no_pay_of_who_left_or_came_is_known_to_a_tenth(pair, of, editions, known):
    pays, spans = editions[of], movers(*(known[i] for i in pair), "income", "workers_total")
    assert spans.keys() == pays.keys()
    assert all(low - 1e-6 <= pays[code] <= high + 1e-6 for code, (low, high) in spans.items())
    best = min((high - low) / 2 / pays[code] for code, (low, high) in spans.items())
    print(f"\n{len(spans)} people, the best known to ±{100 * best:.0f} %")
    assert best > 0.1


@pytest.mark.slow
def test_nor_is_the_difference_of_the_two(editions, known):
    """Whoever knows the pay of one who left does not learn that of the one who came."""
    _, left, came = editions
    spans = movers(known[0], known[2], "income", "workers_total", same=True)
    assert all(low - 1e-6 <= left[c] - came[c] <= high + 1e-6 for c, (low, high) in spans.items())
    best = min((high - low) / 2 / came[code] for code, (low, high) in spans.items())
    print(f"\nthe difference best known to ±{100 * best:.0f} % of the pay")
    assert len(spans) == 9 and best > 0.1


@pytest.mark.slow
def test_the_command_finds_nothing_in_the_pair(editions):
    for before, after in ((0, 1), (1, 2), (0, 2)):
        assert attack(editions[0][after], editions[0][before], SHORT).leaks == ()
