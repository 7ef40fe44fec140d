"""Estimates from the phone interviews of village-turned communities, a two-stage sample.

First stage: communities, drawn at random within counties. Communities that the published report
names are included by decision and represent only themselves, as a stratum taken completely. Second
stage: some of the staff of each community.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.stats import design
from analysis.stats.confidence import LEVEL
from analysis.stats.contrasts import difference
from analysis.stats.design import Design
from analysis.stats.difference import holm
from analysis.stats.record import as_estimates, record
from analysis.stats.statements import words_of
from analysis.survey.citation import cite
from analysis.survey.sealed import opening, sealing
from analysis.survey.study import study

DECIDED = "by decision"  # the stratum of communities that were not drawn at random
# A stratum with one community of several, or a community with one person of several, counts about
# zero, which gives a wider interval instead of an error. Without lone units it has no effect.
COMMUNITIES = Design(strata="stratum", clusters="community_code", fpc="in_frame", lonely="adjust")
STAFF = Design(
    strata="stratum",
    clusters=("community_code", "respondent"),
    fpc=("in_frame", "staff_of_community"),
    lonely="adjust",
)


@dataclass(frozen=True)
class Sample:
    """Rows of the phone sample with the columns of their design.

    cited: the tables that give the weights. drawn: description of the draw.
    """

    rows: pd.DataFrame
    design: Design
    cited: tuple[pd.DataFrame, ...]
    drawn: str


@sealing
def sample_of_communities(visited: pd.DataFrame, frame: pd.DataFrame, decided: pd.Series) -> Sample:
    """Return the sample of the communities in `visited` (one row each).

    frame: every community that could be drawn, with `sampled`. decided: codes of communities chosen
    by decision; those of them that were sampled are a stratum of their own. Raises ValueError for a
    stratum of the frame without any interview.
    """
    return Sample(*_first_stage(visited, frame, decided))


@sealing
def sample_of_staff(
    staff: pd.DataFrame, visited: pd.DataFrame, frame: pd.DataFrame, decided: pd.Series
) -> Sample:
    """Return the sample of the people in `staff` (one row each); see `sample_of_communities`.

    visited: the communities interviewed; its column `staff` is the size of their staff.
    """
    rows, _, cited, drawn = _first_stage(staff, frame, decided)
    people = visited.set_index("community_code")["staff"]
    rows = rows.assign(staff_of_community=rows["community_code"].map(people))
    return Sample(rows, STAFF, (*cited, visited), f"{drawn}, staff drawn within communities")


def _first_stage(
    rows: pd.DataFrame, frame: pd.DataFrame, decided: pd.Series
) -> tuple[pd.DataFrame, Design, tuple[pd.DataFrame, ...], str]:
    certain = frame.loc[frame["sampled"] & frame["community_code"].isin(decided), "community_code"]
    stratum = frame["county_code"].mask(frame["community_code"].isin(certain), DECIDED)
    size = frame.groupby(stratum)["community_code"].nunique()
    own = rows["county_code"].mask(rows["community_code"].isin(certain), DECIDED)
    if missed := sorted(set(size.index) - set(own)):
        places = "、".join(missed)
        raise ValueError(
            f"抽样框中{places}没有任何访谈，无法推断 (no interview of these strata of the frame)"
        )
    communities = rows["community_code"].nunique()
    chosen = rows.loc[own == DECIDED, "community_code"].nunique()
    drawn = f"{communities - chosen} communities by lot within counties, {chosen} by decision"
    return rows.assign(stratum=own, in_frame=own.map(size)), COMMUNITIES, (frame,), drawn


@sealing
def sample_mean(sample: Sample, column: str, indicator: str, where: str = "") -> pd.DataFrame:
    """Estimate a mean over the city's village-turned communities, or their staff.

    where: a pandas expression that selects the domain. Returns one row with a t interval; the
    counties' samples are too small to publish.
    """
    fitted = design.mean(sample.rows, sample.design, column, where).iloc[0]
    return _row(sample, indicator, fitted, 1, f"mean({column})", where)


@sealing
def sample_ratio(
    sample: Sample, over: str, under: str, indicator: str, where: str = ""
) -> pd.DataFrame:
    """Estimate the total of `over` as a percentage of that of `under`; see `sample_mean`."""
    fitted = design.ratio(sample.rows, sample.design, over, under, where).iloc[0]
    return _row(sample, indicator, fitted, 100, f"100 × sum({over}) / sum({under})", where)


@sealing
def sample_share(sample: Sample, condition: str, indicator: str, where: str = "") -> pd.DataFrame:
    """Estimate a percentage, with a t interval on the logit scale (none at 0 and 100 %).

    See `sample_mean`.
    """
    fitted = design.share(sample.rows, sample.design, condition, where).iloc[0]
    return _row(sample, indicator, fitted, 100, f"100 × share({condition})", where)


@sealing
def compare_groups(
    sample: Sample, questions: dict[str, str], first: str, second: str
) -> pd.DataFrame:
    """Compare the means of two groups, which share communities.

    questions: for each indicator a column or expression (`100 * (condition)` for a share in %).
    first, second: pandas expressions. Returns one row per indicator, indexed by it: the columns of
    `contrasts.DIFFERENCE` (first less second); p_holm, adjusted over the indicators; n; asked (the
    expression), groups.
    """
    rows, drawn = sample.rows, sample.design
    found = pd.DataFrame(
        {name: difference(rows, drawn, y, first, second) for name, y in questions.items()}
    ).T
    found["p_holm"], found["n"] = holm(found["p"]), rows.eval(f"({first}) | ({second})").sum()
    found["asked"] = pd.Series(questions)
    return found.assign(groups=[(first, second)] * len(found))


@sealing
def group_estimates(sample: Sample, compared: pd.DataFrame) -> pd.DataFrame:
    """Return estimates of the differences from `compare_groups`."""
    rows = []
    for name, row in compared.iterrows():
        first, second = row["groups"]
        what = f"mean({row['asked']}) [{first}] − mean({row['asked']}) [{second}]"
        rows.append(_row(sample, name, row, 1, what, f"({first}) | ({second})", said=False))
    return pd.concat(rows, ignore_index=True)


@opening
def group_statements(compared: pd.DataFrame, groups: dict[str, tuple[str, str]]) -> pd.DataFrame:
    """Return a statement for each difference; groups differ only if p_holm is below LEVEL.

    groups: by language the names of the first and the second group. Columns form, indicator,
    district, zh, en; the sentences are templates of `sentence_forms.csv`, filled by
    `publish.sentences.sentences`.
    """
    said = []
    for name, row in compared.iterrows():
        form = "group_above" if row["p_holm"] < LEVEL else "group_alike"
        words = [
            _sentence(words_of(form)[lang], lang, name, groups[lang], row["value"] > 0)
            for lang in groups
        ]
        said.append((form, name, study().city, *words))
    return pd.DataFrame(said, columns=["form", "indicator", "district", *groups])


def _sentence(
    form: str, lang: str, indicator: str, groups: tuple[str, str], first_is_above: bool
) -> str:
    upper, lower = groups if first_is_above else groups[::-1]
    names = {"first": groups[0], "second": groups[1], "upper": upper, "lower": lower}
    numbers = {
        "name": f"{{{{ {indicator}.name }}}}",
        "value": f"{{{{ {indicator} }}}}",
        "interval": f"{{{{ {indicator}.interval }}}}",
        "confidence": "{{ confidence }}",
    }
    return form.format(**names, **numbers) + {"zh": "。", "en": "."}[lang]


def _row(
    sample: Sample,
    indicator: str,
    fitted: pd.Series,
    scale: float,
    what: str,
    where: str,
    said: bool = True,
) -> pd.DataFrame:
    """Return the row of a fitted estimate; it cites the domain and the tables of the weights."""
    numbers = (
        scale * fitted["value"],
        scale * fitted["low"],
        scale * fitted["high"],
        int(fitted["n"]),
    )
    how = f"design-based ({sample.drawn}) {what}" + (f" [{where}]" if where and said else "")
    domain = sample.rows.query(where) if where else sample.rows
    cited = "; ".join(cite(part) for part in (domain, *sample.cited) if "workbook" in part)
    return as_estimates(
        [record(indicator, study().city, sample.rows, numbers, how, "sample", cited)]
    )
