"""Data that identify a person are not in any published, stored, printed or returned file."""

import io
import shutil
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from analysis.survey.identifiers import check_digit
from running import copy_repository, run_analysis

BOOK, ROSTER = "331022_三门县.xlsx", "专职社区工作者花名册"
NAME, PHONE, NOTE = "司马金丝雀", "13987654321", "canary9f3e"
ID = "331022" + "19900101" + "135"
ID += check_digit(ID)
CANARIES = (NAME, PHONE, ID, NOTE)


def planted(path):
    """Plant what identifies a person wherever a workbook can hold it without being wrong."""
    book = openpyxl.load_workbook(path)
    sheet = book[ROSTER]
    columns = {
        cell.value: cell.column for row in sheet.iter_rows(max_row=6) for cell in row if cell.value
    }
    row = next(r for r in range(1, sheet.max_row) if str(sheet.cell(r, 1).value) == "1")
    sheet.cell(row, columns["姓名"]).value = NAME
    sheet.cell(row, columns["身份证号"]).value = ID
    sheet.cell(row, columns["联系电话"]).value = PHONE
    sheet.cell(row, columns["备注"]).value = f"{NAME} {PHONE} {NOTE}"
    sheet.cell(row, columns["姓名"]).comment = Comment(f"{NAME} {ID}", NAME)
    for part in (
        "creator",
        "title",
        "subject",
        "description",
        "keywords",
        "lastModifiedBy",
        "category",
    ):
        setattr(book.properties, part, f"{NAME} {ID}")
    book.defined_names["who"] = DefinedName("who", attr_text=f'"{ID}"')
    check = DataValidation(
        type="whole", operator="greaterThan", formula1="0", showInputMessage=True
    )
    check.prompt, check.promptTitle, check.error = f"{NAME} {PHONE}", NOTE, ID
    sheet.add_data_validation(check)
    check.add("A1")
    hidden = book.create_sheet(f"Sheet{NOTE}")
    hidden.sheet_state = "hidden"
    book.save(path)


def contents(path):
    """Return the bytes of a file, and of the members of an archive, as they would be read."""
    data = path.read_bytes()
    yield data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def hits(folder):
    """List the files below a folder that hold a canary, as text or in their names."""
    found, read = [], 0
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            for data in contents(path):
                read += len(data)
                if any(
                    one.encode(code) in data
                    for one in CANARIES
                    for code in ("utf-8", "utf-16-le", "gb18030")
                ):
                    found.append(path.relative_to(folder).as_posix())
        if any(one in path.name for one in CANARIES):
            found.append(path.name)
    return found, read


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return copy_repository(tmp_path_factory.mktemp("canaries"))


def test_a_canary_in_every_place_of_a_workbook_is_nowhere_else(home):
    planted(home / "data/raw/2020" / BOOK)
    done = run_analysis(home, "build")
    assert done.returncode == 0, done.stderr
    for one in CANARIES:
        assert one not in done.stdout + done.stderr
    for folder in ("outputs", "data/processed", "build"):
        found, read = hits(home / folder)
        print(f"\n{folder}: {read:,} bytes searched, {len(found)} hits")
        assert read > 10_000 and found == []


def test_messages_and_what_goes_back_to_others_hold_none(home, tmp_path):
    """Also for faulty files: a sheet, a column, a file not asked for, shifted cells."""
    raw = tmp_path / "2020"
    shutil.copytree(home / "data/raw/2020", raw)
    path = raw / BOOK
    planted(path)
    book = openpyxl.load_workbook(path)
    extra = book.create_sheet(f"名单{ID}")
    extra.append([NAME, ID, PHONE])
    sheet = book[ROSTER]
    sheet.cell(6, sheet.max_column + 2).value = f"{NAME}{PHONE}"
    sheet.cell(8, 5).value = ID
    sheet.cell(9, 5).value = PHONE
    book.save(path)
    (raw / f"{NAME}{ID}.xlsx").write_bytes(path.read_bytes())
    returns = tmp_path / "returns"
    done = run_analysis(home, "check", str(raw), "--returns", str(returns))
    assert done.returncode == 2
    for one in (NAME, PHONE, ID):
        assert one not in done.stdout + done.stderr, one
    for path in Path(returns).glob("*.xlsx"):
        if not path.name.startswith(BOOK[:6]):
            for data in contents(path):
                assert not any(one.encode() in data for one in CANARIES), path.name
