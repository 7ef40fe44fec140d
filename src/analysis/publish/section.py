"""Section of the report: collects the texts, figures and tables of one notebook.

A notebook opens its section, adds its estimates to it, and shows texts, figures and tables through
it. Files are written to the scratch folder of the wave (`build/<wave>`); only the pipeline writes
`outputs/`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display
from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError

from analysis.publish import picture, tables
from analysis.publish.faults import name_faults
from analysis.publish.hard_coded import hard_coded_numbers, numbers_in_braces
from analysis.publish.lab import in_lab, preview, running_cell, tiles_html
from analysis.publish.markup import Writer
from analysis.publish.naming import cells_of, district_names, named_areas
from analysis.publish.numbering import cells_that_make
from analysis.publish.prose import ProseError, Unit, numbers, render
from analysis.publish.text import References, Text, names_of
from analysis.stats.confidence import CONFIDENCE
from analysis.stats.disclosure import protected
from analysis.stats.record import COLUMNS
from analysis.survey.codebook import no_list
from analysis.survey.folders import root
from analysis.survey.measures import measure_of
from analysis.survey.problems import Problem, StudyError
from analysis.survey.reference import reference
from analysis.survey.repository import build, built, read, wave_facts
from analysis.survey.sealed import Sealed, opened
from analysis.survey.study import study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ESTIMATES = "estimates"
DISTRICT = {"zh": "县（市、区）", "en": "County"}


class Section:
    """Texts, figures and tables of one notebook, in one language.

    notebook: its name without folder and suffix. estimates: numbers computed by other notebooks.
    Texts, figures and tables use numbers of people as the policy of the study allows (see
    `stats.disclosure`). district: the district whose numbers prose takes by the name of the
    indicator alone; those of the city are always under `city`.
    """

    def __init__(
        self,
        notebook: str,
        wave: str,
        lang: str,
        estimates: pd.DataFrame | Sealed | None = None,
        district: str = "",
    ) -> None:
        self.notebook, self.wave, self.lang = notebook, wave, lang
        self.district = district or study().city
        self.folder, self.facts = build(wave) / lang, wave_facts(wave)
        self.withheld = read("withheld", wave)
        self._computed = pd.DataFrame(columns=COLUMNS) if estimates is None else opened(estimates)
        self.synthetic = self.facts["basis"] != "official"
        self._names = None
        # names of the numbers in texts, ids of the figures and tables shown
        self.spoken, self.drawn = (set(), set())

    def switch(self, lang: str) -> None:
        """Change the language of the section; the numbers stay the same."""
        self.lang, self.folder, self._names = lang, build(self.wave) / lang, None
        self.spoken, self.drawn = set(), set()

    def keep(self, *estimates: pd.DataFrame | Sealed) -> pd.DataFrame:
        """Add estimates to the section and return the new ones for display.

        Returned are those for the city, or all if none are for the city.
        """
        new = pd.concat(opened(estimates), ignore_index=True).assign(notebook=self.notebook)
        new["cell"] = new["indicator"].map(cells_of(self.notebook)).fillna("")
        before = self._computed
        if in_lab():  # in JupyterLab a cell may be run again
            before = before[~before["name"].isin(new["name"])]
        parts = [frame for frame in (before, new) if len(frame)]
        self._computed, self._names = pd.concat(parts, ignore_index=True), None
        new = protected(new, self.withheld)
        city = new[new["district"] == study().city]
        shown = (city if len(city) else new).set_index("name")
        return shown[["value", "low", "high", "n", "unit", "how"]]

    def save(self) -> None:
        """Write the section's estimates to the file that other notebooks and the pipeline read."""
        computed = self._computed
        own = computed[computed["notebook"] == self.notebook]  # other notebooks save theirs
        self._write(f"{ESTIMATES}/{self.notebook}.parquet", own.to_parquet(index=False))

    @property
    def computed(self) -> Sealed:
        """Numbers as computed, sealed, for tests and comparisons."""
        return Sealed(self._computed, "section.computed")

    @property
    def estimates(self) -> pd.DataFrame:
        """Numbers that may be published, with a column `withheld`."""
        return protected(self._computed, self.withheld)

    @property
    def names(self) -> dict:
        """Names for prose: numbers of the district by indicator, `city`, `county[code]` etc."""
        if self._names is None:
            self._names = self._named(self.lang)
        return self._names

    def _named(self, lang: str) -> dict:
        by_district = numbers(self.estimates, lang)
        own, city = by_district.get(self.district, {}), by_district.get(study().city, {})
        return own | {
            "city": city,
            "county": by_district,
            "district_names": district_names(lang),
            "confidence": f"{CONFIDENCE:.0%}",
            "figure": References("fig"),
            "table": References("tab"),
        }

    def plain_names(self, lang: str) -> dict:
        """Return the names for prose in a language that may differ from that of the section."""
        return self.names if lang == self.lang else self._named(lang)

    def title(self, indicator: str) -> str:
        """Return the name of an indicator as a label."""
        return tables.capital(measure_of(indicator)[self.lang])

    def headed(self, indicator: str) -> str:
        """Return the name of an indicator with its unit, as the head of a column.

        The unit is that of the values printed by `Unit.tabled`.
        """
        unit = self.unit(indicator).name
        return self.title(indicator) + (
            {"zh": "（{}）", "en": " ({})"}[self.lang].format(unit) if unit else ""
        )

    def say(self, words: dict[str, str]) -> Text:
        """Return the text in the section's language: `say({"zh": "…", "en": "…"})`.

        Raises ProseError if a number is typed into the text instead of taken by name, or if a name
        is unknown.
        """
        template = words.get(self.lang, "")  # a cell of another language shows nothing
        try:
            if typed := [*hard_coded_numbers(template), *numbers_in_braces(template)]:
                raise self._fault(
                    f"numbers typed into the words: {'、'.join(typed)}; take them by name"
                )
            said = render(template, self.names)
        except ProseError:
            raise
        except TemplateSyntaxError as error:
            raise self._fault(f"not a template, line {error.lineno}: {error.message}") from error
        except (TemplateError, TypeError, ValueError, LookupError) as error:
            raise self._fault(self._reason(template, error)) from error
        self.spoken |= set(said.names)
        return said

    def _reason(self, template: str, error: Exception) -> str:
        """Return why a text cannot be rendered: the faults of its names, else the error."""
        indicators = set(reference("measures")["indicator"])
        faults = "; ".join(name_faults(template, {*self.names, *indicators}, indicators))
        first = ": run the cell that computes it first" * isinstance(error, UndefinedError)
        return faults or f"{error}{first}"

    def _fault(self, message: str) -> ProseError:
        cell = "".join(f"!{name}" for name in [running_cell()] if name)
        return ProseError(f"notebooks/{self.notebook}.ipynb{cell} ({self.lang}): {message}")

    def choose(self, **words: Any) -> Any:
        """Return the argument in the section's language: `choose(zh="岗位", en="Post")`."""
        return words[self.lang]

    def answers(self, name: str) -> dict[str, str]:
        """Return the labels of a list in `codes.csv` in the section's language, by answer."""
        if name not in study().codes:
            fault = no_list(name, reference("codes"))
            raise StudyError([Problem.of(fault, f"notebooks/{self.notebook}.ipynb")])
        codes = study().codes[name]
        return codes if self.lang == "en" else {answer: answer for answer in codes}

    def unit(self, indicator: str) -> Unit:
        """Return the unit of an indicator in the section's language.

        Its `factor` scales the data of drawings.
        """
        return Unit.of(measure_of(indicator), self.lang)

    def counties(self, indicator: str, city: bool = False) -> pd.DataFrame:
        """Return the values of an indicator by county, in the order used for readers.

        Columns: code, district (label), value, low, high, n, text; the text is the value as printed
        in prose, without unit. city: put the city first.
        """
        rows = self.estimates[self.estimates["indicator"] == indicator].set_index("district")
        rows = rows.loc[
            [code for code in (*[study().city] * city, *study().districts) if code in rows.index]
        ]
        printed = [self.names["county"][code][indicator].plain for code in rows.index]
        unit = self.unit(indicator)
        scaled = rows[["value", "low", "high"]] * unit.factor
        names = district_names(self.lang)
        labels = {"code": rows.index, "district": rows.index.map(names), "n": rows["n"]}
        return scaled.assign(text=printed, **labels).reset_index(drop=True)

    def wide(self, *indicators: str) -> pd.DataFrame:
        """Return a table of indicators as printed: one row per county, with the city last."""
        names = district_names(self.lang)
        columns = {
            DISTRICT[self.lang]: [names[code] for code in (*study().districts, study().city)]
        }
        for indicator in indicators:
            places = (*study().districts, study().city)
            said = [self.names["county"].get(code, {}).get(indicator) for code in places]
            columns[self.headed(indicator)] = ["—" if one is None else one.tabled for one in said]
        # the city's receipt lists every county
        receipts = [["", *indicators]] * (1 + len(study().districts))
        return tables.traced(pd.DataFrame(columns), receipts)

    def beside_city(self, *indicators: str) -> pd.DataFrame:
        """Return a table of the section's district: indicator, value, interval, value of the city.

        The value of the city is a dash if there is none. Without `indicators` all are included,
        except those that `measures.csv` declares as city only.
        """
        city, mine = self.names["city"], self.names["county"][self.district]
        shown = indicators or [key for key in mine if measure_of(key)["city_only"] != "yes"]
        own = [(n, city.get(key)) for key, n in mine.items() if key in shown]
        titles = {
            "zh": ["指标", district_names("zh")[self.district], "区间", "全市"],
            "en": ["Indicator", district_names("en")[self.district], "Interval", "City"],
        }[self.lang]
        rows = [
            (tables.capital(n.name), n.text, n.interval_text, "—" if c is None else c.text)
            for n, c in own
        ]
        # the receipt of the district's value gives that of the city
        receipts = [["", n.key, n.key, n.key] for n, _ in own]
        return tables.traced(pd.DataFrame(rows, columns=titles), receipts)

    def figure(
        self, name: str, figure: Figure, data: pd.DataFrame, unit: str = "", **words: dict
    ) -> None:
        """Label, write (svg, png, csv) and show a figure.

        data: the table of the figure. unit: follows the values shown on hover. words: by language,
        a dict of title (the finding) and subtitle (what, unit, n), with numbers by name.
        """
        picture.label(figure, self.facts["label"][self.lang] if self.synthetic else "")
        areas = named_areas(self.lang)
        drawing = picture.svg(figure, areas, unit)
        self._write(f"figures/{name}.svg", drawing)
        self._write(f"figures/{name}.png", picture.png(figure))
        picture.narrow(figure)
        phone = picture.svg(figure, areas, phone=True)
        plt.close(figure)
        said = self._words(name, "figure", data, words)
        words = [Text.from_json(said[key]).plain.rstrip("。.") for key in ("title", "subtitle")]
        said |= {
            "svg": f"figures/{name}.svg",
            "png": f"figures/{name}.png",
            "alt": self.choose(zh="。", en=". ").join(words),
            "narrow": phone,
        }
        self._show({"image/svg+xml": drawing, "text/plain": said["alt"]}, said)

    def table(
        self,
        name: str,
        data: pd.DataFrame,
        csv: pd.DataFrame | None = None,
        **words: dict[str, str],
    ) -> None:
        """Write (csv) and show a table.

        words: as for a figure. csv: data for the file, if the file has more columns than the table.
        """
        said = self._words(name, "table", data, words, csv)
        title = Text.from_json(said["title"]).plain
        self._show({"text/html": Writer().table(said["table"]), "text/plain": title}, said)

    def tiles(self, *tiles: dict) -> None:
        """Show key figures; each tile is a dict of value, label and note, each by language."""
        said = [{part: self.say(words).json for part, words in tile.items()} for tile in tiles]
        self.show({"text/html": tiles_html(said, Writer())}, {"kind": "tiles", "tiles": said})

    def prose(self, words: dict[str, str]) -> None:
        """Show Markdown; nothing is shown if the text in this language is empty once rendered."""
        text = self.say(words)
        if text.plain.strip():
            said = {"kind": "prose", "lang": self.lang, "text": text.json}
            self.show({"text/markdown": text.markdown}, said)

    def include(self, name: str) -> None:
        """Show a figure or table made by another notebook."""
        saved = json.loads(built(self.folder / "shown" / f"{name}.json").read_text("utf-8"))
        self.show(saved["data"], saved["report"])

    def show(self, data: dict[str, str], report: dict) -> None:
        """Show an output with its description for the page; JupyterLab shows it as the page does.

        data: by media type. report: metadata of the output for the page.
        """
        display(
            preview(self, data, report) if in_lab() else data, raw=True, metadata={"report": report}
        )

    def _words(
        self,
        name: str,
        kind: str,
        data: pd.DataFrame,
        words: dict[str, dict[str, str]],
        csv: pd.DataFrame | None = None,
    ) -> dict:
        if self.lang not in words:
            raise KeyError(
                f"{kind} {name} has no words in {self.lang}: add {self.lang}=dict(title=…)"
            )
        self._write(
            f"tables/{name}.csv", tables.to_csv(data if csv is None else csv, self.facts["basis"])
        )
        label = self.facts["label"][self.lang] if self.synthetic else ""
        self.drawn.add(name)
        table = tables.to_json(data, named_areas(self.lang), by_column=kind == "figure")
        self.spoken |= set(names_of({"table": table}))
        return {
            "kind": kind,
            "table": table,
            "id": name,
            "title": self.say({self.lang: words[self.lang]["title"]}).json,
            "subtitle": self.say({self.lang: words[self.lang].get("subtitle", "")}).json,
            "label": label,
            "source": f"notebooks/{self.notebook}.ipynb",
            "csv": f"tables/{name}.csv",
            "code_href": f"{self.notebook}.html#c-{self._cell_that_makes(name)}",
        }

    def _cell_that_makes(self, name: str) -> str:
        path = root() / "notebooks" / f"{self.notebook}.ipynb"
        return cells_that_make(path, self.wave, self.district).get(name, "title")

    def _show(self, data: dict, report: dict) -> None:
        saved = json.dumps({"data": data, "report": report}, ensure_ascii=False, indent=1)
        self._write(f"shown/{report['id']}.json", saved)
        self.show(data, report)

    def _write(self, path: str, content: str | bytes) -> None:
        target = Path(self.folder, path)
        if ".." in target.parts or not target.is_relative_to(self.folder):
            raise ValueError(
                f"{path!r}: 名称中不能有文件夹 (a figure or table is named without folders)"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
