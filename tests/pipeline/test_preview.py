"""The preview: what it serves and what it refuses, what it says, and that it leaves what is
published alone.
"""

import fcntl
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import ClassVar

import pytest

from analysis.edition.failures import NotebookError, StoppedError
from analysis.edition.stage import LOCK
from analysis.pipeline import cli
from analysis.pipeline.preview import rebuild as rebuilding
from analysis.pipeline.preview import session as sessions
from analysis.pipeline.preview.exchange import Request, Result, State, loaded_stamps, read_regular
from analysis.pipeline.preview.names import all_pages, steps_of_pages
from analysis.pipeline.preview.rebuild import rebuild, said
from analysis.pipeline.preview.server import EVENTS, Board, Server, digest
from analysis.pipeline.preview.session import Answered, Opened, Saved, Session, is_work, watched
from analysis.plan.modules import PACKAGE
from running import REPOSITORY

POLICY = "default-src 'none'; script-src 'sha256-x'; connect-src 'self'"
PAGE = f'<meta http-equiv=Content-Security-Policy content="{POLICY}"><p>第一句'.encode()
REPORT, ENGLISH = "report/index.html", "report/en/index.html"


@pytest.fixture
def served(tmp_path):
    """A server of one page and one figure; (server, board, pages that were asked for)."""
    figure = tmp_path / "2020/zh/figures/rents.svg"
    figure.parent.mkdir(parents=True)
    figure.write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    opened = []
    board = Board({REPORT: REPORT, ENGLISH: REPORT}, opened.append)
    board.show(pages={REPORT: PAGE}, files={"figures/rents.svg": figure}, building=False)
    server = Server(board, REPORT)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server, board, opened
    server.shutdown()
    server.server_close()


def ask(server, path, method="GET", **headers):
    """Ask for a path as it is written; returns (status, headers, text)."""
    line = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    line.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        line.putheader(name.replace("_", "-"), value)
    line.endheaders()
    answer = line.getresponse()
    text = answer.read().decode()
    line.close()
    return answer.status, answer.headers, text


def test_a_page_is_served_with_a_script_that_its_policy_allows_and_no_other(served):
    status, headers, text = ask(served[0], f"/{REPORT}?area=331023")
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    assert "第一句" in text and f'data-shown="{digest(PAGE)}"' in text
    assert re.search(r"script-src 'sha256-[\w+/=]{44}' 'sha256-x';", text)
    assert ask(served[0], "/")[:2][0] == 302
    assert ask(served[0], "/report/")[2] == text


def test_a_page_in_another_language_is_asked_for_when_it_is_opened(served):
    status, _, text = ask(served[0], f"/{ENGLISH}")
    assert status == 200 and "being built" in text and served[2] == [ENGLISH]
    assert ask(served[0], "/index.html")[2].count("<li>") == 2


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/report/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "//secret.txt",
        "/secret.txt",
        "/figures/../../../secret.txt",
        "/figures/",
        "/figures/rents.svg/",
        "/study.toml",
        "/.git/config",
        "/report/index.html%00",
        "/\\..\\secret.txt",
        "/report/report.docx",
    ],
)
def test_no_address_leads_beyond_what_is_shown(served, path):
    status, _, text = ask(served[0], path)
    assert status == 404 and "secret" not in text


def test_what_preview_does_not_make_is_said(served):
    assert "make report" in ask(served[0], "/report/report.docx")[2]


def test_a_figure_is_served_and_no_link_in_its_place(served, tmp_path):
    assert ask(served[0], "/figures/rents.svg")[2] == "<svg/>"
    figure = tmp_path / "2020/zh/figures/rents.svg"
    figure.unlink()
    figure.symlink_to(tmp_path / "secret.txt")
    assert ask(served[0], "/figures/rents.svg")[0] == 404
    figure.unlink()
    figure.parent.rmdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/rents.svg").write_text("secret")
    figure.parent.symlink_to(tmp_path / "elsewhere")
    assert ask(served[0], "/figures/rents.svg")[0] == 404
    with pytest.raises(OSError, match="symbolic links"):
        read_regular(figure)
    figure.parent.unlink()
    figure.parent.mkdir()
    os.mkfifo(figure)
    assert ask(served[0], "/figures/rents.svg")[0] == 404


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9000", "LOCALHOST:80"])
def test_this_machine_is_answered_by_its_names(served, host):
    assert ask(served[0], f"/{REPORT}", Host=host)[0] == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "", "127.0.0.1@evil"],
)
def test_another_host_is_refused_whose_name_leads_here(served, host):
    for path in (f"/{REPORT}", f"/{EVENTS}?page={REPORT}", "http://localhost/report/index.html"):
        status, _, text = ask(served[0], path, Host=host)
        assert status == 421 and "第一句" not in text
    with socket.create_connection(("127.0.0.1", served[0].server_port)) as line:
        line.sendall(b"GET /report/index.html HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n")
        assert b" 421 " in line.recv(100)


