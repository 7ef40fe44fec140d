"""The counties that must report: those of the frame in the repository that one works in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import pandas as pd

from analysis.survey.repository import reference, root

CITY = "331000"


class Counties(Mapping):
    """Map the codes of the counties to their names, in the order of `counties.csv`, read when first asked for."""

    def __getitem__(self, code: str) -> str:
        return _names(root())[code]

    def __iter__(self) -> Iterator[str]:
        return iter(_names(root()))

    def __len__(self) -> int:
        return len(_names(root()))


@cache
def _names(_root) -> dict[str, str]:
    return names_of(reference("counties"))


def names_of(table: pd.DataFrame) -> dict[str, str]:
    """Map code to name for the rows of `counties.csv` that are counties: one row is the city's."""
    rows = table[table["gb2260"] != CITY]
    return dict(zip(rows["gb2260"], rows["name_zh"], strict=True))


COUNTIES = Counties()
