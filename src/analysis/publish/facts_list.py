"""The numbers of an edition as plain text for programs, `llms.txt`: one number for each line.

https://llmstxt.org: a title, a summary as a quotation, then lists of links. A line has everything
needed to quote a number correctly: value, unit, interval, basis, permitted wording, and where it is
computed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis.publish.dataset import Dataset
from analysis.publish.naming import district_names
from analysis.publish.prose import number
from analysis.publish.receipt_words import BASIS, UNCERTAINTY
from analysis.publish.tables import capital
from analysis.survey.reference import reference
from analysis.survey.study import study

LINK = re.compile(r"[\[\]<]")  # begins or ends a link, or HTML, in Markdown
WORDS = {
    "zh": {
        "line": "{label}（{place}）：{value}；{interval}；依据：{basis}；{uncertainty}；"
        "表述：{wording}",
        "interval": "95%区间 {}",
        "none": "无区间",
        "alone": "只陈述本地数值，不与其他地方比较",
        "city": "可作为全市数值陈述",
        "rule": "引用任何数值都要写明：{}",
    },
    "en": {
        "line": "{label} ({place}): {value}; {interval}; basis: {basis}; {uncertainty}; wording: "
        "{wording}",
        "interval": "95% interval {}",
        "none": "no interval",
        "alone": "state it for this place only, compare it with no other",
        "city": "may be stated for the whole city",
        "rule": "Whoever quotes a number says: {}",
    },
}


def facts_list(
    data: Dataset,
    estimates: pd.DataFrame,
    statements: pd.DataFrame,
    lang: str,
    link: Callable[[Any], str],
) -> str:
    """Return the text of `llms.txt` in one language.

    estimates: as in `estimates.csv`. statements: about districts (form, indicator, district,
    text_<lang>); no rows if there are no comparisons. link: returns the URL of the cell of an
    estimate's row.
    """
    label = data.label[lang]
    lines = [f"# {data.title_of(lang)}", "", f"> {data.description()}", ""]
    lines += [WORDS[lang]["rule"].format(label), ""] if label else []
    said = statements.set_index(["indicator", "district"])[f"text_{lang}"].to_dict()
    section, measures = "", reference("measures").set_index("indicator").to_dict("index")
    for row in estimates.itertuples(index=False):
        wording = said.get((row.indicator, row.district)) or _usual(row.district, lang)
        lines += ["", f"## {row.notebook}", ""] if row.notebook != section else []
        section = row.notebook
        text = _line(row, measures[row.indicator], lang, wording)
        lines.append(f"- [{row.name}]({link(row)}): {text}")
    return "\n".join(lines) + "\n"


def _usual(district: str, lang: str) -> str:
    """Return the permitted wording of a number without a tested statement."""
    return WORDS[lang]["city" if district == study().city else "alone"]


def _line(row: Any, measure: dict[str, str], lang: str, wording: str) -> str:
    words, said = WORDS[lang], number(row, measure, lang)
    unknown = said.interval_text == "—"
    line = words["line"].format(
        label=capital(measure[lang]),
        place=district_names(lang)[row.district],
        value=said.text,
        interval=words["none"] if unknown else words["interval"].format(said.interval_text),
        basis=BASIS[row.basis][lang],
        uncertainty=UNCERTAINTY[row.uncertainty][lang],
        wording=" ".join(wording.split()),
    )
    return LINK.sub(r"\\\g<0>", line)
