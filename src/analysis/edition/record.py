"""The record of an edition in git, `RECORD.jsonl`: what the edition says, one fact a line.

It lies beside `INPUTS`, which has the hash of every input. Reading it needs no library.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from analysis.edition.input_record import WAVE
from analysis.edition.stage import INPUTS, RECORD
from analysis.survey.folders import printable

CONTRAST = "contrast"
FORMAT = "1"  # increased if earlier readers could not read the record
# Kinds of facts. `edition`: its wave, languages, report, title and label. `title`: of an indicator
# or a district. `definition`: of an indicator, as on its receipts. `verdict`: result of a
# comparison. `sentence`: of a page, in order.
KINDS = (
    "edition",
    "title",
    "definition",
    "number",
    "verdict",
    "figure",
    "table",
    "correction",
    "sentence",
)
REMEDY = "重新生成，或用 git 取回 (cannot be read: build again, or restore it with git)"


@dataclass(frozen=True)
class Fact:
    """One fact of an edition: one line of the record.

    said: its text in each language, or once if all languages say the same. lang: of a sentence,
    which has one line for each language. data: the value of the text, a hash, or the form of a
    verdict, with CONTRAST if the form says which is higher.
    """

    kind: str
    name: str
    said: tuple[str, ...]
    lang: str = ""
    data: str = ""

    def line(self) -> str:
        """Return the fact as a line of JSON, without empty fields."""
        fields = {"kind": self.kind, "name": self.name, "said": list(self.said)}
        fields |= {key: value for key in ("lang", "data") if (value := getattr(self, key))}
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"

    @classmethod
    def parse(cls, line: str) -> Fact:
        """Parse a line; ValueError if it is not a fact."""
        fields = json.loads(line)
        if not isinstance(fields, dict) or fields.get("kind") not in KINDS:
            raise ValueError("not a fact")
        try:
            return cls(**fields | {"said": tuple(map(str, fields["said"]))})
        except (TypeError, KeyError):
            raise ValueError("not a fact") from None


@dataclass(frozen=True)
class EditionRecord:
    """The record of an edition.

    place: its name in messages. commit: its hash, empty for a folder. inputs: hash by name.
    """

    place: str
    facts: tuple[Fact, ...]
    inputs: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""

    def said_once(self, name: str) -> tuple[str, ...]:
        """Return the text of a fact of the kind `edition`; empty if there is none."""
        found = (one.said for one in self.facts if (one.kind, one.name) == ("edition", name))
        return next(found, ())

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the edition, the main one first."""
        return self.said_once("languages")

    def by_language(self, fact: Fact) -> dict[str, str]:
        """Return the text of a fact by language."""
        count = len(self.languages)
        said = fact.said if len(fact.said) == count else fact.said * count
        return dict(zip(self.languages, said, strict=False))


def write_record(facts: Iterable[Fact], path: Path) -> None:
    """Write the facts of an edition, one a line."""
    first = Fact("edition", "format", (FORMAT,))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(one.line() for one in (first, *facts)), encoding="utf-8")


def parse_record(record: str, inputs: str, place: str, commit: str = "") -> EditionRecord:
    """Parse the texts of `RECORD.jsonl` and `INPUTS`; OSError names the line that is wrong."""
    facts = []
    for number, line in enumerate(record.removesuffix("\n").split("\n"), start=1):
        try:
            facts.append(Fact.parse(line))
        except ValueError:
            raise OSError(f"{place}/{RECORD}, line {number}: {REMEDY}") from None
    read = EditionRecord(place, tuple(facts), _states(inputs, place), commit)
    whole = read.languages and read.said_once("wave")
    if read.said_once("format") != (FORMAT,) or not whole:
        raise OSError(f"{place}/{RECORD}: {REMEDY}")
    return read


def _states(inputs: str, place: str) -> dict[str, str]:
    parts = [line.partition("  ") for line in inputs.splitlines()]
    if odd := [number for number, (_, _, name) in enumerate(parts, start=1) if not name]:
        raise OSError(f"{place}/{INPUTS}, line {odd[0]}: {REMEDY}")
    return {name: state for state, _, name in parts if name != WAVE}


def read_edition(folder: Path) -> EditionRecord | None:
    """Read the record in the folder of an edition; None if there is none.

    Raises OSError as `parse_record`.
    """
    record, inputs = folder / RECORD, folder / INPUTS
    if not record.is_file() or not inputs.is_file():
        return None
    try:
        texts = record.read_text("utf-8"), inputs.read_text("utf-8")
    except UnicodeDecodeError:
        raise OSError(f"{printable(str(record))}: {REMEDY}") from None
    return parse_record(*texts, printable(str(folder)))
