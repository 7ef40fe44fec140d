"""How the forms look: cell formats, column widths, and the fixed texts around the tables."""

from __future__ import annotations

import xlsxwriter

FONT = "宋体"
WIDTHS = {
    "serial": 5.5,
    "township": 12,
    "community": 17,
    "community_code": 14,
    "name": 10,
    "id_number": 20,
    "phone": 13,
    "born": 11,
    "hired": 11.5,
    "date": 11.5,
    "residence": 13,
    "certificate": 16,
    "item": 18,
    "project": 30,
    "kind": 18,
    "unit": 18,
    "progress": 22,
    "counter": 12,
    "desk": 12,
    "decision": 15,
    "city_funds": 14,
    "county_funds": 14,
    "township_funds": 14,
    "amount": 14,
    "workers_2018": 28,
    "income_2018": 28,
    "sampled": 12,
    "remark": 15,
}
REMARKS = ("已核对", "与台账一致", "资料已归档")
SIGNATURES = ("填表人：测试", "审核人：测试", "填报日期：2020年4月30日")
INSTRUCTIONS = (
    "填表说明",
    "一、本工作簿为合成数据（synthetic data）：按固定种子随机生成，并非真实填报。",
    "二、社区名称为“街道（乡镇）+序号”，不对应任何真实社区；人员、证件号码、电话均不可能存在。",
    "三、全市合计数按已公开发表的调研报告校准；单个社区、个人、项目的数值没有事实依据。",
    "四、是非题填“是”或“否”；选择题按表头选项填写；金额单位为万元，保留两位小数。",
    "五、小计、合计由填报单位加总；备注可不填。",
    "六、电话访谈按县（市、区）分层抽样；调研报告点到的社区，其替身必定在样本之内。",
)


def formats(book: xlsxwriter.Workbook) -> dict:
    """Make the cell formats of a workbook, by name; `… sum` is for 小计 and 合计 rows."""
    text = {"font_name": FONT, "font_size": 11, "valign": "vcenter"}
    boxed = text | {"border": 1, "align": "center"}
    summed = boxed | {"bold": True, "bg_color": "#F2F2F2"}
    looks = {
        "title": text | {"bold": True, "font_size": 16, "align": "center", "shrink": True},
        "left": text,
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
