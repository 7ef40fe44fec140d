"""Cell formats of the forms."""

from __future__ import annotations

import xlsxwriter

FONT = "宋体"


def formats(book: xlsxwriter.Workbook) -> dict:
    """Return the cell formats of a workbook by name; `… sum` is for 小计 and 合计 rows."""
    text = {"font_name": FONT, "font_size": 11, "valign": "vcenter"}
    boxed = text | {"border": 1, "align": "center"}
    summed = boxed | {"bold": True, "bg_color": "#F2F2F2"}
    looks = {
        "title": text | {"bold": True, "font_size": 16, "align": "center", "shrink": True},
        "left": text,
        "title left": text | {"bold": True, "font_size": 16},
        "wrapped": text | {"border": 1, "text_wrap": True},
        "right": text | {"align": "right", "shrink": True},
        "header": boxed | {"bold": True, "bg_color": "#D9E1F2", "text_wrap": True},
        "cell": boxed,
        "money": boxed | {"num_format": "0.00"},
        "date": boxed | {"num_format": "yyyy-mm-dd"},
        "cell sum": summed,
        "money sum": summed | {"num_format": "0.00"},
        "date sum": summed,
    }
    return {name: book.add_format(look) for name, look in looks.items()}
