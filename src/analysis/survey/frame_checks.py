"""Check tables against the frame: each place must report once.

Its code, county, street and name must be those of the frame.
"""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType

import pandas as pd

from analysis.survey.frame import reporting
from analysis.survey.messages import (
    CODE_OF_ANOTHER,
    COMMUNITY_MISSING,
    NOT_A_TOWNSHIP,
    NOT_AS_CODE,
    NOT_AS_NAME,
    NOT_IN_FRAME,
    NOT_IN_FRAME_NAMED,
    TOWNSHIP_MISSING,
    Message,
)
from analysis.survey.problems import MISSING_PLACE, Problem
from analysis.survey.rules import (
    Partial,
    answered,
    located,
    more_than_unnamed,
    title_of,
    unknown_in,
    within,
)
from analysis.survey.study import study


def frame_problems(
    tables: dict[str, pd.DataFrame],
    frame: pd.DataFrame,
    partial: Partial = MappingProxyType({}),
    townships: pd.DataFrame | None = None,
) -> list[Problem]:
    """Check tables against the communities (`frame`) and townships that must report.

    tables: rows in which cells may be missing. partial: as in `rule_problems`.
    """
    frame_table = study().frame_table
    communities = tables.get(frame_table)
    claims = claimed_codes(communities, frame)
    return (
        _as_in_frame(tables, frame, claims)
        + _streets(tables, frame, claims, townships)
        + _surplus(communities, frame, claims)
        + _strangers(tables, frame, partial)
        + _complete(with_claims(tables, frame).get(frame_table), frame, partial)
        + _townships(tables, townships, partial)
    )


def claimed_codes(communities: pd.DataFrame | None, frame: pd.DataFrame) -> pd.Series:
    """Return the code that the frame has for communities whose row has a wrong code.

    The index is that of the rows. A code is wrong if it is missing, occurs twice or is not in the
    frame. The name must belong to one community of the county, and no row may have its code.
    """
    if communities is None or communities.empty:
        return pd.Series(dtype=object)
    rows, place = communities, ["county_code", "community"]
    known = frame.drop_duplicates(place, keep=False).set_index(place)["community_code"]
    named = pd.Series(
        known.reindex(pd.MultiIndex.from_frame(rows[place])).to_numpy(dtype=object), rows.index
    )
    code = rows["community_code"]
    wrong = code.isna() | code.duplicated(keep=False) | ~code.isin(frame["community_code"])
    claims = named[wrong & named.notna() & ~named.isin(code)]
    return claims[~claims.duplicated()]


