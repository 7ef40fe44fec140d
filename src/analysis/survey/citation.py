"""Citations: which rows of which files a number was computed from, as text that people and programs
read.

    110101_甲区.xlsx!社区基本情况 6-24,26-41   rows of a sheet, numbered as in the workbook
    policy_register.csv 2-9                    lines of a reference table; alone, all of it
    110101_甲区.xlsx!花名册 *                  people of a sheet: rows would tell of each
    estimates.csv!compliant.110101             another estimate, with citations of its own

Several are joined by `; `. Every row that was counted is cited and no other: no subtotal, no blank
row, and no row outside the domain of an estimate. The domain of a share or mean are the rows that
it is taken of, its denominator. Of tables of people the sheets are cited: which rows were counted
would tell of each person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

ESTIMATES = "estimates.csv"
RANGES = re.compile(r"\*|\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*")
TABLE = re.compile(r"\w+\.csv")


@dataclass(frozen=True)
class Citation:
    """One file, sheet and its rows, or (with `name`) one estimate.

    file: a workbook of the wave, a table of the references, or estimates.csv. spans: (first, last),
    in order; none where a whole table is meant, or people of a sheet.
    """

    file: str
    sheet: str = ""
    spans: tuple[tuple[int, int], ...] = ()
    name: str = ""

    @property
    def count(self) -> int:
        """How many rows are cited."""
        return sum(last - first + 1 for first, last in self.spans)

    @property
    def place(self) -> str:
        """File and sheet, or the estimate, without the rows."""
        return "!".join(filter(None, (self.file, self.sheet or self.name)))

    @property
    def ranges(self) -> str:
        """The rows as text: `6-24,26`; of people `*`."""
        if self.sheet and not self.spans:
            return "*"
        return ",".join(
            str(first) if first == last else f"{first}-{last}" for first, last in self.spans
        )

    def __str__(self) -> str:
        return f"{self.place} {self.ranges}".rstrip()


def cite(rows: pd.DataFrame) -> str:
    """Cite rows of a clean table (columns workbook, sheet, row), or lines of a reference table by
    its index.

    `attrs["table"]` names the reference table. Rows that stand in the frame twice are cited once.
    """
    if "workbook" not in rows:
        # the first line holds the names of the columns
        lines = (int(label) + 2 for label in rows.index)
        return str(Citation(f"{rows.attrs['table']}.csv", spans=spans(lines)))
    places: dict[tuple[str, str], list[int]] = {}
    for book, sheet, row in zip(rows["workbook"], rows["sheet"], rows["row"], strict=True):
        places.setdefault((book, sheet), []).append(row)
    return "; ".join(
        str(Citation(book, sheet, spans(found))) for (book, sheet), found in sorted(places.items())
    )


def cite_sheets(rows: pd.DataFrame) -> str:
    """Cite the sheets that rows stand in, without saying which rows."""
    places = sorted(set(zip(rows["workbook"], rows["sheet"], strict=True)))
    return "; ".join(str(Citation(book, sheet)) for book, sheet in places)


def cite_estimates(names: Iterable[str]) -> str:
    """Cite other estimates by name."""
    return "; ".join(str(Citation(ESTIMATES, name=name)) for name in names)


def spans(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Join whole numbers to ranges of consecutive ones: 6, 7, 9 are (6, 7), (9, 9)."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return tuple((int(first), int(last)) for first, last in found)


def parse(text: str) -> list[Citation]:
    """Read citations; ValueError quotes what is none."""
    found, waiting = [], ""
    for piece in text.split("; ") if text else ():
        # the name of a file may hold what joins them
        waiting = f"{waiting}; {piece}" if waiting else piece
        if (part := _citation(waiting)) is not None:
            found.append(part)
            waiting = ""
    if waiting:
        raise ValueError(f"no citation: {waiting!r}")
    return found


def rows_behind(text: str, sources: dict[str, str]) -> list[Citation]:
    """Follow the estimates among citations, through `sources` by name, down to files; each file and
    sheet once.
    """
    found, waiting, seen = {}, [text], set()
    for one in waiting:  # grows while it is read
        for part in parse(one):
            if part.name and part.name not in seen:
                seen.add(part.name)
                waiting.append(sources[part.name])
            elif not part.name:
                before = found.get(part.place, part)
                found[part.place] = _joined(before, part)
    return list(found.values())


def _joined(one: Citation, other: Citation) -> Citation:
    if one.spans == other.spans or not (one.spans and other.spans):
        return one if not one.spans else other
    rows = (row for first, last in (*one.spans, *other.spans) for row in range(first, last + 1))
    return Citation(one.file, one.sheet, spans(rows))


def _citation(text: str) -> Citation | None:
    """Read one citation; None where the text is none, or not yet whole."""
    if text.startswith(f"{ESTIMATES}!"):
        return Citation(ESTIMATES, name=text.partition("!")[2])
    if TABLE.fullmatch(text):
        return Citation(text)
    place, _, ranges = text.rpartition(" ")
    if not RANGES.fullmatch(ranges):
        return None
    ends = (part.partition("-") for part in ranges.split(",") if ranges != "*")
    found = tuple((int(first), int(last or first)) for first, _, last in ends)
    file, _, sheet = place.partition("!")
    return Citation(file, sheet, found) if sheet or TABLE.fullmatch(file) else None
