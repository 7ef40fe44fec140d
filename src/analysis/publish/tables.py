"""Tables: plain HTML for the page, CSV for everybody else."""

from __future__ import annotations

import numbers as kinds
import re
from html import escape

import pandas as pd

from analysis.stats.ledger import printed

RISKY = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run such a cell as a formula


CLASS = ' class="num"'


def rounded(value, decimals: int) -> str:
    """Print a number at a precision; a missing one is a dash."""
    return "—" if pd.isna(value) else printed(value, decimals)


def cells(data: pd.DataFrame) -> list[list[str]]:
    """Return the rows of a table as text; numbers without needless zeros."""
    return [[_text(cell) for cell in row] for row in data.itertuples(index=False)]


def _text(cell) -> str:
    if isinstance(cell, bool):
        return "✓" if cell else "—"
    if cell is None or (isinstance(cell, float) and pd.isna(cell)):
        return "—"
    if isinstance(cell, kinds.Real):
        return f"{float(cell):.6g}" if abs(float(cell)) < 1e5 else f"{float(cell):.2f}".rstrip("0").rstrip(".")
    return str(cell)


def to_html(data: pd.DataFrame) -> str:
    """Write a table with scoped headers; the first column heads its row. Cells are escaped."""
    rows = cells(data)
    numeric = [all(_numeric(row[i]) for row in rows) for i in range(data.shape[1])]
    head = "".join(
        _tag("th", str(column), is_number, ' scope="col"')
        for column, is_number in zip(data.columns, numeric, strict=True)
    )
    body = "".join(
        "<tr>"
        + _tag("th", row[0], False, ' scope="row"')
        + "".join(_tag("td", text, is_number) for text, is_number in zip(row[1:], numeric[1:], strict=True))
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _tag(tag: str, text: str, number: bool, attributes: str = "") -> str:
    return f"<{tag}{attributes}{CLASS * number}>{escape(text)}</{tag}>"


def _numeric(text: str) -> bool:
    return bool(re.fullmatch(r"[<−-]?[\d.,]+\D{0,4}|—|[\d.]+–[\d.]+\D{0,4}", text))


def to_csv(data: pd.DataFrame, basis: str) -> str:
    """Write a CSV for spreadsheets: UTF-8 with BOM, formulas made harmless, `basis` in every row."""
    safe = data.map(_harmless)
    if "basis" not in safe:
        safe = safe.assign(basis=basis)
    return "\ufeff" + safe.to_csv(index=False, lineterminator="\n")


def _harmless(cell):
    if isinstance(cell, str) and cell.startswith(RISKY):
        return "'" + cell
    return cell
