"""Processes that read untrusted files: limited, and answered whatever the size of what they say."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial

from ingest.sandbox import limit_process

_SAY = (
    "import json, resource; "
    "print(json.dumps([resource.getrlimit(getattr(resource, f'RLIMIT_{name}')) for name in ('AS','CPU','FSIZE','CORE')]))"
)


def test_a_program_is_started_with_its_limits_and_cannot_raise_them() -> None:
    limit = partial(limit_process, 2 << 30, cpu_seconds=7, file_bytes=1 << 20)
    said = subprocess.run([sys.executable, "-c", _SAY], capture_output=True, check=True, preexec_fn=limit).stdout
    assert json.loads(said) == [[2 << 30, 2 << 30], [7, 7], [1 << 20, 1 << 20], [0, 0]]


def test_what_is_not_limited_stays_as_it_was() -> None:
    def say(limit: partial[None] | None) -> list[list[int]]:
        said = subprocess.run([sys.executable, "-c", _SAY], capture_output=True, check=True, preexec_fn=limit).stdout
        found: list[list[int]] = json.loads(said)
        return found

    before, after = say(None), say(partial(limit_process, 2 << 30))
    assert after == [[2 << 30, 2 << 30], *before[1:3], [0, 0]]
