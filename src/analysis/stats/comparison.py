"""Compare districts: a test of homogeneity, then each with the rest, in pairs, by rank sets."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from analysis.stats import funnel
from analysis.stats.clusters import ClusterEffect
from analysis.stats.confidence import CONFIDENCE, LEVEL
from analysis.stats.difference import (
    RESOLUTION,
    equal_means,
    equal_shares,
    equal_two_shares,
    holm,
    newcombe,
    welch,
)
from analysis.stats.disclosure import published_digits, rounded_interval
from analysis.stats.presentation import presentable
from analysis.stats.ranks import rank_sets
from analysis.stats.shrinkage import fay_herriot
from analysis.survey.reference import reference
from analysis.survey.sealed import opened, opening, sealing
from analysis.survey.study import study

VERDICTS = {True: "各地不全相同", False: "差异无统计学意义，不作排名"}
UNKNOWN = 1e9  # standard error of a mean of one row
IN_ITS_UNIT = (
    *("value", "low", "high", "rest", "against", "difference", "difference_low", "difference_high"),
    *("low95", "high95", "low998", "high998", "shrunk", "shrunk_se", "se", "lowest", "highest"),
)
P_VALUES = ("p", "p_alike", "p_holm", "p_rest", "p_rest_holm")
MIN_CONTRIBUTORS = 10  # nothing is said of fewer contributors


@sealing
def districts_of(
    estimates: pd.DataFrame, indicator: str, effect: ClusterEffect | None = None
) -> pd.DataFrame:
    """Return the districts of one indicator from the estimates, ready to compare.

    Columns district, value, low, high, rows (as counted), n (effective), k (yes, for shares), se,
    in the indicator's own unit; attrs: kind (`share` or `mean`), indicator. effect: for clustered
    rows; n and k are divided by its design effect (Rao and Scott, 1981), and low and high are those
    of the wider interval. Raises ValueError for an indicator without intervals (a total or a ratio
    of totals has no spread to compare by), for people of communities without `effect`, and for an
    `effect` of other rows.
    """
    rows = estimates[
        (estimates["indicator"] == indicator) & (estimates["district"] != study().city)
    ]
    if len(rows) < 2 or rows["low"].isna().all():
        raise ValueError(
            f"{indicator} has no intervals by district: totals and ratios cannot be compared"
        )
    frame = (
        rows[["district", "value", "low", "high", "n"]].astype({"n": float}).reset_index(drop=True)
    )
    is_share = _is_share(rows)
    _check_effect(rows, effect, 100 if is_share else 1)
    deff = effect.deff if effect else 1.0
    frame.insert(4, "rows", frame["n"])
    frame["n"] /= deff
    if is_share:
        frame["k"] = np.rint(frame["value"] * frame["rows"] / 100) / deff
        # Agresti and Caffo (2000): the standard error is never zero
        softened = (frame["k"] + 1) / (frame["n"] + 2)
        frame["se"] = 100 * np.sqrt(softened * (1 - softened) / (frame["n"] + 2))
        if effect:
            wilson = proportion_confint(frame["k"], frame["n"], LEVEL, "wilson")
            frame["low"], frame["high"] = 100 * wilson[0], 100 * wilson[1]
    else:
        half = (frame["high"] - frame["low"]) / 2 * np.sqrt(deff)
        frame["se"] = half / stats.t.ppf((1 + CONFIDENCE) / 2, frame["rows"] - 1)
        if effect:
            frame["low"], frame["high"] = frame["value"] - half, frame["value"] + half
    frame.attrs.update(kind="share" if is_share else "mean", indicator=indicator)
    return frame


def _check_effect(rows: pd.DataFrame, effect: ClusterEffect | None, scale: int) -> None:
    """Raise ValueError for people of communities without a cluster effect, or with another."""
    indicator = rows["indicator"].iat[0]
    counted = rows["how"].str.partition(":")[0].iat[0] if "how" in rows else ""
    if effect is None:
        # people of communities, not communities
        if counted in study().tables and study().tables[counted].persons:
            raise ValueError(
                f"{indicator} counts {counted}, who are alike within a community: give its "
                f"cluster_effect"
            )
        return
    found = pd.Series(dict(opened(effect.values))).reindex(rows["district"].to_numpy())
    if not np.allclose(scale * found, rows["value"], atol=1e-5):
        raise ValueError(f"{indicator}: the cluster_effect is of other rows than the estimates")


def _is_share(rows: pd.DataFrame) -> bool:
    """Return whether rows are shares, and not means in %.

    For shares k is whole and the bounds are within 0 to 100.
    """
    k = rows["value"] * rows["n"] / 100
    return bool((rows["unit"] == "%").all() and np.allclose(k, k.round(), atol=1e-4))


@opening
def homogeneity(
    estimates: pd.DataFrame, indicators: list[str], effects: dict[str, ClusterEffect] | None = None
) -> pd.DataFrame:
    """Test for each indicator whether all counties could have the same value.

    estimates: rows of the counties with value and n; effects: by indicator, for clustered rows.
    Returns one row for each indicator: indicator, zh, en, lowest, highest (values), lowest_in,
    highest_in (the first district that has it), statistic, test (chi-square, exact, Welch,
    Rao-Scott), p (adjusted by Holm, 1979, over the indicators), at_most (whether p is only an upper
    bound, because no drawn table deviates as much), verdict. A difference means that not all values
    are equal; it does not identify the highest.
    """
    titles = reference("measures").set_index("indicator")
    rows = []
    for indicator in indicators:
        effect = (effects or {}).get(indicator)
        part = districts_of(estimates, indicator, effect)
        ends = part.loc[[part["value"].idxmin(), part["value"].idxmax()]]
        names = titles.loc[indicator, ["zh", "en"]]
        rows.append((indicator, *names, *ends["value"], *ends["district"], *_alike(part, effect)))
    ends = ["lowest", "highest", "lowest_in", "highest_in"]
    frame = pd.DataFrame(rows, columns=["indicator", "zh", "en", *ends, "statistic", "p", "test"])
    smallest = (frame["test"] == "exact") & (frame["p"] <= RESOLUTION)
    bounds = frame.set_index("indicator", drop=False)[["lowest", "highest"]]
    for name in indicators:
        frame.loc[frame["indicator"] == name, ["lowest", "highest"]] = as_published(
            bounds.loc[[name]], name
        ).to_numpy()
    frame["statistic"], frame["p"] = frame["statistic"].round(1), holm(frame["p"]).round(6)
    frame["at_most"] = frame["p"].isin(frame.loc[smallest, "p"])  # Holm's maximum passes a bound on
    return frame.assign(verdict=[VERDICTS[bool(p < LEVEL)] for p in frame["p"]])


def _alike(part: pd.DataFrame, effect: ClusterEffect | None = None) -> tuple[float, float, str]:
    if effect:
        return effect.statistic, effect.p, "Rao-Scott"
    part = part[part["se"].notna()]
    if "k" in part:
        return equal_shares(part["k"], part["n"])
    return equal_means(part["value"], part["se"], part["n"])


@opening
def pairs(part: pd.DataFrame, p_alike: float) -> pd.DataFrame:
    """Compare every pair of districts from `districts_of`.

    p_alike: p value of the homogeneity test, adjusted as in `homogeneity`; no pair is `apart`
    unless it finds a difference. Columns: district, other, difference (district − other), low, high
    (not adjusted), p, p_holm, apart.
    """
    first, second = np.array(list(combinations(range(len(part)), 2))).T
    a, b = part.iloc[first].reset_index(drop=True), part.iloc[second].reset_index(drop=True)
    low, high, p = _against(a, b)
    columns = {
        "district": a["district"],
        "other": b["district"],
        "difference": a["value"] - b["value"],
    }
    frame = pd.DataFrame(columns | {"low": low, "high": high, "p": p})
    frame["p_holm"] = holm(frame["p"])
    frame = frame.assign(apart=(frame["p_holm"] < LEVEL) & (p_alike < LEVEL))
    return as_published(frame, part.attrs.get("indicator", ""))


def against_rest(part: pd.DataFrame) -> pd.DataFrame:
    """Compare each district with all others pooled: rest, difference, low, high, p, p_holm."""
    rest = _rest(part)
    low, high, p = _against(part, rest)
    columns = {
        "district": part["district"],
        "rest": rest["value"],
        "difference": part["value"] - rest["value"],
    }
    frame = pd.DataFrame(columns | {"difference_low": low, "difference_high": high, "p_rest": p})
    return frame.assign(p_rest_holm=holm(frame["p_rest"]))


def _against(a: pd.DataFrame, b: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if "k" in a:
        low, high = newcombe(a["k"], a["n"], b["k"], b["n"])
        return 100 * low, 100 * high, equal_two_shares(a["k"], a["n"], b["k"], b["n"])
    return welch(*(x[c].to_numpy() for x in (a, b) for c in ("value", "se", "n")))


def _rest(part: pd.DataFrame) -> pd.DataFrame:
    """Pool all districts but one: their counts, or their means with the pooled spread."""
    n = part["n"].sum() - part["n"]
    if "k" in part:
        k = part["k"].sum() - part["k"]
        return pd.DataFrame({"k": k, "n": n, "value": 100 * k / n})
    sums, squares = part["value"] * part["n"], _squares(part)
    mean = (sums.sum() - sums) / n
    spread = (squares.sum() - squares) - n * mean**2
    return pd.DataFrame({"value": mean, "n": n, "se": np.sqrt(spread / (n - 1) / n)})


def _squares(part: pd.DataFrame) -> pd.Series:
    """Return the sum of squared values of each district, from its mean and standard error."""
    within = (part["se"] ** 2 * part["n"] * (part["n"] - 1)).fillna(0)
    return within + part["n"] * part["value"] ** 2


def limits(part: pd.DataFrame) -> pd.DataFrame:
    """Return the funnel limits of each district about the city, and its position among them."""
    n = part["n"]
    if "k" in part:
        bounds = 100 * funnel.share_limits(float(part["k"].sum() / n.sum()), n)
    else:
        city = float((part["value"] * n).sum() / n.sum())
        spread = float(np.sqrt((_squares(part).sum() - n.sum() * city**2) / (n.sum() - 1)))
        bounds = funnel.mean_limits(city, spread, n)
    return bounds.assign(place=funnel.place(part["value"], bounds))


def shrunk(part: pd.DataFrame) -> pd.DataFrame:
    """Shrink the districts towards the city.

    Columns: shrunk, shrunk_se (root of the mean squared error), weight. The variance p(1 − p)/n of
    a share uses the city's share, so that 0 and 100 % do not count as certain.
    """
    variance = part["se"] ** 2
    if "k" in part:
        p = (part["k"].sum() + 1) / (part["n"].sum() + 2)
        variance = 100**2 * p * (1 - p) / part["n"]
    known = variance > 0
    areas = fay_herriot(part.loc[known, "value"], variance[known]).areas.set_index(
        part.index[known]
    )
    columns = {
        "shrunk": areas["shrunk"],
        "shrunk_se": np.sqrt(areas["mse"]),
        "own_weight": areas["weight"],
    }
    return pd.DataFrame(columns).reindex(part.index)


@opening
def compare(
    estimates: pd.DataFrame, indicator: str, effect: ClusterEffect | None = None
) -> pd.DataFrame:
    """Return all comparisons of the districts of one indicator, one row for each district.

    Columns: those of `districts_of`, `against_rest`, `limits` and `shrunk`; show and note
    (presentation standards of shares; means need MIN_CONTRIBUTORS rows); rank, rank_low, rank_high
    (marginal), rank_low_all, rank_high_all (simultaneous); p_alike of the homogeneity test. If this
    test finds no difference, neither rank nor position may be published.
    """
    part, digits = districts_of(estimates, indicator, effect), published_digits(indicator)
    wide = _compared(part)
    if digits is not None:  # several roundings of one value would disclose more digits
        shown = _compared(part.assign(value=part["value"].round(digits)))
        wide = wide.assign(**shown[[name for name in IN_ITS_UNIT if name in shown]])
    wide = wide.assign(indicator=indicator, p_alike=_alike(part, effect)[1])
    return as_published(wide[["indicator", *wide.columns.drop("indicator")]], indicator)


def _compared(part: pd.DataFrame) -> pd.DataFrame:
    """Return the comparisons of districts, one row per district, with their values."""
    ranks = rank_sets(part["value"], part["se"].fillna(UNKNOWN)).add_prefix("rank_")
    ranks = ranks.rename(columns={"rank_rank": "rank"}).set_index(part.index)
    return pd.concat([part, tested(part), limits(part), shrunk(part), ranks], axis=1)


@opening
def as_published(table: pd.DataFrame, indicator: str) -> pd.DataFrame:
    """Round a table of an indicator of people as districts are published.

    What is in its unit has the decimals of districts, p values have one digit: with more of them
    the statistic could be worked out, and from it the value of one person who has left.
    """
    digits = published_digits(indicator)
    if digits is None:
        return table
    columns = [name for name in IN_ITS_UNIT if name in table]
    found = table.assign(**table[columns].astype(float).round(digits))
    if {"value", "low", "high"} <= set(columns):
        interval = table[["value", "low", "high"]].astype(float)
        found = found.assign(**rounded_interval(interval, digits))
    coarse = {name: table[name].map(one_digit) for name in P_VALUES if name in table}
    return found.assign(**coarse)


def one_digit(p: float) -> float:
    """Round a p value to one digit, on its side of LEVEL."""
    if pd.isna(p):
        return p
    rounded, level = float(f"{p:.1g}"), round(LEVEL, 6)
    return rounded if (rounded < level) == (p < level) else level - 0.001


def tested(part: pd.DataFrame) -> pd.DataFrame:
    """Return the test of each district against the rest, and whether its value may be shown.

    Columns: those of `against_rest` without district; show, note.
    """
    return pd.concat([against_rest(part).drop(columns="district"), _shown(part)], axis=1)


def _shown(part: pd.DataFrame) -> pd.DataFrame:
    if "k" in part:
        judged = presentable(part["k"] / part["n"], part["n"])[["show", "note"]]
    else:
        enough = (part["n"] >= MIN_CONTRIBUTORS).to_numpy()
        judged = pd.DataFrame(
            {"show": enough, "note": np.where(enough, "", f"fewer than {MIN_CONTRIBUTORS}")}
        )
    return judged.set_index(part.index)


def p_text(p: float, at_most: bool = False) -> str:
    """Format a p value with four decimals, a small one as `<0.001`, a bound as `≤0.0013`."""
    return "<0.001" if p < 0.001 else f"{'≤' if at_most else ''}{p:.4f}"
