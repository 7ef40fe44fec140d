"""Serve the shown pages to browsers on this machine, and notify them of new builds.

The server listens on 127.0.0.1 only. It serves the files of the last good build by address; no
address leads to a file outside that list. A request with another name as Host is refused: otherwise
a page of another site could read the shown pages under a name that resolves to this machine (DNS
rebinding).
"""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import mimetypes
import re
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

from analysis.edition.stage import PUBLISHED
from analysis.pipeline.preview.exchange import read_regular
from analysis.publish.templates import TEMPLATES, page_template

ADDRESS = "127.0.0.1"
HOST = re.compile(r"(localhost|127\.0\.0\.1)(:[0-9]{1,5})?", re.IGNORECASE)
EVENTS = ".preview/events"
LIST = "index.html"  # list of all that is published, which the pages link to
HEARTBEAT_SECONDS = 15.0  # time between two heartbeats sent to a browser
REQUEST_SECONDS = 30.0  # time limit for a browser to send its request
SCRIPT_POLICY = "script-src "  # directive in the policy that a page declares
NOT_SHOWN = (
    "预览不生成此文件，请 make report (preview does not make this file: `make report` does)\n"
)
NO_PAGE = "没有这一页 (there is no such page)\n"
NO_HOST = "只接受 localhost 与 127.0.0.1 (this host is refused: use localhost or 127.0.0.1)\n"
NO_SITE = "不供其他网站使用 (a page of another site is refused)\n"
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"


@dataclass(frozen=True)
class Shown:
    """What is shown: fields as in `Result`, and whether a build is in progress."""

    pages: dict[str, bytes]
    files: dict[str, Path]
    known: dict[str, str]
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    building: bool = True


class Board:
    """What is shown now, shared by several threads.

    known: as in `Result`. opened: called with a requested page that has not been built yet.
    """

    def __init__(self, known: dict[str, str], opened: Callable[[str], None]) -> None:
        self.opened = opened
        self.shown = Shown({}, {}, known)
        self.changed = threading.Condition()
        self.count = 0

    def show(self, **parts: Any) -> None:
        """Replace fields of what is shown, and notify the browsers."""
        with self.changed:
            self.shown = replace(self.shown, **parts)
            self.count += 1
            self.changed.notify_all()

    def wait(self, count: int) -> int:
        """Wait until there is more news than `count`, and return how much there is.

        The wait ends after HEARTBEAT_SECONDS at the latest.
        """
        with self.changed:
            self.changed.wait_for(lambda: self.count > count, HEARTBEAT_SECONDS)
            return self.count


