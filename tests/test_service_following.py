"""A service that holds nothing but addresses: it fetches what others publish, serves it, and says when it cannot."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from support import flip, ingest, until, until_ready, write_course, write_pdf

from index.engine.manifest import read_generation, shard_folder
from index.library import Library
from index.publish import reindex
from index.served import open_served
from service.app import create_app
from service.settings import Settings


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Library]:
    """Another machine, which publishes."""
    (tmp_path / "shared").mkdir()
    library = Library(f"sqlite:///{tmp_path / 'lectures.db'}", tmp_path / "publisher", str(tmp_path / "shared"))
    library.database.migrate()
    yield library
    library.close()


@pytest.fixture
def settings(tmp_path: Path, publisher: Library) -> Settings:
    return Settings(
        data_dir=tmp_path / "replica",
        database_url=publisher.database.url.render_as_string(),
        storage_url=str(tmp_path / "shared"),
        storage_seconds=0.05,
        embedder="none",
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_course(tmp_path / "first", "First", ["Dropout\nzero activations", "Loss\nloss function"])


def _ready(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/readyz").json()
    return found


def test_a_replica_fetches_serves_and_takes_up_what_is_new(
    settings: Settings, publisher: Library, folder: Path
) -> None:
    with TestClient(create_app(settings)) as client:
        problem = client.get("/readyz")
        assert (problem.status_code, problem.json()["code"]) == (503, "index_unavailable")
        ingest(folder, publisher, None)
        until_ready(client)
        assert _ready(client)["shared_storage"] == {"newest": 1, "seconds_behind": 0.0}
        hits = client.get("/api/search", params={"q": "dropout"}).json()["hits"]
        assert [hit["title"] for hit in hits] == ["Dropout"]
        picture = client.get(hits[0]["image_url"])
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")
        write_pdf(folder / "one.pdf", ["Attention\nheads look at words"])
        ingest(folder, publisher, None)
        until(lambda: _ready(client)["generation"] == 2)
        assert _ready(client)["status"] == "ready"


def test_a_search_does_not_wait_for_the_first_generation_where_others_may_serve_it(
    settings: Settings, publisher: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands before several services asks another one, if this one says at once that it is not ready."""
    opening, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        opening.set()
        assert go_on.wait(20)
        return open_served(*arguments)

    ingest(folder, publisher, None)
    monkeypatch.setattr("service.serving.open_served", slow)
    monkeypatch.setattr("service.serving._FIRST_SECONDS", 3_600.0)
    with TestClient(create_app(settings)) as client:
        assert opening.wait(20)
        refused = client.get("/api/search", params={"q": "dropout"})
        assert (refused.status_code, refused.json()["code"]) == (503, "index_unavailable")
        go_on.set()
        until_ready(client)
        assert len(client.get("/api/search", params={"q": "dropout"}).json()["hits"]) == 1


def test_a_storage_that_is_away_costs_freshness_and_that_is_said(
    settings: Settings, publisher: Library, folder: Path, tmp_path: Path
) -> None:
    ingest(folder, publisher, None)
    with TestClient(create_app(settings)) as client:
        until_ready(client)
        shutil.move(tmp_path / "shared", tmp_path / "unmounted")
        until(lambda: _ready(client)["status"] == "degraded")
        found = client.get("/api/search", params={"q": "dropout"}).json()
        assert len(found["hits"]) == 1
        assert "is not served here: The shared storage" in found["degraded"][0]
        behind = _ready(client)["shared_storage"]["seconds_behind"]
        until(lambda: _ready(client)["shared_storage"]["seconds_behind"] > behind)
        assert 'lectures_degraded{what="shared storage"} 1.0' in client.get("/metrics").text
        shutil.move(tmp_path / "unmounted", tmp_path / "shared")
        until(lambda: _ready(client)["status"] == "ready")
        assert "shared storage" not in str(client.get("/api/search", params={"q": "dropout"}).json()["degraded"])


def test_an_empty_place_where_the_storage_was_is_said(
    settings: Settings, publisher: Library, folder: Path, tmp_path: Path
) -> None:
    """A volume that is not mounted leaves an empty folder."""
    ingest(folder, publisher, None)
    with TestClient(create_app(settings)) as client:
        until_ready(client)
        shutil.move(tmp_path / "shared", tmp_path / "unmounted")
        (tmp_path / "shared").mkdir()
        until(lambda: "holds none; is it mounted?" in str(_ready(client)["degraded"]))
        assert len(client.get("/api/search", params={"q": "dropout"}).json()["hits"]) == 1


def test_an_older_version_serves_what_it_has_while_a_newer_one_publishes(
    settings: Settings, publisher: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(folder, publisher, None)
    with TestClient(create_app(settings)) as client:
        until_ready(client)
        monkeypatch.setattr("index.publish.ANALYSIS_VERSION", "of tomorrow")
        with publisher.writer():
            assert reindex(publisher, None) == 2
        until(lambda: _ready(client)["status"] == "degraded")
        until(lambda: _ready(client)["shared_storage"]["newest"] == 2)
        found = client.get("/api/search", params={"q": "dropout"}).json()
        assert (found["generation"], len(found["hits"])) == (1, 1)
        assert client.get("/readyz").status_code == 200
    with TestClient(create_app(settings)) as client:  # one that starts now cannot
        refused = client.get("/readyz")
        until(lambda: client.get("/readyz").json()["code"] == "index_mismatch")
        assert refused.status_code == 503


def test_it_starts_from_its_own_copy_while_the_storage_is_away(
    settings: Settings, publisher: Library, folder: Path, tmp_path: Path
) -> None:
    ingest(folder, publisher, None)
    with TestClient(create_app(settings)) as client:
        until_ready(client)
    shutil.move(tmp_path / "shared", tmp_path / "unmounted")
    with TestClient(create_app(settings)) as client:
        until_ready(client)
        until(lambda: _ready(client)["status"] == "degraded")
        assert len(client.get("/api/search", params={"q": "dropout"}).json()["hits"]) == 1


def test_a_copy_that_was_damaged_while_nobody_looked_is_fetched_again(
    settings: Settings, publisher: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.following._THOROUGH_SECONDS", 0.1)
    monkeypatch.setattr("service.serving._AGAIN_SECONDS", 0.1)
    ingest(folder, publisher, None)
    with TestClient(create_app(settings)) as client:
        until_ready(client)
    root = settings.data_dir / "index"
    manifest, _ = read_generation(root, 1)
    flip(shard_folder(root, manifest.shards[0].name) / "shard.safetensors")
    with TestClient(create_app(settings)) as client:
        until(lambda: client.get("/readyz").status_code == 200 and _ready(client)["status"] == "ready")
        assert len(client.get("/api/search", params={"q": "dropout"}).json()["hits"]) == 1


def test_without_a_shared_storage_there_is_nothing_to_follow(tmp_path: Path, folder: Path) -> None:
    settings = Settings(data_dir=tmp_path / "alone", database_url="", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    ingest(folder, library, None)
    library.close()
    with TestClient(create_app(settings)) as client:
        until_ready(client)
        assert _ready(client)["shared_storage"] is None
        assert "lectures_seconds_behind" not in client.get("/metrics").text
