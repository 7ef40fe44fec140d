"""Write a folder that any web server can serve, with the editions of all waves built here."""

from __future__ import annotations

from pathlib import Path

from analysis.edition.stage import damaged
from analysis.pipeline.release import Published, published
from analysis.pipeline.waves import INDEX, render, render_missing
from analysis.plan.layout import folder
from analysis.survey.declaration import FILE
from analysis.survey.folders import WAVE, RefusedError
from analysis.survey.ownership import files_in, folder_for_files, made, not_ours, quoted, replacing
from analysis.survey.study import study

NOT_FOUND, PLAIN_FILES, FACTS = "404.html", ".nojekyll", "llms.txt"
NOTHING = (
    "没有已生成的版本，请先 make report (no edition is built here: run `analysis build` first)"
)
DAMAGED = "与 SHA256SUMS 不符，请重新 make report (not as its sums say: run `analysis build` again)"


def write_site(outputs: Path, out: Path) -> list[str]:
    """Write the site into `out`, completely or not at all; returns its waves, latest first.

    Raises FileNotFoundError if no edition is built, OSError if one is not complete, RefusedError if
    `out` holds files that this program did not make.
    """
    editions = [published(outputs, wave) for wave in built(outputs)]
    if not editions:
        raise FileNotFoundError(f"{outputs.as_posix()}: {NOTHING}")
    for edition in editions:
        if faults := damaged(edition.folder):
            raise OSError(f"{edition.folder.as_posix()}: {DAMAGED}: {quoted(faults)}")
    place = site_folder(out)
    with replacing(place, ()) as fresh:
        _fill(fresh, outputs, editions)
    return [edition.data.wave for edition in editions]


def built(outputs: Path) -> list[str]:
    """Return the waves of which an edition is built here, latest first.

    A clone may have only records of others.
    """
    found = (path.parent.name for path in outputs.glob(f"*/{FILE}"))
    return sorted((name for name in found if WAVE.fullmatch(name)), reverse=True)


def site_folder(out: Path) -> Path:
    """Return where a site may be written: a new or empty folder, or one of this program."""
    place = folder_for_files(out)
    if place.is_dir() and made(place) is None and (there := files_in(place)):
        raise RefusedError(not_ours(out, there))
    return place


def _fill(fresh: Path, outputs: Path, editions: list[Published]) -> None:
    for edition in editions:
        top = fresh / edition.data.wave
        for name in edition.files:
            _write(top / name, (edition.folder / name).read_bytes())
        for lang in study().languages:
            _write(top / f"{folder(lang)}{FACTS}", edition.facts(lang).encode())
    _write(fresh / INDEX, render(outputs).encode())
    _write(fresh / NOT_FOUND, render_missing(outputs).encode())
    _write(fresh / FACTS, facts_index(editions).encode())
    _write(fresh / PLAIN_FILES, b"")


def facts_index(editions: list[Published]) -> str:
    """Return the `llms.txt` of the site, which links to those of the editions."""
    lines = [f"# {editions[0].data.publisher[study().languages[0]]}", ""]
    lines += [f"> {editions[0].data.description()}", "", "## Editions", ""]
    for edition in editions:
        for lang in study().languages:
            name = f"{edition.data.title_of(lang)}, {edition.data.wave}"
            lines.append(f"- [{name}]({edition.data.wave}/{folder(lang)}{FACTS})")
    return "\n".join(lines) + "\n"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
