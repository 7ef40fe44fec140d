"""Synthetic people: the roster of full-time community workers, and the election candidates.

Nobody here can exist: names are 测试 and a number, ID numbers say born in 1899, phones begin 100.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthetic.exact import apportion, pick, settle

HIRED_SINCE_2018 = 452
HIRED_IN_2020 = 175
CERTIFIED = 724
PAYROLL = 991_851  # 0.01 万元
LOWEST_PAY, HIGHEST_PAY = 450, 1100  # 0.01 万元
COMMUNITY_SPREAD = 60  # standard deviation between the communities of a county, 0.01 万元
WITHIN_COMMUNITY = 0.75  # what remains of the differences that follow post and grade
ABLE_IN_LUQIAO = 12
# 三岗十八级: the pay grades of each post.
GRADES = {"正职": (7, 18), "副职": (4, 15), "其他": (1, 12)}
SURVEYED = pd.Timestamp("2020-04-30")


def check_digit(first_17: str) -> str:
    """Compute the last character of an 18-digit ID number (GB 11643-1999, MOD 11-2)."""
    total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(first_17))
    return "10X98765432"[total % 11]


def identifiers(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Make up name, ID number and phone of each worker: valid in form, impossible in fact."""
    days = rng.integers(1, 29, len(people))
    # The sequence is odd for men and even for women, and runs within the county.
    sequence = 2 * people.groupby("county_code").cumcount() + people["sex"].map({"男": 1, "女": 2})
    parts = zip(people["county_code"], people["born"].dt.month, days, sequence, strict=True)
    first_17 = [
        f"{county}1899{month:02d}{day:02d}{number:03d}" for county, month, day, number in parts
    ]
    numbers = range(1, len(people) + 1)
    return pd.DataFrame(
        {
            "name": [f"测试{number:04d}" for number in numbers],
            "id_number": [digits + check_digit(digits) for digits in first_17],
            "phone": [f"100{number:08d}" for number in numbers],
        },
        index=people.index,
    )


def hired(people: pd.DataFrame, rng: np.random.Generator) -> pd.Series:
    """Draw dates of entry: 452 since 2018-01-01, of which 175 in 2020, likelier where new."""
    size = len(people)
    recent = pick(
        rng, 0.9 * people["new_since_2016"] + 0.4 * people["village_turned"], HIRED_SINCE_2018
    )
    this_year = np.zeros(size, dtype=bool)
    this_year[recent] = pick(rng, np.zeros(HIRED_SINCE_2018), HIRED_IN_2020)
    year = 2017 - np.floor(20 * rng.beta(1.1, 2.4, size)).astype(int)
    year = np.where(recent, rng.integers(2018, 2020, size), year)
    months = np.where(this_year, rng.integers(0, 4, size), rng.integers(0, 12, size))
    days = rng.integers(1, 29, size)
    parts = {"year": np.where(this_year, 2020, year), "month": months + 1, "day": days}
    return pd.to_datetime(pd.DataFrame(parts, index=people.index))


def born(people: pd.DataFrame, rng: np.random.Generator) -> pd.Series:
    """Draw the month of birth, 1962 to 1998: recruits since 2018 are younger when they enter."""
    size = len(people)
    recruit = rng.triangular(21, 25, 38, size)
    earlier = rng.triangular(20, 27, 44, size)
    age = np.where(people["hired"] >= "2018-01-01", recruit, earlier).astype(int)
    year = np.clip(people["hired"].dt.year - age, 1962, 1998)
    return pd.to_datetime(
        pd.DataFrame({"year": year, "month": rng.integers(1, 13, size), "day": 1})
    )


