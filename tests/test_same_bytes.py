"""Ordinary kernels, elsewhere, under other settings, publish the same bytes as forked ones here."""

import os

from hostile import settings_of_ones_own
from running import copy_repository, run_analysis

ELSEWHERE = {
    "TZ": "Asia/Shanghai",
    "LC_ALL": "C",
    "LANG": "zh_CN.GBK",
    "PYTHONHASHSEED": "7",
    "OMP_NUM_THREADS": "2",
    "COLUMNS": "40",
    # an older processor: other instructions add up in another order
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
}


def test_every_published_file_is_the_same(edition, tmp_path):
    folder = copy_repository(tmp_path / "另一处 folder")
    home = settings_of_ones_own(tmp_path / "home")
    (folder / "matplotlibrc").write_text(
        "lines.linewidth: 7\naxes.titlesize: 30\nsvg.fonttype: path\n"
    )
    before = os.umask(0o077)
    try:
        done = run_analysis(
            folder, "build", "--engine", "kernel", "--jobs", "3", **ELSEWHERE, **home
        )
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    ours, theirs = (
        dict(
            reversed(line.split("  ", 1))
            for line in (f / "outputs/2020/SHA256SUMS").read_text("utf-8").splitlines()
        )
        for f in (edition, folder)
    )
    assert len(ours) > 80
    assert {
        name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)
    } == set()
    for path in sorted((edition / "build/2020/zh/notebooks").glob("*.ipynb")):
        assert path.read_bytes() == (folder / "build/2020/zh/notebooks" / path.name).read_bytes(), (
            path.name
        )
