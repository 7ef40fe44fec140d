"""Find the header of a form, in one to three rows with the columns in any order.

Units and groups may be printed or not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from xlsxwriter.utility import xl_col_to_name

from analysis.survey.codebook import FROM_FILE, REMARK, SERIAL, Table
from analysis.survey.messages import (
    COLUMN_MISSING,
    COLUMN_TWICE,
    COLUMN_UNKNOWN,
    COLUMN_UNTITLED,
    NO_HEADER,
    NO_UNIT,
    OTHER_UNIT,
    OTHER_UNIT_LINE,
    TWO_UNITS,
    UNIT_IN_NOTE,
    Fault,
)
from analysis.survey.parse import spellings
from analysis.survey.problems import MISSING_COLUMN, UNKNOWN_COLUMN, Problem
from analysis.survey.reading.book import Sheet
from analysis.survey.study import Study, study
from analysis.survey.text import empty, normalise

OPTIONAL = ("serial", "remark")
SEARCH = 15  # a header below this row is not found
DEEPEST = 3  # rows
MIN_COLUMNS = 2  # columns found; a single one may be the 合计 of a total row
BRACKET = re.compile(r"(.*?)[(\[【]([^()\[\]【】]+)[)\]】]")
UNIT_LINE = re.compile(
    r"(?:.*[(\[,;、。:])?(?:金额|计量|货币|计价|资金|数量|记账){0,2}单位[:(]?(.*)|.*\((.*元)\)"
)
# the unit of an amount at the end of a phrase; 元 in the name of a place has text after it
MONEY_UNIT = re.compile(r"(?<![0-9])[十百千万亿]*元(?=$|[)\]、,;/。(]|为单位|为计|计)")
MONEY_NOTE = re.compile(r".*(?:单位|以[十百千万亿]*元).*")
MONEY = {"元", "万元"}


@dataclass(frozen=True)
class Header:
    """Header of a sheet: its last row, texts, units and names by column, and the money unit."""

    last: int
    texts: dict[int, str]  # position to `group/title`, folded, without unit
    units: dict[int, str]
    names: dict[int, str]  # position to column name
    line: str = ""  # unit of money, such as 元 or 万元, in the line under the title; else empty


@cache
def expected(model: Table) -> dict[str, str]:
    """Return the header texts of a form, with the name of their column.

    They are `group/title`, or the title alone if only one column has it.
    """
    titles = [("", SERIAL, "serial")] + [
        (schema.metadata["group"], schema.title, name)
        for name, schema in model.columns.items()
        if name not in FROM_FILE
    ]
    titles += [(one.group, one.zh, name) for name, one in model.identifiers.items()]
    titles.append(("", REMARK, "remark"))
    full = {
        normalise(f"{group}/{title}" if group else title): name for group, title, name in titles
    }
    alone = [normalise(title) for _, title, _ in titles]
    short = {
        normalise(title): name for _, title, name in titles if alone.count(normalise(title)) == 1
    }
    return full | {text: name for text, name in short.items() if text not in full}


@cache
def printed(model: Table) -> dict[str, str]:
    """Return the names of the columns, with the header text as the form prints it, folded."""
    return {name: text for text, name in reversed(expected(model).items())}


def find_header(sheet: Sheet, model: Table) -> Header:
    """Return the header whose rows name the most columns; among equals, with the fewest rows.

    If a header is printed again further down, the first one that names half of the columns counts,
    so that no row between two headers is lost.
    """
    best, most = Header(-1, {}, {}, {}), (0, MIN_COLUMNS - 1)
    enough = (len(printed(model)) - len(OPTIONAL)) / 2
    for top in range(min(len(sheet.cells), SEARCH)):
        if top > best.last and most[0] >= enough:
            break
        for depth in range(1, DEEPEST + 1):
            if top + depth <= min(len(sheet.cells), SEARCH):
                read = _header_at(sheet, model, top, depth)
                named = set(read.names.values())
                count = (len(named - set(OPTIONAL)), len(named))
                if count[1] >= MIN_COLUMNS and count > most:
                    best, most = read, count
        if most[1] == len(printed(model)):
            break
    return _with_serial(sheet, best)


def _header_at(sheet: Sheet, model: Table, top: int, depth: int) -> Header:
    """Parse some rows as a header."""
    wanted, read = expected(model), _texts(sheet, top, depth)
    names = {place: wanted[text] for place, (text, _) in read.items() if text in wanted}
    texts = {place: text for place, (text, _) in read.items()}
    units = {place: unit for place, (_, unit) in read.items()}
    return Header(top + depth - 1, texts, units, names, _unit_line(sheet, top))


def _with_serial(sheet: Sheet, header: Header) -> Header:
    """Treat a first column as 序号 if its numbers count from 1, whatever its title."""
    if 0 in header.names or "serial" in header.names.values() or not header.names:
        return header
    cells = [row[0] for row in sheet.cells[header.last + 1 :] if row and not empty(row[0])]
    numbers = [normalise(f"{cell:g}" if isinstance(cell, float) else cell) for cell in cells]
    counted = [one for one in numbers if one.isascii() and one.isdecimal()]
    if not counted or counted != [str(number) for number in range(1, len(counted) + 1)]:
        return header
    return replace(header, names={0: "serial"} | header.names)


def _texts(sheet: Sheet, top: int, depth: int) -> dict[int, tuple[str, str]]:
    """Join the header rows by column; a merged cell counts for all of its columns."""
    rows = [dict(enumerate(sheet.cells[top + i])) for i in range(depth)]
    for (first, left), (_, right) in sheet.merged:
        if top <= first < top + depth and left < len(sheet.cells[first]):
            rows[first - top] |= dict.fromkeys(range(left, right + 1), sheet.cells[first][left])
    read = {}
    for place in sorted(set().union(*rows)):
        parts = [split_unit(normalise(row[place])) for row in rows if not empty(row.get(place))]
        if parts:
            read[place] = (
                "/".join(title for title, _ in parts if title),
                next((u for _, u in parts if u), ""),
            )
    return read


@lru_cache(maxsize=10_000)
def split_unit(text: str) -> tuple[str, str]:
    """Split a unit in brackets from a folded header: `年收入(万元)` gives 年收入 and 万元."""
    found = BRACKET.fullmatch(text)
    unit = found[2].removeprefix("单位:") if found else ""
    if unit in known_units():
        return found[1], unit
    return text, ""


def known_units() -> frozenset[str]:
    """Return the units of the study's questions and of money, in all spellings."""
    return _known_units(study())


