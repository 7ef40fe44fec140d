"""The columns of a form, taken from the codebook."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from analysis.survey.codebook import REMARK, SERIAL, Table

WIDTH, SERIAL_WIDTH, REMARK_WIDTH = 10.0, 5.5, 15.0  # characters


@dataclass(frozen=True)
class Column:
    """A column of a form: name, printed title and group, cell format, additivity and width."""

    name: str
    title: str
    group: str = ""
    unit: str = ""
    form: str = "cell"
    adds: bool = False
    width: float = WIDTH


@cache
def columns(model: Table) -> list[Column]:
    """Return the columns of a form: 序号, those of the codebook, identifiers, 备注."""
    listed = [Column("serial", SERIAL, width=SERIAL_WIDTH)]
    for name in model.asked:
        if one := model.identifiers.get(name):
            listed.append(Column(name, one.zh, one.group, width=one.width or WIDTH))
            continue
        schema = model.columns[name]
        facts, unit = schema.metadata, schema.metadata["unit"]
        form = "money" if unit == "万元" else "date" if facts["type"] == "date" else "cell"
        title = f"{schema.title}（{unit}）" if unit else schema.title
        width = facts["width"] or WIDTH
        listed.append(Column(name, title, facts["group"], unit, form, facts["adds"], width))
    return [*listed, Column("remark", REMARK, width=REMARK_WIDTH)]


def unit_line(model: Table, form: list[Column]) -> str:
    """Return the line under the title of a form that names its units."""
    units = "、".join(dict.fromkeys(column.unit for column in form if column.unit))
    return "单位：" + (units or ("人" if model.persons else "个"))
