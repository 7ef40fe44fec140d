"""Positions of the counties' tiles in a tile figure, which is not a map."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from analysis.survey.study import study


def placed(codes: Iterable[str]) -> bool:
    """Return whether the position of every county is known, so that tiles resemble a map."""
    return set(codes) <= set(study().tiles)


def tile_places(codes: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return column and row of each tile; in the order given if a position is unknown."""
    if placed(codes):
        return {code: study().tiles[code] for code in codes}
    width = math.ceil(math.sqrt(len(codes)))
    return {code: (place % width, place // width) for place, code in enumerate(codes)}


def extent(places: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """Return the number of columns and rows of the tiles, at least three by four."""
    columns, rows = zip(*places.values(), strict=True)
    return max(3, max(columns) + 1), max(4, max(rows) + 1)
