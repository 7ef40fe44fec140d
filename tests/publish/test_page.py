"""The page against a small executed notebook; what it should hold is parsed back from the HTML."""

import base64
import hashlib
import io
import json
import re
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import nbformat
import pytest
import seaborn as sns
from fontTools.ttLib import TTFont
from matplotlib import font_manager
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from analysis.publish import fonts, page

plt.switch_backend("agg")
COUNTIES = [
    "椒江区",
    "黄岩区",
    "路桥区",
    "临海市",
    "温岭市",
    "玉环市",
    "天台县",
    "仙居县",
    "三门县",
]
BEFORE = [78.1, 72.4, 70.1, 66.0, 64.8, 63.7, 57.9, 56.3, 55.0]
AFTER = [100.0, 100.0, 98.6, 98.4, 97.9, 98.1, 96.5, 96.2, 95.8]


def n(name, text):
    return f'<a class="n" href="#r-{name}" data-basis="synthetic">{text}</a>'


def draw(size, values, label):
    font_manager.fontManager.addfont(fonts.font_path())
    settings = {"font.family": "Noto Sans SC", "svg.fonttype": "none", "svg.hashsalt": "test"}
    with sns.axes_style("ticks"), plt.rc_context(settings):
        figure, axes = plt.subplots(figsize=size, layout="constrained")
        sns.barplot(x=values, y=COUNTIES, color="#1c5d7d", ax=axes, gid=None)
        axes.set_xlabel(label)
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
        plt.close(figure)
    return file.getvalue()


def shown(kind, data, **report):
    metadata = {"report": {"kind": kind, **report}}
    return new_output("display_data", data=data, metadata=metadata)


def prose(id, text):
    output = shown("prose", {"text/markdown": text}, lang="zh")
    return new_code_cell("%%md zh\n{{ secret_template }}", id=id, outputs=[output])


def figure(svg, **changes):
    facts = {
        "id": "compliance_change",
        "title": f"九个县（市、区）的达标率都升到 {n('compliant_share', '95%')} 以上",
        "subtitle": "社区综合服务设施达标率，%，n = 473 个社区",
        "alt": "横条图：九个县（市、区）的达标率，最低三门县。",
        "source": "合成数据 · notebooks/02_facilities.ipynb",
        "svg": "../figures/compliance_change.svg",
        "png": "../figures/compliance_change.png",
        "csv": "../tables/compliance_change.csv",
        "behind": BEHIND,
    }
    return shown("figure", {"image/svg+xml": svg, "text/plain": "alt"}, **{**facts, **changes})


TABLE = """<table><thead><tr><th scope="col">县（市、区）</th><th scope="col">专职社工</th></tr></thead>
<tbody><tr data-county="331002"><th scope="row">椒江区</th><td class="num">264</td></tr></tbody></table>"""
BEHIND = (
    '<table><tbody><tr><th scope="row">椒江区</th><td class="num">78.1</td></tr></tbody></table>'
)
TILES = [
    {
        "value": n("compliant_share", "98%"),
        "label": "社区综合服务设施达标率",
        "note": "2018年初 65.4%",
    },
    {
        "value": n("workers", "1533"),
        "label": "专职社区工作者（人）",
        "note": f"新增 {n('workers_new', '452')} 人",
    },
    {"value": n("funds", "1.69 亿元"), "label": "2019年社区工作经费", "note": "16887.2 万元"},
    {"value": n("certified_share", "47.2%"), "label": "社工持证率", "note": "不足一半"},
    {"value": n("rented_share", "48%"), "label": "社区用房为租借", "note": "制约空间提升"},
    {"value": n("signs", "15605"), "label": "摘除、清理的牌子（块）", "note": "“七多”清理"},
]


@pytest.fixture(scope="module")
def drawings():
    return [
        draw((6.8, 3.6), AFTER, "达标率（%）"),
        draw((6.8, 3.6), BEFORE, "人"),
        draw((3.5, 3.6), BEFORE, "人"),
    ]


