"""Local servers that stand for the outside: files over HTTP with their misbehaviour, and a git server."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Site:
    """`pages` maps a path to (status, headers, body); `asked` are the paths that were asked for; one that is `held` is
    answered once its event is set."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        self.held: dict[str, threading.Event] = {}
        self.home = ""


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


class _Quiet(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def web_site() -> Iterator[Site]:
    site = Site()

    class Handler(_Quiet):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            if self.path in site.held:
                site.held[self.path].wait(60)
            status, headers, body = site.pages.get(self.path, (404, {}, b""))
            with suppress(ConnectionError):  # who asked may have been killed meanwhile
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

    with _serving(Handler) as home:
        site.home = home
        yield site


@contextmanager
def git_server(root: Path) -> Iterator[str]:
    """The repositories below `root`, served by git's own HTTP backend."""

    class Handler(_Quiet):
        def do_GET(self) -> None:
            self._run(b"")

        def do_POST(self) -> None:
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            else:
                body = self.rfile.read(int(self.headers["Content-Length"]))
            self._run(body)

        def _run(self, body: bytes) -> None:
            path, _, query = self.path.partition("?")
            environment = {
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            done = subprocess.run(
                ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
            status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
            self.send_response(status)
            for name, value in headers:
                if name != "Status":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with _serving(Handler) as home:
        yield home


def commit(repository: Path, write: Callable[[Path], None], branch: str = "main") -> None:
    """Make or extend a repository at `repository` by one commit on a branch."""
    run = ["git", "-C", str(repository), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    if not (repository / ".git").is_dir():
        repository.mkdir(parents=True)
        subprocess.run([*run, "init", "-q", "-b", branch], check=True)
    else:
        subprocess.run([*run, "checkout", "-q", "-B", branch], check=True)
    write(repository)
    subprocess.run([*run, "add", "-A"], check=True)
    subprocess.run([*run, "commit", "-q", "-m", "change"], check=True)
