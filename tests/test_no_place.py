"""The package knows no place, no table of this study and no claim of its report: these are data of a study."""

import re

from this_study import CITY

from analysis.survey.repository import reference
from running import REPOSITORY

PACKAGE = REPOSITORY / "src/analysis"


def words_of_the_study() -> set[str]:
    """List what names this study's places: cities, counties, townships, communities that the report names."""
    counties, places = reference("counties"), reference("named_places")
    names = {name.removesuffix(ending) for name in counties["name_zh"] for ending in ("市", "区", "县", "")}
    english = {name.split()[0] for name in (*counties["name_en"], *places["name_en"])}
    return {*names, *english, *reference("townships")["township"], *places["real_name"]}


def test_the_package_names_no_place_and_no_claim_of_this_study():
    words = "|".join(map(re.escape, sorted(words_of_the_study(), key=len, reverse=True)))
    pattern = re.compile(rf"{words}|{CITY[:2]}[0-9]{{4}}|\bQ[0-9]{{2}}\b|\bWorkers\b")
    found = {}
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in (".py", ".css", ".js", ".j2", ".html", ".toml", ".csv"):
            lines = enumerate(path.read_text("utf-8").splitlines(), start=1)
            found |= {f"{path.relative_to(PACKAGE)}:{n}": m[0] for n, line in lines if (m := pattern.search(line))}
    assert len(list(PACKAGE.rglob("*.py"))) > 50 and found == {}