def mock(drawings):
    """Return a notebook as the other modules and papermill leave it."""
    made = [
        new_markdown_cell("# 台州市社区治理调研报告", id="title"),
        new_code_cell(
            "import pandas as pd",
            id="setup",
            outputs=[new_output("stream", name="stderr", text="a warning")],
        ),
        new_code_cell(
            "tiles()", id="tiles", outputs=[shown("tiles", {"text/html": "-"}, tiles=TILES)]
        ),
        prose("achievements", "## 一、做法成效\n"),
        prose(
            "base",
            "### （一）社区基础夯实有力\n\n"
            f"全市社区综合服务设施达标率从2018年初的65.4%提升至{n('compliant_share', '98%')}。"
            f"全市共新增招聘{n('workers_new', '452')}名专职社区工作者，共有专职社区工作者"
            f"{n('workers', '1533')}人。"
            f"2019年全市全年共计投入社区工作经费{n('funds', '16887.2')}万元（见"
            '<a class="ref" href="#fig-workers"></a>、<a class="ref" href="#tab-workers"></a>）。'
            f"椒江区持证率为{n('certified_share.331002', '51.9%')}。",
        ),
        new_code_cell(
            "section.figure('compliance_change')\n\nplain & <simple>",
            id="draw",
            outputs=[figure(drawings[0])],
        ),
        new_code_cell(
            "section.figure('workers')",
            id="draw2",
            outputs=[figure(drawings[1], id="workers", title="三地占近一半", narrow=drawings[2])],
        ),
        prose(
            "problems",
            "## 二、存在问题\n\n全市社工队伍中持有社会工作者资格证书的仅占"
            f"{n('certified_share', '47.2%')}；全市{n('rented_share', '48%')}的社区用房是租借来的。",
        ),
        new_code_cell(
            "section.table('workers')",
            id="tabulate",
            outputs=[
                shown(
                    "table",
                    {"text/html": TABLE},
                    id="workers",
                    title="各县（市、区）专职社工",
                    subtitle="2019年，人",
                    source="合成数据",
                    csv="../tables/workers.csv",
                )
            ],
        ),
        new_code_cell(
            "frame.head()",
            id="frame",
            outputs=[
                new_output(
                    "execute_result",
                    data={"text/html": "<table id='df'><tr><td>七</td></tr></table>"},
                ),
                new_output("stream", name="stdout", text="printed <b>words</b>"),
                new_output("execute_result", data={"text/plain": "42 < 43"}),
            ],
        ),
        new_markdown_cell("### 一个普通单元\n\n**重要**的 <em>话</em>。", id="plain"),
    ]
    return new_notebook(cells=made)


def estimate(name):
    return {
        "label": {"compliant_share": "社区综合服务设施达标率", "workers": "专职社区工作者"}.get(
            name, name
        ),
        "value": "98%",
        "how": "communities: 100 × count(compliant) / count(rows)",
        "words": "达标354个 ÷ 社区361个",
        "facts": "普查；合成；观测数 473；区间 96.5–98.9%；发布稿 98%，按构造一致",
        "notebook": "02_facilities",
        "cell": "draw",
        "cell_href": "../notebooks/02_facilities.html#c-draw",
        "sources": [("县级工作簿《附件1》", "椒江区 98 (5-61), 黄岩区 97 (5-48)")],
        "definition": "年末用房面积和功能都达到省定标准的城市社区所占的份额 <每百个>。",
    }


NAMES = [
    "compliant_share",
    "workers",
    "workers_new",
    "funds",
    "certified_share",
    "certified_share.331002",
    "rented_share",
    "signs",
]


def site(**changes):
    facts = {
        "title": "台州市社区治理调研报告",
        "subtitle": "设施基本达标、队伍迅速壮大，但近一半社区用房靠租借、一半以上社工无证上岗。",
        "date": "2019 年度数据",
        "edition": "第 1 版",
        "kicker": "台州市 · 城市社区治理调研",
        "basis": "synthetic",
        "notice": "县级微观数据未公开；本页县级数字为按发布稿总数校准的合成重建，只用于演示方法，"
        "不得引用。",
        "downloads": [
            ("PDF", "report.pdf"),
            ("Word（公文格式）", "report.docx"),
            ("全部表格 XLSX", "../tables/tables.xlsx"),
        ],
        "links": [(name, f"../districts/{i}/index.html") for i, name in enumerate(COUNTIES)],
        "estimates": {name: estimate(name) for name in [*NAMES, "unused"]},
        "stamp": {"数据日期": "2020-04-30", "analysis": "0.1.0", "SHA-256": "9f86d081884c7d65"},
    }
    return {**facts, **changes}


