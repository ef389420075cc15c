"""Ingests as durable jobs: ordered over HTTP, run by workers, watched, cancelled, tried again, set aside."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient
from support import CountingEmbedder, Run, ingest, run_async, until, write_course, write_pdf
from web_stub import Site, web_site
from youtube_stub import playable, track, youtube_stub

from index.embed.encoder import Encoder
from index.embed.protocol import Vectors
from index.encoding import unread_courses
from index.errors import NotNow, StorageError, StorageUnreachable
from index.library import Library
from index.served import open_served
from index.store.jobs import LEASE_SECONDS, add_job, cancel_job, claim_job, finish_job, read_job, renew_lease
from index.store.keys import create_key
from index.store.tables import jobs, workers
from index.store.workers import add_worker, list_workers, see_worker
from index.types import AccessScope, JobState, Kept, Problem, WorkerRecord
from ingest.carrying import Means
from ingest.course import read_course
from ingest.gathering import Progress
from ingest.order import Order
from ingest.pipeline import IngestReport
from ingest.sources import SourceLimits
from ingest.worker import _Presence, _Reading, _Run, _Stopped, work
from ingest.youtube import YouTubeSettings
from service.access import Caller
from service.api.ingests import events
from service.app import create_app
from service.settings import Settings

OFFLINE = Means(offline=True)


@pytest.fixture
def site() -> Iterator[Site]:
    with web_site() as running:
        yield running


def order(library: Library, folder: Path | str, **options: Any) -> str:
    with library.database.writing() as connection:
        return add_job(connection, str(folder), Order(str(folder), **options).options())


def write_decks(folder: Path, count: int, pages: int) -> None:
    """Decks that take a while to be read. They show the same and are different files, as their ends tell."""
    written = write_pdf(folder / "more0.pdf", ["Page\nwords of it"] * pages).read_bytes()
    for number in range(1, count):
        (folder / f"more{number}.pdf").write_bytes(written + b"%% %d\n" % number)


def state_of(library: Library, job_id: str) -> Any:
    with library.database.reading() as connection:
        return read_job(connection, job_id)


def at_work(library: Library, job_id: str, worker: subprocess.Popen[bytes], attempt: int = 1) -> bool:
    """Whether a job has told of its progress in an attempt; fails when its worker has ended."""
    assert worker.poll() is None
    row = state_of(library, job_id)
    return row.attempts >= attempt and row.progress is not None


def run(library: Library, means: Means = OFFLINE) -> int:
    return work(library, None, means, threading.Event(), once=True)


def test_a_job_ends_with_its_report_and_progress(library: Library, course_folder: Path) -> None:
    job_id = order(library, course_folder, course="mine")
    assert run(library) == 1
    row = state_of(library, job_id)
    assert (row.state, row.report["course"], row.report["pages"]) == (JobState.DONE, "mine", 3)
    assert {gap["code"] for gap in row.report["gaps"]} == {"missing_file"}


def test_a_course_that_cannot_be_read_fails_with_its_sentence(library: Library, tmp_path: Path) -> None:
    job_id = order(library, tmp_path / "nowhere")
    run(library)
    row = state_of(library, job_id)
    assert (row.state, "There is no folder" in row.problem, row.attempts) == (JobState.FAILED, True, 1)


def test_a_network_that_is_away_is_tried_again_later_and_then_given_up(sqlite_library: Library) -> None:
    means = Means(limits=SourceLimits(private=True))
    job_id = order(sqlite_library, "http://127.0.0.1:9/owner/course")
    waits = []
    for _ in range(3):
        before = time.time()
        assert run(sqlite_library, means) == 1
        after = time.time()
        assert run(sqlite_library, means) == 0  # not yet
        row = state_of(sqlite_library, job_id)
        queued = row.state == JobState.QUEUED
        # the wait begins while the job runs, however long the machine takes for it
        waits.append([wait for wait in (30, 120) if queued and before + wait <= row.not_before <= after + wait])
        with sqlite_library.database.writing() as connection:
            connection.execute(sa.update(jobs).values(not_before=0.0))
    assert (state_of(sqlite_library, job_id).state, waits) == (JobState.FAILED, [[30], [120], []])


def test_a_blocked_youtube_leaves_the_course_served_and_the_rest_for_later(
    sqlite_library: Library, tmp_path: Path
) -> None:
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "README.md").write_text(
        "1. [One](https://youtu.be/AAAAAAAAAAA)\n2. [Two](https://youtu.be/BBBBBBBBBBB)\n", "utf-8"
    )
    with youtube_stub() as stub:
        stub.answers |= {"A" * 11: playable(track("en")), "B" * 11: "429"}
        means = Means(youtube=YouTubeSettings(stub.home, pause_seconds=0.0))
        job_id = order(sqlite_library, tmp_path / "course")
        run(sqlite_library, means)
        row = state_of(sqlite_library, job_id)
        assert (row.state, row.report["segments"], row.report["gaps"][0]["code"]) == ("queued", 1, "youtube_blocked")
        assert row.not_before - time.time() > 3600
        stub.answers["B" * 11] = playable(track("en"))
        with sqlite_library.database.writing() as connection:
            connection.execute(sa.update(jobs).values(not_before=0.0))
        run(sqlite_library, means)
        row = state_of(sqlite_library, job_id)
        assert (row.state, row.report["segments"], stub.asked) == ("done", 2, ["A" * 11, "B" * 11, "B" * 11])


def test_the_same_idempotency_key_is_the_same_job(library: Library) -> None:
    with library.database.writing() as connection:
        first = add_job(connection, "a", {}, "key")
        assert add_job(connection, "a", {}, "key") == first
        assert add_job(connection, "a", {}, "other") != first


def test_a_worker_that_slept_past_its_lease_does_not_write_over_the_next(library: Library) -> None:
    job_id = order(library, "course")
    with library.database.writing() as connection:
        slow = claim_job(connection)
        connection.execute(sa.update(jobs).values(leased_until=0.0))
        fast = claim_job(connection)
        assert slow is not None
        assert fast is not None
        assert finish_job(connection, fast, JobState.DONE, report={"by": "fast"})
        assert not renew_lease(connection, slow)
        assert not finish_job(connection, slow, JobState.FAILED, problem=Problem("late", "late"))
        assert read_job(connection, job_id).report == {"by": "fast"}


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_at_its_next_step(
    sqlite_library: Library, course_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.worker._TELL_SECONDS", 0.02)  # a quick machine reads all decks within a second
    waiting = order(sqlite_library, course_folder)
    with sqlite_library.database.writing() as connection:
        cancel_job(connection, waiting)
        assert read_job(connection, waiting).state == JobState.CANCELLED
    running = order(sqlite_library, course_folder)
    write_decks(course_folder, 60, 200)
    thread = threading.Thread(target=run, args=(sqlite_library,))
    thread.start()
    until(lambda: state_of(sqlite_library, running).state != JobState.QUEUED)
    with sqlite_library.database.writing() as connection:
        cancel_job(connection, running)
    thread.join(timeout=30)
    assert state_of(sqlite_library, running).state == JobState.CANCELLED
    assert sqlite_library.served_number() is None


def test_a_worker_that_is_killed_each_time_sets_the_job_aside(tmp_path: Path, course_folder: Path) -> None:
    """kill -9 in the middle of the work, three times; then the job goes round no more, and others are taken."""
    settings = Settings(data_dir=tmp_path / "data", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    write_decks(course_folder, 40, 300)
    killer = order(library, course_folder, course="killer")
    environment = {**os.environ, "LECTURES_DATA_DIR": str(settings.data_dir), "LECTURES_EMBEDDER": "none"}
    for attempt in range(1, 4):
        child = subprocess.Popen([sys.executable, "-m", "service.cli", "worker", "--once"], env=environment)
        # the first progress is written when the first of the decks was read, and forty are left to read
        until(partial(at_work, library, killer, child, attempt), 60)
        child.send_signal(signal.SIGKILL)
        child.wait(timeout=20)
        with library.database.writing() as connection:
            connection.execute(sa.update(jobs).values(leased_until=0.0))
    other = order(library, course_folder, course="other", linked_only=True)
    subprocess.run([sys.executable, "-m", "service.cli", "worker", "--once"], env=environment, check=True, timeout=60)
    row = state_of(library, killer)
    assert (row.state, "died 3 times" in row.problem, ".pdf" in row.problem) == (JobState.QUARANTINED, True, True)
    assert state_of(library, other).state == JobState.DONE
    library.close()


def test_a_worker_that_is_told_to_stop_gives_its_job_back(tmp_path: Path, course_folder: Path) -> None:
    """A restart for a new version is no death: it must not count towards setting the job aside."""
    settings = Settings(data_dir=tmp_path / "data", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    write_decks(course_folder, 40, 300)
    job_id = order(library, course_folder)
    environment = {**os.environ, "LECTURES_DATA_DIR": str(settings.data_dir), "LECTURES_EMBEDDER": "none"}
    child = subprocess.Popen([sys.executable, "-m", "service.cli", "worker"], env=environment, stdout=subprocess.PIPE)
    until(partial(at_work, library, job_id, child), 60)
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=30)
    row = state_of(library, job_id)
    assert (child.returncode, row.state, row.attempts) == (0, JobState.QUEUED, 0)
    assert run(library) == 1
    assert state_of(library, job_id).state == JobState.DONE
    library.close()


def test_where_a_job_is_is_known_from_its_first_step_on(
    sqlite_library: Library, course_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.worker._TELL_SECONDS", 3600.0)
    job_id = order(sqlite_library, course_folder)
    run(sqlite_library)
    row = state_of(sqlite_library, job_id)
    assert (row.state, row.progress["step"], row.progress["what"]) == (JobState.DONE, "reading decks", "one.pdf")


def test_a_job_that_was_cancelled_before_its_first_step_ends_there(
    sqlite_library: Library, course_folder: Path
) -> None:
    job_id = order(sqlite_library, course_folder)
    with sqlite_library.database.writing() as connection:
        job = claim_job(connection)
        cancel_job(connection, job_id)
    assert job is not None
    _Run(job, sqlite_library, None, OFFLINE, threading.Event(), _Presence(sqlite_library)).run()
    assert state_of(sqlite_library, job_id).state == JobState.CANCELLED
    assert sqlite_library.served_number() is None


def test_what_is_published_is_done_though_it_was_cancelled_a_moment_later(
    sqlite_library: Library, course_folder: Path
) -> None:
    job_id = order(sqlite_library, course_folder)
    with sqlite_library.database.writing() as connection:
        job = claim_job(connection)
    assert job is not None
    running = _Run(job, sqlite_library, None, OFFLINE, threading.Event(), _Presence(sqlite_library))
    running._stopped.set()
    with pytest.raises(_Stopped):
        running._told(Progress("embedding", 1, 2))
    running._told(Progress("publishing", 1, 1))
    running._write_down(IngestReport("mine", "Mine"), None)
    assert state_of(sqlite_library, job_id).state == JobState.DONE


def test_two_ingests_at_once_queue_up(sqlite_library: Library, course_folder: Path, tmp_path: Path) -> None:
    write_pdf(tmp_path / "second" / "two.pdf", ["Loss\nloss function"])
    ids = [order(sqlite_library, course_folder), order(sqlite_library, tmp_path / "second")]
    threads = [threading.Thread(target=run, args=(sqlite_library,)) for _ in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert [state_of(sqlite_library, job_id).state for job_id in ids] == ["done", "done"]


# --- over HTTP -------------------------------------------------------------------------------------------


@pytest.fixture
def admin(tmp_path: Path) -> Iterator[tuple[TestClient, Library, dict[str, str]]]:
    roots = f"{tmp_path / 'course'}, {tmp_path / 'data'}, {tmp_path / 'more'}"
    settings = Settings(data_dir=tmp_path / "data", embedder="none", ingest_roots=roots)
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    with library.database.writing() as connection:
        _, secret = create_key(connection, "lecturer", [AccessScope.ADMIN])
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client, library, {"Authorization": f"Bearer {secret}"}
    library.close()


def test_ingests_need_the_scope_admin(admin: tuple[TestClient, Library, dict[str, str]]) -> None:
    client, library, _ = admin
    with library.database.writing() as connection:
        _, secret = create_key(connection, "bot", [AccessScope.SEARCH])
    for headers, status in (({}, 401), ({"Authorization": f"Bearer {secret}"}, 403)):
        assert (
            client.post("/api/ingests", json={"source": "https://example.org/x"}, headers=headers).status_code == status
        )
        assert client.get("/api/ingests/j_1", headers=headers).status_code == status
        assert client.get("/api/ingests/j_1/events", headers=headers).status_code == status
        assert client.delete("/api/courses/x", headers=headers).status_code == status


def test_an_address_with_a_password_is_refused_and_kept_nowhere(
    admin: tuple[TestClient, Library, dict[str, str]],
) -> None:
    client, _, key = admin
    refused = client.post("/api/ingests", json={"source": "https://me:hunter2@example.org/x.git"}, headers=key)
    assert (refused.status_code, "hunter2" in refused.text) == (403, False)
    assert client.get("/api/ingests", headers=key).json() == []


def test_an_ingest_is_ordered_watched_and_searched_and_forgotten(
    admin: tuple[TestClient, Library, dict[str, str]], course_folder: Path
) -> None:
    client, library, key = admin
    body = {"source": str(course_folder), "course": "mine"}
    answer = client.post("/api/ingests", json=body, headers={**key, "Idempotency-Key": "once" * 16})
    job_id = answer.json()["id"]
    assert answer.status_code == 202
    assert (
        client.post("/api/ingests", json=body, headers={**key, "Idempotency-Key": "once" * 16}).json()["id"] == job_id
    )
    assert client.get(f"/api/ingests/{job_id}", headers=key).json()["state"] == "queued"
    worker = threading.Timer(0.7, run, args=(library,))
    worker.start()
    events = client.get(f"/api/ingests/{job_id}/events", headers=key).text.strip().split("\n\n")
    worker.join(timeout=20)
    states = [json.loads(event.split("data: ", 1)[1])["state"] for event in events]
    assert (states[0], states[-1]) == ("queued", "done")
    until(lambda: client.get("/api/search", params={"q": "dropout"}).status_code == 200)
    assert client.get("/api/search", params={"q": "dropout"}).json()["hits"][0]["course"]["slug"] == "mine"
    assert client.delete("/api/courses/mine", headers=key).status_code == 204
    assert client.get("/api/courses/mine").status_code == 404
    assert client.delete("/api/courses/mine", headers=key).status_code == 404


def test_only_addresses_and_folders_that_the_operator_named_are_taken_over_http(
    admin: tuple[TestClient, Library, dict[str, str]], tmp_path: Path, course_folder: Path
) -> None:
    client, library, key = admin
    for name in ("other", "more"):
        (tmp_path / name).mkdir()
    (tmp_path / "more" / "way out").symlink_to(tmp_path / "other")
    (tmp_path / "more" / "way in").symlink_to(library.data_dir)
    write_pdf(library.data_dir / "files" / "ab" / "secret.pdf", ["Dropout\na private course"])
    for source in (
        tmp_path / "other",
        tmp_path / "courses",
        tmp_path,
        tmp_path / "course" / ".." / "other",
        tmp_path / "more" / "way out",
        tmp_path / "more" / "way in",
        library.data_dir,
        library.data_dir / "files",
        "x",
        "file:///etc",
        "ext::sh -c id",
        "ssh://example.org/x",
        "https://",
        "y" * 2000,
    ):
        answer = client.post("/api/ingests", json={"source": str(source)}, headers=key)
        assert answer.status_code in (403, 422), source
    archive = tmp_path / "more" / "course.zip"
    archive.write_bytes(b"PK")
    for source in (course_folder, tmp_path / "more", archive, "https://example.org/x"):
        assert client.post("/api/ingests", json={"source": str(source)}, headers=key).status_code == 202, source


def test_a_relative_folder_is_the_one_of_who_was_asked_wherever_the_worker_runs(
    admin: tuple[TestClient, Library, dict[str, str]],
    course_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, library, key = admin
    monkeypatch.chdir(course_folder.parent)
    job = client.post("/api/ingests", json={"source": course_folder.name}, headers=key).json()["id"]
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    run(library)
    ended = client.get(f"/api/ingests/{job}", headers=key).json()
    assert (ended["state"], ended["source"]) == ("done", str(course_folder))


def test_an_order_that_is_sent_again_is_its_job_however_many_wait(
    admin: tuple[TestClient, Library, dict[str, str]],
) -> None:
    client, library, key = admin
    body, again = {"source": "https://example.org/x"}, {**key, "Idempotency-Key": "once"}
    first = client.post("/api/ingests", json=body, headers=again).json()["id"]
    with library.database.writing() as connection:
        for _ in range(100):
            add_job(connection, "https://example.org/y", {})
    assert client.post("/api/ingests", json=body, headers=key).status_code == 503
    answer = client.post("/api/ingests", json=body, headers=again)
    assert (answer.status_code, answer.json()) == (202, {"id": first})


def test_a_folder_that_is_not_there_is_refused_when_it_is_ordered(
    admin: tuple[TestClient, Library, dict[str, str]], tmp_path: Path
) -> None:
    """Of a folder that may not be ordered nobody is told whether it is there."""
    client, _, key = admin
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "notes.txt").write_text("x")
    for name in ("more/not there", "more/notes.txt", "more/gone.zip"):
        answer = client.post("/api/ingests", json={"source": str(tmp_path / name)}, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (422, "no_such_folder"), name
        assert str(tmp_path / name) in answer.json()["detail"]
    for place in (tmp_path / "private", tmp_path):
        answer = client.post("/api/ingests", json={"source": str(place)}, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (403, "folder_not_allowed"), place
    assert client.get("/api/ingests", headers=key).json() == []


def test_a_folder_is_looked_at_again_when_its_turn_comes(
    admin: tuple[TestClient, Library, dict[str, str]], tmp_path: Path, course_folder: Path
) -> None:
    """Between the order and the worker a folder may become a link to what nobody may order."""
    client, library, key = admin
    ordered = tmp_path / "more" / "mine"
    ordered.mkdir(parents=True)
    job = client.post("/api/ingests", json={"source": str(ordered)}, headers=key).json()["id"]
    ordered.rmdir()
    course_folder.rename(tmp_path / "elsewhere")
    ordered.symlink_to(tmp_path / "elsewhere")
    run(library)
    ended = client.get(f"/api/ingests/{job}", headers=key).json()
    assert ended["state"] == "failed"
    assert "LECTURES_INGEST_ROOTS" in ended["problem"]


def test_a_data_folder_beside_the_slides_and_links_that_lead_out_are_no_material(
    sqlite_library: Library, tmp_path: Path
) -> None:
    write_pdf(sqlite_library.data_dir / "one.pdf", ["Dropout"])
    with sqlite_library.writer():
        pass
    write_pdf(tmp_path / "deck.pdf", ["Loss"])
    folder = tmp_path / "linked"
    write_pdf(folder / "own.pdf", ["Loss"])
    (folder / "there.pdf").symlink_to(tmp_path / "deck.pdf")
    (folder / "again.pdf").symlink_to(folder / "own.pdf")
    (tmp_path / "secret.yaml").write_text("title: Secret\nlectures: [{title: A}]\n", "utf-8")
    (folder / "course.yaml").symlink_to(tmp_path / "secret.yaml")

    def found(root: Path) -> set[str]:
        return {deck.path for lecture in read_course(root).lectures for deck in lecture.decks}

    assert found(tmp_path) == {"deck.pdf", "linked/own.pdf", "linked/again.pdf", "linked/there.pdf"}
    assert found(folder) == {"own.pdf", "again.pdf"}


def test_of_two_who_would_be_the_last_to_watch_one_is_told_so(
    admin: tuple[TestClient, Library, dict[str, str]],
) -> None:
    client, _, key = admin
    job_id = client.post("/api/ingests", json={"source": "https://example.org/x"}, headers=key).json()["id"]
    app = client.app
    caller = Caller("key", frozenset(AccessScope), None)

    async def watch() -> list[str]:
        app.state.watchers = asyncio.Semaphore(1)  # type: ignore[attr-defined]
        request = Request({"type": "http", "app": app})
        both = [await events(app.state.service, caller, request, job_id) for _ in range(2)]  # type: ignore[attr-defined]
        streams = [response.body_iterator for response in both if isinstance(response, StreamingResponse)]
        first = [str(await asyncio.wait_for(anext(aiter(stream)), 20)) for stream in streams]
        await asyncio.gather(*(stream.aclose() for stream in streams))  # type: ignore[attr-defined]
        return first

    job, refused = run_async(watch())
    assert job.startswith("event: job\n")
    assert refused.startswith("event: problem\n")
    assert '"code": "overloaded"' in refused


def test_a_waiting_ingest_is_cancelled(admin: tuple[TestClient, Library, dict[str, str]]) -> None:
    client, _, key = admin
    job_id = client.post("/api/ingests", json={"source": "https://example.org/x"}, headers=key).json()["id"]
    assert client.delete(f"/api/ingests/{job_id}", headers=key).json()["state"] == "cancelled"
    assert [job["state"] for job in client.get("/api/ingests", headers=key).json()] == ["cancelled"]
    assert client.delete("/api/ingests/j_nothing", headers=key).status_code == 404


def test_the_queue_is_bounded(admin: tuple[TestClient, Library, dict[str, str]]) -> None:
    client, library, key = admin
    with library.database.writing() as connection:
        for number in range(100):
            add_job(connection, f"course {number}", {})
    answer = client.post("/api/ingests", json={"source": "https://example.org/x"}, headers=key)
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["code"]) == (503, "1", "overloaded")


def test_a_key_held_to_a_course_orders_only_that(
    admin: tuple[TestClient, Library, dict[str, str]], course_folder: Path
) -> None:
    client, library, key = admin
    order(library, course_folder, course="mine")
    run(library)
    with library.database.writing() as connection:
        _, secret = create_key(connection, "own", [AccessScope.ADMIN], ["mine"])
    own = {"Authorization": f"Bearer {secret}"}
    other = client.post(
        "/api/ingests", json={"source": "https://example.org/x", "course": "other"}, headers=key
    ).json()["id"]
    assert client.post("/api/ingests", json={"source": "https://example.org/x"}, headers=own).status_code == 422
    assert (
        client.post("/api/ingests", json={"source": "https://example.org/x", "course": "mine"}, headers=own).status_code
        == 202
    )
    assert client.get(f"/api/ingests/{other}", headers=own).status_code == 404
    assert len(client.get("/api/ingests", headers=own).json()) == 2
    for _ in range(3):  # newer ones of other courses do not hide its own
        client.post("/api/ingests", json={"source": "https://example.org/x", "course": "other"}, headers=key)
    assert len(client.get("/api/ingests", params={"limit": 2}, headers=own).json()) == 2


def test_the_command_line_queues_shows_and_cancels(lectures: Run, tmp_path: Path, course_folder: Path) -> None:
    def said(*arguments: str) -> str:
        done = lectures(*arguments, LECTURES_DATA_DIR=str(tmp_path / "data"), LECTURES_EMBEDDER="none")
        assert done.code == 0, done.err
        return done.out

    job_id = json.loads(said("ingest", str(course_folder), "--queue", "--json"))["id"]
    assert job_id in said("status")
    assert json.loads(said("cancel", job_id, "--json"))["state"] == "cancelled"
    said("ingest", str(course_folder), "--course", "mine", "--offline")
    shown = json.loads(said("status", "--json"))
    assert {gap["code"] for gap in shown["gaps"]["mine"]} == {"no_video", "missing_file"}
    assert shown["newest_jobs"][0]["state"] == "cancelled"


def test_a_counting_embedder_embeds_nothing_twice(sqlite_library: Library, course_folder: Path) -> None:
    embedder = CountingEmbedder()
    for _ in range(2):
        order(sqlite_library, course_folder)
        work(sqlite_library, embedder, OFFLINE, threading.Event(), once=True)
    assert len(embedder.embedded) == len(set(embedder.embedded))


def test_who_reads_the_queue_is_known_while_it_does(sqlite_library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def reading() -> list[WorkerRecord]:
        with sqlite_library.database.reading() as connection:
            return list_workers(connection)

    assert reading() == []
    stop = threading.Event()
    worker = threading.Thread(target=work, args=(sqlite_library, None, OFFLINE, stop))
    worker.start()
    until(lambda: len(reading()) == 1)
    (first,) = reading()
    stop.set()
    worker.join(timeout=20)
    assert reading() == []
    with sqlite_library.database.writing() as connection:
        assert not see_worker(connection, first.id)
        killed = add_worker(connection)
        assert see_worker(connection, killed)
    later = time.time() + LEASE_SECONDS + 1
    monkeypatch.setattr("index.store.workers.time.time", lambda: later)
    assert reading() == []
    with sqlite_library.database.writing() as connection:
        assert see_worker(connection, killed)  # it was stopped for a while, and goes on
    assert [worker.id for worker in reading()] == [killed]


def test_a_worker_is_known_while_it_works(
    sqlite_library: Library, course_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long ingest is no silence: the worker is heard of by what keeps its lease."""

    def seen() -> float:
        with sqlite_library.database.reading() as connection:
            return float(connection.scalar(sa.select(workers.c.seen_at)) or 0)

    def long_ingest(*_: object) -> IngestReport:
        began = seen()
        until(lambda: seen() > began)
        return IngestReport("course", "Course")

    monkeypatch.setattr("ingest.worker.LEASE_SECONDS", 0.0)
    monkeypatch.setattr("ingest.worker._TELL_SECONDS", 0.01)
    monkeypatch.setattr("ingest.worker.carry_out", long_ingest)
    job_id = order(sqlite_library, course_folder)
    run(sqlite_library)
    assert state_of(sqlite_library, job_id).state == "done"


