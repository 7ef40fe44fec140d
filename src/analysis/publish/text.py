"""Texts of a report: Markdown, numbers and references, kept apart until a format renders them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from html import unescape
from itertools import chain

BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
ACTIVE = re.compile(r"""[!"#$&'()*+\-.:<=>@\[\\\]^_`{|}~]|^ | (?= |$)""")


def literal(text: str) -> str:
    """Return a text so that Markdown and HTML show it as it is, on one line.

    What could mean something there becomes an entity, which pandoc and the Markdown of notebooks
    take for the sign, never for markup.
    """
    return ACTIVE.sub(lambda sign: f"&#{ord(sign[0])};", BREAKS.sub(" ", str(text)))


class Structured:
    """Base of what is no string, which would lose the names of numbers."""

    def __str__(self) -> str:
        raise TypeError(f"{self!r} is no string: words take it by name, as {{{{ certified }}}}")


@dataclass(frozen=True)
class NumberSpan(Structured):
    """A number as a text prints it. linked: whether it leads to its receipt."""

    name: str
    text: str
    linked: bool = True


@dataclass(frozen=True)
class Reference(Structured):
    """A figure or table that a text refers to, by its anchor on the page: `fig-compliance`."""

    anchor: str


class References(Structured):
    """The figures, or the tables, as words refer to them: `{{ figure.compliance }}`."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def __getitem__(self, name: str) -> Reference:
        return Reference(f"{self.prefix}-{name}")


@dataclass(frozen=True)
class Text(Structured):
    """Pieces in the order of reading; strings are Markdown, in which all data is `literal`."""

    pieces: tuple[str | NumberSpan | Reference, ...] = ()

    @classmethod
    def of(cls, parts: Iterable[str | NumberSpan | Reference | Text]) -> Text:
        """Put parts together; strings beside each other become one."""
        joined: list = [""]
        for piece in chain.from_iterable(p.pieces if isinstance(p, Text) else [p] for p in parts):
            if isinstance(piece, str) and isinstance(joined[-1], str):
                joined[-1] += piece
            else:
                joined.append(piece)
        return cls(tuple(filter(None, joined)))

    @classmethod
    def from_json(cls, pieces: list) -> Text:
        """Read a text from the list that `json` gives."""
        return cls(tuple(map(_piece, pieces)))

    @property
    def json(self) -> list:
        """The pieces as the metadata of an output keep them: strings and objects."""
        return [piece if isinstance(piece, str) else asdict(piece) for piece in self.pieces]

    def write(
        self,
        string: Callable[[str], str],
        number: Callable[[NumberSpan], str],
        reference: Callable[[Reference], str],
    ) -> str:
        """Return the text in one format: each piece as the function of its kind writes it."""
        by_kind = {str: string, NumberSpan: number, Reference: reference}
        return "".join(by_kind[type(piece)](piece) for piece in self.pieces)

    @property
    def markdown(self) -> str:
        """The text as Markdown of words alone; a reference as the anchor in brackets."""
        return self.write(str, lambda one: literal(one.text), lambda one: f"[{one.anchor}]")

    @property
    def plain(self) -> str:
        """The text without markup; a reference as the anchor in brackets."""
        return self.write(unescape, lambda one: one.text, lambda one: f"[{one.anchor}]")

    @property
    def names(self) -> list[str]:
        """The names of the numbers, in order."""
        return [piece.name for piece in self.pieces if isinstance(piece, NumberSpan)]

    @property
    def unlinked(self) -> Text:
        """The text with numbers that keep their names and lead nowhere."""
        return Text(
            tuple(replace(p, linked=False) if isinstance(p, NumberSpan) else p for p in self.pieces)
        )


def _piece(piece: str | dict) -> str | NumberSpan | Reference:
    if isinstance(piece, str):
        return piece
    return Reference(**piece) if "anchor" in piece else NumberSpan(**piece)


def names_of(report: dict) -> list[str]:
    """Name the numbers of an output in the order of reading: in its words, then in its table."""
    lines = [line for tile in report.get("tiles", []) for line in tile.values()]
    texts = [report[part] for part in ("text", "title", "subtitle") if part in report]
    said = chain.from_iterable(Text.from_json(pieces).names for pieces in [*texts, *lines])
    table = report.get("table", {})
    shown = chain(table.get("heads", []), *table.get("receipts", []))
    return [*said, *filter(None, shown)]