class Page(HTMLParser):
    """Parse a page into (tag, attributes) and the text below each id."""

    VOID = frozenset({"meta", "link", "img", "br", "hr", "input"})

    def __init__(self, html):
        super().__init__()
        self.tags, self.stack, self.text, self.outline = [], [], {}, []
        self.feed(html)
        assert not self.stack, "unclosed elements"

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.stack.append((tag, dict(attributes).get("id")))

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.stack.pop()[0] == tag, f"</{tag}> out of place"

    def handle_data(self, data):
        for tag, id in self.stack:
            self.text[id or tag] = self.text.get(id or tag, "") + data

    def all(self, tag, **wanted):
        wanted = {key.rstrip("_"): value for key, value in wanted.items()}
        return [a for t, a in self.tags if t == tag and wanted.items() <= a.items()]

    def ids(self):
        return [a["id"] for _, a in self.tags if "id" in a]


@pytest.fixture(scope="module")
def html(drawings):
    return page.render(mock(drawings), kind="report", site=site())


@pytest.fixture(scope="module")
def parsed(html):
    return Page(html)


@pytest.fixture(scope="module")
def notebook_html(drawings):
    return page.render(mock(drawings), kind="notebook", site=site())


def test_same_bytes(html, drawings):
    assert html == page.render(mock(drawings), kind="report", site=site())


def test_input_is_left_alone(drawings):
    notebook = mock(drawings)
    before = nbformat.writes(notebook)
    page.render(notebook, kind="report", site=site())
    assert nbformat.writes(notebook) == before


# What is shown, and where


def test_unknown_kind_and_error_output_raise(drawings):
    with pytest.raises(ValueError, match="poster"):
        page.render(mock(drawings), kind="poster", site=site())
    failed = new_output("error", ename="ZeroDivisionError", evalue="by zero", traceback=[])
    broken = new_notebook(cells=[new_code_cell("1 / 0", id="broken", outputs=[failed])])
    for kind in page.KINDS:
        with pytest.raises(ValueError, match="broken: ZeroDivisionError: by zero"):
            page.render(broken, kind=kind, site=site())


def test_header_holds_what_the_site_says(parsed):
    assert parsed.text["title"] == "台州市社区治理调研报告"
    assert parsed.all("html", lang="zh-CN") and len(parsed.all("h1")) == 1
    assert parsed.all("a", href="report.pdf") and parsed.all("a", href="../tables/tables.xlsx")
    assert parsed.all("a", href="../districts/0/index.html")
    for word in ["台州市 · 城市社区治理调研", "2019 年度数据 · 第 1 版"]:
        assert word in parsed.text["header"]
    assert "9f86d081884c7d65" in parsed.text["footer"]


def test_order_of_the_page(html):
    marks = ["<header", 'class="band"', 'class="tiles"', 'class="contents"', "<main", 'id="base"']
    marks += ['id="fig-workers"', 'id="receipts"', "<footer"]
    positions = [html.index(mark) for mark in marks]
    assert positions == sorted(positions)


def test_band_only_while_the_data_are_not_official(html, drawings):
    assert "不得引用。</aside>" in html and "@top-center" in html
    official = page.render(mock(drawings), kind="report", site=site(basis="official"))
    assert "不得引用" not in official and "<aside" not in official and "@top-center" not in official


def test_band_does_not_say_synthetic_twice(drawings):
    for notice in ["合成数据：不得引用。", "不得引用。"]:
        html = page.render(mock(drawings), kind="report", site=site(notice=notice))
        aside = re.search(r"<aside.*?</aside>", html, flags=re.DOTALL)[0]
        assert re.sub(r"<.*?>|：| ", "", aside) == "合成数据不得引用。"


