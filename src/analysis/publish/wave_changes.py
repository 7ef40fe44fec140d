"""Tables of the changes since the previous wave, for readers: places and indicators."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.publish.naming import district_names
from analysis.publish.prose import Unit, rows_said
from analysis.publish.tables import capital, traced
from analysis.stats.between_waves import DESIGN, FACT
from analysis.stats.comparison import p_text
from analysis.stats.confidence import CONFIDENCE
from analysis.stats.statements import STOPS, words_of
from analysis.survey.changes import WAVE
from analysis.survey.reference import reference
from analysis.survey.sealed import opening
from analysis.survey.study import study

WORDS = {
    "zh": {
        "heads": ["事项", "内容", "上一轮", "本轮"],
        "kinds": {"new": "新设", "gone": "撤销", "renamed": "更名", "not compared": "未作比较"},
        "of": "{}：{}",
    },
    "en": {
        "heads": ["What", "Of what", "Before", "Now"],
        "kinds": {
            "new": "New",
            "gone": "Gone",
            "renamed": "Renamed",
            "not compared": "Not compared",
        },
        "of": "{}: {}",
    },
}
TABLE = {"zh": "table_zh", "en": "table"}
SAID = {
    "zh": {
        "heads": ["指标", "{}", "{}", "变动", "不能配对", "p值", "可用表述"],
        "points": "个百分点",
        "relative": "{}（{}%）",
        "to": "至",
        "alone": "撤出{}，新增{}",
        "same": "两轮都有的{}中",
        "clusters": "以{}为群",
        "sample": "据抽样推断",
    },
    "en": {
        "heads": ["Indicator", "{}", "{}", "Change", "Not paired", "p", "Usable wording"],
        "points": "percentage points",
        "relative": "{} ({}%)",
        "to": " to ",
        "alone": "{} left, {} new",
        "same": "in the {} of both waves",
        "clusters": "with {} as clusters",
        "sample": "inferred from the samples",
    },
}
REASONS = {
    "zh": {
        "no_record": "上一轮的成果不在（outputs 中没有该轮的 RECORD.jsonl）",
        "new": "所依据的题目本轮才有",
        "unreadable": "上一轮的表无法读取",
        "withdrawn": "本轮不再有这项指标",
        "definition": "定义已改变",
        "published": "按现在的数据与公式重算，上一轮的值与当时公布的不同",
        "model": "由模型或分县数得出，没有按上一轮重算",
        "places": "两轮都有的地方不足一半",
        "small": "基数太小",
        "few_moved": "增减涉及的人太少，变动不公布",
    },
    "en": {
        "no_record": "the edition of the wave before is not there (no RECORD.jsonl in outputs)",
        "new": "a question behind it is new",
        "unreadable": "a table of the wave before cannot be read",
        "withdrawn": "this wave does not have the indicator",
        "definition": "its definition has changed",
        "published": "recomputed from the data and formulas of today, the value of the wave before "
        "is not the one published then",
        "model": "it comes from a model or from county figures and is not recomputed for the wave "
        "before",
        "places": "fewer than half of the places are in both waves",
        "small": "its base is too small",
        "few_moved": "too few people came or went for the change to be published",
    },
}


@opening
def since_last_wave(changes: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return new, gone and renamed places, and tables not compared.

    All columns are text. changes: the clean table, empty for a first wave.
    """
    words, names = WORDS[lang], district_names(lang)
    titles = study().codebook().set_index(["table", "column"], drop=False)[[TABLE[lang], lang]]
    rows = [_row(line, words, names, titles) for line in changes.itertuples()]
    return pd.DataFrame(rows, columns=words["heads"], dtype=str)


def _row(
    line: Any, words: dict[str, Any], names: dict[str, str], titles: pd.DataFrame
) -> list[str]:
    table, title = titles.loc[(line.table, "county_code" if line.column == "rows" else line.column)]
    compared = line.kind != "not compared"
    what = words["of"].format(names[line.district], title) if compared else table
    return [words["kinds"][line.kind], what, line.before or "—", line.after or "—"]


