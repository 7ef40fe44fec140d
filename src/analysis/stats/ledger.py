"""Compare every claim of the published report with the number recomputed from the data."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from html import unescape

import pandas as pd
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

LINK = re.compile(r"</?a\b[^<>]*>")  # from a number to its receipt
STATUSES = {
    "reproduced": "复核一致",
    "by construction": "校准所致，不作验证",
    "within the printed range": "四舍五入误差范围内",
    "named exception": "已说明的例外",
    "contradicted": "不符",
    "not recomputable": "无法复核",
    "qualitative": "定性",
}
AGREEMENTS = ("reproduced", "by construction", "within the printed range")
LEDGER_COLUMNS = [
    "id",
    "section",
    "quote",
    "english",
    "published",
    "unit",
    "unit_zh",
    "recomputed",
    "exact_value",
    "estimate",
    "status",
    "status_zh",
    "evidence",
    "basis",
    "explanation",
]
# reason of a status, by the evidence of the agreement (column `evidence` of claim_checks.csv)
REASONS = {
    "calibrated": "合成数据按此数校准，一致不构成证据",
    "structure": "合成数据按此说法生成，一致不构成证据",
    "transcribed": "登记表由原报告转录，一致不构成证据",
    "derived": "由原文所载的两个数推得",
    "identity": "原报告各数之间的恒等关系",
    "external": "",
    "target": "",
    "none": "",
    "": "",
}


def ledger(
    estimates: pd.DataFrame, claims: pd.DataFrame, qualitative: pd.DataFrame, checks: pd.DataFrame
) -> pd.DataFrame:
    """Compare each claim with its estimate; one row per claim, columns LEDGER_COLUMNS.

    estimates: indexed by `name`. claims, qualitative: statements of the published report. checks:
    for each claim the estimate, the comparison rule, the evidence of agreement, the value expected
    for a named exception, and a note. Raises KeyError if a check names a missing estimate, or a
    claim has no check.
    """
    checks = checks.set_index("id")
    published = pd.concat([claims, qualitative.assign(value="", unit="", decimals="")])
    rows = [_row(claim, checks.loc[claim["id"]], estimates) for _, claim in published.iterrows()]
    return pd.DataFrame(rows, columns=LEDGER_COLUMNS)


def fill_notes(checks: pd.DataFrame, names: dict) -> pd.DataFrame:
    """Fill the numbers into the notes of the checks by name, and remove their markup."""
    fill = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined
    ).from_string  # the notes are data
    plain = [unescape(LINK.sub("", fill(note).render(names))) for note in checks["note"]]
    return checks.assign(note=plain)


def summary(book: pd.DataFrame) -> pd.DataFrame:
    """Count the claims by status, quantitative and qualitative together."""
    counts = book["status"].value_counts().reindex(list(STATUSES)).fillna(0).astype(int)
    return pd.DataFrame({"结果": list(STATUSES.values()), "条数": counts.to_numpy()})


def _row(claim: pd.Series, check: pd.Series, estimates: pd.DataFrame) -> dict:
    number = estimates.loc[check["estimate"]] if check["estimate"] else None
    value = None if number is None else number["value"]
    shown = "" if number is None else _shown(claim, check, value, estimates)
    status = _status(claim, check, number, shown, estimates)
    reason = _reason(status, check, number)
    return {
        **claim[["id", "section", "quote", "english", "unit"]],
        "unit_zh": check.get("unit_zh", ""),
        "published": claim["value"],
        "recomputed": shown,
        "exact_value": value,
        "estimate": check["estimate"],
        "status": status,
        "status_zh": STATUSES[status],
        "evidence": check["evidence"],
        "basis": "" if number is None else number["basis"],
        "explanation": "；".join(part for part in (reason, check["note"]) if part),
    }


def _reason(status: str, check: pd.Series, number: pd.Series | None) -> str:
    """Return the evidence of the agreement.

    Only for synthetic data can it be that they were made to agree.
    """
    if status == "contradicted":
        return "重算值与发布值不符"
    made = check["evidence"] in ("calibrated", "structure")
    if status not in AGREEMENTS or (made and number["basis"] != "synthetic"):
        return ""
    return REASONS[check["evidence"]]


def printed(value: float, decimals: int) -> str:
    """Format a number with halves rounded away from zero, as in the published report."""
    step = Decimal(1).scaleb(-decimals)
    # adding 0 removes the minus sign of zero
    return str(Decimal(str(value)).quantize(step, ROUND_HALF_UP) + 0)


def _shown(claim: pd.Series, check: pd.Series, value: float, estimates: pd.DataFrame) -> str:
    if check["rule"].startswith("with:"):
        other = estimates.loc[check["rule"].removeprefix("with:"), "value"]
        return f"{printed(value, 0)} x {printed(other, 0)}"
    whole = "0" if float(value).is_integer() else "1"
    return printed(value, int(claim["decimals"] or whole))


def _status(
    claim: pd.Series,
    check: pd.Series,
    number: pd.Series | None,
    shown: str,
    estimates: pd.DataFrame,
) -> str:
    rule, _, bound = check["rule"].partition(":")
    if rule == "qualitative":
        return "qualitative"
    if rule == "none":
        return "not recomputable"
    if not _agrees(rule, bound, claim["value"], number["value"], shown):
        return "named exception" if shown == check["exception"] else "contradicted"
    if check["evidence"] == "identity":
        return "reproduced"
    if check["evidence"] == "derived" or not _exact(claim, check, number):
        return "within the printed range"
    if check["evidence"] == "transcribed" or number["basis"] == "synthetic":
        return "by construction"
    return "reproduced"


def _agrees(rule: str, bound: str, published: str, value: float, shown: str) -> bool:
    """Return whether a recomputed value agrees with the published one under a comparison rule.

    Rules are those of claim_checks.csv.
    """
    if rule == "range":
        low, high = map(float, bound.split(":"))
        return low <= value <= high
    return {
        "equal": lambda: shown == published,
        "with": lambda: shown == published,
        "exactly": lambda: value == float(bound),
        "at_least": lambda: value >= float(bound),
        "majority": lambda: value > 50,
        "all": lambda: value == 100,
    }[rule]()


def _exact(claim: pd.Series, check: pd.Series, number: pd.Series) -> bool:
    """Return whether the value is exactly the one to which the data were calibrated."""
    if number["basis"] != "synthetic" or not check["exact"]:
        return True
    over, _, under = check["exact"].partition("/")
    wanted = Fraction(over) / Fraction(under or "1") * (100 if claim["unit"] == "%" else 1)
    return abs(float(wanted) - number["value"]) < 1e-5


# checks of identities.csv on published numbers; the last number is the total of the others
IDENTITIES = {
    "at_most": lambda *parts: sum(parts[:-1]) <= parts[-1],
    "below": lambda *parts: sum(parts[:-1]) < parts[-1],
    "sum": lambda *parts: sum(parts[:-1]) == parts[-1],
    "growth": lambda now, growth: any(
        _prints(100 * (now - base) / base, growth) for base in range(1, int(now))
    ),
    "share": lambda whole, share: any(
        _prints(100 * part / whole, share) for part in range(int(whole) + 1)
    ),
}


def _prints(value: float, published: float) -> bool:
    """Return whether a percentage with one decimal prints as it was published."""
    return printed(value, 1) == str(published)


def identities(claims: pd.DataFrame, checks: pd.DataFrame) -> pd.DataFrame:
    """Check identities between the published figures, without using survey data.

    checks: one row for each identity: identity, zh, check (one of IDENTITIES), claims (ids of its
    numbers). Returns columns identity, zh, claims, holds. This is evidence; agreement with
    calibrated data is not.
    """
    published = {
        row.id: float(row.value)
        for row in claims.itertuples()
        if row.value.replace(".", "", 1).isdigit()
    }
    return pd.DataFrame(
        {
            "identity": row.identity,
            "zh": row.zh,
            "claims": row.claims,
            "holds": IDENTITIES[row.check](*(published[one] for one in row.claims.split())),
        }
        for row in checks.itertuples()
    )
