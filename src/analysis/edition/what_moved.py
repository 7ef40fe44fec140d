"""Compare the records of two editions: numbers, sentences, figures, tables, verdicts, names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from analysis.edition.record import CONTRAST, EditionRecord, Fact

APART = ("sentence", "correction")  # compared by cell; a cause, not a result


@dataclass(frozen=True)
class Moved:
    """One difference between two editions.

    old, new: the text of each edition by language; empty if there is none. what: for a number
    `printed`, or `beneath` if its value, interval or n changed by less than is printed; for a
    figure or table which of said (its title), data and drawing; for a verdict its forms if they
    differ; else `said`. lost_contrast: whether a verdict said which is higher, and no longer may.
    """

    kind: str
    name: str
    old: dict[str, str]
    new: dict[str, str]
    what: str = "said"
    lost_contrast: bool = False


def compare(old: EditionRecord, new: EditionRecord) -> list[Moved]:
    """Return the changes from one edition to another, in the order of the newer.

    Sentences of the report come first. A verdict with the same form in other words counts as a
    sentence, that of `statements.csv`.
    """
    before, after = _by_name(old), _by_name(new)
    moved, worded = [], []
    for key in [*after, *(key for key in before if key not in after)]:
        was, now = before.get(key), after.get(key)
        if what := _difference(was, now):
            said = old.by_language(was) if was else {}, new.by_language(now) if now else {}
            if key[0] == "verdict" and what == "said":
                worded.append(Moved("sentence", f"statements.csv!{key[1]}", *said))
            else:
                lost = _contrasts(was) and not _contrasts(now)
                moved.append(Moved(*key, *said, what, lost))
    report = new.said_once("report")
    sentences = list(_sentences(old, new))
    sentences.sort(key=lambda one: one.name.partition("!")[0] not in report)
    return [*moved, *sentences, *worded]


def _by_name(edition: EditionRecord) -> dict[tuple[str, str], Fact]:
    return {(one.kind, one.name): one for one in edition.facts if one.kind not in APART}


def _difference(old: Fact | None, new: Fact | None) -> str:
    """Return in which respect two facts differ; empty if they do not."""
    kind = (new or old).kind
    if kind == "verdict" and (old is None or new is None or old.data != new.data):
        return " → ".join(one.data.partition(" ")[0] if one else "—" for one in (old, new))
    if old is None or new is None or old.said != new.said:
        parts = ["printed" if kind == "number" else "said"]
    else:
        parts = []
    if old and new and kind in ("figure", "table"):
        was, now = _states(old), _states(new)
        return ", ".join([*parts, *(name for name in now if was.get(name) != now[name])])
    return parts[0] if parts else "beneath" * (old.data != new.data)


def _contrasts(fact: Fact | None) -> bool:
    return fact is not None and fact.kind == "verdict" and fact.data.endswith(f" {CONTRAST}")


def _states(drawing: Fact) -> dict[str, str]:
    """Return the hashes of the data and drawing of a figure or table."""
    words = drawing.data.split(" ")
    return dict(zip(words[::2], words[1::2], strict=True))


def _sentences(old: EditionRecord, new: EditionRecord) -> Iterator[Moved]:
    """Compare the sentences of each cell; one result for each cell, with all languages."""
    before, after = _by_cell(old), _by_cell(new)
    cells = dict.fromkeys(cell for cell, _ in [*after, *before])
    languages = dict.fromkeys([*new.languages, *old.languages])
    for cell in cells:
        gone, come = {}, {}
        for lang in languages:
            was, now = (said.get((cell, lang), []) for said in (before, after))
            if was != now:
                gone[lang], come[lang] = _differing(was, now)
        if gone:
            yield Moved("sentence", cell, gone, come)


def _by_cell(edition: EditionRecord) -> dict[tuple[str, str], list[str]]:
    """Return the sentences by (cell, language)."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in edition.facts:
        if one.kind == "sentence":
            found.setdefault((one.name, one.lang), []).extend(one.said)
    return found


def _differing(old: Sequence[str], new: Sequence[str]) -> tuple[str, str]:
    """Return the sentences that only one of two texts has, joined, as (old, new)."""
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    steps = [step for step in steps if step[0] != "equal"]
    gone = [one for _, start, end, _, _ in steps for one in old[start:end]]
    come = [one for _, _, _, start, end in steps for one in new[start:end]]
    return "\n".join(gone), "\n".join(come)
