"""Row 11 asks for something to be written while its neighbours are broken, and notices an answer that is wrong."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from benchmarks.torture import neighbours


@pytest.mark.parametrize(("status", "faults"), [(202, []), (503, []), (500, ["/api/ingests was answered 500: b'no'"])])
def test_a_writing_request_is_made_with_a_key(status: int, faults: list[str]) -> None:
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, self.headers["Authorization"]))
            self._answer(status)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"no")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        assert neighbours.ask_service(server.server_port, "lk_admin") == faults
    finally:
        server.shutdown()
        server.server_close()
    assert asked == [("/api/ingests", "Bearer lk_admin")]
