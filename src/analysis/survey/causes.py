"""Fold findings into causes: findings that one change of a file would resolve are one line."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from analysis.survey.codebook import FROM_FILE
from analysis.survey.messages import (
    ALL_IN_YUAN,
    BLANK_CELL,
    CELLS_SHIFTED,
    COLUMN_RENAMED,
    COLUMN_SLID,
    NOT_FILLED_IN,
    Fault,
)
from analysis.survey.problems import (
    BLANK,
    MISSING_COLUMN,
    MISSING_PLACE,
    NO_ROWS,
    NOTE,
    PROBLEM,
    SHIFTED,
    TOTAL_ANSWERS,
    UNIT,
    UNKNOWN_COLUMN,
    UNKNOWN_PLACE,
    Problem,
    in_words,
)
from analysis.survey.study import Study, study

RENAMED = "renamed column"
SLID = "slid column"
SLOT = "\0"  # placeholder in a message for the part that differs between cells
# most items that a line lists; 等 follows if there are more
VALUES, TITLES, RANGES, SHEETS = 3, 4, 30, 7
# at least so many sheets of a workbook, or rows of a sheet, mostly not filled in
SEVERAL = 3
# first columns of the forms
LEFTMOST = {"街道（乡镇）", "社区名称", "社区代码", "村（社区）数", "项目", "项目名称"}
# share of a rectangle's cells above which its rows and columns are given alone
FULL = 0.8
# more rectangles than this, with more cells each on average, become one line
RECTANGLES, CELLS_EACH = (3, 4)

Places = dict[tuple[int, str], list[Problem]]  # (row, column title): the findings in that cell


@dataclass(frozen=True)
class Cause:
    """Findings that one change to a file would resolve.

    columns: titles as the form prints them. rows: row numbers in the sheet, ascending; empty for a
    fault of the whole sheet or file. message, county_message, remedy, code: as in `Problem`, once
    for all cells. findings: all findings that it explains, including those in other sheets.
    """

    kind: str
    workbook: str
    sheet: str
    columns: tuple[str, ...]
    rows: tuple[int, ...]
    message: str
    county_message: str
    remedy: str
    code: str
    findings: tuple[Problem, ...]

    @property
    def column(self) -> str:
        """Titles of the columns: one, the first and last of a range, or a few and the number."""
        places = [_position(title)[0] for title in self.columns]
        if (
            len(places) > TITLES
            and places[0]
            and places == list(range(places[0], places[0] + len(places)))
        ):
            return f"{self.columns[0]}至{self.columns[-1]}共{len(places)}列"
        return _listed(self.columns, TITLES, "列")

    @property
    def row(self) -> str:
        """Row numbers as ranges: `6–24、30`."""
        return _listed(ranges(self.rows), RANGES, "段")

    @property
    def place(self) -> str:
        """Location as text: `file!sheet!columns rows`."""
        place = "!".join(part for part in (self.workbook, self.sheet, self.column) if part)
        return f"{place} {self.row}" if self.rows else place

    def __str__(self) -> str:
        return in_words(self.place, self.message, self.remedy, self.code)


def causes(findings: Iterable[Problem]) -> list[Cause]:
    """Fold findings into causes, in the order of the first finding of each.

    These are one cause each: a block of shifted cells, with all findings in its rows; the same
    fault in many rows or columns of a sheet; a missing column with an unknown one; a missing
    community, with the rows of other sheets that refer to it; a workbook that is mostly not filled
    in.
    """
    listed = sorted(set(findings))
    folding = _Folding(listed)
    groups: dict[tuple, list[Problem]] = {}
    for one in listed:
        groups.setdefault(folding.key(one), []).append(one)
    folded = [cause for key, group in groups.items() for cause in _causes_of(key[-1], group)]
    return _unfilled(sorted(folded, key=lambda cause: cause.findings[0]))


TOTALS_ALIKE, BELOW = 3, 3  # total rows with one fault; rows below the last shifted row


class _Folding:
    """Index of shifted rows, renamed columns and missing communities, used to fold findings."""

    def __init__(self, listed: list[Problem]) -> None:
        self.shifts: dict[tuple, dict[int, str]] = {}
        self.notes: set[tuple] = set()
        self.missing: dict[str, Problem] = {}
        self.slid = _slid(listed)
        rules: dict[tuple, set[str]] = {}
        for one in listed:
            sheet = (one.workbook, one.sheet)
            rules.setdefault(sheet, set()).add(one.rule)
            if one.rule.startswith(SHIFTED) and one.row:
                self.shifts.setdefault(sheet, {})[one.row] = one.rule
            elif one.rule == NOTE:
                self.notes.add((*sheet, one.row))
            elif one.rule == MISSING_PLACE:
                self.missing.setdefault(one.about, one)
        self._fold_totals(listed)
        both = {MISSING_COLUMN, UNKNOWN_COLUMN}
        self.renamed = {sheet for sheet, there in rules.items() if both <= there}

    def _fold_totals(self, listed: list[Problem]) -> None:
        """Mark total rows as shifted if several answer one column between shifted rows."""
        answers: dict[tuple, list[int]] = {}
        for one in listed:
            if one.rule == TOTAL_ANSWERS and (one.workbook, one.sheet) in self.shifts:
                answers.setdefault((one.workbook, one.sheet, one.column), []).append(one.row)
        for (workbook, sheet, _), rows in answers.items():
            shifted = self.shifts[workbook, sheet]
            if (
                len(rows) >= TOTALS_ALIKE
                and min(shifted) < min(rows)
                and max(rows) <= max(shifted) + BELOW
            ):
                shifted |= {
                    row: shifted[min(shifted, key=lambda near: abs(near - row))] for row in rows
                }

    def key(self, one: Problem) -> tuple:
        """Return the key that the findings of one cause share; its last part is their kind."""
        if one.rule == UNKNOWN_PLACE and one.about in self.missing:
            one = self.missing[one.about]
        sheet = (one.workbook, one.sheet)
        return (one.kind, *sheet, self._rule(one, sheet))

    def _rule(self, one: Problem, sheet: tuple) -> tuple:
        if one.kind != PROBLEM:
            return (_template(one), one.county_message)
        if one.rule.startswith(SHIFTED):
            return (one.rule,)
        rows = self.shifts.get(sheet, {})
        if one.row in rows:
            return (rows[one.row],)
        if (*sheet, one.row) in self.notes:
            return (NOTE,)
        if (*sheet, one.column, one.row) in self.slid and one.rule in (BLANK, TOTAL_ANSWERS):
            return (SLID, one.column)
        if one.rule in (MISSING_COLUMN, UNKNOWN_COLUMN) and sheet in self.renamed:
            return (RENAMED,)
        if one.rule == UNIT:
            return (UNIT,)
        return (BLANK,) if one.rule == BLANK else (_template(one), one.county_message)


def _slid(listed: list[Problem]) -> set[tuple]:
    """Find cells of columns that slid down by a row.

    Such a column is blank in the first row of a block and holds an answer in its total row.
    """
    blank = {(one.workbook, one.sheet, one.column, one.row) for one in listed if one.rule == BLANK}
    slid = set()
    for one in listed:
        if one.rule == TOTAL_ANSWERS and one.about:
            place = (one.workbook, one.sheet, one.column)
            if (*place, int(one.about)) in blank:
                slid |= {(*place, row) for row in (int(one.about), one.row, one.row + 1)}
    return slid


def _template(one: Problem) -> str:
    return one.message.replace(one.value, SLOT, 1) if one.value else one.message


def _causes_of(rule: tuple, group: list[Problem]) -> list[Cause]:
    """Return the causes of findings that share a rule: one, or one for each rectangle."""
    if rule[0].startswith(SHIFTED):
        return [_shift(int(rule[0].removeprefix(SHIFTED)), group)]
    if rule[0] == RENAMED:
        return [_renamed(group)]
    if rule[0] == NOTE:
        note = [one for one in group if one.rule == NOTE]
        return [_cause(note, (), note[0].message + _extent(note, 1), group)]
    if rule[0] == SLID:
        return [_as(COLUMN_SLID.fault(), group, (rule[1],), group)]
    if rule[0] == UNIT and len({(_template(one), one.column) for one in group}) > 1:
        titles = sorted({one.column for one in group}, key=_position)
        return [_as(ALL_IN_YUAN.fault(), group, titles, group)]
    own = [one for one in group if one.rule != UNKNOWN_PLACE] or group
    elsewhere = [one for one in group if one.rule == UNKNOWN_PLACE] if len(own) < len(group) else []
    places: Places = {}
    for one in own:
        places.setdefault((one.row, one.column), []).append(one)
    return [_rectangle(places, rows, columns, elsewhere) for rows, columns in rectangles(places)]


def rectangles(places: Iterable[tuple[int, str]]) -> list[tuple[tuple[int, ...], tuple[str, ...]]]:
    """Cover (row, column) places by few rectangles (rows × columns), each place once.

    Rows with the same columns form a rectangle, or columns with the same rows, whichever gives
    fewer. If both give many and most are large, as in a form that is half filled in, one rectangle
    covers all; it then also covers cells that are not among `places`.
    """
    by_row: dict[int, list[str]] = {}
    by_column: dict[str, list[int]] = {}
    count = 0
    for row, column in sorted(places, key=lambda place: (place[0], _position(place[1]))):
        by_row.setdefault(row, []).append(column)
        by_column.setdefault(column, []).append(row)
        count += 1
    across = [(tuple(rows), columns) for columns, rows in _alike(by_row).items()]
    down = [(rows, tuple(columns)) for rows, columns in _alike(by_column).items()]
    best = min(down, across, key=len)
    if len(best) > RECTANGLES and count >= CELLS_EACH * len(best):
        return [(tuple(by_row), tuple(sorted(by_column, key=_position)))]
    return best


def _alike(lists: dict) -> dict[tuple, list]:
    """Group keys that have equal lists."""
    groups: dict[tuple, list] = {}
    for key, values in lists.items():
        groups.setdefault(tuple(values), []).append(key)
    return groups


@cache
def _positions(of: Study) -> dict[str, int]:
    titles = [schema.title for model in of.tables.values() for schema in model.columns.values()]
    return {
        title: place
        for place, title in reversed(list(enumerate([*titles, *of.identifiers.values()])))
    }


def _position(title: str) -> tuple[int, str]:
    """Return the sort key of a column title: its position in the forms."""
    return _positions(study()).get(title, 0), title


def _rectangle(places: Places, rows: tuple, columns: tuple, elsewhere: list[Problem]) -> Cause:
    """Return one cause for all cells of a rectangle."""
    there = {place for row in rows for column in columns if (place := (row, column)) in places}
    own = [one for place in sorted(there) for one in places[place]]
    more = _extent(own, len(columns), len(there)) + _where(there, rows, columns)
    message = _message(own) + more + _consequences(elsewhere)
    county_message = own[0].county_message and own[0].county_message + more
    return _cause(own, columns, message, [*own, *elsewhere], county_message)


def _where(there: set[tuple[int, str]], rows: tuple, columns: tuple) -> str:
    """List the rows of every column of a rectangle that is not nearly full."""
    if len(there) >= FULL * len(rows) * len(columns):
        return ""
    by_column = {column: [row for row in rows if (row, column) in there] for column in columns}
    said = "；".join(
        f"{column} {'、'.join(ranges(sorted(own)))}" for column, own in by_column.items()
    )
    return f"：{said}"


def _cause(
    own: list[Problem],
    columns: Iterable[str],
    message: str,
    findings: list[Problem],
    county_message: str = "",
) -> Cause:
    first = own[0]
    plain = BLANK_CELL if len({one.code for one in own}) > 1 and first.rule == BLANK else None
    return Cause(
        first.kind,
        first.workbook,
        first.sheet,
        tuple(column for column in columns if column),
        _rows(own),
        message,
        county_message,
        plain.remedy if plain else first.remedy,
        plain.code if plain else first.code,
        tuple(findings),
    )


def _as(fault: Fault, own: list[Problem], columns: Iterable[str], findings: list[Problem]) -> Cause:
    """Return a cause with a message of its own, which none of its findings has."""
    cause = _cause(own, columns, fault.text + _extent(own, 1), findings)
    return replace(cause, remedy=fault.message.remedy, code=fault.message.code)


def _message(own: list[Problem]) -> str:
    """Return the common message of findings whose messages differ in their values only."""
    templates = dict.fromkeys(map(_template, own))
    if len(templates) > 1:  # columns differ in the answer that stands for nothing
        return BLANK_CELL.fault().text if own[0].rule == BLANK else own[0].message
    values = list(dict.fromkeys(one.value for one in own if one.value))
    return next(iter(templates)).replace(SLOT, _listed(values, VALUES, "个"), 1)


def _extent(own: list[Problem], columns: int, cells: int = 0) -> str:
    """Return the number of rows, columns and cells of a cause as text; empty if it is one."""
    rows = len(_rows(own))
    if columns > 1 and rows:
        many = f"{rows} row{'s' * (rows > 1)}, {columns} columns"
        return f"，{rows}行{columns}列共{cells}格 ({cells} cells: {many})"
    if columns > 1:
        return f"，共{columns}列 ({columns} columns)"
    if rows > 1:
        return f"，共{rows}行 ({rows} rows)"
    return f"，共{len(own)}处 ({len(own)} of them)" if len(own) > 1 and not rows else ""


def _consequences(elsewhere: list[Problem]) -> str:
    """Return the number of rows of other sheets that have this fault as their only cause."""
    sheets: dict[str, int] = {}
    for one in elsewhere:
        sheets[one.sheet] = sheets.get(one.sheet, 0) + 1
    said = "、".join(f"“{sheet}”{count}行" for sheet, count in sheets.items())
    many = f"{len(elsewhere)} row{'s' * (len(elsewhere) > 1)}"
    return f"；{said}因此也对不上 (and {many} elsewhere for this reason)" if said else ""


def _shift(by: int, group: list[Problem]) -> Cause:
    """Return the cause for a block of rows that is shifted against its headers."""
    own = [one for one in group if one.rule.startswith(SHIFTED) and one.row]
    zh, en = ("右", "right") if by > 0 else ("左", "left")
    noun = "columns" if abs(by) > 1 else "column"
    leftmost = min((one.column for one in own), key=_position)
    since = "" if leftmost in LEFTMOST else f"自“{leftmost}”列起，"
    fault = CELLS_SHIFTED.fault(since=since, side_zh=zh, side=en, columns=abs(by), noun=noun)
    return _as(fault, own, (), group)


def _renamed(group: list[Problem]) -> Cause:
    """Return one cause for the missing columns of a header and the unknown ones in it."""
    missing = [one.column for one in group if one.rule == MISSING_COLUMN]
    unknown = [one.column for one in group if one.rule == UNKNOWN_COLUMN]
    fault = COLUMN_RENAMED.fault(missing=_quoted(missing), unknown=_listed(unknown, TITLES, "列"))
    cause = _cause(group, [*missing, *unknown], fault.text, group)
    return replace(cause, rows=(), remedy=fault.message.remedy, code=fault.message.code)


def _quoted(titles: list[str]) -> str:
    return _listed([f"“{title}”" for title in titles], TITLES, "列")


def _unfilled(folded: list[Cause]) -> list[Cause]:
    """Merge the causes of the sheets of a workbook that are mostly not filled in.

    Only if there are at least SEVERAL such sheets.
    """
    books: dict[str, dict[str, list[Cause]]] = {}
    for cause in folded:
        if cause.kind == PROBLEM:
            books.setdefault(cause.workbook, {}).setdefault(cause.sheet, []).append(cause)
    for book, by_sheet in books.items():
        sheets = sorted(
            (title for title in by_sheet if _is_unfilled(by_sheet[title])), key=_sheet_position
        )
        if len(sheets) >= SEVERAL:
            own = [cause for cause in folded if (cause.workbook, cause.kind) == (book, PROBLEM)]
            own = [cause for cause in own if cause.sheet in sheets]
            rest = {id(cause) for cause in own[1:]}
            whole = _unfilled_book(book, {title: by_sheet[title] for title in sheets}, own)
            folded = [
                whole if cause is own[0] else cause for cause in folded if id(cause) not in rest
            ]
    return folded


def _unfilled_book(book: str, by_sheet: dict[str, list[Cause]], own: list[Cause]) -> Cause:
    """Return one cause that lists the sheets not filled in, with their rows."""
    said = []
    for title, listed in by_sheet.items():
        rows = ranges(sorted({row for cause in listed for row in cause.rows}))
        said.append(f"{title}第{_listed(rows, TITLES, '段')}行" if rows else title)
    fault = NOT_FILLED_IN.fault(sheets=_listed(said, SHEETS, "张表"), count=len(said))
    findings = tuple(one for cause in own for one in cause.findings)
    code, remedy = fault.message.code, fault.message.remedy
    return Cause(PROBLEM, book, "", (), (), fault.text, "", remedy, code, findings)


def _is_unfilled(own: list[Cause]) -> bool:
    """Return whether most cells of a sheet that must be filled in are blank.

    True if it has no rows, or if its only findings are blanks, in several rows and most required
    cells.
    """
    findings = [one for cause in own for one in cause.findings]
    if any(one.rule not in (BLANK, NO_ROWS) for one in findings):
        return False
    rows, needed = {one.row for one in findings}, _needed(study()).get(own[0].sheet, math.inf)
    no_rows = any(one.rule == NO_ROWS for one in findings)
    return no_rows or (len(rows) >= SEVERAL and 2 * len(findings) > len(rows) * needed)


@cache
def _needed(of: Study) -> dict[str, int]:
    """Return the number of required columns of each sheet, by its title."""
    columns = {model.zh: model.columns for model in of.tables.values()}
    return {
        title: sum(not one.nullable for name, one in form.items() if name not in FROM_FILE)
        for title, form in columns.items()
    }


def _sheet_position(title: str) -> int:
    titles = [model.zh for model in study().tables.values()]
    return titles.index(title) if title in titles else len(titles)


def ranges(rows: Iterable[int]) -> list[str]:
    """Format ascending row numbers as ranges."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], row]
        else:
            runs.append([row])
    return ["–".join(map(str, run)) for run in runs]


def _rows(own: list[Problem]) -> tuple[int, ...]:
    return tuple(sorted({one.row for one in own if one.row}))


def _listed(parts: Iterable[str], most: int, unit: str) -> str:
    """Join the first parts, and the total number if there are more."""
    listed = "、".join(parts[:most])
    return listed if len(parts) <= most else f"{listed}等{len(parts)}{unit}"
