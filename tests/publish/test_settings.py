"""Settings of whoever runs it have no say in a page, a drawing, Word or PDF."""

import os
import subprocess
import sys

import pytest

from hostile import settings_of_ones_own
from running import REPOSITORY

# Writes a page, a drawing, Word and PDF of one small report, and says the hash of each.
WRITE = """
import datetime, hashlib, pathlib, sys
sys.path[:0] = sys.argv[1:3]
from analysis.pipeline.stable import set_stable
set_stable()
import matplotlib.pyplot as plt
from typed_report import notebook_of, site_of
from analysis.publish import page, picture
from analysis.publish.figures import use_style
from analysis.publish.pdf import pdf
from analysis.publish.word import word
text, when, here = "持证率 Mr. X", datetime.datetime(2020, 4, 30), pathlib.Path.cwd()
use_style()
figure, axes = plt.subplots()
axes.plot([1, 2])
axes.set_title(text)
made = {
    "page": page.render(notebook_of(text), kind="report", site=site_of(text)).encode(),
    "word": word(notebook_of(text), site_of(text), here, when),
    "pdf": pdf(notebook_of(text), site_of(text), here, when),
    "svg": picture.svg(figure).encode(),
    "png": picture.png(figure),
}
print({name: hashlib.sha256(data).hexdigest() for name, data in made.items()})
"""


def written(folder, **environment):
    (folder / "notebooks").mkdir(parents=True)
    (folder / "data/raw").mkdir(parents=True)
    (folder / "data/raw/reference").symlink_to(REPOSITORY / "data/raw/reference")
    command = [
        sys.executable,
        "-c",
        WRITE,
        str(REPOSITORY / "tests"),
        str(REPOSITORY / "tests/publish"),
    ]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    return written(tmp_path_factory.mktemp("usual") / "here")


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["C", "zh_CN.GBK", "C.UTF-8"])
def test_page_drawing_word_and_pdf_are_the_same_under_any_settings(usual, tmp_path, locale):
    settings = settings_of_ones_own(tmp_path / "home")
    folder = tmp_path / "别处 folder"
    folder.mkdir()
    (folder / "matplotlibrc").write_text("lines.linewidth: 7\nsvg.fonttype: path\n")
    assert written(folder, **settings, LC_ALL=locale, LANG=locale) == usual
