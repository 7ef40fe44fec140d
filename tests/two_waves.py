"""Two waves of invented communities and workers, with the facts that the earlier one published."""

import numpy as np
import pandas as pd
from this_study import COUNTIES

from analysis.stats.estimates import change, count, mean, mean_count, ratio, share, total
from analysis.survey.changes import FACTS
from analysis.survey.reference import reference

DISTRICTS = list(COUNTIES)
PLACES = 120
GAINED, LOST = 22, 5


def codes(n, first=0):
    return [f"{DISTRICTS[i % 9]}{i // 40:03d}{i:03d}" for i in range(first, first + n)]


def named(rows, table):
    rows = rows.assign(county_code=rows["community_code"].str[:6])
    rows.attrs.update(table=table, wave="2021", basis="synthetic")
    return rows


def communities(n=PLACES, seed=1):
    """Make up communities, of which all answers are drawn by one seed."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({"community_code": codes(n)}).assign(
        compliant=rng.random(n) < 0.4,
        rented=rng.random(n) < 0.5,
        open_hours=rng.normal(40, 5, n).round(1),
        agreements=rng.integers(0, 9, n),
        area=rng.integers(100, 900, n),
        households=1,
    )
    return named(rows, "communities")


def workers(places, each, certified=0.5, seed=3):
    """Make up people: `each` of every community."""
    rng = np.random.default_rng(seed)
    rows = places.loc[places.index.repeat(each), ["community_code"]].reset_index(drop=True)
    rows = rows.assign(
        certificate=np.where(rng.random(len(rows)) < certified, "助理社会工作师", "无"),
        income=rng.normal(6, 1, len(rows)),
        hired="2019-01-01",
    )
    return named(rows, "workers")


def later(before):
    """Let GAINED communities reach the standard and LOST fall below it; one closes, two are new."""
    now = before.copy()
    no, yes = before.index[~before["compliant"]][1:], before.index[before["compliant"]][1:]
    now.loc[no[:GAINED], "compliant"] = True
    now.loc[yes[:LOST], "compliant"] = False
    new = before.iloc[:2].assign(community_code=codes(2, first=900), compliant=True)
    now = pd.concat([now.drop(before.index[0]), new], ignore_index=True)
    return named(now, "communities")


def estimates(tables):
    """Make the estimates of the city alone."""
    whole, people = tables["communities"], tables["workers"].drop(columns="county_code")
    places = whole.drop(columns="county_code")
    made = [
        share(places, "compliant", "compliant"),
        share(places, "rented", "rented"),
        mean(places, "open_hours", "open_hours"),
        ratio(places, "agreements", "area", "residents_area", scale=100),
        count(places, "communities_total"),
        total(places, "agreements", "plates"),
        count(people, "workers_total"),
        share(people, "certificate != '无'", "certified"),
        mean(people, "income", "income"),
        mean_count(whole, tables["workers"], "community_code", "workers_per_community"),
    ]
    made += [change(made[0], made[1], "compliant_rise")]
    return pd.concat(made, ignore_index=True)


def facts(published, wave="2020", **definitions):
    """Make the facts of a wave before of which these numbers were published."""
    measures = reference("measures").set_index("indicator")
    rows = [("wave", "2020", "", "", ""), ("edition", "wave", wave, wave, "")]
    for name, value in published.items():
        texts = definitions.get(name) or measures.loc[name, ["definition_zh", "definition_en"]]
        rows += [("number", name, str(value), str(value), f"{value} [nan, nan] n 1")]
        rows += [("definition", name, *texts, "")]
    return pd.DataFrame(rows, columns=list(FACTS), dtype="str")
