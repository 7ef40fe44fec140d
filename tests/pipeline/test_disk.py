"""A disk that is full, or that may only be read: exit 74, and the previous edition as it was."""

import os
import shlex
import subprocess

import pytest

from running import command_line, copy_repository, is_whole, publish, run_analysis


@pytest.fixture
def disk(tmp_path):
    """A small file system of its own with a copy of the repository and an edition."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", folder], check=False
    ).returncode:
        pytest.skip("file systems cannot be mounted here (needs root)")
    try:
        copy_repository(folder)
        yield publish(folder)
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk(disk):
    free = os.statvfs(disk)
    (disk / "filler").write_bytes(b"x" * (free.f_bavail * free.f_bsize - 150_000))
    done = run_analysis(disk, "build")
    assert done.returncode == 74, done.stderr
    assert "No space left" in done.stderr
    assert is_whole(disk)


def test_a_disk_that_may_only_be_read(disk):
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    done = run_analysis(disk, "build")
    assert done.returncode == 74, done.stderr
    assert "Read-only file system" in done.stderr
    assert is_whole(disk)


HIDDEN = "mount -t tmpfs -o ro tmpfs /dev/shm && exec "


@pytest.mark.parametrize(
    "command",
    [["build", "--only", "clean"], ["synthesise", "--counties", "10"]],
    ids=["build", "synthesise"],
)
def test_shared_memory_that_may_only_be_read_is_named(copy, command):
    """Semaphores of processes lie there; the error of the system names no file."""
    program = shlex.join(command_line(*command))
    words = ["unshare", "-m", "sh", "-c", HIDDEN + program]
    if subprocess.run(["unshare", "-m", "sh", "-c", f"{HIDDEN} true"], check=False).returncode:
        pytest.skip("file systems cannot be mounted here (needs root)")
    done = subprocess.run(words, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 74, done.stderr
    assert "/dev/shm" in done.stderr and "cannot be written: Read-only file system" in done.stderr
