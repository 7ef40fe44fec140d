"""The codebook: one pandera model per clean table, which is also the layout of its form.

A column states its Chinese title as the form prints it, its English title, unit, codes and range, once.
Reading, checking, labels, forms and the codebook page all take it from here.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pandas as pd
import pandera.pandas as pa

from analysis.survey.counties import CITY, COUNTIES  # noqa: F401 (CITY is asked for here, as the tables are)

# Where dask is installed pandera imports all of it to learn the types of its frames; ours are pandas'. It would
# take as long as reading a wave.
sys.modules.setdefault("pandera.typing.dask", SimpleNamespace(DASK_INSTALLED=False))

YES_NO = {"是": "yes", "否": "no"}
PREMISES = {"自有": "owned", "租用": "rented", "借用": "borrowed"}
COUNTER = {"综合受理": "any worker takes any item", "分条线办理": "by department"}
SEX = {"男": "male", "女": "female"}
EDUCATION = {
    "高中及以下": "upper secondary or below",
    "大专": "college",
    "本科": "bachelor",
    "研究生": "postgraduate",
}
RESIDENCE = {"本社区": "this community", "本县（市、区）": "this county", "外县（市、区）": "elsewhere"}
POST = {"正职": "lead", "副职": "deputy", "其他": "other"}
CERTIFICATE = {
    "无": "none",
    "助理社会工作师": "assistant social worker",
    "社会工作师": "social worker",
    "高级社会工作师": "senior social worker",
}
FUND_ITEM = {
    "硬件设施提升改造": "hardware upgrading",
    "队伍建设": "workforce",
    "工作运转": "running costs",
    "服务项目": "service projects",
}
PROJECT = {
    "县域社区服务综合体": "county community service complex",
    "实验区": "experiment zone",
    "示范公共空间": "demonstration public space",
    "公益创投": "venture philanthropy",
}
LEVEL = {"省级": "province", "市级": "city", "县级": "county"}
FIELD = {
    "扶老": "the old",
    "助残": "the disabled",
    "济困": "the poor",
    "社区治理": "community governance",
    "邻里互助": "neighbours' mutual aid",
}
IDENTITY = {
    "专职社工": "full-time community worker",
    "原村干部": "former village cadre",
    "街道干部": "subdistrict cadre",
}
ASSESSMENT = {"合格": "able and available", "待培养": "to be trained", "不合适": "not suitable"}
PAYER = {
    "财政": "public budget",
    "原村经联社": "former village economic cooperative",
    "其他": "other",
}
DECISION = {"居民会议协商": "residents' assembly", "原村“两委”": "as the former village did"}

COMMUNITY_CODE = r"^\d{12}$"  # the county is its first six digits, the township its first nine


def column(zh, en, *, unit="", group="", codes=None, **checks):
    """Declare a column: `zh` under `group` is what the form prints, `codes` are the answers allowed."""
    if codes is not None:
        checks["isin"] = list(codes)
    metadata = {"unit": unit, "group": group, "codes": codes or {}}
    return pa.Field(title=zh, description=en, metadata=metadata, **checks)


def answer(zh, en, *, group=""):
    """Declare a yes/no question, answered 是 or 否 on the form and stored as a boolean."""
    return pa.Field(title=zh, description=en, metadata={"unit": "", "group": group, "codes": YES_NO})


class Table(pa.DataFrameModel):
    """A clean table: each row keeps the workbook, sheet and row that it came from."""

    county_code: str = column("县（市、区）代码", "county code")
    workbook: str = column("工作簿", "workbook", str_length={"min_value": 1})
    sheet: str = column("工作表", "sheet", str_length={"min_value": 1})
    row: int = column("行号", "row in the sheet", ge=1)

    @pa.check("county_code", name="isin", error="does not begin with the code of a county of the frame")
    @classmethod
    def in_the_frame(cls, codes: pd.Series) -> pd.Series:
        """Hold codes against the frame when rows are checked: nothing is read on import."""
        return codes.isin(list(COUNTIES))

    class Config:
        strict = True


class Place(Table):
    """A table whose rows belong to a community."""

    township: str = column("街道（乡镇）", "subdistrict, town or township", str_length={"min_value": 2})
    community: str = column("社区名称", "community", str_length={"min_value": 2})
    community_code: str = column("社区代码", "community code", str_matches=COMMUNITY_CODE)


class Communities(Place):
    """社区基本情况: one row per residents' committee."""

    new_since_2016: bool = answer("2016年以后新设", "set up since 2016")
    village_turned: bool = answer("村改社区", "village-turned community")
    households: int = column("户数", "households", unit="户", group="居民情况", in_range=(50, 20000))
    population: int = column("常住人口", "residents", unit="人", group="居民情况", in_range=(100, 80000))
    area: int = column("建筑面积", "floor area", unit="平方米", group="综合服务设施", in_range=(20, 20000))
    residents_area: int = column(
        "其中居民活动面积",
        "of which for residents' use",
        unit="平方米",
        group="综合服务设施",
        in_range=(0, 20000),
    )
    premises: str = column("用房性质", "tenure of premises", group="综合服务设施", codes=PREMISES)
    area_met: bool = answer("面积达标", "floor area meets the standard", group="综合服务设施")
    compliant_2018: bool = answer(
        "2018年初达标", "facilities met the standard in early 2018", group="综合服务设施"
    )
    compliant: bool = answer("目前达标", "facilities meet the standard", group="综合服务设施")
    open_hours: float = column(
        "每周开放时间",
        "opening hours a week",
        unit="小时",
        group="综合服务设施",
        in_range=(0, 168),
    )
    run_by_organisation: bool = answer("社会组织运营", "run by a social organisation", group="综合服务设施")
    premises_plan: bool = answer("已制定用房方案", "has a plan for its premises", group="综合服务设施")
    joint_committee: bool = answer("社区大党委", "joint community Party committee", group="共建共治")
    agreements: int = column("共建协议", "co-building agreements", unit="份", group="共建共治", in_range=(0, 200))
    organisations: int = column(
        "社区社会组织",
        "community social organisations",
        unit="个",
        group="共建共治",
        in_range=(0, 200),
    )
    active_organisations: int = column(
        "其中近一年有活动",
        "of which active in the last year",
        unit="个",
        group="共建共治",
        in_range=(0, 200),
    )
    list_autonomy: bool = answer("自治清单", "self-governance list", group="三项清单")
    list_services: bool = answer("服务清单", "service list", group="三项清单")
    list_resources: bool = answer("资源清单", "resource list", group="三项清单")
    counter: str = column("受理方式", "how the counter works", codes=COUNTER)
    committee_seats: int = column(
        "总数", "seats on the two committees", unit="人", group="“两委”成员", in_range=(3, 30)
    )
    committee_workers: int = column(
        "其中专职社工",
        "of which full-time workers",
        unit="人",
        group="“两委”成员",
        in_range=(0, 30),
    )

    class Config:
        name = "communities"
        title = "社区基本情况"
        description = "Communities"


