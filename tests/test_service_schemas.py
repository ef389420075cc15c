"""What the API and the commands say of the courses, word for word: names, values and their order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from support import ingest

from index.library import Library
from index.store.catalogue import list_courses
from index.store.jobs import add_job, read_job
from service.app import create_app
from service.schemas import IngestOut
from service.schemas.courses import CourseSummaryOut
from service.settings import Settings

ROOT = Path(__file__).parents[1]


@pytest.fixture
def course(sqlite_library: Library, course_folder: Path) -> Iterator[TestClient]:
    ingest(course_folder, sqlite_library, None)
    settings = Settings(
        data_dir=sqlite_library.data_dir, database_url=sqlite_library.database.url.render_as_string(), embedder="none"
    )
    with TestClient(create_app(settings)) as opened:
        yield opened


def test_a_course_is_said_in_full(course: TestClient) -> None:
    found = course.get("/api/courses/course")
    problem = found.json()["lectures"][1]["decks"][0]["problem"]
    deck = {
        "id": 1,
        "path": "one.pdf",
        "title": "Dropout",
        "remark": None,
        "unit": "page",
        "pages": 3,
        "state": "ready",
        "problem": None,
    }
    transcript = {
        "language": "en",
        "made_by": "file",
        "asked": ["en", "ru"],
        "origin": "transcripts/abcdefghijk.en.vtt",
    }
    video = {
        "id": 1, "video": "abcdefghijk", "host": "youtube", "label": "", "remark": None, "duration_seconds": 9.0,
        "transcript": transcript, "state": "ready", "problem": None,
    }  # fmt: skip
    first = {
        "id": 1, "position": 1, "section": "", "title": "Training", "programme": "Dropout, gradient, loss",
        "remarks": [], "links": [], "decks": [deck], "videos": [video], "notes": [],
    }  # fmt: skip
    missing = {
        "id": 2, "path": "missing.pdf", "title": "missing", "remark": None, "unit": "page", "pages": 0, "state": "missing",
        "problem": problem,
    }  # fmt: skip
    second = {
        "id": 2, "position": 2, "section": "", "title": "Attention", "programme": "Attention, transformers",
        "remarks": [], "links": [], "decks": [missing], "videos": [], "notes": [],
    }  # fmt: skip
    gaps = [
        {"lecture_id": 2, "what": "video", "code": "no_video", "detail": "Lecture 'Attention' has no video yet."},
        {"lecture_id": 2, "what": "deck", **problem},
    ]
    expected = {
        "slug": "course", "title": "Networks", "language": "en", "source_url": None, "links": [],
        "lectures": [first, second], "gaps": gaps,
    }  # fmt: skip
    assert found.json() == expected
    assert found.text == _compact(expected)
    reference = {"course": {"slug": "course", "title": "Networks"}}
    assert course.get("/api/lectures/1").text == _compact({**first, **reference, "gaps": []})
    assert course.get("/api/lectures/2").text == _compact({**second, **reference, "gaps": gaps})


def test_a_deck_and_a_timeline_are_said_in_full(course: TestClient) -> None:
    texts = [
        ("Dropout", "randomly zero activations dropout"),
        ("Gradient descent", "follow the gradient"),
        ("Loss", "loss function"),
    ]
    pages = [
        {"page_number": n, "page_label": None, "title": title, "text": f"{title}\n{text}", "ocr": False}
        for n, (title, text) in enumerate(texts, 1)
    ]
    assert course.get("/api/decks/1").text == _compact({
        "id": 1, "path": "one.pdf", "title": "Dropout", "kind": "slides", "unit": "page", "remark": None, "state": "ready",
        "course": "course", "lecture_id": 1, "lecture_title": "Training", "pages": pages,
    })  # fmt: skip
    video = {"video": "abcdefghijk", "video_id": 1, "duration_seconds": 9.0}
    timeline = {"lecture_id": 1, "videos": [video], "spans": [], "pages": []}
    assert course.get("/api/lectures/1/timeline").text == _compact(timeline)


def test_the_commands_say_what_the_api_says(course: TestClient, sqlite_library: Library) -> None:
    with sqlite_library.database.writing() as connection:
        job_id = add_job(connection, "/somewhere", {"course": "x"})
        job = read_job(connection, job_id)
        taken_up = list_courses(connection, readable=None)[0].ingested_at
    listed = [{
        "slug": "course", "title": "Networks", "language": "en", "source_url": None, "lectures": 2, "passages": 6,
        "ingested_at": taken_up.isoformat(),
    }]  # fmt: skip
    assert course.get("/api/courses").text == _compact(listed)
    assert _printed(sqlite_library, "courses") == listed
    status = _printed(sqlite_library, "status")
    assert list(status) == [
        "data_dir", "database", "schema", "generation", "current", "embedder", "disk_bytes", "courses", "jobs",
        "newest_jobs", "gaps", "unread",
    ]  # fmt: skip
    assert (status["courses"], status["gaps"]) == (
        listed,
        {"course": course.get("/api/courses/course").json()["gaps"]},
    )
    assert (status["jobs"], status["newest_jobs"]) == (
        {"queued": 1},
        [{
            "id": job_id, "source": "/somewhere", "state": "queued", "attempts": 0, "progress": None, "problem": None,
            "updated_at": job.updated_at.isoformat(),
        }],
    )  # fmt: skip
    assert status["unread"] == []
    assert IngestOut.model_validate(job).model_dump_json() == _compact({
        "id": job_id, "source": "/somewhere", "state": "queued", "attempts": 0, "progress": None, "report": None, "plan": None,
        "problem": None, "created_at": job.created_at.isoformat(), "updated_at": job.updated_at.isoformat(),
    })  # fmt: skip


def test_the_shapes_load_neither_the_engine_nor_the_database() -> None:
    program = (
        "import sys, service.schemas;"
        "print(sorted({'numpy', 'faiss', 'torch', 'sqlalchemy', 'fastapi'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _printed(library: Library, command: str) -> Any:
    own = {
        "LECTURES_DATA_DIR": str(library.data_dir),
        "LECTURES_DATABASE_URL": library.database.url.render_as_string(),
        "LECTURES_EMBEDDER": "none",
    }
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", command, "--json"],
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return json.loads(done.stdout)


def test_an_address_of_another_scheme_is_never_given_out() -> None:
    given = {"slug": "c", "title": "C", "language": "en", "lectures": 1, "passages": 1, "ingested_at": "2026-01-01"}
    for address, shown in (
        ("javascript:alert(1)", None),
        ("https://[::1/x", None),
        ("https://a.example", "https://a.example"),
    ):
        assert CourseSummaryOut.model_validate({**given, "source_url": address}).source_url == shown
