"""Table of the changes since the previous wave, for readers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.publish.naming import district_names
from analysis.survey.sealed import opening
from analysis.survey.study import study

WORDS = {
    "zh": {
        "heads": ["事项", "内容", "上一轮", "本轮", "变动"],
        "kinds": {
            "new": "新设",
            "gone": "撤销",
            "renamed": "更名",
            "total": "全市合计",
            "not compared": "未作比较",
        },
        "of": "{}：{}",
        "rows": "行数",
    },
    "en": {
        "heads": ["What", "Of what", "Before", "Now", "Change"],
        "kinds": {
            "new": "New",
            "gone": "Gone",
            "renamed": "Renamed",
            "total": "City total",
            "not compared": "Not compared",
        },
        "of": "{}: {}",
        "rows": "rows",
    },
}
TABLE = {"zh": "table_zh", "en": "table"}


@opening
def since_last_wave(changes: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return changes of places, changed totals of the city, and tables not compared.

    All columns are text. changes: the clean table, empty for a first wave.
    """
    words, names = WORDS[lang], district_names(lang)
    titles = study().codebook().set_index(["table", "column"], drop=False)[[TABLE[lang], lang]]
    of_city = changes["district"].eq(study().city) & changes["change"].fillna(0).ne(0)
    moved = changes["kind"].ne("total") | of_city
    rows = [_row(line, words, names, titles) for line in changes[moved].itertuples()]
    return pd.DataFrame(rows, columns=words["heads"], dtype=str)


def _row(
    line: Any, words: dict[str, Any], names: dict[str, str], titles: pd.DataFrame
) -> list[str]:
    table, title = titles.loc[(line.table, "county_code" if line.column == "rows" else line.column)]
    pair = [line.before or "—", line.after or "—"]
    if line.kind == "not compared":
        return [words["kinds"][line.kind], table, *pair, "—"]
    if line.kind != "total":
        return [
            words["kinds"][line.kind],
            words["of"].format(names[line.district], title),
            *pair,
            "—",
        ]
    title = words["rows"] if line.column == "rows" else title
    return [
        words["kinds"]["total"],
        words["of"].format(table, title),
        *pair,
        f"{line.change:+.10g}",
    ]
