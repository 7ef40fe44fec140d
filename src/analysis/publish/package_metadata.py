"""The description of a release as a Data Package (version 2).

https://datapackage.org. It describes tables, columns, types, units and codes. Columns of published
tables get their type from their cells; the sheets of the forms, whose rows are not published, are
described by the codebook as separate table schemas.
"""

from __future__ import annotations

import io
import re
from typing import Any

import pandas as pd

from analysis.publish.dataset import Dataset
from analysis.publish.questions import Form, Question
from analysis.publish.receipt_words import BASIS, UNCERTAINTY
from analysis.survey.citation import ESTIMATES
from analysis.survey.study import study

PROFILE = "https://datapackage.org/profiles/2.0/{}.json"
MISSING = ["", "—"]  # printed for a missing value
CODED = {"basis": BASIS, "uncertainty": UNCERTAINTY}  # columns with the same codes in all tables
UNIT = re.compile(r"[（(]([^（）()]+)[）)]$")  # at the end of a title
INTEGER, DECIMAL = (
    re.compile(r"[+-]?(0|[1-9]\d{0,14})"),
    re.compile(r"[+-]?\d+\.\d+([eE][+-]?\d+)?"),
)
TYPES = {  # of the codebook
    "text": "string",
    "place": "string",
    "code": "string",
    "choice": "string",
    "yes_no": "string",
    "integer": "integer",
    "decimal": "number",
    "date": "date",
    "month": "date",
}
OF_ESTIMATES = {  # descriptions of the columns of the table of estimates
    "name": "name of the number; unique",
    "indicator": "what is measured, as in codebook/measures.csv",
    "district": "code of the district or of the whole city",
    "wave": "wave of the survey",
    "value": "the number, in the unit of its row",
    "low": "lower end of the 95 % interval",
    "high": "upper end of the 95 % interval",
    "n": "rows counted",
    "numerator": "what was divided",
    "denominator": "what it was divided by",
    "unit": "unit of value, low and high",
    "basis": "what the number rests on",
    "uncertainty": "census, sample or model; empty where the number is quoted",
    "how": "the formula",
    "notebook": "the notebook that computes it",
    "cell": "the cell of the notebook",
    "sources": "workbook, sheet and rows that were counted",
}


def table_schema(data: Dataset, form: Form) -> dict[str, Any]:
    """Return the table schema of a sheet of the forms, without identifying columns."""
    described = {
        "$schema": PROFILE.format("tableschema"),
        "name": form.name,
        "title": f"{form.zh} · {form.en}",
        "description": data.description(),
        "fields": [_asked(one) for one in form.kept],
        "missingValues": [""],
    }
    names = {one.name for one in form.kept}
    return described | (
        {"primaryKey": list(form.key)} if form.key and set(form.key) <= names else {}
    )


def _asked(question: Question) -> dict[str, Any]:
    limits = {"minimum": _number(question.low), "maximum": _number(question.high)}
    constraints: dict[str, Any] = {key: limit for key, limit in limits.items() if limit != ""}
    constraints |= {"required": True} if question.is_required else {}
    constraints |= {"minLength": int(question.shortest)} if question.shortest else {}
    constraints |= {"pattern": study().community} if question.kind == "code" else {}
    answers = [{"value": zh, "label": en} for zh, en in question.answers.items()]
    return {
        "name": question.name,
        "title": question.zh,
        "description": question.en,
        "type": TYPES[question.kind],
        **({"unit": question.unit} if question.unit else {}),
        **({"categories": answers} if answers else {}),
        **({"constraints": constraints} if constraints else {}),
    }


def _number(text: str) -> int | float | str:
    """Parse the end of a range; a date stays text."""
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if DECIMAL.fullmatch(text) else text


def data_package(data: Dataset, tables: dict[str, bytes]) -> dict[str, Any]:
    """Return the descriptor of a release; tables: its CSV files by path."""
    first = data.languages[0]
    described = {
        "$schema": PROFILE.format("datapackage"),
        "name": data.release,
        "title": data.title_of(first),
        "description": data.description(),
        "version": data.version,
        "created": f"{data.published.isoformat()}T00:00:00Z" if data.published else "",
        "keywords": [data.basis, data.place[first]],
        "contributors": [{"title": data.publisher[first], "roles": ["publisher"]}],
        "licenses": [{"name": data.license, "path": data.license_url}] if data.license else [],
        "resources": [resource(path, content) for path, content in sorted(tables.items())],
    }
    return {key: value for key, value in described.items() if value not in ("", [])}


def resource(path: str, content: bytes) -> dict[str, Any]:
    """Return the description of one CSV file."""
    return {
        "name": re.sub("[^a-z0-9._-]", "-", path.removesuffix(".csv").lower()),
        "path": path,
        "type": "table",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8",
        "bytes": len(content),
        "schema": _of_columns(path, content),
    }


def _of_columns(path: str, content: bytes) -> dict[str, Any]:
    frame = pd.read_csv(
        io.BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig", header=None
    )
    columns = frame.iloc[1:].set_axis(frame.iloc[0].tolist(), axis="columns")
    words = OF_ESTIMATES if path.endswith(f"/{ESTIMATES}") else {}
    names = list(columns.columns)
    fields = [_field(name, columns.iloc[:, i], words.get(name, "")) for i, name in enumerate(names)]
    return {"fields": fields, "missingValues": MISSING}


def _field(name: str, cells: pd.Series, words: str) -> dict[str, Any]:
    kind, unit = _type(cells), UNIT.search(name)
    said = set(cells)
    codes = [
        {"value": v, "label": w["en"]} for v, w in CODED.get(name, {}).items() if v in said - {""}
    ]
    return {
        "name": name,
        "type": kind,
        **({"description": words} if words else {}),
        **({"unit": unit[1]} if unit and kind != "string" else {}),
        **({"categories": codes} if codes and kind == "string" else {}),
    }


def _type(cells: pd.Series) -> str:
    """Return the type of a column from its cells; text unless all are numbers."""
    filled = [cell for cell in cells if cell not in MISSING]
    if not filled:
        return "string"
    if all(INTEGER.fullmatch(cell) for cell in filled):
        return "integer"
    numeric = all(INTEGER.fullmatch(cell) or DECIMAL.fullmatch(cell) for cell in filled)
    return "number" if numeric else "string"
