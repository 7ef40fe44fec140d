"""What a wave declares of itself in `wave.toml`: above all its basis, from which every label follows."""

from __future__ import annotations

import tomllib
from pathlib import Path

from analysis.survey.folders import DECLARATION as FILE
from analysis.survey.folders import RefusedError, printable, wave_name
from analysis.survey.problems import Problem

BASES = ("official", "published", "synthetic")
WORDS = ("title", "publisher", "notice", "label")  # each in both languages
NEEDED = ("wave", "basis", "reference_date", "edition", *WORDS)


def read_declaration(path: Path) -> dict:
    """Read a declaration; tomllib.TOMLDecodeError or OSError when it cannot be read."""
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise OSError("不是普通文件 (not a regular file)")
    with path.open("rb") as file:
        return tomllib.load(file)


def declaration_problems(folder: Path) -> list[Problem]:
    """Check the declaration of the wave in `folder`: nothing may be published without a known basis."""
    try:
        facts = read_declaration(folder / FILE)
    except FileNotFoundError:
        return [Problem(FILE, message=f"缺少此文件 (file is missing from {printable(folder.name)}/)")]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        return [Problem(FILE, message=f"无法读取 (cannot be read): {error}")]
    problems = [Problem(FILE, column=key, message="缺少此项 (is missing)") for key in NEEDED if key not in facts]
    problems += [
        Problem(FILE, column=key, message="应有中英文 (both zh and en are wanted)")
        for key in WORDS
        if key in facts and not {"zh", "en"} <= set(facts[key])
    ]
    try:
        wave_name(facts.get("wave", "0000"))
    except RefusedError as error:
        problems.append(Problem(FILE, column="wave", message=str(error)))
    if facts.get("basis", BASES[0]) not in BASES:
        problems.append(Problem(FILE, column="basis", message=f"应为 {'、'.join(BASES)} 之一 (not one of these)"))
    return problems