class Server(ThreadingHTTPServer):
    """HTTP server of what is on a board.

    port: 0 for any free port. Raises OSError naming the port if it is taken.
    """

    daemon_threads = True

    def __init__(self, board: Board, first: str, port: int = 0) -> None:
        self.board, self.first = board, first
        try:
            super().__init__((ADDRESS, port), Handler)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            why = "端口已被占用，请用 --port 另选 (the port is taken: choose another by --port)"
            raise OSError(error.errno, why, f"{ADDRESS}:{port}") from None

    def server_bind(self) -> None:
        """Bind without a query for the host name of this machine."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore errors of a browser that has disconnected."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Handler of the requests of one browser."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "analysis", ""
    timeout = REQUEST_SECONDS

    @property
    def site(self) -> Server:
        """Server that this handler belongs to."""
        return cast(Server, self.server)

    def do_GET(self) -> None:
        """Send a page, a file, or news."""
        if refused := self._refused():
            self._text(*refused)
            return
        address = urlsplit(self.path)
        name = unquote(address.path).removeprefix("/")
        if name == EVENTS:
            self._events(parse_qs(address.query).get("page", [""])[0])
        elif not name:
            self._send(HTTPStatus.FOUND, b"", {"Location": f"/{self.site.first}"})
        else:
            self._give(f"{name}index.html" if name.endswith("/") else name)

    def do_HEAD(self) -> None:
        """Send the head of the same response."""
        self.do_GET()

    def _refused(self) -> tuple[HTTPStatus, str] | None:
        """Return why a request is refused, if so: only pages of this machine may send requests."""
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or not HOST.fullmatch(hosts[0].strip()):
            return HTTPStatus.MISDIRECTED_REQUEST, NO_HOST
        is_foreign = self.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
        if is_foreign and self.headers.get("Sec-Fetch-Mode") != "navigate":
            return HTTPStatus.FORBIDDEN, NO_SITE
        return None

    def _give(self, name: str) -> None:
        board = self.site.board
        if (page := board.shown.pages.get(name)) is not None:
            self._html(name, page)
        elif name == LIST:
            self._html(name, self._listed())
        elif name in board.shown.known:
            board.opened(name)
            self._html(name, page_template("preview/wait.html.j2").render().encode())
        elif (path := board.shown.files.get(name)) is not None:
            self._file(path)
        else:
            said = NOT_SHOWN if PUBLISHED.fullmatch(name) else NO_PAGE
            self._text(HTTPStatus.NOT_FOUND, said)

    def _listed(self) -> bytes:
        pages = sorted(self.site.board.shown.known, key=_place)
        return page_template("preview/list.html.j2").render(pages=pages).encode()

    def _html(self, name: str, page: bytes) -> None:
        types = {"Content-Type": "text/html; charset=utf-8"}
        self._send(HTTPStatus.OK, with_script(name, page), types)

    def _file(self, path: Path) -> None:
        try:
            content = read_regular(path)
        except OSError:
            self._text(HTTPStatus.NOT_FOUND, NO_PAGE)
            return
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        kind += "; charset=utf-8" if kind.startswith("text/") else ""
        headers = {"Content-Type": kind, "Content-Security-Policy": FILE_POLICY}
        self._send(HTTPStatus.OK, content, headers)

    def _text(self, status: HTTPStatus, text: str) -> None:
        self._send(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8"})

    def _send(self, status: HTTPStatus, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for header in (HEADERS | headers | {"Content-Length": str(len(content))}).items():
            self.send_header(*header)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _events(self, page: str) -> None:
        """Send what is shown, at once and after each change, until the browser disconnects."""
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        for header in (HEADERS | {"Content-Type": "text/event-stream"}).items():
            self.send_header(*header)
        self.end_headers()
        board, seen = self.site.board, -1
        with suppress(OSError):
            while self.command != "HEAD":
                count = board.wait(seen)
                said = f"data: {news(board.shown, page)}\n\n" if count > seen else ":\n\n"
                self.wfile.write(said.encode())
                self.wfile.flush()
                seen = count

    def log_message(self, *_: object) -> None:
        """Do nothing: the terminal shows messages of builds only."""


def _place(page: str) -> tuple[bool, bool, str]:
    """Return the sort key of a page: the report first, then the districts and the notebooks."""
    return not page.startswith("report/"), page.startswith("notebooks/"), page


def news(shown: Shown, page: str) -> str:
    """Return as JSON the news for a browser that shows a page."""
    content = shown.pages.get(page)
    told = {
        "page": "" if content is None else digest(content),
        "building": shown.building,
        "errors": shown.errors,
        "notes": shown.notes,
    }
    return json.dumps(told, ensure_ascii=False)


def digest(content: bytes) -> str:
    """Return a short hash of the content of a page."""
    return hashlib.sha256(content).hexdigest()[:16]


class Script:
    """Script that is inserted into each page, and the source by which a policy allows it."""

    @cached_property
    def text(self) -> str:
        """Script without comments and indentation."""
        source = (TEMPLATES / "preview/preview.js").read_text("utf-8")
        return re.sub(r"\n\s*|//.*", "", source)

    @cached_property
    def source(self) -> str:
        """Source expression for the content security policy."""
        hashed = hashlib.sha256(self.text.encode()).digest()
        return f"'sha256-{base64.b64encode(hashed).decode()}'"


SCRIPT = Script()


def with_script(name: str, page: bytes) -> bytes:
    """Return the page with the script inserted and allowed by its policy, as the only script."""
    text = page.decode("utf-8")
    if SCRIPT_POLICY not in text:
        raise ValueError(f"{name}: the page declares no policy for scripts")
    allowed = text.replace(SCRIPT_POLICY, f"{SCRIPT_POLICY}{SCRIPT.source} ", 1)
    marks = f'data-page="{name}" data-shown="{digest(page)}"'
    return f"{allowed}<script {marks}>{SCRIPT.text}</script>".encode()
