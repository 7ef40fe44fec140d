"""Invented counties: blocks of nine drawn as Taizhou's are, with invented codes and names.

No code of a real place begins with 90, and every name contains 虚构. They are used to measure how
run time grows.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pandas as pd

from analysis.survey.ownership import put
from synthetic.people import check_digit
from synthetic.places import INVENTED, WORKERS, read_counties

BLOCK = 9
CODES = {"county_code": 6, "township_code": 9, "community_code": 12}
NAMES = {
    "gb2260": "name_zh",
    "county_code": "county",
    "township_code": "township",
    "community_code": "community",
}
UNKNOWN = ("pinyin", "census_2020_population", "population_end_2022", "area_km2")


def invented(reference: Path, block: int, number: int) -> dict[str, str]:
    """Return the invented code of each county of Taizhou in a block, up to `number`."""
    serials = range(BLOCK * block + 1, number + 1)
    return {
        code: f"{INVENTED}{serial:04d}"
        for code, serial in zip(read_counties(reference), serials, strict=False)
    }


def new_names(reference: Path, codes: dict[str, str]) -> dict[str, str]:
    """Map every new code of county, township and community to its name."""
    real = read_counties(reference)
    names = {new: f"虚构{new[2:]}{real[old][-1]}" for old, new in codes.items()}
    townships = _rows(reference / "townships.csv")
    for old, new in codes.items():
        for place, row in enumerate(
            (row for row in townships if row["county_code"] == old), start=1
        ):
            kind = row["township_type"] if len(row["township_type"]) < 3 else "园区"
            names[new + row["township_code"][6:]] = f"虚构{new[2:]}第{place:02d}{kind}"
    for row in _rows(reference / "communities.csv"):
        if row["county_code"] in codes:
            code = codes[row["county_code"]] + row["community_code"][6:]
            names[code] = row["community"].replace(row["township"], names[code[:9]])
    return names


def relabelled(
    tables: dict[str, pd.DataFrame], reference: Path, block: int, number: int
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Give the counties, places and people of a block codes, names and numbers of their own.

    Returns the tables and the names of the counties by code. ID numbers keep their year 1899 and
    gain a check digit of their own; telephone numbers go on where the block before ends.
    """
    codes = invented(reference, block, number)
    names = new_names(reference, codes)
    texts = _texts(reference, codes, names)
    after = {name: _relabelled(table, codes, names, texts) for name, table in tables.items()}
    after["workers"] = _other_people(after["workers"], block * WORKERS)
    return after, {code: names[code] for code in codes.values()}


def _relabelled(
    table: pd.DataFrame,
    codes: dict[str, str],
    names: dict[str, str],
    texts: dict[str, dict[str, str]],
) -> pd.DataFrame:
    table = table[table["county_code"].isin(codes)].copy()
    old = table["county_code"]
    for column in CODES.keys() & set(table):
        table[column] = old.map(codes) + table[column].str[6:]
        if NAMES[column] in table:
            table[NAMES[column]] = table[column].map(names)
    for column in {"unit", "project"} & set(table):
        table[column] = [
            _said_anew(text, texts[code]) for text, code in zip(table[column], old, strict=True)
        ]
    return table


def _texts(
    reference: Path, codes: dict[str, str], names: dict[str, str]
) -> dict[str, dict[str, str]]:
    """Map for each county the names of its places, as texts have them, to the new ones."""
    texts = {
        code: {name: names[codes[code]]}
        for code, name in read_counties(reference).items()
        if code in codes
    }
    for row in _rows(reference / "townships.csv"):
        if row["county_code"] in codes:
            new = names[codes[row["county_code"]] + row["township_code"][6:]]
            texts[row["county_code"]][row["township"]] = new
    return texts


def _said_anew(text: str, words: dict[str, str]) -> str:
    pattern = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    return re.sub(pattern, lambda found: words[found[0]], text)


def _other_people(people: pd.DataFrame, before: int) -> pd.DataFrame:
    first_17 = people["county_code"] + people["id_number"].str[6:17]
    serial = people["name"].str[2:].astype(int) + before
    return people.assign(
        name=serial.map("测试{:04d}".format),
        id_number=first_17 + first_17.map(check_digit),
        phone=serial.map("100{:08d}".format),
    )


def write_frame(reference: Path, number: int) -> None:
    """Write counties, aliases, townships and communities of `number` counties.

    The rows of the study itself stay unchanged.
    """
    codes = {
        (block, old): new
        for block in range(1, -(-number // BLOCK))
        for old, new in invented(reference, block, number).items()
    }
    blocks = {}
    for (block, old), new in codes.items():
        blocks.setdefault(block, {})[old] = new
    for table in ("counties", "townships", "communities"):
        path = reference / f"{table}.csv"
        rows = [row for part in blocks.values() for row in _frame_rows(reference, path, part)]
        _extend(path, rows)
    names = {
        new: name for part in blocks.values() for new, name in new_names(reference, part).items()
    }
    aliases = [{"alias": new, "county_code": new, "note": "code"} for new in codes.values()]
    aliases += [{"alias": names[new], "county_code": new, "note": "name"} for new in codes.values()]
    offices = [names[new] + "民政局" for new in codes.values()]
    aliases += [
        {"alias": office, "county_code": new, "note": "its civil affairs bureau"}
        for office, new in zip(offices, codes.values(), strict=True)
    ]
    _extend(reference / "county_aliases.csv", aliases)


def _frame_rows(reference: Path, path: Path, codes: dict[str, str]) -> list[dict]:
    """Copy the rows of a block's counties with new codes and names, without real facts."""
    names, rows = new_names(reference, codes), []
    for row in _rows(path):
        old = row.get("county_code") or row["gb2260"]
        if old in codes:
            new = {key: codes[old] + row[key][6:] for key in ("gb2260", *CODES) if key in row}
            called = {NAMES[key]: names[code] for key, code in new.items()}
            english = {"name_en": f"Invented {codes[old][2:]} County"} if "name_en" in row else {}
            rows.append(row | new | called | english | {key: "" for key in UNKNOWN if key in row})
    return rows


def _rows(path: Path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _extend(path: Path, rows: list[dict]) -> None:
    """Keep the real rows of a file unchanged, and replace the invented ones."""
    head, *lines = path.read_bytes().decode("utf-8").splitlines(keepends=True)
    codes = re.compile(rf"{INVENTED}\d{{4}},|[^,]*,{INVENTED}\d{{4}},")
    text = io.StringIO()
    csv.DictWriter(text, head.strip().split(","), lineterminator="\n").writerows(rows)
    whole = head + "".join(line for line in lines if not codes.match(line)) + text.getvalue()
    if whole.encode() != path.read_bytes():
        put(whole.encode(), path)