@cache
def _known_units(of: Study) -> frozenset[str]:
    columns = (column for table in of.tables.values() for column in table.columns.values())
    units = {column.metadata["unit"] for column in columns} - {""}
    return frozenset(way for unit in units for way in spellings(unit)) | MONEY


def _unit_line(sheet: Sheet, top: int) -> str:
    """Return the money unit in the lines above the header; empty if there are several."""
    said = set()
    for cell in (cell for row in sheet.cells[:top] for cell in row if isinstance(cell, str)):
        text = normalise(cell)
        if found := UNIT_LINE.fullmatch(text):
            said |= set(MONEY_UNIT.findall(found[1] or found[2] or ""))
        elif "为单位" in text or "元计" in text:
            said |= set(MONEY_UNIT.findall(text))
    return said.pop() if len(said) == 1 else ""


def unit_questions(
    sheet: Sheet, header: Header, model: Table, form: list[int], workbook: str
) -> list[Problem]:
    """Return questions for notes below the header that name another unit of money.

    form: row numbers of the notes and other rows of the form, from 0.
    """
    schema = model.columns
    used = {
        header.units.get(place) or header.line
        for place, name in header.names.items()
        if name in schema and schema[name].metadata["unit"] == "万元"
    }
    odd = []
    for i in form if used else ():
        texts = [normalise(cell) for cell in sheet.cells[i] if isinstance(cell, str)]
        named = {
            unit
            for text in texts
            if MONEY_NOTE.fullmatch(text)
            for unit in MONEY_UNIT.findall(text)
        }
        if i > header.last and named - used:
            odd.append(Problem.of(UNIT_IN_NOTE.fault(), workbook, sheet.title, row=i + 1))
    return odd


def header_problems(header: Header, model: Table, workbook: str, title: str) -> list[Problem]:
    """Return problems for columns that are missing or occur twice, or one for no header."""
    if not header.names:
        return [Problem.of(NO_HEADER.fault(), workbook, title)]
    names, problems = list(header.names.values()), []
    for name, text in printed(model).items():
        if name not in names and name not in OPTIONAL:
            problems.append(
                Problem.of(COLUMN_MISSING.fault(), workbook, title, text, rule=MISSING_COLUMN)
            )
        elif names.count(name) > 1:
            problems.append(Problem.of(COLUMN_TWICE.fault(), workbook, title, text))
    return problems + _unit_problems(header, model, workbook, title)


def readable(header: Header, model: Table, faults: list[Problem]) -> Header:
    """Drop from a header the columns that occur twice or have an unknown unit.

    faults: as returned by `header_problems`.
    """
    names, faulty = list(header.names.values()), {one.column for one in faults}
    kept = {
        place: name
        for place, name in header.names.items()
        if names.count(name) == 1 and not faulty & {header.texts[place], printed(model)[name]}
    }
    return replace(header, names=kept)


def _unit_problems(header: Header, model: Table, workbook: str, title: str) -> list[Problem]:
    """Compare the unit of each column with the codebook; money must have 元 or 万元."""
    problems, schema = [], model.columns
    for place, name in header.names.items():
        wanted = schema[name].metadata["unit"] if name in schema else ""
        if fault := _unit_fault(wanted, header.units.get(place, ""), header.line):
            problems.append(Problem.of(fault, workbook, title, header.texts[place]))
    return problems


def _unit_fault(wanted: str, unit: str, line: str) -> Fault | None:
    """Return the fault in the units of a column and of the line above the header, or None."""
    money = wanted == "万元"
    if unit and unit not in spellings(wanted):
        return OTHER_UNIT.fault(unit=unit, wanted=wanted or "无")
    if money and not unit and line and line not in MONEY:
        return OTHER_UNIT_LINE.fault(unit=line)
    if money and not (unit or line):
        return NO_UNIT.fault()
    if money and unit and line and unit != line:
        return TWO_UNITS.fault(unit=unit, line=line)
    return None


def unknown_columns(sheet: Sheet, header: Header, workbook: str, title: str) -> list[Problem]:
    """Return problems for columns with values below the header that are not in the form."""
    width, problems = max(map(len, sheet.cells), default=0), []
    for place in sorted(set(range(width)) - set(header.names)):
        below = enumerate(sheet.cells[header.last + 1 :], start=header.last + 2)
        filled = " ".join(str(i) for i, row in below if place < len(row) and not empty(row[place]))
        if filled:
            message = COLUMN_UNKNOWN if place in header.texts else COLUMN_UNTITLED
            where = (workbook, title, xl_col_to_name(place))
            problems.append(Problem.of(message.fault(), *where, rule=UNKNOWN_COLUMN, about=filled))
    return problems
