"""The page that links to the editions of all waves: `outputs/index.html`."""

from __future__ import annotations

import errno
import os
import tomllib
from contextlib import suppress
from pathlib import Path

from analysis.plan.layout import folder
from analysis.survey.declaration import FILE, read_declaration
from analysis.survey.folders import WAVE, RefusedError, printable, root, writable_folder
from analysis.survey.ownership import (
    files_in,
    hash_of,
    made,
    mark,
    not_ours,
    put,
    refuse_edition,
    refuse_published,
)
from analysis.survey.study import study

INDEX = "index.html"
WORDS = {
    "zh": {"date": "数据日期{}", "edition": "第{}版", "everything": "全部成果"},
    "en": {"date": "data of {}", "edition": "edition {}", "everything": "everything published"},
}
TAKEN = "不是本程序生成的，不覆盖 (not written by this program, so not written over: move it away)"


def editions_folder(outputs: Path, raw: Path) -> Path:
    """Return the folder of the editions of all waves, with links resolved.

    It is that of the repository, new, empty, or was written by this program. raw: the folder of the
    waves, which it must not contain or lie in. Raises RefusedError with the reason, FileExistsError
    if its page would replace a file that this program did not write.
    """
    place, home = writable_folder(outputs, keep=[raw]), root() / "outputs"
    refuse_edition(place.parent)
    if place != home:
        refuse_published(place)
    if os.path.lexists(place) and not place.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), printable(str(outputs)))
    if place != home and made(place) is None and place.is_dir() and (there := files_in(place)):
        raise RefusedError(not_ours(outputs, there))
    if os.path.lexists(place / INDEX) and not _is_ours(place / INDEX):
        raise FileExistsError(f"{printable(str(outputs / INDEX))}: {TAKEN}")
    return place


def write_index(outputs: Path) -> None:
    """Write the page of the editions in `outputs`, latest first.

    Files that an older layout left there are removed.
    """
    listed = made(outputs) or {}
    for name, state in listed.items():
        if name != INDEX and (outputs / name).is_file() and hash_of(outputs / name) == state:
            (outputs / name).unlink()
            with suppress(OSError):  # stops at the first folder that is not empty
                for above in list(Path(name).parents)[:-1]:
                    (outputs / above).rmdir()
    page = render(outputs).encode()
    if (
        not (outputs / INDEX).is_file()
        or (outputs / INDEX).read_bytes() != page
        or listed.keys() != {INDEX}
    ):
        put(page, outputs / INDEX)
        mark(outputs, {INDEX: hash_of(outputs / INDEX)})


def render(outputs: Path) -> str:
    """Return the page; each edition is described by its `wave.toml`."""
    return _template("waves.html.j2", editions=_editions(outputs))


def render_missing(outputs: Path) -> str:
    """Return the page for missing addresses; without links, since it is served at any depth."""
    return _template("missing.html.j2", editions=_editions(outputs))


def _editions(outputs: Path) -> list[dict]:
    """Return the data of the pages on the editions, latest first."""
    found = sorted(
        (path for path in outputs.glob(f"*/{FILE}") if WAVE.fullmatch(path.parent.name)),
        reverse=True,
    )
    editions = [{"wave": path.parent.name, "parts": _parts(path)} for path in found]
    return [one for one in editions if one["parts"]]


def _template(name: str, editions: list[dict]) -> str:
    from analysis.publish.templates import page_template

    return page_template(name).render(editions=editions)


def _parts(path: Path) -> list[dict[str, str]]:
    """Return the texts of one edition by language; empty without a declaration."""
    try:
        facts = read_declaration(path)
        return [
            {
                "lang": lang,
                "folder": folder(lang),
                "title": facts["title"][lang],
                "publisher": facts["publisher"][lang],
                "date": WORDS[lang]["date"].format(facts["reference_date"]),
                "edition": WORDS[lang]["edition"].format(facts["edition"]),
                "everything": WORDS[lang]["everything"],
                "label": facts["label"][lang] if facts["basis"] != "official" else "",
                "notice": facts["notice"][lang],
            }
            for lang in study().languages
        ]
    except (OSError, KeyError, TypeError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return []


def _is_ours(path: Path) -> bool:
    state = (made(path.parent) or {}).get(path.name)
    return path.is_file() and not path.is_symlink() and hash_of(path) == state
