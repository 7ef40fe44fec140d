"""The preview as somebody uses it who edits: a save is seen in the browser, and nothing published
is touched.
"""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from analysis.edition.stage import LOCK, clear
from running import command_line, contents, run_analysis

SECONDS = 180_000  # for a change to be seen on a busy machine, in milliseconds
REPORT, FACILITIES = "notebooks/10_report.ipynb", "notebooks/02_facilities.ipynb"
ERROR = "#preview[data-kind=error]"


class Preview:
    """A preview of the report of a copy of the repository."""

    def __init__(self, folder):
        self.folder, self.said = folder, folder.parent / "said.txt"
        with self.said.open("w") as said:
            command = [*command_line("preview"), "report", "--no-browser"]
            self.process = subprocess.Popen(
                command, cwd=folder, stdout=said, stderr=said, start_new_session=True
            )
        self.address = self.wait_for(r"http://127\.0\.0\.1:\d+/")

    def wait_for(self, pattern, seconds=SECONDS / 1000):
        """Wait until the terminal says something; returns it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := re.search(pattern, self.said.read_text("utf-8")):
                return found[0]
            assert self.process.poll() is None, self.said.read_text("utf-8")
            time.sleep(0.05)
        raise AssertionError(f"{pattern} was not said:\n{self.said.read_text('utf-8')}")

    def edit(self, name, old, new):
        """Save a file with other words, as an editor does that writes a new file in its place."""
        path = self.folder / name
        text = path.read_text("utf-8")
        assert old in text
        part = path.with_name(f".{path.name}.part")
        part.write_text(text.replace(old, new, 1), "utf-8")
        part.replace(path)

    def end(self):
        """Press Ctrl-C; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


@pytest.fixture(scope="module")
def preview(edition, tmp_path_factory):
    folder = tmp_path_factory.mktemp("preview") / "copy"
    shutil.copytree(edition, folder)
    before = contents(folder / "outputs", set())
    preview = Preview(folder)
    preview.wait_for(r"updated, .*report/index\.html")
    yield preview
    assert preview.end() == 0, "Ctrl-C is how it is meant to end"
    assert contents(folder / "outputs", set()) == before
    assert processes_in(folder) == []


def processes_in(folder):
    """List the processes that work in a folder, once they had time to end."""
    for _ in range(100):
        found = []
        for entry in os.listdir("/proc"):
            try:
                here = os.readlink(f"/proc/{entry}/cwd") if entry.isdigit() else ""
            except OSError:
                continue
            found += [entry] * (here == str(folder))
        if not found:
            return []
        time.sleep(0.1)
    return found


@pytest.fixture
def pages(preview, browser):
    """The report in both languages; the notebooks are put back afterwards."""
    kept = {path: path.read_bytes() for path in (preview.folder / "notebooks").glob("*.ipynb")}
    opened = {lang: browser.new_page() for lang in ("zh", "en")}
    for lang, page in opened.items():
        page.set_default_timeout(SECONDS)
        page.goto(f"{preview.address}report/{'en/' * (lang == 'en')}index.html")
    yield opened
    for page in opened.values():
        page.close()
    for path, content in kept.items():
        if path.read_bytes() != content:
            path.write_bytes(content)


def test_a_sentence_is_seen_in_each_language_where_it_was_read(preview, pages):
    page = pages["zh"]
    page.evaluate("document.querySelector('#part_two').scrollIntoView()")
    top = "document.querySelector('#part_two').getBoundingClientRect().top"
    before = page.evaluate(top)
    preview.edit(REPORT, "## 主要发现", "## 主要发现\\n\\n鑫淼一句。")
    page.get_by_text("鑫淼一句。").wait_for(state="attached")
    page.wait_for_load_state("load")
    assert abs(page.evaluate(top) - before) < 2, "the page was longer above, and is read further"
    preview.edit(REPORT, "## Main findings", "## Main findings\\n\\nA sentence for the preview.")
    pages["en"].get_by_text("A sentence for the preview.").wait_for(state="attached")


def test_a_misspelt_name_is_said_over_the_last_good_page_and_gone_when_mended(preview, pages):
    for lang, words in (
        ("zh", "{{ rented.unlinked }}的社区用房"),
        ("en", "{{ rented.unlinked }} of communities"),
    ):
        page, cell = pages[lang], "finding" + "_en" * (lang == "en")
        number = page.locator("a[href='#r-rented']").first.inner_text()
        misspelt = words.replace("rented", "rentd")
        preview.edit(REPORT, words, misspelt)
        told = (
            f"notebooks/10_report.ipynb!{cell} ({lang}): unknown name rentd; did you mean rented?"
        )
        page.locator(ERROR).get_by_text(told).wait_for()
        preview.wait_for(re.escape(told))
        assert page.locator("a[href='#r-rented']").first.inner_text() == number
        preview.edit(REPORT, misspelt, words)
        page.locator("#preview").wait_for(state="detached")
    assert preview.process.poll() is None


