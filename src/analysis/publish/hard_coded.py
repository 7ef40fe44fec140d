"""Find numbers that are typed into prose instead of referred to by name.

In Chinese and in English. Han characters count as letters in regular expressions, so that there are
no word boundaries beside them: 1533名 and 近四成 are found by the adjacent characters instead.
"""

from __future__ import annotations

import re

from jinja2 import Environment, nodes

PARSER = Environment()
# attributes of a number that tables print and prose does not
UNLINKED = ("text", "plain", "tabled", "interval_text")
LOGICAL = (nodes.And, nodes.Or, nodes.Not)
TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
# tags, and the target of a link
MARKUP = re.compile(r"</?[A-Za-z][^>]*>|(?<=\])(?<!\\\])\([^()\s]*\)")

# numbers that may be typed, each kind with its reason
EXEMPT = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"(?:19|20)\d\d年(?:\d{1,2}月(?:\d{1,2}日)?)?",  # dates: identify a year, not a quantity
        r"(?<![A-Za-z\d])(?:19|20)\d\d(?![\d%])(?=[ ,.;:)”]|$)",  # years in English
        r"〔\d{4}〕\s*\d+\s*号",  # document numbers
        # list marks
        r"^\s*#*\s*(?:（[一二三四五六七八九十]+）|[一二三四五六七八九十]+、|\d+[.、])",
        r"(?<=\*\*)Third(?=,)",  # an order in a text: first, second, third
        # fixed terms
        r"三社联动|七多|最多跑一次|一肩挑|三岗十八级|三项清单|一社区一方案|两委|三留守|第一书记",
        # not numbers
        r"统一|进一步|一些|一般|一样|一定|一直|一致|一律|唯一|同一|逐一|一方面|一起|一旦|一并|一经",
        r"万一|千万别|十分|百姓|百分点|四季|四分位|五险一金|一体|一线",  # not numbers
        r"(?<![0-9０-９〇零一二三四五六七八九十百千两几])万元|(?<![\d.}] )(?<![\d.}])million yuan",
        r"首批|首个|首次",  # an order, not a count
        r"(?:上午|下午|晚上)\d{1,2}点半?|\d{1,2}:\d\d [ap]\.m\.",  # clock times, not quantities
        r"three lists|two committees|three posts and eighteen grades|seven excesses",
        r"[Tt]hree-body linkage|SHA256SUMS",  # a fixed term in English, as above; a file
    )
)

# digits besides the decimal digits of all scripts
OTHER_DIGITS = "²³¹¼-¾⁰-₉⅐-↉①-⒛⓪-⓿❶-➓㈠-㈩㉈-㉏㉑-㉟㊀-㊉㊱-㊿"
NUMERAL = "〇零一二三四五六七八九十百千万亿两半几"
FORMAL = "壹贰叁肆柒捌玖佰仟貳參俩仨廿卅卌"  # these occur in no other words
SHARED = "伍陆拾"  # not numbers in 队伍, 大陆, 收拾
UNITS = "名个人块项家户岁元成倍分年月日次条类级岗处所只本份批期轮点天件栋间套位种行列页届宗笔度"
FOUND = re.compile(
    rf"""
    [\d{OTHER_DIGITS}][\d{OTHER_DIGITS}.,，．]*\s*(?:[%％‰]|[万亿]?元|[{UNITS}])?  # 12%, 3元
    | 百分之[{NUMERAL}]+ | [{NUMERAL}]+分之[{NUMERAL}]+              # 百分之四十, 三分之一
    | [近约超逾过不足大]*[{NUMERAL}]+[多余来]?[{UNITS}]+             # 近四成, 两个, 三十多名
    | [{NUMERAL}]*[十百千万亿][{NUMERAL}]+ | [{NUMERAL}]+[十百千万亿]  # 一千五百, 三百
    | [{FORMAL}{SHARED}]*[{FORMAL}][{FORMAL}{SHARED}]*[{UNITS}]*     # 贰拾人, 俩社区, 廿
    | (?<![队入落退大登着收捡])[{SHARED}]+[多余来]?[{UNITS}]         # 伍人, 拾个
    | [{NUMERAL}]+之[{NUMERAL}]+                                     # 十之八九
    | [{NUMERAL}]+(?:社区|街道|乡镇|县)                              # 两社区, 九县
    | [数上成近逾超过][十百千万亿]+                                  # 上百, 数千
    | 成倍|双倍|倍增
    | 一半|过半|近半|半数|大半|减半|翻番|翻倍
    | (?<![A-Za-z])(?:zero|(?:two|three|four|five|six|seven|eight|nine|ten)(?:fold)?|eleven|twelve
      |(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty
      |(?:hundred|thousand|million|billion|dozen)s?|half|halves
      |(?:third|quarter|fifth|sixth|seventh|eighth|ninth|tenth)s?
      |(?:halv|doubl|tripl|quadrupl)(?:ed|ing)|twice|thrice|percent)(?![A-Za-z])
    """,
    re.VERBOSE | re.IGNORECASE,
)


