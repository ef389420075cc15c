"""Real nginx with a file of ours, and a name server that says where the copies of the service are."""

from __future__ import annotations

import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

NO_NGINX = "Debian's nginx is not installed (apt-get install nginx-light)"
_READY_SECONDS = 20.0
_QUESTION_AT = 12  # bytes of the head of a message (RFC 1035, 4.1)
_POINTER = b"\xc0\x0c"  # to the name in the question


def nginx_path() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def free_port(*hosts: str) -> int:
    """A port that is free on all of these addresses."""
    while True:
        taken = [socket.create_server((hosts[0], 0))]
        port: int = taken[0].getsockname()[1]
        try:
            taken += [socket.create_server((host, port)) for host in hosts[1:]]
            return port
        except OSError:
            continue
        finally:
            for one in taken:
                one.close()


@contextmanager
def nginx(folder: Path, site: str, port: int) -> Iterator[str]:
    """The address of nginx with this site, which listens on the port; it is stopped after the block."""
    program = nginx_path()
    assert program is not None, NO_NGINX
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.conf").write_text(site, "utf-8")
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = (
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {temporary} include {folder}/site.conf; }}\n"
    )
    (folder / "nginx.conf").write_text(main, "utf-8")
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


@contextmanager
def name_server(addresses: Sequence[str]) -> Iterator[str]:
    """HOST:PORT of a name server for which every name stands for all of these addresses, as Docker's does for the
    copies of a service."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            message, reply_to = self.request
            end = message.index(b"\0", _QUESTION_AT) + 5
            head = message[:2] + b"\x81\x80\x00\x01" + len(addresses).to_bytes(2) + b"\0\0\0\0"
            answers = b"".join(
                _POINTER + b"\0\x01\0\x01" + (1).to_bytes(4) + b"\0\x04" + socket.inet_aton(address)
                for address in addresses
            )
            reply_to.sendto(head + message[_QUESTION_AT:end] + answers, self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def replicas_site(text: str, names: str, service_port: int, port: int) -> str:
    """deploy/nginx-replicas.conf with this name server and these ports, of the services and of its own."""
    for ours, theirs in (
        ("127.0.0.11", names),
        (":8000", f":{service_port}"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
    ):
        assert ours in text, ours
        text = text.replace(ours, theirs)
    return text
