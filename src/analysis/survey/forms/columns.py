"""The columns of a form, taken from the codebook."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from analysis.survey.codebook import IDENTIFIERS, REMARK, SERIAL, Table

COUNTS = ("户", "人", "平方米", "份", "个", "块", "项")
MONEY = ("funding", "projects")  # tables whose 万元 may be added up; an income or a wage may not
PERSONS = {"workers": "name", "election_candidates": "identity"}  # where a table states how many, as 12人


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
