"""The pages in a browser: axe-core, keyboard, no network, no script, narrow screens. Skips where
there is none.
"""

import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

PAGES = ("index.html", "report/index.html", "report/en/index.html", "districts/331023/index.html",
         "districts/331023/en/index.html", "notebooks/03_workforce.html")  # fmt: skip


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    """The source of axe-core, from npm where that can be had."""
    if given := os.environ.get("AXE_CORE"):
        return Path(given).read_text("utf-8")
    folder = tmp_path_factory.mktemp("axe")
    if shutil.which("npm") is None:
        pytest.skip("no npm on this machine: axe-core is not run")
    done = subprocess.run(
        ["npm", "pack", "axe-core"], cwd=folder, capture_output=True, check=False, timeout=120
    )
    packed = next(folder.glob("axe-core-*.tgz"), None)
    if done.returncode or packed is None:
        pytest.skip("axe-core cannot be had from npm here: it is not run")
    with tarfile.open(packed) as archive:
        return archive.extractfile("package/axe.min.js").read().decode("utf-8")


@pytest.fixture(scope="module")
def addresses(edition):
    return {
        name: edition / "outputs/2020" / name
        for name in PAGES
        if (edition / "outputs/2020" / name).exists()
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(browser, axe, addresses, width, scheme):
    asked = {name: path.as_uri() for name, path in addresses.items()}
    chosen = "?area=331023#r-certified"  # a county and a receipt are open
    asked |= {
        name + chosen: url + chosen for name, url in asked.items() if name.startswith("report/")
    }
    for name, url in asked.items():
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
        )
        page = context.new_page()
        page.goto(url)
        page.evaluate(axe)
        found = page.evaluate("axe.run()")["violations"]
        context.close()
        assert [(name, rule["id"], rule["nodes"][0]["html"][:200]) for rule in found] == []


def test_no_error_no_request_and_no_scrolling_sideways_at_360(browser, addresses):
    for name, path in addresses.items():
        page = browser.new_page(viewport={"width": 360, "height": 740})
        errors, asked = [], []
        page.on(
            "console",
            lambda message, to=errors: to.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error, to=errors: to.append(str(error)))
        page.on("request", lambda request, to=asked: to.append(request.url))
        page.goto(path.as_uri())
        assert errors == [], name
        assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()], name
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
        page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_no_drawing_reaches_out_of_its_picture(browser, addresses, width):
    outside = """() => [...document.querySelectorAll(".plot svg")].flatMap(svg => {
        const box = svg.getBoundingClientRect()
        return box.width ? [...svg.querySelectorAll("text, path, use")].filter(mark => {
            const { left, right, top, bottom, width } = mark.getBoundingClientRect()
            const beside = left < box.left - 2 || right > box.right + 2
            return width && (beside || top < box.top - 3 || bottom > box.bottom + 3)
        }).map(mark => svg.getAttribute("aria-labelledby") + ": " + mark.outerHTML) : [] })"""
    for name, path in addresses.items():
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(path.as_uri())
        page.evaluate("document.fonts.ready")
        assert page.evaluate(outside) == [], name
        page.close()


def test_no_line_moves_while_the_font_loads(browser, addresses):
    """Visible without a Chinese font: before the font is loaded, lines break elsewhere."""
    moved = """() => new Promise(done => new PerformanceObserver(list => {
        done(list.getEntries().reduce((sum, shift) => sum + shift.value, 0)) }).observe(
        { type: "layout-shift", buffered: true }) || setTimeout(() => done(0), 500))"""
    for name, path in addresses.items():
        page = browser.new_page(viewport={"width": 412, "height": 823})
        page.goto(path.as_uri())
        assert page.evaluate(moved) < 0.01, name
        page.close()


def test_the_county_lives_in_the_address_and_is_marked(browser, addresses):
    page = browser.new_page()
    page.goto(addresses["report/index.html"].as_uri() + "?area=331023")
    assert page.locator("select.mine").input_value() == "331023"
    assert (
        page.locator("#area-331023").is_visible() and not page.locator("#area-331002").is_visible()
    )
    titles = page.locator("#area-331023 tr").locator("th:first-child").all_inner_texts()
    assert len(titles) > 5, "a card of its values"
    assert not [title for title in titles if title.isdigit()], (
        "no ranks, which the city does not have"
    )
    weight = "e => getComputedStyle(e).fontWeight"
    assert page.locator('#fig-workers text[data-area="331023"]').first.evaluate(weight) == "700"
    page.locator("select.mine").focus()
    page.keyboard.press("ArrowDown")
    assert page.url.endswith("?area=331024")
    page.close()


