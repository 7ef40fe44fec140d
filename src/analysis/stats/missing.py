"""Missing values, and the largest effect they could have on a share."""

from __future__ import annotations

import pandas as pd

from analysis.survey.sealed import Sealed, opened


def missingness(tables: dict[str, pd.DataFrame | Sealed], by: str = "") -> pd.DataFrame:
    """Count missing values by table and column, and by value of `by` if given.

    Columns: table, by (if given), column, rows, missing, share (%). Sealed tables are counted as a
    whole, without `by`.
    """
    tables = tables if by else opened(tables)
    records = []
    for name, table in tables.items():
        groups = table.groupby(by) if by else [("", table)]
        for group, rows in groups:
            for column, blank in rows.isna().sum().items():
                records.append(
                    (name, group, column, len(rows), int(blank), 100 * blank / len(rows))
                )
    frame = pd.DataFrame(
        records, columns=["table", by or "group", "column", "rows", "missing", "share"]
    )
    return frame if by else frame.drop(columns="group")


def bounds(rows: pd.DataFrame, answer: str, by: str = "") -> pd.DataFrame:
    """Return bounds of the share of yes if missing values of column `answer` could be anything.

    Columns: by, n, missing, known (share of yes among answers), worst (all missing no), best (all
    yes), in %. No assumption about who is missing (Manski, 1989, J. Human Resources 24:343); not a
    confidence interval.
    """
    records = []
    for name, part in rows.groupby(by) if by else [("", rows)]:
        n, blank = len(part), int(part[answer].isna().sum())
        yes = int(part[answer].dropna().astype(bool).sum())
        known = 100 * yes / (n - blank) if n > blank else float("nan")
        records.append((name, n, blank, known, 100 * yes / n, 100 * (yes + blank) / n))
    frame = pd.DataFrame(records, columns=[by or "group", "n", "missing", "known", "worst", "best"])
    return frame if by else frame.drop(columns="group")
