"""An HTTP provider, or a store's own system: keeps what it is sent, and answers as it is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Posted(NamedTuple):
    """A request."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Answer(NamedTuple):
    """What is answered."""

    status: int
    body: bytes = b"{}"
    headers: Mapping[str, str] = {}


class Counter:
    """``answers`` are given first, one for each request; then ``usually``."""

    def __init__(self, usually: Answer) -> None:
        self.posted: list[Posted] = []
        self.answers: list[Answer | None] = []
        """None closes the connection without a word."""
        self.usually = usually
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def counter(usually: Answer) -> Iterator[Counter]:
    """A counter that is open until the block ends, in threads of its own."""
    opened = Counter(usually)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            opened.posted.append(Posted(self.path, dict(self.headers), body))
            answer = opened.answers.pop(0) if opened.answers else opened.usually
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, told in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                self.send_header(name, told)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing on the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    opened.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield opened
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