def test_a_dry_run_says_how_a_course_is_understood_and_changes_nothing(
    admin: tuple[TestClient, Library, dict[str, str]], course_folder: Path
) -> None:
    client, library, key = admin
    body = {"source": str(course_folder), "dry_run": True}
    job_id = client.post("/api/ingests", json=body, headers=key).json()["id"]
    run(library)
    ended = client.get(f"/api/ingests/{job_id}", headers=key).json()
    assert (ended["state"], ended["report"]["lectures"], ended["report"]["changed"]) == ("done", 2, False)
    assert ended["plan"]["lectures"][1] == {
        "section": "", "title": "Attention", "decks": ["missing.pdf"], "videos": []
    }  # fmt: skip
    (course_folder / "course.yaml").write_text(ended["plan"]["yaml"], "utf-8")
    assert [lecture.title for lecture in read_course(course_folder).lectures] == ["Training", "Attention"]
    assert client.get("/api/ingests", headers=key).json()[0]["plan"] is None
    assert client.get("/api/courses", headers=key).json() == []
    assert library.served_number() is None


class _Slowly(CountingEmbedder):
    """An encoder that orders a course while it reads the first."""

    fingerprint = "slowly:4"

    def __init__(self, then: Callable[[], object]) -> None:
        super().__init__()
        self._then: Callable[[], object] | None = then

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        if self._then is not None:
            self._then()
            self._then = None
        return super().embed_passages(texts)


