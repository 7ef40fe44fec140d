import hashlib
import random
import subprocess
import sys
import time

import pytest

from analysis.pipeline import stage
from analysis.pipeline.failures import Busy
from analysis.pipeline.stage import alone, staged


def fill(folder, text="new"):
    (folder / "report").mkdir()
    (folder / "report/index.html").write_text(text)


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_a_finished_edition_replaces_the_old_one_whole(tmp_path):
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    (outputs / "stale.html").write_text("old")
    (outputs / "README.md").write_text("kept")
    with staged(outputs) as folder:
        fill(folder)
        assert (outputs / "stale.html").exists()
    assert names(outputs) == ["README.md", "SHA256SUMS", "report/index.html"]
    assert names(tmp_path) == [f"outputs/{name}" for name in names(outputs)]


def test_a_failed_edition_leaves_the_old_one_as_it_was(tmp_path):
    outputs = tmp_path / "outputs"
    with staged(outputs) as folder:
        fill(folder, "old")
    before = {name: (outputs / name).read_bytes() for name in names(outputs)}
    with pytest.raises(OSError, match="no space"), staged(outputs) as folder:
        fill(folder, "half")
        raise OSError("no space")
    assert {name: (outputs / name).read_bytes() for name in names(outputs)} == before
    assert names(tmp_path) == [f"outputs/{name}" for name in before]


def test_a_swap_cut_short_is_undone_by_the_next_run(tmp_path):
    outputs, old = tmp_path / "outputs", tmp_path / ".outputs.old"
    old.mkdir()
    (old / "page.html").write_text("old")
    with pytest.raises(RuntimeError), staged(outputs):
        assert (outputs / "page.html").read_text() == "old"
        raise RuntimeError
    assert names(tmp_path) == ["outputs/page.html"]


def test_where_folders_cannot_be_exchanged_two_renames_do(tmp_path, monkeypatch):
    monkeypatch.setattr(stage, "_exchange", lambda one, other: False)
    for text in ("old", "new"):
        with staged(tmp_path / "outputs") as folder:
            fill(folder, text)
    assert (tmp_path / "outputs/report/index.html").read_text() == "new"
    assert names(tmp_path) == ["outputs/SHA256SUMS", "outputs/report/index.html"]


PUBLISH_FOR_EVER = """
import itertools, sys
from pathlib import Path
from analysis.pipeline.stage import staged
for edition in itertools.count():
    with staged(Path(sys.argv[1]) / "outputs") as folder:
        for name in range(20):
            (folder / f"page{name}.html").write_text(f"edition {edition}" * 1000)
    if edition == 0:
        print("published", flush=True)
"""


def test_fifty_kills_at_random_moments_leave_a_whole_edition_each_time(tmp_path):
    chance = random.Random(2020)
    for _ in range(50):
        run = subprocess.Popen([sys.executable, "-c", PUBLISH_FOR_EVER, tmp_path], stdout=subprocess.PIPE)
        assert run.stdout.readline() == b"published\n"
        time.sleep(chance.uniform(0, 0.03))
        run.kill()
        run.communicate()
        lines = (tmp_path / "outputs/SHA256SUMS").read_text().splitlines()
        assert len(lines) == 20
        for line in lines:
            page = (tmp_path / "outputs" / line[66:]).read_bytes()
            assert hashlib.sha256(page).hexdigest() == line[:64]
        assert len({(tmp_path / "outputs" / line[66:]).read_bytes() for line in lines}) == 1


def test_sums_list_every_file_as_sha256sum_reads_it(tmp_path):
    with staged(tmp_path / "outputs") as folder:
        fill(folder)
    line = f"{hashlib.sha256(b'new').hexdigest()}  report/index.html\n"
    assert (tmp_path / "outputs/SHA256SUMS").read_text() == line


def test_only_one_holds_the_lock(tmp_path):
    with alone(tmp_path), pytest.raises(Busy), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass
