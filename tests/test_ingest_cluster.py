"""Courses are taken up by the nodes of a real Ray cluster: each with its own data folder, one killed in the middle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres import PostgresServer
from ray_nodes import QUIET, Nodes, started
from support import write_course

from index.damage import find_damage
from index.errors import InvalidRequest
from index.follow import follow
from index.library import Library
from index.served import open_served
from ingest.carrying import Means
from ingest.cluster import Installation, carry_out_on
from ingest.order import Order

_ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with started(tmp_path_factory.mktemp("nodes"), 2) as found:
        yield found


@pytest.fixture(scope="module")
def environment(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer, nodes: Nodes
) -> dict[str, str]:
    """One database and one storage for all."""
    folder = tmp_path_factory.mktemp("shared")
    return {
        **os.environ,
        **QUIET,
        "LECTURES_DATABASE_URL": postgres_server.new_database(folder),
        "LECTURES_STORAGE_URL": str(folder),
        "LECTURES_DATA_DIR": str(nodes.folder / "driver"),
        "LECTURES_EMBEDDER": "none",
    }


def _ingest(environment: dict[str, str], address: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "service.cli", "ingest", *arguments, "--ray", address, "--json"],
        cwd=_ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _ended(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    said, wrong = process.communicate(timeout=120)
    assert said, wrong
    found: list[dict[str, Any]] = json.loads(said)
    return found


def _served(environment: dict[str, str], folder: Path) -> tuple[list[str], list[str]]:
    """The courses that a machine with an empty folder serves, and what is wrong with it."""
    library = Library(environment["LECTURES_DATABASE_URL"], folder, environment["LECTURES_STORAGE_URL"])
    follow(library)
    generation, _ = open_served(library, None)
    courses = [shard.course for shard in generation.shards]
    damage = find_damage(library, None)
    library.close()
    return courses, damage


def test_courses_are_spread_over_nodes_and_served_from_the_storage(
    environment: dict[str, str], nodes: Nodes, tmp_path: Path
) -> None:
    folders = [write_course(tmp_path / f"course-{n}", f"Course {n}", [f"Dropout\nnumber {n}"]) for n in range(6)]
    process = _ingest(environment, nodes.address, *map(str, folders), str(tmp_path / "none"))
    found = {Path(outcome["source"]).name: outcome for outcome in _ended(process)}
    assert process.returncode == 1
    assert found.pop("none")["problem"].startswith("There is no folder")
    assert [outcome["report"]["changed"] for outcome in found.values()] == [True] * 6
    made = sorted(path.parent.name for path in nodes.folder.glob("node-*/index"))
    assert made == ["node-0", "node-1"]
    assert not (nodes.folder / "driver" / "index" / "CURRENT").exists()
    assert _served(environment, tmp_path / "reader") == ([f"course-{n}" for n in range(6)], [])
    from_elsewhere = f"ray://{nodes.host}:{nodes.client_port}"  # by a machine that is no part of the cluster
    again = _ended(_ingest(environment, from_elsewhere, *map(str, folders)))
    assert [outcome["report"]["changed"] for outcome in again] == [False] * 6


def test_what_a_node_carried_that_was_killed_is_done_by_another(
    environment: dict[str, str], nodes: Nodes, tmp_path: Path
) -> None:
    folders = [
        write_course(tmp_path / f"later-{n}", f"Later {n}", [f"Loss\npage {p} of {n}" for p in range(60)])
        for n in range(5)
    ]
    process = _ingest(environment, nodes.address, *map(str, folders))
    nodes.kill(1)
    found = _ended(process)
    assert [outcome["problem"] for outcome in found] == [None] * 5
    courses, damage = _served(environment, tmp_path / "reader")
    assert ([course for course in courses if course.startswith("later")], damage) == (
        [f"later-{n}" for n in range(5)],
        [],
    )


@pytest.mark.parametrize(
    ("database", "storage", "address", "said"),
    [
        ("sqlite:////tmp/none.db", "/tmp", "auto", "LECTURES_DATABASE_URL and LECTURES_STORAGE_URL"),  # noqa: S108
        ("postgresql://nowhere/none", "", "auto", "LECTURES_DATABASE_URL and LECTURES_STORAGE_URL"),
        ("postgresql://nowhere/none", "/tmp", "127.0.0.1:1", "No cluster answers at 127.0.0.1:1"),  # noqa: S108
    ],
)
def test_what_no_cluster_can_do_is_said(tmp_path: Path, database: str, storage: str, address: str, said: str) -> None:
    installation = Installation(database, storage, tmp_path, 0, "none")
    with pytest.raises(InvalidRequest, match=said):
        list(carry_out_on(address, [Order("x")], installation, Means()))