def test_sections_and_headings_take_the_ids_of_cells(parsed):
    assert parsed.all("h2", id="achievements") and parsed.all("h3", id="base")
    assert parsed.text["base"] == "（一）社区基础夯实有力"


def test_second_title_becomes_a_section():
    html = '<h1 id="a">题</h1><p>话</p><h1 id="b">二</h1><section id="c-x">\n</section>'
    assert page.below_title(html) == '<p>话</p><h2 id="b">二</h2>'


def test_contents_list_every_section(parsed):
    for id in ["achievements", "base", "problems", "receipts"]:
        assert len(parsed.all("a", href=f"#{id}")) == 1
        assert id in parsed.ids()


def test_report_hides_code_and_everything_undeclared(html, parsed):
    for hidden in [
        "secret_template",
        "import pandas",
        "a warning",
        "printed",
        "42 &lt; 43",
        "七</td>",
    ]:
        assert hidden not in html
    assert not {"c-setup", "c-frame", "c-title", "c-plain"} & set(parsed.ids())
    assert "tiles()" not in html


def test_source_of_prose_is_dropped_even_where_it_draws(drawings):
    cell = new_code_cell("%%md zh\n{{ secret_template }}", id="a", outputs=[figure(drawings[0])])
    html = page.render(new_notebook(cells=[cell]), kind="report", site=site())
    assert "secret_template" not in html and "<code>" not in html


OWN_OF_A_REPORT = r'@font-face.*?\}|<section class="(?:lead|part|annex)">|</section>|<div class="plot.*?</svg></div>'


def test_district_is_drawn_like_the_report_but_for_its_sections_and_drawings(html, drawings):
    district = page.render(mock(drawings), kind="district", site=site())
    bare = [re.sub(OWN_OF_A_REPORT, "", text, flags=re.DOTALL) for text in (district, html)]
    assert bare[0] == bare[1].replace('<body class="report">', '<body class="district">')
    assert '<section class="lead"><h2 id=' in html and '<section class="lead">' not in district


def test_notebook_shows_code_above_outputs(notebook_html):
    for shown_text in [
        "%%md zh",
        "import pandas as pd",
        "a warning",
        "printed &lt;b&gt;",
        "42 &lt; 43",
    ]:
        assert shown_text in notebook_html
    assert notebook_html.index("frame.head()") < notebook_html.index("<table id='df'>")
    assert '<h3 id="plain">一个普通单元</h3>' in notebook_html, "a plain Markdown cell"
    assert "<strong>重要</strong>的 <em>话</em>" in notebook_html
    assert "In [" not in notebook_html and "Out[" not in notebook_html


# Figures, tables, tiles


def test_numbers_of_figures_in_order_of_appearance(html, parsed):
    assert parsed.text["fig-compliance_change-t"].startswith("图 1 九个县（市、区）")
    assert parsed.text["fig-workers-t"].startswith("图 2 三地占近一半")
    assert parsed.text["tab-workers-t"].startswith("表 1 各县")
    assert '<a class="ref" href="#fig-workers">图 2</a>、' in html, "a reference that looks ahead"
    assert '<a class="ref" href="#tab-workers">表 1</a>）' in html


def test_unknown_reference_raises(drawings):
    notebook = mock(drawings)
    notebook.cells.append(prose("lost", '见<a class="ref" href="#fig-nowhere"></a>。'))
    with pytest.raises(KeyError, match="fig-nowhere"):
        page.render(notebook, kind="report", site=site())


def test_figure_shown_twice_raises(drawings):
    notebook = mock(drawings)
    notebook.cells.append(new_code_cell("", id="again", outputs=[figure(drawings[0])]))
    with pytest.raises(ValueError, match="fig-compliance_change"):
        page.render(notebook, kind="report", site=site())


def test_svg_refers_to_its_own_ids(html):
    pointed = re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', html)
    assert pointed
    assert all(f'id="{id}"' in html for id in pointed)