class Workers(Place):
    """专职社区工作者花名册: one row per full-time community worker, without direct identifiers."""

    sex: str = column("性别", "sex", group="基本信息", codes=SEX)
    born: pd.Timestamp = column(
        "出生年月",
        "month of birth",
        group="基本信息",
        in_range=(pd.Timestamp("1950-01-01"), pd.Timestamp("2005-12-31")),
    )
    education: str = column("学历", "education", group="基本信息", codes=EDUCATION)
    residence: str = column("户籍所在地", "household register", group="基本信息", codes=RESIDENCE)
    hired: pd.Timestamp = column(
        "入职日期",
        "date of entry",
        group="任职情况",
        in_range=(pd.Timestamp("1980-01-01"), pd.Timestamp("2035-12-31")),
    )
    post: str = column("岗位", "post", group="任职情况", codes=POST)
    grade: int = column("等级", "pay grade", unit="级", group="任职情况", in_range=(1, 18))
    certificate: str = column(
        "社会工作者职业资格证书", "social-work certificate", group="任职情况", codes=CERTIFICATE
    )
    income: float = column("年收入", "annual income", unit="万元", group="任职情况", in_range=(0.5, 50))

    class Config:
        name = "workers"
        title = "专职社区工作者花名册"
        description = "Full-time community workers"


class Funding(Table):
    """经费投入: one row per county and item, 2019."""

    item: str = column("项目", "item", codes=FUND_ITEM)
    city_funds: float = column("市级", "city", unit="万元", group="资金来源", ge=0)
    county_funds: float = column("县（市、区）级", "county", unit="万元", group="资金来源", ge=0)
    township_funds: float = column("街道（乡镇）", "subdistrict or township", unit="万元", group="资金来源", ge=0)
    amount: float = column("合计", "total", unit="万元", in_range=(0, 100000))

    class Config:
        name = "funding"
        title = "经费投入"
        description = "Community work funds"


class Burden(Table):
    """减负清理: one row per township; the scope is villages and communities together."""

    township: str = column("街道（乡镇）", "subdistrict, town or township")
    units: int = column("村（社区）数", "villages and communities", unit="个", in_range=(0, 300))
    plates: int = column("实物牌子", "name plaques removed", unit="块", group="清理数量", ge=0)
    outdoor_signs: int = column(
        "室外服务标识牌", "outdoor service signs removed", unit="块", group="清理数量", ge=0
    )
    indoor_signs: int = column("室内功能室指示牌", "indoor room signs removed", unit="块", group="清理数量", ge=0)
    wall_rules: int = column("上墙制度", "posted regulations cleared", unit="项", group="清理数量", ge=0)

    class Config:
        name = "burden"
        title = "减负清理"
        description = "Burden reduction"


class CountyBaseline(Table):
    """2018年初基数: one row per county."""

    workers_2018: int = column(
        "专职社区工作者人数", "full-time workers", unit="人", group="2018年初", in_range=(1, 5000)
    )
    income_2018: float = column(
        "人均年收入", "mean annual income", unit="万元", group="2018年初", in_range=(0.5, 50)
    )

    class Config:
        name = "county_baseline"
        title = "2018年初基数"
        description = "Baseline of early 2018"


