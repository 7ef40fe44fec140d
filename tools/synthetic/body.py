"""Content of each row of a filled-in form: the printed answers, and the 小计 and 合计 rows."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pandas as pd

from analysis.survey.codebook import Table
from analysis.survey.forms.columns import Column

REMARKS = ("已核对", "与台账一致", "资料已归档")
SUBTOTAL_BY = {
    "communities": "township",
    "workers": "township",
    "burden": "township_type",
    "election_candidates": "township",
}
WITH_TOTAL = ("communities", "workers", "funding", "burden", "projects", "election_candidates")


def answers(frame: pd.DataFrame, form: list[Column]) -> list[dict]:
    """Turn rows into what a form shows: 是/否, 1988年3月, dates, numbers, None where blank."""
    asked = [column.name for column in form if column.name in frame]
    printed = frame[asked].copy()
    if "born" in printed:
        born = printed["born"].dt
        printed["born"] = born.year.astype(str) + "年" + born.month.astype(str) + "月"
    for name in printed.select_dtypes("bool").columns:
        printed[name] = np.where(printed[name], "是", "否")
    printed = printed.astype(object)
    rows = printed.where(printed.notna(), None).to_dict("records")
    for serial, row in enumerate(rows, start=1):
        row["serial"] = serial
        if serial % 37 == 0:
            row["remark"] = REMARKS[serial // 37 % len(REMARKS)]
    return rows


def sums(rows: list[dict], form: list[Column], model: Table) -> dict[str, object]:
    """Add up the additive columns of printed rows, and count the persons of a table of persons."""
    added = {}
    for column in form:
        if column.adds:
            total = sum(row[column.name] for row in rows if row[column.name] is not None)
            # Without its rounding, a sum of hundredths shows its binary tail in the cell.
            added[column.name] = round(float(total), 2)
    if model.persons:
        added[model.persons] = f"{len(rows)}人"
    return added


def body(model: Table, frame: pd.DataFrame, form: list[Column]) -> list[tuple[str, dict]]:
    """List the rows below the header as (kind, cells), kind being data, subtotal or total."""
    rows, table = answers(frame, form), model.name
    keys = frame[SUBTOTAL_BY[table]] if table in SUBTOTAL_BY else [None] * len(frame)
    listed = []
    for _, group in groupby(zip(keys, rows, strict=True), key=lambda pair: pair[0]):
        part = [row for _, row in group]
        listed += [("data", row) for row in part]
        if table in SUBTOTAL_BY:
            listed.append(("subtotal", {"township": "小计"} | sums(part, form, model)))
    if table in WITH_TOTAL:
        listed.append(("total", {"serial": "合计"} | sums(rows, form, model)))
    if table == "interview_frame":
        drawn = sum(row["sampled"] == "是" for row in rows)
        counted = {"community": f"{len(rows)}个", "sampled": f"抽中{drawn}个"}
        listed.append(("total", {"serial": "合计"} | counted))
    return listed
