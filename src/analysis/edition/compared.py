"""Find the editions to compare, by folder or by commit."""

from __future__ import annotations

from pathlib import Path

from analysis.edition.git_objects import blob, commit_of
from analysis.edition.record import EditionRecord, parse_record, read_edition
from analysis.edition.stage import INPUTS, RECORD
from analysis.survey.folders import RefusedError, printable


def named_edition(root: Path, said: str, wave: str) -> EditionRecord:
    """Return the record of an edition of a wave, named by its folder or by a commit.

    A folder takes precedence over a commit of the same name. Raises RefusedError if there is no
    such record, OSError if it cannot be read.
    """
    folder = Path(said)
    if folder.is_dir():
        found = read_edition(folder)
        if found is None:
            raise RefusedError(_none(said, f"{RECORD}, {INPUTS}", "build it first: analysis build"))
        return found
    commit = commit_of(root, said)
    if not commit:
        why = (
            "既不是版本的文件夹，也不是 git 提交 "
            "(neither the folder of an edition nor a git commit)"
        )
        raise RefusedError(f"{printable(said)}: {why}")
    names = [f"outputs/{wave}/{name}" for name in (RECORD, INPUTS)]
    texts = [blob(root, commit, name) for name in names]
    if None in texts:
        remedy = "name a commit that has it, or the folder of an edition"
        raise RefusedError(_none(said, names[0], remedy))
    record, inputs = (text.decode("utf-8", "replace") for text in texts if text is not None)
    return parse_record(record, inputs, printable(said), commit)


def _none(said: str, files: str, remedy: str) -> str:
    return f"{printable(said)}: 没有版本记录 (has no record of an edition, {files}: {remedy})"
