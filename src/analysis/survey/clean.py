"""Make the clean tables: parse every cell, check tables against their models, then the rules between them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from analysis.survey import parse
from analysis.survey.codebook import TABLES, Workers
from analysis.survey.declaration import FILE, declaration_problems
from analysis.survey.load import load
from analysis.survey.problems import InputProblems, Problem
from analysis.survey.rules import rule_problems

ACCOUNTS = "accounts"


def clean(raw: Path, frame: pd.DataFrame) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Read and clean a wave; `frame` lists the communities that must report.

    Returns the clean tables by name and the accounts: one row per sheet, where
    rows = form + kept + total + blank + rejected.
    Raises InputProblems with every problem of every file; it carries no value of an identifier.
    """
    raws, accounts, problems = load(raw)
    if raw.is_dir():
        problems += declaration_problems(raw)
    tables, partial = {}, set()
    for name, rows in raws.items():
        parsed, faults = parse_table(rows, TABLES[name])
        faults += model_problems(parsed, TABLES[name])
        tables[name] = _without(parsed, faults)
        problems += faults
        if faults:
            partial.add(name)
    problems += rule_problems(tables, frame, frozenset(partial))
    accounts = _with_rejected(accounts, problems)
    if problems:
        raise InputProblems(problems)
    return tables, accounts


def parse_table(rows: pd.DataFrame, model) -> tuple[pd.DataFrame, list[Problem]]:
    """Parse the cells of a raw frame column by column, by the rule for each column's type.

    Returns the rows without fault, and the faults.
    """
    parsed, problems = {}, []
    places = list(zip(rows["workbook"], rows["sheet"], rows["row"], strict=True))
    for name, schema in model.to_schema().columns.items():
        read = parse.reader(schema)
        parsed[name] = []
        for cell, (workbook, sheet, row) in zip(rows[name], places, strict=True):
            value, fault = _parse(cell, read, schema.nullable, model)
            parsed[name].append(value)
            if fault:
                problems.append(Problem(workbook, sheet, schema.title, row, fault))
    types = {name: column.dtype.type for name, column in model.to_schema().columns.items()}
    return _without(pd.DataFrame(parsed), problems).astype(types), problems


def _without(rows: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    """Leave out the rows that have a problem."""
    faulty = {(p.workbook, p.sheet, p.row) for p in problems}
    places = zip(rows["workbook"], rows["sheet"], rows["row"], strict=True)
    return rows[pd.Series([place not in faulty for place in places], index=rows.index, dtype=bool)]


def _quote(value, model) -> str:
    """Quote a faulty cell, but none of the roster: where columns have slipped it may be an identifier."""
    if model is Workers:
        return ""
    if isinstance(value, float) and abs(value) < parse.LARGEST and value.is_integer():
        value = int(value)  # as it was typed
    return f"“{str(value)[:20]}” "


def _parse(cell, read, nullable, model):
    if cell is None or cell == "":
        return None, "" if nullable else "空白 (blank)"
    try:
        return read(cell), ""
    except parse.Unreadable as error:
        return None, f"{_quote(cell, model)}{error}"


def model_problems(frame: pd.DataFrame, model) -> list[Problem]:
    """Validate a parsed frame against its model and locate each failure."""
    try:
        model.validate(frame, lazy=True)
        return []
    except pa.errors.SchemaErrors as errors:
        located = {}
        for case in errors.failure_cases.itertuples():
            if pd.isna(case.index):  # a fault of the table as a whole is ours, not the county's
                raise
            row = frame.loc[case.index]
            # the county of an interview is the head of its community code
            column = "community_code" if case.column == "county_code" else case.column
            title = model.to_schema().columns[column].title
            place = (row["workbook"], row["sheet"], title, int(row["row"]))
            message = f"{_quote(case.failure_case, model)}超出允许范围 (not allowed: {case.check})"
            located.setdefault(place, Problem(*place, message))
        return list(located.values())


def _with_rejected(accounts: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    """Move rows that have a problem from kept to rejected."""
    faulty = {(p.workbook, p.sheet, p.row) for p in problems if p.row}
    rejected = pd.Series([(workbook, sheet) for workbook, sheet, _ in faulty], dtype=object).value_counts()
    places = pd.Series(list(zip(accounts["workbook"], accounts["sheet"], strict=True)), dtype=object)
    accounts["rejected"] = places.map(rejected).fillna(0).astype(int)
    accounts["kept"] -= accounts["rejected"]
    return accounts


def write(tables: dict[str, pd.DataFrame], accounts: pd.DataFrame, raw: Path, folder: Path) -> None:
    """Write the clean tables, the accounts and `wave.toml` to `folder`, all or nothing."""
    staged = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(staged, ignore_errors=True)
    retired = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(retired, ignore_errors=True)
    staged.mkdir(parents=True)
    for name, table in {**tables, ACCOUNTS: accounts}.items():
        table.to_parquet(staged / f"{name}.parquet", index=False)
    shutil.copyfile(raw / FILE, staged / FILE)
    if folder.exists():
        folder.rename(retired)
    try:
        staged.rename(folder)
    except OSError:
        retired.rename(folder)
        raise
    shutil.rmtree(retired, ignore_errors=True)
