"""Tables as plain HTML for pages, and as CSV."""

from __future__ import annotations

import numbers as kinds
import re
from html import escape

import pandas as pd

# a spreadsheet may run such a cell as a formula
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NUMERIC = re.compile(
    r"[<≤−+-]?\d[\d.,]*\D{0,14}|[—✓]|[\d.,]+–[\d.,]+\D{0,14}|\d+(?:中| of |个社区中的)\d+\D{0,12}"
    r"|不公布|withheld"
)
PLAIN_NUMBER = re.compile(r"[+-]?[\d,]*\d(?:\.\d+)?%?")


CLASS = ' class="num"'


def capital(title: str) -> str:
    """Return a title with a capital first letter, for columns and rows of tables."""
    return title[:1].upper() + title[1:]


def cells(data: pd.DataFrame) -> list[list[str]]:
    """Return the rows of a table as text, with numbers without redundant zeros."""
    return [[_text(cell) for cell in row] for row in data.itertuples(index=False)]


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "✓" if cell else "—"
    if cell is None or (isinstance(cell, float) and pd.isna(cell)):
        return "—"
    if isinstance(cell, kinds.Real):
        return (
            f"{float(cell):.6g}"
            if abs(float(cell)) < 1e5
            else f"{float(cell):.2f}".rstrip("0").rstrip(".")
        )
    return str(cell)


def traced(data: pd.DataFrame, receipts: list[list[str]]) -> pd.DataFrame:
    """Attach to a table the names of the estimates in its cells; empty for words."""
    data = data.copy()
    data.attrs["receipts"] = receipts
    return data


def to_html(
    data: pd.DataFrame, areas: dict[str, str] | None = None, by_column: bool = False
) -> str:
    """Return a table as HTML with scoped headers; the first column has the row headers.

    Cells are escaped. A number with a receipt is a link to it; with `by_column`, the header of its
    column is. areas: codes of the counties by name, added to their rows.
    """
    rows = cells(data)
    numeric = [all(is_number(row[i]) for row in rows) for i in range(data.shape[1])]
    alike = len(numeric) > 1 and all(numeric[1:])  # stated once, for the table
    table = '<table class="r">' if alike else "<table>"
    numeric = [False] * len(numeric) if alike else numeric
    nowhere = [""] * data.shape[1]
    receipts = data.attrs.get("receipts") or [nowhere] * len(rows)
    heads, receipts = (receipts[0], [nowhere] * len(rows)) if by_column else (nowhere, receipts)
    head = "".join(
        _tag("th", _linked(str(column), name), right, ' scope="col"')
        for column, name, right in zip(data.columns, heads, numeric, strict=True)
    )
    body = "".join(
        _row(row, names, numeric, areas or {}) for row, names in zip(rows, receipts, strict=True)
    )
    return f"{table}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(row: list[str], names: list[str], numeric: list[bool], areas: dict[str, str]) -> str:
    area = f' data-area="{escape(areas[row[0]])}"' if row[0] in areas else ""
    said = [_linked(text, name) for text, name in zip(row, names, strict=True)]
    rest = zip(said[1:], numeric[1:], strict=True)
    head = _tag("th", said[0], False, ' scope="row"')
    others = "".join(_tag("td", text, right) for text, right in rest)
    return f"<tr{area}>{head}{others}</tr>"


def _linked(text: str, name: str) -> str:
    return (
        f'<a href="#r-{escape(name)}">{escape(text)}</a>'
        if name and text not in ("", "—")
        else escape(text)
    )


def _tag(tag: str, inside: str, number: bool, attributes: str = "") -> str:
    return f"<{tag}{attributes}{CLASS * number}>{inside}</{tag}>"


def is_number(text: str) -> bool:
    """Return whether a cell is a number with or without unit, an interval, or counts.

    A missing value counts too.
    """
    return bool(NUMERIC.fullmatch(text))


def to_csv(data: pd.DataFrame, basis: str) -> str:
    """Return a CSV for spreadsheets: UTF-8 with BOM, no formulas, `basis` in every row."""
    safe = data.map(harmless).rename(columns=harmless)
    if "basis" not in safe:
        safe = safe.assign(basis=basis)
    return "\ufeff" + safe.to_csv(index=False, lineterminator="\n")


def harmless(cell: object) -> object:
    """Return text that begins like a formula with an apostrophe; signed numbers unchanged."""
    if isinstance(cell, str) and cell.startswith(RISKY) and not PLAIN_NUMBER.fullmatch(cell):
        return "'" + cell
    return cell
