import hashlib
import random
import subprocess
import sys
import time

import pytest

from analysis.edition import stage
from analysis.edition.failures import BusyError
from analysis.edition.stage import CHANGES, added, alone, clear, damaged, edited, staged
from analysis.survey import ownership
from analysis.survey.folders import RefusedError
from analysis.survey.ownership import MARKER, files_in, mark
from running import publish


def fill(folder, text="new"):
    (folder / "report").mkdir()
    (folder / "report/index.html").write_text(text)


def names(folder):
    return sorted(
        p.relative_to(folder).as_posix()
        for p in folder.rglob("*")
        if p.is_file() and p.name != MARKER
    )


@pytest.fixture
def outputs(tmp_path):
    """An edition: one page, its sums, and a line of the record of inputs."""
    with staged(tmp_path / "outputs") as folder:
        fill(folder, "old")
        (folder / "INPUTS").write_text("2020  wave\n")
    return tmp_path / "outputs"


def test_a_finished_edition_replaces_the_old_one_whole(outputs, tmp_path):
    (outputs / "README.md").write_text("kept")
    with staged(outputs) as folder:
        fill(folder)
        assert (outputs / "INPUTS").exists()
    assert names(outputs) == ["README.md", "SHA256SUMS", "report/index.html"]
    assert names(tmp_path) == [f"outputs/{name}" for name in names(outputs)]


def test_the_page_of_changes_is_no_part_of_the_edition_and_ends_with_it(outputs):
    """It is in no sums, no damage and nobody's own; the next edition begins without it."""
    with staged(outputs) as folder:
        fill(folder)
        (folder / "INPUTS").write_text("2020  wave\n")
        (folder / CHANGES).write_text("moved")
    assert CHANGES not in (outputs / "SHA256SUMS").read_text() and CHANGES in ownership.made(
        outputs
    )
    assert (damaged(outputs), added(outputs), edited(outputs)) == ([], [], [])
    with staged(outputs) as folder:
        fill(folder)
    assert names(outputs) == ["SHA256SUMS", "report/index.html"]


