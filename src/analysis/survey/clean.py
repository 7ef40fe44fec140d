"""Make the clean tables: parse every cell, check every table against its model, then the rules between them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from analysis.survey import parse
from analysis.survey.codebook import TABLES
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
    tables = {}
    for name, rows in raws.items():
        parsed, faults = parse_table(rows, TABLES[name])
        faults = faults or model_problems(parsed, TABLES[name])
        problems += faults
        if not faults:
            tables[name] = parsed
    problems += rule_problems(tables, frame)
    accounts = _with_rejected(accounts, problems)
    if problems:
        raise InputProblems(problems)
    return tables, accounts


def parse_table(rows: pd.DataFrame, model) -> tuple[pd.DataFrame, list[Problem]]:
    """Parse the cells of a raw frame column by column, by the rule for each column's type."""
    parsed, problems = {}, []
    places = list(zip(rows["workbook"], rows["sheet"], rows["row"], strict=True))
    for name, schema in model.to_schema().columns.items():
        read = parse.reader(schema)
        parsed[name] = []
        for cell, (workbook, sheet, row) in zip(rows[name], places, strict=True):
            value, fault = _parse(cell, read, schema.nullable)
            parsed[name].append(value)
            if fault:
                problems.append(Problem(workbook, sheet, schema.title, row, fault))
    if problems:
        return pd.DataFrame(), problems
    frame = pd.DataFrame(parsed)
    types = {name: column.dtype.type for name, column in model.to_schema().columns.items()}
    return frame.astype(types), []


def _parse(cell, read, nullable):
    if cell is None or cell == "":
        return None, "" if nullable else "空白 (blank)"
    try:
        return read(cell), ""
    except parse.Unreadable as error:
        return None, f"“{str(cell)[:20]}” {error}"


def model_problems(frame: pd.DataFrame, model) -> list[Problem]:
    """Validate a parsed frame against its model and locate each failure."""
    try:
        model.validate(frame, lazy=True)
        return []
    except pa.errors.SchemaErrors as errors:
        problems = []
        for case in errors.failure_cases.itertuples():
            if pd.isna(case.index):  # a fault of the table as a whole is ours, not the county's
                raise
            place = frame.loc[case.index]
            title = model.to_schema().columns[case.column].title
            message = f"“{case.failure_case}” 超出允许范围 (not allowed: {case.check})"
            problems.append(Problem(place["workbook"], place["sheet"], title, int(place["row"]), message))
        return problems


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
    staged.mkdir(parents=True)
    for name, table in {**tables, ACCOUNTS: accounts}.items():
        table.to_parquet(staged / f"{name}.parquet", index=False)
    shutil.copyfile(raw / "wave.toml", staged / "wave.toml")
    shutil.rmtree(folder, ignore_errors=True)
    staged.rename(folder)
