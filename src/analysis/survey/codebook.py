"""The codebook: tables, columns, answers and rules of a study, read from four reference tables.

`tables.csv`, `columns.csv`, `codes.csv` and `rules.csv` have one row for each table, question,
answer and rule. Reading, checks, labels, forms and the codebook page use them. Types of columns:
TYPES.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pandera.pandas as pa

from analysis.survey.folders import WAVE
from analysis.survey.messages import (
    CODE_TWICE,
    COLUMN_NOT_LISTED,
    NO_COLUMNS,
    NO_SUCH_LIST,
    NO_SUCH_TABLE,
    NO_WORDS,
    NOT_A_COLUMN_NAME,
    NOT_A_WAVE,
    UNKNOWN_VALUE,
    UNREADABLE,
    UNTIL_BEFORE_SINCE,
    Fault,
    Message,
    messages,
)
from analysis.survey.problems import Problem, StudyError
from analysis.survey.reference import missing_line, reference

if TYPE_CHECKING:
    from analysis.survey.study import Study

# If dask is installed, pandera imports all of it to learn its frame types, which takes as long as
# reading a wave. Only pandas frames are used here.
sys.modules.setdefault("pandera.typing.dask", SimpleNamespace(DASK_INSTALLED=False))

# place: name of a place of the frame. code: code of a community. choice: one answer of a list of
# codes.csv. month: a date whose day is ignored.
TYPES = {
    "text": str,
    "place": str,
    "code": str,
    "choice": str,
    "yes_no": bool,
    "integer": int,
    "decimal": float,
    "date": pd.Timestamp,
    "month": pd.Timestamp,
}
# the list of codes.csv with the two answers to a yes/no question: first yes, then no
YES_NO = "yes_no"
FROM_FILE = ("county_code", "workbook", "sheet", "row")  # columns that the forms do not ask for
CHECKS = frozenset(
    "holds sum_of drawn at_least_rows not_after newest not_alike own_places factor fixed "
    "rows_factor".split()
)

# checks not printed under `range`: `codes` shows them, or nothing does
UNPRINTED = ("isin", "in_the_frame")

# columns that a form may have and no table stores
REMARK = "备注"
SERIAL = "序号"


@dataclass(frozen=True)
class Identifier:
    """A column that identifies a person: read for checks, then dropped."""

    name: str
    zh: str
    en: str
    group: str
    width: float | None


@dataclass(frozen=True, eq=False)
class Table:
    """A table of the codebook; each row keeps its workbook, sheet and row number.

    zh: title of its sheet. book: name of its workbook, if that is not a district's. counted:
    singular and plural noun for its rows, by language. key: columns whose values identify a row.
    named_by: the column by which other tables refer to a row. within: the table that must contain
    its communities. rows: what it has a row for: `communities` or `townships` of the frame, `codes`
    of its named_by, `one` per district, or empty. blank_rows: blank rows of its form for each
    community. persons: the column that its total rows count, if its rows are people. of_people:
    whether each row is a person. sample: whether its rows are a sample. columns: pandera columns by
    name; `metadata` has unit, group, codes, type, adds, public and width. asked: names of columns
    and identifiers in the order of the form.
    """

    name: str
    zh: str
    en: str
    book: str = ""
    counted: dict[str, tuple[str, str]] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    named_by: str = ""
    within: str = ""
    rows: str = ""
    blank_rows: int = 0
    may_be_empty: bool = False
    persons: str = ""
    sample: bool = False
    of_people: bool = False
    columns: dict[str, pa.Column] = field(default_factory=dict)
    identifiers: dict[str, Identifier] = field(default_factory=dict)
    asked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A rule of `rules.csv`; argument: what the check takes, an expression or words."""

    code: str
    table: str
    column: str
    check: str
    argument: str
    message: Message

    @property
    def words(self) -> list[str]:
        """Words of the argument."""
        return self.argument.split()