def test_a_clone_in_which_editions_were_compared_can_be_built_in(tmp_path, monkeypatch):
    """Git brings the record without a marker; the page of changes beside it hinders no build."""
    for name in ("notebooks", "data/raw", "outputs/2020"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "outputs/2020"
    for name in ("INPUTS", "RECORD.jsonl", "SHA256SUMS", CHANGES):
        (place / name).write_text("")
    assert stage.edition_folder(place) == place
    with staged(place) as folder:
        fill(folder)
    assert CHANGES not in names(place)


def test_files_added_by_hand_are_kept_and_are_no_damage(outputs):
    (outputs / "report/notes.txt").write_text("mine")
    (outputs / "report/link").symlink_to("/nowhere")
    (outputs / "mine").mkdir()
    (outputs / "mine/a.txt").write_text("mine")
    (outputs / "linked").symlink_to("mine")
    assert damaged(outputs) == []
    assert added(outputs) == ["linked", "mine/a.txt", "report/link", "report/notes.txt"]
    for _ in range(2):
        with staged(outputs) as folder:
            fill(folder)
        assert (
            (outputs / "report/notes.txt").read_text()
            == (outputs / "linked/a.txt").read_text()
            == "mine"
        )
        assert (outputs / "report/link").is_symlink() and (
            outputs / "report/index.html"
        ).read_text() == "new"
        assert "notes" not in (outputs / "SHA256SUMS").read_text()


def test_a_file_added_by_hand_whose_name_is_now_written_stops_the_run(outputs):
    (outputs / "page.html").write_text("mine")
    with (
        pytest.raises(FileExistsError, match=r"page\.html.*rename yours"),
        staged(outputs) as folder,
    ):
        (folder / "page.html").write_text("ours")
    assert (outputs / "page.html").read_text() == "mine"
    assert (outputs / "report/index.html").read_text() == "old"


def test_what_was_edited_is_named_and_what_git_brought_is_not(outputs):
    assert edited(outputs) == []
    (outputs / "report/index.html").write_text("edited")
    assert edited(outputs) == ["report/index.html"]
    (outputs / "report/index.html").write_text("old")
    sums = outputs / "SHA256SUMS"
    sums.write_text(sums.read_text().replace("report/index", "report/other"))
    assert edited(outputs) == []
    assert damaged(outputs) == [
        "missing: report/other.html",
        "not of the edition: report/index.html",
    ]


@pytest.mark.parametrize(
    "files", [["thesis.txt"], ["README.md"], ["SHA256SUMS", "thesis.txt"], [MARKER]]
)
def test_a_folder_of_somebody_else_is_refused(tmp_path, files):
    """Also one with its own sums, matching or not, or with a file named as our marker."""
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    digest = hashlib.sha256(b"mine").hexdigest()
    for name in files:
        (outputs / name).write_text(f"{digest}  thesis.txt\n" if name == "SHA256SUMS" else "mine")
    before = {path: path.read_bytes() for path in outputs.iterdir()}
    with pytest.raises(RefusedError, match="not made by this program"), staged(outputs) as folder:
        fill(folder)
    assert {path: path.read_bytes() for path in outputs.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["outputs"]


def test_an_edition_without_marker_is_ours_only_as_long_as_its_sums_match(outputs):
    (outputs / MARKER).unlink()
    with staged(outputs) as folder:
        fill(folder)
        (folder / "INPUTS").write_text("2020  wave\n")
    (outputs / MARKER).unlink()
    (outputs / "report/index.html").write_text("mine")
    with (
        pytest.raises(RefusedError, match=r"not as SHA256SUMS there says.*report/index\.html"),
        staged(outputs),
    ):
        pass
    assert (outputs / "report/index.html").read_text() == "mine"


@pytest.mark.parametrize("record", ["x\n", "", "2020  wave\nmine\n", "mine  wave\n"])
def test_sums_and_a_file_called_inputs_make_no_edition(tmp_path, record):
    """People keep sums of their own files too; an edition is known by its record of inputs."""
    (tmp_path / "INPUTS").write_text(record)
    (tmp_path / "index.html").write_text("mine")
    stage.write_sums(tmp_path)
    (tmp_path / MARKER).unlink()
    before = {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)}
    with pytest.raises(RefusedError, match="not made by this program"), staged(tmp_path) as folder:
        fill(folder)
    assert {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)} == before


@pytest.mark.parametrize("name", ["thesis.odt", "report/thesis.docx", "tables/mine.xlsx"])
def test_no_file_is_ours_by_its_sum_alone(tmp_path, name):
    """A name that no edition can contain is kept, even if the sums of an edition list it."""
    outputs = tmp_path / "outputs"
    (outputs / name).parent.mkdir(parents=True)
    (outputs / name).write_text("mine")
    (outputs / "INPUTS").write_text("2020  wave\n")
    states = {one: ownership.hash_of(outputs / one) for one in ("INPUTS", name)}
    (outputs / "SHA256SUMS").write_text(
        "".join(f"{state}  {one}\n" for one, state in states.items())
    )
    with staged(outputs) as folder:
        fill(folder)
    assert (outputs / name).read_text() == "mine"


def test_every_name_of_the_record_in_git_is_one_that_an_edition_can_contain(repository):
    sums = stage.read_sums(repository / "outputs/2020/SHA256SUMS")
    assert [name for name in sums if not stage.PUBLISHED.fullmatch(name)] == []


@pytest.mark.parametrize("kind", ["file", "link"])
def test_in_a_fresh_clone_a_file_of_somebody_else_under_a_published_name_is_refused(
    copy, monkeypatch, kind
):
    """Git brings the record without the files: files of these names that differ are not ours."""
    outputs, mine = publish(copy) / "outputs/2020", copy / "mine.xlsx"
    (outputs / "page.html").rename(outputs / "index.html")
    stage.write_sums(outputs)
    (outputs / MARKER).unlink()
    (outputs / "index.html").unlink()
    monkeypatch.chdir(copy)
    assert stage.edition_folder(outputs) == outputs, "as git brings it"
    mine.write_text("mine")
    mine.rename(outputs / "index.html") if kind == "file" else (outputs / "index.html").symlink_to(
        mine
    )
    with pytest.raises(RefusedError, match=r"index\.html"), staged(outputs) as folder:
        fill(folder)
    assert (outputs / "index.html").read_text() == "mine"


