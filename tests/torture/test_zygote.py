"""The process from which children are forked goes with whoever asked for it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from benchmarks.torture.zygote import Zygote


def test_one_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.torture.zygote._ENDING_SECONDS", 0.1)
    with Zygote(tmp_path) as zygote:
        process = zygote._process
        process.send_signal(signal.SIGSTOP)
    assert process.returncode == -signal.SIGKILL