def usable_wording(compared: pd.DataFrame, facts: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return the change of each indicator in words, one row for each of `compared`.

    The columns are title, before, now, change, alone (units of one wave only), p and text; all are
    text. The sentences are forms of `sentence_forms.csv`.

    compared: the result of `stats.between_waves.compare_waves`. facts: the table `before`.
    """
    words = _Words(lang, facts)
    rows = [words.row(line) for line in compared.to_dict("records")]
    heads = ["title", "before", "now", "change", "alone", "p", "text"]
    return pd.DataFrame(rows, columns=heads, index=compared.index, dtype=str)


def between_waves_table(
    compared: pd.DataFrame, facts: pd.DataFrame, wave: str, lang: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table shown to readers and the table of the file.

    The numbers of this wave in the first have receipts; the second has the results of the tests
    and the sentences of all languages.
    """
    shown = usable_wording(compared, facts, lang)
    known = compared["now"].notna()
    receipts = [
        ["", "", name if there else "", "", "", "", ""]
        for name, there in zip(compared["indicator"], known, strict=True)
    ]
    said = {
        f"text_{code}": usable_wording(compared, facts, code)["text"] for code in study().languages
    }
    waves = ["—", *facts.loc[facts["kind"] == WAVE, "name"]][-1], wave
    heads = [*SAID[lang]["heads"]]
    heads[1:3] = [head.format(one) for head, one in zip(heads[1:3], waves, strict=True)]
    return traced(shown.set_axis(heads, axis=1), receipts), compared.assign(**said)


@dataclass(frozen=True)
class _Words:
    """Words of the comparison of two waves in one language."""

    lang: str
    facts: pd.DataFrame

    def row(self, line: dict[str, Any]) -> list[str]:
        """Return the cells of one indicator as text."""
        measures = reference("measures").set_index("indicator")
        if line["indicator"] not in measures.index:  # withdrawn indicators may have no row
            title, before = self._fact("title", line), self._fact("number", line)
            return [capital(title), before, "—", "—", "—", "—", self._reason(title, line)]
        measure = measures.loc[line["indicator"]]
        unit, title = Unit.of(measure, self.lang), measure[self.lang]
        shown = [_printed(line[when], unit) for when in ("before", "now")]
        change = self._change(line, unit)
        p = "—" if np.isnan(line["p_holm"]) else p_text(line["p_holm"])
        if line["reason"]:
            text = self._reason(title, line)
        else:
            text = self._sentence(line, title, (*shown, change), unit)
        return [capital(title), *shown, change, self._alone(line), p, text]

    def _fact(self, kind: str, line: dict[str, Any]) -> str:
        rows = self.facts[self.facts["kind"].eq(kind) & self.facts["name"].eq(line["indicator"])]
        return rows[self.lang].iat[0] if len(rows) else line["indicator"]

    def _reason(self, title: str, line: dict[str, Any]) -> str:
        reason = REASONS[self.lang][line["reason"]]
        return self._form(line["form"], name=title, reason=reason)

    def _sentence(
        self, line: dict[str, Any], title: str, shown: tuple[str, str, str], unit: Unit
    ) -> str:
        before, now, change = shown
        said = {"name": title, "before": before, "now": now, "change": change}
        if line["form"] == FACT:
            return self._form(FACT, **said)
        by = self._points(unit)
        ends = (_signed(line[end], by) for end in ("low", "high"))
        size = _signed(line["tested"], by) + by.suffix
        said |= {"size": size, "by": size.lstrip("+−"), "confidence": f"{CONFIDENCE:.0%}"}
        return self._form(
            line["form"], **said, interval=SAID[self.lang]["to"].join(ends), basis=self._basis(line)
        )

    def _form(self, form: str, **values: str) -> str:
        text = words_of(form)[self.lang].format(**values) + STOPS[self.lang][0]
        return text[:1].upper() + text[1:]

    def _basis(self, line: dict[str, Any]) -> str:
        if line["test"] == DESIGN:
            return SAID[self.lang]["sample"]
        units = rows_said(int(line["n"]), study().frame_table, self.lang)
        kind = "clusters" if np.isnan(line["only_now"]) else "same"
        return SAID[self.lang][kind].format(units)

    def _alone(self, line: dict[str, Any]) -> str:
        if np.isnan(line["only_now"]):
            return "—"
        counts = (int(line[name]) for name in ("only_before", "only_now"))
        return SAID[self.lang]["alone"].format(*counts)

    def _points(self, unit: Unit) -> Unit:
        """Return the unit of a change; percentages change by percentage points."""
        if unit.name != "%":
            return unit
        return replace(unit, name=SAID[self.lang]["points"], decimals=max(unit.decimals, 1))

    def _change(self, line: dict[str, Any], unit: Unit) -> str:
        if np.isnan(line["change"]):
            return "—"
        by = self._points(unit)
        text = _signed(line["change"], by) + by.suffix
        has_part = line["form"] == FACT and by is unit and line["before"] > 0 and line["change"]
        if not has_part or unit.name in ("个百分点", "percentage points"):
            return text
        part = _signed(100 * line["change"] / line["before"], Unit("%", 1))
        return SAID[self.lang]["relative"].format(text, part)


def _printed(value: float, unit: Unit) -> str:
    return "—" if np.isnan(value) else unit.tabled(value) + unit.suffix


def _signed(value: float, unit: Unit) -> str:
    """Return a number with its sign; without one if it is rounded to zero."""
    text = unit.print(abs(value))
    sign = "" if not re.search("[1-9]", text) else "+" if value > 0 else "−"
    return sign + text
