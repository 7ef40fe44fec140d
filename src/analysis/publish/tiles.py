"""Where the tile of each county lies in a figure of tiles, which is no map."""

from __future__ import annotations

import math

# Where each county lies, roughly: column and row from the north-west; no boundary.
TILES = {
    "331023": (1, 0),
    "331022": (2, 0),
    "331024": (0, 1),
    "331082": (1, 1),
    "331002": (2, 1),
    "331003": (1, 2),
    "331004": (2, 2),
    "331083": (1, 3),
    "331081": (2, 3),
}


def placed(codes) -> bool:
    """Tell whether the place of every county is known, so that tiles lie roughly as the counties do."""
    return set(codes) <= set(TILES)


def tile_places(codes) -> dict[str, tuple[int, int]]:
    """Return column and row of each tile: where the county lies; in the order given if one is unknown."""
    if placed(codes):
        return {code: TILES[code] for code in codes}
    width = math.ceil(math.sqrt(len(codes)))
    return {code: (place % width, place // width) for place, code in enumerate(codes)}


def extent(places: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """Return how many columns and rows tiles take, at least those of the nine counties."""
    columns, rows = zip(*places.values(), strict=True)
    return max(3, max(columns) + 1), max(4, max(rows) + 1)
