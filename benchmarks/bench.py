"""Time the pipeline against other tools and its limit; write results.md and results.json.

Machines differ and are shared, so that every figure is a ratio within one run of this script;
seconds are given beside them only for orientation. `make bench` runs all of it; arguments name the
parts wanted.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import openpyxl

from analysis.survey.ownership import mark

HERE = Path(__file__).parent
REPOSITORY = HERE.parent
GENERATOR = REPOSITORY / "tools/synthesise.py"
BIN = Path(sys.executable).parent
SCRATCH = REPOSITORY / "build/bench"
PREPARED: set[Path] = set()  # the copies made in this sitting
MEMORY: dict[str, int] = {}  # MiB of the largest process of a run
CHECK = "analysis check"
CERTIFICATE = "社会工作者职业资格证书"  # a column of the roster
OURS = "analysis build, cold"
RIVAL = "papermill + nbconvert commands"
CORRECTED = "one county corrected"
LIMITS = {"limit, one process": "one process", "limit, two processes": "two processes"}
COUNTRY = 2844  # counties of the country
CLUSTER = 32  # workers of the cluster in the extrapolation
THRICE = 3  # of which the median counts: the first run also compiles the modules of its copy
ON_CLUSTER = 36  # so many that most of the work lies side by side, as where a cluster is used
NEEDED = ("data/raw", "notebooks", "pyproject.toml", "requirements.txt", "src", "study.toml")
# Runs the cells of several notebooks one after another in this very process: nothing can be faster
# on one core.
LIMIT = """
import json, os, sys, time
from IPython.core.interactiveshell import InteractiveShell
from analysis.pipeline.warm import LIBRARIES
import builtins
os.environ["MPLBACKEND"] = "agg"
for library in LIBRARIES: __import__(library)
runs = json.loads(sys.argv[1])
shell = InteractiveShell.instance()
builtins.display = lambda *a, **k: None
start = time.perf_counter()
for source, parameters in runs:
    shell.reset(new_session=False)
    for cell in json.load(open(source))["cells"]:
        if cell["cell_type"] == "code":
            result = shell.run_cell("".join(cell["source"]), silent=True)
            result.raise_error()
            if "parameters" in cell["metadata"].get("tags", []):
                shell.user_ns.update(parameters)
