"""A section of the report: where one notebook's words, figures and tables go.

A notebook opens its section, keeps its estimates in it, then says, draws and tabulates through it. Files land in
the scratch folder of the wave (`build/<wave>`); the pipeline alone writes `outputs/`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display

from analysis.publish import figures, tables
from analysis.publish.prose import numbers, render
from analysis.publish.typed import typed_numbers
from analysis.stats.estimates import COLUMNS, CONFIDENCE
from analysis.survey.codebook import CITY, COUNTIES
from analysis.survey.repository import build, reference, root, wave_facts

ESTIMATES = "estimates"
LANG = "zh"  # whose run the others read; both compute the same
DISTRICT = {"zh": "县（市、区）", "en": "District"}


class Section:
    """The words, figures and tables of one notebook, in one language.

    notebook: its name without folder and ending. estimates: numbers that other notebooks computed.
    district: whose numbers the prose takes by bare name; the city's are always under `city`.
    """

    def __init__(self, notebook, wave, lang, estimates=None, district=CITY):
        self.notebook, self.wave, self.lang, self.district = notebook, wave, lang, district
        self.folder, self.facts = build(wave) / lang, wave_facts(wave)
        self.estimates = pd.DataFrame(columns=COLUMNS) if estimates is None else estimates
        self.synthetic = self.facts["basis"] != "official"
        self._names = None

    def keep(self, *estimates: pd.DataFrame) -> pd.DataFrame:
        """Add estimates to the section; returns what is new for the city (else all), to be looked at."""
        new = pd.concat(estimates, ignore_index=True).assign(notebook=self.notebook)
        new["cell"] = new["indicator"].map(cells_of(self.notebook)).fillna("")
        parts = [frame for frame in (self.estimates, new) if len(frame)]
        self.estimates, self._names = pd.concat(parts, ignore_index=True), None
        city = new[new["district"] == CITY]
        shown = (city if len(city) else new).set_index("name")
        return shown[["value", "low", "high", "n", "unit", "how"]]

    def save(self) -> None:
        """Write the section's estimates where the others and the pipeline read them."""
        own = self.estimates[self.estimates["notebook"] == self.notebook]  # the others save their own
        self._write(f"{ESTIMATES}/{self.notebook}.csv", own.to_csv(index=False))

    @property
    def names(self) -> dict:
        """What prose may name: the district's numbers, `city`, `county[code]` and `district_names`."""
        if self._names is None:
            by_district = numbers(self.estimates, self.lang)
            words = {"city": by_district.get(CITY, {}), "county": by_district}
            words["district_names"] = district_names(self.lang)
            words["confidence"] = f"{CONFIDENCE:.0%}"
            self._names = by_district.get(self.district, {}) | words
        return self._names

    def say(self, words: dict[str, str]) -> str:
        """Render the words of the section's language: `say({"zh": "…", "en": "…"})`.

        Raises ValueError when a number is typed into the words instead of taken by name.
        """
        template = words.get(self.lang, "")
        if typed := typed_numbers(template):
            raise ValueError(f"numbers typed into the words: {'、'.join(typed)}; take them by name")
        return render(template, self.names)

    def counties(self, indicator: str) -> pd.DataFrame:
        """Pick an indicator's counties in reading order: district (label), value, low, high, n, text."""
        rows = self.estimates[self.estimates["indicator"] == indicator].set_index("district")
        rows = rows.loc[[code for code in COUNTIES if code in rows.index]]
        decimals = int(_measure(indicator)["decimals"])
        text = [tables.rounded(value, decimals) for value in rows["value"]]
        labels = [district_names(self.lang)[code] for code in rows.index]
        plain = rows[["value", "low", "high", "n"]].reset_index(drop=True)
        return plain.assign(text=text).assign(**{"district": labels})

    def wide(self, *indicators: str) -> pd.DataFrame:
        """Tabulate indicators, one row per county and the city last, as printed."""
        names = district_names(self.lang)
        columns = {DISTRICT[self.lang]: [names[code] for code in (*COUNTIES, CITY)]}
        for indicator in indicators:
            measure = _measure(indicator)
            rows = self.estimates[self.estimates["indicator"] == indicator]
            values = rows.set_index("district")["value"]
            unit = measure[f"unit_{self.lang}"]
            title = measure[self.lang] + (f"（{unit}）" if unit else "")
            decimals = max(int(measure["decimals"]), 1 if unit == "%" else 0)
            columns[title] = [tables.rounded(values.get(code), decimals) for code in (*COUNTIES, CITY)]
        return pd.DataFrame(columns)

    def beside_city(self) -> pd.DataFrame:
        """Tabulate every indicator of the section's district: name, value, interval, the city's value."""
        names = self.names
        own = [(number, names["city"][key]) for key, number in _own(names).items()]
        titles = {
            "zh": ["指标", district_names("zh")[self.district], "区间", "全市"],
            "en": ["Indicator", district_names("en")[self.district], "Interval", "City"],
        }[self.lang]
        return pd.DataFrame([(n.title, n.text, n.interval, city.text) for n, city in own], columns=titles)

    def figure(self, name: str, figure, data: pd.DataFrame, **words: dict) -> None:
        """Label, write (svg, png, csv) and show a figure; `data` is the table behind it.

        words: by language, a dict of title (the finding) and subtitle (what, unit, n), with numbers by name.
        """
        figures.label(figure, self.facts["label"][self.lang] if self.synthetic else "")
        drawing = figures.svg(figure)
        self._write(f"figures/{name}.svg", drawing)
        self._write(f"figures/{name}.png", figures.png(figure))
        plt.close(figure)
        said = self._words(name, "figure", data, words)
        said |= {
            "svg": f"figures/{name}.svg",
            "png": f"figures/{name}.png",
            "alt": _alt(said["title"], data),
            "table": {"columns": list(map(str, data.columns)), "rows": tables.cells(data)},
        }
        self._show({"image/svg+xml": drawing, "text/plain": said["alt"]}, said)

    def table(self, name: str, data: pd.DataFrame, csv: pd.DataFrame | None = None, **words) -> None:
        """Write (csv) and show a table; words as for a figure, `csv` where the file holds more columns."""
        said = self._words(name, "table", data if csv is None else csv, words)
        self._show({"text/html": tables.to_html(data), "text/plain": said["title"]}, said)

    def tiles(self, *tiles: dict) -> None:
        """Show key figures: each tile is a dict of value, label and note, each by language."""
        said = [{part: self.say(words) for part, words in tile.items()} for tile in tiles]
        html = "".join(f"<p><b>{t['value']}</b> {t['label']}：{t['note']}</p>" for t in said)
        display({"text/html": html}, raw=True, metadata={"report": {"kind": "tiles", "tiles": said}})

    def include(self, name: str) -> None:
        """Show a figure or table that another notebook made."""
        saved = json.loads((self.folder / "shown" / f"{name}.json").read_text("utf-8"))
        display(saved["data"], raw=True, metadata={"report": saved["report"]})

    def _words(self, name, kind, data, words) -> dict:
        self._write(f"tables/{name}.csv", tables.to_csv(data, self.facts["basis"]))
        label = self.facts["label"][self.lang] + " · " if self.synthetic else ""
        return {
            "kind": kind,
            "id": name,
            "title": self.say({self.lang: words[self.lang]["title"]}),
            "subtitle": self.say({self.lang: words[self.lang].get("subtitle", "")}),
            "source": f"{label}notebooks/{self.notebook}.ipynb",
            "csv": f"tables/{name}.csv",
        }

    def _show(self, data: dict, report: dict) -> None:
        saved = json.dumps({"data": data, "report": report}, ensure_ascii=False, indent=1)
        self._write(f"shown/{report['id']}.json", saved)
        display(data, raw=True, metadata={"report": report})

    def _write(self, path: str, content: str | bytes) -> None:
        target = Path(self.folder, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))


