"""What a wave declares of itself in `wave.toml`: above all its basis, from which every label follows."""

from __future__ import annotations

import tomllib
from pathlib import Path

from analysis.survey.folders import DECLARATION as FILE
from analysis.survey.problems import Problem

BASES = ("official", "published", "synthetic")
WORDS = ("title", "publisher", "notice", "label")  # each in both languages
NEEDED = ("wave", "basis", "reference_date", "edition", *WORDS)


def read_declaration(path: Path) -> dict:
    """Read a declaration; tomllib.TOMLDecodeError or OSError when it cannot be read."""
    with path.open("rb") as file:
        return tomllib.load(file)


def absent(folder: Path) -> str:
    """Say that the declaration of the wave in `folder` is missing, and what it must hold."""
    keys = "、".join(NEEDED)
    return f"缺少此文件，应写明 {keys} (the declaration is missing from {folder.name}/)"


def declaration_problems(folder: Path) -> list[Problem]:
    """Check the declaration of the wave in `folder`: nothing may be published without a known basis."""
    try:
        facts = read_declaration(folder / FILE)
    except FileNotFoundError:
        return [Problem(FILE, message=absent(folder))]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return [Problem(FILE, message=f"无法读取 (cannot be read): {error}")]
    problems = [Problem(FILE, column=key, message="缺少此项 (is missing)") for key in NEEDED if key not in facts]
    problems += [
        Problem(FILE, column=key, message="应有中英文 (both zh and en are wanted)")
        for key in WORDS
        if key in facts and not {"zh", "en"} <= set(facts[key])
    ]
    if facts.get("basis", BASES[0]) not in BASES:
        problems.append(Problem(FILE, column="basis", message=f"应为 {'、'.join(BASES)} 之一 (not one of these)"))
    return problems