class Projects(Table):
    """项目与公益创投: one row per complex, experiment zone, public space or funded project."""

    project: str = column("项目名称", "project", str_length={"min_value": 2})
    kind: str = column("类别", "kind", codes=PROJECT)
    level: str = column("级别", "level", codes=LEVEL)
    batch: pd.Int64Dtype = column("批次", "batch", unit="批", nullable=True, in_range=(1, 20))
    unit: str = column("实施单位", "carried out by", str_length={"min_value": 2})
    field: str = column("领域", "field", codes=FIELD, nullable=True)
    amount: float = column("金额", "amount", unit="万元", nullable=True, in_range=(0, 5000))
    year: int = column("年度", "year", in_range=(2015, 2035))
    progress: str = column("进展", "progress", str_length={"min_value": 2})

    class Config:
        name = "projects"
        title = "项目与公益创投"
        description = "Projects and venture philanthropy"


class ElectionCandidates(Place):
    """换届人选: one row per person considered for the combined post in a village-turned community."""

    identity: str = column("身份", "present position", codes=IDENTITY)
    assessment: str = column("评价", "assessment", codes=ASSESSMENT)

    class Config:
        name = "election_candidates"
        title = "换届人选"
        description = "Candidates for the combined post"


class InterviewFrame(Place):
    """抽样框: every village-turned community; the strata are the counties."""

    sampled: bool = answer("是否抽中", "drawn into the sample")

    class Config:
        name = "interview_frame"
        title = "抽样框"
        description = "Sampling frame of the phone interviews"


class InterviewCommunities(Place):
    """社区访谈: one row per sampled village-turned community."""

    date: pd.Timestamp = column(
        "访谈日期",
        "date of interview",
        in_range=(pd.Timestamp("2020-01-01"), pd.Timestamp("2035-12-31")),
    )
    staff: int = column("工作人员总数", "all staff", unit="人", group="人员配置", in_range=(1, 60))
    full_time: int = column(
        "其中专职社工", "of which full-time workers", unit="人", group="人员配置", in_range=(0, 60)
    )
    former_cadres: int = column(
        "其中原村干部", "of which former village cadres", unit="人", group="人员配置", in_range=(0, 60)
    )
    fully_staffed: bool = answer("是否配足", "fully staffed", group="人员配置")
    secretary_pay: float = column(
        "书记年薪", "secretary's annual pay", unit="万元", group="薪酬", in_range=(0, 50)
    )
    director_payer: str = column("主任薪酬来源", "who pays the director", group="薪酬", codes=PAYER)
    pay_by_standard: bool = answer("按文件标准落实", "paid as the document says", group="薪酬")
    decision: str = column("决策方式", "how decisions are made", group="治理方式", codes=DECISION)

    class Config:
        name = "interview_communities"
        title = "社区访谈"
        description = "Phone interviews: communities"


class InterviewStaff(Place):
    """人员访谈: one row per member of staff interviewed in a sampled community."""

    respondent: int = column("受访者序号", "respondent within the community", in_range=(1, 20))
    identity: str = column("身份", "present position", codes=IDENTITY)
    desk: str = column("受理方式", "how this person works", codes=COUNTER)
    days_on_site: float = column("每周在社区工作天数", "days a week on site", unit="天", in_range=(0, 7))
    knows_villagers: int = column(
        "与原村民熟悉程度", "knows the former villagers (1 hardly, 5 well)", in_range=(1, 5)
    )

    class Config:
        name = "interview_staff"
        title = "人员访谈"
        description = "Phone interviews: staff"


COUNTY_TABLES = (
    Communities,
    Workers,
    Funding,
    Burden,
    CountyBaseline,
    Projects,
    ElectionCandidates,
)
INTERVIEW_TABLES = (InterviewFrame, InterviewCommunities, InterviewStaff)
TABLES = {model.Config.name: model for model in COUNTY_TABLES + INTERVIEW_TABLES}

# The roster's direct identifiers: read to check each row and to find a person entered twice, then dropped.
IDENTIFIERS = {"name": "姓名", "id_number": "身份证号", "phone": "联系电话"}

# Questions whose answers a form may leave blank.
REMARK = "备注"
SERIAL = "序号"


def codebook() -> pd.DataFrame:
    """List every column of every clean table.

    Returns one row per column: table, table_zh, column, zh, en, unit, codes, range, nullable.
    """
    rows = []
    for name, model in TABLES.items():
        for column_name, schema in model.to_schema().columns.items():
            codes = schema.metadata["codes"]
            rows.append(
                {
                    "table": name,
                    "table_zh": model.Config.title,
                    "column": column_name,
                    "group": schema.metadata["group"],
                    "zh": schema.title,
                    "en": schema.description,
                    "unit": schema.metadata["unit"],
                    "type": str(schema.dtype),
                    "codes": "; ".join(f"{zh} = {en}" for zh, en in codes.items()),
                    "range": "; ".join(check.error for check in schema.checks if check.name != "isin"),
                    "nullable": schema.nullable,
                }
            )
    return pd.DataFrame(rows)
