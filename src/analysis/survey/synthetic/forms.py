"""What stands in each cell of a form: its columns, the printed answers, and the 小计 and 合计 rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import groupby

import numpy as np
import pandas as pd

from analysis.survey.codebook import IDENTIFIERS, REMARK, SERIAL, Table
from analysis.survey.synthetic.layout import REMARKS

COUNTS = ("户", "人", "平方米", "份", "个", "块", "项")
# Tables whose 万元 may be added up; an income or a wage may not.
MONEY = ("funding", "projects")
SUBTOTAL_BY = {
    "communities": "township",
    "workers": "township",
    "burden": "township_type",
    "election_candidates": "township",
}
# Where a table of persons states their number, as 12人.
PERSONS = {"workers": "name", "election_candidates": "identity"}
WITH_TOTAL = ("communities", "workers", "funding", "burden", "projects", "election_candidates")


@dataclass(frozen=True)
class Column:
    """A column of a form: name in the frame, printed title and group, cell format, additive or not."""

    name: str
    title: str
    group: str = ""
    unit: str = ""
    form: str = "cell"
    adds: bool = False


@cache
def columns(model: type[Table]) -> list[Column]:
    """List the columns of a form: 序号, what the codebook asks for, identifiers, 备注."""
    listed = [Column("serial", SERIAL)]
    for name, schema in model.to_schema().columns.items():
        if name in Table.__annotations__:
            continue
        group, unit, kind = (schema.metadata["group"], schema.metadata["unit"], str(schema.dtype))
        money = unit == "万元"
        form = "money" if money else "date" if "datetime" in kind and name != "born" else "cell"
        adds = unit in COUNTS or (money and model.Config.name in MONEY)
        title = f"{schema.title}（{unit}）" if unit else schema.title
        listed.append(Column(name, title, group, unit, form, adds))
        if model.Config.name == "workers" and name == "community_code":
            listed += [Column(key, zh, "基本信息") for key, zh in IDENTIFIERS.items()]
    return [*listed, Column("remark", REMARK)]


def unit_line(table: str, form: list[Column]) -> str:
    """Name the units of a form, as the line under its title does."""
    units = "、".join(dict.fromkeys(column.unit for column in form if column.unit))
    return "单位：" + (units or ("人" if table in PERSONS else "个"))


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


def sums(rows: list[dict], form: list[Column], table: str) -> dict[str, object]:
    """Add up the additive columns of printed rows, and count the persons of a table of persons."""
    added = {}
    for column in form:
        if column.adds:
            total = sum(row[column.name] for row in rows if row[column.name] is not None)
            # Without its rounding, a sum of hundredths shows its binary tail in the cell.
            added[column.name] = round(float(total), 2)
    if table in PERSONS:
        added[PERSONS[table]] = f"{len(rows)}人"
    return added


def body(table: str, frame: pd.DataFrame, form: list[Column]) -> list[tuple[str, dict]]:
    """List the rows below the header as (kind, cells), kind being data, subtotal or total."""
    rows = answers(frame, form)
    keys = frame[SUBTOTAL_BY[table]] if table in SUBTOTAL_BY else [None] * len(frame)
    listed = []
    for _, group in groupby(zip(keys, rows, strict=True), key=lambda pair: pair[0]):
        part = [row for _, row in group]
        listed += [("data", row) for row in part]
        if table in SUBTOTAL_BY:
            listed.append(("subtotal", {"township": "小计"} | sums(part, form, table)))
    if table in WITH_TOTAL:
        listed.append(("total", {"serial": "合计"} | sums(rows, form, table)))
    if table == "interview_frame":
        drawn = sum(row["sampled"] == "是" for row in rows)
        counted = {"community": f"{len(rows)}个", "sampled": f"抽中{drawn}个"}
        listed.append(("total", {"serial": "合计"} | counted))
    return listed
