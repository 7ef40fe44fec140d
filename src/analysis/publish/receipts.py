"""Receipts: what stands behind each number, from its definition down to the rows of the workbooks."""

from __future__ import annotations

import re
from decimal import Decimal

import pandas as pd

from analysis.publish.naming import district_names
from analysis.publish.prose import Number, Unit, money, number, rows_said
from analysis.publish.tables import capital
from analysis.stats.ledger import printed
from analysis.survey.citation import Citation, parse, rows_behind
from analysis.survey.codebook import CITY, COUNTIES, TABLES
from analysis.survey.corrections import corrections_of
from analysis.survey.repository import reference

UNCERTAINTY = {
    "census": {"zh": "普查", "en": "census"},
    "sample": {"zh": "抽样", "en": "sample"},
    "model": {"zh": "模型", "en": "model"},
    "": {"zh": "转录自发布稿", "en": "quoted"},
}
BASIS = {
    "synthetic": {"zh": "合成", "en": "synthetic"},
    "published": {"zh": "发布稿", "en": "published"},
    "official": {"zh": "官方", "en": "official"},
    "derived": {"zh": "推算", "en": "derived"},
}
RANGES = 2  # of rows in a sheet that a receipt names; of more the first and the last row, and how many
NAMED = 3  # of other estimates that a receipt names, likewise
DOMAIN = re.compile(r"\) \[.+\]$")  # at the end of a formula
CODE = re.compile(r"\b\d{12}\b")
WORDS = {
    "zh": {
        "sheet": "{}.xlsx《{}》",
        "of_counties": "各县《{}》",
        "whole": "{}第{}行（不含小计行，共{}）",
        "part": "{}第{}行中的{}",
        "listed": "{}第{}行（共{}）",
        "county_rows": "{}的行，冒号后为行数{}",
        "without": "（不含小计行）",
        "county": " ({}：{})",
        "line": "第{}行",
        "range": "–",
        "comma": "、",
        "more": "{}等{}个数",
        "interval": "区间 {}",
        "published": "发布稿 {}，{}",
        "corrected": "更正：{cell}，由“{expected}”改为“{new}”，{reason}（{who}，{date}）",
        "stand_in": "“{real}”在合成数据中由替身“{township}{name}”（{code}）代表，"
        "合成的数不落在真实社区上；所列的行是替身的行",
        "join": "；",
        "per": "{}县×{}项",
    },
    "en": {
        "sheet": "{}.xlsx, sheet {}",
        "of_counties": "counties’ sheet {}",
        "whole": "{}, rows {} (without subtotals, {})",
        "part": "{0}, {2} in rows {1}",
        "listed": "{}, rows {} ({})",
        "county_rows": "{}, rows: how many{}",
        "without": ", without subtotals",
        "county": " ({}: {})",
        "line": ", lines {}",
        "range": "–",
        "comma": ", ",
        "more": "{} and others, {} numbers",
        "interval": "interval {}",
        "published": "published: {}, {}",
        "corrected": "corrected: {cell}, “{expected}” → “{new}”; {reason} ({who}, {date})",
        "stand_in": "In the synthetic data a stand-in, {township}{name} ({code}), takes the place of {real}: "
        "invented values stand on no real community; the rows named here are the stand-in’s",
        "join": "; ",
        "per": "{} counties × {} items",
    },
}
# What is done with the rows, by the formula; the first that matches. Parts and units are filled in.
DONE = (
    (r"benchmarks|policy_register", {"zh": "转录自发布稿", "en": "copied from the published report"}),
    (r"published", {"zh": "由发布稿印出的数推得", "en": "inferred from the printed figures"}),
    (r"model", {"zh": "按指标定义或检验得出", "en": "as the definition or the test gives it"}),
    (r"estimates: count", {"zh": "{rows}中符合条件的个数", "en": "those of {rows} that meet the condition"}),
    (r"\w+: design-based", {"zh": "据{rows}的访谈，按抽样设计推断", "en": "inferred by design from {rows}"}),
    (r"\w+: count\(rows\)", {"zh": "符合定义的行数", "en": "rows that meet the definition"}),
    (r"\w+: count\(distinct", {"zh": "{rows}中不同的个数", "en": "different ones among {rows}"}),
    (r"\w+: 100 × count", {"zh": "{numerator} ÷ {denominator}", "en": "{numerator} ÷ {denominator}"}),
    (r"\w+: mean", {"zh": "{rows}的平均", "en": "mean over {rows}"}),
    (r"\w+: sum\([^()]*\)(?: \[|$)", {"zh": "{rows}合计", "en": "sum over {rows}"}),
    (r"\w+: ", {"zh": "{numerator} ÷ {denominator}", "en": "{numerator} ÷ {denominator}"}),
)
CHANGE = re.compile(r"estimates: (?P<growth>100 × \()?(?P<after>\w+) − (?P<before>\w+)(?(growth)\) / (?P=before))")
CHANGED = {
    "zh": ("{after} − {before}", "({after} − {before}) ÷ {before}", "（按未取整的数计算）"),
    "en": ("{after} − {before}", "({after} − {before}) ÷ {before}", " (computed before rounding)"),
}