def _own(names: dict) -> dict:
    return {key: value for key, value in names.items() if key in names["city"]}


def _alt(title: str, data: pd.DataFrame) -> str:
    """Describe a figure in words: its finding, then the values behind it."""
    plain = re.sub(r"<[^>]+>", "", title)
    columns = [str(column) for column in data.columns[1:]]
    rows = [
        f"{first} " + "、".join(f"{c} {v}" for c, v in zip(columns, rest, strict=True))
        for first, *rest in tables.cells(data)
    ]
    return f"{plain}。{'；'.join(rows)}"


def _measure(indicator: str) -> pd.Series:
    return reference("measures").set_index("indicator").loc[indicator]


def cells_of(notebook: str) -> dict[str, str]:
    """Map each indicator to the id of the notebook cell that computes it: the one that quotes its name."""
    source = json.loads((root() / "notebooks" / f"{notebook}.ipynb").read_text("utf-8"))
    places = {}
    for cell in source["cells"]:
        if cell["cell_type"] == "code":
            for name in re.findall(r'"([a-z0-9_]+)"', "".join(cell["source"])):
                places.setdefault(name, cell["id"])
    return places


def district_names(lang: str) -> dict[str, str]:
    """Map district codes to names: 县（市、区） in Chinese, the romanised name in English."""
    if lang == "zh":
        return {CITY: "全市", **COUNTIES}
    counties = reference("counties").set_index("gb2260")["name_en"]
    return counties.str.replace(r" \(.*\)", "", regex=True).to_dict()


def read_estimates(wave: str, before: str = "") -> pd.DataFrame:
    """Read the estimates that the notebooks (those before one, where it is named) have saved, as one table."""
    paths = sorted((build(wave) / LANG / ESTIMATES).glob("*.csv"))
    paths = [path for path in paths if not before or path.stem < before]
    text = dict.fromkeys(["district", "wave", "unit", "uncertainty", "how", "notebook", "cell", "sources"], str)
    frames = [pd.read_csv(path, dtype=text, na_values=[""], keep_default_na=False) for path in paths]
    joined = pd.concat(frames, ignore_index=True)
    return joined.fillna(dict.fromkeys(text, ""))