def test_a_receipt_opens_and_closes_by_keyboard_and_gives_the_place_back(browser, addresses):
    page = browser.new_page()
    page.goto(addresses["report/index.html"].as_uri())
    link = page.locator('main p a[href="#r-certified"]').first
    link.focus()
    page.keyboard.press("Enter")
    receipt = page.locator("#r-certified")
    page.wait_for_selector("#r-certified:focus")
    assert receipt.evaluate("e => getComputedStyle(e).position") == "fixed"
    page.keyboard.press("Escape")
    assert receipt.evaluate("e => getComputedStyle(e).position") != "fixed"
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#r-certified"
    page.close()


def test_a_number_without_a_link_opens_too(browser, addresses):
    page = browser.new_page()
    page.goto(addresses["report/index.html"].as_uri())
    number = page.locator('main p span[data-r="rented_new"]').first
    receipt = page.locator("#r-rented_new")
    assert receipt.count() == 0
    number.click()
    assert receipt.evaluate("e => getComputedStyle(e).position") == "fixed"
    assert number.inner_text() in receipt.inner_text()
    page.close()


def test_the_table_behind_a_figure_is_there_when_it_is_opened(browser, addresses):
    page = browser.new_page()
    page.goto(addresses["report/index.html"].as_uri())
    behind = page.locator("#fig-certified .tools table")
    assert behind.count() == 0
    page.locator("#fig-certified summary").click()
    behind.wait_for(state="visible")
    assert behind.locator("tr").count() == 11
    page.close()


def test_the_label_of_synthetic_data_stands_below_every_table(browser, addresses):
    page = browser.new_page()
    page.goto(addresses["report/index.html"].as_uri())
    labels = page.locator("figure.table > p.source").all_text_contents()
    assert len(labels) == page.locator("figure.table").count() > 10
    assert set(labels) == {"合成数据 · 仅演示方法"}
    page.close()


def test_it_works_without_script(browser, addresses):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(addresses["report/index.html"].as_uri() + "#r-certified")
    assert page.locator("#r-certified").is_visible() and page.locator(".shut a").is_visible()
    page.goto(addresses["report/index.html"].as_uri() + "#area-331023")
    assert (
        page.locator("#area-331023").is_visible() and not page.locator("#area-331002").is_visible()
    )
    assert page.locator("details.contents a").first.is_visible()
    context.close()


def test_every_number_opens_and_the_page_is_light(edition):
    for path in (edition / "outputs/2020/report").rglob("index.html"):
        html = path.read_text("utf-8")
        asked = set(re.findall(r'href="?#(r-[^" >]+)', html))
        said = {f"r-{name}" for name in re.findall(r'data-r="?([^" >]+)', html)}
        assert (
            len(asked) > 40
            and len(asked | said) > 80
            and asked | said <= set(re.findall(r'id="?(r-[^" >]+)', html))
        )
        bare = re.sub(r"base64,[^)]*", "", html)
        assert len(bare.encode()) < 200_000


def test_tables_fit_the_page_and_no_column_of_words_is_a_ribbon(browser, addresses):
    """For each table: lines of the tallest row, and what is hidden at the right.

    Receipts keep number and unit together.
    """
    measured = """() => [...document.querySelectorAll("figure.table table")].map(table => [
        table.closest("figure").id, table.offsetWidth - table.parentElement.clientWidth,
        Math.max(...[...table.rows].map(row => row.offsetHeight / 21)) ])"""
    for name in ("report/index.html", "report/en/index.html"):
        for width, most in ((1280, 15), (390, 16)):
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.goto(addresses[name].as_uri())
            tables = page.evaluate(measured)
            assert [table for table in tables if table[2] > most] == [], (name, width)
            assert width == 390 or [table for table in tables if table[1] > 0] == [], name
            page.close()