print(time.perf_counter() - start, file=sys.stderr)
"""


def workshop(name: str) -> Path:
    """Make a fresh copy of the repository, with modules of its own."""
    folder = SCRATCH / name
    shutil.rmtree(folder, ignore_errors=True)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    mark(SCRATCH)  # `make clean` may remove it
    for part in NEEDED:
        source, target = REPOSITORY / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, target)
    return folder


def timed(*command: str | Path, cwd: Path, name: str = "") -> float:
    """Run a program in a copy and return its seconds; it must succeed.

    name: also record the memory of its largest process.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        words = [str(part) for part in command]
        process = subprocess.Popen(words, cwd=cwd, env=environment(cwd), stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode, seconds = os.waitstatus_to_exitcode(status), time.perf_counter() - start
        if status:
            said.seek(0)
            raise SystemExit(f"{command} failed in {cwd}:\n{said.read()}")
    if name:
        MEMORY[name] = usage.ru_maxrss // 1024
    return seconds


def environment(folder: Path) -> dict[str, str]:
    """Return the environment in which a copy uses its own modules and keeps its compiled ones."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return {
        **os.environ,
        "PYTHONPATH": str(folder / "src"),
        "PATH": path,
        "PYTHONDONTWRITEBYTECODE": "",
    }


def analysis(folder: Path, *arguments: str, name: str = "") -> float:
    """Run our command line."""
    return timed(sys.executable, "-m", "analysis", *arguments, cwd=folder, name=name)


def runs(folder: Path) -> dict[str, dict]:
    """List the runs of notebooks as the rivals take them: {name: source, parameters, arguments}."""
    code = (
        "import json; from analysis.plan.steps import steps; from analysis.survey.study import "
        "study; print(json.dumps([[f'{s.name}.{l}', s.notebook, {'wave': '2020', 'lang': l, "
        "**s.parameters}] for l in study().languages for s in steps()]))"
    )
    text = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {
        name: {
            "source": f"notebooks/{notebook}.ipynb",
            "parameters": parameters,
            "arguments": " ".join(f"-r {key} {value}" for key, value in parameters.items()),
        }
        for name, notebook, parameters in json.loads(text)
    }


def rivals(districts: int) -> dict[str, float]:
    """Time papermill, nbconvert and, for nine districts, Snakemake on a built copy.

    Of many counties every thirtieth is timed and counts for thirty: they are runs of one notebook.
    """
    folder, seconds = built(districts), Counter()
    counties = {name: run for name, run in runs(folder).items() if "district" in run["parameters"]}
    others = {name: run for name, run in runs(folder).items() if name not in counties}
    timed_ones = dict(list(counties.items())[:: 1 if districts == 9 else 30])
    for todo, weight in ((others, 1), (timed_ones, len(counties) / len(timed_ones))):
        for rival, run_all in list(RIVALS.items())[: 2 if districts == 9 else 1]:
            shutil.rmtree(folder / "rival", ignore_errors=True)
            (folder / "rival").mkdir()
            seconds[rival] += weight * run_all(folder, todo)
    return dict(seconds)


def commands(folder: Path, todo: dict) -> float:
    """Time the two commands for each notebook, one after another."""
    seconds = 0.0
    for name, run in todo.items():
        target = f"rival/{name}.ipynb"
        seconds += timed(
            BIN / "papermill",
            "-k",
            "python3",
            run["source"],
            target,
            *run["arguments"].split(),
            cwd=folder,
        ) + timed(BIN / "jupyter", "nbconvert", "--to", "html", target, cwd=folder)
    return seconds


def snakemake(folder: Path, todo: dict) -> float:
    """Time Snakemake, from an environment of its own, with two processes of the same commands."""
    (folder / "runs.json").write_text(json.dumps(todo))
    shutil.copyfile(HERE / "Snakefile", folder / "Snakefile")
    return timed(
        REPOSITORY / "build/bench/venv/bin/snakemake", "--cores", "2", "--quiet", "all", cwd=folder
    )


RIVALS = {RIVAL: commands, "Snakemake, 2 cores": snakemake}


def limit(districts: int) -> dict[str, float]:
    """Time the cells alone in warm processes: one, and two side by side."""
    folder = built(districts)
    todo = [(run["source"], run["parameters"]) for run in runs(folder).values()]

    def start(part):
        command = [sys.executable, "-c", LIMIT, json.dumps(part)]
        return subprocess.Popen(
            command, cwd=folder, env=environment(folder), stderr=subprocess.PIPE, text=True
        )

    def seconds(process):
        said = process.communicate()[1]
        if process.returncode:
            raise SystemExit(said)
        return float(said.strip().splitlines()[-1])

    one = seconds(start(todo))
    halves = [start(todo[::2]), start(todo[1::2])]
    return dict(zip(LIMITS, (one, max(seconds(half) for half in halves)), strict=True))


def prepared(districts: int) -> Path:
    """Return a copy with the files of so many counties; made once a sitting."""
    folder = SCRATCH / f"{districts}-districts"
    if folder not in PREPARED:
        workshop(folder.name)
        if districts != 9:
            timed(sys.executable, str(GENERATOR), "--counties", str(districts), cwd=folder)
        PREPARED.add(folder)
    return folder


def cold(districts: int) -> float:
    """Time a full run from raw files, nothing built before; it leaves an edition."""
    folder = prepared(districts)
    clear(folder)
    return analysis(folder, "build", name=f"{OURS} · {districts} districts")


def clear(folder: Path) -> None:
    """Remove all that was built."""
    for name in ("build", "outputs", "data/processed"):
        shutil.rmtree(folder / name, ignore_errors=True)


def built(districts: int) -> Path:
    """Return a copy with an edition of so many districts."""
    folder = prepared(districts)
    if not (folder / "outputs/2020/SHA256SUMS").exists():
        analysis(folder, "build")
    return folder


def changes() -> dict[str, float]:
    """Time runs after small changes, and after none."""
    seconds, folder = often(9), built(9)
    seconds |= {
        "no-op": analysis(folder, "build"),
        "status": analysis(folder, "status"),
        **corrections(9),
    }
    with (folder / "src/analysis/stats/design.py").open("a") as module:
        module.write("\n# a remark\n")
    seconds["one helper changed"] = analysis(folder, "build")
    return seconds


def corrections(districts: int) -> dict[str, float]:
    """Time runs after corrections of one county, one after another."""
    folder, seconds = built(districts), {}
    for what, correct in CORRECTIONS.items():
        correct(folder / "data/raw/2020/331024_仙居县.xlsx")
        seconds[f"{CORRECTED}: {what} · {districts} districts"] = analysis(folder, "build")
    return seconds


def relevel(workbook: Path) -> None:
    """Correct the level of a certificate: changes the clean tables, and no published number."""
    _correct(workbook, CERTIFICATE, lambda _: "社会工作师", "助理社会工作师")


def amend(workbook: Path) -> None:
    """Correct one amount and its totals: the city's is printed on the page of every county."""
    book = openpyxl.load_workbook(workbook)
    rows = [
        row
        for row in book["经费投入"].iter_rows(min_col=2, max_col=6)
        if isinstance(row[1].value, float)
    ]
    for row in (rows[2], rows[-1]):
        for cell in (row[1], row[-1]):
            cell.value = round(cell.value + 0.1, 2)
    book.save(workbook)


def raise_income(workbook: Path) -> None:
    """Correct the income of one worker: the printed mean changes for the county only."""
    _correct(workbook, "年收入（万元）", lambda income: income + 1, float)


def certify(workbook: Path) -> None:
    """Give the first worker without a certificate one: changes comparison, index and report."""
    _correct(workbook, CERTIFICATE, lambda _: "助理社会工作师", "无")


def _correct(workbook: Path, title: str, new, old) -> None:
    """Change the first cell of a column of the roster that is `old`, a value or a type."""
    book = openpyxl.load_workbook(workbook)
    sheet = book["专职社区工作者花名册"]
    head = next(cell for row in sheet.iter_rows(max_row=8) for cell in row if cell.value == title)
    below = (sheet.cell(row, head.column) for row in range(head.row + 1, sheet.max_row + 1))
    cell = next(cell for cell in below if old in (cell.value, type(cell.value)))
    cell.value = new(cell.value)
    book.save(workbook)


CORRECTIONS = {
    "the level of a certificate": relevel,
    "an income": raise_income,
    "an amount of its funds": amend,
    "one certificate more": certify,
}


def clusters() -> dict[str, float]:
    """Time a cold run on one and on two Dask workers, each a process with one thread."""
    return {
        f"{n} Dask worker{'s' * (n > 1)} · {ON_CLUSTER} districts": on_cluster(n) for n in (1, 2)
    }


def on_cluster(workers: int) -> float:
    """Time a cold run on a scheduler with so many workers, warm from a small run before."""
    folder = prepared(ON_CLUSTER)
    with cluster(folder, workers) as address:
        for command in (["--only", "02_facilities"], []):  # the first loads the libraries
            clear(folder)
            seconds = analysis(folder, "build", "--cluster", address, *command)
    return seconds


@contextmanager
def cluster(folder: Path, workers: int):
    """Start a scheduler and workers on this machine; gives the address."""
    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    quiet = {
        "cwd": folder,
        "env": environment(folder),
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    dask = [sys.executable, "-m", "dask"]
    local = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
    started = [subprocess.Popen([*dask, "scheduler", "--port", "0", *local], **quiet)]
    while not file.exists():
        time.sleep(0.1)
    started += [
        subprocess.Popen([*dask, "worker", "--nthreads", "1", "--no-nanny", *local], **quiet)
        for _ in range(workers)
    ]
    try:
        yield json.loads(file.read_text())["address"]
    finally:
        for process in started:
            process.kill()
            process.wait()


def sizes(districts: int) -> dict[str, float]:
    """Time a cold run and the rivals for so many districts."""
    found = {
        f"{name} · {districts} districts": seconds for name, seconds in rivals(districts).items()
    }
    return often(districts, THRICE if districts == 9 else 1) | found


def often(districts: int, times: int = THRICE) -> dict[str, float]:
    """Time cold runs and return the median."""
    return {f"{OURS} · {districts} districts": median(cold(districts) for _ in range(times))}


def limits() -> dict[str, float]:
    """Time the cells of nine districts alone, and beside them our cold run; medians."""
    ours, found = often(9), [limit(9) for _ in range(THRICE)]
    return ours | {f"{name} · 9 districts": median(one[name] for one in found) for name in LIMITS}


def rows() -> dict[str, float]:
    """Time the reading and checking of once, ten and a hundred times the rows."""
    names = {districts: f"{CHECK} · {districts} districts" for districts in (9, 90, 900)}
    return {
        name: analysis(prepared(n), "check", "data/raw/2020", name=name)
        for n, name in names.items()
    }


PARTS = {
    "nine": lambda: sizes(9),
    "limit": limits,
    "changes": changes,
    "cluster": clusters,
    "ninety": lambda: sizes(90) | corrections(90),
    "nation": lambda: {f"{OURS} · 900 districts": cold(900)},
    "rows": rows,
}


def main(parts: list[str]) -> None:
    """Run the parts named (all without names) and write what was measured."""
    results = HERE / "results.json"
    before = (
        json.loads(results.read_text("utf-8"))
        if parts and results.exists()
        else {"seconds": {}, "MiB": {}}
    )
    seconds, memory, ratio = before["seconds"], before["MiB"], before.get("ratios", {})
    for part in parts or PARTS:
        measured = {name: round(value, 2) for name, value in PARTS[part]().items()}
        seconds |= measured
        ratio = {name: was for name, was in ratio.items() if name not in measured} | ratios(
            measured
        )
        memory |= MEMORY
        found = {"seconds": seconds, "ratios": ratio, "MiB": memory}
        results.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
        (HERE / "results.md").write_text(report(found), "utf-8")
        print(f"{part} done", file=sys.stderr, flush=True)


def ratios(seconds: dict[str, float]) -> dict[str, float]:
    """Relate each figure of a part to its own cold run of the same size, or of nine districts."""
    found = {}
    for name, value in seconds.items():
        _, dot, size = name.partition(" · ")
        ours = seconds.get(f"{OURS} · {size if dot else '9 districts'}")
        if ours:
            found[name] = round(value / ours, 3)
    return found


def findings(seconds: dict[str, float], ratio: dict[str, float]) -> dict[str, str]:
    """Say what the figures come to, as far as they are there."""
    said = {}
    for n in (9, 90):
        if rival := ratio.get(f"{RIVAL} · {n} districts"):
            said[f"{RIVAL} · {n} districts"] = f"{rival:.1f} times our cold run"
    for name, where in LIMITS.items():
        if limited := ratio.get(f"{name} · 9 districts"):
            said[f"our cold run beside the cells alone in {where}"] = f"{1 / limited:.2f} times"
    for n in (9, 90):
        if shares := _corrected(ratio, n):
            said[f"{CORRECTED} ({', '.join(CORRECTIONS)}) · {n} districts"] = (
                f"{', '.join(shares)} of a cold run"
            )
    few, many = (seconds.get(f"{OURS} · {n} districts") for n in (90, 900))
    if few and many:
        said["cost of a district, 900 beside 90"] = f"{many / 900 / (few / 90):.2f}"
    one, two = (
        seconds.get(f"{n} · {ON_CLUSTER} districts") for n in ("1 Dask worker", "2 Dask workers")
    )
    if one and two:
        said["two Dask workers beside one"] = f"{one / two:.2f} times as fast"
    return said


def _corrected(ratio: dict[str, float], districts: int) -> list[str]:
    """List what each kind of correction costs beside a cold run, as far as it was measured."""
    names = (f"{CORRECTED}: {kind} · {districts} districts" for kind in CORRECTIONS)
    return [f"{ratio[name]:.2f}" for name in names if name in ratio]


def report(found: dict) -> str:
    """Write the results as a page."""
    lines = [
        "# Benchmarks",
        "",
        "By `make bench`, each part in one sitting on a shared machine: read the ratios, not the "
        "seconds.",
        "",
        "| | |",
        "|---|---|",
        *(
            f"| {name} | {said} |"
            for name, said in findings(found["seconds"], found["ratios"]).items()
        ),
        "",
        "Below, each ratio is the time of the line divided by that of our own cold run of the same "
        "size in the",
        "same sitting; the seconds of a cold run are those of the last. Rivals run the same "
        "notebooks in both",
        "languages and turn each into HTML; ours also cleans the workbooks and writes Word, PDF, "
        "workbook and",
        "landing page. The limit is the cells alone, all loaded, in one process and in two side by "
        "side. For 90",
        "districts the rivals run every thirtieth county, which counts for thirty. Our cold run "
        "and the limit of",
        "nine are medians of three. `check` reads and checks the workbooks: once, ten times and a "
        "hundred times",
        "the rows.",
        "",
        "| | seconds | ratio to our cold run | MiB, largest process |",
        "|---|---:|---:|---:|",
    ]
    ratio = found["ratios"]
    lines += [
        f"| {name} | {value:.1f} | {ratio.get(name, '')} | {found['MiB'].get(name, '')} |"
        for name, value in found["seconds"].items()
    ]
    return "\n".join([*lines, "", *extrapolated(found["seconds"]), ""])


def extrapolated(seconds: dict[str, float]) -> list[str]:
    """Carry the line through 90 and 900 on to all counties, and to a cluster by Amdahl's law."""
    few, many = (seconds.get(f"{OURS} · {n} districts") for n in (90, 900))
    one, two = (
        seconds.get(f"{n} · {ON_CLUSTER} districts") for n in ("1 Dask worker", "2 Dask workers")
    )
    if not (few and many and one and two):
        return []
    each = (many - few) / 810
    whole = many + each * (COUNTRY - 900)
    serial = max(0.0, 2 * two / one - 1)
    alone = 2 * whole / (1 + serial)
    clustered = alone * (serial + (1 - serial) / CLUSTER)
    hours, minutes, beside = whole / 3600, clustered / 60, 1 - serial
    return [
        f"All {COUNTRY:,} counties, extrapolated, not run: each beyond the 90th took {each:.2f} s, "
        f"so that here",
        f"{many:.0f} + {COUNTRY - 900} × {each:.2f} = {whole:.0f} s, {hours:.1f} h. By Amdahl's "
        f"law, {one:.0f} s",
        f"with one worker and {two:.0f} s with two give a serial share of 2 × {two:.0f} / "
        f"{one:.0f} − 1 =",
        f"{serial:.2f}; then one worker takes 2 × {whole:.0f} / (1 + {serial:.2f}) = {alone:.0f} "
        f"s, and {CLUSTER}",
        f"workers {alone:.0f} × ({serial:.2f} + {beside:.2f} / {CLUSTER}) = {clustered:.0f} s, "
        f"{minutes:.0f} min.",
        f"The share was measured with {ON_CLUSTER} counties; it falls with more, as mostly their "
        f"pages are added.",
    ]


if __name__ == "__main__":
    main(sys.argv[1:])