class Amount(float):
    """What was divided by what, as a template of `measures.csv` prints it: `{numerator}`, `{numerator:money}`."""

    lang = "zh"

    def __format__(self, spec: str) -> str:
        if spec == "money":
            unit = Unit(
                "万元" if self.lang == "zh" else "million yuan", 2, 0 if self.lang == "zh" else -2, self.lang
            )
            return unit.print(self) + unit.suffix
        return Unit("", 0, lang=self.lang).print(self)


AMOUNTS = {lang: type(f"Amount_{lang}", (Amount,), {"lang": lang}) for lang in ("zh", "en")}


class Receipts:
    """The receipts of a table of estimates in one language; see `receipts`."""

    def __init__(self, estimates: pd.DataFrame, ledger: pd.DataFrame, lang: str):
        self.lang, self.words, self.names = lang, WORDS[lang], district_names(lang)
        self.measures = reference("measures").set_index("indicator").to_dict("index")
        claimed = ledger[ledger["estimate"] != ""].drop_duplicates("estimate")
        self.claims = claimed.set_index("estimate").to_dict("index")
        self.rows = list(estimates.itertuples(index=False))
        self.sources = {row.name: row.sources for row in self.rows}
        self.numbers = {row.name: number(row, self.measures[row.indicator], lang) for row in self.rows}
        self.values: dict[str, dict[str, Number]] = {}
        for row in self.rows:
            self.values.setdefault(row.indicator, {})[row.district] = self.numbers[row.name]
        self.stand_ins = _stand_ins()

    def of(self, row) -> dict:
        """Write the receipt of one row of the estimates."""
        said, join, measure = self.numbers[row.name], self.words["join"], self.measures[row.indicator]
        cited = parse(row.sources)
        rows = self.counted(row, cited)
        kind = [UNCERTAINTY[row.uncertainty][self.lang], BASIS[row.basis][self.lang], *([rows] if rows else [])]
        return {
            "label": self.label(row.indicator, row.district),
            "value": said.text,
            "how": row.how,
            "words": self.done(row, rows),
            "definition": measure[f"definition_{self.lang}"],
            "kind": join.join(kind),
            "facts": join.join([*kind, *self.compared(said)]),
            "notebook": row.notebook,
            "cell": row.cell,
            "cell_href": f"{row.notebook}.html#c-{row.cell}",
            "sources": self.places(row, cited),
            "notes": self.notes(row),
            "corrections": [],
        }

    def label(self, indicator: str, district: str) -> str:
        """Name a number: its measure, and the county that it is of."""
        where = "" if district == CITY else f" · {self.names[district]}"
        return capital(self.measures[indicator][self.lang]) + where

    def counted(self, row, cited: list[Citation]) -> str:
        """Say how many rows a number rests on, in the unit of their table: 277人, 9县×4项; empty for a change."""
        (table, _, formula), n = row.how.partition(": "), int(row.n)
        if not n or CHANGE.match(row.how):
            return ""
        if table == "model":  # the scores of the index are those of so many communities
            return rows_said(n, "communities", self.lang) if formula.startswith("indicators.csv") else ""
        counties = len({part.file for part in cited})
        if table == "funding" and n > counties and n % counties == 0:
            return self.words["per"].format(counties, n // counties)
        return rows_said(n, table, self.lang)

    def done(self, row, rows: str) -> str:
        """Say in words what was done: 持证724人 ÷ 花名册1533人."""
        if change := CHANGE.match(row.how):
            return self.changed(row, change)
        parts = {name: getattr(row, name) for name in ("numerator", "denominator")}
        if template := self.measures[row.indicator][f"parts_{self.lang}"]:
            if pd.isna(row.denominator):  # nothing to divide by
                return ""
            return template.format_map({name: AMOUNTS[self.lang](value) for name, value in parts.items()})
        table = row.how.partition(": ")[0]
        said = {name: rows_said(int(v), table, self.lang) for name, v in parts.items() if pd.notna(v)}
        words = next(words for pattern, words in DONE if re.match(pattern, row.how))[self.lang]
        return words.format_map({"rows": rows, "numerator": "", "denominator": ""} | said)

    def changed(self, row, change: re.Match) -> str:
        """Say which numbers were compared, and where their printed values do not give the printed change."""
        after, before = (self.values[change[part]][row.district] for part in ("after", "before"))
        difference, growth, unrounded = CHANGED[self.lang]
        said = {
            "after": f"{self.label(change['after'], CITY)} {after.text}",
            "before": f"{self.label(change['before'], CITY)} {before.text}",
        }
        words = (growth if change["growth"] else difference).format_map(said)
        return words + ("" if agrees(after, before, self.numbers[row.name], bool(change["growth"])) else unrounded)

    def compared(self, said: Number) -> list[str]:
        """Tell the interval, and what was published with what the ledger says of it, where there are any."""
        facts, claim = [], self.claims.get(said.name)
        if said.interval != "—":
            facts.append(self.words["interval"].format(said.interval))
        if claim is not None:
            figure, unit = claim["published"], claim["unit_zh"]
            if self.lang == "en":
                figure, unit = money(figure, claim["unit"], said.unit.name)
            status = claim["status_zh" if self.lang == "zh" else "status"]
            facts.append(self.words["published"].format(f"{figure} {unit}".strip() or "—", status))
        return facts

    def notes(self, row) -> list[str]:
        """Say of each stand-in that a number is about whose place it takes."""
        found = [self.stand_ins[code] for code in CODE.findall(row.how) if code in self.stand_ins]
        return [self.words["stand_in"].format_map(place) for place in found]

    def places(self, row, cited: list[Citation]) -> list[tuple[str, str]]:
        """List where the rows are: (sheet, rows), one a sheet; of the city each county with its value.

        Many ranges are folded; the table of estimates and `analysis explain` have them all.
        """
        values = self.values[row.indicator] if row.district == CITY else {}
        values = {code: values[code] for code in COUNTIES if code in values}
        sheets: dict[str, list[Citation]] = {}
        for part in cited:
            sheets.setdefault(part.sheet or part.place, []).append(part)
        whole = DOMAIN.search(row.how) is None
        found = []
        for parts in sheets.values():
            if any(part.name for part in parts):
                continue
            if parts[0].file[:6] in self.names and row.district == CITY:
                found.append(self.of_counties(parts, {} if found else values, whole))
            else:
                found += [self.of_sheet(part, whole) for part in parts]
        named = [part.name for part in cited if part.name]
        if named and not CHANGE.match(row.how):
            found.append((self.estimates(named), ""))
        if values and not any(part.file[:6] in self.names for part in cited):
            listed = (f"{self.names[code]} {value.plain}" for code, value in values.items())
            found.append(("", ", ".join(listed)))
        return found

    def of_counties(self, parts: list[Citation], values: dict[str, Number], whole: bool) -> tuple[str, str]:
        """Name a sheet that every county has, and each county with its value, its rows and how many they are."""
        sheet = self.words["of_counties"].format(parts[0].sheet)
        by_code = {part.file[:6]: part for part in parts}
        said = []
        for code in (code for code in COUNTIES if code in values or code in by_code):
            value = f" {values[code].plain}" if code in values else ""
            rows = (
                self.words["county"].format(self.folded(by_code[code]), by_code[code].count)
                if code in by_code
                else ""
            )
            said.append(f"{self.names[code]}{value}{rows}")
        without = self.words["without"] if whole else ""
        return self.words["county_rows"].format(sheet, without), ", ".join(said)

    def of_sheet(self, part: Citation, whole: bool) -> tuple[str, str]:
        """Name one sheet or reference table and the rows in it."""
        if not part.sheet:
            lines = self.words["line"].format(self.folded(part)) if part.spans else ""
            return f"data/raw/reference/{part.file}{lines}", ""
        book = part.file.rpartition(".")[0]
        sheet = f"《{part.sheet}》" if self.lang == "zh" else f"sheet {part.sheet}"
        title = sheet if book[:6] in self.names else self.words["sheet"].format(book, part.sheet)
        words = "listed" if len(part.spans) <= RANGES else "whole" if whole else "part"
        count = rows_said(part.count, SHEETS.get(part.sheet, ""), self.lang)
        return self.words[words].format(title, self.folded(part), count), ""

    def folded(self, part: Citation) -> str:
        """The ranges of rows, or where there are many the first and the last row."""
        spans = part.spans if len(part.spans) <= RANGES else ((part.spans[0][0], part.spans[-1][1]),)
        dash = self.words["range"]
        return self.words["comma"].join(f"{a}{dash}{b}" if a < b else str(a) for a, b in spans)

    def estimates(self, names: list[str]) -> str:
        """Name other estimates with their values."""
        rows = {row.name: row for row in self.rows if row.name in set(names[:NAMED])}
        said = [f"{self.label(r.indicator, r.district)} {self.numbers[n].text}" for n, r in rows.items()]
        text = self.words["comma"].join(said)
        return text if len(names) <= NAMED else self.words["more"].format(text, len(names))


SHEETS = {model.Config.title: name for name, model in TABLES.items()}


def receipts(
    estimates: pd.DataFrame, ledger: pd.DataFrame, lang: str, corrections: pd.DataFrame | None = None
) -> dict[str, dict]:
    """Write what the page says of each number: {name: receipt}.

    A receipt of the city lists the values of the counties, where there are any. corrections: the clean table; each
    is listed with the numbers whose rows it lies in, also through other estimates.
    """
    book = Receipts(estimates, ledger, lang)
    found = {row.name: book.of(row) for row in book.rows}
    if corrections is not None and len(corrections):
        for name, text in book.sources.items():
            lines = corrections_of(rows_behind(text, book.sources), corrections)
            found[name]["corrections"] = _corrected(lines, lang)
    return found


def agrees(after: Number, before: Number, change: Number, growth: bool) -> bool:
    """Tell whether two printed numbers give the printed change between them."""
    now, was, printed_change = (Decimal(printed(one.value, one.unit.decimals)) for one in (after, before, change))
    if not growth:
        return now - was == printed_change
    return was != 0 and Decimal(printed(100 * (now - was) / was, change.unit.decimals)) == printed_change


def _corrected(lines: pd.DataFrame, lang: str) -> list[str]:
    """Say of each correction which cell, from what to what, why and by whom."""
    said = lines.to_dict("records")
    cells = ["{file}!{sheet}!{column} {row}".format_map(line) for line in said]
    return [WORDS[lang]["corrected"].format(cell=cell, **line) for cell, line in zip(cells, said, strict=True)]


def _stand_ins() -> dict[str, dict[str, str]]:
    """Return for each stand-in's code whose place it takes (real), its code, name and township."""
    named = reference("named_places").query("stand_in != real_code")
    frame = reference("communities").set_index("community_code")
    places = {}
    for place in named.itertuples():
        if place.stand_in in frame.index:
            name = frame.at[place.stand_in, "community"]
            # the name of a stand-in begins with its township's, as in 楚门镇01社区
            township = "" if name.startswith(place.township) else place.township
            places[place.stand_in] = {
                "real": place.real_name,
                "name": name,
                "township": township,
                "code": place.stand_in,
            }
    return places