def read_tables(
    tables: pd.DataFrame, columns: pd.DataFrame, codes: pd.DataFrame, study: Study
) -> dict[str, Table]:
    """Return the tables of a codebook by name, with the columns that are asked in its wave.

    Without a wave, all columns. A table without columns in the wave is left out. Raises StudyError
    naming file, row and column.
    """
    lists = read_codes(codes)
    problems = [*_unknown(tables, columns), *_column_problems(columns, codes)]
    if problems:
        raise StudyError(problems)
    asked = columns[_asked(columns, study.wave_of)] if study.wave_of else columns
    of_table = dict(list(asked.groupby("table", sort=False)))
    rows = (row for row in tables.itertuples() if row.table in of_table)
    return {row.table: _table(row, of_table[row.table], lists, study) for row in rows}


def _asked(columns: pd.DataFrame, wave: str) -> pd.Series:
    """Return which columns a wave asks, as a mask.

    `since` is the first wave and `until` the last that asks a column; blank stands for any.
    """
    since, until = columns["since"], columns["until"]
    return ((since == "") | (since <= wave)) & ((until == "") | (wave <= until))


def read_codes(codes: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return the lists of answers by name; each maps Chinese, as on the forms, to English."""
    return {
        name: dict(zip(rows["zh"], rows["en"], strict=True))
        for name, rows in codes.groupby("list", sort=False)
    }


def _unknown(tables: pd.DataFrame, columns: pd.DataFrame) -> Iterator[Problem]:
    known = set(tables["table"])
    for row, name in enumerate(columns["table"], start=2):
        if name not in known:
            yield Problem.of(no_table(name, tables), "columns.csv", column="table", row=row)
    for row, one in enumerate(tables.itertuples(), start=2):
        own = set(columns.loc[columns["table"] == one.table, "column"]) | {"county_code"}
        if len(own) == 1:
            fault = NO_COLUMNS.fault(name=one.table, line=missing_line(columns, table=one.table))
            yield Problem.of(fault, "tables.csv", column="table", row=row)
        keys = ("one_row_each", "named_by", "persons")
        for key, name in ((k, name) for k in keys for name in getattr(one, k).split()):
            if name not in own:
                fault = no_column(one.table, name, columns)
                yield Problem.of(fault, "tables.csv", column=key, row=row)
        if one.within and one.within not in known:
            yield Problem.of(no_table(one.within, tables), "tables.csv", column="within", row=row)


def no_table(name: str, tables: pd.DataFrame) -> Fault:
    """Return the fault of a table that `tables.csv` lacks, with the line to add."""
    return NO_SUCH_TABLE.fault(name=name, line=missing_line(tables, table=name))


def no_column(table: str, name: str, columns: pd.DataFrame) -> Fault:
    """Return the fault of a column that `columns.csv` lacks, with the line to add."""
    line = missing_line(columns, table=table, column=name)
    return COLUMN_NOT_LISTED.fault(name=name, line=line)


def no_list(name: str, codes: pd.DataFrame) -> Fault:
    """Return the fault of a list of answers that `codes.csv` lacks, with a line to add."""
    return NO_SUCH_LIST.fault(name=name, line=missing_line(codes, list=name))


def _column_problems(columns: pd.DataFrame, codes: pd.DataFrame) -> Iterator[Problem]:
    lists = set(codes["list"])
    for row, one in enumerate(columns.itertuples(), start=2):
        if one.type not in TYPES:
            fault = UNKNOWN_VALUE.fault(value=one.type, known="、".join(TYPES))
            yield Problem.of(fault, "columns.csv", column="type", row=row)
        if not re.fullmatch("[a-z][a-z0-9_]*", one.column) or one.column in FROM_FILE:
            fault = NOT_A_COLUMN_NAME.fault(name=one.column)
            yield Problem.of(fault, "columns.csv", column="column", row=row)
        wanted = YES_NO if one.type == "yes_no" else one.codes
        if (one.type in ("choice", "yes_no")) and wanted not in lists:
            yield Problem.of(no_list(wanted, codes), "columns.csv", column="codes", row=row)
        yield from _waves_of(one, row)
        for end in ("min", "max"):
            if getattr(one, end) and _limit(getattr(one, end), one.type) is None:
                quote = f"{getattr(one, end)}: "
                yield Problem.of(
                    UNREADABLE.fault(), "columns.csv", column=end, row=row, quote=quote
                )


def _waves_of(one: Any, row: int) -> Iterator[Problem]:
    """Check the first and the last wave that asks a column."""
    for key in ("since", "until"):
        if getattr(one, key) and not WAVE.fullmatch(getattr(one, key)):
            quote = f"{getattr(one, key)}: "
            yield Problem.of(NOT_A_WAVE.fault(), "columns.csv", column=key, row=row, quote=quote)
    if one.since and one.until and one.since > one.until:
        yield Problem.of(UNTIL_BEFORE_SINCE.fault(), "columns.csv", column="until", row=row)


def _limit(text: str, kind: str) -> int | float | pd.Timestamp | None:
    """Parse one end of a range; None if it is blank."""
    try:
        return (
            pd.Timestamp(text)
            if kind in ("date", "month")
            else float(text)
            if "." in text
            else int(text)
        )
    except ValueError:
        return None


def _table(
    row: Any, columns: pd.DataFrame, lists: dict[str, dict[str, str]], study: Study
) -> Table:
    """Return a table made from its row of `tables.csv` and its rows of `columns.csv`."""
    asked = [one for one in columns.itertuples() if not one.identifier]
    personal = [one for one in columns.itertuples() if one.identifier]
    return Table(
        name=row.table,
        zh=row.zh,
        en=row.en,
        book=row.book,
        counted={
            "zh": (row.counted_zh, row.counted_zh),
            "en": (row.counted_en, row.counted_en_many),
        },
        key=tuple(row.one_row_each.split()),
        named_by=row.named_by,
        within=row.within,
        rows=row.rows,
        blank_rows=int(row.blank_rows or 0),
        may_be_empty=row.may_be_empty == "yes",
        persons=row.persons,
        sample=row.sample == "yes",
        of_people=bool(row.persons) or getattr(row, "people", "") == "yes",
        columns=_from_file(study) | {one.column: _column(one, lists, study) for one in asked},
        identifiers={one.column: _identifier(one) for one in personal},
        asked=tuple(columns["column"]),
    )


def _identifier(row: Any) -> Identifier:
    return Identifier(
        row.column, row.zh, row.en, row.group, float(row.width) if row.width else None
    )


def _from_file(study: Study) -> dict[str, pa.Column]:
    """Return the columns that locate a row; its district code is checked against the frame."""
    in_the_frame = pa.Check(
        lambda codes: codes.isin(list(study.districts)),
        name="in_the_frame",
        error="does not begin with the code of a county of the frame",
    )
    given = (
        (str, "county_code", "县（市、区）代码", "county code", in_the_frame),
        (str, "workbook", "工作簿", "workbook", pa.Check.str_length(min_value=1)),
        (str, "sheet", "工作表", "sheet", pa.Check.str_length(min_value=1)),
        (int, "row", "行号", "row in the sheet", pa.Check.ge(1)),
    )
    type_of = {str: "text", int: "integer"}
    return {
        name: pa.Column(
            kind, check, name=name, title=zh, description=en, metadata=_metadata(type=type_of[kind])
        )
        for kind, name, zh, en, check in given
    }


def _metadata(unit: str = "", group: str = "", **more: Any) -> dict:
    plain = {"codes": {}, "type": "text", "adds": False, "public": False, "width": None}
    return {"unit": unit, "group": group} | plain | more


def _column(row: Any, lists: dict[str, dict[str, str]], study: Study) -> pa.Column:
    """Return a pandera column made from its row of `columns.csv`."""
    codes = lists[YES_NO] if row.type == "yes_no" else lists.get(row.codes, {})
    metadata = _metadata(
        row.unit,
        row.group,
        codes=codes,
        type=row.type,
        adds=row.adds == "yes",
        public=row.public == "yes",
        width=float(row.width) if row.width else None,
    )
    nullable = row.nullable == "yes"
    kind = pd.Int64Dtype if nullable and row.type == "integer" else TYPES[row.type]
    return pa.Column(
        kind,
        list(_checks(row, codes, study)),
        nullable=nullable,
        name=row.column,
        title=row.zh,
        description=row.en,
        metadata=metadata,
    )


def _checks(row: Any, codes: dict[str, str], study: Study) -> Iterator[pa.Check]:
    low, high = (_limit(end, row.type) if end else None for end in (row.min, row.max))
    if row.type == "code":
        yield pa.Check.str_matches(f"^{study.community}$")
    if row.type == "choice":
        yield pa.Check.isin(list(codes))
    if row.shortest:
        yield pa.Check.str_length(min_value=int(row.shortest))
    if low is not None and high is not None:
        yield pa.Check.in_range(low, high)
    elif low is not None:
        yield pa.Check.ge(low)
    elif high is not None:
        yield pa.Check.le(high)


def read_rules(rules: pd.DataFrame, tables: dict[str, Table]) -> list[Rule]:
    """Return the rules of `rules.csv`; StudyError for names that the codebook does not have."""
    problems, codes, known = [], list(rules["code"]), "、".join(sorted(CHECKS))
    for row, one in enumerate(rules.itertuples(), start=2):
        faults = {}
        if one.table not in tables:
            faults["table"] = no_table(one.table, reference("tables"))
        elif one.column and one.column not in tables[one.table].columns:
            faults["column"] = no_column(one.table, one.column, reference("columns"))
        if one.check not in CHECKS:
            faults["check"] = UNKNOWN_VALUE.fault(value=one.check, known=known)
        if not one.code or codes.count(one.code) > 1 or one.code in messages():
            faults["code"] = CODE_TWICE.fault()
        if one.check == "holds" and not (
            one.message_zh and one.message_en and one.remedy_zh and one.remedy_en
        ):
            faults["message_zh"] = NO_WORDS.fault()
        problems += [
            Problem.of(fault, "rules.csv", column=name, row=row) for name, fault in faults.items()
        ]
    if problems:
        raise StudyError(problems)
    return [
        Rule(
            *(one.code, one.table, one.column, one.check, one.argument),
            Message(
                one.code,
                *(_plain(text) for text in (one.message_zh, one.message_en)),
                one.remedy_zh,
                one.remedy_en,
            ),
        )
        for one in rules.itertuples()
    ]


def _plain(text: str) -> str:
    """Return a message without fields, even if it has braces."""
    return text.replace("{", "{{").replace("}", "}}")


def tabulate(tables: dict[str, Table]) -> pd.DataFrame:
    """Return a table with one row per column of every clean table.

    Columns: table, table_zh, column, group, zh, en, unit, type, codes, range, nullable.
    """
    rows = []
    for name, table in tables.items():
        for column, schema in table.columns.items():
            answers = schema.metadata["codes"]
            rows.append(
                {
                    "table": name,
                    "table_zh": table.zh,
                    "column": column,
                    "group": schema.metadata["group"],
                    "zh": schema.title,
                    "en": schema.description,
                    "unit": schema.metadata["unit"],
                    "type": str(schema.dtype),
                    "codes": "; ".join(f"{zh} = {en}" for zh, en in answers.items()),
                    "range": "; ".join(
                        check.error for check in schema.checks if check.name not in UNPRINTED
                    ),
                    "nullable": schema.nullable,
                }
            )
    return pd.DataFrame(rows)
