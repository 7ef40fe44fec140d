"""Words of receipts by language, and descriptions of formulas (see `analysis.stats.record`)."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.publish.prose import Unit

UNCERTAINTY = {
    "census": {"zh": "普查", "en": "census"},
    "sample": {"zh": "抽样", "en": "sample"},
    "model": {"zh": "模型", "en": "model"},
    "": {"zh": "转录自原报告", "en": "quoted"},
}
BASIS = {
    "synthetic": {"zh": "合成", "en": "synthetic"},
    "published": {"zh": "原报告", "en": "published"},
    "official": {"zh": "官方", "en": "official"},
    "derived": {"zh": "推算", "en": "derived"},
}
WORDS = {
    "zh": {
        "sheet": "{}《{}》",
        "of_counties": "各县《{}》",
        "whole": "{}第{}行（不含小计行，共{}）",
        "part": "{}第{}行中的{}",
        "listed": "{}第{}行（共{}）",
        "all_of_counties": "各县《{}》的全部数据行（不含小计行）",
        "people_of_counties": "各县《{}》中的人（不逐行列出）",
        "people": "{}中的人（不逐行列出）",
        "county": " ({}：{}行)",
        "line": "第{}行",
        "range": "–",
        "comma": "、",
        "more": "{}等{}个数",
        "interval": "区间 {}",
        "published": "原报告 {}，{}",
        "corrected": "更正：{cell}，由“{expected}”改为“{new}”，{reason}（{who}，{date}）",
        "stand_in": "“{real}”由替身“{name}”（{code}）代替，"
        "所列的行是替身的行：合成的数不落在真实社区上",
        "join": "；",
        "per": "{}县×{}项",
    },
    "en": {
        "sheet": "{}, sheet {}",
        "of_counties": "counties’ sheet {}",
        "whole": "{}, rows {} (without subtotals, {})",
        "part": "{0}, {2} in rows {1}",
        "listed": "{}, rows {} ({})",
        "all_of_counties": "all rows of the counties’ sheet {}, without subtotals:",
        "people_of_counties": "people in the counties’ sheet {} (rows are not listed):",
        "people": "people in {} (rows are not listed)",
        "county": " ({}: {} rows)",
        "line": ", lines {}",
        "range": "–",
        "comma": ", ",
        "more": "{} and others, {} numbers",
        "interval": "interval {}",
        "published": "published: {}, {}",
        "corrected": "corrected: {cell}, “{expected}” → “{new}”; {reason} ({who}, {date})",
        "stand_in": "The rows are those of a stand-in for {real}, {name} ({code}): "
        "invented values stand on no real community",
        "join": "; ",
        "per": "{} counties × {} items",
    },
}
# Description of a formula; the first pattern that matches applies. Parts and units are filled in.
DONE = (
    (r"benchmarks", {"zh": "", "en": ""}),  # the description of the source says that it is quoted
    (r"published", {"zh": "由原文所载数推得", "en": "inferred from the published figures"}),
    (r"model", {"zh": "按指标定义或检验得出", "en": "as the definition or the test gives it"}),
    (
        r"estimates: count",
        {"zh": "{rows}中符合条件的个数", "en": "those of {rows} that meet the condition"},
    ),
    (
        r"\w+: design-based",
        {"zh": "据{rows}的访谈，按抽样设计推断", "en": "inferred by design from {rows}"},
    ),
    (r"\w+: count\(rows\)", {"zh": "", "en": ""}),  # the value is the count
    (r"\w+: count\(distinct", {"zh": "{rows}中不同的个数", "en": "different ones among {rows}"}),
    (
        r"\w+: 100 × count",
        {"zh": "{numerator} ÷ {denominator}", "en": "{numerator} ÷ {denominator}"},
    ),
    (r"\w+: mean", {"zh": "{rows}的平均", "en": "mean over {rows}"}),
    (r"\w+: sum\([^()]*\)(?: \[|$)", {"zh": "{rows}合计", "en": "sum over {rows}"}),
    (r"\w+: ", {"zh": "{numerator} ÷ {denominator}", "en": "{numerator} ÷ {denominator}"}),
)
WHY_WITHHELD = {
    "zh": {
        "few": "人数太少，或其余人数太少，公布会透露个人情况",
        "derivable": "公布后可由合计推算出别处太少的人数",
    },
    "en": {
        "few": "too few people, or too few others: it would tell of persons",
        "derivable": "with it and the totals a number of too few people elsewhere could be worked "
        "out",
    },
}
CHANGED = {
    "zh": ("{after} − {before}", "({after} − {before}) ÷ {before}", "（按未取整的数计算）"),
    "en": ("{after} − {before}", "({after} − {before}) ÷ {before}", " (computed before rounding)"),
}


@dataclass(frozen=True)
class Amount:
    """A numerator or denominator in a template of `measures.csv`: `{numerator:money}`.

    value: a count or sum; of money in 万元.
    """

    value: float
    lang: str

    def __format__(self, spec: str) -> str:
        if spec != "money":
            return Unit("", 0, lang=self.lang).print(self.value)
        name, power = ("万元", 0) if self.lang == "zh" else ("million yuan", -2)
        unit = Unit(name, 2, power, self.lang)
        return unit.print(self.value) + unit.suffix
