"""Texts of a report: Markdown, numbers and references, kept separate until they are rendered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from html import unescape
from itertools import chain

BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
ACTIVE = re.compile(r"""[!"#$&'()*+\-.:<=>@\[\\\]^_`{|}~]|^ | (?= |$)""")


def literal(text: str) -> str:
    """Return a text escaped so that Markdown and HTML show it unchanged, on one line.

    Characters with a meaning in either become entities, which pandoc and the Markdown of notebooks
    read as the characters, never as markup.
    """
    return ACTIVE.sub(lambda sign: f"&#{ord(sign[0])};", BREAKS.sub(" ", str(text)))


class Structured:
    """Base class of pieces that are not strings; a string would lose the names of numbers."""

    def __str__(self) -> str:
        raise TypeError(f"{self!r} is no string: words take it by name, as {{{{ certified }}}}")


@dataclass(frozen=True)
class NumberSpan(Structured):
    """A number as printed in a text. linked: whether it links to its receipt."""

    name: str
    text: str
    linked: bool = True


@dataclass(frozen=True)
class Reference(Structured):
    """Reference to a figure or table, by its anchor on the page: `fig-compliance`."""

    anchor: str


class References(Structured):
    """References to figures, or to tables, for templates: `{{ figure.compliance }}`."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def __getitem__(self, name: str) -> Reference:
        return Reference(f"{self.prefix}-{name}")


@dataclass(frozen=True)
class Text(Structured):
    """Pieces in reading order; strings are Markdown, in which all data are `literal`."""

    pieces: tuple[str | NumberSpan | Reference, ...] = ()

    @classmethod
    def of(cls, parts: Iterable[str | NumberSpan | Reference | Text]) -> Text:
        """Return a text joined from parts; adjacent strings are merged."""
        joined: list = [""]
        for piece in chain.from_iterable(p.pieces if isinstance(p, Text) else [p] for p in parts):
            if isinstance(piece, str) and isinstance(joined[-1], str):
                joined[-1] += piece
            else:
                joined.append(piece)
        return cls(tuple(filter(None, joined)))

    @classmethod
    def from_json(cls, pieces: list) -> Text:
        """Return the text of a list made by `json`."""
        return cls(tuple(map(_piece, pieces)))

    @property
    def json(self) -> list:
        """Pieces as stored in the metadata of an output: strings and objects."""
        return [piece if isinstance(piece, str) else asdict(piece) for piece in self.pieces]

    def write(
        self,
        string: Callable[[str], str],
        number: Callable[[NumberSpan], str],
        reference: Callable[[Reference], str],
    ) -> str:
        """Return the text in one format, with each piece written by the function of its kind."""
        by_kind = {str: string, NumberSpan: number, Reference: reference}
        return "".join(by_kind[type(piece)](piece) for piece in self.pieces)

    @property
    def markdown(self) -> str:
        """Text as Markdown without links; a reference is its anchor in brackets."""
        return self.write(str, lambda one: literal(one.text), lambda one: f"[{one.anchor}]")

    @property
    def plain(self) -> str:
        """Text without markup; a reference is its anchor in brackets."""
        return self.write(unescape, lambda one: one.text, lambda one: f"[{one.anchor}]")

    @property
    def names(self) -> list[str]:
        """Names of the numbers, in order."""
        return [piece.name for piece in self.pieces if isinstance(piece, NumberSpan)]

    @property
    def unlinked(self) -> Text:
        """Text whose numbers keep their names but are not linked."""
        return Text(
            tuple(replace(p, linked=False) if isinstance(p, NumberSpan) else p for p in self.pieces)
        )


def _piece(piece: str | dict) -> str | NumberSpan | Reference:
    if isinstance(piece, str):
        return piece
    return Reference(**piece) if "anchor" in piece else NumberSpan(**piece)


def names_of(report: dict) -> list[str]:
    """Return the names of the numbers in an output in reading order: its text, then its table."""
    lines = [line for tile in report.get("tiles", []) for line in tile.values()]
    texts = [report[part] for part in ("text", "title", "subtitle") if part in report]
    said = chain.from_iterable(Text.from_json(pieces).names for pieces in [*texts, *lines])
    table = report.get("table", {})
    shown = chain(table.get("heads", []), *table.get("receipts", []))
    return [*said, *filter(None, shown)]
