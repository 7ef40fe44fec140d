"""Whole builds of what people type with harm in mind: it stays text, or is refused before anything
runs.
"""

import csv
import re
import zipfile
from html import unescape
from html.parser import HTMLParser

import openpyxl
import pytest

from planting import find_column, read_form
from running import copy_repository, run_analysis

RAW, PROJECTS, ROSTER = "data/raw/2020", "项目与公益创投", "专职社区工作者花名册"
TITLE = '<img src=x onerror=alert(1)> {{ 7*7 }} #eval("1") $x$ [a](javascript:b) \\\\input{a}'
TYPED = [
    *('=HYPERLINK("http://a","b")', "+1+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", '=DDE("a";"b")'),
    *("<script>alert(4711)</script>", "<svg onload=alert(4711)>", "[a](javascript:alert(4711))"),
    *(
        '#import "@preview/x:1"',
        '#eval("4711")',
        "`x`{=html}",
        "\\write18{id}",
        "file:///etc/passwd",
    ),
    *("{{ config }}", "{% include 'a' %}", "</table></article><b>4711", "&lt;b&gt;", "|a|b|"),
]


TITLE_OF_PAGE = re.compile(r"<title>.*?</title>", re.S)


class Acting(HTMLParser):
    """What acts in a page, and the number of its elements that could."""

    def __init__(self, html):
        super().__init__()
        self.found, self.scripts = [], 0
        self.feed(TITLE_OF_PAGE.sub("", html, count=1))  # its text is no HTML to a browser

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        given = {name: value or "" for name, value in attrs}
        self.found += [name for name in given if name.startswith("on")]
        links = [given.get(name, "") for name in ("href", "src", "xlink:href", "action")]
        self.found += [
            one for one in links if re.match(r"\s*(javascript|file|vbscript):", one, re.I)
        ]


def type_into(path):
    """Type these texts into names, remarks and all that is free text of the projects."""
    book = openpyxl.load_workbook(path)
    for name, titles in ((ROSTER, ("姓名", "备注")), (PROJECTS, ("项目名称", "实施单位", "进展"))):
        sheet = book[name]
        columns, rows = read_form(sheet)
        for number, row in enumerate(rows):
            for place, title in enumerate(titles):
                cell = sheet.cell(row, find_column(columns, title))
                if cell.value is not None or title == "备注":
                    cell.value = TYPED[(number + place) % len(TYPED)]
                    cell.data_type = "s"
    book.save(path)


def declare(folder, title):
    """Declare a title in both languages."""
    path = folder / RAW / "wave.toml"
    lines = path.read_text("utf-8").splitlines()
    place = lines.index("[title]")
    lines[place + 1 : place + 3] = [f"{lang} = '{title}'" for lang in ("zh", "en")]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return copy_repository(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def outputs(home):
    type_into(home / RAW / "331022_三门县.xlsx")
    declare(home, TITLE)
    done = run_analysis(home, "build")
    assert done.returncode == 0, done.stderr
    return home / "outputs"


@pytest.mark.slow
def test_pages_and_drawings_have_nothing_that_acts(outputs):
    read = [*outputs.rglob("*.html"), *outputs.rglob("*.svg")]
    assert len(read) > 80
    for path in read:
        page = Acting(path.read_text("utf-8"))
        assert page.found == [] and page.scripts <= 3, path
    report = (outputs / "2020/report/index.html").read_text("utf-8")
    assert TITLE in unescape(report), "the title is said as it was typed"


@pytest.mark.slow
def test_workbooks_and_tables_have_no_formula_and_no_link_of_theirs(outputs):
    books = list(outputs.rglob("*.xlsx"))
    assert len(books) > 10
    for path in books:
        for sheet in openpyxl.load_workbook(path):
            cells = [cell for row in sheet.iter_rows() for cell in row]
            assert not [cell.coordinate for cell in cells if cell.data_type == "f"], path
            targets = [cell.hyperlink.target or "" for cell in cells if cell.hyperlink]
            assert not [one for one in targets if one.startswith(("javascript", "file"))], path
    for path in outputs.rglob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for cell in (cell for row in csv.reader(file) for cell in row):
                assert not re.match(r"[=@＝＠]|[+-](?![\d.,]+%?$)", cell), (path, cell)


@pytest.mark.slow
def test_documents_lead_nowhere_and_start_nothing(outputs):
    for path in outputs.rglob("*.docx"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                targets = re.findall(rb'Target="([^"]*)"', archive.read(name))
                assert not [t for t in targets if re.match(rb"(javascript|file):", t)], path
    for path in outputs.rglob("*.pdf"):
        data = path.read_bytes()
        assert not re.search(
            rb"/JavaScript|/Launch|/EmbeddedFile|/URI\s*\((javascript|file):", data
        )


@pytest.mark.slow
def test_names_and_remarks_are_nowhere_and_what_goes_back_holds_text(outputs, home):
    for path in (home / "outputs").rglob("*"):
        if path.is_file() and path.suffix in (".html", ".csv", ".svg", ".json", ".jsonl"):
            assert "4711" not in path.read_text("utf-8-sig"), path


@pytest.mark.slow
@pytest.mark.parametrize("unseen", ["\u202e", "\u200b", "\u0007"])
def test_a_title_with_what_is_not_seen_is_refused(unseen, home, outputs):
    before = (outputs / "2020/SHA256SUMS").read_bytes()
    declare(home, f"甲{unseen}乙")
    done = run_analysis(home, "build")
    assert done.returncode == 2 and "wave.toml" in done.stderr
    assert unseen not in done.stderr
    assert (outputs / "2020/SHA256SUMS").read_bytes() == before


@pytest.mark.parametrize("key", ["title", "office", "zh"])
def test_a_title_of_the_study_with_what_is_not_seen_is_refused(key, copy):
    """`title` and `office` are of the forms, `zh` of the pages of districts."""
    path = copy / "study.toml"
    text = path.read_text("utf-8")
    odd = re.sub(rf'^{key} = "(?=[^a-z])', f'{key} = "\u202e', text, count=1, flags=re.M)
    assert odd != text
    path.write_text(odd, encoding="utf-8")
    done = run_analysis(copy, "build")
    assert done.returncode == 2 and "study.toml" in done.stderr and "\u202e" not in done.stderr
