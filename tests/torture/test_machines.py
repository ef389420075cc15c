"""A database server can be held though one of its connections is closed at that moment."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from benchmarks.torture.machines import Postgres


def test_a_process_that_has_ended_meanwhile_keeps_no_other_from_being_held(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    server = Postgres.__new__(Postgres)  # of which only the list of processes is asked here
    with subprocess.Popen(["sleep", "60"]) as running:
        monkeypatch.setattr(server, "_processes", lambda: [ended.pid, running.pid])
        try:
            server.hold()
            assert os.WIFSTOPPED(os.waitpid(running.pid, os.WUNTRACED)[1])
            server.release()
            assert os.WIFCONTINUED(os.waitpid(running.pid, os.WCONTINUED)[1])
        finally:
            running.send_signal(signal.SIGKILL)
