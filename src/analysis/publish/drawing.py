"""Post-process the SVG of matplotlib: shorten it, and mark the elements of each county.

The marks of a figure have a gid of `MARKS` with one label for each mark, in drawing order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MARKS = "marks:"
BETWEEN = "\ue000"  # separates two labels: a private character, which no text may hold
MOVED = re.compile(r"translate\((\S+) (\S+)\)")
TURNED = re.compile(r"rotate\((-?0*[1-9][\d.]*)")  # a rotation by other than zero degrees
# a circle as matplotlib draws it, with eight curves
ROUND = re.compile(r"M 0 (\S+) C(?:[^C]*C){7}[^C]*z")
KEPT = ("fill", "stroke", "stroke-width", "stroke-dasharray", "text-anchor", "font-size", "opacity")
PLAIN = {
    "text": {"font-size": "11", "text-anchor": "start", "fill": "#1d2a33"},
    "path": {"stroke-width": "1"},
    "use": {"stroke-width": "1"},
}


def marks(labels: Iterable[str]) -> str:
    """Return the gid of an artist; each label begins with the name of what the mark shows."""
    return MARKS + BETWEEN.join(map(str, labels))


def compact(svg: str, areas: dict[str, str], unit: str = "", phone: bool = False) -> str:
    """Shorten a drawing to tenths of a point, and add the codes of counties to marks and labels.

    areas: {label: code}. A mark gets `data-area` and a tooltip, except on a phone.
    """
    root = ElementTree.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", svg))
    writer = _Writer(areas, unit, phone)
    drawn = [piece for child in root for piece in writer.write(child, [])]
    body = grouped(joined(drawn))
    _, _, width, height = root.get("viewBox").split()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_short(width)}" height="{_short(height)}"'
        f' viewBox="0 0 {_short(width)} {_short(height)}" fill="#1d2a33" font-size="11"'
        f" font-family=\"'Noto Sans SC'\">{body}</svg>"
    )


@dataclass
class Piece:
    """One element of a drawing: position, style, county, label and content."""

    tag: str
    place: dict[str, str]
    look: dict[str, str]
    area: str = ""
    inside: str = ""

    def __str__(self) -> str:
        area = {"data-area": self.area} if self.area else {}
        return _element(self.tag, self.place | area, self.inside)


def joined(pieces: list[Piece]) -> list[Piece]:
    """Join plain lines of the same style into one path; text between them does not matter."""
    kept = []
    for piece in pieces:
        before = next((p for p in reversed(kept) if p.tag != "text"), None)
        plain = piece.tag == "path" and not (piece.area or piece.inside) and before is not None
        if plain and (before.tag, before.look, before.area, before.inside) == (
            "path",
            piece.look,
            "",
            "",
        ):
            before.place = {"d": before.place["d"] + piece.place["d"]}
        else:
            kept.append(piece)
    return kept


def grouped(pieces: list[Piece]) -> str:
    """Return elements as SVG; adjacent ones of the same style become a group with that style."""
    written = []
    for look, group in groupby(pieces, key=lambda piece: piece.look):
        first, *others = group
        if look and others:
            written.append(_element("g", look, "".join(map(str, [first, *others]))))
        else:
            written += map(str, [replace(first, place=first.place | look), *others])
    return "".join(written)


def _element(tag: str, attributes: dict[str, str], inside: str) -> str:
    said = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{tag}{said}>{inside}</{tag}>" if inside else f"<{tag}{said}/>"


class _Writer:
    def __init__(self, areas: dict[str, str], unit: str, phone: bool) -> None:
        self.areas, self.unit, self.phone, self.ids = areas, unit, phone, {}

    def write(self, element: Element, waiting: list[str]) -> list[Piece]:
        """Return the pieces of an element; `waiting`: labels of the next marks in its group."""
        tag = element.tag.rpartition("}")[2]
        name = element.get("id", "")
        if tag == "g":
            waiting = name.removeprefix(MARKS).split(BETWEEN) if name.startswith(MARKS) else waiting
            return [piece for child in element for piece in self.write(child, waiting)]
        if tag == "defs":
            shapes = [child for child in element if child.tag.endswith("}path")]
            return (
                [Piece("defs", {}, {}, inside="".join(map(self._shape, shapes)))] if shapes else []
            )
        if tag not in PLAIN or self._unseen(tag, element):
            return []
        return [self._mark(tag, element, waiting.pop(0) if waiting else "")]

    def _unseen(self, tag: str, element: Element) -> bool:
        look = _style(element)
        empty = look.get("fill") == "none" and look.get("stroke", "none") == "none"
        return tag == "path" and (empty or not element.get("d"))

    def _shape(self, element: Element) -> str:
        self.ids[element.get("id")] = name = f"m{len(self.ids)}"
        if circle := ROUND.fullmatch(" ".join(element.get("d").split())):
            return _element("circle", {"id": name, "r": _short(circle[1])}, "")
        return _element("path", {"id": name, "d": _path(element.get("d"))}, "")

    def _mark(self, tag: str, element: Element, label: str) -> Piece:
        text = (element.text or "").strip() if tag == "text" else ""
        place = {key: _short(value) for key, value in zip("xy", _at(element), strict=False)}
        if turn := TURNED.search(element.get("transform", "")):
            place["transform"] = f"rotate({turn[1]} {place['x']} {place['y']})"
        if tag == "path":
            place["d"] = _path(element.get("d"))
        if tag == "use":
            link = element.get("{http://www.w3.org/1999/xlink}href")
            place["href"] = f"#{self.ids[link[1:]]}"
        look = {k: v for k, v in _style(element).items() if PLAIN[tag].get(k) != v}
        inside = escape(text, quote=False)
        if label and tag != "text" and not self.phone and label not in self.areas:
            inside = f"<title>{escape(label + self.unit, quote=False)}</title>"
        return Piece(tag, place, look, self._area(label or text), inside)

    def _area(self, label: str) -> str:
        found = [name for name in self.areas if label == name or label.startswith(f"{name} ")]
        return self.areas[max(found, key=len)] if found else ""


def _at(element: Element) -> tuple[str | None, ...]:
    """Return the position of an element, if given; a line among several is moved there."""
    if element.get("x"):
        return element.get("x"), element.get("y")
    moved = MOVED.search(element.get("transform", ""))
    return moved.groups() if moved else ()


def _style(element: Element) -> dict[str, str]:
    pairs = [part.partition(":") for part in element.get("style", "").split(";") if part.strip()]
    given = {
        key.strip(): value.strip().removesuffix("px").replace("#ffffff", "#fff")
        for key, _, value in pairs
    }
    if "stroke-width" in given:
        given["stroke-width"] = _short(given["stroke-width"])
    return {key: value for key, value in given.items() if key in KEPT}


def _path(d: str) -> str:
    """Return a path without redundant spaces and zeros, with short commands for lines."""
    written, before = [], ("", "")
    for letter, numbers in re.findall(r"([A-Za-z])([^A-Za-z]*)", d):
        points = [_short(number) for number in numbers.split()]
        x, y = points[-2:] if points else before
        if letter == "L" and y == before[1]:
            written.append(f"H{x}")
        elif letter == "L" and x == before[0]:
            written.append(f"V{y}")
        else:
            written.append(letter + " ".join(points))
        before = (x, y)
    return "".join(written)


def _short(number: str) -> str:
    return f"{float(number):.1f}".replace("-0.0", "0").removesuffix(".0")