def test_a_receipt_keeps_a_short_number_beside_its_unit(browser, addresses):
    broken = """() => [...document.querySelectorAll(".receipts h3 b")].filter(value => {
        const range = document.createRange(); range.selectNodeContents(value)
        return value.textContent.length < 15 && range.getClientRects().length > 1 }).map(b => b.textContent)"""
    for name in ("report/index.html", "report/en/index.html"):
        page = browser.new_page(viewport={"width": 390, "height": 900})
        page.goto(addresses[name].as_uri())
        page.locator("button.all").click()
        assert page.locator(".receipts article").count() > 40
        assert page.evaluate(broken) == [], name
        page.close()


@pytest.mark.parametrize("name", ["report/index.html", "report/en/index.html"])
def test_a_screen_of_words_has_eight_links_of_numbers_at_most(browser, addresses, name):
    """Numbers are links where readers would ask for a source: findings and parts.

    Captions have none.
    """
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(addresses[name].as_uri())
    at = """() => [...document.querySelectorAll(':is(.lead, .part) :is(p, li) [href^="#r-"]')].map(
        link => link.getBoundingClientRect().top + scrollY)"""
    tops = page.evaluate(at)
    assert len(tops) > 20
    assert max(sum(top <= other < top + 800 for other in tops) for top in tops) <= 8
    assert page.locator("figcaption a").count() == 0
    page.close()


@pytest.mark.parametrize("name", ["report/index.html", "report/en/index.html"])
def test_the_parts_end_on_the_eighth_screen_and_nothing_lies_over_another(browser, addresses, name):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(addresses[name].as_uri())
    ends = page.evaluate(
        "document.querySelector('#annex_compare').getBoundingClientRect().top + scrollY"
    )
    assert ends <= 8 * 900 or name != "report/index.html", ends
    over = """() => { const boxes = [...document.querySelectorAll(".part > p, .part > figure, .part > h3")]
        .map(e => [e.id || e.textContent.slice(0, 20), e.tagName == "FIGURE" ? e.getBoundingClientRect() :
            (range => (range.selectNodeContents(e), range.getBoundingClientRect()))(document.createRange())])
        return boxes.flatMap(([a, one], i) => boxes.slice(i + 1).filter(([b, other]) =>
            one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom - 1
            && other.top < one.bottom - 1).map(([b]) => [a, b])) }"""
    assert page.evaluate(over) == []
    page.close()


def test_the_tiles_read_the_chosen_county_and_no_sum_of_the_city(browser, addresses):
    page = browser.new_page()
    page.goto(addresses["report/index.html"].as_uri())
    before = page.locator(".tiles").inner_text()
    page.locator("select.mine").select_option("331024")
    row = page.locator('#tab-glance tr[data-area="331024"]').locator("th, td").all_text_contents()
    values = page.locator(".tiles .v").all_inner_texts()
    assert [re.sub(r"[^\d.]", "", value) for value in values] == row[1:]
    city = ["全市" in note for note in page.locator(".tiles .note").all_inner_texts()]
    assert city == [True, False, True, True, True, False], "workers and funds add up to the city's"
    page.locator("select.mine").select_option("")
    assert page.locator(".tiles").inner_text() == before
    page.close()


def test_the_contents_mark_what_is_read(browser, addresses):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(addresses["report/index.html"].as_uri())
    page.evaluate("document.querySelector('#linkage').scrollIntoView()")
    page.wait_for_selector('.contents a[href="#linkage"][aria-current]', state="attached")
    page.close()


def test_the_glance_table_fits_a_phone(browser, addresses):
    for name in ("report/index.html", "report/en/index.html"):
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(addresses[name].as_uri())
        beyond = (
            "e => e.querySelector('table').offsetWidth - e.querySelector('.scroll').clientWidth"
        )
        assert page.locator("#tab-glance").evaluate(beyond) <= 0, name
        page.close()


def test_the_description_of_the_data_is_no_script_to_the_content_policy(browser, addresses):
    """Browsers treat JSON-LD as data: the strict policy neither runs nor reports it.

    It can be read.
    """
    page = browser.new_page()
    page.add_init_script(
        "addEventListener('securitypolicyviolation', e => (window.refused ||= "
        "[]).push(e.blockedURI))"
    )
    page.goto(addresses["index.html"].as_uri())
    described = page.evaluate(
        "JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent)"
    )
    assert described["@type"] == "Dataset" and "合成数据" in described["name"]
    assert page.evaluate("window.refused || []") == []
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = "
        "1'}))"
    )
    assert page.evaluate("[window.ran, window.refused]") == [None, ["inline"]], (
        "the policy refuses other scripts"
    )
    page.close()
