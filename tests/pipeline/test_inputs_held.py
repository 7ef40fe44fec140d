"""What a run reads is hashed before and after it: nothing is published of inputs that moved
meanwhile.
"""

import json
import os
from pathlib import Path

import pytest

from analysis.edition.failures import StoppedError
from analysis.pipeline import build as building
from analysis.pipeline import run as running

RAW, REFERENCE = "data/raw/2020", "data/raw/reference"
EDITED = [
    *(f"{RAW}/331022_三门县.xlsx", f"{RAW}/interviews.xlsx", f"{RAW}/corrections.csv"),
    *(f"{RAW}/wave.toml", f"{REFERENCE}/people.csv", f"{REFERENCE}/disclosure.csv"),
    *(f"{REFERENCE}/measures.csv", f"{REFERENCE}/columns.csv", f"{REFERENCE}/glossary.csv"),
    *("notebooks/03_workforce.ipynb", "notebooks/10_report.ipynb", "study.toml"),
    "requirements.txt",
]

OF_NO_BUILD = {  # read by `analysis lint` and by the generator of the synthetic workbooks
    *("points.csv", "refused_terms.csv", "calibration_targets.csv"),
}


def edit(path: Path) -> None:
    """Change what a file says; of a notebook a cell, since its outputs count for nothing."""
    if path.suffix == ".ipynb":
        notebook = json.loads(path.read_text("utf-8"))
        notebook["cells"][-1]["source"] = [*notebook["cells"][-1]["source"], "\n# later"]
        path.write_text(json.dumps(notebook), encoding="utf-8")
    else:
        path.write_bytes(path.read_bytes() + b"\n")


def run_beside(edited, monkeypatch, copy):
    """Run no step, but edit a file as somebody may while the steps run; returns what is sealed."""
    monkeypatch.chdir(copy)
    monkeypatch.setattr(running, "run", lambda *_: edited and edit(Path(edited)))
    (copy / "build/2020").mkdir(parents=True)
    fresh = copy / "fresh"
    fresh.mkdir()
    monkeypatch.setattr("analysis.plan.tasks.published", lambda *_: {})
    building._run(Path("data/raw"), "2020", 1, None, "kernel", None, fresh)
    return (fresh / "INPUTS").read_text("utf-8")


@pytest.mark.parametrize("edited", EDITED)
def test_an_input_that_changes_during_the_run_stops_it_by_name(edited, copy, monkeypatch):
    with pytest.raises(StoppedError, match=f"changed during the run: {edited}; run again"):
        run_beside(edited, monkeypatch, copy)
    assert not (copy / "fresh/INPUTS").exists()


def test_every_raw_file_table_and_notebook_is_among_what_is_held(copy, monkeypatch):
    held = {line.partition("  ")[2] for line in run_beside("", monkeypatch, copy).splitlines()}
    raw = {f"{RAW}/{name}" for name in os.listdir(copy / RAW)}
    notebooks = {f"notebooks/{path.name}" for path in (copy / "notebooks").glob("*.ipynb")}
    notebooks.remove("notebooks/15_between_waves.ipynb")  # is not run in a first wave
    assert raw | notebooks | set(EDITED) <= held
    unread = {path.name for path in (copy / REFERENCE).glob("*.csv")} - {Path(n).name for n in held}
    assert unread == OF_NO_BUILD