def test_a_marker_copied_into_a_folder_of_somebody_else_makes_it_no_edition(outputs, tmp_path):
    theirs = tmp_path / "theirs"
    (theirs / "report").mkdir(parents=True)
    for name in (MARKER, "SHA256SUMS", "report/index.html"):
        (theirs / name).write_bytes((outputs / name).read_bytes() if name == MARKER else b"mine")
    with pytest.raises(RefusedError, match=r"marker.*report/index\.html"), staged(theirs) as folder:
        fill(folder)
    assert (
        (theirs / "report/index.html").read_text() == (theirs / "SHA256SUMS").read_text() == "mine"
    )


@pytest.mark.parametrize("end", ["new", "old"])
def test_a_folder_of_somebody_else_beside_the_edition_is_refused(outputs, tmp_path, end):
    beside = tmp_path / f".outputs.{end}"
    beside.mkdir()
    (beside / "mine.txt").write_text("mine")
    with pytest.raises(RefusedError, match=r"mine\.txt"), staged(outputs):
        pass
    assert (beside / "mine.txt").read_text() == "mine"


def test_a_link_beside_the_edition_is_refused_wherever_it_leads(outputs, tmp_path):
    (tmp_path / "scratch").mkdir()
    mark(tmp_path / "scratch")
    (tmp_path / "scratch/mine.txt").write_text("mine")
    (tmp_path / ".outputs.new").symlink_to("scratch")
    with pytest.raises(RefusedError, match="→ scratch"), staged(outputs):
        pass
    assert (tmp_path / "scratch/mine.txt").exists()


def test_an_edition_behind_a_link_is_written_where_it_lies(outputs, tmp_path):
    (tmp_path / "link").symlink_to(outputs)
    with staged(tmp_path / "link") as folder:
        fill(folder)
    assert (tmp_path / "link").is_symlink() and (outputs / "report/index.html").read_text() == "new"


def test_an_edition_inside_another_is_refused(outputs):
    with (
        pytest.raises(RefusedError, match="a published edition"),
        staged(outputs / "report/deeper"),
    ):
        pass


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
    mark(old, {"page.html": "-"})
    (old / "page.html").write_text("old")
    with pytest.raises(RuntimeError), staged(outputs):
        assert (outputs / "page.html").read_text() == "old"
        raise RuntimeError
    assert names(tmp_path) == ["outputs/page.html"]


def test_where_folders_cannot_be_exchanged_two_renames_do(tmp_path, monkeypatch):
    monkeypatch.setattr(ownership, "_exchange", lambda one, other: False)
    for text in ("old", "new"):
        with staged(tmp_path / "outputs") as folder:
            fill(folder, text)
    assert (tmp_path / "outputs/report/index.html").read_text() == "new"
    assert names(tmp_path) == ["outputs/SHA256SUMS", "outputs/report/index.html"]


