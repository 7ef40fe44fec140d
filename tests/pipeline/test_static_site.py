"""All links of the site have a target, and a folder of somebody else is not changed."""

import os
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from analysis.edition.stage import MARKER
from running import run_analysis


class Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links, self.anchors = set(), set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.add(value)
            if name in ("id", "name") and value:
                self.anchors.add(value)


@pytest.fixture(scope="module")
def site(own_edition, tmp_path_factory) -> Path:
    """The site of the edition."""
    folder = tmp_path_factory.mktemp("site") / "public"
    done = run_analysis(own_edition, "site", "--out", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


CLOSED = "#-"  # leads to no element on purpose: it closes the receipt that is open


def broken(folder: Path) -> list[str]:
    """List the links of the pages of a folder that lead nowhere, as page → link."""
    pages = {path.resolve(): Page(path) for path in folder.rglob("*.html")}
    assert pages
    found = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link == CLOSED:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            fragment = unquote(parts.fragment)
            known = pages[target].anchors if target in pages else {fragment}
            if (
                not target.is_file()
                or not target.is_relative_to(folder.resolve())
                or (fragment and fragment not in known)
            ):
                found.append(f"{path.relative_to(folder.resolve())} → {link}")
    return found


def test_every_link_of_every_page_leads_somewhere(site):
    assert broken(site) == []


def test_a_broken_link_would_be_found(site, tmp_path):
    copy = shutil.copytree(site, tmp_path / "copy")
    (copy / "2020/report/report.pdf").unlink()
    assert any("report.pdf" in link for link in broken(copy))


def test_it_has_what_a_host_of_static_files_asks_for(site):
    assert (site / ".nojekyll").read_bytes() == b""
    missing = (site / "404.html").read_text("utf-8")
    assert "没有这一页" in missing and "There is no such page" in missing and "合成数据" in missing
    assert "2020/llms.txt" in (site / "llms.txt").read_text("utf-8")
    for name in ("", "en/"):
        assert "ynthetic" in (site / f"2020/{name}llms.txt").read_text("utf-8")


def test_nothing_else_is_in_it_than_the_editions(site, edition):
    top = {path.name for path in site.iterdir()}
    assert top == {"2020", "index.html", "404.html", ".nojekyll", "llms.txt", MARKER}
    extra = {
        path.relative_to(site / "2020").as_posix()
        for path in (site / "2020").rglob("*")
        if path.is_file()
    }
    published = {
        path.relative_to(edition / "outputs/2020").as_posix()
        for path in (edition / "outputs/2020").rglob("*")
    }
    assert extra - published == {"llms.txt", "en/llms.txt"}


def test_it_is_written_again_over_itself_and_over_nothing_else(site, own_edition, tmp_path):
    (site / "2020/left.html").write_text("old")
    assert run_analysis(own_edition, "site", "--out", str(site)).returncode == 0
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/page.html").write_text("mine")
    done = run_analysis(own_edition, "site", "--out", str(tmp_path / "mine"))
    assert done.returncode == 64 and "not made by this program" in done.stderr
    assert os.listdir(tmp_path / "mine") == ["page.html"]