def test_a_drawing_is_named_by_its_caption_and_has_ids_of_its_own():
    svg = '<?xml version="1.0"?><svg viewBox="0 0 1 1"><path id="m0"/><use href="#m0" data-id="a"/></svg>'
    one, other = str(page.inline_svg(svg, "fig-x")), str(page.inline_svg(svg, "fig-x", "-narrow"))
    own = re.search(r'<path id="(\w+)"', one)[1]
    assert one == (
        f'<svg role="img" aria-labelledby="fig-x-t" viewBox="0 0 1 1"><path id="{own}"/>'
        f'<use href="#{own}" data-id="a"/></svg>'
    )
    assert own not in other


def test_narrow_drawing_has_its_own_place_and_is_the_only_one_of_a_report(html, drawings):
    assert html.count('class="plot wide"') == html.count('class="plot narrow"') == 0
    assert html.count('class="plot single"') == 1
    district = page.render(mock(drawings), kind="district", site=site())
    wide, narrow = district.index('class="plot wide"'), district.index('class="plot narrow"')
    assert district.index('id="fig-workers"') < wide < narrow


def test_below_a_figure(html, parsed):
    for href in ["../tables/compliance_change.csv", "../figures/compliance_change.svg"]:
        assert parsed.all("a", href=href)
    assert parsed.all("a", href="../figures/compliance_change.png")
    assert parsed.all("a", href="#fig-compliance_change", class_="perma")
    assert "来源：合成数据 · notebooks/02_facilities.ipynb" in parsed.text["fig-compliance_change"]
    assert BEHIND in html


def test_table_is_kept_and_scrolls(html, parsed):
    assert TABLE.replace("\n", "") in html
    regions = parsed.all("div", class_="scroll", role="region", tabindex="0")
    assert "tab-workers-t" in [region["aria-labelledby"] for region in regions]
    assert all(region["aria-labelledby"] in parsed.ids() for region in regions)


def test_tiles_are_made_from_their_description(html, parsed):
    assert len(parsed.all("dd", class_="v")) == len(TILES)
    tile = re.search(r"<div><dt>专职社区工作者（人）</dt>.*?</div>", html)[0]
    assert ">1533</a></dd>" in tile and ">452</a> 人</dd>" in tile


# Receipts


def used(html):
    return set(re.findall(r'<a [^>]*href="#r-([^"]+)"', html))


def receipts_in(html):
    return set(re.findall(r'<article id="r-([^"]+)"', html))


def test_one_receipt_for_each_number_used(html):
    assert receipts_in(html) == set(NAMES) == used(html)


def test_receipt_tells_where_a_number_comes_from(parsed):
    text = parsed.text["r-compliant_share"]
    for field in ["label", "value", "words", "facts", "definition"]:
        assert estimate("compliant_share")[field] in text
    assert "县级工作簿《附件1》 椒江区 98 (5-61)" in text
    assert parsed.all("a", href="../notebooks/02_facilities.html#c-draw")


def test_the_formula_stands_on_the_page_of_a_notebook_alone(html, notebook_html):
    assert "count(compliant)" in notebook_html and "count(compliant)" not in html


def test_links_between_numbers_and_receipts_lead_both_ways(html, parsed):
    ids = set(parsed.ids())
    inside = [a["href"][1:] for a in parsed.all("a") if a["href"].startswith("#")]
    assert {target for target in inside if target not in ids} == {"-"}, "#- closes a receipt"
    for name in NAMES:
        assert f'href="#n-{name}"' in html and f"n-{name}" in ids, "a way back to the first place"


def test_unknown_number_raises(drawings):
    facts = site()
    del facts["estimates"]["certified_share.331002"]
    for kind in page.KINDS:
        with pytest.raises(KeyError, match=r"certified_share\.331002"):
            page.render(mock(drawings), kind=kind, site=facts)


# One file, safe and whole


