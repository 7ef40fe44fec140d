"""Record of the inputs of the published outputs: `outputs/INPUTS`, kept in git with SHA256SUMS.

One line for each file, in the format of `sha256sum`, with a hash of the cells for notebooks.
Reading it needs no library, so that a check whether anything must run takes less than a second.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable
from pathlib import Path

from analysis.edition.stage import INPUTS, RECORD, SUMS, read_sums
from analysis.publish.cells import content_hash
from analysis.survey.folders import (
    PACKAGE,
    RefusedError,
    files_until,
    lies_inside,
    printable,
    root,
    waves_until,
)
from analysis.survey.ownership import hash_of

WAVE = "wave"  # the line without a file name
PYTHON = "python"  # a line only in the record of build/: every Python publishes the same bytes


def input_state(path: Path) -> str:
    """Return the hash of one input: the cells of a notebook, the bytes of other files."""
    return content_hash(path) if path.suffix == ".ipynb" else hash_of(path)


def states(paths: Iterable[Path], root: Path) -> dict[str, str]:
    """Return the hash of each input by its name relative to the repository, in order of name."""
    return dict(sorted((name_of(path, root), input_state(path)) for path in set(paths)))


def name_of(path: Path, root: Path) -> str:
    """Return the name of an input relative to the repository.

    Modules of this package are named as in the source tree, even if it is installed elsewhere.
    """
    if path.is_relative_to(PACKAGE):
        return f"src/analysis/{path.relative_to(PACKAGE).as_posix()}"
    return printable((path.relative_to(root) if path.is_relative_to(root) else path).as_posix())


def write_inputs(found: dict[str, str], wave: str, folder: Path) -> None:
    """Write the record into an edition of `wave`, to be covered by the sums of the edition."""
    lines = {WAVE: wave, **found}
    text = "".join(f"{state}  {name}\n" for name, state in lines.items())
    (folder / INPUTS).write_text(text, encoding="utf-8")


def python() -> str:
    """Return the version of Python that made `build/`; no published file depends on it."""
    return ".".join(platform.python_version_tuple()[:2])


def changed(root: Path, outputs: Path, raw: Path) -> list[str]:
    """Return what no longer agrees with the record, one line each; empty if outputs are current.

    raw: the folder of the wave that is wanted.
    """
    if not (outputs / INPUTS).exists():
        return [f"no edition: {outputs / INPUTS} is missing"]
    try:
        recorded = read_sums(outputs / INPUTS)
        sealed = read_sums(outputs / SUMS) if (outputs / SUMS).exists() else {}
    except ValueError as error:
        return [f"no edition: {error}"]
    said = [
        f"another wave: {raw.name}, not {was}"
        for was in [recorded.pop(WAVE, "?")]
        if was != raw.name
    ]
    if sealed.get(INPUTS) != hash_of(outputs / INPUTS):
        said.append(f"of another edition: {outputs / INPUTS}")
    for name, state in recorded.items():
        path = place(name, root)
        if not path.is_file():
            said.append(f"missing: {name}")
        elif input_state(path) != state:
            said.append(f"changed: {name}")
    there = [*files_until(raw.absolute()), *record_before(raw.absolute(), root)]
    files = (name_of(path, root) for path in there)
    said += [f"new: {name}" for name in sorted(files) if name not in recorded]
    return said


def record_before(raw: Path, root: Path) -> list[Path]:
    """Return the record of the edition of the wave before `raw`; empty if there is none."""
    before = [folder.name for folder in waves_until(raw) if folder.name != raw.name][-1:]
    paths = [root / "outputs" / wave / RECORD for wave in before]
    return [path for path in paths if path.is_file()]


def wave_folder(raw: Path, wave: str, outputs: Path | None = None) -> Path:
    """Return the folder of a wave in `raw`, before anything is compared with it.

    Raises InputError if it does not exist or is empty, RefusedError if it lies where a run writes.
    """
    folder = raw / wave
    if lies_inside(root(), raw):
        why = (
            "轮次文件夹不能包住整个仓库，请写明如 data/raw "
            "(it holds the repository: name the folder of the waves)"
        )
        raise RefusedError(f"--raw {printable(str(raw))}: {why}")
    written = [
        *(root() / name for name in ("build", "data/processed", "outputs")),
        *([outputs] if outputs else []),
    ]
    if any(lies_inside(folder, one) or lies_inside(raw, one) for one in written):
        why = (
            "上报文件不能放在生成的文件夹里 "
            "(what counties hand in lies in a folder that is generated)"
        )
        raise RefusedError(f"{printable(str(raw))}: {why}")
    if not folder.is_dir() or not any(folder.iterdir()):
        from analysis.survey.problems import InputError
        from analysis.survey.reading.names import without_files

        raise InputError([without_files(folder)])
    return folder


def place(name: str, root: Path) -> Path:
    """Return the path of an input in the record."""
    inside = Path(name)
    return (
        PACKAGE.joinpath(*inside.parts[2:])
        if inside.parts[:2] == ("src", "analysis")
        else root / inside
    )