def test_a_cell_that_fails_is_named_with_its_language_and_the_preview_goes_on(preview, pages):
    code = '"compliant_2018 = share(communities'
    preview.edit(FACILITIES, code, '"1 / 0\\n",\n    ' + code)
    told = "notebooks/02_facilities.ipynb!compliance (zh, en): ZeroDivisionError"
    pages["zh"].locator(ERROR).get_by_text(told).wait_for()
    preview.edit(FACILITIES, '"1 / 0\\n",\n    ' + code, code)
    pages["zh"].locator("#preview").wait_for(state="detached")
    code = '"early, now = section.choose('
    preview.edit(FACILITIES, code, "\"1 / (lang != 'en')\\n\",\n    " + code)
    told = "notebooks/02_facilities.ipynb!compliance_drawn (en): ZeroDivisionError"
    pages["en"].locator(ERROR).get_by_text(told).wait_for()


def test_a_changed_estimate_is_seen_wherever_the_page_shows_it(preview, pages):
    number = pages["zh"].locator("a[href='#r-rented']").first.inner_text()
    preview.edit(FACILITIES, "premises in ['租用', '借用']", "premises in ['租用']")
    changed = "was => document.querySelector(\"a[href='#r-rented']\").innerText !== was"
    for page in pages.values():
        page.wait_for_function(changed, arg=number)
    new = pages["en"].locator("a[href='#r-rented']").first.inner_text()
    assert new == pages["zh"].locator("a[href='#r-rented']").first.inner_text()
    kept = contents(preview.folder / "outputs", set())
    done = run_analysis(preview.folder, "status")
    assert done.returncode == 1 and "changed: notebooks/02_facilities.ipynb" in done.stdout
    assert contents(preview.folder / "outputs", set()) == kept


def test_links_lead_to_other_pages_and_to_the_other_language(preview, pages, browser):
    page = pages["zh"]
    page.locator("header a[lang='en'], a[hreflang='en']").first.click()
    page.wait_for_url("**/report/en/index.html*")
    page.goto(f"{preview.address}notebooks/02_facilities.html")
    page.locator("h1").get_by_text("社区综合服务设施").wait_for()
    page.goto(f"{preview.address}districts/331023/index.html")
    page.locator("h1").get_by_text("天台县").wait_for()
    assert page.goto(f"{preview.address}report/report.docx").status == 404


def test_another_run_is_said_and_waited_for(preview, pages):
    words = "## 主要发现"
    with (preview.folder / "build" / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        preview.edit(REPORT, words, f"{words}\\n\\n鑫淼又一句。")
        pages["zh"].locator(ERROR).get_by_text("another run is under way").wait_for()
        preview.wait_for("another run is under way")
    pages["zh"].get_by_text("鑫淼又一句。").wait_for(state="attached")
    pages["zh"].locator("#preview").wait_for(state="detached")


def test_an_edition_built_beside_and_after_a_preview_is_that_of_a_whole_run(
    preview, pages, tmp_path
):
    """The lock is free while nothing is built, and what the preview has run counts as it is."""
    words = "## 主要发现"
    preview.edit(REPORT, words, f"{words}\\n\\n鑫淼末句。")
    pages["zh"].get_by_text("鑫淼末句。").wait_for(state="attached")
    pages["zh"].locator("#preview").wait_for(state="detached")
    out = tmp_path / "out"
    assert run_analysis(preview.folder, "build", "--outputs", str(out)).returncode == 0
    assert "鑫淼末句。" in (out / "2020/report/index.html").read_text("utf-8")
    assert not any("preview" in name for name in contents(out, set()))
    sums = (out / "2020/SHA256SUMS").read_bytes()
    assert run_analysis(preview.folder, "build", "--all", "--outputs", str(out)).returncode == 0
    assert (out / "2020/SHA256SUMS").read_bytes() == sums


def test_clean_removes_what_a_preview_left(edition, tmp_path):
    shutil.copytree(edition, tmp_path / "copy")
    preview = Preview(tmp_path / "copy")
    preview.wait_for(r"updated, .*report/index\.html")
    assert (tmp_path / "copy/build/2020/preview/report/index.html").exists()
    assert preview.end() == 0
    assert [name for name in clear(tmp_path / "copy") if "preview" in name] == []
    assert not (tmp_path / "copy/build/2020/preview").exists()
