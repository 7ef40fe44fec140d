"""Draw the steps of a build as docs/how-it-works*.svg draw them: `python tools/steps_picture.py`.

The boxes and arrows are those of the plan (`analysis build --explain` lists the same steps): one
box a notebook, one for all pages, an arrow where a step needs what another makes. Arrows that
follow from others are left out.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from graphlib import TopologicalSorter
from html import escape
from pathlib import Path

from analysis.plan.tasks import Edition
from analysis.survey.folders import root, usual_wave

FILES = {"zh": "how-it-works.zh.svg", "en": "how-it-works.svg"}
WORDS = {  # boxes that are no notebook
    "workbooks": {"zh": "上报的工作簿", "en": "workbooks as handed in"},
    "clean": {"zh": "读入、更正、核查、清洗", "en": "read, correct, check, clean"},
    "districts": {"zh": "各县（市、区）可公布的数", "en": "what each county may say"},
    "facts": {"zh": "每个数的出处", "en": "receipts of the numbers"},
    "page": {"zh": "网页、图、表", "en": "pages, figures, tables"},
    "documents": {"zh": "Word、PDF、工作簿", "en": "Word, PDF, workbook"},
    "landing": {"zh": "首页", "en": "first page"},
    "record": {"zh": "本版内容记录", "en": "record of the edition"},
}
KINDS = {"what each county may say": "districts"}
TITLE = {"zh": "从工作簿到报告的各步", "en": "The steps from workbooks to report"}
HEADING = re.compile(r"# (.+)")
WIDTH, HEIGHT, ACROSS, DOWN, MARGIN = 188, 40, 44, 12, 12
BROAD = 25  # letters that a line of a box holds
STYLE = (
    "text{font:13px system-ui,'Noto Sans SC',sans-serif;fill:#1f2933}"
    "rect{fill:#eef3f8;stroke:#7b8794}rect.notebook{fill:#fff}path{fill:none;stroke:#9aa5b1}"
)


def box_of(task: str) -> str:
    """Return the box that a task belongs to: a notebook's name, or one of WORDS."""
    if found := re.match(r"\d\d_[a-z_]*[a-z]", task):
        return found[0]
    return KINDS.get(task, task.partition(" ")[0])


def boxes_and_arrows() -> tuple[Counter[str], dict[str, set[str]]]:
    """Return how many steps each box has, and the boxes that each needs."""
    tasks = Edition(root() / "data/raw", usual_wave(), "warm").tasks()
    maker = {path: box_of(task.name) for task in tasks for path in task.makes}
    needs: dict[str, set[str]] = {"workbooks": set(), "clean": {"workbooks"}}
    for task in tasks:
        box = box_of(task.name)
        needs.setdefault(box, set()).update(maker[path] for path in task.made)
        needs[box].discard(box)
    return Counter(box_of(task.name) for task in tasks), reduced(needs)


def reduced(needs: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the needs of each box without those implied by its other needs."""

    @cache
    def behind(box: str) -> frozenset[str]:
        return frozenset(needs[box]).union(*map(behind, needs[box]))

    return {
        box: {one for one in direct if not any(one in behind(other) for other in direct)}
        for box, direct in needs.items()
    }


def places(needs: dict[str, set[str]]) -> dict[str, tuple[int, float]]:
    """Place each box: its column after all that it needs, its row near theirs."""
    column: dict[str, int] = {}
    for box in TopologicalSorter(needs).static_order():
        column[box] = max((column[one] + 1 for one in needs[box]), default=0)
    rows: dict[str, float] = {}
    for number in range(max(column.values()) + 1):
        rows |= spread({box: near(needs[box], rows) for box in column if column[box] == number})
    top = min(rows.values())
    return {box: (column[box], row - top) for box, row in rows.items()}


def near(needed: set[str], rows: dict[str, float]) -> float:
    """Return the mean of the rows of what a box needs."""
    return sum(rows[one] for one in needed) / max(len(needed), 1)


def spread(wanted: dict[str, float]) -> dict[str, float]:
    """Return a row for each box of a column, in the order of those wanted, around their middle."""
    order = sorted(wanted, key=lambda box: (wanted[box], box))
    rows: list[float] = []
    for box in order:
        rows.append(max(wanted[box], rows[-1] + 1) if rows else wanted[box])
    shift = sum(rows) / len(rows) - sum(wanted.values()) / len(wanted)
    return {box: round(2 * (row - shift)) / 2 for box, row in zip(order, rows, strict=True)}


def label(box: str, count: int, lang: str) -> str:
    """Return what stands in a box: the title of a notebook with its number, or words."""
    times = f" ×{count}" if count > 1 else ""
    if box in WORDS:
        return WORDS[box][lang] + times
    cells = json.loads((root() / f"notebooks/{box}.ipynb").read_text("utf-8"))["cells"]
    wanted = {"zh": "title", "en": "title-en"}[lang]
    titles = {
        cell["id"]: "".join(cell["source"]) for cell in cells if cell["id"].startswith("title")
    }
    found = HEADING.search(titles.get(wanted, "")) if "{" not in titles.get(wanted, "{") else None
    return f"{box[:2]} {found[1] if found else box[3:].replace('_', ' ')}{times}"


def draw(lang: str) -> str:
    """Return the picture as SVG."""
    counts, needs = boxes_and_arrows()
    at = {
        box: (MARGIN + column * (WIDTH + ACROSS), MARGIN + int(row * (HEIGHT + DOWN)))
        for box, (column, row) in places(needs).items()
    }
    right = max(x for x, _ in at.values()) + WIDTH + MARGIN
    bottom = max(y for _, y in at.values()) + HEIGHT + MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right} {bottom}" role="img" '
        f'lang="{lang}">',
        f"<title>{TITLE[lang]}</title><style>{STYLE}</style>",
        *(_arrow(at[one], at[box]) for box in sorted(needs) for one in sorted(needs[box])),
        *(_box(box, at[box], label(box, counts[box], lang)) for box in sorted(needs)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    x, y, to_x, to_y = start[0] + WIDTH, start[1] + HEIGHT // 2, end[0], end[1] + HEIGHT // 2
    middle = (x + to_x) // 2
    return f'<path d="M{x} {y}C{middle} {y} {middle} {to_y} {to_x} {to_y}"/>'


def _box(box: str, place: tuple[int, int], text: str) -> str:
    x, y = place
    kind = "" if box in WORDS else ' class="notebook"'
    lines = _wrapped(text)
    first = y + HEIGHT // 2 + 5 - 8 * (len(lines) - 1)
    words = "".join(
        f'<text x="{x + 8}" y="{first + 16 * i}">{escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    return f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="4"{kind}/>{words}'


def _wrapped(text: str) -> list[str]:
    """Break a label into at most two lines as wide as a box; Chinese characters count twice."""
    lines = [""]
    for part in re.findall(r"[一-鿿（）、，]|[^一-鿿（）、，\s–-]+[\s–-]?|\s", text):
        if _width(lines[-1] + part.rstrip()) > BROAD:
            if len(lines) == 2:
                lines[-1] = lines[-1].rstrip() + "…"
                break
            lines.append("")
        lines[-1] += part
    return [line.strip() for line in lines]


def _width(text: str) -> int:
    return sum(2 if ord(one) > 0x2E80 else 1 for one in text)


def main() -> None:
    """Write the pictures."""
    for lang, name in FILES.items():
        Path(root() / "docs" / name).write_text(draw(lang), "utf-8")


if __name__ == "__main__":
    main()
