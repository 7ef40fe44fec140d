"""The synthetic workbooks, read back from the files: targets, impossible people, same bytes."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from this_study import STUDY, TABLES

from synthetic import synthesise

TOOLS = Path(__file__).parents[2] / "tools"
REFERENCE = Path(__file__).parents[2] / "data" / "raw" / "reference"
CODE = {"椒江": "331002", "路桥": "331004", "天台": "331023", "三门": "331022"}
UNIT = re.compile(r"（(户|人|平方米|小时|份|个|块|项|级|批|天|万元)）$")
TITLES = {model.zh: name for name, model in TABLES.items()}


@pytest.fixture(scope="module")
def waves(tmp_path_factory) -> dict[int, Path]:
    folders = {seed: tmp_path_factory.mktemp(f"seed{seed}") for seed in (2020, 7)}
    for seed, folder in folders.items():
        synthesise(folder, REFERENCE, seed=seed)
    return {seed: folder / "2020" for seed, folder in folders.items()}


@pytest.fixture(scope="module", params=[2020, 7])
def wave(request, waves) -> Path:
    return waves[request.param]


@pytest.fixture(scope="module")
def tables(wave) -> dict[str, pd.DataFrame]:
    """Stack the sheets of one title over the workbooks."""
    parts = {}
    for path in sorted(wave.glob("*.xlsx")):
        book = CalamineWorkbook.from_path(str(path))
        for title in book.sheet_names:
            if title in TITLES:
                rows = book.get_sheet_by_name(title).to_python(skip_empty_area=False)
                parts.setdefault(TITLES[title], []).append(parse(rows).assign(county=path.name[:6]))
    return {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}


def parse(rows: list[list]) -> pd.DataFrame:
    """Take a sheet apart: header in rows 4 and 5, data down to the blank row, sums taken out."""
    upper, lower, *below = rows[3:]
    printed = [under or over for over, under in zip(upper, lower, strict=True)]
    names = [UNIT.sub("", name) for name in printed]
    end = next(place for place, row in enumerate(below) if not any(row))
    body = pd.DataFrame(below[:end], columns=names).replace("", None)
    sums = body["序号"].eq("合计")
    if "街道（乡镇）" in names:
        sums |= body["街道（乡镇）"].eq("小计")
    body = body[~sums].copy()
    if "街道（乡镇）" in names:
        body["街道（乡镇）"] = body["街道（乡镇）"].ffill()
    return body


def units(amounts: pd.Series) -> int:
    """Add up 万元 in whole hundredths; each amount must be one."""
    hundredths = amounts.dropna().astype(float) * 100
    assert (hundredths - hundredths.round()).abs().max() < 1e-6
    return int(hundredths.round().sum())


@pytest.fixture(scope="module")
def stand_in() -> dict[str, str]:
    named = pd.read_csv(REFERENCE / "named_places.csv", dtype=str)
    return {
        name[:2]: code for name, code in zip(named["real_name"], named["stand_in"], strict=True)
    }


def test_communities_are_the_frame_and_meet_the_published_shares(tables):
    communities = tables["communities"]
    frame = pd.read_csv(REFERENCE / "communities.csv", dtype=str)
    keys = ["county", "街道（乡镇）", "社区名称", "社区代码"]
    expected = frame[["county_code", "township", "community", "community_code"]].to_numpy().tolist()
    assert sorted(communities[keys].to_numpy().tolist()) == sorted(expected)
    assert communities["2018年初达标"].eq("是").sum() == 236
    assert communities["目前达标"].eq("是").sum() == 354
    assert not (communities["2018年初达标"].eq("是") & communities["目前达标"].eq("否")).any()
    assert communities["用房性质"].isin(["租用", "借用"]).sum() == 174
    assert communities["面积达标"].eq("是").all()
    assert (communities["建筑面积"] * 100 >= 30 * communities["户数"]).all()


def test_communities_show_what_the_report_describes(tables):
    communities = tables["communities"]
    new, village = (communities["2016年以后新设"].eq("是"), communities["村改社区"].eq("是"))
    rented = communities["用房性质"].ne("自有")
    assert rented[new].mean() > 0.7 and rented[~new].mean() < 0.45
    assert village.sum() == 105 and village.groupby(communities["county"]).sum().min() >= 3
    assert village[new].mean() > 0.5
    assert communities["共建协议"].le(1).mean() > 0.5
    joint = communities["社区大党委"].eq("是").groupby(communities["county"]).mean()
    among = joint.index.isin([CODE["椒江"], CODE["路桥"]])
    assert joint[among].min() > 0.8 and joint[~among].max() < 0.5


def test_roster_meets_the_published_figures(tables, stand_in):
    workers = tables["workers"]
    hired = pd.to_datetime(workers["入职日期"])
    certified = workers["社会工作者职业资格证书"].ne("无")
    assert len(workers) == 1533
    assert hired.ge("2018-01-01").sum() == 452
    assert hired.max() <= pd.Timestamp("2020-04-30") and 150 <= hired.dt.year.eq(2020).sum() <= 200
    assert certified.sum() == 724
    assert certified.groupby(workers["county"]).mean().between(0.37, 0.55).all()
    assert units(workers["年收入"]) == 991_851
    per_community = workers.groupby("社区代码").size()
    assert [per_community[stand_in[name]] for name in ("北渚", "玉湖", "管山")] == [2, 3, 2]
    assert len(per_community) == 361


def test_incomes_within_a_community_are_alike(tables):
    """Intraclass correlation of a one-way analysis of variance of communities within counties."""
    roster = tables["workers"].astype({"年收入": float})
    own = roster["年收入"] - roster.groupby("county")["年收入"].transform("mean")
    groups = own.groupby(roster["社区代码"])
    size, mean = groups.size(), groups.mean()
    between = (size * mean**2).sum() / (len(size) - roster["county"].nunique())
    within = ((own - groups.transform("mean")) ** 2).sum() / (len(own) - len(size))
    typical = (len(own) - (size**2).sum() / len(own)) / (len(size) - 1)
    assert 0.05 < (between - within) / (between + (typical - 1) * within) < 0.15


def test_roster_is_consistent(tables):
    workers = tables["workers"]
    born = pd.to_datetime(workers["出生年月"], format="%Y年%m月")
    assert born.dt.year.between(1962, 1998).all()
    assert (pd.to_datetime(workers["入职日期"]) >= born + pd.DateOffset(years=18, months=1)).all()
    limits = {"正职": (7, 18), "副职": (4, 15), "其他": (1, 12)}
    for post, (low, high) in limits.items():
        assert workers.loc[workers["岗位"] == post, "等级"].between(low, high).all()
    assert set(workers["等级"]) == set(range(1, 19))
    leads = workers["岗位"].ne("其他").groupby(workers["社区代码"]).sum()
    assert leads.between(1, 2).all()
    means = workers.groupby("岗位")["年收入"].mean()
    assert means["正职"] > means["副职"] > means["其他"]
    village = tables["communities"].set_index("社区代码")["村改社区"].eq("是")
    size = workers.groupby("社区代码").size()
    assert 2.3 < size[village].mean() < 3 and 4.6 < size[~village].mean() < 5.2


def test_people_are_impossible_and_unique(tables):
    workers = tables["workers"]
    ids, phones, names = workers["身份证号"], workers["联系电话"], workers["姓名"]
    assert ids.str.fullmatch(r"3310\d{2}1899(0[1-9]|1[0-2])([01]\d|2[0-8])\d{3}[\dX]").all()
    assert ids.str[:6].eq(workers["county"]).all()
    # ISO 7064 MOD 11-2: the whole number, X being 10, leaves 1.
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, 1]
    for number in ids:
        values = [10 if digit == "X" else int(digit) for digit in number]
        assert sum(w * v for w, v in zip(weights, values, strict=True)) % 11 == 1
    assert phones.str.fullmatch(r"100\d{8}").all() and names.str.fullmatch(r"测试\d{4}").all()
    assert ids.is_unique and phones.is_unique and names.is_unique


def test_funds_meet_the_published_totals(tables):
    funds = tables["funding"]
    by_item = {item: units(part["合计"]) for item, part in funds.groupby("项目")}
    assert units(funds["合计"]) == 1_688_720
    assert (by_item["硬件设施提升改造"], by_item["队伍建设"]) == (373_061, 580_340)
    for _, row in funds.iterrows():
        assert units(row[["市级", "县（市、区）级", "街道（乡镇）"]]) == units(row[["合计"]])


def test_burden_covers_every_township_and_meets_the_published_totals(tables):
    burden = tables["burden"]
    townships = pd.read_csv(REFERENCE / "townships.csv", dtype=str)
    counts = townships["juweihui_2019"].astype(int) + townships["cunweihui_2019"].astype(int)
    expected = dict(zip(townships["county_code"] + townships["township"], counts, strict=True))
    found = dict(
        zip(burden["county"] + burden["街道（乡镇）"], burden["村（社区）数"], strict=True)
    )
    assert found == {place: number for place, number in expected.items() if number}
    removed = ["实物牌子", "室外服务标识牌", "室内功能室指示牌", "上墙制度"]
    assert burden[removed].sum().tolist() == [669, 7436, 7500, 14098]


def test_baseline_meets_the_published_mean(tables):
    baseline = tables["county_baseline"]
    heads = baseline["专职社区工作者人数"].astype(int)
    assert len(baseline) == 9 and heads.sum() == 1130
    assert units(baseline["人均年收入"]) > 0
    assert int((heads * (baseline["人均年收入"] * 100).round()).sum()) == 475_730


def test_projects_meet_the_published_counts(tables):
    projects = tables["projects"]
    kind = projects["类别"]
    assert projects.loc[kind == "县域社区服务综合体", "county"].nunique() == 9
    assert (kind == "县域社区服务综合体").sum() == 9
    zones = projects[kind == "实验区"]
    city = zones[zones["级别"] == "市级"]
    assert len(city) == 14 and city["批次"].eq(1).all() and city["年度"].eq(2019).all()
    province = zones[zones["级别"] == "省级"].set_index("county")
    assert province.loc[CODE["椒江"], ["批次", "实施单位"]].tolist() == [1, "海门街道"]
    assert province.loc[CODE["三门"], ["批次", "项目名称", "进展"]].tolist() == [
        2,
        "村民代表履职规范化",
        "实验区创建中期评估通过",
    ]
    spaces = projects[kind == "示范公共空间"]
    assert len(spaces) == 26 and 0 < spaces["进展"].eq("在建").sum() < 26
    ventures = projects[kind == "公益创投"]
    old = ventures["领域"].isin(["扶老", "助残", "济困"])
    assert ventures.loc[old, "金额"].sum() > ventures["金额"].sum() / 2


def test_candidates_meet_the_published_count(tables):
    persons = tables["election_candidates"]
    able = persons["身份"].eq("专职社工") & persons["评价"].eq("合格")
    assert (able & persons["county"].eq(CODE["路桥"])).sum() == 12
    village = tables["communities"].set_index("社区代码")["村改社区"]
    assert village[persons["社区代码"]].eq("是").all()


def test_interviews_are_a_stratified_sample_of_the_frame(tables, stand_in):
    frame = tables["interview_frame"]
    communities = tables["communities"]
    assert set(frame["社区代码"]) == set(
        communities.loc[communities["村改社区"] == "是", "社区代码"]
    )
    drawn = frame.loc[frame["是否抽中"] == "是", "社区代码"]
    assert set(drawn) == set(tables["interview_communities"]["社区代码"]) >= set(stand_in.values())
    assert len(drawn) == 45 and drawn.str[:6].value_counts().min() >= 3
    asked = tables["interview_staff"].groupby("社区代码").size()
    assert set(asked.index) == set(drawn) and asked.between(2, 4).all()
    dates = pd.to_datetime(tables["interview_communities"]["访谈日期"])
    assert dates.between("2020-04-20", "2020-04-30").all()
    assert 0.5 < tables["interview_staff"]["受理方式"].eq("分条线办理").mean() < 0.7


def test_interviews_say_what_the_report_says(tables, stand_in):
    told = tables["interview_communities"].set_index("社区代码")
    numbers = ["工作人员总数", "其中专职社工", "其中原村干部"]
    assert told.loc[stand_in["管山"], numbers].tolist() == [15, 2, 13]
    paid = told.loc[stand_in["金盘"], ["书记年薪", "主任薪酬来源", "按文件标准落实"]]
    assert paid.tolist() == [2.0, "原村经联社", "否"]
    for name in ("迎宾", "马铺"):
        assert told.loc[stand_in[name], "决策方式"] == "原村“两委”"
    short = told.index[told["是否配足"] == "否"].str[:6]
    assert set(short) == {"331004", "331083", "331023", "331024", "331081"}
    tiantai = told.index.str[:6] == CODE["天台"]
    assert told.loc[tiantai, "按文件标准落实"].eq("否").all()
    assert told.loc[~tiantai, "按文件标准落实"].eq("是").mean() > 0.5
    roster = tables["workers"].groupby("社区代码").size()
    assert told["其中专职社工"].eq(roster[told.index]).all()
    assert (told["工作人员总数"] >= told["其中专职社工"] + told["其中原村干部"]).all()


def test_every_answer_is_one_the_codebook_allows(tables):
    rules = STUDY.codebook()
    for _, rule in rules.iterrows():
        if rule["zh"] in tables[rule["table"]]:
            cells = tables[rule["table"]][rule["zh"]]
            assert rule["nullable"] or cells.notna().all(), (rule["table"], rule["zh"])
            allowed = [part.split(" = ")[0] for part in rule["codes"].split("; ") if part]
            assert not allowed or cells.dropna().isin(allowed).all(), (rule["table"], rule["zh"])


def test_remarks_are_text(tables):
    for table in tables.values():
        remarks = table["备注"].dropna()
        assert remarks.map(lambda text: isinstance(text, str) and not text.isdigit()).all()


def test_no_named_place_is_in_any_workbook(wave):
    named = pd.read_csv(REFERENCE / "named_places.csv", dtype=str)
    banned = [text.encode() for text in [*named["real_code"], *named["real_name"].str[:2]]]
    for path in wave.glob("*.xlsx"):
        with zipfile.ZipFile(path) as book:
            for part in book.namelist():
                content = book.read(part)
                assert not [text.decode() for text in banned if text in content], (path.name, part)


def test_every_workbook_says_that_it_is_synthetic(wave):
    assert len(list(wave.glob("*.xlsx"))) == 10
    for path in wave.glob("*.xlsx"):
        book = CalamineWorkbook.from_path(str(path))
        hidden = {sheet.name for sheet in book.sheets_metadata if "Hidden" in str(sheet.visible)}
        assert hidden == {"填表说明"}
        for title in set(book.sheet_names) - {"Sheet2"}:
            cells = book.get_sheet_by_name(title).to_python()
            assert "合成数据" in str(cells[:3]), (path.name, title)


def test_same_bytes_under_another_hash_seed_time_zone_and_folder(waves, tmp_path):
    code = "import sys; sys.path.insert(0, sys.argv[2])"
    code += "; from synthetic import synthesise as s; from pathlib import Path"
    code += "; s(Path('raw'), Path(sys.argv[1]))"
    other = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    env = os.environ | {"PYTHONHASHSEED": other, "TZ": "America/New_York"}
    (tmp_path / "notebooks").mkdir()
    shutil.copytree(REFERENCE, tmp_path / "data/raw/reference")
    shutil.copyfile(TOOLS.parent / "study.toml", tmp_path / "study.toml")
    subprocess.run(
        [sys.executable, "-c", code, str(REFERENCE), str(TOOLS)], env=env, cwd=tmp_path, check=True
    )
    again = {path.name: path.read_bytes() for path in (tmp_path / "raw" / "2020").iterdir()}
    assert len(again) == 10
    assert again == {path.name: path.read_bytes() for path in waves[2020].iterdir()}


def test_another_seed_gives_other_data(waves):
    first, second = (
        {path.name: path.read_bytes() for path in folder.glob("*.xlsx")}
        for folder in waves.values()
    )
    assert first.keys() == second.keys()
    assert not [name for name in first if first[name] == second[name]]