@pytest.mark.parametrize("kind", page.KINDS)
def test_ids_are_unique(kind, drawings):
    ids = Page(page.render(mock(drawings), kind=kind, site=site())).ids()
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("kind", page.KINDS)
def test_nothing_is_asked_of_the_network(kind, drawings):
    html = page.render(mock(drawings), kind=kind, site=site())
    tags = Page(html).tags
    assert not [tag for tag, _ in tags if tag in {"iframe", "object", "embed"}]
    script = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in script]
    allowed = re.search(r"script-src ([^;]*);", html)[1].split()
    assert (
        script[0] == "document.fonts.load('1em Noto Sans SC')"
        and "<script>" in html[: html.index("<body")]
    )
    assert len(script) == 2 and allowed == [f"'sha256-{digest}'" for digest in digests], (
        "no other script may run"
    )
    asked = [a.get("src") or a["href"] for t, a in tags if "src" in a or (t == "link")]
    assert asked and all(address.startswith("data:") for address in asked)
    styles = "".join(re.findall(r"<style[^>]*>(.*?)</style>", html, flags=re.DOTALL))
    assert "@import" not in styles
    assert all(u.startswith("data:") for u in re.findall(r"url\(([^)]*)\)", styles))
    policy = [a["content"] for a in Page(html).all("meta") if "http-equiv" in a]
    assert policy and policy[0].startswith("default-src 'none';")


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def test_hostile_metadata_is_escaped(drawings):
    facts = dict.fromkeys(["title", "subtitle", "alt", "source"], HOSTILE)
    out = figure(drawings[0], **facts)
    tiles = [dict.fromkeys(["value", "label", "note"], HOSTILE)]
    notebook = new_notebook(
        cells=[new_code_cell(HOSTILE, id="a", outputs=[out, shown("tiles", {}, tiles=tiles)])]
    )
    words = ["title", "subtitle", "date", "edition", "kicker", "notice"]
    facts = site(
        **dict.fromkeys(words, HOSTILE), stamp={HOSTILE: HOSTILE}, downloads=[(HOSTILE, "x")]
    )
    for kind in page.KINDS:
        html = page.render(notebook, kind=kind, site=facts)
        assert html.count("<script") == 2 and "<img" not in html, "the page's own scripts alone"
        assert html.count("&lt;script&gt;") > 12


def test_only_links_to_receipts_pass_in_a_title():
    good = n("compliant_share", "98%")
    assert page.inline(f"<i>{good} & <b>") == f"&lt;i&gt;{good} &amp; &lt;b&gt;"
    for bad in [good.replace("#r-", "https://x/"), good.replace(" data", " onclick='x' data")]:
        assert "<a" not in page.inline(bad)


def test_font_has_exactly_the_characters_of_the_page(html):
    data = re.search(r"base64,([A-Za-z0-9+/=]+)\) format", html)[1]
    font = TTFont(io.BytesIO(base64.b64decode(data)))
    got = set(map(chr, font.getBestCmap()))
    beyond = {c for c in html.replace(data, "") if ord(c) > 126 and c.isprintable()}
    assert {c for c in got if ord(c) > 126} == beyond - fonts.missing("".join(beyond))
    assert "镇" not in got and "椒" in got


def test_sizes(html):
    style = (page.TEMPLATE / "style.css").read_bytes()
    assert len(style) < 16_000
    bare = re.sub(r"base64,[^)]*|<svg.*?</svg>", "", html, flags=re.DOTALL)
    assert len(bare.encode()) < 60_000


def test_english_page_is_labelled_in_english(drawings):
    html = page.render(mock(drawings), kind="report", lang="en", site=site())
    parsed = Page(html)
    assert parsed.all("html", lang="en")
    assert parsed.text["fig-workers-t"].startswith("Figure 2 ")
    assert "Where the numbers come from" in html and "数字出处" not in html


def test_labels_are_the_same_in_both_languages():
    labels = json.loads((page.TEMPLATE / "labels.json").read_text(encoding="utf-8"))
    assert labels["zh"].keys() == labels["en"].keys()
    templates = "".join(file.read_text("utf-8") for file in page.TEMPLATE.glob("*.j2"))
    for key in labels["zh"]:
        named = (
            f"labels.{key}" in templates
            or f"label.{key}" in templates
            or f'"{key}"' in templates
            or key in page.ANCHORS
        )
        assert named, f"no template uses {key}"