def test_a_page_of_another_site_cannot_use_what_is_shown(served):
    assert ask(served[0], f"/{REPORT}", Sec_Fetch_Site="cross-site")[0] == 403
    answer = ask(served[0], f"/{REPORT}", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")
    assert answer[0] == 200 and answer[1]["X-Frame-Options"] == "DENY"
    assert answer[1]["Cross-Origin-Resource-Policy"] == "same-origin"


def test_it_listens_on_this_machine_alone_and_is_only_read(served):
    assert served[0].server_address[0] == "127.0.0.1"
    assert ask(served[0], f"/{REPORT}", "POST")[0] == 501
    assert ask(served[0], f"/{REPORT}", "HEAD")[2] == ""


def test_a_port_that_is_taken_is_named(served):
    with pytest.raises(OSError, match="--port") as failure:
        Server(served[1], REPORT, served[0].server_port)
    assert str(served[0].server_port) in str(failure.value)


def test_a_browser_is_told_of_each_change(served):
    server, board, _ = served
    line = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    line.request("GET", f"/{EVENTS}?page={REPORT}")
    stream = line.getresponse()

    def told():
        said = json.loads(stream.readline().decode().removeprefix("data: "))
        stream.readline()
        return said

    assert told() == {"page": digest(PAGE), "building": False, "errors": [], "notes": []}
    board.show(errors=("notebooks/a.ipynb!b (zh): unknown name c",))
    assert told()["errors"] == ["notebooks/a.ipynb!b (zh): unknown name c"]
    board.show(errors=(), pages={REPORT: PAGE + b"!"})
    assert told()["page"] == digest(PAGE + b"!")
    line.close()


def test_pages_are_named_as_users_know_them(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    assert [step.name for step in steps_of_pages([])] == ["10_report"]
    assert [step.name for step in steps_of_pages(["report", "10_report.ipynb"])] == ["10_report"]
    assert [step.name for step in steps_of_pages(["facilities"])] == ["02_facilities"]
    assert {step.name for step in steps_of_pages(["331023", "天台县", "Tiantai", "tiantai"])} == {
        "08_district_profile_331023"
    }
    assert len(steps_of_pages(["district_profile"])) == 9
    with pytest.raises(KeyError, match=r"did you mean facilities\?"):
        steps_of_pages(["facilites"])
    assert all_pages()["notebooks/en/02_facilities.html"] == "notebooks/02_facilities.html"


def test_an_unknown_page_is_usage_and_the_nearest_is_named(analysis, copy):
    done = analysis(copy, "preview", "facilites")
    assert (done.returncode, "did you mean facilities?" in done.stderr) == (64, True)
    assert not (copy / "build").exists()


def test_without_watchfiles_the_remedy_is_said(monkeypatch, capsys, copy):
    monkeypatch.chdir(copy)
    monkeypatch.setattr(sessions, "find_spec", lambda _name: None)
    monkeypatch.setattr(sessions, "Session", None)  # none is begun
    assert cli.run(["preview", "--no-browser"]) == 64
    assert "`make lab`" in capsys.readouterr().err
    assert not (copy / "build").exists()


def test_it_begins_only_where_no_other_run_is_under_way(analysis, copy):
    (copy / "build").mkdir()
    with (copy / "build" / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert analysis(copy, "preview", "--no-browser").returncode == 75


def test_a_scratch_folder_of_somebody_else_is_left_alone(analysis, copy):
    (copy / "build/2020/preview").mkdir(parents=True)
    (copy / "build/2020/mine.txt").write_text("mine")
    done = analysis(copy, "preview", "--no-browser")
    assert done.returncode == 64 and "mine.txt" in done.stderr


def test_a_missing_wave_is_an_input_problem(analysis, copy):
    assert analysis(copy, "preview", "--wave", "2031", "--no-browser").returncode == 2


def edit(folder, notebook, old, new):
    path = folder / f"notebooks/{notebook}.ipynb"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def request(folder, *notebooks, **values):
    names = frozenset(notebooks) if notebooks else None
    return Request(1, folder / "data/raw", "2020", (REPORT,), names, **values)


@pytest.fixture
def there(copy, monkeypatch):
    """A copy of the repository that one works in, in which no build sets the environment."""
    monkeypatch.chdir(copy)
    monkeypatch.setattr(rebuilding, "set_stable", lambda: None)
    monkeypatch.setattr(rebuilding, "LOCK_SECONDS", 0.1)
    return copy


def test_a_misspelt_name_is_told_before_anything_runs(there):
    edit(there, "10_report", "{{ rented.unlinked }}的社区用房", "{{ rentd.unlinked }}的社区用房")
    start = time.monotonic()
    result = rebuild(request(there, "10_report"))
    assert time.monotonic() - start < 5
    assert (result.state, result.errors) == (
        State.BAD,
        ("notebooks/10_report.ipynb!finding (zh): unknown name rentd; did you mean rented?",),
    )
    assert not (there / "build").exists()


def test_a_fault_elsewhere_does_not_keep_a_page_from_being_built(there, monkeypatch):
    """What was wrong before, in a notebook on which the page does not rest, is a note."""
    edit(there, "14_counties_in_detail", "{{ ", "{{ x_")
    edit(there, "10_report", "的社区用房靠租用", "的社区用房靠（新设小区）租用")
    ran = []
    monkeypatch.setattr(
        rebuilding, "run_stale", lambda _edition, _all, tasks, *_, **__: ran.extend(tasks)
    )
    monkeypatch.setattr(rebuilding, "_pages", lambda *_: {})
    facilities = Request(1, there / "data/raw", "2020", ("notebooks/02_facilities.html",))
    result = rebuild(facilities)
    assert (
        result.state == State.GOOD
        and "14_counties_in_detail.ipynb!" in result.notes["14_counties_in_detail"][0]
    )
    names = {task.name for task in ran}
    assert {"clean", "02_facilities", "preview notebooks/en/02_facilities.html"} <= names
    assert not {name for name in names if name.startswith(("14", "page", "documents", "facts"))}


def test_the_page_that_compares_waves_is_none_of_a_first_wave(there, monkeypatch):
    monkeypatch.setattr(rebuilding, "run_stale", lambda *_, **__: None)
    monkeypatch.setattr(rebuilding, "_pages", lambda *_: {})
    page = "notebooks/15_between_waves.html"
    assert page in all_pages()
    assert page not in rebuild(request(there)).known
    result = rebuild(Request(1, there / "data/raw", "2020", (page,)))
    assert result.errors == (f"notebooks/: nothing makes {page} in wave 2020",)


def test_a_run_under_way_is_waited_for(there):
    (there / "build").mkdir()
    with (there / "build" / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert rebuild(request(there)).state == State.BUSY


def test_nothing_is_recorded_of_a_module_that_was_not_loaded_as_it_is(there):
    """A module is edited; the builder still holds it as it was."""
    loaded = loaded_stamps()
    module = next(path for path in loaded if path.name == "estimates.py")
    assert rebuild(request(there, loaded=loaded | {module: (1, 2, 3)})).state == State.OUTDATED
    assert not (there / "build/2020/record.jsonl").exists()


def test_a_broken_notebook_and_a_foreign_folder_are_results(there):
    (there / "build/2020").mkdir(parents=True)
    (there / "build/2020/mine.txt").write_text("mine")
    assert "mine.txt" in rebuild(request(there)).errors[0]
    (there / "notebooks/10_report.ipynb").write_text("<<<<<<< HEAD")
    result = rebuild(request(there, "10_report"))
    assert result.state == State.BAD and "10_report.ipynb" in result.errors[0]


def test_an_error_names_language_notebook_cell_and_file(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    failed = NotebookError("10_report", "finding", "KeyError: 'x'", Path("build/a.ipynb"), "en")
    assert said(failed) == [
        "notebooks/10_report.ipynb!finding (en): KeyError: 'x'\nkept for inspection: build/a.ipynb"
    ]
    shared = NotebookError("02_facilities", "setup", "KeyError: 'x'", Path("build/a.ipynb"))
    shared.add_note("in the step 02_facilities")
    assert said(shared)[0].startswith(
        "notebooks/02_facilities.ipynb!setup (zh, en): KeyError: 'x'\nin the step 02_facilities"
    )


def test_work_is_told_from_what_editors_keep(tmp_path):
    kept = (".x.ipynb.swp", ".ipynb_checkpoints/x.ipynb", "~$x.xlsx", "__pycache__/x.pyc", "x.py~")
    assert not any(is_work(tmp_path / name, [tmp_path]) for name in kept)
    assert is_work(tmp_path / "02_facilities.ipynb", [tmp_path])
    hidden = tmp_path / ".work/repository"
    assert is_work(hidden / "x.ipynb", [hidden])


def test_every_folder_of_which_a_save_may_change_a_page_is_watched_once(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    names = {path.name for path in watched(REPOSITORY / "data/raw", "2020")}
    assert names == {"notebooks", "raw", "analysis"}


class FakeBuilder:
    """A builder that notes what it is asked for."""

    loaded: ClassVar = {}

    def __init__(self, on_result):
        self.on_result, self.asked, self.ended = on_result, [], False

    def ask(self, request):
        self.asked.append(request)

    def end(self):
        self.ended = True


@pytest.fixture
def session(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setattr(sessions, "Builder", FakeBuilder)
    made = Session(Path("data/raw"), "2020", steps_of_pages(["report"]), 0, browse=False)
    made._replace_builder()
    made.ask()
    yield made
    made.server.server_close()


def answer(session, state, **values):
    known = all_pages()
    result = Result(session.number, state, known=known, **values)
    session.handle(Answered(session.builder, result))


def saved(*names):
    return Saved(frozenset(REPOSITORY / name for name in names))


def test_the_last_good_page_stays_under_an_error_until_the_next_good_build(session):
    answer(session, State.GOOD, pages={REPORT: PAGE})
    session.handle(saved("notebooks/10_report.ipynb"))
    assert session.builder.asked[-1].notebooks == {"10_report"}
    answer(session, State.BAD, errors=("wrong",))
    shown = session.board.shown
    assert (shown.pages, shown.errors, shown.building) == ({REPORT: PAGE}, ("wrong",), False)
    session.handle(saved("notebooks/02_facilities.ipynb"))
    assert session.builder.asked[-1].notebooks == {"10_report", "02_facilities"}
    answer(session, State.GOOD, pages={REPORT: PAGE + b"!"})
    assert (session.board.shown.errors, session.saved) == ((), set())


def test_a_result_that_was_overtaken_by_a_save_is_not_shown(session):
    old = Result(session.number, State.GOOD, pages={REPORT: b"old"})
    session.handle(saved("notebooks/10_report.ipynb"))
    session.handle(Answered(session.builder, old))
    assert session.board.shown.pages == {}


def test_a_changed_module_is_built_by_a_process_that_has_not_loaded_it_yet(session):
    first = session.builder
    session.handle(Saved(frozenset({PACKAGE / "stats/estimates.py"})))
    assert session.builder is not first and session.builder.asked[-1].notebooks is None
    second = session.builder
    answer(session, State.OUTDATED)
    assert session.builder is not second and len(session.builder.asked) == 1
    third = session.builder
    session.handle(saved("data/raw/2020/corrections.csv"))
    assert session.builder is third, "each build reads workbooks and tables anew"


def test_a_page_that_is_opened_is_shown_from_then_on_in_all_languages(session):
    answer(session, State.GOOD, pages={REPORT: PAGE})
    session.handle(Opened("notebooks/en/02_facilities.html"))
    assert session.builder.asked[-1].pages == (REPORT, "notebooks/02_facilities.html")
    count = len(session.builder.asked)
    session.handle(Opened("notebooks/02_facilities.html"))
    assert len(session.builder.asked) == count


def test_another_run_is_said_once_and_waited_for(session, monkeypatch, capsys):
    monkeypatch.setattr(sessions, "RETRY_SECONDS", 0.01)
    answer(session, State.BUSY)
    session.handle(session.events.get(timeout=5))
    answer(session, State.BUSY)
    assert capsys.readouterr().err.count("another run is under way") == 1
    assert session.board.shown.errors and len(session.builder.asked) == 2
    answer(session, State.GOOD, pages={REPORT: PAGE})
    assert session.board.shown.errors == ()


def test_a_builder_that_dies_again_and_again_ends_the_preview(session):
    for _ in range(2):
        session.handle(Answered(session.builder, None))
    with pytest.raises(StoppedError, match="died"):
        session.handle(Answered(session.builder, None))


def test_what_is_yet_to_be_done_in_another_notebook_stays_said(session):
    answer(session, State.GOOD, notes={"10_report": ("a",), "02_facilities": ("b",)})
    session.handle(saved("notebooks/10_report.ipynb"))
    answer(session, State.GOOD, notes={"10_report": ()})
    assert session.board.shown.notes == ("b",)


def test_a_builder_answers_and_ends_with_its_session(there):
    """A process is started as the session starts it, and is gone when the session is killed."""
    script = (
        "import sys, queue; from pathlib import Path\n"
        "from analysis.pipeline.preview.builder import Builder\n"
        "from analysis.pipeline.preview.exchange import Request\n"
        "got = queue.Queue(); builder = Builder(lambda _, result: got.put(result))\n"
        "builder.ask(Request(7, Path('data/raw').absolute(), '2020', ('report/index.html',),"
        " frozenset({'10_report'}), builder.loaded))\n"
        "result = got.get(); print(result.number, result.errors, builder.process.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    edit(there, "10_report", "{{ rented.unlinked }}的社区用房", "{{ rentd.unlinked }}的社区用房")
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline()
        process.kill()
    assert line.startswith("7 (") and "unknown name rentd" in line
    builder = int(line.split()[-1])
    end = time.monotonic() + 10
    while is_alive(builder) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_alive(builder)


def is_alive(pid: int) -> bool:
    """Tell whether a process is there that has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