def test_a_worker_reads_for_the_encoder_while_no_job_waits(
    sqlite_library: Library, course_folder: Path, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    library, second = sqlite_library, tmp_path / "second"
    shutil.copytree(course_folder, second)
    order(library, course_folder)
    seen: list[list[str]] = []

    def interrupt() -> None:
        order(library, second)
        seen.append(unread_courses(library, embedder, encoder))

    encoder = Encoder(_Slowly(interrupt), 60.0)
    assert work(library, embedder, OFFLINE, threading.Event(), once=True, readers=[encoder]) == 2
    assert seen == [[course_folder.name]]  # the first was published before it was read, and the second taken in between
    assert unread_courses(library, embedder, encoder) == []
    assert [shard.encoder for shard in open_served(library, embedder)[0].manifest.shards] == [encoder.fingerprint] * 2


def test_what_another_process_publishes_while_a_reader_reads_is_read_too(
    sqlite_library: Library, course_folder: Path, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    library = sqlite_library
    second = write_course(tmp_path / "second", "Second", ["Attention\nattention heads"])
    ingest(course_folder, library, embedder)
    encoder = Encoder(_Slowly(lambda: ingest(second, library, embedder)), 60.0)
    reading = _Reading(library, embedder, encoder, threading.Event(), _Presence(library))
    assert [reading.go_on() for _ in range(3)] == [True] * 3
    assert unread_courses(library, embedder, encoder) == []


class _Away(Encoder):
    """A reader that can do nothing for a while, and counts how often it was asked."""

    asked = 0
    error: type[Exception] = NotNow

    def make(self, contents: Sequence[tuple[str, str]]) -> list[Kept]:
        self.asked += 1
        raise self.error(f"{len(contents)} passages cannot be read now")


@pytest.mark.parametrize("error", [NotNow, StorageError, StorageUnreachable, RuntimeError])
def test_a_reader_that_is_away_is_left_alone_for_a_while_and_holds_up_nobody(
    sqlite_library: Library,
    course_folder: Path,
    tmp_path: Path,
    embedder: CountingEmbedder,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:
    monkeypatch.setattr(_Away, "error", error)
    library, second = sqlite_library, tmp_path / "second"
    shutil.copytree(course_folder, second)
    order(library, course_folder)
    away, encoder = _Away(CountingEmbedder(), 60.0), Encoder(_Slowly(lambda: order(library, second)), 60.0)
    assert work(library, embedder, OFFLINE, threading.Event(), once=True, readers=[away, encoder]) == 2
    assert away.asked == 1  # though another generation was published meanwhile
    assert unread_courses(library, embedder, encoder) == []


def test_a_reader_that_stays_away_is_asked_ever_more_rarely(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(course_folder, sqlite_library, embedder)
    away, now, asked_at = _Away(CountingEmbedder(), 60.0), 1000.0, list[float]()
    monkeypatch.setattr("ingest.worker.time", SimpleNamespace(monotonic=lambda: now))
    reading = _Reading(sqlite_library, embedder, away, threading.Event(), _Presence(sqlite_library))
    for _ in range(60):
        before = away.asked
        assert reading.go_on()
        asked_at += [now - 1000.0] * (away.asked - before)
        now += 300.0
    assert asked_at == [0, 300, 900, 2100, 4500, 8100, 11700, 15300]


def test_an_encoder_that_fails_stops_no_worker(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    def fail() -> None:
        raise RuntimeError("out of memory")

    job = order(sqlite_library, course_folder)
    encoder = Encoder(_Slowly(fail), 60.0)
    assert work(sqlite_library, embedder, OFFLINE, threading.Event(), once=True, readers=[encoder]) == 1
    assert state_of(sqlite_library, job).state == "done"
    assert unread_courses(sqlite_library, embedder, encoder) == [course_folder.name]
