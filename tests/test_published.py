"""What a full run publishes: the ledger, the calibration, the labels, the pages."""

import csv
import hashlib
import json
import re
import sys
import zipfile
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from this_study import CITY, COUNTIES, STEPS

from analysis.publish.districts import totals
from analysis.stats.record import COLUMNS
from analysis.survey.citation import parse
from analysis.survey.reference import reference
from running import REPOSITORY


@pytest.fixture(scope="module")
def outputs(edition):
    return (edition / "outputs/2020").resolve()


@pytest.fixture(scope="module")
def estimates(outputs):
    return pd.read_csv(outputs / "tables/estimates.csv", dtype={"district": str})


@pytest.fixture(scope="module")
def ledger(outputs):
    with (outputs / "tables/ledger.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def rows(edition, name):
    with (edition / f"data/raw/reference/{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_claim_has_its_row_in_the_ledger(edition, ledger):
    claims = [row["id"] for name in ("claims", "claims_qual") for row in rows(edition, name)]
    assert len(claims) == 90
    assert sorted(claims) == sorted(ledger)
    assert all(row["status"] and row["quote"] for row in ledger.values())


def test_every_calibration_target_is_met_but_the_named_exception(edition, ledger):
    targets = rows(edition, "calibration_targets")
    assert len(targets) == 24
    status = {row["claim_id"]: ledger[row["claim_id"]]["status"] for row in targets}
    assert {claim for claim, said in status.items() if said != "by construction"} == {"Q09"}
    assert status["Q09"] == "named exception"
    assert "1130" in ledger["Q09"]["explanation"]
    for target in targets:
        row = ledger[target["claim_id"]]
        if re.fullmatch(r"[\d.]+( .*|%)?", target["published"]) and target["claim_id"] != "Q09":
            printed = float(re.match(r"[\d.]+", target["published"])[0])
            assert round(float(row["exact_value"]), int(target["decimals"])) == pytest.approx(
                printed
            )


def test_nothing_contradicts_the_published_report(ledger):
    assert [row["id"] for row in ledger.values() if row["status"] == "contradicted"] == []


def test_growth_is_printed_as_found_beside_the_published_figure(ledger):
    assert (ledger["Q09"]["published"], ledger["Q09"]["recomputed"]) == ("35.6", "35.7")


def test_estimates_have_the_columns_of_the_contract_and_unique_names(estimates):
    assert list(estimates.columns) == [*COLUMNS, "withheld"]
    assert estimates["name"].is_unique
    assert estimates[["unit", "basis", "how", "notebook", "cell"]].notna().all(axis=None)
    assert (estimates["value"].isna() == estimates["withheld"].notna()).all()
    assert set(estimates.loc[estimates["basis"] == "synthetic", "uncertainty"]) == {
        "census",
        "sample",
        "model",
    }


def test_every_estimate_names_the_cell_that_computes_it(edition, estimates):
    for notebook, part in estimates.groupby("notebook"):
        source = json.loads((edition / f"notebooks/{notebook}.ipynb").read_text("utf-8"))
        cells = {cell["id"]: "".join(cell["source"]) for cell in source["cells"]}
        for row in part.itertuples():
            assert f'"{row.indicator}"' in cells[row.cell] or row.indicator in cells[row.cell], (
                row.name
            )


def test_survey_estimates_are_labelled_synthetic_and_the_sample_is_told_apart(estimates):
    surveyed = estimates[
        ~estimates["how"].str.startswith(("policy_register", "benchmarks", "claims", "published"))
    ]
    assert set(surveyed["basis"]) == {"synthetic"}
    asked = estimates["how"].str.startswith(("interview_communities", "interview_staff"))
    assert ((estimates["uncertainty"] == "sample") == asked).all()
    inferred = asked & estimates["how"].str.contains("design-based")
    assert set(estimates.loc[inferred, "district"]) == {CITY}, (
        "counties' samples are too small to infer from"
    )
    assert estimates.loc[asked & ~inferred, ["low", "high"]].isna().all(axis=None)


def test_what_is_of_one_county_is_a_number_of_that_county_alone(estimates):
    for name in (
        "beizhu_workers",
        "jinpan_pay",
        "zone_sanmen",
        "tiantai_pay_not_standard",
        "as_village_named",
    ):
        (district,) = estimates.loc[estimates["indicator"] == name, "district"]
        assert district in COUNTIES, name


def test_n_is_the_number_of_rows_cited(estimates):
    plain = estimates[~estimates["how"].str.startswith(("estimates", "model", "published"))]
    for row in plain.itertuples():
        parts = parse(row.sources if isinstance(row.sources, str) else "")
        # the members or the frame come behind
        counted = [part for part in parts if part.sheet == parts[0].sheet]
        if parts and not parts[0].spans:  # people, whose rows are not told
            continue
        assert sum(part.count for part in counted) == row.n, row.name


def test_city_counts_are_the_sums_of_the_counties(estimates):
    for indicator in ("workers_total", "plates", "funding_total", "communities_total"):
        part = estimates[estimates["indicator"] == indicator].set_index("district")["value"]
        assert part.drop("331000").sum() == pytest.approx(part["331000"])
        assert set(part.index) == {"331000", *COUNTIES}


class Page(HTMLParser):
    """Collect what the tests look at: ids, links, loaded addresses, text."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loaded, self.words, self.twin = [], [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given.get("href") or "")
            self.twin = given["href"] if given.get("hreflang") else self.twin
        elif given.get("src") or given.get("href"):
            self.loaded.append(given.get("src") or given.get("href"))

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def pages(outputs):
    return {
        path.resolve(): Page(path.read_text("utf-8")) for path in sorted(outputs.rglob("*.html"))
    }


def test_all_pages_are_there(outputs, pages):
    names = {path.relative_to(outputs).as_posix() for path in pages}
    assert "report/index.html" in names
    assert {f"districts/{code}/index.html" for code in COUNTIES} <= names
    assert sum(name.startswith("notebooks/") for name in names) == 2 * len(STEPS)


def test_every_page_figure_and_table_carries_the_label(outputs, pages):
    for path, page in pages.items():
        assert ("Synthetic data" if path.parent.name == "en" else "合成数据") in "".join(
            page.words
        ), path
    for drawing in (outputs / "figures").glob("*.svg"):
        assert "合成数据" in drawing.read_text("utf-8")
    for table in (outputs / "tables").glob("*.csv"):
        with table.open(encoding="utf-8-sig", newline="") as file:
            assert {row["basis"] for row in csv.DictReader(file)} <= {"synthetic", "published", ""}


def test_links_of_every_page_lead_somewhere(pages):
    for path, page in pages.items():
        for link in page.links:
            target, _, anchor = link.partition("#")
            if link == "#-":  # closes an open receipt and keeps the place: no element has this id
                assert anchor not in page.ids
            elif not target:
                assert anchor in page.ids, (path.name, link)
            else:
                found = (path.parent / target).resolve()
                assert found.exists(), (path.name, link)
                assert not anchor or anchor in pages[found].ids, (path.name, link)


def test_every_page_leads_to_its_twin_in_the_other_language_and_back(outputs, pages):
    for path, page in pages.items():
        if path != outputs / "index.html":  # holds both
            there = (path.parent / page.twin).resolve()
            assert (there.parent / pages[there].twin).resolve() == path.resolve() != there, path


def test_pages_load_nothing_and_repeat_no_id(pages):
    for path, page in pages.items():
        assert [
            address for address in page.loaded if not address.startswith(("data:", "#"))
        ] == [], path
        assert len(page.ids) == len(set(page.ids)), path


def test_every_number_of_the_report_has_a_receipt(outputs, pages):
    page = pages[outputs / "report/index.html"]
    receipts = [link[1:] for link in page.links if link.startswith("#r-")]
    assert len(receipts) > 100
    assert set(receipts) <= set(page.ids)


def test_the_report_states_the_quantitative_findings(outputs, pages, ledger):
    text = "".join(pages[outputs / "report/index.html"].words)
    said = [
        "Q03",
        "Q07",
        "Q08",
        "Q10",
        "Q11",
        "Q12",
        "Q13",
        "Q14",
        "Q16",
        "Q17",
        "Q18",
        "Q19",
        "Q30",
        "Q23",
    ]
    for claim in said:
        assert ledger[claim]["recomputed"] in text, claim


def test_district_pages_say_only_their_own_and_the_citys_numbers(outputs, pages):
    for code in COUNTIES:
        page = pages[outputs / f"districts/{code}/index.html"]
        others = {link[-6:] for link in page.links if re.fullmatch(r"#r-\w+\.\d{6}", link)}
        assert others == {code}


def test_totals_are_declared_and_add_up_and_nothing_else_does(estimates):
    declared = totals()
    whole = estimates[
        estimates.groupby("indicator")["district"].transform("nunique") > len(COUNTIES)
    ]
    whole = whole[~whole["indicator"].isin(whole.loc[whole["withheld"].notna(), "indicator"])]
    parts = whole[whole["district"] != CITY].groupby("indicator")["value"].sum()
    city = estimates[estimates["district"] == CITY].set_index("indicator")["value"]
    hidden = set(reference("people").query("by_district == 'no'")["indicator"]) | {"candidates"}
    declared -= hidden | {name for name in declared if name not in set(whole["indicator"])}
    assert len(declared) > 15
    adds = {
        name
        for name, total in parts.items()
        if np.isclose(total, city.get(name, np.nan), atol=0.005)
    }
    assert adds == declared


def test_a_county_page_leaves_what_the_citys_value_rests_on_to_the_pages_of_the_city(outputs):
    """So that a correction elsewhere does not move it with every interval of the city."""
    told = {}
    for page in ("districts/331002", "report"):
        html = (outputs / page / "index.html").read_text("utf-8")
        told[page] = html.partition("<article id=r-income>")[2].partition("</article>")[0]
    assert all(word in told["report"] for word in ("普查", "区间", "原报告", "椒江区", "临海市"))
    assert "普查" in told["districts/331002"]
    assert not any(
        word in told["districts/331002"] for word in ("区间", "原报告", "椒江区", "临海市")
    )


def test_checksums_fit(outputs):
    lines = (outputs / "SHA256SUMS").read_text("utf-8").splitlines()
    listed = {line[66:]: line[:64] for line in lines}
    files = {p.relative_to(outputs).as_posix() for p in outputs.rglob("*") if p.is_file()}
    assert files - {"SHA256SUMS", "README.md", ".made-by-analysis"} == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((outputs / name).read_bytes()).hexdigest() == digest


def written(path):
    """Return the content of a file, unpacked if packed; that of the PDF is taken from Word."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            return "".join(
                packed.read(name).decode("utf-8", "ignore") for name in packed.namelist()
            )
    return path.read_bytes().decode("utf-8", "ignore")


def test_nothing_published_names_a_place_on_this_machine_and_no_notebook_warns(edition, outputs):
    places = {str(edition), str(REPOSITORY), str(edition.resolve()), sys.prefix}
    told = {
        p.name: [place for place in places if place in written(p)]
        for p in outputs.rglob("*")
        if p.is_file()
    }
    assert len(told) > 50 and {name: found for name, found in told.items() if found} == {}
    executed = sorted((edition / "build/2020").glob("*/notebooks/*.ipynb"))
    cells = [cell for path in executed for cell in json.loads(path.read_text("utf-8"))["cells"]]
    shown = [
        (cell["id"], out["name"])
        for cell in cells
        for out in cell.get("outputs", ())
        if "name" in out
    ]
    assert len(cells) > 500 and [cell for cell, stream in shown if stream == "stderr"] == []


def test_no_identifier_of_a_person_is_anywhere_behind_the_load(edition):
    book = CalamineWorkbook.from_path(str(edition / "data/raw/2020/331002_椒江区.xlsx"))
    cells = {
        cell for row in book.get_sheet_by_name("专职社区工作者花名册").to_python() for cell in row
    }
    secrets = {
        c
        for c in cells
        if isinstance(c, str) and re.fullmatch(r"测试\d{3,}|\d{17}[\dX]|100\d{8}", c)
    }
    assert len(secrets) > 500
    published = [
        p for folder in ("outputs", "build") for p in (edition / folder).rglob("*") if p.is_file()
    ]
    text = "".join(map(written, published))
    assert "专职社区工作者" in text
    tables = "".join(
        pd.read_parquet(p).to_csv() for p in sorted((edition / "data/processed").rglob("*.parquet"))
    )
    found = {
        s for s in re.findall(r"测试\d{3,}|\d{17}[\dX]|100\d{8}", text + tables) if s in secrets
    }
    assert found == set()