def hard_coded_numbers(text: str) -> list[str]:
    """Return the numbers typed into a text of prose, template or markup; should be empty."""
    for gone in (TEMPLATE, MARKUP, *EXEMPT):
        text = gone.sub("␣", text)
    return [match[0].strip() for match in FOUND.finditer(text)]


def numbers_in_braces(template: str) -> list[str]:
    """Return the numbers written or computed inside `{{ }}` and `{% %}`, with their line.

    template: of prose. Printed numbers must come from a name: `{{ certified }}`, `{{
    county[code].certified.bare }}`, `{{ compliant.to(0) }}`; not from a part of a text, nor from
    the text of a number, which has no link to its receipt. Numbers that are not printed are
    allowed: in a condition, a subscript, the digits given to `to`. Raises
    jinja2.TemplateSyntaxError if the text is not a template.
    """
    if "{{" not in template and "{%" not in template:
        return []
    found: list[str] = []
    _look(PARSER.parse(template), found)
    return found


def _look(node: nodes.Node, found: list[str]) -> None:
    """Add the numbers below a node to `found`."""
    # its last type is checked by `hard_coded_numbers`
    if isinstance(node, nodes.Compare | nodes.Test | nodes.TemplateData):
        return
    if isinstance(node, nodes.Const):
        found += [f"({node.value!r}, line {node.lineno})"] if _is_number(node.value) else []
    elif fault := _fault(node):
        found.append(f"({fault}, line {node.lineno})")
    else:
        for part in _printed(node):
            _look(part, found)


def _fault(node: nodes.Node) -> str:
    """Return why a node prints a number without a receipt; empty if it does not."""
    if isinstance(node, nodes.Concat | nodes.BinExpr | nodes.UnaryExpr) and not isinstance(
        node, LOGICAL
    ):
        return "computed"
    if isinstance(node, nodes.Call) and not _is_rounding(node):
        return "called"
    if _is_piece(node):
        return "part of a text"
    name = _member(node)
    return f"{name} has no link to a receipt" if name in UNLINKED else ""


def _printed(node: nodes.Node) -> list[nodes.Node]:
    """Return the parts of a node that may be printed.

    Conditions, subscripts and digits of roundings are not printed.
    """
    if isinstance(node, nodes.Getitem | nodes.Call):
        return [node.node]
    if isinstance(node, nodes.If):
        return [*node.body, *node.elif_, *node.else_]
    if isinstance(node, nodes.CondExpr):
        return [part for part in (node.expr1, node.expr2) if part is not None]
    return list(node.iter_child_nodes())


def _is_rounding(call: nodes.Call) -> bool:
    """Return whether a call rounds a number, `compliant.to(0)`: the only call in prose."""
    return isinstance(call.node, nodes.Getattr) and call.node.attr == "to"


def _is_piece(node: nodes.Node) -> bool:
    """Return whether a node splits a text: a slice, or unpacking of a value to several names."""
    if isinstance(node, nodes.Getitem):
        return isinstance(node.arg, nodes.Slice)
    return isinstance(node, nodes.Tuple) and node.ctx == "store"


def _member(node: nodes.Node) -> str:
    """Return the member of a value that a node reads, `a.text` or `a["text"]`; else empty."""
    if isinstance(node, nodes.Getattr):
        return node.attr
    named = isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const)
    return str(node.arg.value) if named else ""


def _is_number(value: object) -> bool:
    if not isinstance(value, str):
        return value is not None
    for gone in EXEMPT:
        value = gone.sub("␣", value)
    return any(map(str.isnumeric, value)) or bool(FOUND.search(value))