def schooling(people: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Draw education, higher for the younger."""
    level = (people["born"].dt.year - 1983) / 9 + rng.normal(0, 1, len(people))
    names = ["高中及以下", "大专", "本科", "研究生"]
    return np.array(names)[np.digitize(level, [-1.0, 0.35, 2.9])]


def posts(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Give posts by length of service (one 正职; from four workers one 副职) and pay grades."""
    order = people.groupby("community_code")["hired"].rank(method="first")
    deputy = (order == 2) & (people["workers"] >= 4)
    post = pd.Series(np.where(order == 1, "正职", np.where(deputy, "副职", "其他")), people.index)
    years = (SURVEYED - people["hired"]).dt.days / 365.25
    low, high = (post.map(lambda name: GRADES[name][0]), post.map(lambda name: GRADES[name][1]))
    # Credit for education and for service elsewhere; then one grade about every three years.
    bonus = people["education"].isin(["本科", "研究生"]) + rng.binomial(5, 0.3, len(people))
    grade = (low + (years / 3).astype(int) + bonus).clip(low, high)
    senior = grade.nlargest(3).index  # the ladder is used to its top, as the report says
    grade[senior[0]], grade[senior[1:]] = 18, 17
    return pd.DataFrame({"post": post, "grade": grade})


def certificates(people: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Draw 724 certificates; likelier for the young, the educated and those in subdistricts."""
    county = people["county_code"]
    size = people.groupby("county_code", sort=False).size()
    share = 0.465 + rng.permutation(np.linspace(-0.055, 0.045, len(size)))
    number = dict(zip(size.index, apportion(size * share, CERTIFIED), strict=True))
    young = (people["born"].dt.year - 1983) / 12
    educated = 0.9 * people["education"].isin(["本科", "研究生"])
    tendency = (young + educated + 0.5 * people["township_type"].eq("街道")).to_numpy()
    holds = np.zeros(len(people), dtype=bool)
    for code in size.index:
        rows = np.flatnonzero(county == code)
        holds[rows] = pick(rng, tendency[rows], number[code])
    kinds = ["助理社会工作师", "社会工作师", "高级社会工作师"]
    return np.where(holds, rng.choice(kinds, len(people), p=[0.66, 0.325, 0.015]), "无")


def incomes(people: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Draw annual incomes (万元, to 0.01) that rise with post and grade; their mean is 6.47.

    The payroll of each county is that of independent workers; within the county, workers of one
    community are then made alike (intraclass correlation of about 0.1).
    """
    codes = people["county_code"].unique()
    level = dict(zip(codes, rng.uniform(-0.45, 0.45, len(codes)), strict=True))
    pay = people["post"].map({"正职": 1.0, "副职": 0.5, "其他": 0.0}) + 0.24 * people["grade"]
    pay = pay + 0.25 * people["certificate"].ne("无") + people["county_code"].map(level)
    pay = pay + rng.normal(0, 0.35, len(people))
    units = ((pay - pay.mean()) * 100 + PAYROLL / len(people)).round().to_numpy()
    units = settle(units, PAYROLL, LOWEST_PAY, HIGHEST_PAY)
    # A stream of its own, so that what is drawn afterwards stays as it was.
    return alike_within_communities(people.assign(units=units), rng.spawn(1)[0]) / 100


def alike_within_communities(people: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Shift incomes (column `units`, 0.01 万元) by a level of each community.

    Each county's payroll is kept.
    """
    codes = people["community_code"].unique()
    spread = COMMUNITY_SPREAD * np.sqrt(3) * rng.permutation(np.linspace(-1, 1, len(codes)))
    level, units = (
        people["community_code"].map(pd.Series(spread, codes)),
        people["units"].to_numpy().copy(),
    )
    for rows in people.groupby("county_code", sort=False).indices.values():
        payroll, own = units[rows].sum(), level.to_numpy()[rows]
        moved = own - own.mean() + WITHIN_COMMUNITY * units[rows]
        moved = (moved + payroll / len(rows) - moved.mean()).round()
        units[rows] = settle(moved, payroll, LOWEST_PAY, HIGHEST_PAY)
    return units


def roster(places: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Fill in 专职社区工作者花名册: one row per worker of each community, with made-up identifiers.

    places: one row per community with its number of `workers`.
    """
    people = places.loc[places.index.repeat(places["workers"])].reset_index(drop=True)
    size = len(people)
    people["sex"] = rng.choice(["女", "男"], size, p=[0.68, 0.32])
    people["hired"] = hired(people, rng)
    people["born"] = born(people, rng)
    people["education"] = schooling(people, rng)
    home = ["本社区", "本县（市、区）", "外县（市、区）"]
    people["residence"] = rng.choice(home, size, p=[0.34, 0.58, 0.08])
    people = people.join(posts(people, rng))
    people["certificate"] = certificates(people, rng)
    people["income"] = incomes(people, rng)
    return people.join(identifiers(people, rng))


def candidates(places: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Fill in 换届人选: two or three persons considered in each village-turned community."""
    villages = places[places["village_turned"]]
    persons = villages.loc[villages.index.repeat(rng.integers(2, 4, len(villages)))]
    persons = persons.reset_index(drop=True)
    size = len(persons)
    identity = rng.choice(["专职社工", "原村干部", "街道干部"], size, p=[0.34, 0.46, 0.20])
    assessment = rng.choice(["合格", "待培养", "不合适"], size, p=[0.40, 0.44, 0.16])
    luqiao = persons["county_code"].eq("331004").to_numpy()
    able = np.zeros(size, dtype=bool)
    able[luqiao] = pick(rng, np.zeros(luqiao.sum()), ABLE_IN_LUQIAO)
    # The other full-time workers of 路桥 are not able and available as yet.
    assessment[luqiao & (identity == "专职社工") & (assessment == "合格")] = "待培养"
    identity[able], assessment[able] = "专职社工", "合格"
    return persons.assign(identity=identity, assessment=assessment)
