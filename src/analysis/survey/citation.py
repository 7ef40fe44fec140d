"""Citations: the rows of files from which a number was computed, as text.

    110101_甲区.xlsx!社区基本情况 6-24,26-41   rows of a sheet, numbered as in the workbook
    policy_register.csv 2-9                    lines of a reference table; without lines: all
    110101_甲区.xlsx!花名册 *                  a sheet of people; rows could identify a person
    estimates.csv!compliant.110101             another estimate, which has its own citations

Citations are joined by `; `. Exactly the counted rows are cited: no subtotals, no blank rows, and
no rows outside the domain of an estimate. The domain of a share or mean is its denominator. For
tables of people only the sheets are cited, since the counted rows would disclose facts about each
person.
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
    """One file with sheet and rows, or (with `name`) one estimate.

    file: a workbook of the wave, a reference table, or estimates.csv. spans: (first, last) row
    numbers in order; empty for a whole table and for a sheet of people.
    """

    file: str
    sheet: str = ""
    spans: tuple[tuple[int, int], ...] = ()
    name: str = ""

    @property
    def count(self) -> int:
        """Number of cited rows."""
        return sum(last - first + 1 for first, last in self.spans)

    @property
    def place(self) -> str:
        """File and sheet, or the estimate, without the rows."""
        return "!".join(filter(None, (self.file, self.sheet or self.name)))

    @property
    def ranges(self) -> str:
        """Row numbers as text, `6-24,26`; `*` for a sheet of people."""
        if self.sheet and not self.spans:
            return "*"
        return ",".join(
            str(first) if first == last else f"{first}-{last}" for first, last in self.spans
        )

    def __str__(self) -> str:
        return f"{self.place} {self.ranges}".rstrip()


def cite(rows: pd.DataFrame) -> str:
    """Return the citation of rows of a clean table or a reference table.

    Rows of a clean table are located by its columns workbook, sheet and row. Lines of a reference
    table are located by its index; `attrs["table"]` is its name. Repeated rows are cited once.
    """
    if "workbook" not in rows:
        # the first line of the file is its header
        lines = (int(label) + 2 for label in rows.index)
        return str(Citation(f"{rows.attrs['table']}.csv", spans=spans(lines)))
    places: dict[tuple[str, str], list[int]] = {}
    for book, sheet, row in zip(rows["workbook"], rows["sheet"], rows["row"], strict=True):
        places.setdefault((book, sheet), []).append(row)
    return "; ".join(
        str(Citation(book, sheet, spans(found))) for (book, sheet), found in sorted(places.items())
    )


def cite_sheets(rows: pd.DataFrame) -> str:
    """Return the citation of the sheets of some rows, without row numbers."""
    places = sorted(set(zip(rows["workbook"], rows["sheet"], strict=True)))
    return "; ".join(str(Citation(book, sheet)) for book, sheet in places)


def cite_estimates(names: Iterable[str]) -> str:
    """Return the citation of other estimates by name."""
    return "; ".join(str(Citation(ESTIMATES, name=name)) for name in names)


def spans(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Return whole numbers as ranges of consecutive ones: 6, 7, 9 give (6, 7), (9, 9)."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return tuple((int(first), int(last)) for first, last in found)


def parse(text: str) -> list[Citation]:
    """Parse citations from text; ValueError quotes the part that is not a citation."""
    found, waiting = [], ""
    for piece in text.split("; ") if text else ():
        # a file name may contain the separator
        waiting = f"{waiting}; {piece}" if waiting else piece
        if (part := _citation(waiting)) is not None:
            found.append(part)
            waiting = ""
    if waiting:
        raise ValueError(f"no citation: {waiting!r}")
    return found


def rows_behind(text: str, sources: dict[str, str]) -> list[Citation]:
    """Return the citations of files behind `text`, one for each file and sheet.

    Citations of estimates are resolved by `sources`, which maps the name of an estimate to its
    citations.
    """
    found, waiting, seen = {}, [text], set()
    for one in waiting:  # the list grows during the loop
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
    """Parse one citation; None if the text is not one, or not complete."""
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
