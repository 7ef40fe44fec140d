"""All notebooks run, are read and are saved in JupyterLab; skipped without a browser."""

import re

import pytest

from jupyterlab_session import Lab, git, server, working_copy
from running import REPOSITORY

NOTEBOOKS = sorted(path.stem for path in (REPOSITORY / "notebooks").glob("*.ipynb"))
LONG = "10_report"  # has the longest lines of prose
REFERENCE = re.compile(r'class="ref"')


@pytest.fixture(scope="module")
def folder(edition, tmp_path_factory):
    """A clone after `make report`."""
    return working_copy(tmp_path_factory.mktemp("clone"), edition)


@pytest.fixture(scope="module")
def lab(browser, folder, tmp_path_factory):
    """JupyterLab on that clone; at the end none of its scripts has failed."""
    with server(folder, tmp_path_factory.mktemp("lab") / "home") as address:
        lab = Lab(browser.new_page(viewport={"width": 1400, "height": 1000}), address)
        yield lab
        assert lab.faults == []


@pytest.fixture
def opened(lab):
    """Opens notebooks in JupyterLab, and closes the last."""

    def open_notebook(name: str) -> Lab:
        lab.open(name)
        return lab

    yield open_notebook
    lab.close()


def shown(lab: Lab) -> list[tuple]:
    """Return what the notebook shows, without the numbers of its runs."""
    kept = ("output_type", "data", "name", "text", "evalue")
    return [
        (cell, {name: output[name] for name in kept if name in output})
        for cell, output in lab.outputs()
    ]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_run_twice_and_saved_a_notebook_is_as_it_was(opened, folder, name):
    """A run has no messages, a second run shows the same, and saving changes nothing in git."""
    lab = opened(name)
    lab.run_all()
    lab.do("docmanager:save")
    first = shown(lab)
    assert {output["output_type"] for _, output in first} <= {"display_data", "execute_result"}
    assert first, "something is shown"
    lab.run_all()
    assert shown(lab) == first
    lab.do("docmanager:save")
    assert git(folder, "status", "--short") == ""


def test_prose_is_edited_as_markdown_whose_lines_wrap(opened):
    """Prose cells are highlighted as Markdown and fit their cell; code cells are unchanged."""
    lab = opened(LONG)
    cells = lab.notebook(
        """const seen = []
        for (const [index, cell] of panel.content.widgets.entries()) {
            await panel.content.scrollToItem(index); await cell.ready
            const { editor, model } = cell, box = cell.node.querySelector(".cm-scroller")
            seen.push([model.sharedModel.getSource().startsWith("%%md"), model.type, model.mimeType,
                getComputedStyle(cell.node.querySelector(".cm-content")).fontFamily,
                box.scrollWidth - box.clientWidth, box.querySelectorAll("[class*=ͼ]").length]) }
        return seen"""
    )
    prose = [cell for cell in cells if cell[0]]
    code = [cell for cell in cells if cell[1] == "code" and not cell[0]]
    assert len(prose) > 40 and len(code) > 20
    assert {cell[2] for cell in prose} == {"text/x-ipythongfm"}
    assert {cell[2] for cell in code} <= {"text/x-python", "text/x-ipython"}
    assert not {cell[3] for cell in prose} & {cell[3] for cell in code}, (
        "prose has the font of prose"
    )
    assert max(cell[4] for cell in cells) <= 0, "no line runs out of sight"
    assert sum(cell[5] for cell in prose) > 40, "headings and emphasis are highlighted"


@pytest.mark.parametrize(("lang", "reference"), [("zh", "见图 1）"), ("en", "see Figure 1)")])
def test_references_and_captions_have_the_numbers_of_the_report(opened, folder, lang, reference):
    """One setting selects the language; words name figures, which have number and titles."""
    path = folder / f"notebooks/{LONG}.ipynb"
    before = path.read_text("utf-8")
    path.write_text(before.replace('lang = \\"zh\\"', f'lang = \\"{lang}\\"'), "utf-8")
    try:
        lab = opened(LONG)
        lab.run_all()
        outputs = [(cell, output["data"]) for cell, output in lab.outputs()]
    finally:
        path.write_text(before, "utf-8")
    words = [data["text/markdown"] for _, data in outputs if "text/markdown" in data]
    assert len(words) > 20 and not [text for text in words if REFERENCE.search(text)]
    assert any(reference in text for text in words)
    figure = dict(outputs)["compliance_figure"]["text/html"]
    assert re.search(r"<b>(图|Figure) 1&emsp;.*</b><br><span class=\"sub\">", figure)
    assert lab.page.locator("figure.analysis-shown img").count() > 0


def test_a_misspelt_name_is_told_in_one_line_where_one_sees_it(opened, folder):
    """The message has notebook, cell, language and nearest name, and is scrolled into view."""
    path = folder / "notebooks/02_facilities.ipynb"
    before = path.read_text("utf-8")
    path.write_text(before.replace("}}升到{{ compliant }}", "}}升到{{ complaint }}"), "utf-8")
    try:
        lab = opened("02_facilities")
        lab.run_all()
        errors = [output for _, output in lab.outputs() if output["output_type"] == "error"]
    finally:
        path.write_text(before, "utf-8")
    place = "notebooks/02_facilities.ipynb!compliance_said (zh)"
    assert [error["traceback"] for error in errors] == [
        [f"{place}: unknown name complaint; did you mean compliant?"]
    ]
    said = lab.page.get_by_text("did you mean compliant?")
    said.wait_for(state="visible")
    lab.page.wait_for_timeout(500)
    box = said.bounding_box()
    assert 0 < box["y"] < 1000, "in sight"


def test_a_fresh_clone_asks_for_the_report(browser, tmp_path):
    """Before the first build each notebook stops at its first cells with one line."""
    fresh = working_copy(tmp_path / "fresh")
    with server(fresh, tmp_path / "home") as address:
        lab = Lab(browser.new_page(), address)
        for name in ("02_facilities", LONG):
            lab.open(name)
            lab.run_all()
            [error] = [output for _, output in lab.outputs() if output["output_type"] == "error"]
            [line] = error["traceback"]
            assert "run `make report` first" in line and "\n" not in line
            lab.close()
    assert git(fresh, "status", "--short") == ""
