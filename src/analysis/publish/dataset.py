"""The description of an edition as a data set, and its form as schema.org JSON-LD.

Search engines and repositories read such descriptions. All of them are made from one `Dataset`,
which combines the declaration of the wave (`wave.toml`) and the study.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from analysis.survey.reference import reference
from analysis.survey.study import study

SPDX = "https://spdx.org/licenses/"
UNSURVEYED = {
    "zh": "数据由真实上报文件得出。",
    "en": "The data come from the files that were handed in.",
}


@dataclass(frozen=True)
class Dataset:
    """One edition of one wave; texts are by language.

    name: prefix of its files. basis: official, published or synthetic. label: of synthetic data,
    empty otherwise. place: the name of the city. license: an SPDX identifier or empty. date:
    reference date of the data. published: day of publication, None if undeclared.
    """

    name: str
    wave: str
    languages: tuple[str, ...]
    title: dict[str, str]
    publisher: dict[str, str]
    notice: dict[str, str]
    label: dict[str, str]
    place: dict[str, str]
    basis: str
    date: dt.date
    edition: str
    license: str
    published: dt.date | None

    @property
    def version(self) -> str:
        """The wave and its edition, as one word."""
        return f"{self.wave}.{self.edition}"

    @property
    def release(self) -> str:
        """Name of the release, without a suffix."""
        return f"{self.name}-{self.wave}"

    @property
    def is_synthetic(self) -> bool:
        """Return whether the publications carry the label of synthetic data."""
        return self.basis != "official"

    @property
    def license_url(self) -> str:
        """URL of the licence; empty if none is declared."""
        return f"{SPDX}{self.license}" if self.license else ""

    def title_of(self, lang: str) -> str:
        """Return the title, with the label if there is one."""
        label = self.label[lang]
        return f"{self.title[lang]} ({label})" if label else self.title[lang]

    def description(self) -> str:
        """Description in each published language: the label, then the notice."""
        return " ".join(
            f"{self.label[lang]}: {self.notice[lang]}" if self.label[lang] else self.notice[lang]
            for lang in self.languages
        )


def dataset(facts: dict[str, Any]) -> Dataset:
    """Return the data set of a wave; facts: its `wave.toml`, which has been checked."""
    official = facts["basis"] == "official"
    return Dataset(
        name=study().release_name,
        wave=str(facts["wave"]),
        languages=study().languages,
        title=facts["title"],
        publisher=facts["publisher"],
        notice=UNSURVEYED if official else facts["notice"],
        label=dict.fromkeys(facts["label"], "") if official else facts["label"],
        place=_city(),
        basis=facts["basis"],
        date=facts["reference_date"],
        edition=str(facts["edition"]),
        license=study().license,
        published=study().release_date,
    )


def _city() -> dict[str, str]:
    """Return the name of the city by language; its code if counties.csv lacks it."""
    table = reference("counties").set_index("gb2260")
    if study().city not in table.index:
        return {"zh": study().city, "en": study().city}
    row = table.loc[study().city]
    return {"zh": row["name_zh"], "en": row["name_en"]}


def json_ld(data: Dataset, downloads: list[tuple[str, str]]) -> str:
    """Return the JSON-LD of the data set for a `script` element, with `<` escaped.

    downloads: (label, path relative to the page) of the files for readers.
    """
    first, *others = data.languages
    described = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": data.title_of(first),
        "alternateName": [data.title_of(lang) for lang in others],
        "description": data.description(),
        "identifier": data.release,
        "version": data.version,
        **{"inLanguage": list(data.languages), "isAccessibleForFree": True},
        "creator": {"@type": "Organization", "name": data.publisher[first]},
        "temporalCoverage": data.date.isoformat(),
        "spatialCoverage": {"@type": "Place", "name": data.place[first]},
        "datePublished": data.published.isoformat() if data.published else "",
        "license": data.license_url,
        "creativeWorkStatus": data.label[first] or data.basis,
        "variableMeasured": _variables(first),
        "distribution": [_download(label, path) for label, path in downloads],
    }
    return _as_script({key: value for key, value in described.items() if value not in ("", [])})


def _as_script(described: dict[str, Any]) -> str:
    text = json.dumps(described, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _variables(lang: str) -> list[dict[str, str]]:
    return [_variable(row, lang) for row in reference("measures").to_dict("records")]


def _variable(row: dict[str, str], lang: str) -> dict[str, str]:
    unit = row[f"unit_{lang}"]
    variable = {"@type": "PropertyValue", "name": row[lang], "propertyID": row["indicator"]}
    return variable | ({"unitText": unit} if unit else {})


def _download(label: str, path: str) -> dict[str, str]:
    return {
        "@type": "DataDownload",
        "name": label,
        "contentUrl": path,
        "encodingFormat": media_type(path),
    }


MEDIA_TYPES = {
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html",
    "ipynb": "application/x-ipynb+json",
    "json": "application/json",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "toml": "application/toml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "md": "text/markdown",
}


def media_type(path: str) -> str:
    """Return the media type of a file by its suffix; plain text if it is unknown."""
    return MEDIA_TYPES.get(path.rpartition(".")[2], "text/plain")
