"""Build an edition: clean, run the notebooks, write the pages, put all of it in place."""

from __future__ import annotations

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pandas as pd

from analysis.pipeline.execute import run_notebook, set_stable
from analysis.pipeline.pages import shared_site, write_documents, write_landing, write_pages
from analysis.pipeline.progress import Progress
from analysis.pipeline.stage import alone, staged
from analysis.pipeline.steps import chosen
from analysis.pipeline.warm import available, nursery
from analysis.publish.figures import standalone
from analysis.publish.receipts import receipts
from analysis.publish.section import read_estimates
from analysis.stats.estimates import COLUMNS
from analysis.survey.clean import clean, write
from analysis.survey.repository import build as scratch
from analysis.survey.repository import processed, reference, root

LANG = "zh"


def build(raw: Path, outputs: Path, wave: str, jobs: int, only: str | None, engine: str = "warm") -> None:
    """Build an edition of `wave` from the folder `raw/<wave>` into `outputs`.

    Raises InputProblems, NotebookFailed, Busy or OSError; the previous outputs then stay whole.
    engine: `warm` forks kernels from a process that has imported the libraries, `kernel` starts ordinary ones.
    With `only`, the one notebook runs on the tables and estimates of the last build, and nothing is published.
    """
    stages = chosen(only)
    set_stable()
    count = 1 + sum(map(len, stages)) + (not only)
    with alone(root() / "build"), Progress(count) as progress:
        if only:
            _run(stages, raw, wave, jobs, engine, progress)
            return
        with staged(outputs) as folder:  # first of all: that it can be written shows at once
            shutil.rmtree(scratch(wave), ignore_errors=True)
            executed = _run(stages, raw, wave, jobs, engine, progress)
            with progress.step("publish"):
                publish(executed, folder, wave)


def _run(stages, raw: Path, wave: str, jobs: int, engine: str, progress) -> dict[str, Path]:
    """Clean the tables, then run the notebooks; the libraries are imported meanwhile."""
    kernels = nursery if engine == "warm" and available() else nullcontext
    with kernels():
        with progress.step("clean"):
            tables, accounts = clean(raw / wave, reference("communities"))
            write(tables, accounts, raw / wave, processed(wave))
        return run_stages(stages, wave, jobs, progress)


def run_stages(stages, wave: str, jobs: int, progress) -> dict[str, Path]:
    """Run the steps of each stage side by side; returns the executed notebooks by step name."""
    executed = {}

    def run(step):
        target = scratch(wave) / "notebooks" / f"{step.name}.ipynb"
        with progress.step(step.name):
            source = root() / "notebooks" / f"{step.notebook}.ipynb"
            run_notebook(source, {"wave": wave, "lang": LANG, **step.parameters}, target)
        return target

    pool = ThreadPoolExecutor(jobs)
    try:
        for steps in stages:
            futures = {step.name: pool.submit(run, step) for step in steps}
            executed |= {name: future.result() for name, future in futures.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # kernels still running end with their nursery
    return dict(sorted(executed.items()))


def publish(executed: dict[str, Path], folder: Path, wave: str) -> None:
    """Fill the folder of an edition: tables, figures, pages."""
    work = scratch(wave)
    for kind in ("tables", "figures"):
        shutil.copytree(work / kind, folder / kind)
    drawings = {path: path.read_text("utf-8") for path in sorted((folder / "figures").glob("*.svg"))}
    for path, drawing in drawings.items():
        path.write_text(standalone(drawing, "".join(drawings.values())), encoding="utf-8")
    estimates = read_estimates(wave)[COLUMNS]
    text = estimates.to_csv(index=False, lineterminator="\n")
    (folder / "tables/estimates.csv").write_text(text, encoding="utf-8")
    ledger = pd.read_csv(folder / "tables/ledger.csv", dtype=str, keep_default_na=False)
    checksum = hashlib.sha256(text.encode()).hexdigest()[:16]
    site = shared_site(wave, LANG, receipts(estimates, ledger, LANG), checksum)
    write_pages(executed, folder, site)
    write_documents(executed["10_report"], folder, work, wave, site)
    write_landing(folder, {LANG: site}, [name for name in executed if "profile" not in name])
