"""The mapped file of a shard is cut short while it is served: its course is down, named, and all others go on."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from support import ingest, serve_apart, until, write_course

from index.engine.manifest import read_generation, shard_folder
from index.library import Library
from service.settings import Settings

_START_SECONDS = 60
_OF_DAMAGE = (signal.SIGBUS, signal.SIGSEGV)


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    """The file of course `first`, which is served beside course `second`."""
    settings = Settings(data_dir=tmp_path / "data", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    for name in ("first", "second"):
        pages = [f"{name.title()} {page}\nthe loss of {name} in part {page}" for page in range(30)]
        ingest(write_course(tmp_path / name, name.title(), pages), library, None)
    manifest, _ = read_generation(library.index_root, 2)
    listed = manifest.shard_of("first")
    library.close()
    assert listed is not None
    return shard_folder(library.index_root, listed.name) / "shard.safetensors"


@contextmanager
def _served(shard: Path, tmp_path: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    environment = {
        "LECTURES_DATA_DIR": str(shard.parents[3]),
        "LECTURES_EMBEDDER": "none",
        "LECTURES_ENCODER": "",
        "LECTURES_SEARCHES_PER_MINUTE": "100000",
    }
    with serve_apart(tmp_path / "log", environment, *arguments) as (process, address):
        until(lambda: _asked(address, "second")[0] == 200, _START_SECONDS)
        yield process, address


def _asked(address: str, course: str = "") -> tuple[int, Any]:
    """The status and the body of a search; 0 where nobody answers."""
    asked = {"q": "loss", "mode": "lexical", **({"course": course} if course else {})}
    try:
        response = httpx.get(f"{address}/api/search", params=asked, timeout=10)
    except httpx.HTTPError:
        return 0, None
    return response.status_code, response.json()


def _children(process: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()}


def _kill(children: set[int], way: signal.Signals) -> None:
    """End these processes; one of them may have ended of the damage just before."""
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, way)


def _is_down_alone(address: str) -> bool:
    """Whether course `first` is down and named, and `second` is found, with it and alone."""
    (down, refused), (alone, found), (status, both) = (_asked(address, course) for course in ("first", "second", ""))
    return (down, alone, status) == (503, 200, 200) and (
        refused["code"],
        found["degraded"],
        {hit["course"]["slug"] for hit in both["hits"]},
        ["course first" in reason for reason in both["degraded"]],
    ) == ("corrupt_index", [], {"second"}, [True])


@pytest.mark.parametrize("way", _OF_DAMAGE)
def test_processes_that_are_started_after_damage_killed_one_open_the_index_themselves(
    shard: Path, tmp_path: Path, way: signal.Signals
) -> None:
    with _served(shard, tmp_path, "--workers", "2") as (process, address):
        before = _children(process.pid)
        os.truncate(shard, 4096)
        _asked(address, "first")
        _kill(before & _children(process.pid), way)
        until(lambda: len(_children(process.pid) - before) == 2, _START_SECONDS)
        until(lambda: _is_down_alone(address), _START_SECONDS)
        now = _children(process.pid)
        assert all(_is_down_alone(address) for _ in range(20))  # a connection each: either process is asked
        assert _children(process.pid) == now


def test_a_process_that_is_started_for_another_reason_sees_what_changed_since_the_index_was_opened(
    shard: Path, tmp_path: Path
) -> None:
    with _served(shard, tmp_path, "--workers", "2") as (process, address):
        before = _children(process.pid)
        os.truncate(shard, 4096)
        _kill(before, signal.SIGKILL)
        until(lambda: len(_children(process.pid) - before) == 2, _START_SECONDS)
        until(lambda: _is_down_alone(address), _START_SECONDS)
        assert not _children(process.pid) & before


def test_a_service_of_one_process_that_is_started_again_serves_the_others(shard: Path, tmp_path: Path) -> None:
    with _served(shard, tmp_path) as (process, address):
        os.truncate(shard, 4096)
        _asked(address, "first")  # it may end of that
        if process.poll() is None:
            process.kill()
        process.wait(20)
    with _served(shard, tmp_path) as (_, address):
        assert _is_down_alone(address)
