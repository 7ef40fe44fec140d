"""The explanation sheet of a blank workbook: instructions, and what each column accepts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from analysis.survey.codebook import Table
from analysis.survey.forms.columns import columns
from analysis.survey.forms.validation import explain

if TYPE_CHECKING:
    from xlsxwriter import Workbook

TITLE = "填表说明"
RULES = (
    "一、表名、表头、社区代码请勿改动；行可增加，列可调换位置。 (Keep names, headers and codes; "
    "add rows freely.)",
    "二、是非题填“是”或“否”；选择题从下拉列表选择。 (Answer 是 or 否; choose from the lists.)",
    "三、金额单位为万元，保留两位小数；人数、面积填整数。 (Money in 万元; counts are whole "
    "numbers.)",
    "四、只填数字，不填“约”“2-3”“——”；没有的填 0。 (Digits only; 0 where there is none.)",
    "五、日期填年月日，如 2018-03-01。 (Dates as 2018-03-01.)",
    "六、可加小计、合计行，须等于明细之和。 (Totals are welcome and must equal their rows.)",
    "七、身份证号、电话只用于核对，读入后即删去。 (Identifiers are read for checks only, then "
    "dropped.)",
)
HEAD = (
    "表 (sheet)",
    "栏目 (column)",
    "英文 (English)",
    "单位 (unit)",
    "填法 (what it takes)",
    "可空 (may be blank)",
)
WIDTHS = (24, 26, 34, 10, 60, 12)


def write_explanation(book: Workbook, models: Iterable[Table], style: dict) -> None:
    """Write the explanation as the last sheet of a workbook."""
    sheet = book.add_worksheet(TITLE)
    for place, width in enumerate(WIDTHS):
        sheet.set_column(place, place, width)
    sheet.write_string(0, 0, TITLE, style["title left"])
    sheet.write_column(1, 0, RULES, style["left"])
    sheet.write_row(len(RULES) + 2, 0, HEAD, style["header"])
    for row, line in enumerate(_lines(models), start=len(RULES) + 3):
        sheet.write_row(row, 0, line, style["wrapped"])
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _lines(models: Iterable[Table]) -> Iterator[tuple[str, ...]]:
    for model in models:
        schema = model.columns
        for column in columns(model):
            title = f"{column.group}/{column.title}" if column.group else column.title
            if column.name in schema:
                one = schema[column.name]
                unit, blank = one.metadata["unit"], "是 (yes)" if one.nullable else ""
                yield model.zh, title, one.description, unit, explain(one), blank
            elif one := model.identifiers.get(column.name):
                yield model.zh, title, one.en, "", "文字 (text)", ""
