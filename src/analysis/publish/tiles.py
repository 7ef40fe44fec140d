"""Where the tile of each county lies in a figure of tiles, which is no map."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from analysis.survey.study import study


def placed(codes: Iterable[str]) -> bool:
    """Tell whether the place of every county is known, so that tiles lie roughly as the counties
    do.
    """
    return set(codes) <= set(study().tiles)


def tile_places(codes: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return column and row of each tile: where the county lies; in the order given if one is
    unknown.
    """
    if placed(codes):
        return {code: study().tiles[code] for code in codes}
    width = math.ceil(math.sqrt(len(codes)))
    return {code: (place % width, place // width) for place, code in enumerate(codes)}


def extent(places: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """Return how many columns and rows tiles take, at least three by four."""
    columns, rows = zip(*places.values(), strict=True)
    return max(3, max(columns) + 1), max(4, max(rows) + 1)