def with_claims(tables: dict[str, pd.DataFrame], frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Replace each wrong code in 社区基本情况 by the code that the frame has for the name.

    The wrong codes are reported elsewhere.
    """
    name = study().frame_table
    if name not in tables:
        return tables
    rows = tables[name]
    claims = claimed_codes(rows, frame)
    code = rows["community_code"].astype(object)
    code[claims.index] = claims
    return tables | {name: rows.assign(community_code=code)}


def _as_in_frame(
    tables: dict[str, pd.DataFrame], frame: pd.DataFrame, claims: pd.Series
) -> list[Problem]:
    """Compare county, street and name with those of the frame for the same code.

    This detects rows that have slipped.
    """
    problems, known = [], frame.drop_duplicates("community_code").set_index("community_code")
    for table, handed_in in tables.items():
        if "community_code" in handed_in:
            rows = answered(handed_in, ["community_code"])
            if table == study().frame_table:
                named = rows[rows.index.isin(claims.index)]
                others = named[named["community_code"].isin(known.index)]
                problems += _claimed(others, claims, CODE_OF_ANOTHER)
                rows = rows.drop(named.index)
            place = known.index.get_indexer(rows["community_code"])
            for column in ("county_code", "township", "community"):
                names = known[column].to_numpy(dtype=object)[place]
                said = rows[column]
                other = rows[
                    (place >= 0) & said.notna().to_numpy() & (names != said.to_numpy(dtype=object))
                ]
                title = title_of(table, "community_code" if column == "county_code" else column)
                problems += located(other, title, NOT_AS_CODE.fault())
    return problems


def _streets(
    tables: dict[str, pd.DataFrame],
    frame: pd.DataFrame,
    claims: pd.Series,
    townships: pd.DataFrame | None,
) -> list[Problem]:
    """Compare the street of rows whose code is wrong with the frame.

    It is compared with that of the community's name, or else with the streets of the county.
    """
    known, problems = frame.drop_duplicates("community_code").set_index("community_code"), []
    streets: set[tuple] | None = None
    if townships is not None:
        both = pd.concat([places[["county_code", "township"]] for places in (frame, townships)])
        streets = set(both.itertuples(index=False, name=None))
    for table, handed_in in tables.items():
        if {"community_code", "township"} <= set(handed_in):
            rows = handed_in[~handed_in["community_code"].isin(known.index)].dropna(
                subset=["township"]
            )
            rows = rows[rows["county_code"].isin(frame["county_code"])]
            named = rows.index.isin(claims.index) & (table == study().frame_table)
            own = claims.reindex(rows.index[named]).map(known["township"])
            other = rows[named][(own != rows["township"][named]).to_numpy(dtype=bool)]
            title = title_of(table, "township")
            problems += located(other, title, NOT_AS_NAME.fault())
            rest = rows[~named]
            pairs = list(zip(rest["county_code"], rest["township"], strict=True))
            odd = [streets is not None and pair not in streets for pair in pairs]
            strange = rest[pd.Series(odd, rest.index, dtype=bool)]
            problems += located(strange, title, NOT_A_TOWNSHIP.fault())
    return problems


def _claimed(rows: pd.DataFrame, claims: pd.Series, message: Message) -> list[Problem]:
    """Return problems for the code of each row, with the code in the frame for its name."""
    title, problems = title_of(study().frame_table, "community_code"), []
    for row in rows.itertuples():
        value = f"“{row.community}”为 {claims[row.Index]}"
        fault = message.fault(named=value)
        problems.append(Problem.of(fault, row.workbook, row.sheet, title, row.row, value=value))
    return problems


def _townships(
    tables: dict[str, pd.DataFrame], townships: pd.DataFrame | None, partial: Partial
) -> list[Problem]:
    """Compare the townships of tables that have one row for each with the frame.

    The frame gives the townships of the county that must report.
    """
    names = [
        name
        for name, table in study().tables.items()
        if table.rows == "townships" and name in tables
    ]
    if townships is None:
        return []
    return [one for name in names for one in _of_townships(name, tables[name], townships, partial)]


def _of_townships(
    table: str, rows: pd.DataFrame, townships: pd.DataFrame, partial: Partial
) -> list[Problem]:
    known = set(zip(townships["county_code"], townships["township"], strict=True))
    named = answered(rows, ["county_code", "township"])
    places = list(zip(named["county_code"], named["township"], strict=True))
    other = named[pd.Series([place not in known for place in places], named.index, dtype=bool)]
    title = title_of(table, "township")
    problems = located(other, title, NOT_A_TOWNSHIP.fault())
    files = rows.drop_duplicates("county_code").set_index("county_code")
    wanted = reporting(townships)
    wanted = wanted[wanted["county_code"].isin(files.index)]
    reported = set(places)
    pairs = zip(wanted["county_code"], wanted["township"], strict=True)
    missing = wanted[pd.Series([pair not in reported for pair in pairs], wanted.index, dtype=bool)]
    # the name of an unknown township may be meant for one that seems missing
    misnamed = Counter(partial) + Counter((table, county) for county in other["county_code"])
    for row in missing[more_than_unnamed(missing["county_code"], table, misnamed)].itertuples():
        home, fault = files.loc[row.county_code], TOWNSHIP_MISSING.fault(place=row.township)
        place = (home["workbook"], home["sheet"], title)
        problems.append(Problem.of(fault, *place, rule=MISSING_PLACE, value=row.township))
    return problems


def _surplus(communities: pd.DataFrame, frame: pd.DataFrame, claims: pd.Series) -> list[Problem]:
    if communities is None:
        return []
    rows, title = (
        answered(communities, ["community_code"]),
        title_of(study().frame_table, "community_code"),
    )
    surplus = rows[~rows["community_code"].isin(frame["community_code"])]
    named = surplus[surplus.index.isin(claims.index)]
    problems = located(surplus.drop(named.index), title, NOT_IN_FRAME.fault())
    return problems + _claimed(named, claims, NOT_IN_FRAME_NAMED)


def _strangers(
    tables: dict[str, pd.DataFrame], frame: pd.DataFrame, partial: Partial
) -> list[Problem]:
    """Return problems for communities that are in no county, if some rows have no code.

    Otherwise the rules detect them.
    """
    problems = []
    for table, other in within(tables):
        if other == study().frame_table:
            rows = answered(tables[table], ["community_code"])
            unsure = {county for name, county in partial if name == other}
            strange = rows[
                rows["county_code"].isin(unsure)
                & ~rows["community_code"].isin(frame["community_code"])
            ]
            problems += unknown_in(strange, table, other)
    return problems


def _complete(communities: pd.DataFrame, frame: pd.DataFrame, partial: Partial) -> list[Problem]:
    """Return a problem, at the county's file, for each community of the frame not reported."""
    if communities is None:
        return []
    problems = []
    files = communities.drop_duplicates("county_code").set_index("county_code")
    missing = frame[~frame["community_code"].isin(communities["community_code"])]
    missing = missing[missing["county_code"].isin(files.index)]
    missing = missing[more_than_unnamed(missing["county_code"], study().frame_table, partial)]
    for row in missing.itertuples():
        home, value = files.loc[row.county_code], f"{row.community_code} {row.community}"
        fault = COMMUNITY_MISSING.fault(place=value)
        place = (home["workbook"], home["sheet"], title_of(study().frame_table, "community_code"))
        problems.append(
            Problem.of(fault, *place, rule=MISSING_PLACE, value=value, about=row.community_code)
        )
    return problems
