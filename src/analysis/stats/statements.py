"""Statements about districts, worded by the results of the tests.

`sentence_forms.csv` has the forms that the report may use, with the rule of each. A sentence names
its numbers (`{{ … }}`) and is filled in like other prose.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

from analysis.stats.clusters import ClusterEffect
from analysis.stats.comparison import as_published, districts_of, pairs, tested
from analysis.stats.confidence import LEVEL
from analysis.survey.messages import NO_SENTENCE
from analysis.survey.problems import InputError, Problem
from analysis.survey.reference import missing_line, reference
from analysis.survey.sealed import opening
from analysis.survey.study import study

COLUMNS = [
    "form",
    "indicator",
    "district",
    "other",
    "test",
    "p_alike",
    "p",
    "value",
    "against",
    "n",
    "zh",
    "en",
]
# a contrast needs enough rows, not a narrow interval of the share
HIDDEN = ("denominator below 30", "interval wider than 0.30")
PARTS = {
    "zh": {
        "above": "高于全市的有{}",
        "below": "低于全市的有{}",
        "none": "但没有一地单独与全市有显著差异",
        "rest": "其余差异无统计学意义或数量太少",
    },
    "en": {
        "above": "above the city: {}",
        "below": "below the city: {}",
        "none": "but no single county differs significantly from the city",
        "rest": "the others do not differ significantly or have too few cases",
    },
}
STOPS = {"zh": ("。", "、", "；"), "en": (".", ", ", "; ")}


@opening
def statements(
    estimates: pd.DataFrame, tests: pd.DataFrame, effects: dict[str, ClusterEffect] | None = None
) -> pd.DataFrame:
    """Return the statements of each indicator: whether districts differ, and each district's.

    tests: the result of `comparison.homogeneity` for the indicators, with the same cluster effects.
    One row per indicator for the city (forms differ, none_differ) and one per district (above,
    below, alike, too_few), columns COLUMNS. p_alike: p of that test, Holm-adjusted over the
    indicators; p: of the district's test against all others pooled, Holm-adjusted over districts;
    against: the value of those others; zh, en: templates for `Section.say`.
    """
    frames = []
    for test in tests.to_dict("records"):
        part = districts_of(estimates, test["indicator"], (effects or {}).get(test["indicator"]))
        frames.append(
            _of_indicator(test["indicator"], pd.concat([part, tested(part)], axis=1), test)
        )
    return pd.concat(frames, ignore_index=True)


@opening
def pair_statement(
    estimates: pd.DataFrame,
    indicator: str,
    district: str,
    other: str,
    p_alike: float,
    effect: ClusterEffect | None = None,
) -> pd.Series:
    """Return the statement whether one district is above another; p_alike as in `statements`."""
    table = pairs(districts_of(estimates, indicator, effect), p_alike)
    wanted = {district, other}
    row = table[
        [{a, b} == wanted for a, b in zip(table["district"], table["other"], strict=True)]
    ].iloc[0]
    upper, lower = (
        (row["district"], row["other"])
        if row["difference"] > 0
        else (row["other"], row["district"])
    )
    places = (upper, lower) if row["apart"] else (district, other)
    form = "pair_above" if row["apart"] else "pair_alike"
    values = estimates[estimates["indicator"] == indicator].set_index("district")["value"]
    words = {lang: _sentence(form, lang, indicator, *places) for lang in ("zh", "en")}
    facts = ("pair", p_alike, row["p_holm"], values[places[0]], values[places[1]], None)
    return pd.Series([form, indicator, *places, *facts, words["zh"], words["en"]], index=COLUMNS)


def _of_indicator(indicator: str, table: pd.DataFrame, test: dict) -> pd.DataFrame:
    differ, rows = test["p"] < LEVEL, []
    for row in table.sort_values("district", key=_reading_order).itertuples(index=False):
        form = _form(row, differ)
        words = [_sentence(form, lang, indicator, row.district) for lang in ("zh", "en")]
        facts = (test["test"], test["p"], row.p_rest_holm, row.value, row.rest, row.rows)
        rows.append((form, indicator, row.district, "", *facts, *words))
    districts = as_published(pd.DataFrame(rows, columns=COLUMNS), indicator)
    form = "differ" if differ else "none_differ"
    city = study().city
    words = [
        _sentence(form, lang, indicator, city, parts=_parts(districts, lang))
        for lang in ("zh", "en")
    ]
    facts = (test["test"], test["p"], None, None, None, table["rows"].sum())
    whole = pd.DataFrame([(form, indicator, city, "", *facts, *words)], columns=COLUMNS)
    return pd.concat(
        [whole.astype({"p": float, "value": float, "against": float}), districts], ignore_index=True
    )


def _form(row: Any, differ: bool) -> str:
    if row.note in HIDDEN or row.note.startswith("fewer than 10"):
        return "too_few"
    if differ and row.p_rest_holm < LEVEL:
        return "above" if row.difference > 0 else "below"
    return "alike"


def _reading_order(codes: pd.Series) -> pd.Series:
    order = {code: i for i, code in enumerate(study().districts)}
    return codes.map(lambda code: order.get(code, len(order)))


def _parts(districts: pd.DataFrame, lang: str) -> str:
    said, (_, comma, semicolon) = PARTS[lang], STOPS[lang]
    parts = []
    for form in ("above", "below"):
        names = [_name(code) for code in districts.loc[districts["form"] == form, "district"]]
        parts += [said[form].format(comma.join(names))] if names else []
    if not parts:
        return said["none"]
    return semicolon.join(
        [
            *parts,
            *(
                [said["rest"]]
                if len(districts) > districts["form"].isin(["above", "below"]).sum()
                else []
            ),
        ]
    )


def _sentence(
    form: str, lang: str, indicator: str, district: str, other: str = "", parts: str = ""
) -> str:
    """Return a form's sentence as a template that refers to names and numbers by name."""
    words = words_of(form)[lang]
    names = {
        "district": _name(district),
        "other": _name(other),
        "name": f"{{{{ city.{indicator}.name }}}}",
        "value": f'{{{{ county["{district}"].{indicator} }}}}',
        "city": f"{{{{ city.{indicator} }}}}",
        "parts": parts,
    }
    return words.format(**names) + STOPS[lang][0]


def words_of(form: str) -> dict[str, str]:
    """Return a form's row of `sentence_forms.csv`; InputError if the study has none."""
    if form not in _forms():
        line = missing_line(reference("sentence_forms"), form=form)
        fault = NO_SENTENCE.fault(form=form, line=line)
        raise InputError([Problem.of(fault, "sentence_forms.csv", column="form")])
    return _forms()[form]


@cache
def _forms() -> dict[str, dict[str, str]]:
    return reference("sentence_forms").set_index("form").to_dict("index")


def _name(code: str) -> str:
    return f'{{{{ district_names["{code}"] }}}}'
