"""Several processes over one index: they share a socket, one that dies is started again, their metrics are one."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from support import serve_apart, until, write_course

from service.settings import Settings
from service.workers import share_metrics

_ROOT = Path(__file__).parents[1]


def _children(process: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()}


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture
def service(example_settings: Settings, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`lectures serve --workers 2` on a free port, and its address."""
    environment = {"LECTURES_DATA_DIR": str(example_settings.data_dir), "LECTURES_SEARCHES_PER_MINUTE": "100000"}
    with serve_apart(tmp_path / "log", environment, "--workers", "2") as (process, address):
        until(lambda: _is_ready(address) and len(_children(process.pid)) == 2, 40)
        yield process, address


def test_both_processes_answer_alike_and_count_together(service: tuple[subprocess.Popen[bytes], str]) -> None:
    _, address = service
    found = []
    for _ in range(40):  # a connection each: the kernel gives them to either process
        response = httpx.get(f"{address}/api/search", params={"q": "dropout"})
        found.append([(hit["id"], hit["score"]) for hit in response.json()["hits"]])
    assert all(hits == found[0] for hits in found)
    counts = {httpx.get(f"{address}/metrics").text for _ in range(2)}
    counted = [re.search(r'lectures_requests_total\{route="/api/search",status="200"\} (\S+)', text) for text in counts]
    assert [float(match.group(1)) for match in counted if match] == [40.0] * len(counts)


def test_each_process_asks_the_bundled_model(tmp_path: Path) -> None:
    course = write_course(
        tmp_path / "course", "Course", ["Refraction\nLight bends where it passes into glass", "Lenses"]
    )
    environment = {
        "LECTURES_DATA_DIR": str(tmp_path / "data"),
        "LECTURES_ENCODER": "builtin",
        "LECTURES_ENCODER_DEADLINE_MS": "20000",
        "LECTURES_SEARCHES_PER_MINUTE": "100000",
    }
    command = [sys.executable, "-m", "service.cli", "ingest", str(course)]
    subprocess.run(command, cwd=_ROOT, env={**os.environ, **environment}, check=True, capture_output=True)
    with serve_apart(tmp_path / "log", environment, "--workers", "2") as (process, address):
        until(lambda: _is_ready(address) and len(_children(process.pid)) == 2, 40)
        for number in range(20):  # questions that are not remembered, a connection each
            found = httpx.get(f"{address}/api/search", params={"q": f"why light bends in {number} lenses"}, timeout=40)
            assert found.json()["degraded"] == []


def test_that_counts_cannot_be_made_one_any_more_is_an_error_and_not_silence() -> None:
    assert "prometheus_client" in sys.modules  # the tests load it, as a module that comes too early would
    with pytest.raises(RuntimeError, match="was imported before"):
        share_metrics()


@pytest.mark.parametrize(
    ("way", "trusted"),
    [
        (signal.SIGBUS, ["True", "False", "False"]),
        (signal.SIGSEGV, ["True", "False", "False"]),
        (signal.SIGKILL, ["True", "True", "True"]),
    ],
)
def test_what_was_opened_before_is_not_trusted_once_damage_killed_a_process(
    tmp_path: Path, way: signal.Signals, trusted: list[str]
) -> None:
    told = tmp_path / "told"
    script = f"""
import os, pathlib, signal
from index.errors import LecturesError
from service.workers import serve_in_processes
told = pathlib.Path({str(told)!r})
def serve(trusts):
    before = told.read_text().split() if told.exists() else []
    told.write_text(" ".join([*before, str(trusts)]))
    if not before:
        os.kill(os.getpid(), {int(way)})
    if len(before) == 1:
        raise ValueError("another reason")
    raise LecturesError("It is over.")
raise SystemExit(serve_in_processes(1, serve))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=_ROOT, capture_output=True, timeout=60, check=False)
    assert (done.returncode, told.read_text().split()) == (1, trusted)


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_ends_is_started_again_and_the_end_is_clean(
    service: tuple[subprocess.Popen[bytes], str], way: signal.Signals
) -> None:
    process, address = service
    killed = min(_children(process.pid))
    os.kill(killed, way)  # told to end alone, it closes a door that the other one shares
    until(lambda: len(_children(process.pid) - {killed}) == 2, 40)
    now = _children(process.pid)
    until(lambda: _is_ready(address), 40)
    for _ in range(20):
        assert httpx.get(f"{address}/api/search", params={"q": "dropout"}).status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=40) == 0
    assert not any(Path(f"/proc/{child}").exists() for child in now)


def test_no_process_goes_on_when_the_one_that_started_it_was_killed(
    service: tuple[subprocess.Popen[bytes], str],
) -> None:
    process, address = service
    process.kill()
    process.wait()
    port = int(address.rpartition(":")[2])

    def is_free() -> bool:
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            return False
        return True

    until(is_free, 20)


def test_a_port_that_is_taken_is_said_in_one_sentence(example_settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "service.cli", "serve", "--port", str(port)],
            cwd=_ROOT, env={**os.environ, "LECTURES_DATA_DIR": str(example_settings.data_dir)},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        1,
        f"Cannot listen on 127.0.0.1 port {port} (address already in use); choose another with --port.\n",
    )


def test_a_setting_that_no_process_can_use_ends_the_command_with_a_sentence(example_settings: Settings) -> None:
    environment = {
        **os.environ,
        "LECTURES_DATA_DIR": str(example_settings.data_dir),
        "LECTURES_SIGNIN_GRANTS": "nonsense without an arrow",
    }
    command = [sys.executable, "-m", "service.cli", "serve", "--workers", "2", "--port", "0"]
    done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "LECTURES_SIGNIN_GRANTS" in done.stderr
    assert "Traceback" not in done.stderr
