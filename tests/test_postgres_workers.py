"""Several workers on PostgreSQL: whatever happens to them, each order is carried out once, in the order of its course."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from support import until
from web_stub import Site, web_site

from index.damage import find_damage
from index.library import Library
from index.store.jobs import add_job, claim_job, count_jobs, finish_job
from index.store.tables import jobs
from index.types import JobState
from ingest.carrying import Means
from ingest.order import Order
from ingest.worker import _Presence, _Run

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

_COURSES, _VERSIONS = 12, 5
_NOTED = """
CREATE TABLE noted (number serial, slug text, title text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO noted (slug, title) VALUES (NEW.slug, NEW.title);
    RETURN NEW;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OF content_hash ON courses FOR EACH ROW EXECUTE FUNCTION note();
"""


@pytest.fixture
def site() -> Iterator[Site]:
    with web_site() as running:
        yield running


def _write(folder: Path, course: int, version: int, deck: str) -> Path:
    folder.mkdir()
    decks = f", decks: [{deck}]" if deck else ""
    (folder / "course.yaml").write_text(
        f"title: version {version}\nlanguage: en\n"
        f"lectures: [{{title: One, programme: course {course} in version {version}{decks}}}]\n",
        "utf-8",
    )
    return folder


@pytest.fixture
def start(library: Library) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts a worker that runs until no job waits."""
    environment = {
        **os.environ,
        "LECTURES_DATA_DIR": str(library.data_dir),
        "LECTURES_DATABASE_URL": library.database.url.render_as_string(hide_password=False),
        "LECTURES_EMBEDDER": "none",
        "LECTURES_FETCH_PRIVATE": "true",
    }
    command = [sys.executable, "-m", "service.cli", "worker", "--once"]
    started: list[subprocess.Popen[bytes]] = []

    def worker() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL))
        return started[-1]

    yield worker
    for process in started:
        process.kill()
        process.wait()


def _done(library: Library) -> int:
    with library.database.reading() as connection:
        return count_jobs(connection).get(JobState.DONE, 0)


def _end_leases(library: Library) -> None:
    """As a minute without a word from any worker would."""
    with library.database.writing() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.state == JobState.RUNNING).values(leased_until=0.0))


def test_each_order_is_carried_out_once_and_in_its_order_whatever_happens_to_workers(
    library: Library, site: Site, tmp_path: Path, start: Callable[[], subprocess.Popen[bytes]]
) -> None:
    """Three workers and 60 orders: one worker sleeps past its lease, one is killed in its first job, one somewhere."""
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    site.held = {"/0.pdf": threading.Event(), "/1.pdf": threading.Event()}
    with library.database.writing() as connection:
        connection.exec_driver_sql(_NOTED)
    for version in range(_VERSIONS):
        for course in range(_COURSES):
            deck = f"{site.home}/{course}.pdf" if version == 0 and course < 2 else ""
            folder = _write(tmp_path / f"{course}-{version}", course, version, deck)
            with library.database.writing() as connection:
                add_job(connection, str(folder), Order(str(folder), course=f"course-{course}").options())
    asleep, killed = start(), start()
    until(lambda: len(site.asked) == 2, 60)  # each has taken its first job, and waits for a deck
    asleep.send_signal(signal.SIGSTOP)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    _end_leases(library)
    for event in site.held.values():
        event.set()
    others = [start(), start()]
    some = random.Random(seed).randrange(5, 30)
    until(lambda: _done(library) >= some, 120)
    others[0].send_signal(signal.SIGKILL)
    others[0].wait()
    _end_leases(library)  # of the one that goes on too: two have its job now
    others.append(start())
    until(lambda: _done(library) >= 40, 120)
    asleep.send_signal(signal.SIGCONT)
    for process in (asleep, *others[1:]):
        assert process.wait(120) == 0
    with library.database.reading() as connection:
        assert count_jobs(connection) == {JobState.DONE: _COURSES * _VERSIONS}
        noted = connection.execute(sa.text("SELECT slug, title FROM noted ORDER BY number")).all()
    for course in range(_COURSES):
        titles = [title for slug, title in noted if slug == f"course-{course}"]
        assert titles == [f"version {version}" for version in range(_VERSIONS)], course
    assert library.served_number() == _COURSES * _VERSIONS
    assert find_damage(library, None) == []


def test_what_another_worker_has_taken_over_is_not_published(
    library: Library, course_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that was stopped for longer than its lease goes on where it was, before it is told."""
    monkeypatch.setattr("ingest.worker._TELL_SECONDS", 3600.0)
    with library.database.writing() as connection:
        add_job(connection, str(course_folder), Order(str(course_folder)).options())
        slow = claim_job(connection)
    assert slow is not None
    run = _Run(slow, library, None, Means(offline=True), threading.Event(), _Presence(library))
    thread = threading.Thread(target=run.run)
    with library.writer():
        thread.start()
        until(lambda: run._progress is not None)  # it waits for the right to write
        _end_leases(library)
        with library.database.writing() as connection:
            quick = claim_job(connection)
            assert quick is not None
            finish_job(connection, quick, JobState.DONE)
    thread.join(30)
    assert library.served_number() is None
