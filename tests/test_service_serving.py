"""The generation that is served: opened beside the requests, each one tried once, what did not change kept open."""

from __future__ import annotations

import gc
import socket
import threading
import weakref
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from spread_nodes import LocalNodes
from starlette.testclient import TestClient
from support import CountingEmbedder, ingest, until, until_ready, write_course

from index.engine.generation import Generation
from index.engine.manifest import generation_file, point_to, shard_folder
from index.engine.shard import open_shard
from index.errors import CorruptIndex, IndexMismatch, IndexUnavailable, InvalidRequest
from index.library import Library
from index.publish import reindex
from index.search.search import SearchIndex
from index.served import open_served
from index.spread.spread import Spread
from index.types import Filters, Query
from service.app import create_app
from service.memory import importing, settle_memory
from service.running import run
from service.serving import Serving
from service.settings import Settings
from service.stamps import FirstIndex


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often a generation was opened, or tried to be: its length."""
    calls: list[int] = []

    def counted(*arguments: Any) -> Any:
        calls.append(1)
        return open_served(*arguments)

    monkeypatch.setattr("service.serving.open_served", counted)
    return calls


@pytest.fixture
def folders(tmp_path: Path, sqlite_library: Library, embedder: CountingEmbedder) -> dict[str, Path]:
    found = {
        "first": write_course(tmp_path / "first", "First", ["Dropout\nzero activations", "Loss\nloss function"]),
        "second": write_course(tmp_path / "second", "Second", ["Attention\nattention heads", "Loss\nanother loss"]),
    }
    for folder in found.values():
        ingest(folder, sqlite_library, embedder)
    return found


@pytest.fixture
def serving(sqlite_library: Library, embedder: CountingEmbedder) -> Iterator[Serving]:
    made = Serving(sqlite_library, lambda: embedder, lambda: None)
    yield made
    made.stop()


def _serves(serving: Serving, number: int) -> bool:
    return serving.index().number == number


def _change(folder: Path, library: Library, embedder: CountingEmbedder, word: str) -> int:
    write_course(folder, folder.name.title(), ["Attention\nattention heads", f"{word.title()}\nabout {word}"])
    return ingest(folder, library, embedder).generation or 0


def _shards(index: SearchIndex) -> dict[str, Any]:
    return {shard.course: shard for shard in index.generation.shards}


def test_what_is_pointed_at_is_opened_once(
    folders: dict[str, Path], serving: Serving, sqlite_library: Library, embedder: CountingEmbedder, opened: list[int]
) -> None:
    first = serving.index()
    for _ in range(3):
        serving.look()
    assert serving.index() is first
    assert len(opened) == 1
    assert _change(folders["second"], sqlite_library, embedder, "momentum") == 3
    assert serving.index().number == 3
    assert len(opened) == 2


def test_shards_that_did_not_change_are_not_opened_again(
    folders: dict[str, Path],
    serving: Serving,
    sqlite_library: Library,
    embedder: CountingEmbedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = _shards(serving.index())
    read: list[str] = []

    def noted(root: Path, listed: Any, *options: Any) -> Any:
        read.append(listed.course)
        return open_shard(root, listed, *options)

    monkeypatch.setattr("index.engine.generation.open_shard", noted)
    _change(folders["second"], sqlite_library, embedder, "momentum")
    after = _shards(serving.index())
    assert read == ["second"]
    assert after["first"] is before["first"]
    assert after["second"] is not before["second"]


@pytest.mark.usefixtures("folders")
def test_a_generation_that_cannot_be_served_is_tried_once_and_not_again_until_the_pointer_moves(
    serving: Serving, sqlite_library: Library, embedder: CountingEmbedder, opened: list[int]
) -> None:
    root = sqlite_library.index_root
    for number in (1, 2):
        generation_file(root, number).write_bytes(b"{")
    for _ in range(4):
        with pytest.raises(CorruptIndex, match="lectures reindex"):
            serving.index()
    assert len(opened) == 1
    with sqlite_library.writer():
        reindex(sqlite_library, embedder)
    assert serving.index().find(Query("dropout")).total == 1
    assert len(opened) == 2


def test_what_is_open_goes_on_where_the_next_cannot_be_served_and_says_so(
    folders: dict[str, Path], serving: Serving, sqlite_library: Library, embedder: CountingEmbedder, opened: list[int]
) -> None:
    assert serving.index().number == 2
    point_to(sqlite_library.index_root, 2)
    with sqlite_library.writer():
        reindex(sqlite_library, None)  # another embedder than the one that serves
    for _ in range(3):
        index = serving.index()
        assert (index.number, index.find(Query("dropout")).total) == (2, 1)
        assert ["lectures reindex" in reason for reason in index.find(Query("dropout")).degraded] == [True]
    assert len(opened) == 2
    with sqlite_library.writer():
        reindex(sqlite_library, embedder)
    assert (serving.index().number, serving.index().degraded) == (4, ())
    assert len(folders) == 2


def test_before_anything_is_published_it_says_so_and_serves_as_soon_as_there_is_something(
    tmp_path: Path, serving: Serving, sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    serving.start()
    with pytest.raises(IndexUnavailable, match="lectures ingest"):
        serving.index()
    ingest(write_course(tmp_path / "first", "First", ["Dropout\nzero"]), sqlite_library, embedder)

    def there() -> bool:
        try:
            return serving.index().number == 1
        except IndexUnavailable:
            return False

    until(there)


@pytest.mark.usefixtures("folders")
def test_an_embedder_that_is_not_the_one_of_the_index_is_said(sqlite_library: Library) -> None:
    other = Serving(sqlite_library, lambda: None, lambda: None)
    with pytest.raises(IndexMismatch, match="counting:4"):
        other.index()


def test_a_new_generation_is_opened_by_the_watcher_while_requests_go_on(
    folders: dict[str, Path], serving: Serving, sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    serving.start()
    stop = threading.Event()
    seen: set[int] = set()
    wrong: list[object] = []

    def ask() -> None:
        try:
            while not stop.is_set():
                index = serving.index()
                found = index.find(Query("dropout"))
                seen.add(found.generation)
                if [hit.passage.course_slug for hit in found.hits()] != ["first"] or found.degraded:
                    wrong.append((found.hits(), found.degraded))
        except Exception as error:  # a thread's exception would be lost
            wrong.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    kept = serving.index().find(Query("attention"))
    for word in ("momentum", "kernel", "padding"):
        number = _change(folders["second"], sqlite_library, embedder, word)
        until(partial(_serves, serving, number))
        until(partial(seen.__contains__, number))  # by one of those who ask
    stop.set()
    for thread in threads:
        thread.join(timeout=20)
    assert wrong == []
    assert {2, 3, 4, 5} <= seen
    # the files of its shard are long gone, and a request that began with it still ends with it
    assert kept.generation == 2
    assert kept.hits()[0].passage.text == "Attention\nattention heads"


def test_no_request_opens_a_generation(
    folders: dict[str, Path],
    serving: Serving,
    sqlite_library: Library,
    embedder: CountingEmbedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by: set[str] = set()

    def noted(*arguments: Any) -> Any:
        by.add(threading.current_thread().name)
        return open_served(*arguments)

    monkeypatch.setattr("service.serving.open_served", noted)
    serving.start()
    assert serving.index().number == 2
    _change(folders["second"], sqlite_library, embedder, "momentum")
    until(partial(_serves, serving, 3))
    assert by == {"index"}


class _Clock:
    """Time that passes when a test says so."""

    now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    found = _Clock()
    monkeypatch.setattr("service.serving.time", found)
    return found


@pytest.mark.usefixtures("folders")
def test_what_cannot_be_served_is_read_again_ever_more_rarely_and_served_once_it_is_put_back(
    serving: Serving, sqlite_library: Library, opened: list[int], clock: _Clock
) -> None:
    files = [generation_file(sqlite_library.index_root, number) for number in (1, 2)]
    contents = [file.read_bytes() for file in files]
    for file in files:
        file.write_bytes(b"{")
    tries = []
    for _ in range(4_000):  # a look a second
        clock.now += 1
        before = len(opened)
        serving.look()
        tries += [clock.now - 1_001] * (len(opened) - before)
    assert tries[:6] == [0, 5, 15, 35, 75, 155]
    assert len(tries) < 15
    for file, content in zip(files, contents, strict=True):
        file.write_bytes(content)
    clock.now += 600
    assert (serving.index().number, serving.index().degraded) == (2, ())


def test_a_cluster_that_is_away_at_the_start_is_looked_for_every_five_seconds(
    sqlite_library: Library, embedder: CountingEmbedder, clock: _Clock
) -> None:
    began, tries = clock.now, []

    def connect() -> Spread:
        tries.append(clock.now - began)
        raise IndexUnavailable("No cluster answers at ray://head:10001.")

    serving = Serving(sqlite_library, lambda: embedder, lambda: None, spread=connect)
    for _ in range(31):
        serving.look()
        clock.now += 1
    assert tries == [0, 5, 10, 15, 20, 25, 30]
    with pytest.raises(IndexUnavailable, match="No cluster answers at ray://head:10001"):
        serving.index()


def _file_of(library: Library, index: SearchIndex, course: str) -> Path:
    shard = index.generation.shard(course)
    assert shard is not None
    return shard_folder(library.index_root, shard.name) / "shard.safetensors"


@pytest.mark.usefixtures("folders")
def test_a_file_that_is_written_to_takes_its_course_down_until_it_is_mended(
    serving: Serving, sqlite_library: Library, opened: list[int], clock: _Clock
) -> None:
    index = serving.index()
    path = _file_of(sqlite_library, index, "second")
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(len(content) // 2)
        file.write(b"\xff" * 64)
    shaken = serving.shaken()
    assert shaken is not None
    assert "second" not in shaken  # who asked may not read it
    found = serving.index().find(Query("loss"))
    assert {hit.passage.course_slug for hit in found.hits()} == {"first"}
    assert ["course second" in reason for reason in found.degraded] == [True]
    with pytest.raises(CorruptIndex, match="second"):
        serving.index().find(Query("loss", Filters(course="second")))
    for _ in range(3):  # nothing is read again before its time, nor swapped
        kept = serving.index()
        serving.look()
        assert serving.index() is kept
    assert len(opened) == 1
    path.write_bytes(content)
    clock.now += 6
    mended = serving.index()
    assert (mended.degraded, len(mended.find(Query("loss")).hits())) == ((), 2)
    clock.now += 60
    assert serving.shaken() is None


def test_an_error_is_answered_before_a_newer_generation_is_open(
    folders: dict[str, Path], serving: Serving, sqlite_library: Library, embedder: CountingEmbedder, opened: list[int]
) -> None:
    serving.index()
    _change(folders["second"], sqlite_library, embedder, "momentum")
    assert (serving.shaken(), len(opened)) == (None, 1)
    serving.look()
    assert (serving.shaken(), len(opened)) == (None, 2)


def test_an_error_is_answered_while_a_newer_generation_is_being_opened(
    folders: dict[str, Path],
    serving: Serving,
    sqlite_library: Library,
    embedder: CountingEmbedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.serving._SHAKEN_WAIT_SECONDS", 0.01)
    serving.index()
    _change(folders["second"], sqlite_library, embedder, "momentum")
    begun, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        begun.set()
        assert go_on.wait(60)
        return open_served(*arguments)

    monkeypatch.setattr("service.serving.open_served", slow)
    looking = threading.Thread(target=serving.look)
    looking.start()
    assert begun.wait(60)
    said: list[str | None] = []
    asking = threading.Thread(target=lambda: said.append(serving.shaken()))
    asking.start()
    asking.join(30)
    answered = list(said)
    go_on.set()
    looking.join(60)
    asking.join(60)
    assert (answered, serving.index().number) == ([None], 3)


@pytest.mark.usefixtures("folders")
def test_a_file_that_was_only_touched_goes_on(serving: Serving, sqlite_library: Library) -> None:
    index = serving.index()
    _file_of(sqlite_library, index, "second").touch()
    serving.look()
    assert (serving.index() is index, serving.shaken()) == (True, None)


def _write_into(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * 64)


@pytest.mark.usefixtures("folders")
def test_a_file_that_is_written_to_before_what_was_opened_is_served_is_noticed(
    serving: Serving, sqlite_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm_up = SearchIndex.warm_up

    def slow(index: SearchIndex) -> None:
        warm_up(index)
        _write_into(_file_of(sqlite_library, index, "second"))

    monkeypatch.setattr(SearchIndex, "warm_up", slow)
    serving.look()
    monkeypatch.setattr(SearchIndex, "warm_up", warm_up)
    found = serving.index().find(Query("loss"))
    assert {hit.passage.course_slug for hit in found.hits()} == {"first"}
    assert list(serving.index().generation.damaged) == ["second"]


def test_a_shard_that_is_written_to_is_not_taken_over_into_the_next_generation(
    folders: dict[str, Path], serving: Serving, sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    path = _file_of(sqlite_library, serving.index(), "first")
    _change(folders["second"], sqlite_library, embedder, "momentum")
    _write_into(path)  # nobody looks before the newer generation is opened
    now = serving.index()
    assert (now.number, list(now.generation.damaged)) == (3, ["first"])


@pytest.mark.usefixtures("folders")
def test_a_whole_file_in_the_place_of_one_that_is_open_is_opened(serving: Serving, sqlite_library: Library) -> None:
    before = serving.index()
    path = _file_of(sqlite_library, before, "second")
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    _write_into(path)  # what is mapped
    other.rename(path)
    serving.look()
    after = serving.index()
    assert (after.degraded, len(after.find(Query("loss")).hits())) == ((), 2)
    assert _shards(after)["second"] is not _shards(before)["second"]
    assert _shards(after)["first"] is _shards(before)["first"]
    assert serving.index() is after


@pytest.mark.usefixtures("folders")
def test_an_index_that_is_moved_away_is_searched_from_memory_and_that_is_said(
    serving: Serving, sqlite_library: Library, clock: _Clock
) -> None:
    before = serving.index().find(Query("loss"))
    away = sqlite_library.index_root.rename(sqlite_library.data_dir / "elsewhere")
    for _ in range(3):
        clock.now += 30
        found = serving.index().find(Query("loss"))
        assert [hit.passage.id for hit in found.hits()] == [hit.passage.id for hit in before.hits()]
        assert [reason for reason in found.degraded if "put it back" in reason] == list(found.degraded) != []
    away.rename(sqlite_library.index_root)
    clock.now += 600
    assert serving.index().degraded == ()
    shards = sqlite_library.index_root / "shards"
    shards.rename(away)
    assert sorted(reason[:26] for reason in serving.index().degraded) == [
        "The index of course first ", "The index of course second"
    ]  # fmt: skip
    away.rename(shards)
    assert serving.index().degraded == ()


def _maps() -> int:
    return Path("/proc/self/maps").read_text().count("shard.safetensors")


def test_old_generations_are_let_go_even_while_one_of_them_is_held(
    folders: dict[str, Path], serving: Serving, sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    held = serving.index().find(Query("attention"))
    seen: list[weakref.ref[Generation]] = [weakref.ref(serving.index().generation)]
    counts = []
    for number in range(6):
        _change(folders["second"], sqlite_library, embedder, ("momentum", "kernel")[number % 2])
        serving.index().find(Query("loss")).hits()
        seen.append(weakref.ref(serving.index().generation))
        gc.collect()
        counts.append((sum(ref() is not None for ref in seen), _maps()))
    # the one that is served and the one that is held: a file of each course, and the old one of the second
    assert set(counts[1:]) == {(2, counts[1][1])}
    del held
    gc.collect()
    assert (sum(ref() is not None for ref in seen), _maps()) == (1, counts[1][1] - 1)


def test_what_was_found_in_an_index_that_is_not_served_any_more_is_forgotten_though_it_is_held(
    folders: dict[str, Path], serving: Serving, sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    held = serving.index()
    held.find(Query("loss")).hits()
    assert held.found_before(Query("loss")) is not None
    assert held.generation.postings.peek("loss") is not None
    _change(folders["second"], sqlite_library, embedder, "momentum")
    serving.look()
    assert held.found_before(Query("loss")) is None
    assert held.generation.postings.peek("loss") is None
    assert len(held.find(Query("loss")).hits()) == 2


@pytest.fixture
def frozen() -> Iterator[None]:
    """The garbage collector as it was, afterwards."""
    thresholds = gc.get_threshold()
    gc.disable()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    gc.enable()


@pytest.mark.usefixtures("frozen")
def test_what_is_opened_is_left_alone_by_the_garbage_collector_and_goes_without_it(
    folders: dict[str, Path], sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    settled: list[int] = []

    def opened() -> None:
        settle_memory()
        settled.append(gc.get_freeze_count())

    serving = Serving(sqlite_library, lambda: embedder, lambda: None, opened=opened)
    seen: list[weakref.ref[Generation]] = []
    for number in range(2):
        seen.append(weakref.ref(serving.index().generation))
        serving.index().find(Query("loss")).hits()
        _change(folders["second"], sqlite_library, embedder, ("momentum", "kernel")[number % 2])
        serving.look()
        serving.look()
    serving.stop()
    assert [ref() is None for ref in seen] == [True] * 2
    assert len(settled) == 3
    assert min(settled) > 0


@pytest.mark.usefixtures("frozen", "folders")
def test_an_index_that_is_open_before_it_is_served_is_left_alone_too(
    serving: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: counted.append(gc.get_freeze_count()))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        run(Settings(embedder="none", data_dir=tmp_path / "data"), listening, FirstIndex(serving.index(), {}))
    assert counted[0] > 0
    assert gc.get_threshold()[0] > 10_000  # else every few searches some are looked through


# --- over HTTP -----------------------------------------------------------------------------------------------


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[tuple[Library, Settings]]:
    """Two courses without vectors."""
    settings = Settings(data_dir=tmp_path / "data", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    for name, word in (("first", "dropout"), ("second", "attention")):
        pages = [f"{word.title()}\nabout {word} and how it helps", f"Loss\nthe loss of {word}"]
        ingest(write_course(tmp_path / name, name.title(), pages), library, None)
    yield library, settings
    library.close()


def test_a_damaged_course_is_said_and_the_others_are_served(installation: tuple[Library, Settings]) -> None:
    library, settings = installation
    generation, _ = open_served(library, None)
    (shard_folder(library.index_root, generation.shards[0].name) / "shard.safetensors").write_bytes(b"")
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        found = client.get("/api/search", params={"q": "loss", "mode": "lexical"}).json()
        assert [hit["course"]["slug"] for hit in found["hits"]] == ["second"]
        assert ["course first" in reason for reason in found["degraded"]] == [True]
        alone = client.get("/api/search", params={"q": "loss", "course": "first"})
        assert (alone.status_code, alone.json()["code"]) == (503, "corrupt_index")
        assert client.get("/api/search", params={"q": "loss", "course": "third"}).status_code == 404
        ready = client.get("/readyz").json()
        assert (ready["status"], "1 of 2 courses" in ready["degraded"][0]) == ("degraded", True)
        assert client.get("/?q=loss").status_code == 200
        assert client.get("/?q=loss&course=first").status_code == 503


@pytest.mark.parametrize(
    "address",
    [
        "/?q=dropout",
        "/?q=what+is+dropout",
        "/?q=dropout&course=first&kind=page&lecture=1&offset=10",
        "/?q=what+is+it&prev=dropout",
        "/?q=zzzz",
        "/api/search?q=dropout&explain=true",
        "/api/answers",
    ],
)
def test_one_request_is_one_search(
    installation: tuple[Library, Settings], monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    asked: list[str] = []
    find = SearchIndex.find

    def counted(index: SearchIndex, query: Query) -> Any:
        asked.append(query.text)
        return find(index, query)

    monkeypatch.setattr(SearchIndex, "find", counted)
    with TestClient(create_app(installation[1]), raise_server_exceptions=False) as client:
        response = (
            client.post("/api/answers", json={"question": "what is dropout"})
            if address == "/api/answers"
            else client.get(address)
        )
        assert response.status_code == 200
    assert len(asked) == 1


def test_an_error_that_damage_brings_about_is_said_to_be_that_and_any_other_is_not(
    installation: tuple[Library, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    library, settings = installation

    def fails(*_: Any) -> Any:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        until_ready(client)
        assert client.get("/readyz").json()["status"] == "ready"
        monkeypatch.setattr(SearchIndex, "find", fails)
        assert client.get("/api/search", params={"q": "loss"}).status_code == 500
        path = _file_of(library, client.app.state.service.index(), "second")  # type: ignore[attr-defined]
        with path.open("r+b") as file:
            file.write(b"\xff" * 8)
        refused = client.get("/api/search", params={"q": "loss"})
        assert (refused.status_code, refused.json()["code"]) == (503, "corrupt_index")
        ready = client.get("/readyz").json()
        assert (ready["status"], "1 of 2 courses" in ready["degraded"][0]) == ("degraded", True)


@pytest.mark.usefixtures("folders")
def test_packs_are_read_beside_the_first_searches_which_wait_for_them(
    sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    go_on, asked = threading.Event(), threading.Event()

    def read() -> None:
        asked.set()
        assert go_on.wait(20)

    serving = Serving(sqlite_library, lambda: embedder, lambda: None, dictionary=read)
    serving.start()
    try:
        assert asked.wait(20)
        index = serving.index(wait=False)  # it is ready
        searching = threading.Thread(target=index.find, args=(Query("dropout"),))
        searching.start()
        searching.join(0.2)
        assert searching.is_alive()
        go_on.set()
        searching.join(20)
        assert not searching.is_alive()
    finally:
        go_on.set()
        serving.stop()


@pytest.mark.usefixtures("folders")
def test_without_packs_that_are_set_nothing_is_searched(sqlite_library: Library, embedder: CountingEmbedder) -> None:
    def missing() -> None:
        raise InvalidRequest("There is no pack 'ml'.")

    serving = Serving(sqlite_library, lambda: embedder, lambda: None, dictionary=missing)
    serving.look()
    with pytest.raises(InvalidRequest, match="There is no pack"):
        serving.index()


def test_health_does_not_wait_for_the_first_generation(
    installation: tuple[Library, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        opening.set()
        assert go_on.wait(20)
        return open_served(*arguments)

    monkeypatch.setattr("service.serving.open_served", slow)
    monkeypatch.setattr("service.serving._FIRST_SECONDS", 3_600.0)
    with TestClient(create_app(installation[1]), raise_server_exceptions=False) as client:
        assert opening.wait(20)
        ready = client.get("/readyz")
        assert (ready.status_code, "being opened" in ready.json()["detail"]) == (503, True)
        assert "lectures_ready 0.0" in client.get("/metrics").text
        go_on.set()
        until(lambda: client.get("/readyz").status_code == 200)


# --- shards that nodes hold ------------------------------------------------------------------------------------


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[LocalNodes]:
    (tmp_path / "shared").mkdir()
    found = LocalNodes(tmp_path / "shared", tmp_path / "nodes", ["one"])
    yield found
    found.close()


@pytest.fixture
def spread(nodes: LocalNodes) -> Spread:
    return Spread(nodes)


@pytest.fixture
def over_nodes(tmp_path: Path, embedder: CountingEmbedder, spread: Spread) -> Iterator[Serving]:
    library = Library(f"sqlite:///{tmp_path / 'lectures.db'}", tmp_path / "own", str(tmp_path / "shared"))
    library.database.migrate()
    ingest(write_course(tmp_path / "course", "Course", ["Dropout\nzero activations"]), library, embedder)
    made = Serving(library, lambda: embedder, lambda: None, spread=lambda: spread)
    yield made
    made.stop()
    library.close()


def test_what_a_node_holds_and_does_not_give_is_tried_again_after_a_pause(
    over_nodes: Serving, nodes: LocalNodes, opened: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.serving.time", SimpleNamespace(monotonic=lambda: 1000.0))

    def refuse(_node: str, method: str) -> None:
        if method == "heads":
            raise ConnectionError("the network lets short calls pass alone")

    nodes.on_call = refuse
    for _ in range(4):
        over_nodes.look()
    assert over_nodes.index().generation.damaged.keys() == {"course"}
    assert len(opened) == 1


def test_a_course_is_back_as_soon_as_a_node_that_holds_it_is(
    over_nodes: Serving, nodes: LocalNodes, spread: Spread, opened: list[int]
) -> None:
    over_nodes.look()
    for dead, damaged in (({"one"}, {"course"}), (set[str](), set[str]())):
        nodes.dead = dead
        spread.look()
        over_nodes.look()
        assert over_nodes.index().generation.damaged.keys() == damaged
    assert len(opened) == 2


def test_what_is_imported_at_the_start_is_never_looked_through() -> None:
    before = gc.get_freeze_count()
    with importing():
        assert not gc.isenabled()
        kept = [[number] for number in range(10_000)]
    try:
        assert gc.isenabled()
        assert gc.get_freeze_count() >= before + len(kept)
    finally:
        gc.unfreeze()
