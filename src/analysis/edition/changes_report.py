"""Report of the changes between two editions: short for the terminal, full as `changes.html`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.edition.input_changes import InputChange, input_changes
from analysis.edition.record import EditionRecord
from analysis.edition.stage import CHANGES, edition_folder
from analysis.edition.what_moved import Moved, compare
from analysis.survey.ownership import hash_of, made, mark, put

WIDEST = 110  # characters of a line in the terminal


@dataclass(frozen=True)
class Group:
    """Changes of one kind; most: the number that the terminal shows."""

    id: str
    zh: str
    en: str
    most: int

    @property
    def title(self) -> str:
        """The title for the terminal."""
        return f"{self.zh} ({self.en})"


GROUPS = (
    Group("number", "数变动", "numbers as printed", 8),
    Group("verdict", "比较结论改变", "verdicts of comparisons", 4),
    Group("sentence", "文字改变", "sentences, by cell", 3),
    Group("drawing", "图表改变", "figures and tables", 4),
    Group("named", "名称、标识和定义改变", "titles, labels and definitions", 2),
    Group(
        "beneath", "印出的数不变，数值、区间或样本量变动", "value, interval or n, not as printed", 1
    ),
)
CAUSES = Group("cause", "改了什么", "inputs that differ", 5)
GROUP_OF = {
    "figure": "drawing",
    "table": "drawing",
    "edition": "named",
    "title": "named",
    "definition": "named",
}


@dataclass(frozen=True)
class Changes:
    """The changes from one edition to another, and the inputs that differ."""

    old: EditionRecord
    new: EditionRecord
    moved: tuple[Moved, ...]
    causes: tuple[InputChange, ...]

    def of(self, group: Group) -> list[Moved]:
        """Return the changes of a group."""
        return [one for one in self.moved if group_of(one) == group.id]

    def __bool__(self) -> bool:
        return bool(self.moved)


def changes_between(root: Path, old: EditionRecord, new: EditionRecord) -> Changes:
    """Compare two editions; the inputs are compared only if something changed."""
    moved = compare(old, new)
    return Changes(old, new, tuple(moved), tuple(input_changes(root, old, new)) if moved else ())


def group_of(one: Moved) -> str:
    """Return the group of a change."""
    return "beneath" if one.what == "beneath" else GROUP_OF.get(one.kind, one.kind)


def summary(changes: Changes, page: str) -> list[str]:
    """Return the lines for the terminal, at most about forty; empty if nothing changed.

    page: the file with all changes.
    """
    if not changes:
        return []
    lines, left = [], 0
    groups: list[tuple[Group, Sequence[Moved | InputChange], Callable]] = [
        *((group, changes.of(group), lambda one: _moved_lines(one, changes)) for group in GROUPS),
        (CAUSES, changes.causes, _cause_lines),
    ]
    for group, members, said in groups:
        if members:
            lines.append(f"{group.title}: {len(members)}")
            lines += [f"  {line}" for one in members[: group.most] for line in said(one)]
            left += max(0, len(members) - group.most)
    return lines + [f"还有 {left} 项，都在 {page} (and {left} more; all in {page})"] * (left > 0)


def _moved_lines(one: Moved, changes: Changes) -> Iterator[str]:
    main = changes.new.languages[0]
    old, new = one.old.get(main, ""), one.new.get(main, "")
    if one.kind == "number" and one.what != "beneath":
        yield f"{one.name}  {old or '—'} → {new or '—'}"
    elif one.kind == "verdict":
        lost = "：不能再说高低 (may no longer say who is higher)" if one.lost_contrast else ""
        yield f"{one.name}  {one.what}{lost}"
    elif one.kind == "sentence":
        lang = main if main in one.old or main in one.new else next(iter({**one.old, **one.new}))
        pair = one.old.get(lang, ""), one.new.get(lang, "")
        start = len(os.path.commonprefix(pair)) if all(pair) else 0  # noqa: RUF071 (of texts)
        yield one.name
        signed = zip("−+", pair, strict=True)
        yield from (f"  {sign} {_short(text, start)}" for sign, text in signed if text)
    else:
        what = f": {one.what}" if one.kind in ("figure", "table") else ""
        yield f"{one.kind} {one.name}{what}"


def _cause_lines(one: InputChange) -> Iterator[str]:
    pair = f"“{one.old}” → “{one.new}”" if (one.old or one.new) and one.kind != "correction" else ""
    if one.kind == "correction":
        pair = " ⇒ ".join((one.old or "—", one.new or "—"))
    yield _short(f"{one.place}  {pair or one.note}")


def _short(text: str, start: int = 0) -> str:
    """Cut a text to one line that shows its difference from another text.

    start: the position from which they differ.
    """
    line = text.replace("\n", " ")
    first = max(0, start - WIDEST // 3) if len(line) > WIDEST else 0
    shown = ("…" if first else "") + line[first:]
    return shown if len(shown) <= WIDEST else f"{shown[: WIDEST - 1]}…"


def write_page(changes: Changes, outputs: Path) -> None:
    """Write the page into the folder of an edition, without making it part of the edition.

    Raises RefusedError if the folder is not an edition.
    """
    folder = edition_folder(outputs)
    folder.mkdir(parents=True, exist_ok=True)
    put(render(changes).encode(), folder / CHANGES)
    listed = made(folder)
    if listed is not None:
        mark(folder, listed | {CHANGES: hash_of(folder / CHANGES)})


def render(changes: Changes) -> str:
    """Return the page; the same records and inputs give the same bytes."""
    from analysis.publish.templates import page_template

    return page_template("changes.html.j2").render(
        changes=changes,
        groups=[(group, changes.of(group)) for group in GROUPS if changes.of(group)],
        parts=[_part(changes.new, lang) for lang in changes.new.languages],
        old=_identity(changes.old),
        new=_identity(changes.new),
    )


@dataclass(frozen=True)
class Part:
    """Texts of the page about the edition in one language.

    titles: of indicators and districts, by name.
    """

    lang: str
    title: str
    label: str
    notice: str
    titles: dict[str, str]

    def named(self, number: str) -> str:
        """Return the title of a number: that of its indicator, and of its district if any."""
        return " · ".join(filter(None, (self.titles.get(part, "") for part in number.split("."))))


def _part(edition: EditionRecord, lang: str) -> Part:
    facts = [one for one in edition.facts if one.kind != "sentence"]
    by_name = {(one.kind, one.name): edition.by_language(one)[lang] for one in facts}
    titles = {name: said for (kind, name), said in by_name.items() if kind == "title"}
    words = (by_name.get(("edition", name), "") for name in ("title", "label", "notice"))
    return Part(lang, *words, titles)


def _identity(edition: EditionRecord) -> str:
    """Return the name of an edition: its commit, or a hash of its record.

    The content of a folder may change.
    """
    if edition.commit:
        return f"{edition.place} {edition.commit[:12]}"
    lines = "".join(one.line() for one in edition.facts)
    return hashlib.sha256(lines.encode()).hexdigest()[:12]
