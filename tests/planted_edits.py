"""Edits of data, words, definitions and code, each with the causes that must be named."""

from collections.abc import Callable
from dataclasses import dataclass

COUNTIES = (
    "331002",
    "331003",
    "331004",
    "331022",
    "331023",
    "331024",
    "331081",
    "331082",
    "331083",
)
ROSTER, PLACES = "专职社区工作者花名册", "社区基本情况"
CERTIFICATE, INCOME, AREA, MET = "社会工作者职业资格证书", "年收入", "建筑面积", "目前达标"


@dataclass(frozen=True)
class Edit:
    """One edit of a copy and its expected effects.

    apply: edits a copy and returns the places of the causes. moves: whether any published file
    changes. numbers: some of the numbers that must change. group: a group that must have changes.
    """

    id: str
    apply: Callable
    moves: bool = True
    numbers: tuple = ()
    group: str = ""


def number(value):
    return isinstance(value, int | float)


def incomes(county):
    # means are rounded, so that one pay alone seldom moves them
    return Edit(
        f"income {county}",
        lambda copy: {
            copy.correct(county, ROSTER, INCOME, lambda v: number(v) and v < 9, lambda v: v + 1.5)
        },
    )


def certificates(county):
    return Edit(
        f"certificate {county}",
        lambda copy: {
            copy.correct(county, ROSTER, CERTIFICATE, lambda v: v == "无", "助理社会工作师")
        },
        numbers=("certified", f"certified.{county}"),
        group="sentence",
    )


def areas(county):
    return Edit(
        f"area {county}",
        lambda copy: {copy.correct(county, PLACES, AREA, number, lambda v: v + 300)},
        numbers=(f"residents_area.{county}",),
    )


def workbooks(county):
    return Edit(
        f"workbook {county}",
        lambda copy: {
            copy.overwrite(county, ROSTER, CERTIFICATE, lambda v: v == "无", "助理社会工作师")
        },
        numbers=(f"certified.{county}",),
    )


def compliances(county):
    return Edit(
        f"compliance {county}",
        lambda copy: {copy.correct(county, PLACES, MET, lambda v: v == "是", "否")},
        numbers=("compliant", f"compliant.{county}"),
    )


def in_cell(name, notebook, cell, old, new, **more):
    def apply(copy):
        copy.cell_source(notebook, cell, lambda source: source.replace(old, new, 1))
        return {f"notebooks/{notebook}.ipynb, cell {cell}"}

    return Edit(name, apply, **more)


def definition(name, table, key, causes, changes, **more):
    def apply(copy):
        copy.row(table, key, **changes)
        return set(causes)

    return Edit(name, apply, **more)


def edited(name, path, old, new, **more):
    def apply(copy):
        copy.replace(path, old, new)
        return {path}

    return Edit(name, apply, **more)


def remark(name, path):
    def apply(copy):
        copy.replace(path, '"""\n', '"""\n\n# a remark\n')
        return set()

    return Edit(name, apply, moves=False)


def without_last_paragraph(name, notebook, cell):
    def apply(copy):
        copy.cell_source(notebook, cell, lambda source: source.rpartition("\n\n")[0])
        return {f"notebooks/{notebook}.ipynb, cell {cell}"}

    return Edit(name, apply, group="sentence")


def blank_line(copy):
    path = "data/raw/reference/policy_register.csv"
    copy.replace(path, "\n", "\r\n", count=-1)
    return set()


REPORT, COUNTY, WORKFORCE = "10_report", "08_district_profile", "03_workforce"
WORDS = (
    in_cell("sentence zh", REPORT, "system", "注重政策创新", "注重制度创新", group="sentence"),
    in_cell("sentence en", REPORT, "system_en", "central work", "core work", group="sentence"),
    in_cell("finding", REPORT, "finding", "设施达标率升至", "设施达标率提高到", group="sentence"),
    in_cell("heading", REPORT, "part_two", "存在问题", "主要问题", group="sentence"),
    in_cell("county zh", COUNTY, "next_steps", "提高专业能力", "提升专业能力", group="sentence"),
    in_cell(
        "county en",
        COUNTY,
        "next_steps_en",
        "Raise professional skills",
        "Build up skills",
        group="sentence",
    ),
    in_cell(
        "figure title",
        WORKFORCE,
        "certificate_figure",
        "全市专职社工持证率",
        "全市专职社工的持证率",
        group="drawing",
    ),
    in_cell(
        "figure subtitle",
        WORKFORCE,
        "certificate_figure",
        "Certified share, %",
        "Share certified, %",
        group="drawing",
    ),
    in_cell(
        "key figure",
        REPORT,
        "key_figures",
        "社区综合服务设施达标率",
        "综合服务设施达标率",
        group="sentence",
    ),
    without_last_paragraph("paragraph zh", REPORT, "operation"),
    without_last_paragraph("paragraph en", REPORT, "operation_en"),
)
DEFINITIONS = (
    definition("decimals certified", "measures.csv", "certified", ["measures.csv certified "
                                                                   "decimals"],
               {"decimals": "0"}, numbers=("certified",), group="sentence"),
    definition("decimals income", "measures.csv", "income", ["measures.csv income decimals"],
               {"decimals": "1"}, numbers=("income",), group="sentence"),
    definition("decimals rented", "measures.csv", "rented", ["measures.csv rented decimals"],
               {"decimals": "1"}, numbers=("rented",), group="sentence"),
    definition("title", "measures.csv", "certified", ["measures.csv certified zh"],
               {"zh": "持证比例"}, group="named"),
    definition("definition", "measures.csv", "certified", ["measures.csv certified definition_zh"],
               {"definition_zh": "{old}（含）"}, group="named"),
    definition("form of sentences", "sentence_forms.csv", "above", ["sentence_forms.csv above zh"],
               {"zh": "{{district}}的{{name}}（{{value}}）高于全市的{{city}}"}, group="sentence"),
    edited("declared title", "data/raw/2020/wave.toml", "治理调研报告", "治理调研（修订）报告", group="named"),
)  # fmt: skip
UNMOVED = (
    remark("code of statistics", "src/analysis/stats/printed.py"),
    remark("code of figures", "src/analysis/publish/figures.py"),
    Edit("line endings", blank_line, moves=False),
)
COUNTED = tuple(
    make(county)
    for make in (incomes, certificates, areas, compliances, workbooks)
    for county in COUNTIES
)
TENURE = Edit(
    "tenure",
    lambda copy: {copy.correct("331023", PLACES, "用房性质", lambda v: v == "租用", "自有")},
    numbers=("rented.331023",),
)
FLIPPED = Edit(
    "verdict",
    lambda copy: {copy.fill("331083", PLACES, "社区大党委", "是")},
    numbers=("joint_committee.331083",),
    group="verdict",
)
EVERY = (*COUNTED, TENURE, FLIPPED, *WORDS, *DEFINITIONS, *UNMOVED)
FAST = ("sentence zh", "code of statistics")
# Each time that the slow tests run.
OFTEN = ("certificate 331024", "paragraph zh", "decimals certified")
