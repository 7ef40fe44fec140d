"""Find the whole numbers from which a printed figure can result."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd


def rounded(over: int, under: int, decimals: int, convention: str = "half up") -> int:
    """Round over/under in exact integer arithmetic; returns units of the last decimal.

    convention: `half up`, `half even`, or `cut off` (truncation). Not for negative numbers.
    """
    whole, rest = divmod(over * 10**decimals, under)
    if convention == "cut off":
        return whole
    if convention == "half even" and 2 * rest == under:
        return whole + whole % 2
    return whole + (2 * rest >= under)


def counts_behind(percent: str, total: int, convention: str = "half up") -> list[int]:
    """Return the counts of `total` whose percentage prints as `percent`, a text."""
    wanted, decimals = _parts(percent)
    middle = int(float(percent) * total / 100)
    step = int(total / 100 / 10**decimals) + 2
    near = range(max(0, middle - step), min(total, middle + step) + 1)
    return [k for k in near if rounded(100 * k, total, decimals, convention) == wanted]


def totals_behind(percent: str, most: int, convention: str = "half up") -> list[int]:
    """Return the totals up to `most` of which some count prints as `percent`."""
    return [total for total in range(1, most + 1) if counts_behind(percent, total, convention)]


def bases_behind(growth: str, now: int, convention: str = "half up") -> list[int]:
    """Return the whole bases from which growth to `now` prints as `growth` %."""
    wanted, decimals = _parts(growth)
    around = round(now / (1 + float(growth) / 100))
    near = range(max(1, around - 50), min(now, around + 50) + 1)
    return [b for b in near if rounded(100 * (now - b), b, decimals, convention) == wanted]


def percentages(claims: pd.DataFrame, totals: dict[str, int]) -> pd.DataFrame:
    """Return the possible counts of each printed percentage: one row for each claim and total.

    claims: rows with id, quote, value, unit. totals: possible denominators. Columns claim, quote,
    printed, total_name, total, counts (text), how_many, share_of_totals (% of totals up to 2,000
    for which the figure is possible; if it is large, a match is weak evidence).
    """
    printed = claims[(claims["unit"] == "%") & claims["value"].str.fullmatch(r"\d+(\.\d+)?")]
    rows = []
    for claim in printed.itertuples():
        admitted = 100 * len(totals_behind(claim.value, 2000)) / 2000
        for name, total in totals.items():
            counts = counts_behind(claim.value, total)
            text = _span(counts)
            rows.append(
                (claim.id, claim.quote, claim.value, name, total, text, len(counts), admitted)
            )
    columns = [
        "claim",
        "quote",
        "printed",
        "total_name",
        "total",
        "counts",
        "how_many",
        "share_of_totals",
    ]
    return pd.DataFrame(rows, columns=columns)


def growth_readings(growth: str, now: int, hired: int) -> pd.DataFrame:
    """Return the possible readings of a growth of `growth` % to `now`, with `hired` newcomers.

    Columns zh, en, formula, base (text), holds. Each reading is tried with every whole base;
    `holds` says whether one gives the printed figure.
    """
    wanted, decimals = _parts(growth)

    def which(part: Callable[[int], tuple[int, int]], bases: Iterable[int]) -> list[int]:
        return [b for b in bases if rounded(*part(b), decimals) == wanted]

    base = f"({now} − b) / b"
    tries = [
        ("人数增长，四舍五入", "headcount, rounded", base, bases_behind(growth, now)),
        (
            "人数增长，逢五取偶",
            "headcount, halves to even",
            base,
            bases_behind(growth, now, "half even"),
        ),
        ("人数增长，截尾", "headcount, cut off", base, bases_behind(growth, now, "cut off")),
        (
            "净增人数占现有人数",
            "net growth over today's headcount",
            f"({now} − b) / {now}",
            which(lambda b: (100 * (now - b), now), range(1, now)),
        ),
        (
            "新增招聘数除以基数",
            "newcomers over the base",
            f"{hired} / b",
            which(lambda b: (100 * hired, b), range(1, now)),
        ),
        (
            "新增者全部在岗，无人离岗",
            "all newcomers stay and nobody left",
            f"{hired} / ({now} − {hired})",
            which(lambda b: (100 * hired, b), [now - hired]),
        ),
    ]
    rows = [(zh, en, formula, _span(bases), bool(bases)) for zh, en, formula, bases in tries]
    return pd.DataFrame(rows, columns=["zh", "en", "formula", "base", "holds"])


def _span(numbers: list[int]) -> str:
    if not numbers:
        return "—"
    whole = numbers == list(range(numbers[0], numbers[-1] + 1))
    return (
        f"{numbers[0]}–{numbers[-1]}"
        if whole and len(numbers) > 1
        else ", ".join(map(str, numbers))
    )


def _parts(text: str) -> tuple[int, int]:
    """Return a printed figure as units of its last decimal and number of decimals: (356, 1)."""
    whole, _, decimals = text.partition(".")
    return int(whole + decimals), len(decimals)