PUBLISH_FOR_EVER = """
import itertools, sys
from pathlib import Path
from analysis.edition.stage import CHANGES, staged
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
        run = subprocess.Popen(
            [sys.executable, "-c", PUBLISH_FOR_EVER, tmp_path], stdout=subprocess.PIPE
        )
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


def test_a_kill_while_the_marker_is_written_stops_no_later_run(tmp_path):
    left = tmp_path / ".outputs.new"
    left.mkdir()
    (left / ownership.PART).write_text("cut sho")
    with staged(tmp_path / "outputs") as folder:
        fill(folder)
    assert (tmp_path / "outputs/report/index.html").is_file() and not left.exists()
    left.mkdir()
    for name in (ownership.PART, "mine.txt"):
        (left / name).write_text("mine")
    with pytest.raises(RefusedError, match=r"mine\.txt"), staged(tmp_path / "outputs") as folder:
        fill(folder)
    assert (left / "mine.txt").read_text() == "mine"


def test_sums_list_every_file_as_sha256sum_reads_it(tmp_path):
    with staged(tmp_path / "outputs") as folder:
        fill(folder)
    line = f"{hashlib.sha256(b'new').hexdigest()}  report/index.html\n"
    assert (tmp_path / "outputs/SHA256SUMS").read_text() == line


def test_only_one_holds_the_lock(tmp_path):
    with alone(tmp_path), pytest.raises(BusyError), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass


def test_clearing_removes_what_the_program_wrote_and_nothing_else(tmp_path):
    outputs = tmp_path / "outputs/2020"
    with staged(outputs) as folder:
        fill(folder, "old")
        (folder / "INPUTS").write_text("2020  wave\n")
    (tmp_path / "outputs/index.html").write_text("old")
    mark(tmp_path / "outputs", {"index.html": ownership.hash_of(tmp_path / "outputs/index.html")})
    scratch, clean = tmp_path / "build/2020", tmp_path / "data/processed/2020"
    returns, theirs = tmp_path / "build/returns", tmp_path / "build/theirs"
    for folder in (scratch / "zh", clean, returns, theirs):
        folder.mkdir(parents=True)
    mark(scratch)
    (tmp_path / "build" / stage.LOCK).touch()
    for folder, name in (
        (clean, "a.parquet"),
        (returns, "as_sent.xlsx"),
        (returns, "answered.xlsx"),
    ):
        (folder / name).write_text("old")
        mark(folder, ownership.states_of(folder))
    kept = [
        returns / "answered.xlsx",
        theirs / "mine.txt",
        clean / "mine.txt",
        outputs / "mine.txt",
    ]
    for path in kept:
        path.write_text("mine")
    (outputs / "README.md").write_text("mine")
    assert sorted(clear(tmp_path)) == sorted(path.relative_to(tmp_path).as_posix() for path in kept)
    listed = {"README.md", "INPUTS", "SHA256SUMS"}
    assert set(files_in(tmp_path)) == {f"outputs/2020/{name}" for name in listed} | {
        path.relative_to(tmp_path).as_posix() for path in kept
    }


@pytest.mark.parametrize(
    "folder", ["build/download", "data/processed/2020", "build/forms/2021", "build/outputs"]
)
def test_clearing_takes_no_sums_of_somebody_else_for_its_own(tmp_path, folder):
    """Only in outputs/ do the sums tell, which git brings without the marker."""
    place = tmp_path / folder
    (place / "tables").mkdir(parents=True)
    (place / "tables/data.csv").write_text("mine")
    (place / "INPUTS").write_text("2020  wave\n")
    stage.write_sums(place)
    (place / MARKER).unlink()
    assert sorted(clear(tmp_path)) == [f"{folder}/{name}" for name in files_in(place)]
    assert files_in(place) == ["INPUTS", "SHA256SUMS", "tables/data.csv"]


def test_clearing_keeps_and_names_what_no_step_leaves_in_a_scratch_folder(tmp_path):
    scratch = tmp_path / "build/2020"
    listed, mine = (
        "zh/figures/burden.svg",
        ["returns/notes.txt", "zh/figures/my_sketch.svg", "zh/forms/a.xlsx"],
    )
    for name in (listed, *mine):
        (scratch / name).parent.mkdir(parents=True, exist_ok=True)
        (scratch / name).write_text(name)
    mark(scratch, {listed: ownership.UNKNOWN, "en/figures/burden.svg": ownership.UNKNOWN})
    assert clear(tmp_path) == [f"build/2020/{name}" for name in mine]
    assert files_in(scratch) == mine
    for name in mine:
        (scratch / name).unlink()
    assert clear(tmp_path) == [] and not (tmp_path / "build").exists()


def test_clearing_follows_no_link(tmp_path):
    (tmp_path / "originals").mkdir()
    (tmp_path / "originals/a.txt").write_text("mine")
    mark(tmp_path / "originals")
    (tmp_path / "build").mkdir()
    for name in ("2020", "returns"):
        (tmp_path / "build" / name).symlink_to(tmp_path / "originals")
    clear(tmp_path)
    (tmp_path / "build").rename(tmp_path / "elsewhere")
    (tmp_path / "build").symlink_to(tmp_path / "originals")
    (tmp_path / "originals/lock").touch()
    clear(tmp_path)
    assert files_in(tmp_path / "originals") == ["a.txt", "lock"]
