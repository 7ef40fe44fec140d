"""The codebook of the forms as DDI-Codebook 2.5, the XML format of survey archives.

https://ddialliance.org/Specification/DDI-Codebook/2.5/. One file for each sheet, one variable for
each question; the rows of the files are not published.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from analysis.publish.dataset import Dataset
from analysis.publish.questions import Form, Question

NAMESPACE = "ddi:codebook:2_5"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
FORMATS = {"integer": "numeric", "decimal": "numeric"}  # other types are characters
UNITS = {"integer": {"UNITS": "INT"}, "decimal": {"UNITS": "REAL"}}  # of a range; dates have none
KINDS = {"integer": "discrete", "decimal": "contin"}
IDENTIFIES = "Identifies a person: read for checks, then dropped; in no table."
WITHHELD = "The rows of the forms are not part of the release."


def ddi_codebook(data: Dataset, forms: list[Form]) -> bytes:
    """Return the DDI document of the forms of an edition."""
    ET.register_namespace("", NAMESPACE)
    book = ET.Element(
        f"{{{NAMESPACE}}}codeBook", {"version": "2.5", "ID": _identifier(data.release)}
    )
    _study(book, data)
    for number, form in enumerate(forms, start=1):
        text = _add(_add(book, "fileDscr", ID=f"F{number}"), "fileTxt")
        _add(text, "fileName", form.name)
        _add(text, "fileCont", f"{form.zh} · {form.en}. {WITHHELD}")
        _add(_add(text, "dimensns"), "varQnty", str(len(form.questions)))
    described = _add(book, "dataDscr")
    for number, form in enumerate(forms, start=1):
        for question in form.questions:
            _variable(described, question, f"F{number}")
    ET.indent(book)
    return ET.tostring(book, encoding="utf-8", xml_declaration=True) + b"\n"


def _study(book: ET.Element, data: Dataset) -> None:
    """Add the description of the study.

    It has title, publisher, version, abstract, date, place, kind of data and access.
    """
    described, first = _add(book, "stdyDscr"), data.languages[0]
    citation = _add(described, "citation")
    titles = _add(citation, "titlStmt")
    _add(titles, "titl", data.title_of(first), first)
    for lang in data.languages[1:]:
        _add(titles, "parTitl", data.title_of(lang), lang)
    _add(titles, "IDNo", data.release)
    _add(_add(citation, "rspStmt"), "AuthEnty", data.publisher[first], first)
    _add(_add(citation, "distStmt"), "distrbtr", data.publisher[first], first)
    _add(_add(citation, "verStmt"), "version", data.version)
    info = _add(described, "stdyInfo")
    _add(info, "abstract", data.description())
    summary = _add(info, "sumDscr")
    _add(summary, "timePrd", data.date.isoformat(), date=data.date.isoformat(), event="single")
    _add(summary, "geogCover", data.place[first], first)
    _add(summary, "dataKind", f"survey data; basis: {data.basis}")
    access = _add(_add(described, "dataAccs"), "useStmt")
    _add(access, "restrctn", WITHHELD)
    _add(access, "disclaimer", data.description())


def _variable(parent: ET.Element, question: Question, file: str) -> None:
    """Add a question: labels, range, answers and format, in the order of the schema."""
    kind = KINDS.get(question.kind, "discrete")
    place = {"ID": _identifier(f"{file}.{question.name}"), "name": question.name, "files": file}
    place |= {"measUnit": question.unit} if question.unit else {}
    variable = _add(parent, "var", intrvl=kind, **place)
    _add(variable, "labl", question.zh, "zh")
    _add(variable, "labl", question.en, "en")
    if question.is_identifier:
        _add(variable, "security", IDENTIFIES)
    _add(_add(variable, "qstn"), "qstnLit", question.zh, "zh")
    if ends := {name: end for name, end in (("min", question.low), ("max", question.high)) if end}:
        _add(_add(variable, "valrng"), "range", **UNITS.get(question.kind, {}), **ends)
    for zh, en in question.answers.items():
        answer = _add(variable, "catgry")
        _add(answer, "catValu", zh)
        _add(answer, "labl", zh, "zh")
        _add(answer, "labl", en, "en")
    if question.group:
        _add(variable, "concept", question.group)
    _add(variable, "varFormat", type=FORMATS.get(question.kind, "character"))


def _add(
    parent: ET.Element, tag: str, text: str = "", lang: str = "", /, **more: str
) -> ET.Element:
    """Add an element; more: its attributes."""
    attributes = {LANGUAGE: lang, **more} if lang else more
    child = ET.SubElement(parent, f"{{{NAMESPACE}}}{tag}", attributes)
    child.text = text or None
    return child


def _identifier(text: str) -> str:
    """Return a valid XML identifier: it begins with a letter and has no spaces."""
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", text)
    return plain if plain[:1].isalpha() else f"S{plain}"
