"""List the program that makes each figure, each table and each number in the text of the report.

The list is read from the published page: every figure and table links to the cell that draws it,
and every number has the name of an estimate, whose row in `estimates.csv` gives notebook and cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

import pandas as pd

EXHIBITS = {"fig": "figure", "tab": "table"}
ANCHOR = re.compile(r"(fig|tab)-(\w+)")
CODE = re.compile(r"([^/]+)\.html#c-(.+)")
RECEIPT = re.compile(r"#r-(.+)")
TITLE, NO, NUMBER = "title", "no", "number"


@dataclass(frozen=True)
class Program:
    """An item shown in the report, with the notebook and cell that make it.

    kind: figure, table or number. label: its number on the page, or its name. text: its title or
    printed value.
    """

    kind: str
    label: str
    text: str
    notebook: str
    cell: str


class _Page(HTMLParser):
    """Parser that collects the figures, tables and numbers of a published page, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.exhibits: list[dict[str, str]] = []
        self.numbers: dict[str, str] = {}
        self._open: list[tuple[str, str]] = []  # elements whose text is collected: tag, purpose
        self._name = ""
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "main":
            self._inside = True
        if found := ANCHOR.fullmatch(given.get("id", "")):
            self.exhibits.append({"kind": EXHIBITS[found[1]], "id": found[2], TITLE: "", NO: ""})
        if self.exhibits and (code := CODE.search(given.get("href", ""))):
            self.exhibits[-1].setdefault("notebook", code[1])
            self.exhibits[-1].setdefault("cell", code[2])
        self._begin(tag, given)

    def _begin(self, tag: str, given: dict[str, str]) -> None:
        """Register an element whose text is collected, or one inside it."""
        receipt = RECEIPT.fullmatch(given.get("href", ""))
        name = given.get("data-r") or (receipt[1] if receipt else "")
        if name and self._inside:
            self._name = name
            self._open.append((tag, NUMBER))
        elif tag == "span" and given.get("class") in (TITLE, NO) and self.exhibits:
            self._open.append((tag, given["class"]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "main":
            self._inside = False
        if self._open and self._open[-1][0] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        wanted = [what for _, what in self._open]
        if NUMBER in wanted:
            self.numbers.setdefault(self._name, data)
        if NO in wanted:
            self.exhibits[-1][NO] += data
        elif TITLE in wanted:
            self.exhibits[-1][TITLE] += data


def programs(page: str, estimates: pd.DataFrame) -> Iterator[Program]:
    """Yield the figures and tables of a report in order, then each number of its text once.

    page: the report as published. estimates: the published table. Numbers whose name is not that of
    an estimate, such as labels of a drawing, are left out.
    """
    read = _Page(page)
    for one in read.exhibits:
        if "cell" in one and one[NO]:
            title = " ".join(one[TITLE].split())
            yield Program(one["kind"], one[NO].strip(), title, one["notebook"], one["cell"])
    known = estimates.set_index("name")[["notebook", "cell"]]
    for name, text in read.numbers.items():
        if name in known.index:
            yield Program("number", name, text, *known.loc[name])
