"""A course that is private → requests that aim at it, by its slug, its ids and its words, and what their answers give.

Made-up requests never name what is there; these do. Who may read the course must be given something by each of them:
then nothing being given to others says something.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.torture.searching import ask

# these tell nothing of any course, or there is nothing of the private course that they could tell
OF_NO_COURSE = frozenset(
    {"GET /livez", "GET /readyz", "POST /v1/embeddings", "GET /api/missed-searches", "GET /api/videos/{video_id}/file"}
)
_WORDS = "what of gradients and losses?"


@dataclass(frozen=True, slots=True)
class Aimed:
    """A request to an operation. One that names something of the course is to be answered as if that were not there;
    of others, the answer must not hold the slug."""

    operation: str
    path: str
    names: bool
    body: Any = None

    @property
    def method(self) -> str:
        return self.operation.split(" ")[0]


def aim(port: int, slug: str, key: str, source: str) -> list[Aimed]:
    """Requests aimed at a course, with ids that are read, and a job that is ordered, by a key that may do so."""

    def read(path: str, body: Any = None, method: str = "") -> Any:
        status, content = ask(port, path, body, key=key, method=method)
        if status >= 300 or not status:
            raise RuntimeError(f"{path} was answered {status}: {content[:200]!r}")
        return json.loads(content)

    lecture = read(f"/api/courses/{slug}")["lectures"][0]
    deck, video = lecture["decks"][0]["id"], lecture["videos"][0]["id"]
    order = {"source": source, "course": slug}
    job = read("/api/ingests", order)["id"]
    read(f"/api/ingests/{job}", method="DELETE")  # its events have an end
    ids = {"{slug}": slug, "{model}": slug, "{lecture_id}": lecture["id"], "{deck_id}": deck, "{video_id}": video}
    ids |= {"{page_number}": 1, "{job_id}": job}
    chat = {"messages": [{"role": "user", "content": _WORDS}]}
    found = [Aimed(operation, _filled(operation, ids), names=True) for operation in _BY_NAME]
    found += [
        Aimed("GET /api/courses", "/api/courses", names=False),
        Aimed("GET /v1/models", "/v1/models", names=False),
        Aimed("GET /api/ingests", "/api/ingests", names=False),
        Aimed("GET /api/search", "/api/search?q=gradients&text=true", names=False),
        Aimed("GET /api/search", f"/api/search?q=gradients&course={slug}", names=True),
        Aimed("GET /api/search", f"/api/search?q=gradients&lecture={lecture['id']}", names=False),
        Aimed("GET /api/suggest", "/api/suggest?q=lectu", names=False),
        Aimed("GET /api/suggest", f"/api/suggest?q=lectu&course={slug}", names=True),
        Aimed("POST /api/answers", "/api/answers", names=False, body={"question": _WORDS}),
        Aimed("POST /api/answers", "/api/answers", names=True, body={"question": _WORDS, "course": slug}),
        Aimed("POST /v1/chat/completions", "/v1/chat/completions", names=False, body=chat),
        Aimed("POST /v1/chat/completions", "/v1/chat/completions", names=True, body={**chat, "model": slug}),
        Aimed("POST /api/ingests", "/api/ingests", names=True, body=order),
    ]
    return found


_BY_NAME = (
    "GET /api/courses/{slug}",
    "DELETE /api/courses/{slug}",
    "GET /api/courses/{slug}/terms",
    "GET /api/lectures/{lecture_id}",
    "GET /api/lectures/{lecture_id}/timeline",
    "GET /api/export/{slug}",
    "GET /api/decks/{deck_id}",
    "GET /api/decks/{deck_id}/file.pdf",
    "GET /api/decks/{deck_id}/file",
    "GET /api/decks/{deck_id}/pages/{page_number}.webp",
    "GET /api/videos/{video_id}/captions.vtt",
    "GET /api/ingests/{job_id}",
    "DELETE /api/ingests/{job_id}",
    "GET /api/ingests/{job_id}/events",
    "GET /v1/models/{model}",
)


def _filled(operation: str, ids: Mapping[str, object]) -> str:
    path = operation.split(" ")[1]
    for name, value in ids.items():
        path = path.replace(name, str(value))
    return path


def leaks(port: int, slug: str, requests: list[Aimed], key: str = "") -> Iterator[str]:
    """What was given of the private course to one that may not read it, or an error of the server."""
    for request in requests:
        status, given = _given(port, slug, request, key)
        if given:
            yield f"{request.operation} {request.path} {request.body or ''} gives the private course: {given}"
        if status == 0 or status >= 500:
            yield f"{request.operation} {request.path} was answered {status}"


def misses(port: int, slug: str, requests: list[Aimed], key: str) -> Iterator[str]:
    """Requests that give nothing even to who may read the course: that they give nothing to others says nothing."""
    for request in requests:
        if request.method != "DELETE":
            status, given = _given(port, slug, request, key)
            if not given:
                yield f"{request.operation} {request.path} {request.body or ''} finds nothing ({status})"


def _given(port: int, slug: str, request: Aimed, key: str) -> tuple[int, str]:
    """The status, and what of the course came back."""
    status, content = ask(port, request.path, request.body, key=key, method=request.method)
    text = content.decode("utf-8", "replace")
    if request.names:
        return status, text[:200] if 200 <= status < 300 else ""
    at = text.find(slug)
    return status, text[max(0, at - 100) : at + 100] if at >= 0 else ""
