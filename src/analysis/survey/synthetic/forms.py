"""What stands in each cell of a form: its columns, the printed answers, and the 小计 and 合计 rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

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
WITH_TOTAL = (
    "communities",
    "workers",
    "funding",
    "burden",
    "projects",
    "election_candidates",
)


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
        group, unit, kind = (
            schema.metadata["group"],
            schema.metadata["unit"],
            str(schema.dtype),
        )
        money = unit == "万元"
        form = (
            "money"
            if money
            else "date"
            if "datetime" in kind and name != "born"
            else "cell"
        )
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


def answers(frame: pd.DataFrame, form: list[Column]) -> pd.DataFrame:
    """Turn values into what a form shows: 是/否, 1988年3月, dates, numbers, None where blank."""
    printed = frame.assign(serial=np.arange(1, len(frame) + 1))
    printed["remark"] = [
        REMARKS[number // 37 % len(REMARKS)] if number % 37 == 0 else None
        for number in printed["serial"]
    ]
    if "born" in printed:
        born = printed["born"].dt
        printed["born"] = born.year.astype(str) + "年" + born.month.astype(str) + "月"
    for name in printed.columns[printed.dtypes == bool]:
        printed[name] = np.where(printed[name], "是", "否")
    printed = printed.astype(object)
    return printed.where(printed.notna(), None)[[column.name for column in form]]


def sums(part: pd.DataFrame, form: list[Column], table: str) -> dict[str, object]:
    """Add up the additive columns of printed rows, and count the persons of a table of persons."""
    added = {
        column.name: part[column.name].dropna().sum() for column in form if column.adds
    }
    # Without its rounding, a sum of hundredths shows its binary tail in the cell.
    added = {name: round(float(value), 2) for name, value in added.items()}
    if table in PERSONS:
        added[PERSONS[table]] = f"{len(part)}人"
    return added


def body(table: str, frame: pd.DataFrame, form: list[Column]) -> list[tuple[str, dict]]:
    """List the rows below the header as (kind, cells), kind being data, subtotal or total."""
    frame = frame.reset_index(drop=True)
    printed = answers(frame, form)
    by = (
        frame[SUBTOTAL_BY[table]] if table in SUBTOTAL_BY else pd.Series(0, frame.index)
    )
    rows = []
    for _, part in printed.groupby(by, sort=False):
        rows += [("data", cells) for cells in part.to_dict("records")]
        if table in SUBTOTAL_BY:
            rows.append(("subtotal", {"township": "小计"} | sums(part, form, table)))
    if table in WITH_TOTAL:
        rows.append(("total", {"serial": "合计"} | sums(printed, form, table)))
    if table == "interview_frame":
        drawn = int(printed["sampled"].eq("是").sum())
        counted = {"community": f"{len(printed)}个", "sampled": f"抽中{drawn}个"}
        rows.append(("total", {"serial": "合计"} | counted))
    return rows
