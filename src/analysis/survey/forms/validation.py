"""Data validation of the cells of a form: lists, ranges and a help text, from the codebook."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd
from xlsxwriter.utility import xl_col_to_name

from analysis.survey.forms.columns import Column, columns
from analysis.survey.forms.sheet import FIRST_ROW
from analysis.survey.study import study

if TYPE_CHECKING:
    import pandera.pandas as pa
    from xlsxwriter.worksheet import Worksheet

    from analysis.survey.codebook import Table

LIST = ("township", "community", "community_code")  # chosen from the rows of the first form
IDS = {"id_number": 18, "phone": 11}  # characters


def write_validation(
    sheet: Worksheet, model: Table, form: list[Column], first: int, last: int, communities: int
) -> None:
    """Set the data validation of each column, from the first to the last row to fill in."""
    schema = model.columns
    for place, column in enumerate(form):
        if column.name in IDS:
            rule = {"validate": "length", "criteria": "==", "value": IDS[column.name]}
            help_text = f"{IDS[column.name]}位，按文本填写 (text, {IDS[column.name]} characters)"
        elif column.name in schema:
            rule = _rule(column.name, schema[column.name], model, communities)
            help_text = explain(schema[column.name])
        else:
            continue
        if rule:
            words = {"input_title": column.title[:32], "input_message": help_text[:255]}
            refused = {"error_title": "不符合要求 (not accepted)", "error_message": help_text[:255]}
            sheet.data_validation(first, place, last, place, rule | words | refused)


def _rule(name: str, schema: pa.Column, model: Table, communities: int) -> dict:
    """Return the data validation of one column for xlsxwriter; empty if any text is accepted."""
    if (
        study().frame_table
        and not model.book
        and name in LIST
        and model.rows not in ("communities", "townships")
    ):
        first = study().tables[study().frame_table]
        place = xl_col_to_name([c.name for c in columns(first)].index(name))
        area = f"${place}${FIRST_ROW + 1}:${place}${FIRST_ROW + communities}"
        return {"validate": "list", "source": f"='{first.zh}'!{area}"}
    if schema.metadata["codes"]:
        return {"validate": "list", "source": list(schema.metadata["codes"])}
    low, high = limits(schema)
    kind = str(schema.dtype).lower()
    if low is None or schema.metadata["type"] == "month":
        return {}
    if kind.startswith("datetime"):
        days = {"minimum": low.to_pydatetime(), "maximum": high.to_pydatetime()}
        return {"validate": "date", "criteria": "between"} | days
    sort = "integer" if kind.startswith("int") else "decimal"
    if high is None:
        return {"validate": sort, "criteria": ">=", "value": low}
    return {"validate": sort, "criteria": "between", "minimum": low, "maximum": high}


def limits(schema: pa.Column) -> tuple:
    """Return the minimum and maximum of a column; None stands for no limit."""
    said = {}
    for check in schema.checks:
        said |= {
            key: value
            for key, value in (check.statistics or {}).items()
            if key in ("min_value", "max_value")
        }
    if "str" in str(schema.dtype):
        return None, None
    return said.get("min_value"), said.get("max_value")


def explain(schema: pa.Column) -> str:
    """Return in both languages what a column accepts."""
    codes, (low, high), unit = schema.metadata["codes"], limits(schema), schema.metadata["unit"]
    if codes:
        return f"从列表选择：{'、'.join(codes)} (choose one)"
    if isinstance(low, pd.Timestamp | datetime):
        return f"日期，{low:%Y-%m}至{high:%Y-%m}，如 2018-03-01 或 2018年3月 (a date)"
    if low is None:
        return "文字 (text)"
    whole = "整数" if str(schema.dtype).lower().startswith("int") else "数字"
    area = f"{low:g}至{high:g}" if high is not None else f"不小于{low:g}"
    return f"{whole}，{area}{'，单位：' + unit if unit else ''} (a number in this range)"
