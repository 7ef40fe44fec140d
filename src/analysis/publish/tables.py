"""Tables as plain HTML for pages, and as CSV."""

from __future__ import annotations

import numbers as kinds
import re
from collections.abc import Callable
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


def to_json(
    data: pd.DataFrame, areas: dict[str, str] | None = None, by_column: bool = False
) -> dict:
    """Return a table as the metadata of an output keep it: columns and rows of text.

    heads, receipts: the estimates that the heads of columns (`by_column`) or the cells show, if it
    is traced. areas: codes of the counties by name, of those that head a row.
    """
    columns, rows = list(map(str, data.columns)), cells(data)
    traces, areas = data.attrs.get("receipts", []), areas or {}
    heads, receipts = (traces[:1], []) if by_column else ([], traces)
    pairs = zip(rows, receipts, strict=True) if receipts else ()
    return {
        "columns": columns,
        "rows": rows,
        "heads": _shown(columns, heads[0]) if heads else [],
        "receipts": [_shown(row, names) for row, names in pairs],
        "areas": {row[0]: areas[row[0]] for row in rows if row[0] in areas},
    }


def _shown(texts: list[str], names: list[str]) -> list[str]:
    """Return the estimates that texts show: a dash shows none."""
    return [name * (text not in ("", "—")) for text, name in zip(texts, names, strict=True)]


def to_html(table: dict, link: Callable[[str, str], str]) -> str:
    """Return a table of `to_json` as HTML; the first column has the row headers.

    Headers are scoped, cells escaped, rows of counties carry their code. link: writes a number that
    has a receipt, from the name of its estimate and its text in HTML.
    """
    columns, rows = table["columns"], table["rows"]
    numeric = [all(is_number(row[i]) for row in rows) for i in range(len(columns))]
    alike = len(numeric) > 1 and all(numeric[1:])  # stated once, for the table
    numeric = [False] * len(numeric) if alike else numeric
    nowhere = [""] * len(columns)
    titles = zip(_linked(columns, table["heads"] or nowhere, link), numeric, strict=True)
    head = "".join(_tag("th", text, right, ' scope="col"') for text, right in titles)
    names = table["receipts"] or [nowhere] * len(rows)
    body = "".join(
        _row(_linked(row, shown, link), numeric, table["areas"].get(row[0]))
        for row, shown in zip(rows, names, strict=True)
    )
    begin = '<table class="r">' if alike else "<table>"
    return f"{begin}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(cells: list[str], numeric: list[bool], area: str | None) -> str:
    attribute = f' data-area="{escape(area)}"' if area else ""
    head = _tag("th", cells[0], False, ' scope="row"')
    rest = zip(cells[1:], numeric[1:], strict=True)
    others = "".join(_tag("td", text, right) for text, right in rest)
    return f"<tr{attribute}>{head}{others}</tr>"


def _linked(texts: list[str], names: list[str], link: Callable[[str, str], str]) -> list[str]:
    return [
        link(name, escape(text)) if name else escape(text)
        for text, name in zip(texts, names, strict=True)
    ]


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
