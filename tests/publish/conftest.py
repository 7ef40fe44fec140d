import datetime as dt
import os
import shutil
import subprocess

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from analysis.publish import figures, fonts
from analysis.publish.dataset import Dataset

FONTCONFIG = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>"""


@pytest.fixture
def house_style():
    """The style of the house for as long as a test draws."""
    figures.use_style()
    yield
    plt.close("all")


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "district": ["椒江区", "天台县"],
            "value": [43.0, 51.2],
            "low": [37, 41],
            "high": [49, 61],
            "text": ["43.0", "51.2"],
        }
    )


@pytest.fixture(scope="session")
def drawn_word(edition, tmp_path_factory):
    """The Word file of the report as LibreOffice draws it, a PDF, where the font of the wheel is
    all there is.
    """
    if missing := [name for name in ("soffice", "pdftotext") if shutil.which(name) is None]:
        pytest.skip(f"no {', '.join(missing)} on this machine: the Word file is not drawn")
    folder = tmp_path_factory.mktemp("word")
    (folder / "fonts").mkdir()
    shutil.copy(fonts.font_path(), folder / "fonts")
    config = folder / "fonts.conf"
    config.write_text(FONTCONFIG.format(fonts=folder / "fonts", cache=folder / "cache"), "utf-8")
    office = ["soffice", f"-env:UserInstallation={(folder / 'office').as_uri()}", "--headless"]
    subprocess.run(
        [
            *office,
            "--convert-to",
            "pdf",
            "--outdir",
            folder,
            edition / "outputs/2020/report/report.docx",
        ],
        env={**os.environ, "FONTCONFIG_FILE": str(config)},
        capture_output=True,
        timeout=180,
        check=True,
    )
    return folder / "report.pdf"


@pytest.fixture(scope="session")
def a_dataset() -> Dataset:
    """What a small synthetic edition declares of itself."""
    both = {"zh": "合成", "en": "Synthetic"}
    return Dataset(
        name="a-study",
        wave="2020",
        languages=("zh", "en"),
        title={"zh": "报告", "en": "Report"},
        publisher={"zh": "调研组", "en": "Survey"},
        notice={"zh": "不得引用", "en": "do not quote"},
        label=both,
        place={"zh": "某市", "en": "A city"},
        basis="synthetic",
        date=dt.date(2020, 4, 30),
        edition="1",
        license="MIT",
        published=dt.date(2021, 1, 2),
    )
