"""Who is told what of damage: of courses that they may read and searched, and of no place on the server's disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from support import Run, ingest, until_ready, write_course

from index.engine.manifest import read_generation, shard_folder
from index.errors import StorageError
from index.library import Library
from index.store.keys import create_key
from index.types import AccessScope
from service.app import create_app
from service.settings import Settings

_READ = [AccessScope.SEARCH, AccessScope.ANSWER]
_ABSOLUTE = re.compile(r"(?<![\w:/])/\w")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[Settings, Library]]:
    """Three courses, of which `first` cannot be read: a folder lies where its file was."""
    settings = Settings(data_dir=tmp_path / "our data", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    for name in ("first", "second", "third"):
        pages = [f"{name.title()}\nabout {name} and how it helps", f"Loss\nthe loss of {name}"]
        ingest(write_course(tmp_path / name, name.title(), pages), library, None)
    manifest, _ = read_generation(library.index_root, 3)
    damaged = manifest.shard_of("first")
    assert damaged is not None
    path = shard_folder(library.index_root, damaged.name) / "shard.safetensors"
    path.unlink()
    path.mkdir()
    yield settings, library
    library.close()


@pytest.fixture
def client(house: tuple[Settings, Library]) -> Iterator[TestClient]:
    with TestClient(create_app(house[0]), raise_server_exceptions=False) as opened:
        until_ready(opened)
        yield opened


def _key(library: Library, *courses: str) -> dict[str, str]:
    with library.database.writing() as connection:
        _, secret = create_key(connection, " ".join(courses) or "all", _READ, list(courses) or None)
    return {"Authorization": f"Bearer {secret}"}


def _search(client: TestClient, headers: dict[str, str], **asked: str) -> Any:
    response = client.get("/api/search", params={"q": "loss", "mode": "lexical", **asked}, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


def test_who_may_not_read_a_damaged_course_does_not_learn_that_it_is_there(
    client: TestClient, house: tuple[Settings, Library]
) -> None:
    key = _key(house[1], "second")
    assert _search(client, key)["degraded"] == []
    question = {"question": "what is the loss of second?"}
    assert "first" not in client.post("/api/answers", json=question, headers=key).text
    chat = {"model": "", "messages": [{"role": "user", "content": "what is the loss of second?"}]}
    assert "first" not in client.post("/v1/chat/completions", json=chat, headers=key).text
    assert client.get("/api/search", params={"q": "loss", "course": "first"}, headers=key).status_code == 404


def test_who_may_read_it_is_told_by_its_name_and_not_where_it_lies(
    client: TestClient, house: tuple[Settings, Library]
) -> None:
    for key in ({}, _key(house[1]), _key(house[1], "first", "second")):
        (reason,) = _search(client, key)["degraded"]
        assert "course first" in reason
        assert "lectures reindex" in reason
        assert not _ABSOLUTE.search(reason)
        refused = client.get("/api/search", params={"q": "loss", "course": "first"}, headers=key)
        assert (refused.status_code, refused.json()["code"]) == (503, "corrupt_index")
        assert not _ABSOLUTE.search(refused.json()["detail"])


def test_a_search_of_a_sound_course_alone_is_not_degraded(client: TestClient) -> None:
    assert _search(client, {}, course="second")["degraded"] == []
    lecture = _search(client, {}, course="third")["hits"][0]["lecture"]["id"]
    assert _search(client, {}, lecture=str(lecture))["degraded"] == []
    assert len(_search(client, {})["degraded"]) == 1


def test_readiness_says_how_many_courses_are_down_and_not_which(client: TestClient) -> None:
    ready = client.get("/readyz").json()
    assert ready["status"] == "degraded"
    assert ready["degraded"] == ["1 of 3 courses cannot be searched; the log and `lectures verify` say which and why."]


def test_what_the_log_says_of_damage_names_the_file(
    house: tuple[Settings, Library], capsys: pytest.CaptureFixture[str]
) -> None:
    settings, library = house
    with TestClient(create_app(settings)) as client:
        until_ready(client)
    said = [line for line in capsys.readouterr().err.splitlines() if "course_not_served" in line]
    assert [str(library.index_root.absolute()) in line for line in said] == [True]


def test_a_course_that_is_searched_from_memory_is_told_of_to_who_may_read_it(
    client: TestClient, house: tuple[Settings, Library]
) -> None:
    _, library = house
    manifest, _ = read_generation(library.index_root, 3)
    gone = manifest.shard_of("third")
    assert gone is not None
    folder = shard_folder(library.index_root, gone.name)
    folder.rename(library.data_dir / "elsewhere")
    client.app.state.service.serving.look()  # type: ignore[attr-defined]
    key = _key(library, "third")
    assert ["course third" in reason for reason in _search(client, key)["degraded"]] == [True]
    assert _search(client, _key(library, "second"))["degraded"] == []
    assert _search(client, {}, course="second")["degraded"] == []
    said = client.get("/readyz").json()["degraded"]
    assert len(said) == 2
    assert "third" not in str(said)


def test_a_reason_that_lies_elsewhere_is_told_to_all_without_places_and_names_of_others(
    client: TestClient, house: tuple[Settings, Library]
) -> None:
    settings, library = house
    serving = client.app.state.service.serving  # type: ignore[attr-defined]
    place = settings.data_dir.absolute() / "index" / "CURRENT"
    serving._keep_on(StorageError(f"The index of course third is not in {place}; the storage /srv/a is away."))
    said = _search(client, _key(library, "second"))["degraded"]
    assert said == ["The index of a course is not in CURRENT; the storage a is away."]
    assert "The index of a course is not in CURRENT; the storage a is away." in client.get("/readyz").json()["degraded"]
    assert "course third" in str(_search(client, {})["degraded"])


@pytest.mark.usefixtures("client")
def test_the_command_line_is_not_told_of_other_courses_either(lectures: Run, house: tuple[Settings, Library]) -> None:
    environment = {"LECTURES_DATA_DIR": str(house[0].data_dir), "LECTURES_EMBEDDER": "none"}
    alone = lectures("search", "loss", "--mode", "lexical", "--course", "second", **environment)
    assert (alone.code or 0, "degraded" in alone.err) == (0, False)
    assert "course first" in lectures("search", "loss", **environment).err
